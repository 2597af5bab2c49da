"""Cuts an area into parts: gap-free, with the winding borders of real divisions.

Straight Voronoi borders look drawn by a machine. Here each part first gathers many small cells of
a finer mosaic; the border between two parts winds along these cells and is then smoothed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import Voronoi, cKDTree

from commandwall.pool.demo.plane import Array, Noise, around, stream

Labels = NDArray[np.intp]
Mass = Callable[[Array], Array]
"""How much lies at each of (n, 2) points; parts get shares of it in proportion to their weight."""

CELLS = 56
"""Small cells for each part: more make borders that wind in smaller steps."""

LEAST_BEND = 12.0


def subdivide(
    polygon: Any, children: Sequence[tuple[str, str, float]], seed: int, level: str = ""
) -> list[Any]:
    """Parts of a (Multi)Polygon (degrees WGS-84), one for each (code, name, weight), in order.

    Together they cover the polygon exactly and share their edges vertex by vertex. They are
    sketches (示意): weight is the part of the land that each should get. `level` keeps the
    random streams of several calls with one seed apart. ValueError for no children.
    """
    plane = around(polygon)
    weights = np.array([max(weight, 1e-6) for _, _, weight in children])
    rng = stream(seed, f"divide{level}{children[0][0] if children else ''}")
    parts = Division(plane.to_metres(polygon), weights, rng).parts()
    return list(plane.to_degrees(np.array(parts, object)))


class Division:
    """One area (metres) cut into `len(weights)` parts.

    `seats` (k, 2) pins the middles; without them they settle by themselves. `mass` says what is
    shared out by weight; without it, the land.
    """

    def __init__(
        self,
        polygon: Any,
        weights: Array,
        rng: np.random.Generator,
        seats: Array | None = None,
        mass: Mass | None = None,
    ) -> None:
        if len(weights) == 0:
            raise ValueError("an area cannot be cut into no parts")
        self._polygon, self._weights, self._rng = polygon, weights, rng
        self._seats, self._mass = seats, mass

    def parts(self) -> list[Any]:
        """The parts in the order of the weights."""
        if len(self._weights) == 1:
            return [self._polygon]
        for cells in (CELLS, 4 * CELLS, 16 * CELLS):
            parts = self._cut(cells * len(self._weights))
            if parts is not None:
                return parts
        raise ValueError(f"an area too small for {len(self._weights)} parts")

    def _cut(self, cells: int) -> list[Any] | None:
        points, spacing = _mosaic(self._polygon, cells, self._rng)
        inside = shapely.contains_xy(self._polygon, points)
        if inside.sum() < 4 * len(self._weights):
            return None
        labels = self._label(points, inside, spacing)
        lines = _borders(points, labels, spacing, self._rng)
        return _faces(self._polygon, lines, cKDTree(points), labels, len(self._weights))

    def _label(self, points: Array, inside: NDArray[np.bool_], spacing: float) -> Labels:
        """Which part each small cell falls to: a power diagram fitted to the weights."""
        warp = Noise(self._rng, 5 * spacing, 2), Noise(self._rng, 5 * spacing, 2)
        bent = points + 1.1 * spacing * np.stack([w(points) for w in warp], axis=-1)
        mass = inside * (np.ones(len(points)) if self._mass is None else self._mass(points))
        target = self._weights / self._weights.sum() * mass.sum()
        seats = self._first_seats(bent[inside], mass[inside])
        power = np.zeros(len(seats))
        reach = (spacing**2) * inside.sum() / len(seats)
        for turn in range(24):
            labels = _nearest(bent, seats, power)
            got = np.bincount(labels, mass, len(seats))
            power += reach * 0.35 * np.clip((target - got) / target, -1, 1) / (1 + turn / 8)
            if self._seats is None and turn < 16:
                seats = _middles(bent, labels, mass, seats)
        return labels

    def _first_seats(self, points: Array, mass: Array) -> Array:
        if self._seats is not None:
            return self._seats
        count = len(self._weights)
        seats = points[self._rng.choice(len(points), 1)]
        for _ in range(count - 1):  # each next one far from those before it
            far = ((points[:, None] - seats) ** 2).sum(-1).min(1) * (mass + mass.mean() * 0.1)
            seats = np.vstack([seats, points[self._rng.choice(len(points), p=far / far.sum())]])
        return seats


def _mosaic(polygon: Any, count: int, rng: np.random.Generator) -> tuple[Array, float]:
    """Jittered honeycomb points over the polygon and a little beyond, and their spacing."""
    spacing = float(np.sqrt(shapely.area(polygon) / count * 1.1547))
    shapely.prepare(polygon)
    west, south, east, north = shapely.bounds(polygon)
    xs = np.arange(west - 3 * spacing, east + 3 * spacing, spacing)
    ys = np.arange(south - 3 * spacing, north + 3 * spacing, spacing * 0.866)
    x, y = np.meshgrid(xs, ys)
    x[1::2] += spacing / 2
    points = np.stack([x.ravel(), y.ravel()], axis=-1)
    points += rng.uniform(-0.36, 0.36, points.shape) * spacing
    return points, spacing


def _nearest(points: Array, seats: Array, power: Array) -> Labels:
    square = (points**2).sum(1)[:, None] - 2 * points @ seats.T + (seats**2).sum(1)
    return np.asarray(np.argmin(square - power, axis=1))


def _middles(points: Array, labels: Labels, mass: Array, before: Array) -> Array:
    total = np.bincount(labels, mass, len(before))
    sums = [np.bincount(labels, mass * points[:, axis], len(before)) for axis in (0, 1)]
    with np.errstate(invalid="ignore", divide="ignore"):
        seats = np.stack(sums, axis=-1) / total[:, None]
    return np.where(total[:, None] > 0, seats, before)


def _borders(points: Array, labels: Labels, spacing: float, rng: np.random.Generator) -> list[Any]:
    """Smoothed lines between cells of different parts."""
    mosaic = Voronoi(points)
    ridges = np.array(mosaic.ridge_vertices)
    pair = labels[mosaic.ridge_points]
    edges = ridges[(pair[:, 0] != pair[:, 1]) & (ridges >= 0).all(axis=1)]
    segments = shapely.linestrings(mosaic.vertices[edges])
    chains = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(segments)))
    return [_smooth(shapely.get_coordinates(chain), spacing, rng) for chain in chains]


def _smooth(chain: Array, spacing: float, rng: np.random.Generator) -> Any:
    """A chain whose ends stay: its corners cut, then made a little ragged again."""
    closed = bool((chain[0] == chain[-1]).all())
    middles = (chain[1:] + chain[:-1]) / 2
    ends = (middles[:1], middles[:1]) if closed else (chain[:1], chain[-1:])
    line = np.vstack([ends[0], middles[1:] if closed else middles, ends[1]])
    for share in (0.1, 0.07):
        line = _midpoints(line, share, rng)
    return shapely.linestrings(line)


def _midpoints(line: Array, share: float, rng: np.random.Generator) -> Array:
    """The line with a point more in each step, pushed aside by about `share` of the step."""
    step = line[1:] - line[:-1]
    aside = np.stack([-step[:, 1], step[:, 0]], axis=-1) * rng.normal(0, share, (len(step), 1))
    finer = np.empty((2 * len(line) - 1, 2))
    finer[::2] = line
    finer[1::2] = (line[1:] + line[:-1]) / 2 + aside
    return finer


def _faces(
    polygon: Any, lines: list[Any], tree: cKDTree, labels: Labels, count: int
) -> list[Any] | None:
    """All lines noded with the outline, and the faces between them gathered by part."""
    noded = shapely.union_all([shapely.boundary(polygon), *lines])
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    inner = shapely.point_on_surface(faces)
    keep = shapely.intersects(polygon, inner)
    faces, inner = faces[keep], inner[keep]
    owner = labels[tree.query(shapely.get_coordinates(inner))[1]]
    owner = _whole(faces, np.asarray(owner))
    if len(np.unique(owner)) < count:
        return None
    return [shapely.union_all(faces[owner == part]) for part in range(count)]


def _whole(faces: Any, owner: Labels) -> Labels:
    """Splinters go to the neighbour with the longest common border; islands stay as they are."""
    area = shapely.area(faces)
    main = {part: np.flatnonzero(owner == part) for part in np.unique(owner)}
    main = {part: rows[np.argmax(area[rows])] for part, rows in main.items()}
    tree, owner = shapely.STRtree(faces), owner.copy()
    for face in np.argsort(area):
        if main[owner[face]] == face:
            continue
        near = tree.query(faces[face], predicate="touches")
        shared = shapely.length(shapely.intersection(faces[near], faces[face]))
        if len(near) and shared.max() > 0:
            owner[face] = owner[near[np.argmax(shared)]]
    return owner


def nest(parts: Sequence[Any], parents: Sequence[int]) -> tuple[list[Any], list[Any]]:
    """Mends a coverage cut in several steps, then builds the level above from it.

    `parents[i]` is the number of the whole that part i belongs to; returns the parts and the
    wholes, both exact coverages in which a whole is the union of its parts. Bends under about
    12 metres are left out (geometry in metres).
    """
    clean = shapely.coverage_clean(np.array(parts, object), gap_width=1e-3)
    lean = shapely.coverage_simplify(clean, LEAST_BEND)
    return list(lean), unite(lean, parents)


def unite(parts: Sequence[Any], parents: Sequence[int]) -> list[Any]:
    """Each whole as the union of its parts, edges unchanged."""
    order, rows = np.asarray(parents), np.array(parts, object)
    return [shapely.coverage_union_all(rows[order == whole]) for whole in range(order.max() + 1)]
