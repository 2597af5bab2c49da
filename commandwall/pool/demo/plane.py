"""Metres around a city's middle, and smooth seeded noise over them."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from math import cos, radians
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import ndimage

Array = NDArray[np.float64]


def stream(seed: int, name: str) -> np.random.Generator:
    """A random stream of its own for each thing made, so that one more thing moves no other."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


@dataclass(frozen=True, slots=True)
class Plane:
    """East and north in metres from (lon, lat), degrees WGS-84; good to 0.2 % within 60 km."""

    lon: float
    lat: float

    @property
    def scale(self) -> Array:
        """Metres in one degree of longitude and of latitude at the origin."""
        phi = radians(self.lat)
        east = 111_412.84 * cos(phi) - 93.5 * cos(3 * phi)
        north = 111_132.92 - 559.82 * cos(2 * phi) + 1.175 * cos(4 * phi)
        return np.array([east, north])

    def degrees(self, xy: Array) -> Array:
        """(n, 2) metres -> (n, 2) lon, lat."""
        return np.asarray(xy / self.scale + (self.lon, self.lat))

    def metres(self, lonlat: Array) -> Array:
        return np.asarray((lonlat - (self.lon, self.lat)) * self.scale)

    def to_degrees(self, geoms: Any) -> Any:
        """Geometries in metres -> in degrees. Equal points stay equal, so coverages hold."""
        return shapely.transform(geoms, self.degrees)

    def to_metres(self, geoms: Any) -> Any:
        return shapely.transform(geoms, self.metres)


def around(geom: Any) -> Plane:
    """The plane in the middle of a geometry given in degrees."""
    west, south, east, north = shapely.bounds(geom)
    return Plane((west + east) / 2, (south + north) / 2)


def along(lines: Any, share: Any) -> Array:
    """(n, 2) points of lines at a share (0..1) of their length."""
    points = shapely.line_interpolate_point(lines, share, normalized=True)
    return np.asarray(shapely.get_coordinates(points))


class Noise:
    """Smooth noise, mean 0, about -1..1, that repeats itself after 64 cells."""

    def __init__(self, rng: np.random.Generator, cell: float, octaves: int = 3) -> None:
        self._cell = cell
        self._grids = [
            ndimage.spline_filter(rng.uniform(-1, 1, (64, 64)), mode="grid-wrap")
            for _ in range(octaves)
        ]

    def __call__(self, xy: Array) -> Array:
        """(..., 2) metres -> (...)."""
        total, weight = np.zeros(xy.shape[:-1]), 0.0
        for octave, grid in enumerate(self._grids):
            at = np.moveaxis(xy, -1, 0) * (2**octave / self._cell)
            part = ndimage.map_coordinates(grid, at, order=3, mode="grid-wrap", prefilter=False)
            total += part / 2**octave
            weight += 0.6 / 2**octave
        return np.asarray(total / weight)
