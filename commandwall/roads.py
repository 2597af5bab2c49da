"""The road graph: travel times, the nearest unit, the way there, what is reached in five minutes.

Works in the metres of the city's plane; every road is driven both ways.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import shapely
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

Array = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
Point = tuple[float, float]
"""x and y in metres."""

KMH = 1000 / 3600
SHORTEST = 1e-3
"""Seconds: a sparse matrix takes a zero for no road."""


class Edge(Protocol):
    """What the graph reads of a road record."""

    @property
    def a(self) -> int: ...
    @property
    def b(self) -> int: ...
    @property
    def length(self) -> float: ...  # metres
    @property
    def speed(self) -> float: ...  # km/h
    @property
    def geom(self) -> bytes: ...  # WKB LineString from a to b, degrees


@dataclass(frozen=True, slots=True)
class Way:
    """A path by road: its points (n, 2) in metres, its time and its length."""

    xy: Array
    seconds: float
    metres: float


class RoadGraph:
    """Nodes are rows 0..n-1 in the order of their numbers; `xy` (n, 2) are their places."""

    def __init__(
        self, roads: Sequence[Edge], project: Callable[[Array, Array], tuple[Array, Array]]
    ) -> None:
        """Roads without a line, a length or a speed are left out.

        `project` turns degrees into metres: `Plane.forward`.
        """
        lines = shapely.from_wkb(np.array([r.geom for r in roads], object), on_invalid="ignore")
        self._length = np.array([r.length for r in roads], np.float64)
        speed = np.array([r.speed for r in roads], np.float64)
        good = (shapely.get_num_points(lines) > 1) & (self._length > 0) & (speed > 0)
        good &= np.isfinite(shapely.bounds(lines)).all(axis=1)
        self._rows = np.flatnonzero(good)
        seconds = np.maximum(self._length[good] / (speed[good] * KMH), SHORTEST)
        ends = np.array([(r.a, r.b) for r in roads], np.int64).reshape(-1, 2)[good]
        self.numbers, flat = np.unique(ends, return_inverse=True)
        self._ends = flat.reshape(-1, 2)
        self._lines = _projected(lines[good], project)
        self.xy = self._places()
        self._matrix, self._edge = _matrix(self._ends, seconds, len(self.numbers))
        self._tree = cKDTree(self.xy)

    def node(self, point: Point) -> int:
        """The node nearest to a point; ValueError where there are no roads."""
        return int(self.nodes([point])[0])

    def nodes(self, points: npt.ArrayLike) -> Rows:
        """Nearest node of each of (n, 2) points."""
        if not len(self.xy):
            raise ValueError("no roads")
        return np.asarray(self._tree.query(np.asarray(points, np.float64))[1], np.int64)

    def field(self, point: Point, limit: float = np.inf) -> Array:
        """Seconds from a point to every node; inf where it is over the limit or cut off."""
        return np.asarray(dijkstra(self._matrix, indices=self.node(point), limit=limit))

    def times(self, point: Point, units: npt.ArrayLike, limit: float = np.inf) -> Array:
        """Seconds that each of (n, 2) units needs to a point; inf for those that cannot come."""
        return np.asarray(self.field(point, limit)[self.nodes(units)])

    def nearest(
        self, point: Point, units: npt.ArrayLike, limit: float = np.inf
    ) -> tuple[int, float]:
        """Row of the unit that arrives first, and its seconds; (-1, inf) where none can."""
        if not np.size(units):
            return -1, float("inf")
        seconds = self.times(point, units, limit)
        first = int(np.argmin(seconds))
        return (first, float(seconds[first])) if np.isfinite(seconds[first]) else (-1, np.inf)

    def reach(self, point: Point, limit: float) -> tuple[Rows, Array]:
        """Nodes reached from a point within `limit` seconds, and the seconds to each."""
        seconds = self.field(point, limit)
        rows = np.flatnonzero(np.isfinite(seconds))
        return rows, seconds[rows]

    def way(self, start: Point, end: Point) -> Way | None:
        """The fastest path between the nodes nearest to two points; None where there is none."""
        first, last = self.node(start), self.node(end)
        seconds, before = dijkstra(self._matrix, indices=first, return_predecessors=True)
        if not np.isfinite(seconds[last]):
            return None
        nodes = _back(before, first, last)
        parts = [self._line(u, v) for u, v in pairwise(nodes)]
        xy = np.concatenate([self.xy[first : first + 1], *(line[1:] for line, _ in parts)])
        return Way(xy, float(seconds[last]), float(sum(length for _, length in parts)))

    def _line(self, u: int, v: int) -> tuple[Array, float]:
        """Points of the fastest road from node u to v, and its length."""
        edge = self._edge[min(u, v), max(u, v)]
        line = self._lines[edge] if self._ends[edge, 0] == u else self._lines[edge][::-1]
        return line, float(self._length[self._rows[edge]])

    def _places(self) -> Array:
        places = np.zeros((len(self.numbers), 2))
        for column, end in ((1, -1), (0, 0)):
            if self._lines:
                places[self._ends[:, column]] = [line[end] for line in self._lines]
        return places


def _projected(lines: Any, project: Callable[[Array, Array], tuple[Array, Array]]) -> list[Array]:
    flat = shapely.get_coordinates(lines)
    xy = np.column_stack(project(flat[:, 0], flat[:, 1]))
    return np.split(xy, np.cumsum(shapely.get_num_coordinates(lines))[:-1]) if len(lines) else []


def _matrix(ends: Rows, seconds: Array, n: int) -> tuple[Any, dict[tuple[int, int], int]]:
    """Travel times between nodes; of two roads between the same nodes the faster one counts."""
    pairs = np.sort(ends, axis=1)
    order = np.argsort(seconds, kind="stable")
    _, first = np.unique(pairs[order], axis=0, return_index=True)
    best = order[first]
    a, b = pairs[best].T
    matrix = csr_matrix(
        (np.tile(seconds[best], 2), (np.concatenate((a, b)), np.concatenate((b, a)))), (n, n)
    )
    return matrix, dict(zip(map(tuple, pairs[best].tolist()), best.tolist(), strict=True))


def _back(before: Rows, first: int, last: int) -> list[int]:
    nodes = [last]
    while nodes[-1] != first:
        nodes.append(int(before[nodes[-1]]))
    return nodes[::-1]
