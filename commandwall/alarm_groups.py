"""Many alarms as a person can take them in 告警收拢: by cause, place and time (domain/spec 5.7).

Pure: what is grouped is what the picture holds; only `Load` remembers, as long as its terms last.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush
from math import cos, radians

import numpy as np
from numpy.typing import NDArray

from commandwall import alarm_life as life
from commandwall import codes
from commandwall.alarms import ASIDE, WAITING, Alarm, moved, wants_person, withdrawn
from commandwall.areas import TOWN, VILLAGE, Area
from commandwall.clock import MINUTE, SECOND, Ms, day
from commandwall.store.store import Refused, Tx

METRES_PER_DEGREE = 111_320.0
REST = "*"
"""Cause of the group of all that there is no row left for."""
Key = tuple[str, bool, str, int]
"""Cause (a class, or REST), whether its devices chatter, place, ten minutes."""


@dataclass(frozen=True, slots=True)
class Group:
    """Alarms of one cause, at one place, of one time."""

    key: str
    cls: str  # REST where several are together
    chatters: bool
    place: str  # code of an area, "" for all of them or for where no area is known
    severity: int  # the worst of those that wait here, else of all
    waiting: int  # here: what is still with its town is none of them
    since: Ms  # the first began
    newest: Ms  # the last began
    alarms: tuple[Alarm, ...]
    began: NDArray[np.int64] = field(compare=False)  # when each of them did, in that order


@dataclass(frozen=True, slots=True)
class Presented:
    """What is shown of all alarms: some alone, worst first, then groups."""

    alone: tuple[Alarm, ...] = ()
    groups: tuple[Group, ...] = ()

    @property
    def rows(self) -> int:
        return len(self.alone) + len(self.groups)


def waits(alarm: Alarm) -> bool:
    """Whether somebody has to acknowledge it."""
    return alarm.state in WAITING


def rank(alarm: Alarm, now: Ms, elsewhere: Container[str] = ()) -> tuple[int, int, int]:
    """What wants a person here, the forgotten too, before what is still with its town, before what
    is acknowledged, before what was put aside; worst first, then newest."""
    turn = 3 if alarm.state in ASIDE else 2
    if wants_person(alarm, now):
        turn = 1 if alarm.id in elsewhere else 0
    return turn, alarm.severity, -alarm.raised_at


def present(
    alarms: Iterable[Alarm], areas: Mapping[str, Area], now: Ms,
    flood: bool = False, chattering: frozenset[str] = frozenset(), elsewhere: Container[str] = (),
) -> Presented:  # fmt: skip
    """In calm each alarm alone but those of devices that chatter; in a flood the worst severity
    alone while it waits, all else in groups, with no more rows than a person reads. Places grow,
    then times, until they are few enough; what is still too much is one group."""
    on = day(now)
    alone: list[Alarm] = []
    rest: list[Alarm] = []
    for alarm in alarms:
        grouped = flood or alarm.sensor in chattering
        if grouped and not (alarm.severity == 1 and alarm.state in WAITING):
            rest.append(alarm)
        else:
            alone.append(alarm)
    alone.sort(key=lambda alarm: rank(alarm, now, elsewhere))
    if not flood:
        return Presented(tuple(alone), _grouped(rest, areas, chattering, len(rest), elsewhere))
    most, lonely = codes.limit("alarm_rows", on), int(codes.limit("alarm_alone", on))
    rest += alone[lonely:]
    room = int(most) - min(len(alone), lonely)
    groups = _grouped(rest, areas, chattering, room, elsewhere)
    return Presented(tuple(alone[:lonely]), groups)


def _grouped(
    alarms: Sequence[Alarm], areas: Mapping[str, Area], chattering: frozenset[str], most: int,
    elsewhere: Container[str],
) -> tuple[Group, ...]:  # fmt: skip
    cells = _cells(alarms, areas, chattering)
    keys = dict(zip(cells, cells, strict=True))
    for wider in (_in_town, _always, _everywhere):
        if len(set(keys.values())) <= most:
            break
        keys = {cell: wider(key, areas) for cell, key in keys.items()}
    together: dict[Key, list[Alarm]] = defaultdict(list)
    for cell, key in keys.items():
        together[key] += cells[cell]
    groups = sorted(
        (_group(key, found, elsewhere) for key, found in together.items()), key=_group_rank
    )
    if len(groups) > most:
        last = [alarm for group in groups[most - 1 :] for alarm in group.alarms]
        groups[most - 1 :] = [_group((REST, False, "", 0), last, elsewhere)]
    return tuple(groups)


def _cells(
    alarms: Sequence[Alarm], areas: Mapping[str, Area], chattering: frozenset[str]
) -> dict[Key, list[Alarm]]:
    """By class, village or cell of 500 m, ten minutes."""
    span = int(codes.limit("alarm_group_minutes") * MINUTE)
    places: dict[str, str] = {}
    cells: dict[Key, list[Alarm]] = defaultdict(list)
    for alarm in alarms:
        place = places.get(alarm.area)
        if place is None:
            place = places[alarm.area] = _within(areas, alarm.area, VILLAGE)
        key = alarm.cls, alarm.sensor in chattering, place or _cell(alarm), alarm.raised_at // span
        cells[key].append(alarm)
    return _chained(cells)


def _chained(cells: Mapping[Key, list[Alarm]]) -> dict[Key, list[Alarm]]:
    """What goes on into the next ten minutes stays the group it was: it is one occurrence."""
    chained: dict[Key, list[Alarm]] = {}
    first: Key | None = None
    last = 0
    for key in sorted(cells):
        if first is None or key[:3] != first[:3] or key[3] > last + 1:
            first = key
        last = key[3]
        chained.setdefault(first, []).extend(cells[key])
    return chained


def _within(areas: Mapping[str, Area], code: str, level: int) -> str:
    """The area of a level, or the nearest above, that an area lies in; "" where none is known."""
    area = areas.get(code)
    while area is not None and area.level > level:
        area = areas.get(area.parent)
    return area.id if area is not None else ""


def _cell(alarm: Alarm) -> str:
    """The square of so many metres that it stands in."""
    side = codes.limit("alarm_cell_metres") / METRES_PER_DEGREE
    return f"@{alarm.lat // side:.0f},{alarm.lon * cos(radians(alarm.lat)) // side:.0f}"


def _in_town(key: Key, areas: Mapping[str, Area]) -> Key:
    return *key[:2], _within(areas, key[2], TOWN), key[3]


def _always(key: Key, areas: Mapping[str, Area]) -> Key:
    return *key[:3], 0


def _everywhere(key: Key, areas: Mapping[str, Area]) -> Key:
    return *key[:2], "", 0


def _group(key: Key, alarms: Sequence[Alarm], elsewhere: Container[str]) -> Group:
    waiting = [a.severity for a in alarms if waits(a) and a.id not in elsewhere]
    began = np.array([a.raised_at for a in alarms], np.int64)
    worst = min(waiting or [a.severity for a in alarms])
    cls, chatters, place, _ = key
    name = "|".join(map(str, key))
    at = "" if place.startswith("@") else place
    return Group(
        name, cls, chatters, at, worst, len(waiting), Ms(int(began.min())), Ms(int(began.max())),
        tuple(alarms), began,
    )  # fmt: skip


def _group_rank(group: Group) -> tuple[bool, int, int]:
    return group.waiting == 0, group.severity, -group.newest


class Load:
    """How many alarms came of late, and which devices chatter."""

    def __init__(self) -> None:
        self.flood, self.since = False, Ms(0)
        """Whether more came than a person can take one by one, and since when."""
        self._raised: dict[str, Ms] = {}
        self._oldest: list[tuple[Ms, str]] = []
        """A heap of these, and of some that are no more so."""
        self._on: dict[str, bool] = {}
        self._turns: dict[str, tuple[Ms, ...]] = {}
        """The last turns of each device, which turned last at the end."""

    def see(self, changed: Iterable[Alarm], now: Ms) -> None:
        """Take alarms that changed, those that are over too."""
        on, begin = day(now), now - int(codes.limit("alarm_group_minutes") * MINUTE)
        turns = int(codes.limit("alarm_chatter_turns", on))
        for alarm in changed:
            if alarm.state == life.DSUPR or withdrawn(alarm):  # it calls nobody, or never was
                self._raised.pop(alarm.id, None)
            elif alarm.raised_at > begin and self._raised.get(alarm.id) != alarm.raised_at:
                self._raised[alarm.id] = alarm.raised_at
                heappush(self._oldest, (alarm.raised_at, alarm.id))
            active = alarm.cleared_at is None
            if self._on.get(alarm.sensor) != active:
                self._on[alarm.sensor] = active
                times = self._turns.pop(alarm.sensor, ())
                self._turns[alarm.sensor] = (*times, alarm.changed_at)[-turns:]
        self._forget(begin)
        self._decide(now)

    @property
    def count(self) -> int:
        """Alarms that began within the last ten minutes."""
        return len(self._raised)

    def chattering(self, now: Ms) -> frozenset[str]:
        """Devices that came and went so often within so short a time, not long ago."""
        turns, span = codes.limit("alarm_chatter_turns"), codes.limit("alarm_chatter_seconds")
        held = codes.limit("alarm_group_minutes") * MINUTE
        return frozenset(
            sensor for sensor, at in self._turns.items()
            if len(at) == turns and at[-1] - at[0] <= span * SECOND and now - at[-1] < held
        )  # fmt: skip

    def _forget(self, begin: int) -> None:
        """What began before that counts no more, nor what turned neither since nor for as long as
        turns are counted."""
        while self._oldest and self._oldest[0][0] <= begin:
            at, key = heappop(self._oldest)
            if self._raised.get(key) == at:
                del self._raised[key]
        still = begin - codes.limit("alarm_chatter_seconds") * SECOND
        while self._turns and self._turns[sensor := next(iter(self._turns))][-1] < still:
            del self._turns[sensor]

    def _decide(self, now: Ms) -> None:
        """It ends at a lower count than it begins at, else it would come and go."""
        on = day(now)
        edge = codes.limit("alarm_flood_ends" if self.flood else "alarm_flood", on)
        flood = self.count >= edge if self.flood else self.count > edge
        if flood and not self.flood:
            self.since = now
        self.flood = flood


def acknowledge_group(tx: Tx, alarms: Sequence[str]) -> None:
    """A person has seen a group of alarms of one cause. Refused("group_worst") where one of the
    worst severity waits among them: each of those is looked at; Refused("group_mixed") where they
    are not of one cause; Refused("group_over") where none of them waits any more."""
    waiting = [a for a in tx.many(Alarm, alarms) if waits(a)]
    if any(a.severity == 1 for a in waiting):
        raise Refused("group_worst")
    if len({a.cls for a in waiting}) > 1:
        raise Refused("group_mixed")
    if not waiting:
        raise Refused("group_over")
    tx.put(*(
        replace(moved(tx, a, life.ACK), acked_at=tx.now, acked_by=tx.by, acked_post=tx.post)
        for a in waiting
    ))  # fmt: skip
