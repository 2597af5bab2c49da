"""Geometry: from the records' WKB in degrees to arrays on the sheet.

Everything here is a pure function of its arguments and may run on any thread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Project = Callable[[Any, Any], tuple[Floats, Floats]]
"""Degrees (lon, lat) to the sheet (x east, y south, metres)."""


WORLD = (180.0, 90.0)
"""Degrees east and north that there are."""


@dataclass(frozen=True, slots=True, eq=False)
class Shapes:
    """Polygons as flat arrays: ring r is xy[rings[r]:rings[r + 1]], shape s has the rings
    shapes[s]:shapes[s + 1]. Shells run one way and holes the other."""

    xy: Floats
    rings: Ints
    shapes: Ints
    box: Floats = field(init=False)
    """(n, 4) left, top, right, bottom of each shape; NaN where it is empty."""

    def __len__(self) -> int:
        return len(self.shapes) - 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "box", self._boxes())

    def _boxes(self) -> Floats:
        out = np.full((len(self), 4), np.nan)
        starts, ends = self.rings[self.shapes[:-1]], self.rings[self.shapes[1:]]
        solid = np.flatnonzero(ends > starts)
        if len(solid):
            first = starts[solid]
            whole = self.xy[: ends[solid[-1]]]
            out[solid, :2] = np.minimum.reduceat(whole, first)
            out[solid, 2:] = np.maximum.reduceat(whole, first)
        return out


NOTHING = Shapes(np.empty((0, 2)), np.zeros(1, np.int64), np.zeros(1, np.int64))


def decode(wkb: Sequence[bytes]) -> NDArray[Any]:
    """Shapely geometries of WKB; what cannot be read, is empty or leaves the world becomes None."""
    with np.errstate(invalid="ignore"):
        found = np.asarray(shapely.from_wkb(np.array(wkb, dtype=object), on_invalid="ignore"))
    xy, owner = shapely.get_coordinates(found, return_index=True)
    inside = (np.abs(xy) <= WORLD).all(axis=1)  # and a number: NaN is on no side
    found[owner[~inside]] = None
    found[shapely.is_empty(found)] = None
    return found


def polygons(wkb: Sequence[bytes], project: Project) -> Shapes:
    """(Multi)Polygons as Shapes, in the same order; anything else becomes an empty shape."""
    return solids(decode(wkb), project)


def solids(found: NDArray[Any], project: Project) -> Shapes:
    """`polygons` of geometries that were read already."""
    whole = shapely.orient_polygons(found)
    parts, owner = shapely.get_parts(whole, return_index=True)
    solid = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    parts, owner = parts[solid], owner[solid]
    loops, part_of = shapely.get_rings(parts, return_index=True)
    xy, loop_of = shapely.get_coordinates(loops, return_index=True)
    last = np.append(loop_of[1:] != loop_of[:-1], True) if len(loop_of) else np.empty(0, bool)
    xy, loop_of = xy[~last], loop_of[~last]  # rings close by themselves
    x, y = project(xy[:, 0], xy[:, 1])
    rings = np.searchsorted(loop_of, np.arange(len(loops) + 1))
    starts = np.searchsorted(owner[part_of], np.arange(len(found) + 1))
    return Shapes(np.column_stack([x, y]), rings.astype(np.int64), starts.astype(np.int64))


def lines(wkb: Sequence[bytes], project: Project) -> tuple[Floats, Floats, Ints]:
    """(Multi)LineStrings as segments (n, 4), metres along its line at each start, line number."""
    return strings(decode(wkb), project)


def strings(found: NDArray[Any], project: Project) -> tuple[Floats, Floats, Ints]:
    """`lines` of geometries that were read already."""
    parts, owner = shapely.get_parts(found, return_index=True)
    xy, part_of = shapely.get_coordinates(parts, return_index=True)
    x, y = project(xy[:, 0], xy[:, 1])
    joined = part_of[1:] == part_of[:-1]
    segments = np.column_stack([x[:-1], y[:-1], x[1:], y[1:]])[joined]
    return segments, _along(segments, part_of[1:][joined]), owner[part_of[1:][joined]]


def _along(segments: Floats, line: Ints) -> Floats:
    length = np.hypot(segments[:, 2] - segments[:, 0], segments[:, 3] - segments[:, 1])
    total = np.concatenate([[0.0], np.cumsum(length)[:-1]]) if len(length) else length
    first = np.searchsorted(line, line, side="left")
    return total - total[first] if len(length) else length


def joined(parts: Sequence[Shapes]) -> Shapes:
    """Many Shapes as one, in their order."""
    if not parts:
        return NOTHING
    points = np.cumsum([0, *(len(p.xy) for p in parts)])
    rings = np.cumsum([0, *(len(p.rings) - 1 for p in parts)])
    return Shapes(
        np.concatenate([p.xy for p in parts]),
        np.concatenate([[0], *(p.rings[1:] + n for p, n in zip(parts, points, strict=False))]),
        np.concatenate([[0], *(p.shapes[1:] + n for p, n in zip(parts, rings, strict=False))]),
    )


def outlines(shapes: Shapes, keep: NDArray[np.bool_] | None = None) -> tuple[Floats, Ints]:
    """All edges as segments (n, 4), and the shape each belongs to."""
    sizes = np.diff(shapes.rings)
    ring_of = np.repeat(np.arange(len(sizes)), sizes)
    shape_of = np.searchsorted(shapes.shapes, ring_of, side="right") - 1
    following = np.arange(1, len(shapes.xy) + 1)
    ends = shapes.rings[1:][sizes > 0]
    following[ends - 1] = shapes.rings[:-1][sizes > 0]
    segments = np.column_stack([shapes.xy, shapes.xy[following]])
    chosen = slice(None) if keep is None else keep[shape_of]
    return segments[chosen], shape_of[chosen]


def borders(shapes: Shapes, level: NDArray[np.integer[Any]]) -> list[Floats]:
    """Edges by the coarsest level that has them: a border of two areas is kept once.

    `level` gives each shape's level; item i of the answer has the segments (n, 4) of level i.
    """
    segments, owner = outlines(shapes)
    grid = np.round(segments * 10).astype(np.int64)  # corners within a decimetre are one corner
    a, b = (grid[:, 0] << 32) + grid[:, 1], (grid[:, 2] << 32) + grid[:, 3]  # corners as numbers
    a, b = np.minimum(a, b), np.maximum(a, b)
    rank = level[owner]
    order = np.lexsort((rank, b, a))
    a, b = a[order], b[order]
    first = np.ones(len(order), bool)
    first[1:] = (a[1:] != a[:-1]) | (b[1:] != b[:-1])
    kept = order[first]
    depth = int(level.max(initial=-1)) + 1
    return [np.ascontiguousarray(segments[kept[rank[kept] == i]]) for i in range(depth)]


def shape_at(shapes: Shapes, x: float, y: float) -> int:
    """The first shape that holds a point of the sheet, borders by even and odd; -1 for none."""
    box = shapes.box
    near = (box[:, 0] <= x) & (x <= box[:, 2]) & (box[:, 1] <= y) & (y <= box[:, 3])
    for shape in np.flatnonzero(near).tolist():
        edges, _ = outlines(_one(shapes, shape))
        above = (edges[:, 1] > y) != (edges[:, 3] > y)
        a, b, c, d = edges[above].T
        if np.count_nonzero(a + (y - b) / (d - b) * (c - a) > x) % 2:
            return int(shape)
    return -1


def _one(shapes: Shapes, shape: int) -> Shapes:
    rings = shapes.rings[shapes.shapes[shape] : shapes.shapes[shape + 1] + 1]
    xy = shapes.xy[rings[0] : rings[-1]]
    return Shapes(xy, rings - rings[0], np.array([0, len(rings) - 1]))


def circle(x: float, y: float, radius: float, corners: int = 128) -> Shapes:
    """A circle as one shape; sheet metres."""
    turn = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    xy = np.column_stack([x + radius * np.cos(turn), y + radius * np.sin(turn)])
    return Shapes(xy, np.array([0, corners]), np.array([0, 1]))
