"""Many alarms as a person can take them in 告警收拢: by cause, place and time (domain/spec 5.7).

Of cells that are kept (`alarm_cells`); `Load` remembers what came, as long as its terms last.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush

import numpy as np
from numpy.typing import NDArray

from commandwall import alarm_life as life
from commandwall import codes
from commandwall.alarm_cells import Cell, Cells, Key, within
from commandwall.alarms import ASIDE, WAITING, Alarm, moved, wants_person, withdrawn
from commandwall.areas import TOWN, Area
from commandwall.clock import MINUTE, SECOND, Ms, day
from commandwall.store.store import Refused, Tx

REST = "*"
"""Cause of the group of all that there is no row left for."""


@dataclass(frozen=True, slots=True)
class Group:
    """Alarms of one cause, at one place, of one time."""

    key: str
    cls: str  # REST where several are together
    chatters: bool
    place: str  # code of an area, "" for all of them or for where no area is known
    severity: int  # the worst of those that wait here, else of all
    count: int
    waiting: int  # here: what is still with its town is none of them
    since: Ms  # the first began
    newest: Ms  # the last began
    cells: tuple[Cell, ...] = field(compare=False, repr=False)

    @property
    def alarms(self) -> tuple[Alarm, ...]:
        return tuple(alarm for cell in self.cells for alarm in cell.alarms.values())

    @property
    def began(self) -> NDArray[np.int64]:
        """When each of them did (ms), in no order."""
        return np.concatenate([cell.began for cell in self.cells])

    def holds(self, alarm: str) -> bool:
        return any(alarm in cell.alarms for cell in self.cells)


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


Rank = tuple[int, int, int, str]


def rank(alarm: Alarm, now: Ms, elsewhere: Container[str] = ()) -> Rank:
    """What wants a person here, the forgotten too, before what is still with its town, before what
    is acknowledged, before what was put aside; worst first, then newest, then by its id, so that no
    two change places."""
    turn = 3 if alarm.state in ASIDE else 2
    if wants_person(alarm, now):
        turn = 1 if alarm.id in elsewhere else 0
    return turn, alarm.severity, -alarm.raised_at, alarm.id


def presented(cells: Cells, now: Ms) -> Presented:
    """In calm each alarm alone but those of devices that chatter; in a flood the worst severity
    alone while it waits, all else in groups, with no more rows than a person reads. Places grow,
    then times, until they are few enough; what is still too much is one group."""
    on, terms, found = day(now), cells.terms, {key: [cell] for key, cell in cells.cells.items()}
    alone = sorted(cells.alone.values(), key=lambda a: rank(a, now, terms.elsewhere))
    if not terms.flood:
        return Presented(tuple(alone), _grouped(found, terms.areas, len(found)))
    most, lonely = int(codes.limit("alarm_rows", on)), int(codes.limit("alarm_alone", on))
    for key, cell in cells.of(alone[lonely:]).items():
        found.setdefault(key, []).append(cell)
    room = most - min(len(alone), lonely)
    return Presented(tuple(alone[:lonely]), _grouped(found, terms.areas, room))


def _grouped(
    found: Mapping[Key, list[Cell]], areas: Mapping[str, Area], most: int
) -> tuple[Group, ...]:
    cells = _chained(found)
    keys = dict(zip(cells, cells, strict=True))
    for wider in (_in_town, _always, _everywhere):
        if len(set(keys.values())) <= most:
            break
        keys = {cell: wider(key, areas) for cell, key in keys.items()}
    together: dict[Key, list[Cell]] = defaultdict(list)
    for cell, key in keys.items():
        together[key] += cells[cell]
    groups = sorted((_group(key, some) for key, some in together.items()), key=_group_rank)
    if len(groups) > most:
        last = [cell for group in groups[most - 1 :] for cell in group.cells]
        groups[most - 1 :] = [_group((REST, False, "", 0), last)]
    return tuple(groups)


def _chained(cells: Mapping[Key, list[Cell]]) -> dict[Key, list[Cell]]:
    """What goes on into the next ten minutes stays the group it was: it is one occurrence."""
    chained: dict[Key, list[Cell]] = {}
    first: Key | None = None
    last = 0
    for key in sorted(cells):
        if first is None or key[:3] != first[:3] or key[3] > last + 1:
            first = key
        last = key[3]
        chained.setdefault(first, []).extend(cells[key])
    return chained


def _in_town(key: Key, areas: Mapping[str, Area]) -> Key:
    return *key[:2], within(areas, key[2], TOWN), key[3]


def _always(key: Key, areas: Mapping[str, Area]) -> Key:
    return *key[:3], 0


def _everywhere(key: Key, areas: Mapping[str, Area]) -> Key:
    return *key[:2], "", 0


def _group(key: Key, cells: Sequence[Cell]) -> Group:
    waiting = [severity for cell in cells for severity in cell.waiting]
    cls, chatters, place, _ = key
    return Group(
        "|".join(map(str, key)), cls, chatters, "" if place.startswith("@") else place,
        min(waiting or [severity for cell in cells for severity in cell.severities]),
        sum(len(cell.alarms) for cell in cells), sum(sum(cell.waiting.values()) for cell in cells),
        Ms(min(int(cell.began[0]) for cell in cells)),
        Ms(max(int(cell.began[-1]) for cell in cells)), tuple(cells),
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
        self._often: dict[str, Ms] = {}
        """Devices that turned as often as chattering is within as short a time, and when last."""

    def see(self, changed: Iterable[Alarm], now: Ms) -> None:
        """Take alarms that changed, those that are over too."""
        begin = now - int(codes.limit("alarm_group_minutes") * MINUTE)
        turns = int(codes.limit("alarm_chatter_turns"))
        span = codes.limit("alarm_chatter_seconds") * SECOND
        for alarm in changed:
            if alarm.state == life.DSUPR or withdrawn(alarm):  # it calls nobody, or never was
                self._raised.pop(alarm.id, None)
            elif alarm.raised_at > begin and self._raised.get(alarm.id) != alarm.raised_at:
                self._raised[alarm.id] = alarm.raised_at
                heappush(self._oldest, (alarm.raised_at, alarm.id))
            active = alarm.cleared_at is None
            if self._on.get(alarm.sensor) != active:
                self._on[alarm.sensor] = active
                self._turn(alarm.sensor, alarm.changed_at, turns, span)
        self._forget(begin)
        self._decide(now)

    @property
    def count(self) -> int:
        """Alarms that began within the last ten minutes."""
        return len(self._raised)

    def chattering(self, now: Ms) -> frozenset[str]:
        """Devices that came and went so often within so short a time, not long ago."""
        held = codes.limit("alarm_group_minutes") * MINUTE
        return frozenset(sensor for sensor, at in self._often.items() if now - at < held)

    def _turn(self, sensor: str, at: Ms, turns: int, span: float) -> None:
        times = (*self._turns.pop(sensor, ()), at)[-turns:]
        self._turns[sensor] = times
        self._often.pop(sensor, None)
        if len(times) == turns and times[-1] - times[0] <= span:
            self._often[sensor] = at

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
            self._often.pop(sensor, None)

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
