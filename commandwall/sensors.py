"""Sensors 物联设备 and readings 读数."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from commandwall.store.schema import MIRROR, record

GOOD, BAD, STALE = 0, 1, 2
"""Quality of a reading."""


@record(MIRROR, index=("area", "building"))
@dataclass(frozen=True, slots=True)
class Sensor:
    """A device; `no` is its small number in packs and live arrays."""

    id: str
    no: int
    cls: str  # code list sensor_class (GAS, WLV, FIR, FOR, AIR, WQL, STR, DOR, MET, PWR, RWL)
    name: str
    area: str
    building: str
    lon: float
    lat: float
    unit: str
    low: float  # valid range
    high: float
    period_s: int  # a reading is expected this often
    parent: str = ""  # gateway
    rev: int = 0


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
