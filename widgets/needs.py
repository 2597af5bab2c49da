"""What needs a person now, worst first: alarms that call here and overdue urgent events.

What the mode mutes is counted, not listed, until a person wants to see it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from commandwall import alarms, deadlines, routing
from commandwall.alarm_groups import Load
from commandwall.alarms import Alarm
from commandwall.areas import Area
from commandwall.bell import Bell
from commandwall.clock import MINUTE, Ms
from commandwall.deadlines import Clocks, Deadline
from commandwall.events import Event, EventView
from commandwall.picture import Changes, Picture, SyncState, Tick
from commandwall.routing import Called, Here, Routing
from commandwall.store.tables import Conflict
from widgets import modes
from widgets.modes import Hush
from widgets.watched import Watched

CONFLICT = 3
"""Among the needs a conflict ranks as an alarm of this severity."""


class Need(NamedTuple):
    """One thing that waits for a person: an alarm (with its event, if it filed one), an event, or
    two stations that disagree."""

    rank: int
    alarm: Alarm | None
    event: EventView | None
    deadline: Deadline | None
    conflict: Conflict | None = None

    @property
    def kind(self) -> type[Alarm] | type[Event] | type[Conflict]:
        if self.conflict is not None:
            return Conflict
        return Alarm if self.alarm is not None else Event

    @property
    def id(self) -> str:
        if self.conflict is not None:
            return self.conflict.id
        if self.alarm is not None:
            return self.alarm.id
        return self.event.event.id if self.event is not None else ""

    @property
    def since(self) -> Ms:
        if self.conflict is not None:
            return self.conflict.at
        if self.alarm is not None:
            return self.alarm.raised_at
        return self.deadline.due if self.deadline is not None else Ms(0)


class Needs:
    """Kept by the wall at each tick, read by header and lists.

    `urgent`: overdue events up to this urgency are in the list `open`; so is every listed one whose
    review is due.
    """

    def __init__(self, urgent: int) -> None:
        self.urgent = urgent
        self.open: list[Need] = []
        self.late: frozenset[str] = frozenset()
        """Ids of the events in the list that are there by their own clock."""
        self.watched = Watched()
        """The matters on the two ladders."""
        self._clocks, self._pressing, self._reviews = Clocks(), Clocks(), Clocks()
        self._begun, self._out = False, list[str]()
        self._made: dict[str, Need] = {}
        self._hush = Hush()
        self._place = Here()
        self.routing, self.called = Routing({}, self._place, Ms(0)), Called()
        """Which alarms call here, and which are still with their towns."""
        self.load, self.bell = Load(), Bell()
        """How many came of late; what rang here."""
        self.active = _by_severity(())
        """How many alarms of each severity 1..4 nobody has put aside."""
        self.muted: frozenset[str] = frozenset()
        """Ids of the alarms that call here and that the mode mutes."""
        self.unmuted = False
        """Whether a person wants to see these too."""

    @property
    def running(self) -> dict[str, Deadline]:
        """The clock that runs of each open event that has one."""
        return self._clocks.running

    def look(self, picture: Picture, changes: Changes) -> None:
        """Bring everything up to a tick."""
        self.watched.look(picture, changes)
        if not changes.kinds & {Alarm, Area, Event, Conflict, Tick, SyncState}:
            return
        news, began = changes.records.get(Event, {}), not self._begun
        alarms_ = picture.alarms.values() if began else changes.of(Alarm)
        self.load.see(alarms_, picture.now)
        if Event in changes.whole or Area in changes.kinds or not self._begun:
            self._begun, news, self._made = True, picture.events, {}
            self._clocks, self._pressing, self._reviews = Clocks(), Clocks(), Clocks()
        for key in news:
            self._keep(key, picture)
        hush, reviews = modes.hush(picture), self._reviews.out(picture.now)
        pressing = list(dict.fromkeys([*self._pressing.out(picture.now), *reviews]))
        place = _place(picture) if began or changes.kinds & {Tick, SyncState} else self._place
        other = began or (pressing, hush, place) != (self._out, self._hush, self._place)
        if other or self._comes(picture.now) or changes.records.keys() & {Alarm, Event, Conflict}:
            self._out, self._hush, self._place = pressing, hush, place
            self.sort(picture)
        self.bell.look(picture.now, self.load.flood)

    def sort(self, picture: Picture) -> None:
        """List anew what is open and not muted."""
        self.active = _by_severity(picture.alarms.values())
        self.routing = Routing(picture.areas, self._place, picture.now)
        self.called = self.routing.look(picture.alarms.values())
        self.muted = frozenset(a.id for a in self.called.here if self._hush.mutes(a))
        self.bell.take(self.called, () if self.unmuted else self.muted)
        hidden = frozenset() if self.unmuted else self.muted
        shown = (n for n in self._all(picture) if not hidden or n.id not in hidden)
        self.open = sorted(shown, key=lambda need: (need.rank, need.since))
        self.late = frozenset(n.id for n in self.open if n.kind is Event)

    def limit(self, urgent: int) -> None:
        """From the next look on, overdue events up to another urgency are listed."""
        self.urgent, self._begun = urgent, False

    def overdue(self, now: Ms) -> Sequence[str]:
        """Ids of events whose clock has run out."""
        return self._clocks.out(now)

    def soon(self, now: Ms, minutes: float) -> list[tuple[Deadline, str]]:
        """Clocks that run out within so many minutes and the ids of their events, soonest first."""
        found = self._clocks.between(now, Ms(int(now + minutes * MINUTE)))
        return [(self.running[key], key) for key in found]

    def today(self, now: Ms) -> list[str]:
        """Ids of events whose clock runs out before the day is over, the soonest first."""
        return self._clocks.today(now)

    @property
    def alarms(self) -> int:
        """How many alarms are in the list."""
        return sum(need.kind is Alarm for need in self.open)

    def _comes(self, now: Ms) -> bool:
        """Whether one came to call here by the clock alone."""
        return self.called.until is not None and self.called.until <= now

    def _keep(self, key: str, picture: Picture) -> None:
        self._made.pop(key, None)
        view = picture.events.get(key)
        clock = deadlines.running(view, picture.areas) if view is not None else None
        self._clocks.set(key, clock)
        pressing = view is not None and 0 < view.event.urgency <= self.urgent
        self._pressing.set(key, clock if pressing else None)
        self._reviews.set(key, deadlines.review(view) if view is not None else None)

    def _all(self, picture: Picture) -> list[Need]:
        filed = {a.event for a in self.called.here if a.event}
        events, running = picture.events, self.running
        needs = [
            Need(a.severity, a, events.get(a.event), running.get(a.event)) for a in self.called.here
        ]
        needs += [self._of_event(key, picture) for key in self._out if key not in filed]
        open_ = (c for c in picture.conflicts.values() if not c.settled_by)
        return [*needs, *(Need(CONFLICT, None, None, None, c) for c in open_)]

    def _of_event(self, key: str, picture: Picture) -> Need:
        """Kept until its event changes; one with a review may be listed for another reason now."""
        if key not in self._made or key in self._reviews.running:
            view = picture.events[key]
            self._made[key] = Need(view.event.urgency, None, view, self._due(key, picture.now))
        return self._made[key]

    def _due(self, key: str, now: Ms) -> Deadline:
        """Why an event is in the list: it was to be looked at again, or it is overdue."""
        looked = self._reviews.running.get(key)
        return looked if looked is not None and looked.due < now else self.running[key]


def _place(picture: Picture) -> Here:
    """Where this station stands, and which others are there."""
    beside = frozenset(peer.origin for peer in picture.sync.peers if peer.joined)
    return routing.here(picture.sight, picture.now, picture.sync.pool_at, beside)


def _by_severity(some: Iterable[Alarm]) -> dict[int, int]:
    idle = (alarms.NORM, *alarms.ASIDE)
    counts = Counter(alarm.severity for alarm in some if alarm.state not in idle)
    return dict.fromkeys((1, 2, 3, 4), 0) | counts
