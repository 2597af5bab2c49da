"""Which devices of the pool the records of a message are of, as readings in the devices' units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from commandwall import codes
from commandwall.clock import SECOND
from commandwall.feeds import senml
from commandwall.feeds.gaps import Gaps
from commandwall.feeds.senml import Even, Pack, Refusal, Resolved
from commandwall.sensors import GOOD, READING_DTYPE, Sensor

SEQ = "seq"
"""The own name of a record by which a gateway counts its packs."""
LARGEST = float(np.finfo(np.float32).max)
UNKNOWN = -1
Told = tuple[int, int, float, int]
"""A row of READING_DTYPE."""


@dataclass(frozen=True, slots=True)
class Names:
    """How devices are called at a broker -> their small number; and what each measures in."""

    numbers: Mapping[str, int] = field(default_factory=dict)
    units: Mapping[int, str] = field(default_factory=dict)


@dataclass(slots=True)
class Found:
    """What a message brought: its readings (READING_DTYPE), and the rest."""

    rows: NDArray[np.void]
    refused: list[Refusal] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)  # devices that the pool does not know


def by_name(sensors: Sequence[Sensor], prefix: str) -> Names:
    """The devices of the pool; `prefix`: what stands before their id at a broker."""
    return Names({prefix + s.id: s.no for s in sensors}, {s.no: s.unit for s in sensors})


class Devices:
    """The devices of the pool, and what the gateways of one broker counted."""

    def __init__(self) -> None:
        self.names = Names()
        self._factor: dict[tuple[str, str], float | None] = {}
        self._gaps: dict[str, Gaps] = {}
        self._gone = 0
        self._units = {c.id: (c.facts["base"], float(c.facts["factor"])) for c in
                       codes.load("reading_unit").values()}  # fmt: skip

    @property
    def lost(self) -> int:
        """Packs of all gateways that never came."""
        return self._gone + sum(gaps.lost for gaps in self._gaps.values())

    def take(self, way: str, pack: Pack) -> Found:
        """Turn records into readings; `way`: broker and topic, which a gateway counts on."""
        kept, told = pack.kept, list[Told]()
        rows, others = self._even(kept) if isinstance(kept, Even) else (rows_of(told), kept)
        found = Found(rows, pack.refused)
        for record in others:
            no = self.names.numbers.get(record.name, UNKNOWN)
            if no != UNKNOWN:
                told += self._read(record, no, found.refused)
            elif record.label == SEQ:
                self._count(way, record, found)
            else:
                found.unknown.append(record.name)
        found.rows = np.concatenate([rows, rows_of(told)]) if told else rows
        return found

    def lone(self, body: bytes, now: float, most: int, name: str) -> Told | None:
        """The reading of a known device that is all of a message; None where it is more, or less.
        `name`: how the device is called where the message does not say it."""
        if (found := senml.lone(body, now, most, name)) is None:
            return None
        no, value = self.names.numbers.get(found[0], UNKNOWN), found[2]
        fits = no != UNKNOWN and abs(value) <= LARGEST
        return (no, round(found[1] * SECOND), value, GOOD) if fits else None

    def _even(self, even: Even) -> tuple[NDArray[np.void], list[Resolved]]:
        """What is of a known device and no monster; the others, as records."""
        numbers = map(self.names.numbers.get, even.names, repeat(UNKNOWN))
        no = np.fromiter(numbers, np.int64, len(even.names))
        sound = (no != UNKNOWN) & (np.abs(even.values) <= LARGEST)
        rows = np.empty(len(no), READING_DTYPE)
        rows["no"], rows["at"], rows["quality"] = no, np.rint(even.at * SECOND), GOOD
        rows["value"] = np.where(sound, even.values, 0.0)
        if sound.all():
            return rows, []
        return rows[sound], [even.record(i) for i in np.flatnonzero(~sound).tolist()]

    def _read(self, record: Resolved, no: int, refused: list[Refusal]) -> list[Told]:
        """A record of a device as a row of READING_DTYPE; none where it cannot be one."""
        value, unit = record.value, self.names.units[no]
        if not isinstance(value, float | bool):
            field_ = "s" if value is None else "vd" if isinstance(value, bytes) else "vs"
            refused.append(Refusal(0, field_, "no_number", record.name))
            return []
        if record.unit and record.unit != unit:
            factor = self._factor_of(record.unit, unit)
            if factor is None:
                refused.append(Refusal(0, "u", "unit", record.name))
                return []
            value *= factor
        if abs(value) > LARGEST:
            refused.append(Refusal(0, "v", "range", record.name))
            return []
        return [(no, round(record.at * SECOND), float(value), GOOD)]

    def _count(self, way: str, record: Resolved, found: Found) -> None:
        value = record.value
        if not isinstance(value, float) or value < 0 or value != int(value):
            found.refused.append(Refusal(0, "v", "no_count", record.name))
            return
        key = f"{way} {record.name}"
        gaps = self._gaps.get(key)
        if gaps is None:
            self._make_room()
            gaps = self._gaps[key] = Gaps(int(codes.limit("feed_late_packs")))
        gaps.take(int(value))

    def _make_room(self) -> None:
        """Whoever invents gateways fills no memory: what the first of too many lost stays said."""
        if len(self._gaps) >= codes.limit("feed_gateways"):
            self._gone += self._gaps.pop(next(iter(self._gaps))).lost

    def _factor_of(self, given: str, wanted: str) -> float | None:
        """What a value is multiplied by; None where the one unit is not the other's."""
        key = given, wanted
        if key not in self._factor:
            if len(self._factor) >= codes.limit("feed_gateways"):
                self._factor.clear()
            ours, theirs = self._units.get(wanted), self._units.get(given)
            alike = ours is not None and theirs is not None and ours[0] == theirs[0]
            self._factor[key] = theirs[1] / ours[1] if alike and ours and theirs else None
        return self._factor[key]


def readings(found: Sequence[Found]) -> NDArray[np.void]:
    """READING_DTYPE of what messages brought, each once: a broker may send one twice."""
    rows = np.concatenate([rows_of([]), *(one.rows for one in found)])
    order = np.lexsort((rows["value"], rows["at"], rows["no"]))
    ranked = rows[order]
    again = order[1:][ranked[1:] == ranked[:-1]]
    return np.delete(rows, again) if len(again) else rows


def rows_of(told: Sequence[Told]) -> NDArray[np.void]:
    """Such rows as READING_DTYPE."""
    return np.array(told, READING_DTYPE)
