"""Sensors 物联设备 and readings 读数."""

from __future__ import annotations

from dataclasses import dataclass

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
