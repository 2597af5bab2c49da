"""The clocks of all open events are kept as they change, not counted again each second."""

from __future__ import annotations

import dataclasses
import random

from builders import NOW, an_event

from commandwall import deadlines
from commandwall.clock import HOUR, Ms
from commandwall.events import Event, EventView
from commandwall.picture import Changes, Picture, Tick
from widgets.needs import Needs


def test_what_is_late_and_soon_is_what_a_fresh_count_says() -> None:
    picture, needs, draw = Picture(), Needs(urgent=2), random.Random(3)
    picture.now = Ms(NOW)
    for _ in range(40):
        news: dict[str, EventView | None] = {}
        for _ in range(25):
            key, reported = f"e{draw.randrange(200)}", Ms(NOW - draw.randrange(72) * HOUR)
            event = an_event(id=key, urgency=draw.randrange(1, 6), reported_at=reported)
            state = draw.choice(("NEW", "ACCEPTED", "DISPATCHED", "CLOSED"))
            view = EventView(dataclasses.replace(event, state=state), None)
            news[key] = view if view.open and draw.random() > 0.1 else None
        picture.now = Ms(picture.now + HOUR // 4)
        changes = Changes(picture.now, {Event: news}, frozenset({Tick}))
        picture.apply(changes)
        needs.look(picture, changes)
        clocks = {key: deadlines.running(view) for key, view in picture.events.items()}
        running = {key: clock for key, clock in clocks.items() if clock is not None}
        late = {key for key, clock in running.items() if clock.due < picture.now}
        assert needs.running == running
        assert set(needs.overdue(picture.now)) == late
        until = picture.now + 2 * HOUR
        soon = sorted((c.due, k) for k, c in running.items() if picture.now <= c.due <= until)
        assert [(c.due, k) for c, k in needs.soon(picture.now, 120)] == soon
        pressing = {k for k in late if 0 < picture.events[k].event.urgency <= 2}
        assert needs.late == pressing
