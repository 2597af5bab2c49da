"""The road graph of a demo city: expressways, main roads, streets and country roads, connected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import Delaunay, cKDTree

from commandwall import codes
from commandwall.areas import Road
from commandwall.pool.demo.districts import Districts
from commandwall.pool.demo.land import Land
from commandwall.pool.demo.plane import Array, Noise, stream
from commandwall.pool.demo.streets import Streets, Way

STEP = 220.0
"""Metres between the bends of a country road."""
SWAY = 0.06
"""Part of the way between two bends by which a road swings to a side."""
INTERCHANGE = 2_600.0
"""Metres at least between two interchanges of an expressway."""
ONEWAY = 0.12
"""Share of the streets that are one way."""


@dataclass(frozen=True, slots=True)
class Roads:
    """Edges in columns; `nodes` (n, 2) metres. The graph is one connected piece."""

    nodes: Array
    a: NDArray[np.intp]
    b: NDArray[np.intp]
    cls: list[str]
    names: list[str]
    lines: NDArray[np.object_]
    lengths: Array
    speeds: Array
    oneway: NDArray[np.bool_]  # driven from a to b only; everyone can still go everywhere

    def records(self, land: Land) -> list[Road]:
        """A row for each piece between two crossings or bends, as a survey numbers them; bends are
        numbered after the crossings."""
        whole, start, end, lines = self._pieces()
        columns = zip(
            whole.tolist(), start.tolist(), end.tolist(), shapely.length(lines).tolist(),
            shapely.to_wkb(land.plane.to_degrees(lines)), strict=True,
        )  # fmt: skip
        speeds, oneway = self.speeds.tolist(), self.oneway.astype(int).tolist()
        return [
            Road(f"R{n:06d}", self.cls[e], self.names[e], a, b, round(length, 1), speeds[e], geom,
                 oneway[e])
            for n, (e, a, b, length, geom) in enumerate(columns, 1)
        ]  # fmt: skip

    def _pieces(self) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp], Any]:
        """Edge, first node, last node and line of each straight piece."""
        xy, of = shapely.get_coordinates(self.lines, return_index=True)
        inner = (np.diff(of, prepend=-1) == 0) & (np.diff(of, append=-1) == 0)
        number = len(self.nodes) + np.cumsum(inner) - 1
        number[np.diff(of, prepend=-1) != 0] = self.a
        number[np.diff(of, append=-1) != 0] = self.b
        at = np.flatnonzero(np.diff(of) == 0)
        lines = shapely.linestrings(np.stack([xy[at], xy[at + 1]], axis=1))
        return of[at], number[at], number[at + 1], lines

    def rows(self, *classes: str) -> NDArray[np.intp]:
        """Numbers of the edges of some classes."""
        return np.flatnonzero(np.isin(self.cls, classes))


def build(
    land: Land, districts: Districts, streets: Streets, seed: int, bend: float | None = None
) -> Roads:
    """All roads, cut at their crossings; `bend`: metres between the bends that each has."""
    paths = _Paths(land, streets, seed)
    seats = [seat.name for seat in land.seats]
    great = paths.between(np.array([s.at for s in land.seats]), seats, "main")
    villages = [districts.villages.names[v] for v in districts.grids.parents]
    small = paths.between(districts.grids.at, villages, "street")
    level = _nodes_cut([*streets.ways, *great, *small])
    ways = level + _expressways(land, level)
    return _graph(ways if bend is None else _bent(ways, bend, seed), seed)


def _bent(ways: Sequence[Way], bend: float, seed: int) -> list[Way]:
    """The ways with a bend each few metres, as a survey has them.

    One smooth field moves all points, so ways that met still do, and no others begin to.
    """
    rng = stream(seed, "bends")
    aside = [Noise(rng, 4 * bend, 2) for _ in range(2)]
    lines = shapely.segmentize(np.array([way.line for way in ways], object), bend)
    moved = shapely.transform(
        lines, lambda xy: xy + SWAY * bend * np.stack([part(xy) for part in aside], axis=-1)
    )
    return [Way(way.cls, way.name, line) for way, line in zip(ways, moved, strict=True)]


class _Paths:
    """Lays winding roads between places; inside a town they give way to its streets."""

    def __init__(self, land: Land, streets: Streets, seed: int) -> None:
        rng = stream(seed, "paths")
        self._nodes, self._town = streets.nodes, cKDTree(streets.nodes)
        self._reach = streets.block
        self._bend = [Noise(rng, 1_900, 3) for _ in range(2)]
        lakes = [g.geom for g in land.of("water") if shapely.area(g.geom) < 8e6]
        self._bare = shapely.union_all([*lakes, land.union("hill")])
        self._outline = land.outline
        shapely.prepare(self._bare)

    def between(self, places: Array, labels: Sequence[str], cls: str) -> list[Way]:
        ways: list[Way] = []
        for a, b in _neighbours(places):
            name = (
                f"{labels[a][0]}{labels[b][0]}路"
                if labels[a] != labels[b]
                else f"{labels[a][:2]}路"
            )
            for run in self._outside(self._path(places[a], places[b])):
                if cls == "main" or self._passable(run):
                    ways.append(Way(cls, name, shapely.linestrings(run)))
        return ways

    def _path(self, start: Array, end: Array) -> Array:
        count = max(2, int(np.hypot(*(end - start)) / STEP) + 1)
        t = np.linspace(0, 1, count)[:, None]
        straight = start + (end - start) * t
        aside = np.stack([bend(straight) for bend in self._bend], axis=-1)
        reach = min(420.0, 0.16 * float(np.hypot(*(end - start))))
        return straight + aside * reach * np.sin(np.pi * t)

    def _outside(self, path: Array) -> list[Array]:
        """The parts of a path outside the streets, their ends tied to the nearest crossing."""
        far, near = self._town.query(path)
        free = far > self._reach
        edges = np.flatnonzero(np.diff(np.concatenate([[False], free, [False]]).astype(np.int8)))
        runs = []
        for first, last in edges.reshape(-1, 2):
            head = [self._nodes[near[first - 1]]] if first > 0 else []
            tail = [self._nodes[near[last]]] if last < len(path) else []
            run = np.vstack([*head, path[first:last], *tail])
            if len(run) > 1:
                runs.append(run)
        return runs

    def _passable(self, run: Array) -> bool:
        return not shapely.intersects_xy(self._bare, run).any()


def _neighbours(places: Array) -> list[tuple[int, int]]:
    """Pairs with no third place in the circle over them: a connected, planar net of roads."""
    corners = Delaunay(places).simplices
    pairs = np.sort(
        np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [0, 2]]]), axis=1
    )
    pairs = np.unique(pairs, axis=0)
    middle = (places[pairs[:, 0]] + places[pairs[:, 1]]) / 2
    radius = np.hypot(*(places[pairs[:, 0]] - places[pairs[:, 1]]).T) / 2
    clear = cKDTree(places).query(middle)[0] >= radius * (1 - 1e-9)
    return [(int(a), int(b)) for a, b in pairs[clear]]


def _nodes_cut(ways: Sequence[Way]) -> list[Way]:
    """The ways cut wherever two of them meet."""
    lines = np.array([way.line for way in ways], object)
    parts = shapely.get_parts(shapely.union_all(lines))
    middles = shapely.line_interpolate_point(parts, 0.5, normalized=True)
    nearest = shapely.STRtree(lines).query_nearest(middles, all_matches=False)[1]
    return [Way(ways[n].cls, ways[n].name, part) for n, part in zip(nearest, parts, strict=True)]


def _expressways(land: Land, level: Sequence[Way]) -> list[Way]:
    """Expressways pass over everything; ramps tie them to main roads now and then."""
    mains = np.array([way.line for way in level if way.cls == "main"], object)
    ends = shapely.get_coordinates(shapely.get_point(mains, 0))
    tree = cKDTree(ends)
    ways: list[Way] = []
    for name, line in land.expressways:
        inside = shapely.get_coordinates(shapely.intersection(line, shapely.union_all(mains)))
        stops = _thinned(np.sort(shapely.line_locate_point(line, shapely.points(inside))))
        ways += [Way("expressway", name, part) for part in _cut_at(line, stops)]
        at = shapely.get_coordinates(shapely.line_interpolate_point(line, stops))
        ramps = np.stack([at, ends[tree.query(at)[1]]], axis=1)
        ways += [Way("main", f"{name}互通", ramp) for ramp in shapely.linestrings(ramps)]
    return ways


def _thinned(stops: Array) -> Array:
    kept: list[float] = []
    for stop in stops.tolist():
        if not kept or stop - kept[-1] >= INTERCHANGE:
            kept.append(stop)
    return np.array(kept)


def _cut_at(line: Any, stops: Array) -> list[Any]:
    """A line cut at distances along it."""
    points = shapely.get_coordinates(line)
    along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    every = np.unique(np.concatenate([along, stops]))
    rich = np.stack([np.interp(every, along, points[:, axis]) for axis in (0, 1)], axis=-1)
    cuts = [0, *np.searchsorted(every, stops).tolist(), len(every) - 1]
    return [shapely.linestrings(rich[a : b + 1]) for a, b in pairwise(cuts) if b > a]


def _graph(ways: Sequence[Way], seed: int) -> Roads:
    """Edges between numbered nodes; only the largest connected piece stays."""
    lines = np.array([way.line for way in ways], object)
    ends = [shapely.get_coordinates(shapely.get_point(lines, index)) for index in (0, -1)]
    both = np.round(np.concatenate(ends), 1)
    nodes, number = np.unique(both, axis=0, return_inverse=True)
    a, b = number.reshape(2, -1)
    keep = _largest(a, b, len(nodes)) & (a != b)
    used, number = np.unique(np.concatenate([a[keep], b[keep]]), return_inverse=True)
    a, b = number.reshape(2, -1)
    kept = [way for way, stays in zip(ways, keep, strict=True) if stays]
    speed = {code.id: float(code.facts["speed"]) for code in codes.load("road_class").values()}
    return Roads(
        nodes[used],
        a,
        b,
        [way.cls for way in kept],
        [way.name for way in kept],
        lines[keep],
        shapely.length(lines[keep]),
        np.array([speed[way.cls] for way in kept]),
        _oneways(kept, a, b, stream(seed, "oneways")),
    )


def _oneways(
    ways: Sequence[Way], a: NDArray[np.intp], b: NDArray[np.intp], rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Some streets are one way all along; those that would shut somebody in or out are not."""
    streets = sorted({way.name for way in ways if way.cls == "street"})
    chosen = {name for name in streets if rng.random() < ONEWAY}
    oneway = np.array([way.cls == "street" and way.name in chosen for way in ways], bool)
    count = int(max(a.max(), b.max())) + 1
    while True:
        back = ~oneway
        ends = np.concatenate([a, b[back]]), np.concatenate([b, a[back]])
        net = coo_array((np.ones(len(ends[0])), ends), shape=(count, count))
        piece = connected_components(net, directed=True, connection="strong")[1]
        apart = oneway & (piece[a] != piece[b])
        if not apart.any():
            return oneway
        oneway &= ~apart


def _largest(a: NDArray[np.intp], b: NDArray[np.intp], count: int) -> NDArray[np.bool_]:
    net = coo_array((np.ones(len(a)), (a, b)), shape=(count, count))
    piece = connected_components(net, directed=False)[1]
    return np.asarray(piece[a] == np.bincount(piece).argmax())
