"""The list of what needs a person, kept in its order: of thousands few change with a tick."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from typing import NamedTuple

from commandwall.alarms import Alarm
from commandwall.clock import Ms
from commandwall.deadlines import Deadline
from commandwall.events import Event, EventView
from commandwall.store.tables import Conflict


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


Key = tuple[int, str]
"""Kind (ALARM, EVENT or CONFLICT, which of one moment stand in this order) and id."""
Place = tuple[int, Ms, Key]
ALARM, EVENT, CONFLICT = range(3)


class NeedList:
    """Needs by their ranks, of one rank the oldest first."""

    def __init__(self) -> None:
        self.needs: list[Need] = []
        self.ids: dict[int, set[str]] = {kind: set() for kind in (ALARM, EVENT, CONFLICT)}
        """Ids of those of each kind."""
        self._places: list[Place] = []
        self._place: dict[Key, Place] = {}

    def fill(self, needs: Mapping[Key, Need]) -> None:
        """These and no others."""
        self._place = {key: _place(key, need) for key, need in needs.items()}
        self._places = sorted(self._place.values())
        self.needs[:] = [needs[key] for _, _, key in self._places]
        for kind in self.ids:
            self.ids[kind] = {id_ for of, id_ in needs if of == kind}

    def put(self, key: Key, need: Need | None) -> None:
        """One as it is now; None where it needs nobody."""
        if (before := self._place.pop(key, None)) is not None:
            at = bisect_left(self._places, before)
            del self._places[at], self.needs[at]
            self.ids[key[0]].discard(key[1])
        if need is not None:
            place = self._place[key] = _place(key, need)
            at = bisect_left(self._places, place)
            self._places.insert(at, place)
            self.needs.insert(at, need)
            self.ids[key[0]].add(key[1])


def _place(key: Key, need: Need) -> Place:
    return need.rank, need.since, key
