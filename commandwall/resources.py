"""Resources 力量: people, cars, teams, drones; their positions come as packs."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from commandwall import codes
from commandwall.clock import SECOND
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


FIX_DTYPE = np.dtype([("no", "<u4"), ("at", "<i8"), ("lon", "<f8"), ("lat", "<f8")])
"""One position as it travels: the resource's small number, UTC ms, degrees WGS-84."""


def track_gap() -> float:
    """Milliseconds between two positions of a unit over which nobody knows where it was."""
    return codes.limit("track_gap_seconds") * SECOND


def pack(fixes: NDArray[np.void]) -> bytes:
    """Positions (FIX_DTYPE) as one body of a pack."""
    return zlib.compress(np.ascontiguousarray(fixes, FIX_DTYPE).tobytes(), 1)


def unpack(body: bytes) -> NDArray[np.void]:
    """The positions of a pack, read-only; ValueError where the body is no pack of positions."""
    try:
        return np.frombuffer(zlib.decompress(body), FIX_DTYPE)
    except zlib.error as why:
        raise ValueError("not a pack of positions") from why
