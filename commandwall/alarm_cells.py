"""The cells of which groups of alarms are made 告警格: one cause, one place, ten minutes.

Kept alarm by alarm: in a storm of a hundred thousand few change between two looks, and nobody waits
until all are counted again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from math import cos, radians

import numpy as np
from numpy.typing import NDArray

from commandwall import codes
from commandwall.alarms import WAITING, Alarm
from commandwall.areas import VILLAGE, Area, chain
from commandwall.clock import MINUTE

METRES_PER_DEGREE = 111_320.0
Key = tuple[str, bool, str, int]
"""Cause (a class, or that of all for which there is no row), whether its devices chatter, place,
ten minutes."""


@dataclass(frozen=True, slots=True)
class Terms:
    """By what alarms are put together at a moment."""

    areas: Mapping[str, Area]
    flood: bool = False  # more come than a person can take one by one
    chattering: frozenset[str] = frozenset()  # devices
    elsewhere: AbstractSet[str] = frozenset()  # ids of alarms that are still with their town


class Cell:
    """Alarms of one key, and what is counted of them."""

    __slots__ = ("_began", "alarms", "severities", "waiting")

    def __init__(self) -> None:
        self.alarms: dict[str, Alarm] = {}
        self.severities, self.waiting = dict[int, int](), dict[int, int]()
        """Severity -> how many of all, and of those that wait here; none where there are none."""
        self._began: NDArray[np.int64] | None = None

    def put(self, alarm: Alarm, here: bool) -> None:
        self.alarms[alarm.id] = alarm
        self._count(alarm.severity, here, 1)

    def take(self, alarm: Alarm, here: bool) -> None:
        """Take out what was put so."""
        del self.alarms[alarm.id]
        self._count(alarm.severity, here, -1)

    @property
    def began(self) -> NDArray[np.int64]:
        """When each of them did, the first first (ms)."""
        if self._began is None:
            self._began = np.array([a.raised_at for a in self.alarms.values()], np.int64)
            self._began.sort()
        return self._began

    def _count(self, severity: int, here: bool, n: int) -> None:
        _tally(self.severities, severity, n)
        if here:
            _tally(self.waiting, severity, n)
        self._began = None


def _tally(counts: dict[int, int], severity: int, n: int) -> None:
    """Count, and keep no zero."""
    counts[severity] = many = counts.get(severity, 0) + n
    if not many:
        del counts[severity]


Placed = tuple[Alarm, bool, Key | None]
"""An alarm, whether it waits here, and the key of its cell, None where it stands alone."""


class Cells:
    """All alarms that call: some alone, the others in cells."""

    def __init__(self) -> None:
        self.alone: dict[str, Alarm] = {}
        self.cells: dict[Key, Cell] = defaultdict(Cell)
        self.terms = Terms({})
        self._placed: dict[str, Placed] = {}
        self._span = 0
        """Of a cell, in ms."""
        self._places: dict[str, str] = {}
        """The village of each area."""

    def bring(
        self, calling: Mapping[str, Alarm], changed: Iterable[str] | None, terms: Terms
    ) -> None:
        """Bring these up to what calls now, and those that move by the terms; all of them where
        `changed` is None."""
        before, self.terms = self.terms, terms
        span, self._span = self._span, int(codes.limit("alarm_group_minutes") * MINUTE)
        if changed is None or (span, before.flood) != (self._span, terms.flood):
            self._clear()
            changed = calling
        for key in {*changed, *self._moved(before)}:
            if (placed := self._placed.pop(key, None)) is not None:
                self._take(*placed)
            if (alarm := calling.get(key)) is not None:
                self._add(alarm)
        # Whoever told what is with its town goes on to change it.
        self.terms = replace(terms, elsewhere=frozenset(terms.elsewhere))

    def key_of(self, alarm: Alarm) -> Key:
        """The cell that an alarm belongs to, where it does not stand alone."""
        place = self._places.get(alarm.area)
        if place is None:
            place = within(self.terms.areas, alarm.area, VILLAGE)
            self._places[alarm.area] = place
        chatters = alarm.sensor in self.terms.chattering
        return alarm.cls, chatters, place or _square(alarm), alarm.raised_at // self._span

    def of(self, alarms: Iterable[Alarm]) -> dict[Key, Cell]:
        """Cells of some that stand alone, for one look."""
        found: dict[Key, Cell] = defaultdict(Cell)
        for alarm in alarms:
            found[self.key_of(alarm)].put(alarm, self._placed[alarm.id][1])
        return found

    def is_grouped(self, alarm_id: str) -> bool:
        placed = self._placed.get(alarm_id)
        return placed is not None and placed[2] is not None

    def _clear(self) -> None:
        for held in (self.alone, self.cells, self._placed, self._places):
            held.clear()

    def _moved(self, before: Terms) -> Iterator[str]:
        """What the terms alone move."""
        yield from before.elsewhere ^ self.terms.elsewhere
        if turned := before.chattering ^ self.terms.chattering:
            yield from [key for key, (a, *_) in self._placed.items() if a.sensor in turned]

    def _add(self, alarm: Alarm) -> None:
        terms = self.terms
        waits = alarm.state in WAITING
        here = waits and alarm.id not in terms.elsewhere
        grouped = terms.flood or alarm.sensor in terms.chattering
        alone = not grouped or (waits and alarm.severity == 1)
        key = None if alone else self.key_of(alarm)
        self._placed[alarm.id] = alarm, here, key
        if key is None:
            self.alone[alarm.id] = alarm
        else:
            self.cells[key].put(alarm, here)

    def _take(self, alarm: Alarm, here: bool, key: Key | None) -> None:
        if key is None:
            del self.alone[alarm.id]
            return
        cell = self.cells[key]
        cell.take(alarm, here)
        if not cell.alarms:
            del self.cells[key]


def within(areas: Mapping[str, Area], code: str, level: int) -> str:
    """The area of a level, or the nearest above, that an area lies in; "" where none is known."""
    return next((area.id for area in chain(areas, code) if area.level <= level), "")


def _square(alarm: Alarm) -> str:
    """The square of so many metres that it stands in."""
    side = codes.limit("alarm_cell_metres") / METRES_PER_DEGREE
    return f"@{alarm.lat // side:.0f},{alarm.lon * cos(radians(alarm.lat)) // side:.0f}"
