"""Resources 力量: people, cars, teams, drones; their positions come as packs."""

from __future__ import annotations

from dataclasses import dataclass

from commandwall.store.schema import MIRROR, record


@record(MIRROR)
@dataclass(frozen=True, slots=True)
class Resource:
    id: str
    no: int  # its small number in position packs
    kind: str  # code list resource_kind: fire, police, medical, gas, water, grid, drone ...
    name: str
    unit: str
    crew: int
    capabilities: str  # comma separated
    status: str  # code list resource_status
    lon: float  # home station
    lat: float
    area: str
    phone: str = ""
    rev: int = 0
