"""The area of effect 影响范围 of an incident: a circle, a polygon drawn by hand, a plume by the
wind, a strip along a road or a shore.

All outlines are worked out in metres of a plane around the first point and kept in degrees
WGS-84. The plume is a sector, no model of dispersion: a circle around the source and, downwind,
an arc whose angle grows as the wind drops, by the list `plume`; the screen calls it an estimate.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
import shapely.ops

from commandwall import codes
from commandwall.clock import Ms, day
from commandwall.geo import Plane
from commandwall.incidents import Incident, still_open
from commandwall.roads import Edge, RoadGraph
from commandwall.store.schema import WALL, record
from commandwall.store.store import Refused, Tx

BY_HAND = CIRCLE, POLYGON, PLUME, ROAD, SHORE = ("circle", "polygon", "plume", "road", "shore")
WARNED = "warning"
"""The outline of the warning that the incident grew from: nobody drew it."""
Place = tuple[float, float]
"""Longitude and latitude in degrees WGS-84."""
HALF_TURN, CORNERS = 180.0, 64
STORM = 120.0
"""m/s that no wind on the ground reaches: a mistake."""


@record(WALL)
@dataclass(frozen=True, slots=True)
class Extent:
    """What an incident affects; `id` is the incident. Without a `shape` it was taken back."""

    id: str
    shape: str  # code list extent_shape
    points: str  # WKT of what was drawn, degrees WGS-84: the middle, the corners, or the line
    size_m: float  # radius, reach downwind, or width to each side
    toward: float | None  # degrees clockwise from north to where the wind blows
    wind: float | None  # m/s
    wkt: str  # the outline, degrees WGS-84
    at: Ms
    by: str
    post: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a person draws: `points` are the middle, the corners, or a line."""

    shape: str
    points: tuple[Place, ...]
    size_m: float = 0.0
    toward: float | None = None
    wind: float | None = None


def set_extent(tx: Tx, incident: str, drawn: Drawn | None) -> None:
    """划定影响范围: set the area of effect, or take it back."""
    still_open(tx, incident)
    if drawn is None:
        tx.put(Extent(incident, "", "", 0.0, None, None, "", tx.now, tx.by, tx.post))
        return
    d, found = drawn, outline(drawn, tx.now)
    line = shapely.MultiPoint(d.points) if len(d.points) == 1 else shapely.LineString(d.points)
    tx.put(
        Extent(incident, d.shape, _text(line), d.size_m, d.toward, d.wind, _text(found), tx.now,
               tx.by, tx.post)
    )  # fmt: skip


def outline(drawn: Drawn, at: Ms) -> Any:
    """The polygon of what is drawn, degrees WGS-84; Refused("extent") names what is wrong."""
    xy = np.array(drawn.points, np.float64).reshape(-1, 2)
    _check(drawn, xy)
    plane = Plane(*xy[0].tolist())
    x, y = plane.forward(xy[:, 0], xy[:, 1])
    flat = _shape(drawn, np.column_stack([x, y]), at)
    if not flat.is_valid:
        raise Refused("extent", why="crossing")
    return shapely.transform(flat, lambda part: np.column_stack(plane.inverse(*part.T)))


def of_incident(incident: Incident, extent: Extent | None) -> Any:
    """The polygon that an incident affects: its area of effect, else its cordon; None for none."""
    if extent is not None and extent.shape:
        return polygon(extent)
    cordon = Drawn(CIRCLE, ((incident.lon, incident.lat),), incident.radius_m)
    try:
        return outline(cordon, incident.opened_at)
    except Refused:  # it has no cordon, or one that another program wrote
        return None


def polygon(extent: Extent) -> Any:
    """The outline as a shape; None where another program wrote what is none on this earth."""
    found = _read(extent.wkt)
    solid = found is not None and found.geom_type in ("Polygon", "MultiPolygon") and found.is_valid
    return found if solid else None


def drawn_as(extent: Extent) -> Drawn | None:
    """What a person drew to make it; None for one that was taken back."""
    points = _read(extent.points)
    if not extent.shape or points is None:
        return None
    places = tuple(map(tuple, shapely.get_coordinates(points).tolist()))
    return Drawn(extent.shape, places, extent.size_m, extent.toward, extent.wind)


def _read(wkt: str) -> Any:
    """A geometry within the world; None for anything else."""
    with np.errstate(invalid="ignore"):
        found = shapely.from_wkt(wkt.replace("\0", ""), on_invalid="ignore")
    if found is None or found.is_empty:
        return None
    xy = shapely.get_coordinates(found)
    return found if (np.abs(xy) <= (180.0, 90.0)).all() else None  # NaN is within nothing


def along_road(roads: Sequence[Edge], start: Place, end: Place) -> tuple[Place, ...]:
    """The way by road between two places; Refused("extent") where there is none."""
    plane = Plane(*start)
    first, last = (tuple(float(v) for v in plane.forward(*place)) for place in (start, end))
    graph = RoadGraph(roads, plane.forward)
    way = graph.way(first, last) if len(graph.xy) else None  # type: ignore[arg-type]
    if way is None or len(way.xy) < 2:
        raise Refused("extent", why="no_road")
    return _places(plane, way.xy)


def along_shore(waters: Sequence[bytes], start: Place, end: Place) -> tuple[Place, ...]:
    """The shore between two places: the shorter way around the water nearest to the first."""
    shapes = shapely.from_wkb(np.array(waters, object), on_invalid="ignore")
    edges = shapely.get_parts(shapely.boundary(shapes[shapely.is_valid(shapes)]))
    if not len(edges):
        raise Refused("extent", why="no_shore")
    plane = Plane(*start)
    edge = edges[int(np.argmin(shapely.distance(edges, shapely.Point(start))))]
    flat = shapely.transform(edge, lambda part: np.column_stack(plane.forward(*part.T)))
    a, b = (flat.project(shapely.Point(*map(float, plane.forward(*p)))) for p in (start, end))
    line = _between(flat, *sorted((a, b)))
    if line.length == 0:
        raise Refused("extent", why="no_shore")
    return _places(plane, shapely.get_coordinates(line))


def _between(ring: Any, a: float, b: float) -> Any:
    """The piece of a ring from `a` to `b`, or the other way around where that is shorter."""
    if not ring.is_closed or b - a <= ring.length / 2:
        return shapely.ops.substring(ring, a, b)
    rest = shapely.ops.substring(ring, b, ring.length), shapely.ops.substring(ring, 0, a)
    return shapely.LineString(np.concatenate([part.coords for part in rest]))


def _check(drawn: Drawn, xy: Any) -> None:
    if drawn.shape not in BY_HAND or drawn.shape not in codes.load("extent_shape"):
        raise Refused("unknown", kind="extent_shape", id=drawn.shape)
    least = {POLYGON: 3, ROAD: 2, SHORE: 2}.get(drawn.shape, 1)
    if len(xy) < least or not np.isfinite(xy).all() or (np.abs(xy) > (180.0, 90.0)).any():
        raise Refused("extent", why="points")
    sized = drawn.shape != POLYGON
    most = codes.limit("extent_km") * 1000
    if sized and not 0 < drawn.size_m <= most:
        raise Refused("extent", why="size")
    if drawn.shape == PLUME and not blows(drawn):
        raise Refused("extent", why="wind")


def blows(drawn: Drawn) -> bool:
    """Whether it names a wind: a direction, and a speed that there is."""
    toward, wind = drawn.toward, drawn.wind
    if toward is None or wind is None or not math.isfinite(toward):
        return False
    return 0 <= wind < STORM


def _shape(drawn: Drawn, xy: Any, at: Ms) -> Any:
    if drawn.shape == CIRCLE:
        return shapely.Point(xy[0]).buffer(drawn.size_m, quad_segs=CORNERS // 4)
    if drawn.shape == PLUME:
        return _plume(drawn, at)
    if drawn.shape == POLYGON:
        return shapely.Polygon(xy)
    return shapely.LineString(xy).buffer(drawn.size_m, quad_segs=8)


def _plume(drawn: Drawn, at: Ms) -> Any:
    """A circle around the source, and the sector that the wind may carry it to."""
    assert drawn.toward is not None and drawn.wind is not None
    row = _row(drawn.wind, at)
    half, share = float(row.facts["half_angle"]), float(row.facts["source_share"])
    source = shapely.Point(0, 0).buffer(drawn.size_m * share, quad_segs=CORNERS // 4)
    if half >= HALF_TURN:
        return shapely.Point(0, 0).buffer(drawn.size_m, quad_segs=CORNERS // 4)
    turn = np.radians(np.linspace(drawn.toward - half, drawn.toward + half, CORNERS))
    arc = np.column_stack([np.sin(turn), np.cos(turn)]) * drawn.size_m
    return shapely.union(shapely.Polygon(np.concatenate([[[0.0, 0.0]], arc])), source)


def _row(wind: float, at: Ms) -> codes.Code:
    """The row of the list `plume` for a wind: the one with the least limit above it."""
    rows = sorted(codes.load("plume", day(at)).values(), key=lambda c: float(c.facts["below"]))
    return next((c for c in rows if wind < float(c.facts["below"])), rows[-1])


def _places(plane: Plane, xy: Any) -> tuple[Place, ...]:
    lon, lat = plane.inverse(xy[:, 0], xy[:, 1])
    return tuple(zip(lon.tolist(), lat.tolist(), strict=True))


def _text(shape: Any) -> str:
    return str(shapely.to_wkt(shape, rounding_precision=6))


def downwind(blows_from: float) -> float:
    """Where a wind blows to, degrees clockwise from north, of where it comes from."""
    return math.fmod(blows_from + HALF_TURN, 2 * HALF_TURN)
