"""What needs a person now, worst first: alarms that call here and overdue urgent events.

What the mode mutes is counted, not listed, until a person wants to see it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Sequence, Set
from datetime import date

from commandwall import alarms, codes, deadlines, routing
from commandwall.alarm_groups import Load
from commandwall.alarms import Alarm
from commandwall.areas import Area
from commandwall.bell import Bell
from commandwall.clock import MINUTE, Ms, day
from commandwall.deadlines import Clocks, Deadline
from commandwall.events import Event
from commandwall.picture import Changes, Picture, SyncState, Tick
from commandwall.routing import Called, Here, Routing
from commandwall.store.tables import Conflict
from widgets import modes
from widgets.modes import Hush
from widgets.need_list import ALARM, CONFLICT, EVENT, Key, Need, NeedList
from widgets.watched import Watched

AS_SEVERE = 3
"""Among the needs a conflict ranks as an alarm of this severity."""
SEVERITIES, IDLE = (1, 2, 3, 4), (alarms.NORM, *alarms.ASIDE)


class Needs:
    """Kept by the wall at each tick, read by header and lists.

    `urgent`: overdue events up to this urgency are in the list `open`; so is every listed one whose
    review is due.
    """

    def __init__(self, urgent: int) -> None:
        self.urgent = urgent
        self._list = NeedList()
        self.late: frozenset[str] = frozenset()
        """Ids of the events in the list, the worst: as many as a map can mark."""
        self.watched = Watched()
        """The matters on the two ladders."""
        self._clocks, self._pressing, self._reviews = Clocks(), Clocks(), Clocks()
        """Of all open events; of those that press once it ran out; and of reviews, which press."""
        self._begun, self.edition = False, 0
        """`edition`: another number each time all clocks are made anew."""
        self._hush, self._place, self._day = Hush(), Here(), date.min
        self._severity: dict[str, int] = {}
        """Of each alarm that counts in `active`."""
        self._event_of, self._filed = dict[str, str](), defaultdict[str, set[str]](set)
        """The event of each alarm that calls here and filed one, and the alarms that filed each."""
        self.routing, self.called = Routing({}, self._place, Ms(0)), Called()
        """Which alarms call here, and which are still with their towns."""
        self.load, self.bell = Load(), Bell()
        """How many came of late; what rang here."""
        self.active = dict.fromkeys(SEVERITIES, 0)
        """How many alarms of each severity 1..4 nobody has put aside."""
        self.muted: set[str] = set()
        """Ids of the alarms that call here and that the mode mutes."""
        self.unmuted = False
        """Whether a person wants to see these too."""

    @property
    def running(self) -> dict[str, Deadline]:
        """The clock that runs of each open event that has one."""
        return self._clocks.running

    @property
    def open(self) -> Sequence[Need]:
        """What is open and not muted, the worst first; one list that changes."""
        return self._list.needs

    def look(self, picture: Picture, changes: Changes) -> None:
        """Bring everything up to a tick."""
        self.watched.look(picture, changes)
        if not changes.kinds & {Alarm, Area, Event, Conflict, Tick, SyncState}:
            return
        news, anew = changes.records.get(Event, {}), not self._begun
        self.load.see(picture.alarms.values() if anew else changes.of(Alarm), picture.now)
        if changes.whole & {Alarm, Event, Conflict} or Area in changes.kinds or anew:
            self._begun, anew, news = True, True, picture.events
            self.edition += 1
            self._clocks, self._pressing, self._reviews = Clocks(), Clocks(), Clocks()
        for key in news:
            self._keep(key, picture)
        hush, on = modes.hush(picture), day(picture.now)
        place = _place(picture) if anew or changes.kinds & {Tick, SyncState} else self._place
        if anew or (hush, place, on) != (self._hush, self._place, self._day):
            self._hush, self._place, self._day = hush, place, on
            self.sort(picture)
        else:
            self._bring(picture, changes)
        self.bell.look(picture.now, self.load.flood)

    def sort(self, picture: Picture) -> None:
        """List anew what is open and not muted."""
        self.called, self.muted, self._severity = Called(), set(), {}
        self.active = dict.fromkeys(SEVERITIES, 0)
        self._event_of, self._filed = {}, defaultdict(set)
        self._route(picture, picture.alarms)
        self._press(picture.now)
        keys = [
            *((ALARM, key) for key in self.called.here),
            *((EVENT, key) for key in self._pressing.over | self._reviews.over),
            *((CONFLICT, key) for key in picture.conflicts),
        ]  # fmt: skip
        found = {key: self._need(key, picture) for key in keys}
        self._list.fill({key: need for key, need in found.items() if need is not None})
        self.late = self._first()
        self.bell.take(self.called, self._hidden)

    def _bring(self, picture: Picture, changes: Changes) -> None:
        """List what is not as it was at the last look."""
        news = changes.records.get(Event, {}).keys()
        asked = {key for event in self._filed.keys() & news for key in self._filed[event]}
        filed = {self._event_of.get(key, "") for key in changes.records.get(Alarm, ())}
        moved = self._route(picture, changes.records.get(Alarm, {}))
        filed |= {self._event_of.get(key, "") for key in moved}
        events_ = (self._press(picture.now) | news | filed) - {""}
        keys = [
            *((ALARM, key) for key in asked.union(moved)), *((EVENT, key) for key in events_),
            *((CONFLICT, key) for key in changes.records.get(Conflict, ())),
        ]  # fmt: skip
        for key in keys:
            self._list.put(key, self._need(key, picture))
        if events_:
            self.late = self._first()
        self.bell.take(self.called, self._hidden, moved)

    def _first(self) -> frozenset[str]:
        return frozenset(self._list.first(EVENT, int(codes.limit("map_calls"))))

    @property
    def _hidden(self) -> Container[str]:
        return () if self.unmuted else self.muted

    def limit(self, urgent: int) -> None:
        """From the next look on, overdue events up to another urgency are listed."""
        self.urgent, self._begun = urgent, False

    @property
    def overdue(self) -> Set[str]:
        """Ids of events whose clock has run out; one set that changes."""
        return self._clocks.over

    @property
    def turned(self) -> Ms:
        """The moment up to which `overdue` is known: at some ticks no clock is looked at."""
        return self._clocks.turned

    def ran_out(self, since: Ms) -> Iterator[str]:
        """Ids of events whose clock ran out since a moment at which `turned` stood, the soonest
        first; where the time was set back, that had not run out yet."""
        return self._clocks.between(*sorted((since, self.turned)))

    def soon(self, now: Ms, minutes: float) -> int:
        """How many clocks run out within so many minutes."""
        return self._clocks.count(now, Ms(int(now + minutes * MINUTE)))

    def today(self, now: Ms) -> int:
        """How many clocks run out before the day is over."""
        return self._clocks.count(now, deadlines.tonight(now))

    def next(self, now: Ms, minutes: float, most: int) -> list[str]:
        """Ids of events whose clock runs out within so many minutes or before the day is over, the
        soonest first."""
        end = max(Ms(int(now + minutes * MINUTE)), deadlines.tonight(now))
        return self._clocks.next(now, end, most)

    @property
    def alarms(self) -> int:
        """How many alarms are in the list."""
        return self._list.count(ALARM)

    def at(self, id_: str) -> int | None:
        """Where in `open` one stands; None where it is not there."""
        return self._list.at(id_)

    def _route(self, picture: Picture, changed: Iterable[str]) -> list[str]:
        """Which alarms call here now; the ids of all that may stand otherwise than before."""
        self.routing = Routing(picture.areas, self._place, picture.now)
        moved = self.called.bring(self.routing, picture.alarms, changed)
        for key in moved:
            self._count(key, picture.alarms.get(key))
            self._note(key, self.called.here.get(key))
        return moved

    def _count(self, key: str, alarm: Alarm | None) -> None:
        if (before := self._severity.pop(key, None)) is not None:
            self.active[before] -= 1
        if alarm is not None and alarm.state not in IDLE:
            self._severity[key] = alarm.severity
            self.active[alarm.severity] += 1

    def _note(self, key: str, alarm: Alarm | None) -> None:
        """Whether one that calls here is muted, and which event it filed."""
        if before := self._event_of.pop(key, ""):
            self._filed[before].discard(key)
            if not self._filed[before]:
                del self._filed[before]
        if alarm is not None and alarm.event:
            self._event_of[key] = alarm.event
            self._filed[alarm.event].add(key)
        self.muted.discard(key)
        if alarm is not None and self._hush.mutes(alarm):
            self.muted.add(key)

    def _press(self, now: Ms) -> Set[str]:
        """Learn by the time which events press now; the ids of those that did not so before."""
        self._clocks.turn(now)
        return self._pressing.turn(now) | self._reviews.turn(now)

    def _keep(self, key: str, picture: Picture) -> None:
        view = picture.events.get(key)
        clock = deadlines.running(view, picture.areas) if view is not None else None
        self._clocks.set(key, clock)
        pressing = view is not None and 0 < view.event.urgency <= self.urgent
        self._pressing.set(key, clock if pressing else None)
        self._reviews.set(key, deadlines.review(view) if view is not None else None)

    def _need(self, key: Key, picture: Picture) -> Need | None:
        """One of the list; None where it needs nobody, or the mode mutes it."""
        kind, id_ = key
        if kind == ALARM:
            alarm = self.called.here.get(id_)
            if alarm is None or id_ in self._hidden:
                return None
            filed = alarm.event
            return Need(alarm.severity, alarm, picture.events.get(filed), self.running.get(filed))
        if kind == CONFLICT:
            conflict = picture.conflicts.get(id_)
            if conflict is None or conflict.settled_by:
                return None
            return Need(AS_SEVERE, None, None, None, conflict)
        presses = id_ in self._pressing.over or id_ in self._reviews.over
        if not presses or id_ in self._filed:
            return None
        view = picture.events[id_]
        return Need(view.event.urgency, None, view, self._due(id_, picture.now))

    def _due(self, key: str, now: Ms) -> Deadline:
        """Why an event is in the list: it was to be looked at again, or it is overdue."""
        looked = self._reviews.running.get(key)
        return looked if looked is not None and looked.due < now else self.running[key]


def _place(picture: Picture) -> Here:
    """Where this station stands, and which others are there."""
    beside = frozenset(peer.origin for peer in picture.sync.peers if peer.joined)
    return routing.here(picture.sight, picture.now, picture.sync.pool_at, beside)
