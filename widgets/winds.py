"""The wind that is known near a place: the newest readings of the nearest stations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from commandwall import codes, geo
from commandwall.arrays import Device, SensorArrays
from commandwall.clock import Ms
from commandwall.sensors import GOOD

FROM, SPEED = "from", "speed"
"""What a class of devices tells of the wind, by `wind` of the list sensor_class: degrees clockwise
from north from where it blows, and m/s."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a station says, when, and how many metres away it stands."""

    station: Device
    value: float
    at: Ms
    metres: float


def near(sensors: SensorArrays, lon: float, lat: float) -> dict[str, Reading]:
    """The nearest fresh reading of each of `FROM` and `SPEED`; what nobody tells is left out."""
    known: dict[str, Reading] = {}
    for what, cls in _classes(sensors):
        found = _nearest(sensors, cls, lon, lat)
        if found is not None and (what not in known or found.metres < known[what].metres):
            known[what] = found
    return known


def _classes(sensors: SensorArrays) -> Iterator[tuple[str, int]]:
    """What is told, and the number of each class that tells it."""
    listed = codes.load("sensor_class")
    for number, name in enumerate(sensors.classes):
        if name in listed and (what := listed[name].facts.get("wind")):
            yield str(what), number


def _nearest(sensors: SensorArrays, cls: int, lon: float, lat: float) -> Reading | None:
    good = (sensors.cls_index == cls) & (sensors.quality == GOOD) & (sensors.at > 0)
    rows = np.flatnonzero(good & np.isfinite(sensors.value))
    if not len(rows):
        return None
    metres = np.asarray(geo.distance(lon, lat, sensors.lon[rows], sensors.lat[rows]))
    row, first = int(rows[metres.argmin()]), float(metres.min())
    at = Ms(int(sensors.at[row]))
    return Reading(sensors.device(row), float(sensors.value[row]), at, first)
