"""The list of what needs a person, kept in its order: of many few change with a tick."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from sortedcontainers import SortedDict, SortedList

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
KINDS = ALARM, EVENT, CONFLICT = range(3)


class NeedList:
    """Needs by their ranks, of one rank the oldest first."""

    def __init__(self) -> None:
        self._by_place = SortedDict()
        self._place: dict[Key, Place] = {}
        self.needs: Sequence[Need] = self._by_place.values()
        self._of = {kind: SortedList() for kind in KINDS}  # the places of each kind

    def fill(self, needs: Mapping[Key, Need]) -> None:
        """These and no others."""
        self._place = {key: _place(key, need) for key, need in needs.items()}
        self._by_place.clear()
        self._by_place.update((self._place[key], need) for key, need in needs.items())
        for kind, places in self._of.items():
            places.clear()
            places.update(place for (of, _), place in self._place.items() if of == kind)

    def put(self, key: Key, need: Need | None) -> None:
        """One as it is now; None where it needs nobody."""
        if (before := self._place.pop(key, None)) is not None:
            del self._by_place[before]
            self._of[key[0]].remove(before)
        if need is not None:
            place = self._place[key] = _place(key, need)
            self._by_place[place] = need
            self._of[key[0]].add(place)

    def count(self, kind: int) -> int:
        """How many there are of a kind."""
        return len(self._of[kind])

    def first(self, kind: int, most: int) -> Iterator[str]:
        """Ids of the first of a kind."""
        return (id_ for _, _, (_, id_) in islice(self._of[kind], most))

    def at(self, id_: str) -> int | None:
        """Where one stands; None where it is not there."""
        places = (self._place.get((kind, id_)) for kind in KINDS)
        return next((self._by_place.index(place) for place in places if place), None)


def _place(key: Key, need: Need) -> Place:
    return need.rank, need.since, key
