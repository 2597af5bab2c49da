"""Places on the ground: datums, the city's own plane, which area holds a point, flat outlines.

Everything stored is in degrees of WGS-84. Foreign coordinates pass `convert` once, at the border,
with the datum that their owner declared; a datum is never guessed. No PROJ here: its library
carries an SQLite of its own, and these closed formulas are exact enough (tests compare them).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import shapely

Degrees = npt.NDArray[np.float64]
Pair = tuple[Degrees, Degrees]
"""Longitudes and latitudes (degrees), or x and y (metres), of equal shape."""

WGS84, CGCS2000, GCJ02, BD09 = DATUMS = ("wgs84", "cgcs2000", "gcj02", "bd09")
"""CGCS2000 differs from WGS-84 by centimetres of plate motion: taken as equal."""

_CHINA = (72.004, 0.8293, 137.8347, 55.8271)  # west, south, east, north of the published rule
_TURNS, _CLOSE = 16, 1e-11  # fixed-point steps at most; degrees, about a micrometre
_EARTH = 6_371_008.8  # mean radius, metres
POLYGON = 3


class UndeclaredDatum(ValueError):
    """Coordinates came without their datum: ask for it."""


class UnknownDatum(ValueError):
    """A datum that is not one of DATUMS."""


def datum_of(name: str | None) -> str:
    """The datum a person means by "WGS-84", "gcj02", "BD_09"...

    Raises UndeclaredDatum for nothing and UnknownDatum for anything else.
    """
    plain = re.sub(r"[\s_-]", "", name or "").lower()
    if not plain:
        raise UndeclaredDatum(", ".join(DATUMS))
    if plain not in DATUMS:
        raise UnknownDatum(name)
    return plain


def convert(lon: npt.ArrayLike, lat: npt.ArrayLike, source: str, target: str = WGS84) -> Pair:
    """Degrees of one datum as degrees of another; error under 1 mm both ways.

    Outside the published rectangle around China GCJ-02 and BD-09 equal WGS-84. NaN stays NaN.
    """
    x, y = np.asarray(lon, np.float64), np.asarray(lat, np.float64)
    source, target = datum_of(source), datum_of(target)
    if source == target:
        return x, y
    return _FROM_WGS84[target](*_TO_WGS84[source](x, y))


def in_china(lon: Degrees, lat: Degrees) -> npt.NDArray[np.bool_]:
    """Whether the shift of GCJ-02 applies: the published rectangle, not the border."""
    west, south, east, north = _CHINA
    return np.asarray((west <= lon) & (lon <= east) & (south <= lat) & (lat <= north))


def _inside(here: npt.NDArray[np.bool_], lon: Degrees, lat: Degrees) -> Pair:
    """The points inside; in place of the others one that the formulas can take."""
    return np.where(here, lon, 105.0), np.where(here, lat, 35.0)


def _same(lon: Degrees, lat: Degrees) -> Pair:
    return lon, lat


def _wgs_to_gcj(lon: Degrees, lat: Degrees) -> Pair:
    here = in_china(lon, lat)
    east, north = _gcj_shift(*_inside(here, lon, lat))
    return np.where(here, lon + east, lon), np.where(here, lat + north, lat)


def _gcj_shift(lon: Degrees, lat: Degrees) -> Pair:
    """The published GCJ-02 displacement in degrees, on the Krasovsky 1940 ellipsoid."""
    x, y = lon - 105.0, lat - 35.0
    fast = 20.0 * np.sin(6 * np.pi * x) + 20.0 * np.sin(2 * np.pi * x)
    root = np.sqrt(np.abs(x))
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east += (fast + _waves(x, 20, 40, 150, 300)) * 2 / 3
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north += (fast + _waves(y, 20, 40, 160, 320)) * 2 / 3
    return _metres_to_degrees(east, north, lat)


def _waves(t: Degrees, one: float, three: float, twelve: float, thirty: float) -> Degrees:
    turn = np.pi * t
    slow = twelve * np.sin(turn / 12) + thirty * np.sin(turn / 30)
    return np.asarray(one * np.sin(turn) + three * np.sin(turn / 3) + slow)


def _metres_to_degrees(east: Degrees, north: Degrees, lat: Degrees) -> Pair:
    a, e2 = 6_378_245.0, 0.00669342162296594323
    phi = np.radians(lat)
    w2 = 1 - e2 * np.sin(phi) ** 2
    parallel = a / np.sqrt(w2) * np.cos(phi)
    meridian = a * (1 - e2) / (w2 * np.sqrt(w2))
    return np.degrees(east / parallel), np.degrees(north / meridian)


def _gcj_to_bd(lon: Degrees, lat: Degrees) -> Pair:
    here = in_china(lon, lat)
    east, north = _inside(here, lon, lat)
    k = np.radians(3000.0)
    r = np.hypot(east, north) + 2e-5 * np.sin(north * k)
    angle = np.arctan2(north, east) + 3e-6 * np.cos(east * k)
    x, y = r * np.cos(angle) + 0.0065, r * np.sin(angle) + 0.006
    return np.where(here, x, lon), np.where(here, y, lat)


def _inverse(forward: Callable[[Degrees, Degrees], Pair]) -> Callable[[Degrees, Degrees], Pair]:
    """Undo a small displacement by fixed-point steps; each takes off at least 97 %."""

    def back(lon: Degrees, lat: Degrees) -> Pair:
        # A point just outside the rectangle has no origin: the rule leaves it where it is.
        here = in_china(lon, lat)
        x, y = east, north = _inside(here, lon, lat)
        for _ in range(_TURNS):
            fx, fy = forward(x, y)
            dx, dy = fx - east, fy - north
            x, y = x - dx, y - dy
            if not np.any(np.abs(dx) + np.abs(dy) > _CLOSE):
                break
        return np.where(here, x, lon), np.where(here, y, lat)

    return back


_gcj_to_wgs, _bd_to_gcj = _inverse(_wgs_to_gcj), _inverse(_gcj_to_bd)
_TO_WGS84: dict[str, Callable[[Degrees, Degrees], Pair]] = {
    WGS84: _same,
    CGCS2000: _same,
    GCJ02: _gcj_to_wgs,
    BD09: lambda lon, lat: _gcj_to_wgs(*_bd_to_gcj(lon, lat)),
}
_FROM_WGS84: dict[str, Callable[[Degrees, Degrees], Pair]] = {
    WGS84: _same,
    CGCS2000: _same,
    GCJ02: _wgs_to_gcj,
    BD09: lambda lon, lat: _gcj_to_bd(*_wgs_to_gcj(lon, lat)),
}


def convert_geometry(geometry: Any, source: str) -> Any:
    """A shapely geometry (or array of them) of a datum as WGS-84."""

    def shift(xy: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.column_stack(convert(xy[:, 0], xy[:, 1], source))

    return shapely.transform(geometry, shift)


def distance(
    lon: npt.ArrayLike, lat: npt.ArrayLike, lon2: npt.ArrayLike, lat2: npt.ArrayLike
) -> Degrees:
    """Great-circle metres from each point to another, or to one (0.5 %: enough for a ruler)."""
    a, b = np.radians(np.asarray(lat, np.float64)), np.radians(np.asarray(lat2, np.float64))
    half = np.radians(np.asarray(lon, np.float64) - np.asarray(lon2, np.float64)) / 2
    h = np.sin((a - b) / 2) ** 2 + np.cos(a) * np.cos(b) * np.sin(half) ** 2
    return np.asarray(2 * _EARTH * np.arcsin(np.sqrt(h)))


@dataclass(frozen=True, slots=True)
class Plane:
    """City-local metres: azimuthal equidistant on the WGS-84 ellipsoid around (lon0, lat0).

    x to the east, y to the north. Distances from the middle are true to a millimetre; directions
    are those of the normal section, so PROJ's plane differs by 1 mm at 40 km, 25 mm at 100 km.
    `inverse(*forward(p))` is `p` to a micrometre.
    """

    lon0: float
    lat0: float

    def forward(self, lon: npt.ArrayLike, lat: npt.ArrayLike) -> Pair:
        """Degrees to metres, same shape; NaN stays NaN."""
        dl = np.radians(np.asarray(lon, np.float64) - self.lon0)
        sin0, cos0, n0 = self._middle()
        sin_phi = np.sin(np.radians(np.asarray(lat, np.float64)))
        cos_phi = np.sqrt(np.maximum(1 - sin_phi * sin_phi, _POLE))
        # The parametric latitude as seen from the middle's normal (Snyder 1987, section 25).
        n = _A / np.sqrt(1 - _E2 * sin_phi * sin_phi)
        tan_psi = ((1 - _E2) * sin_phi + _E2 * n0 * sin0 / n) / cos_phi
        cos_psi = 1 / np.sqrt(1 + tan_psi * tan_psi)  # psi lies between the poles
        sin_psi = tan_psi * cos_psi
        east = np.sin(dl) * cos_psi
        north = cos0 * sin_psi - sin0 * cos_psi * np.cos(dl)
        sin_s = np.hypot(east, north)
        s = np.arcsin(np.minimum(sin_s, 1.0))
        scale = self._stretch(s, north / np.where(sin_s > 0, sin_s, 1.0)) * _ratio(s, sin_s) * n0
        return np.asarray(east * scale), np.asarray(north * scale)

    def inverse(self, x: npt.ArrayLike, y: npt.ArrayLike) -> Pair:
        """Metres to degrees: the series, then two steps that take off what it leaves."""
        x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
        lon, lat = self._series(x, y)
        for _ in range(2):
            fx, fy = self.forward(lon, lat)
            lon2, lat2 = self._series(2 * x - fx, 2 * y - fy)
            lon3, lat3 = self._series(x, y)
            lon, lat = lon + lon2 - lon3, lat + lat2 - lat3
        return lon, lat

    def _middle(self) -> tuple[float, float, float]:
        phi = np.radians(self.lat0)
        sin0 = float(np.sin(phi))
        return sin0, float(np.cos(phi)), _A / float(np.sqrt(1 - _E2 * sin0 * sin0))

    def _stretch(self, s: Degrees, cos_az: Degrees) -> Degrees:
        """How much longer the geodesic is than the arc `s` on the sphere of radius n0."""
        sin0, cos0, _ = self._middle()
        root = np.sqrt(_E2 / (1 - _E2))
        g, h = root * sin0, root * cos0 * cos_az
        h2 = h * h
        fourth = h2 * (4 - 7 * h2) - 3 * g * g * (1 - 7 * h2)
        low = 1 - s * s * h2 * (1 - h2) / 6 + s**3 * g * h * (1 - 2 * h2) / 8
        return np.asarray(low + s**4 * fourth / 120 - s**5 * g * h / 48)

    def _series(self, x: Degrees, y: Degrees) -> Pair:
        sin0, cos0, n0 = self._middle()
        c = np.hypot(x, y)
        away = np.where(c > 0, c, 1.0)
        sin_az, cos_az = x / away, y / away
        k = _E2 / (1 - _E2)
        a = -k * (cos0 * cos_az) ** 2
        b = 3 * k * (1 - a) * sin0 * cos0 * cos_az
        d = c / n0
        e = d - a * (1 + a) * d**3 / 6 - b * (1 + 3 * a) * d**4 / 24
        f = 1 - a * e * e / 2 - b * e**3 / 6
        sin_psi = sin0 * np.cos(e) + cos0 * np.sin(e) * cos_az
        cos_psi = np.sqrt(np.maximum(1 - sin_psi * sin_psi, _POLE))
        lon = self.lon0 + np.degrees(np.arcsin(sin_az * np.sin(e) / cos_psi))
        return lon, np.degrees(np.arctan((sin_psi - _E2 * f * sin0) / ((1 - _E2) * cos_psi)))


_A, _E2 = 6_378_137.0, 0.00669437999014131699614  # WGS-84
_POLE = 1e-24
"""At a pole every longitude is as good as another; a few micrometres beside it there is one."""


def _ratio(s: Degrees, sin_s: Degrees) -> Degrees:
    """s / sin(s), which is 1 at the middle."""
    return np.asarray(np.where(sin_s > 0, s / np.where(sin_s > 0, sin_s, 1.0), 1.0))


class Flat(NamedTuple):
    """Outlines of many items as three arrays.

    Ring or line `i` is `xy[ptr[i]:ptr[i + 1]]`; item `k` owns the rings `item[k]` to `item[k + 1]`.
    """

    xy: npt.NDArray[np.float64]  # (n, 2)
    ptr: npt.NDArray[np.int64]  # (rings + 1,)
    item: npt.NDArray[np.int64]  # (items + 1,)


def flatten(blobs: Sequence[bytes]) -> Flat:
    """Rings of polygons and vertices of lines and points, for drawing; fast for 120,000 items.

    A blob that is no geometry, or holds a number that is none, keeps its place with no ring.
    Polygons and lines are not mixed in one call: beside polygons a line has no ring.
    """
    parts, item = shapely.get_parts(_read(blobs), return_index=True)
    if (shapely.get_type_id(parts) == POLYGON).any():
        parts, of = shapely.get_rings(parts, return_index=True)
        item = item[of]
    ends = np.cumsum(shapely.get_num_coordinates(parts), dtype=np.int64)
    ptr = np.concatenate((np.zeros(1, np.int64), ends))
    owner = np.searchsorted(item, np.arange(len(blobs) + 1)).astype(np.int64)
    return Flat(shapely.get_coordinates(parts), ptr, owner)


def rings(blobs: Sequence[bytes]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """`flatten` where it does not matter which item a ring or line belongs to."""
    flat = flatten(blobs)
    return flat.xy, flat.ptr


def bounds(blobs: Sequence[bytes]) -> tuple[float, float, float, float]:
    """West, south, east, north of all the geometries; NaN where there is none."""
    boxes = shapely.bounds(_read(blobs))
    boxes = boxes[np.isfinite(boxes).all(axis=1)]
    if not len(boxes):
        return (np.nan,) * 4
    west, south = boxes[:, :2].min(axis=0).tolist()
    east, north = boxes[:, 2:].max(axis=0).tolist()
    return west, south, east, north


def _read(blobs: Sequence[bytes]) -> npt.NDArray[np.object_]:
    array = np.empty(len(blobs), object)
    array[:] = blobs
    shapes = shapely.from_wkb(array, on_invalid="ignore")
    broken = ~np.isfinite(shapely.bounds(shapes)).all(axis=1)
    shapes[broken] = None
    return np.asarray(shapes, object)


class AreaIndex:
    """Which of many polygons (of one level) holds a point."""

    def __init__(self, codes: Sequence[str], geometries: Sequence[bytes]) -> None:
        """Codes and WKB polygons in degrees; an unreadable polygon holds nothing."""
        self.codes = list(codes)
        self._tree = shapely.STRtree(_read(geometries))

    def find(self, lon: npt.ArrayLike, lat: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Row of the polygon that holds each point, -1 for none; a border goes to the first."""
        x, y = np.atleast_1d(np.asarray(lon, np.float64)), np.atleast_1d(np.asarray(lat))
        held, row = self._tree.query(shapely.points(x, y), predicate="intersects")
        found = np.full(len(x), len(self.codes), np.int64)
        np.minimum.at(found, held, row)
        found[found == len(self.codes)] = -1
        return found

    def code(self, lon: float, lat: float) -> str:
        """Code of the polygon that holds the point, or ""."""
        row = int(self.find(lon, lat)[0])
        return self.codes[row] if row >= 0 else ""
