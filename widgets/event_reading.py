"""Reading what came of an event of a restricted class: at a desk, by a post that may, with a reason
that is written down, for as long as a whole number stands."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

from commandwall.desk import Done
from commandwall.events import Event, EventView, as_it_came
from commandwall.rights import about_event
from commandwall.unmasking import Unmasking, unmask_restricted
from widgets.base import Panel
from widgets.i18n import tr
from widgets.number_acts import DESK, ask_reason


class Reading:
    """What one panel reads of one event at a time."""

    def __init__(self, panel: Panel) -> None:
        self._panel = panel
        self._came: Event | None = None

    def ask(self, view: EventView, still: Callable[[], bool]) -> None:
        """Ask why, then read it while that is `still` so."""
        panel, event = self._panel, view.event.id
        if panel.look.metrics.kind != DESK:
            panel.refused(tr("完整号码只在席位页面显示"))
        elif why := panel.barred(unmask_restricted, replace(about_event(view), reason=True)):
            panel.refused(why)
        else:
            ask_reason(panel, view.event.headline, lambda said: self._read(event, said, still))

    def of(self, view: EventView) -> Event:
        """The event as shown, or as it came while that may be read."""
        return self._came if self._came is not None and self.place(view) else view.event

    def place(self, view: EventView) -> object:
        """Its address while that may be read; nothing else."""
        came, event = self._came, view.event.id
        if came is None or came.id != event:
            return None
        return self._panel.context.numbers.words(came.address, "event", event)

    def hides(self, view: EventView) -> bool:
        """Whether it tells no more than its class and area now."""
        return view.restricted and self.of(view) is view.event

    def _read(self, event: str, reason: str, still: Callable[[], bool]) -> Future[Any]:
        def looked(done: Done) -> None:
            for look in done.of(Unmasking):
                self._panel.context.numbers.take(look, still)
            self._panel.ask(lambda reader: as_it_came(reader, event), self._take)

        return self._panel.do(unmask_restricted, looked, event=event, reason=reason)

    def _take(self, came: Event) -> None:
        self._came = came
        self._panel.update()
