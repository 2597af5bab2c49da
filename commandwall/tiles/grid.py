"""The grid that web maps share: square tiles of the Mercator world, halved at each zoom.

Positions are counted in tiles from the north-western corner: (x, y) of zoom z lies between 0 and
2**z. Degrees are those of the map's own datum.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from commandwall.geo import Pair

PIXELS = 256
"""Of one side of a tile as its zoom is counted."""
EDGE = 85.0511287798066
"""Degrees north and south where this world ends."""
_EQUATOR = 2 * math.pi * 6_378_137.0


class TileId(NamedTuple):
    """A tile: zoom, columns from the west, rows from the north."""

    z: int
    x: int
    y: int

    @property
    def parent(self) -> TileId:
        return TileId(self.z - 1, self.x // 2, self.y // 2)

    def __str__(self) -> str:
        return f"{self.z}/{self.x}/{self.y}"


def degrees(z: int, x: npt.ArrayLike, y: npt.ArrayLike) -> Pair:
    """(lon, lat) of positions."""
    n = 2.0**z
    lon = np.asarray(x, np.float64) / n * 360 - 180
    lat = np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * np.asarray(y, np.float64) / n))))
    return lon, lat


def position(z: int, lon: npt.ArrayLike, lat: npt.ArrayLike) -> Pair:
    """Positions of degrees; what lies beyond the edge stands on it."""
    n = 2.0**z
    phi = np.radians(np.clip(np.asarray(lat, np.float64), -EDGE, EDGE))
    x = (np.asarray(lon, np.float64) + 180) / 360 * n
    return x, (1 - np.arcsinh(np.tan(phi)) / np.pi) / 2 * n


def zoom_for(mpp: float, lat: float, pixels: int = PIXELS) -> int:
    """The zoom whose tiles of so many pixels come nearest to `mpp` metres a pixel at a latitude."""
    whole = _EQUATOR * math.cos(math.radians(lat)) / pixels
    return round(math.log2(whole / mpp))


def spanned(z: int, lon: npt.ArrayLike, lat: npt.ArrayLike) -> list[TileId]:
    """The tiles of a zoom that the box around some points touches, from its middle outward."""
    x, y = position(z, lon, lat)
    last = 2**z - 1
    left, right = (min(max(math.floor(v), 0), last) for v in (x.min(), x.max()))
    top, bottom = (min(max(math.floor(v), 0), last) for v in (y.min(), y.max()))
    cx, cy = (x.min() + x.max() - 1) / 2, (y.min() + y.max() - 1) / 2
    found = [TileId(z, i, j) for j in range(top, bottom + 1) for i in range(left, right + 1)]
    return sorted(found, key=lambda t: (t.x - cx) ** 2 + (t.y - cy) ** 2)
