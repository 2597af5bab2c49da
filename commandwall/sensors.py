"""Sensors 物联设备 and readings 读数."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from commandwall import codes
from commandwall.clock import Ms, day
from commandwall.store.live import LiveArrays
from commandwall.store.schema import MIRROR, record

GOOD, BAD, STALE = 0, 1, 2
"""Quality of a reading."""


@record(MIRROR, index=("area", "building"))
@dataclass(frozen=True, slots=True)
class Sensor:
    """A device; `no` is its small number in packs and live arrays."""

    id: str
    no: int
    cls: str  # code list sensor_class: GAS, WLV, FIR..., also counts of a place: CRD, ACC, TRF
    name: str
    area: str
    building: str
    lon: float
    lat: float
    unit: str
    low: float  # valid range
    high: float
    period_s: int  # a reading is expected this often
    parent: str = ""  # id of the device that it hangs on: a gateway, a feed, a pump station
    rev: int = 0


@dataclass(frozen=True, slots=True)
class Watch:
    """The devices that an agent watches, as a sweep meets them."""

    no: NDArray[np.intp]
    period_ms: NDArray[np.int64]
    readings: LiveArrays
    day: date  # whose thresholds count
    renew: Callable[[], None]
    """Judges everything by the thresholds of today."""
    follow: Callable[[], None]
    """Looks where the units are that were sent."""
    expire: Callable[[Ms], None]
    """Ends the modes that ran out by a moment."""
    hush: Callable[[], None]
    """Raises an alarm of each device that fell silent."""
    bring_back: Callable[[Ms], None]
    """Brings back the alarms that were put aside until a moment."""
    amended: Callable[[], bool]
    """Whether people changed rules since."""
    move_events: Callable[[Ms], None]
    """Moves on the events that were suspended or closed until a moment."""


def begin_day(watch: Watch, now: Ms) -> None:
    """A new day may have new thresholds, and people may have approved some."""
    if day(now) != watch.day or watch.amended():
        watch.renew()


def mark_silent(watch: Watch, now: Ms) -> None:
    """What devices said some periods ago is shown as stale: unknown is not normal."""
    columns = watch.readings.read()
    late = now - columns["at"][watch.no] > codes.limit("silent_periods", day(now)) * watch.period_ms
    silent = watch.no[late & (columns["quality"][watch.no] != STALE)]
    if len(silent):
        watch.readings.write(silent, quality=np.full(len(silent), STALE, np.uint8))


def tell_silent(watch: Watch, now: Ms) -> None:
    """Devices that missed the time of their class have an alarm each."""
    watch.hush()


READING_DTYPE = np.dtype([("no", "<u4"), ("at", "<i8"), ("value", "<f4"), ("quality", "u1")])
"""One reading as it travels: the sensor's small number, UTC ms, value in its unit, quality."""


def pack(readings: NDArray[np.void]) -> bytes:
    """Readings (READING_DTYPE) as one body of a pack."""
    return zlib.compress(np.ascontiguousarray(readings, READING_DTYPE).tobytes(), 1)


def unpack(body: bytes) -> NDArray[np.void]:
    """The readings of a pack, read-only; ValueError where the body is no pack of readings."""
    try:
        return np.frombuffer(zlib.decompress(body), READING_DTYPE)
    except zlib.error as why:
        raise ValueError("not a pack of readings") from why
