"""Which devices of the pool the records of a message are of, as readings in the devices' units."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, compress

import numpy as np
from numpy.typing import NDArray

from commandwall import codes
from commandwall.clock import SECOND
from commandwall.feeds.gaps import Gaps
from commandwall.feeds.senml import Even, Pack, Refusal, Resolved
from commandwall.sensors import GOOD, READING_DTYPE, Sensor

SEQ = "seq"
"""The own name of a record by which a gateway counts its packs."""
LARGEST = float(np.finfo(np.float32).max)
Names = Mapping[str, tuple[int, str]]
"""How devices are called at a broker -> their small number, and their unit."""


@dataclass(slots=True)
class Found:
    """What a message brought: numbers of devices, moments and values of its readings, and the
    rest."""

    no: list[int] = field(default_factory=list)
    at: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)  # devices that the pool does not know


def by_name(sensors: Iterable[Sensor], prefix: str) -> Names:
    """The devices of the pool; `prefix`: what stands before their id at a broker."""
    return {prefix + s.id: (s.no, s.unit) for s in sensors}


class Devices:
    """The devices of the pool, and what the gateways of one broker counted."""

    def __init__(self) -> None:
        self.names: Names = {}
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
        found = Found(refused=pack.refused)
        kept = pack.kept
        for record in self._even(kept, found) if isinstance(kept, Even) else kept:
            device = self.names.get(record.name)
            if device is not None:
                self._read(record, device, found)
            elif record.label == SEQ:
                self._count(way, record, found)
            else:
                found.unknown.append(record.name)
        return found

    def _even(self, even: Even, found: Found) -> list[Resolved]:
        """Take what is of a known device and no monster; the others, as records."""
        known = [*map(self.names.get, even.names)]
        sound = [device is not None and -LARGEST <= value <= LARGEST
                 for device, value in zip(known, even.values, strict=True)]  # fmt: skip
        found.no += [device[0] for device in compress(known, sound) if device]
        found.at += compress(np.rint(even.at * SECOND).astype(np.int64).tolist(), sound)
        found.value += compress(even.values, sound)
        return [even.record(i) for i, fits in enumerate(sound) if not fits]

    def _read(self, record: Resolved, device: tuple[int, str], found: Found) -> None:
        value = record.value
        if not isinstance(value, float | bool):
            field_ = "s" if value is None else "vd" if isinstance(value, bytes) else "vs"
            found.refused.append(Refusal(0, field_, "no_number", record.name))
            return
        no, unit = device
        if record.unit and record.unit != unit:
            factor = self._factor_of(record.unit, unit)
            if factor is None:
                found.refused.append(Refusal(0, "u", "unit", record.name))
                return
            value *= factor
        if abs(value) > LARGEST:
            found.refused.append(Refusal(0, "v", "range", record.name))
            return
        found.no.append(no)
        found.at.append(round(record.at * SECOND))
        found.value.append(float(value))

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
    rows = np.empty(sum(len(one.no) for one in found), READING_DTYPE)
    for name in ("no", "at", "value"):
        told = chain.from_iterable(getattr(one, name) for one in found)
        rows[name] = np.fromiter(told, READING_DTYPE[name], len(rows))
    rows["quality"] = GOOD
    order = np.lexsort((rows["value"], rows["at"], rows["no"]))
    ranked = rows[order]
    again = order[1:][ranked[1:] == ranked[:-1]]
    return np.delete(rows, again) if len(again) else rows
