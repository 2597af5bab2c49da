"""What there is much of, as columns: all devices with their readings, all units with their trails.

Only the screen's thread changes them.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commandwall.resources import Resource, track_gap
from commandwall.sensors import Sensor

TRAIL = 60
"""Points of a unit's trail."""


@dataclass(frozen=True, slots=True)
class Device:
    """What is shown of a sensor beside its reading."""

    id: str
    cls: str
    name: str
    area: str
    lon: float
    lat: float
    unit: str


class SensorArrays:
    """All sensors as columns; row i of each belongs to `ids[i]`.

    `lon`, `lat` float64 degrees WGS-84; `cls_index` uint8 into `classes`, `area_index` int32 into
    `areas`, the codes of the areas they stand in; `value` float32;
    `at` int64 milliseconds (0: never); `quality` uint8 (0 good, 1 bad, 2 stale);
    `severity` uint8 (0 normal, 1 worst .. 4).
    """

    def __init__(self, columns: Mapping[str, Sequence[Any]]) -> None:
        """`columns` are those of `DEVICE`, all of one length."""
        no = np.array(columns["no"], np.intp)
        order = np.argsort(no, kind="stable")
        self.no = no[order]
        self.ids = ordered(columns["id"], order)
        self.row_of = dict(zip(self.ids, range(len(no)), strict=True))
        self.lon = np.array(columns["lon"], np.float64)[order]
        self.lat = np.array(columns["lat"], np.float64)[order]
        self.classes, self.cls_index = _numbered(columns["cls"], order, np.uint8)
        self.areas, self.area_index = _numbered(columns["area"], order, np.int32)
        self._units, self._unit_index = _numbered(columns["unit"], order, np.uint8)
        self._names = _Texts(ordered(columns["name"], order))
        n = len(self.ids)
        self.value = np.full(n, np.nan, np.float32)
        self.at = np.zeros(n, np.int64)
        self.quality = np.full(n, 2, np.uint8)
        self.severity = np.zeros(n, np.uint8)

    @classmethod
    def of(cls, sensors: Sequence[Sensor]) -> SensorArrays:
        return cls({name: [getattr(s, name) for s in sensors] for name in DEVICE})

    def device(self, row: int) -> Device:
        """The device of a row."""
        return Device(
            self.ids[row], self.classes[self.cls_index[row]], self._names[row],
            self.areas[self.area_index[row]], float(self.lon[row]), float(self.lat[row]),
            self._units[self._unit_index[row]],
        )  # fmt: skip

    def newest(self, sensor: str, known: float) -> float:
        """The newest value of a device; what is `known` of it elsewhere until it told one here."""
        row = self.row_of.get(sensor)
        value = math.nan if row is None else float(self.value[row])
        return value if math.isfinite(value) else known

    def take(self, live: Mapping[str, NDArray[Any]]) -> None:
        """Newest live columns, in the order of the rows."""
        self.value, self.at = live["value"], live["at"]
        self.quality, self.severity = live["quality"], live["severity"]


DEVICE = ("id", "no", "cls", "name", "area", "lon", "lat", "unit")
"""The fields of a sensor that are held for showing it."""


class _Texts:
    """Many texts as one: as objects they would take five times the room."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._all = "".join(texts)
        self._ends = np.cumsum([0, *map(len, texts)], dtype=np.int64)

    def __getitem__(self, row: int) -> str:
        return self._all[self._ends[row] : self._ends[row + 1]]


def ordered(column: Sequence[str], order: NDArray[np.intp]) -> list[str]:
    """Texts in another order."""
    found: list[str] = np.array(column, object)[order].tolist()
    return found


def _numbered(
    column: Sequence[str], order: NDArray[np.intp], kind: type[Any]
) -> tuple[list[str], NDArray[Any]]:
    """The different texts of a column, and the number of each row's, in that order."""
    met: defaultdict[str, int] = defaultdict(count().__next__)
    numbers = np.fromiter(map(met.__getitem__, column), np.intp, len(column))
    place = {text: i for i, text in enumerate(sorted(met))}
    return [*place], np.fromiter(map(place.__getitem__, met), kind, len(met))[numbers[order]]


class FixArrays:
    """Positions of all resources: `lon`, `lat` degrees (NaN unknown), `at` Ms (0 never),
    `trail` float64 (n, 60, 2) lon/lat, oldest first, NaN padded and NaN where there is a gap."""

    def __init__(self, resources: list[Resource]) -> None:
        resources = sorted(resources, key=lambda r: r.no)
        self.ids = [r.id for r in resources]
        self.row_of = {r.id: row for row, r in enumerate(resources)}
        self.no = np.array([r.no for r in resources], np.intp)
        n = len(resources)
        self.lon, self.lat = np.full(n, np.nan), np.full(n, np.nan)
        self.at = np.zeros(n, np.int64)
        self.trail = np.full((n, TRAIL, 2), np.nan)

    def take(self, live: Mapping[str, NDArray[Any]]) -> None:
        """Newest live columns, in the order of the rows; a resource that moved gets one more
        point on its trail."""
        at, lon, lat = live["at"], live["lon"], live["lat"]
        moved = at > self.at
        after_gap = moved & (self.at > 0) & (at - self.at > track_gap())
        self.trail = self.trail.copy()  # a copy of the picture may hold it
        for rows in (after_gap, moved):
            self.trail[rows, :-1] = self.trail[rows, 1:]
            self.trail[rows, -1] = np.nan
        self.trail[moved, -1, 0], self.trail[moved, -1, 1] = lon[moved], lat[moved]
        known = at > 0
        self.lon, self.lat = np.where(known, lon, np.nan), np.where(known, lat, np.nan)
        self.at = at
