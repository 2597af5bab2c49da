"""The last minutes of readings of each device, and what the judge knew before them.

A reading that comes late is judged as if it had come in its order: the judge goes back to what it
knew of the device before these minutes, and takes them once more with the late one among them. Of
devices that may make one another's readings worse all go back together.

Of each device two states of the judge are kept, the `base` and a `middle` at least the reach of
late readings younger; once that old itself the middle becomes the base, and the state of now the
middle. Readings since the base lie in a ring of its own for each device. Base and rings are live
files: an agent that was killed takes these readings again, and knows what it knew. Each row is
sealed: what a disk spoilt is not gone by.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commandwall.alarms import NEVER, Crossing, Thing, thing
from commandwall.clock import SECOND, Ms
from commandwall.judge import Judge, turns
from commandwall.sensors import READING_DTYPE, Sensor
from commandwall.store.live import BLOCK, Columns, LiveArrays

SHIFT = 20
"""Readings have one order at every station: by moment, then by the row of the device."""
RING = (("value", "f4"), ("quality", "u1"), ("at", "i8"), ("seal", "u2"))
MIX = np.uint64(0x9E37_79B9_7F4A_7C15)
"""Odd, with bits everywhere: what differs in one bit differs in the highest ones."""
ROOM, SPARE, MOST = 2.5, 8, 512
"""A ring has room for what a device says within so many times the reach, and for some more; one
that says much more than its row promises has a shorter reach."""
Rows = NDArray[np.intp]
Open = Callable[[str, Columns, int], LiveArrays]


@dataclass(frozen=True, slots=True)
class Lot:
    """Readings in their order."""

    rows: Rows
    value: NDArray[np.float32]
    at: NDArray[np.int64]
    quality: NDArray[np.uint8]

    def of(self, some: Any) -> Lot:
        return Lot(self.rows[some], self.value[some], self.at[some], self.quality[some])

    def key(self) -> NDArray[np.int64]:
        return np.asarray((self.at << SHIFT) + self.rows, np.int64)


@dataclass(frozen=True, slots=True)
class Made:
    """Crossings that readings made; `was`: what of them had been said without the late ones, where
    that differs, and `since`: the moment of the first late one."""

    said: list[Crossing]
    was: list[Crossing] | None = None
    since: Ms = NEVER


JUDGED, KNOWN, LATE = 0, 1, 2
"""What becomes of a reading."""


class Window:
    """Takes readings past the judge in their order, whenever they come."""

    def __init__(self, judge: Judge, sensors: Sequence[Sensor], reach_ms: int, open_: Open) -> None:
        self._judge, self._reach, self._state = judge, reach_ms, judge.columns()
        self._no = np.array([s.no for s in sensors], np.intp)
        self._unit = judge.together()
        self._by_unit = np.argsort(self._unit, kind="stable")
        self._size = np.bincount(self._unit, minlength=len(sensors))
        self._first = np.cumsum(self._size) - self._size
        self._room = _room(sensors, reach_ms)
        self._start = np.cumsum(self._room) - self._room
        self._slots = int(self._room.sum())  # none in a city without devices, which has a ring too
        kinds = tuple((name, c.dtype.str.lstrip("<|")) for name, c in self._state.items())
        size = int(self._no.max(initial=0)) + 1
        self._base = open_("base", (("key", "i8"), ("open", "u1"), *kinds, ("seal", "u2")), size)
        self._ring = open_("window", RING, max(1, self._slots))
        n = len(sensors)
        self._count = np.zeros(n, np.int64)
        """Readings that went into each ring; and how many had at base and middle."""
        self._base_count, self._middle_count = np.zeros((2, n), np.int64)
        self._newest, self._base_key, self._middle_key = np.zeros((3, n), np.int64)
        """Keys by unit: of the newest reading, and of the newest at base and middle."""
        self._middle = {name: column.copy() for name, column in self._state.items()}
        self.open = self._base.own()["open"][self._no] > 0
        """Devices of which an alarm may be on disk whose reading is not: it comes again."""
        self._moved: list[tuple[Rows, dict[str, NDArray[Any]]]] = []
        self._ready: list[tuple[NDArray[np.intp], Lot]] = []
        self._heard = np.zeros(0, np.intp)
        """Bases, and places in the rings with what goes there: written by `keep`."""

    # At a start.

    def begin(self, told: NDArray[np.void] | None = None) -> None:
        """Go on where the files end, where they are whole; all else begins with what the judge
        knows. `told`: readings (READING_DTYPE) that an older window kept, where there was one."""
        everyone = np.arange(len(self._no))
        whole = self._whole(told is None)
        lot = self._lot(self.kept() if told is None else told)
        key = (self._judge.quality.at << SHIFT) + everyone
        self._newest[:] = np.iinfo(np.int64).min
        np.maximum.at(self._newest, self._unit, key)
        self.anchor(np.flatnonzero(~whole))
        self._go_back(np.flatnonzero(whole))
        lot = lot.of(whole[lot.rows] & (lot.key() > self._base_key[self._unit[lot.rows]]))
        self._run_again(replace(lot, quality=lot.quality.copy()))
        self._fit(everyone)
        self._lay(everyone, lot)
        self.keep()

    def kept(self) -> NDArray[np.void]:
        """The readings in all rings (READING_DTYPE), in no order."""
        ring = self._ring.own()
        slots = np.flatnonzero(ring["at"][: self._slots])
        found = np.zeros(len(slots), READING_DTYPE)
        found["no"] = self._no[self._whose(slots)]
        for name in ("value", "quality", "at"):
            found[name] = ring[name][slots]
        return found

    def anchor(self, rows: Rows) -> None:
        """These, and who belongs to them, begin with what the judge knows now: no reading before
        it is judged any more."""
        rows = self._with_others(rows)
        self._shift(rows)
        self._shift(rows)

    def _whole(self, of_files: bool) -> NDArray[np.bool_]:
        """The devices of which base and ring are there, and of all who belong to them."""
        base = self._base.own()
        key, *state = (base[name][self._no] for name in ("key", *self._state))
        torn = np.isin(self._no // BLOCK, self._base.torn) | (key == 0)
        torn |= base["seal"][self._no] != _seal((key, *state))
        if of_files:
            torn |= self._ring.made
            for block in self._ring.torn.tolist():
                end = self._start + self._room
                torn |= (self._start < (block + 1) * BLOCK) & (end > block * BLOCK)
            torn[self._spoilt()] = True
        torn |= key != key[self._unit]
        spoilt = np.zeros(len(torn), np.bool_)
        spoilt[self._unit[torn]] = True
        return ~spoilt[self._unit]

    def _spoilt(self) -> Rows:
        """The devices of which a ring holds what was never written there."""
        *told, seal = (self._ring.own()[name][: self._slots] for name, _ in RING)
        return self._whose(np.flatnonzero(seal != _seal(told)))

    def _whose(self, slots: Rows) -> Rows:
        """The devices in whose rings these places lie."""
        return np.searchsorted(self._start, slots, "right") - 1

    def _lot(self, told: NDArray[np.void]) -> Lot:
        """Readings of known devices in their order."""
        row_of = np.full(int(self._no.max(initial=0)) + 1, -1, np.intp)
        row_of[self._no] = np.arange(len(self._no))
        told = told[told["no"] < len(row_of)]
        rows = row_of[told["no"]]
        lot = Lot(rows, told["value"], told["at"], told["quality"]).of(rows >= 0)
        return lot.of(np.argsort(lot.key()))

    # Readings.

    def take(
        self, rows: Rows, value: NDArray[np.float32], at: NDArray[np.int64],
        quality: NDArray[np.uint8], fate: NDArray[np.uint8],
    ) -> Iterator[Made]:  # fmt: skip
        """Take readings in any order. Sets `quality` to what is found of each that is judged, and
        `fate`: JUDGED, KNOWN for one that was taken before, LATE for one that comes too late. They
        count as taken once `keep` is called."""
        lot = Lot(rows, value, at, quality)
        key = lot.key()
        if (key[1:] > key[:-1]).all() and (key > self._newest[self._unit[rows]]).all():
            fate[:] = JUDGED
            found = self._go_on(lot)
        else:
            found = self._sort_out(lot, key, fate)
        for made in found:
            self._mark(made)
            yield made
        self._heard = rows

    def keep(self) -> None:
        """What was taken is known from now on, also after this program was killed."""
        for rows, columns in self._moved:
            self._base.write(self._no[rows], **columns, seal=_seal(columns.values()))
        for slots, lot in self._ready:
            seal = _seal((lot.value, lot.quality, lot.at))
            self._ring.write(slots, value=lot.value, quality=lot.quality, at=lot.at, seal=seal)
        if self.open.any() and len(closed := self._heard[self.open[self._heard]]):
            self._base.write(self._no[closed], open=np.zeros(len(closed), np.uint8))
            self.open[closed] = False
        self._moved.clear()
        self._ready.clear()

    def _mark(self, made: Made) -> None:
        """Alarms of these devices will be on disk before their readings are."""
        no = np.unique([c.sensor.no for c in (*made.said, *(made.was or ()))])
        self._base.write(no, open=np.ones(len(no), np.uint8))
        self.open[np.searchsorted(self._no, no)] = True

    def _sort_out(
        self, lot: Lot, key: NDArray[np.int64], fate: NDArray[np.uint8]
    ) -> Iterator[Made]:
        """Of readings in any order: which are known, which go on, for which one goes back."""
        own, unit = self._judge.quality.at[lot.rows], self._unit[lot.rows]
        seen, old = lot.at <= own, key <= self._base_key[unit]
        known = _again(key)
        known[seen] |= self._holds(lot.of(seen))
        late = seen & ~known & (lot.at < own - self._reach)
        known |= seen & ~late & old
        fresh = ~known & ~late
        amiss = fresh & ~old & (seen | self._stirring(lot, key, unit))
        back = fresh & np.isin(unit, unit[amiss])
        fate[:] = np.select([known, late | (back & old)], [KNOWN, LATE], JUDGED)
        for some, work in ((fresh & ~back, self._go_on), (back & ~old, self._go_over)):
            places = np.flatnonzero(some)
            places = places[np.argsort(key[places], kind="stable")]
            if len(places):
                part = lot.of(places)
                yield from work(part)
                lot.quality[places] = part.quality

    def _stirring(self, lot: Lot, key: NDArray[np.int64], unit: Rows) -> NDArray[np.bool_]:
        """Whether one comes after a younger one of another device, and matters to it."""
        found = key <= self._newest[unit]
        some = np.flatnonzero(found)
        one = lot.of(some)
        matters = self._judge.stirs(one.rows, one.value, one.at)
        found[some] = matters | (key[some] <= self._middle_key[unit[some]])
        return np.asarray(found)

    def _go_on(self, lot: Lot) -> Iterator[Made]:
        """Readings in the order of their devices. Those from before the base of who belongs to
        them, as of a gateway that was away for long, are judged as they come."""
        astray = np.unique(lot.rows[lot.key() <= self._base_key[self._unit[lot.rows]]])
        yield from map(Made, self._run(lot, logged=True))
        if len(astray):
            state = {name: column[astray] for name, column in self._state.items()}
            self._moved.append((astray, state))
            for name, column in state.items():
                self._middle[name][astray] = column
        self._fit(lot.rows)

    def _go_over(self, lot: Lot) -> Iterator[Made]:
        """Take once more what these devices said since their base, with these among it."""
        rows = self._with_others(lot.rows)
        spoken = self._spoken(lot)
        old = self._ringed(rows)
        both, among = _merged(old, lot)
        told = Lot(both.rows, both.value, both.at, both.quality.copy())
        self._go_back(rows)
        was = self._run_again(old, moving=False)
        self._go_back(rows)
        said = self._run_again(both)
        lot.quality[:] = both.quality[among]
        self._fit(rows)
        self._lay(rows, told)
        if spoken:
            yield Made(spoken)
        was, said = _differing(was, said)
        if was or said:
            yield Made(said, was, Ms(int(lot.at.min())))

    def _spoken(self, lot: Lot) -> list[Crossing]:
        """Of these devices the ones that were silent are so no more."""
        faults, made = self._judge.faults, list[Crossing]()
        for i in np.flatnonzero(faults.silent[lot.rows]).tolist():
            made += faults.speak(int(lot.rows[i]), float(lot.value[i]), int(lot.at[i]))
        return made

    def _run(self, lot: Lot, moving: bool = True, logged: bool = False) -> Iterator[list[Crossing]]:
        """Past the judge, each device's in their order. `moving`: bases follow; `logged`: they go
        into the rings."""
        for turn in turns(lot.rows):
            one = lot.of(turn)
            unit = self._unit[one.rows]
            if moving:
                self._follow(one, unit)
            if logged:
                slots = self._start[one.rows] + self._count[one.rows] % self._room[one.rows]
                self._ready.append((slots, replace(one, quality=one.quality.copy())))
            made = self._judge.step(one.rows, one.value, one.at, one.quality)
            self._count[one.rows] += 1
            self._newest[unit] = np.maximum(self._newest[unit], one.key())
            if made:
                yield made

    def _run_again(self, lot: Lot, moving: bool = True) -> list[Crossing]:
        """What the judge makes of readings that it takes once more; they end no silence."""
        silent = self._judge.faults.silent
        before = silent.copy()
        silent[:] = False
        made = [c for some in self._run(lot, moving) for c in some]
        silent[:] = before
        return made

    # Bases.

    def _follow(self, lot: Lot, unit: Rows) -> None:
        """The bases of these follow, where the middles are that old themselves."""
        due = lot.at - (self._middle_key[unit] >> SHIFT) > self._reach
        if due.any():
            self._shift(self._with_others(lot.rows[due]))

    def _shift(self, rows: Rows) -> None:
        """The middles of these are their bases from now on, and what is now their middles."""
        unit = self._unit[rows]
        columns = {name: column[rows] for name, column in self._middle.items()}
        self._moved.append((rows, {"key": self._middle_key[unit], **columns}))
        self._base_key[unit], self._middle_key[unit] = self._middle_key[unit], self._newest[unit]
        self._base_count[rows], self._middle_count[rows] = (
            self._middle_count[rows], self._count[rows],
        )  # fmt: skip
        for name, column in self._state.items():
            self._middle[name][rows] = column[rows]

    def _go_back(self, rows: Rows) -> None:
        """The judge knows of these what it knew at their bases."""
        base, unit = self._base.own(), self._unit[rows]
        for name, column in self._state.items():
            column[rows] = self._middle[name][rows] = base[name][self._no[rows]]
        for key in (self._base_key, self._middle_key, self._newest):
            key[unit] = base["key"][self._no[rows]]
        for count in (self._base_count, self._middle_count, self._count):
            count[rows] = 0

    def _fit(self, rows: Rows) -> None:
        """Bases of those that said more than their rings hold follow sooner."""
        for shift in (self._shift, self.anchor):
            over = rows[self._count[rows] - self._base_count[rows] > self._room[rows]]
            if len(over):
                shift(self._with_others(over))

    def _with_others(self, rows: Rows) -> Rows:
        """These and all who belong to them, each once."""
        unit = np.unique(self._unit[rows])
        return self._by_unit[_spans(self._first[unit], self._size[unit])]

    # Rings.

    def _ringed(self, rows: Rows) -> Lot:
        """What the rings of these hold since their bases, in its order."""
        ring = self._ring.own()
        slots = _spans(self._start[rows], self._room[rows])
        whose = np.repeat(rows, self._room[rows])
        lot = Lot(whose, ring["value"][slots], ring["at"][slots], ring["quality"][slots])
        lot = lot.of((lot.at > 0) & (lot.key() > self._base_key[self._unit[whose]]))
        return lot.of(np.argsort(lot.key()))

    def _holds(self, lot: Lot) -> NDArray[np.bool_]:
        """Whether the rings hold a reading of the device and moment of each of these."""
        if not len(lot.rows):
            return np.zeros(0, np.bool_)
        room = self._room[lot.rows]
        at = self._ring.own()["at"][_spans(self._start[lot.rows], room)]
        same = at == np.repeat(lot.at, room)
        return np.asarray(np.logical_or.reduceat(same, np.cumsum(room) - room))

    def _lay(self, rows: Rows, lot: Lot) -> None:
        """The rings of these hold of these readings the ones since their bases, and no others."""
        lot = lot.of(lot.key() > self._base_key[self._unit[lot.rows]])
        lot = lot.of(np.lexsort((lot.at, lot.rows)))
        slots = _spans(self._start[rows], self._room[rows])
        place = np.empty(len(self._no), np.intp)
        place[rows] = np.cumsum(self._room[rows]) - self._room[rows]
        begun = np.searchsorted(lot.rows, lot.rows)
        into = place[lot.rows] + np.arange(len(lot.rows)) - begun
        laid = Lot(slots, *(np.zeros(len(slots), kind) for kind in ("f4", "i8", "u1")))
        for name in ("value", "at", "quality"):
            getattr(laid, name)[into] = getattr(lot, name)
        self._ready.append((slots, laid))
        for count in (self._count, self._middle_count, self._base_count):
            count[rows] -= self._base_count[rows]


def _room(sensors: Sequence[Sensor], reach_ms: int) -> Rows:
    period = np.array([max(1, s.period_s) for s in sensors], np.int64) * SECOND
    return np.minimum(np.ceil(ROOM * reach_ms / period).astype(np.intp) + SPARE, MOST)


def _seal(columns: Iterable[NDArray[Any]]) -> NDArray[np.uint16]:
    """Of each row a number that its columns, in this order, have and hardly any others."""
    found: Any = np.uint64(0)
    for column in columns:
        bits = np.ascontiguousarray(column).view(f"u{column.itemsize}").astype(np.uint64)
        found = (found ^ bits) * MIX
    return np.asarray(found >> np.uint64(48), np.uint16)


def _spans(start: Rows, size: Rows) -> Rows:
    """The numbers from each start, so many of each."""
    before = np.cumsum(size) - size
    return np.asarray(np.arange(int(size.sum())) + np.repeat(start - before, size), np.intp)


def _again(key: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which ones came before in the same lot."""
    found = np.ones(len(key), np.bool_)
    found[np.unique(key, return_index=True)[1]] = False
    return found


def _merged(old: Lot, new: Lot) -> tuple[Lot, Rows]:
    """Both in one order, and where the new ones are in it."""
    names = "rows", "value", "at", "quality"
    both = Lot(*(np.concatenate([getattr(old, n), getattr(new, n)]) for n in names))
    order = np.argsort(both.key(), kind="stable")
    place = np.empty(len(order), np.intp)
    place[order] = np.arange(len(order))
    return both.of(order), place[len(old.rows) :]


def _differing(was: list[Crossing], said: list[Crossing]) -> tuple[list[Crossing], list[Crossing]]:
    """Crossings of the devices and classes of which the two are not the same."""
    things = [defaultdict[Thing, list[Crossing]](list) for _ in (was, said)]
    for of_thing, crossings in zip(things, (was, said), strict=True):
        for crossing in crossings:
            of_thing[thing(crossing)].append(crossing)
    one, other = things
    same = {key for key in one.keys() | other.keys() if one[key] == other[key]}
    left = [[c for c in some if thing(c) not in same] for some in (was, said)]
    return left[0], left[1]
