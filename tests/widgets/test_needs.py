"""The clocks of all open events are kept as they change, not counted again each second."""

from __future__ import annotations

import dataclasses
import random
from collections import Counter
from collections.abc import Iterator

import pytest
from builders import NOW, an_event
from world import an_alarm, an_area

from commandwall import deadlines
from commandwall.alarm_life import SHLVD
from commandwall.alarms import ACKED, RTNUN, UNACK, Alarm
from commandwall.areas import CITY, TOWN, Area
from commandwall.clock import HOUR, SECOND, Ms
from commandwall.events import Event, EventView
from commandwall.picture import Changes, Picture, SyncState, Tallies, Tick
from commandwall.saved_views import ACTIVE, ALL, LATE, SWIFT, Filter
from commandwall.store.pulse import Sync
from commandwall.store.sight import Sight, Station
from commandwall.store.tables import Conflict
from commandwall.tagging import EventTag
from widgets import modes
from widgets.event_filter import Held, held
from widgets.modes import Hush
from widgets.needs import Needs
from widgets.open_events import Counted


def living(seed: int) -> Iterator[tuple[Picture, Needs, Changes]]:
    """A city in which events come, change and go, quarter hour by quarter hour."""
    picture, needs, draw = Picture(), Needs(urgent=2), random.Random(seed)
    picture.now = Ms(NOW)
    for _ in range(40):
        news: dict[str, EventView | None] = {}
        for _ in range(25):
            key, reported = f"e{draw.randrange(200)}", Ms(NOW - draw.randrange(72) * HOUR)
            event = an_event(id=key, urgency=draw.randrange(1, 6), reported_at=reported)
            state = draw.choice(("NEW", "ACCEPTED", "DISPATCHED", "CLOSED"))
            cls, source = draw.choice(("water", "gas")), draw.choice(("12345", "grid"))
            event = dataclasses.replace(event, state=state, cls=cls, source=source)
            view = EventView(event, None)
            news[key] = view if view.open and draw.random() > 0.1 else None
        picture.now = Ms(picture.now + HOUR // 4)
        tag = EventTag("", f"e{draw.randrange(200)}", "t1", 1, picture.now, "", "")
        tags = {tag.event: tag}
        changes = Changes(picture.now, {Event: news, EventTag: tags}, frozenset({Tick}))
        picture.apply(changes)
        needs.look(picture, changes)
        yield picture, needs, changes


def test_what_is_late_and_soon_is_what_a_fresh_count_says() -> None:
    for picture, needs, _ in living(3):
        clocks = {key: deadlines.running(view) for key, view in picture.events.items()}
        running = {key: clock for key, clock in clocks.items() if clock is not None}
        late = {key for key, clock in running.items() if clock.due < picture.now}
        assert needs.running == running
        assert needs.overdue == late
        until = picture.now + 2 * HOUR
        soon = sorted((c.due, k) for k, c in running.items() if picture.now <= c.due <= until)
        assert needs.soon(picture.now, 120) == len(soon)
        first = needs.next(picture.now, 120, 5)
        assert first[: len(soon)] == [key for _, key in soon[:5]]
        pressing = {k for k in late if 0 < picture.events[k].event.urgency <= 2}
        assert needs.late == pressing
        listed = [n for n in needs.open if n.event is not None]
        assert [n.event for n in listed] == [picture.events[n.id] for n in listed]
        assert [n.deadline for n in listed] == [running[n.id] for n in listed]


def test_open_events_that_are_counted_one_by_one_are_as_many_as_a_fresh_count_says() -> None:
    counted = Counted(lambda view: view.event.source)
    for n, (picture, _, changes) in enumerate(living(5)):
        if n % 9 == 4:
            continue  # the panel was not shown
        page_opened = Changes(picture.now, markers=frozenset({Event, Tick}))
        counted.look(picture, page_opened if n % 9 == 5 else changes)
        fresh = Counter(view.event.source for view in picture.events.values())
        assert +counted.counts == fresh


def test_what_the_time_alone_makes_late_is_counted_as_a_fresh_count_says() -> None:
    held: list[Needs] = []
    counted = Counted(lambda view: view.event.source if view.event.id in held[0].overdue else "")
    looked, seen = Ms(0), 0
    for picture, needs, changes in living(6):
        held[:] = [needs]
        counted.look(picture, changes, needs.ran_out(looked))
        looked = needs.turned
        late = Counter(picture.events[key].event.source for key in needs.overdue)
        assert +counted.counts == +(late + Counter({"": len(picture.events) - len(needs.overdue)}))
        seen += len(late)
    assert seen


@pytest.mark.parametrize(
    "filter",
    [Filter(), Filter(ALL, cls="gas"), Filter(LATE), Filter(SWIFT), Filter(ALL, lamp="red"),
     Filter(ALL, lamp="orange", source="grid"), Filter(ALL, tag="t1"), Filter(ALL, days=1),
     Filter(ACTIVE, state="DISPATCHED")],
)  # fmt: skip
def test_a_list_that_follows_events_one_by_one_holds_what_a_fresh_look_finds(
    filter: Filter,
) -> None:
    kept, seen = Held(), set[str]()
    for picture, needs, changes in living(7):
        before = set(kept.keys)
        told = kept.look(filter, picture, needs, changes)
        fresh = {v.event.id for v in held(filter, picture.events.values(), picture, needs)}
        assert kept.keys == fresh
        assert told or before == fresh
        seen |= fresh
        counts = Changes(Ms(picture.now + HOUR // 8), markers=frozenset({Tallies}))
        picture.apply(counts)  # at which nobody looks at the clocks
        needs.look(picture, counts)
        kept.look(filter, picture, needs, counts)
    assert seen, "the filter held something at times"


def test_a_list_that_gets_another_filter_or_another_city_begins_anew() -> None:
    kept = Held()
    *_, (picture, needs, _) = living(7)
    for filter in (Filter(ALL, cls="gas"), Filter(ALL, cls="water")):
        kept.look(filter, picture, needs, Changes(picture.now))
        assert kept.keys == {k for k, v in picture.events.items() if v.event.cls == filter.cls}
    then = Changes(picture.now, {Event: {}}, whole=frozenset({Event}))
    picture.apply(then)
    assert kept.look(filter, picture, needs, then) and not kept.keys


STATES = (UNACK, UNACK, ACKED, RTNUN, SHLVD)
TOWNS = {a.id: a for a in (an_area("c", CITY, "市", ""), an_area("c1", TOWN, "镇", "c"),
                           an_area("c2", TOWN, "镇", "c"))}  # fmt: skip


def drawn_alarm(draw: random.Random, now: Ms) -> Alarm | None:
    """One as it may be now; some are over, and some come from a clock that is ahead."""
    key, began = f"a{draw.randrange(60)}", Ms(now - draw.randrange(-20, 900) * SECOND)
    state = draw.choice(STATES)
    acked = Ms(began + draw.randrange(9) * HOUR) if state == ACKED else None
    filed = f"e{draw.randrange(200)}" if draw.random() < 0.3 else ""
    return an_alarm(
        key, severity=draw.randrange(1, 5), state=state, area=draw.choice(("c1", "c2", "c")),
        raised_at=began, changed_at=began, acked_at=acked, event=filed,
    )  # fmt: skip


def alarmed(seed: int) -> Iterator[tuple[Picture, Needs, bool]]:
    """The same city with alarms, stations that come and go, a mode, and two that disagree."""
    draw = random.Random(seed)
    for picture, needs, _ in living(seed):
        some = [drawn_alarm(draw, picture.now) for _ in range(12)]
        told: dict[str, Alarm | None] = {a.id: a if draw.random() > 0.2 else None for a in some}
        heard = Ms(picture.now - draw.choice((0, 0, 0, 120)) * SECOND)
        towns = tuple(Station(f"o-{t}", t, t, picture.now, heard, 0, Ms(0)) for t in ("c1", ""))
        key, settled = f"x{draw.randrange(3)}", draw.choice(("", "陈"))
        one = Conflict(key, "eventwork", "e1", "{}", "{}", "a", "b", picture.now, settled)
        areas = TOWNS if not picture.areas else {}
        changes = Changes(
            picture.now, {Alarm: told, Conflict: {one.id: one}, **({Area: areas} if areas else {})},
            frozenset({Tick, SyncState}), sight=Sight(picture.now, stations=towns),
            sync=Sync(pool_at=picture.now),
        )  # fmt: skip
        picture.apply(changes)
        needs.look(picture, changes)
        yield picture, needs, draw.random() < 0.1


@pytest.mark.parametrize("seed", range(4))
def test_what_is_kept_need_by_need_is_what_a_fresh_look_lists(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    hushed = Hush(2, "c2")
    monkeypatch.setattr(modes, "hush", lambda picture: hushed if picture.now % 7 == 0 else Hush())
    seen, many = Counter[type](), 0
    for picture, needs, toggled in alarmed(seed):
        if toggled:
            needs.unmuted = not needs.unmuted
            needs.sort(picture)
        fresh = Needs(urgent=2)
        fresh.unmuted = needs.unmuted
        fresh.look(picture, Changes(picture.now))
        assert list(needs.open) == list(fresh.open)
        assert (needs.active, needs.muted, needs.late) == (fresh.active, fresh.muted, fresh.late)
        assert needs.called.since == fresh.called.since
        assert needs.called.elsewhere == fresh.called.elsewhere
        assert needs.alarms == sum(need.kind is Alarm for need in needs.open)
        assert needs.bell.count == fresh.bell.count
        ranks = [(need.rank, need.since) for need in needs.open]
        assert ranks == sorted(ranks)
        seen.update(need.kind for need in needs.open)
        many += len(needs.called.elsewhere)
    assert seen.keys() == {Alarm, Event, Conflict} and many
