"""What needs a person now, worst first: unacknowledged alarms and overdue urgent events."""

from __future__ import annotations

from dataclasses import dataclass, field

from commandwall import alarms, deadlines
from commandwall.alarms import RTNUN, UNACK, Alarm
from commandwall.clock import MINUTE, Ms
from commandwall.deadlines import Deadline
from commandwall.events import Event, EventView
from commandwall.picture import Picture
from commandwall.store.tables import Conflict

CONFLICT = 3
"""Among the needs a conflict ranks as an alarm of this severity."""


@dataclass(frozen=True, slots=True)
class Need:
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


@dataclass(slots=True)
class Needs:
    """Kept by the wall at each tick, read by header and lists."""

    urgent: int
    """Overdue events up to this urgency are in the list."""
    open: list[Need] = field(default_factory=list)
    running: dict[str, Deadline] = field(default_factory=dict)
    """The clock that runs of each open event that has one."""
    _seen: dict[str, EventView] = field(default_factory=dict)

    def look(self, picture: Picture) -> None:
        """Bring everything up to `picture.now`."""
        self._keep_clocks(picture)
        self.open = sorted(self._all(picture), key=lambda need: (need.rank, need.since))

    @property
    def late(self) -> frozenset[str]:
        """Ids of the events in the list that are there by their own clock."""
        return frozenset(n.event.event.id for n in self.open if n.alarm is None and n.event)

    def overdue(self, now: Ms) -> list[str]:
        """Ids of events whose clock has run out."""
        return [key for key, clock in self.running.items() if clock.due < now]

    def soon(self, now: Ms, minutes: float) -> list[tuple[Deadline, str]]:
        """Clocks that run out within so many minutes and the ids of their events, soonest first."""
        until = now + minutes * MINUTE
        found = [(c, key) for key, c in self.running.items() if now <= c.due <= until]
        return sorted(found, key=lambda pair: pair[0].due)

    def _keep_clocks(self, picture: Picture) -> None:
        for key in self._seen.keys() - picture.events.keys():
            del self._seen[key]
            self.running.pop(key, None)
        for key, view in picture.events.items():
            if self._seen.get(key) is view:
                continue
            self._seen[key] = view
            clock = deadlines.running(view)
            if clock is None:
                self.running.pop(key, None)
            else:
                self.running[key] = clock

    def _all(self, picture: Picture) -> list[Need]:
        waiting = [a for a in picture.alarms.values() if a.state in (UNACK, RTNUN)]
        filed = {a.event for a in waiting if a.event}
        needs = [self._of_alarm(a, picture) for a in waiting]
        for key in self.overdue(picture.now):
            view = picture.events[key]
            if key not in filed and 0 < view.event.urgency <= self.urgent:
                needs.append(Need(view.event.urgency, None, view, self.running[key]))
        open_ = (c for c in picture.conflicts.values() if not c.settled_by)
        return [*needs, *(Need(CONFLICT, None, None, None, c) for c in open_)]

    def _of_alarm(self, alarm: Alarm, picture: Picture) -> Need:
        view = picture.events.get(alarm.event)
        return Need(alarm.severity, alarm, view, self.running.get(alarm.event))


def by_severity(picture: Picture) -> dict[int, int]:
    """Active alarms of each severity 1..4."""
    counts = dict.fromkeys((1, 2, 3, 4), 0)
    for alarm in picture.alarms.values():
        if alarm.state != alarms.NORM:
            counts[alarm.severity] = counts.get(alarm.severity, 0) + 1
    return counts
