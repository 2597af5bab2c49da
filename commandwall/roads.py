"""The road graph: who is at a place first, by which way, and from where it is reached in time.

Works in the metres of the city's plane. A place stands on the road nearest to it, and the part of
that road counts; oneways are kept. Times *to* a place are one search from it over the graph turned
round. scipy is imported where it is used: it takes a third of a second, and a start needs no way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt
import shapely

from commandwall import platform

R = TypeVar("R")
Array = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
Project = Callable[[Array, Array], tuple[Array, Array]]
"""Degrees to metres: `Plane.forward`."""
Point = tuple[float, float]
"""x and y in metres."""

KMH = 1000 / 3600
SHORTEST = 1e-6
"""Seconds of the shortest road: a sparse matrix takes a zero for none."""
WIDER = (300.0, 600.0, 1200.0, np.inf)
"""Seconds: so far each next search for units goes, until enough of them are found."""
APART = 20.0
"""Metres at most between the points by which the road nearest to a place is found."""
NEAR = 6
"""So many of them are looked at first, each with the whole of its piece of road."""
NICE = 5
CELL, CLOSED = 100.0, 2
"""Metres of the squares in which a reached area is drawn; so many of them between two streets that
are reached belong to it."""


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
    @property
    def oneway(self) -> int: ...  # 1: from a to b only, -1: from b to a only


@dataclass(frozen=True, slots=True)
class Way:
    """A path by road: its points (n, 2) in metres, its time and its length."""

    xy: Array
    seconds: float
    metres: float


@dataclass(frozen=True, slots=True)
class Spots:
    """Where n places stand on the roads: row of the edge, share of the edge from its a, metres to
    the road."""

    edge: Rows
    share: Array
    gap: Array


@dataclass(frozen=True, slots=True)
class Reach:
    """From where a place is reached in time: parts of edges, from one share to another; `xy` (n, 2)
    are points on all of them, at most APART metres from each other."""

    edge: Rows
    begin: Array
    end: Array
    xy: Array

    def ring(self) -> Any:
        """The outline of it, a MultiPolygon or Polygon: squares of CELL metres, those between two
        streets with them."""
        if not len(self.xy):
            return shapely.Polygon()
        from scipy import ndimage

        cells = np.floor(self.xy / CELL).astype(np.int64)
        low = cells.min(axis=0) - CLOSED - 1
        cells -= low
        grid = np.zeros(cells.max(axis=0) + CLOSED + 2, bool)
        grid[tuple(cells.T)] = True
        grid = ndimage.binary_closing(grid, iterations=CLOSED)
        edges = np.diff(grid.astype(np.int8), axis=1, prepend=0)
        (column, begin), end = np.nonzero(edges > 0), np.nonzero(edges < 0)[1]
        x, y0, y1 = (column + low[0]) * CELL, (begin + low[1]) * CELL, (end + low[1]) * CELL
        squares = shapely.union_all(shapely.box(x, y0, x + CELL, y1))
        return shapely.simplify(squares, CELL * 0.75)


class RoadGraph:
    """Edges are rows 0..m-1, those of the roads that can be used; nodes are rows 0..n-1 in the
    order of their `numbers`, and `xy` (n, 2) are their places."""

    def __init__(self, roads: Sequence[Edge], project: Project, aside: float = 0.0) -> None:
        """Roads without a line, a length or a speed are left out.

        `aside`: seconds for each metre between a place and the road that is nearest to it.
        """
        lines = shapely.from_wkb(np.array([r.geom for r in roads], object), on_invalid="ignore")
        length = np.array([r.length for r in roads], np.float64)
        speed = np.array([r.speed for r in roads], np.float64)
        good = (shapely.get_num_points(lines) > 1) & (length > 0) & (speed > 0)
        good &= np.isfinite(shapely.bounds(lines)).all(axis=1)
        oneway = np.array([r.oneway for r in roads], np.int64)[good]
        ends = np.array([(r.a, r.b) for r in roads], np.int64).reshape(-1, 2)[good]
        self.project, self.length, self._aside = project, length[good], aside
        self._seconds = np.maximum(self.length / (speed[good] * KMH), SHORTEST)
        self._there, self._back = oneway >= 0, oneway <= 0
        self.numbers, flat = np.unique(ends, return_inverse=True)
        self._ends = flat.reshape(-1, 2)
        self._lines = _Lines(lines[good], project)
        self.xy = np.zeros((len(self.numbers), 2))
        self.xy[self._ends[:, 1]] = self._lines.xy[self._lines.first[1:] - 1]
        self.xy[self._ends[:, 0]] = self._lines.xy[self._lines.first[:-1]]
        self._turned, self._by = self._matrix()

    @property
    def edges(self) -> int:
        """How many edges there are, each direction that is driven as one."""
        return int(self._turned.nnz)

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the arrays take, the search tree beside them not counted."""
        matrix, own = self._turned, (self._by, self._seconds, self.length, self._ends, self.xy)
        of_matrix = matrix.data.nbytes + matrix.indices.nbytes + matrix.indptr.nbytes
        return int(of_matrix + sum(a.nbytes for a in own) + self._lines.nbytes)

    def snap(self, points: npt.ArrayLike) -> Spots:
        """Where each of (n, 2) places stands on the roads; ValueError where there are none."""
        if not len(self.numbers):
            raise ValueError("no roads")
        return self._lines.nearest(np.asarray(points, np.float64).reshape(-1, 2))

    def times(self, point: Point, units: npt.ArrayLike, limit: float = np.inf) -> Array:
        """Seconds that each of (n, 2) units needs to a place; inf for those that cannot come, or
        not within the limit."""
        return self._times(self.snap([point]), self.snap(units), limit)

    def nearest(self, point: Point, units: npt.ArrayLike, most: int = 1) -> list[tuple[int, float]]:
        """Rows of the units that arrive first and their seconds, the first of all in front; fewer
        than `most` where no more can come."""
        if not np.size(units):
            return []
        seconds = self.soon(point, units, most)
        found = np.flatnonzero(np.isfinite(seconds))
        order = found[np.argsort(seconds[found], kind="stable")][:most]
        return [(int(row), float(seconds[row])) for row in order]

    def soon(
        self, point: Point, units: npt.ArrayLike, most: int, of: npt.NDArray[np.bool_] | None = None
    ) -> Array:
        """Seconds that each of (n, 2) units needs to a place, searched only as far as it takes to
        find `most` of them (of those in `of`): inf for those further away, NaN where no road leads
        there."""
        to, spots = self.snap([point]), self.snap(units)
        wanted = np.ones(len(spots.edge), bool) if of is None else of
        for limit in WIDER:
            seconds = self._times(to, spots, limit)
            if np.isfinite(seconds[wanted]).sum() >= most:
                return seconds
        return np.where(np.isfinite(seconds), seconds, np.nan)

    def reach(self, point: Point, limit: float) -> Reach:
        """From where a place is reached within `limit` seconds."""
        to = self.snap([point])
        limit = max(0.0, limit - self._aside * float(to.gap[0]))
        left = limit - self._field(to, limit)  # -inf where it is not reached
        (a, b), seconds = self._ends.T, self._seconds
        there = np.flatnonzero(self._there & (left[b] > 0))
        back = np.flatnonzero(self._back & (left[a] > 0))
        own = self._own_parts(to, limit)
        edge = np.concatenate([there, back, [e for e, _, _ in own]]).astype(np.int64)
        begin = [np.maximum(1 - left[b[there]] / seconds[there], 0), np.zeros(len(back))]
        end = [np.ones(len(there)), np.minimum(left[a[back]] / seconds[back], 1)]
        lows = np.concatenate([*begin, [low for _, low, _ in own]])
        highs = np.concatenate([*end, [high for _, _, high in own]])
        return Reach(edge, lows, highs, self._lines.within(edge, lows, highs))

    def way(self, start: Point, end: Point) -> Way | None:
        """The fastest path from one place to another; None where there is none."""
        to, at = self.snap([end]), self.snap([start])
        seconds = float(self._times(to, at, np.inf)[0])
        if not np.isfinite(seconds):
            return None
        parts = self._parts(to, at, seconds)
        xy = [self._lines.part(edge, low, high) for edge, low, high in parts]
        metres = sum(abs(high - low) * self.length[edge] for edge, low, high in parts)
        return Way(_joined(xy), seconds, float(metres))

    def _times(self, to: Spots, units: Spots, limit: float) -> Array:
        """On its own edge a unit has both ways to choose from, and the straight one to a place that
        stands on the same."""
        return np.asarray(np.min(self._options(to, units, self._field(to, limit)), axis=0)
                          + self._aside * (units.gap + to.gap))  # fmt: skip

    def _options(self, to: Spots, units: Spots, field: Array) -> Array:
        """Seconds of each unit over the b of its edge, over the a, and straight."""
        edge, share = units.edge, units.share
        whole, (a, b) = self._seconds[edge], self._ends[edge].T
        over_b = np.where(self._there[edge], (1 - share) * whole + field[b], np.inf)
        over_a = np.where(self._back[edge], share * whole + field[a], np.inf)
        ahead = (to.share - share) * whole
        may = (edge == to.edge) & np.where(ahead >= 0, self._there[edge], self._back[edge])
        return np.stack([over_b, over_a, np.where(may, np.abs(ahead), np.inf)])

    def _field(self, to: Spots, limit: float) -> Array:
        """Seconds from every node to a place; inf where it is over the limit or cut off."""
        from scipy.sparse.csgraph import dijkstra

        return np.asarray(dijkstra(self._seen_from(to), indices=len(self.xy), limit=limit)[:-1])

    def _seen_from(self, to: Spots) -> Any:
        """The graph turned round with the place as one more node, its last."""
        from scipy.sparse import csr_array

        edge, share = int(to.edge[0]), float(to.share[0])
        ways = ((self._there[edge], 0, share), (self._back[edge], 1, 1 - share))
        heads = [(self._ends[edge, e], part * self._seconds[edge]) for may, e, part in ways if may]
        m, n = self._turned, len(self.xy)
        data = np.append(m.data, [max(seconds, SHORTEST) for _, seconds in heads])
        indices = np.append(m.indices, np.array([node for node, _ in heads], m.indices.dtype))
        starts = np.append(m.indptr, np.array([len(data)], m.indptr.dtype))
        return csr_array((data, indices, starts), (n + 1, n + 1))

    def _own_parts(self, to: Spots, limit: float) -> list[tuple[int, float, float]]:
        """The parts of the place's own edge from which it is reached straight."""
        edge, share = int(to.edge[0]), float(to.share[0])
        part = limit / self._seconds[edge]
        there = [(edge, max(0.0, share - part), share)] if self._there[edge] else []
        return there + ([(edge, share, min(1.0, share + part))] if self._back[edge] else [])

    def _parts(self, to: Spots, at: Spots, limit: float) -> list[tuple[int, float, float]]:
        """The way from one spot to another as (edge, from share, to share)."""
        from scipy.sparse.csgraph import dijkstra

        field, after = dijkstra(
            self._seen_from(to), indices=len(self.xy), limit=limit + 1, return_predecessors=True
        )
        edge, share, last = int(at.edge[0]), float(at.share[0]), int(to.edge[0])
        chosen = int(np.argmin(self._options(to, at, field[:-1])[:, 0]))
        if chosen == 2:
            return [(edge, share, float(to.share[0]))]
        nodes = [int(self._ends[edge, 1 - chosen])]
        while after[nodes[-1]] != len(self.xy):
            nodes.append(int(after[nodes[-1]]))
        inner = [self._edge(u, v) for u, v in pairwise(nodes)]
        begin = 0.0 if self._ends[last, 0] == nodes[-1] else 1.0
        return [(edge, share, 1.0 - chosen), *inner, (last, begin, float(to.share[0]))]

    def _edge(self, u: int, v: int) -> tuple[int, float, float]:
        """The fastest edge from one node to another, in the direction in which it is driven."""
        m = self._turned
        row = np.arange(m.indptr[v], m.indptr[v + 1])
        row = row[m.indices[row] == u]
        edge = int(self._by[row[np.argmin(m.data[row])]])
        return (edge, 0.0, 1.0) if self._ends[edge, 0] == u else (edge, 1.0, 0.0)

    def _matrix(self) -> tuple[Any, Rows]:
        """Travel times turned round: row v has the nodes from which v is reached; and the edge of
        each entry. Of two roads between the same nodes both stand there."""
        from scipy.sparse import csr_array

        (a, b), n = self._ends.T, len(self.numbers)
        by = np.concatenate([np.flatnonzero(self._there), np.flatnonzero(self._back)])
        to = np.concatenate([b[self._there], a[self._back]])
        come = np.concatenate([a[self._there], b[self._back]])
        order = np.argsort(to, kind="stable")
        starts = np.concatenate([[0], np.cumsum(np.bincount(to, minlength=n))]).astype(np.int32)
        by = by[order]
        entries = (self._seconds[by], come[order].astype(np.int32), starts)
        return csr_array(entries, (n, n)), by


class _Lines:
    """The lines of the edges: points `xy`, those of edge e from first[e] on; pieces between two
    points; marks on the pieces by which the nearest is found."""

    def __init__(self, lines: Any, project: Project) -> None:
        flat = shapely.get_coordinates(lines)
        self.xy = np.column_stack(project(flat[:, 0], flat[:, 1]))
        counts = shapely.get_num_coordinates(lines)
        self.first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        owner = np.repeat(np.arange(len(lines)), counts)
        self._piece = np.flatnonzero(np.diff(owner) == 0)  # a piece by the point it begins at
        step = np.hypot(*np.diff(self.xy, axis=0).T) if len(self.xy) else np.zeros(0)
        step[np.diff(owner) != 0] = 0.0
        along = np.concatenate([[0.0], np.cumsum(step)]) if len(lines) else np.zeros(0)
        start = np.repeat(along[self.first[:-1]], counts)
        whole = np.repeat(along[self.first[1:] - 1] - along[self.first[:-1]], counts)
        self.share = (along - start) / np.where(whole > 0, whole, 1.0)
        self._owner = owner
        self._mark(step)

    def _mark(self, step: Array) -> None:
        count = np.maximum(np.ceil(step[self._piece] / APART), 1).astype(np.int64)
        self._of = np.repeat(self._piece, count)
        ends = np.cumsum(count)
        place = np.arange(len(self._of)) - np.repeat(ends - count, count)
        part = (place + 0.5) / np.repeat(count, count)
        start, end = self.xy[self._of], self.xy[self._of + 1]
        self._marks = start + part[:, None] * (end - start)
        low, high = self.share[self._of], self.share[self._of + 1]
        self._mark_share = low + part * (high - low)
        edges = np.arange(len(self.first))
        self._first_mark = np.searchsorted(self._owner[self._of], edges)
        from scipy.spatial import cKDTree

        self._tree = cKDTree(self._marks)

    @property
    def nbytes(self) -> int:
        own = (self.xy, self.first, self._piece, self.share, self._owner, self._of, self._marks,
               self._mark_share, self._first_mark)  # fmt: skip
        return sum(array.nbytes for array in own)

    def nearest(self, points: Array) -> Spots:
        """The nearest place on any piece: more marks are looked at until no other can be nearer."""
        n = len(points)
        found = Spots(np.zeros(n, np.int64), np.zeros(n), np.zeros(n))
        rows, many = np.arange(n), NEAR
        while len(rows):
            many = min(many, len(self._marks))
            far, marks = (column.reshape(len(rows), -1) for column in
                          self._tree.query(points[rows], k=many))  # fmt: skip
            spots = self._best(points[rows], self._of[marks])
            for name in ("edge", "share", "gap"):
                getattr(found, name)[rows] = getattr(spots, name)
            unsure = (far[:, -1] < spots.gap + APART / 2) & (many < len(self._marks))
            rows, many = rows[unsure], 4 * many
        return found

    def _best(self, points: Array, piece: Rows) -> Spots:
        """Of some pieces (n, k) of each point the nearest, and where on it."""
        start, along = self.xy[piece], self.xy[piece + 1] - self.xy[piece]
        square = np.maximum((along**2).sum(axis=-1), 1e-12)
        part = np.clip(((points[:, None] - start) * along).sum(axis=-1) / square, 0, 1)
        gap = np.linalg.norm(start + part[..., None] * along - points[:, None], axis=-1)
        best = np.arange(len(points)), np.argmin(gap, axis=1)
        piece, part = piece[best], part[best]
        low, high = self.share[piece], self.share[piece + 1]
        return Spots(self._owner[piece].astype(np.int64), low + part * (high - low), gap[best])

    def within(self, edge: Rows, begin: Array, end: Array) -> Array:
        """Points (n, 2) on parts of edges."""
        first = self._first_mark[edge]
        count = self._first_mark[edge + 1] - first
        ends = np.cumsum(count)
        rows = np.arange(count.sum()) + np.repeat(first - (ends - count), count)
        share = self._mark_share[rows]
        inside = (share >= np.repeat(begin, count)) & (share <= np.repeat(end, count))
        return np.asarray(self._marks[rows[inside]])

    def part(self, edge: int, low: float, high: float) -> Array:
        """The points of an edge from one share to another, which may be the smaller."""
        rows = slice(self.first[edge], self.first[edge + 1])
        xy, share = self.xy[rows], self.share[rows]
        least, most = min(low, high), max(low, high)
        inner = share[(share > least) & (share < most)]
        at = np.concatenate([[least], inner, [most]])
        points = np.column_stack([np.interp(at, share, xy[:, axis]) for axis in (0, 1)])
        return np.asarray(points if low <= high else points[::-1])


class Router:
    """Keeps the graph of the newest roads; builds and asks it on a thread of its own."""

    def __init__(self) -> None:
        self._worker = ThreadPoolExecutor(1, "roads", _give_way)
        self._graph: RoadGraph | None = None

    def renew(self, roads: Sequence[Edge], project: Project, aside: float) -> None:
        """From now on answer by these roads."""
        self._worker.submit(self._build, roads, project, aside)

    def ask(self, question: Callable[[RoadGraph | None], R]) -> Future[R]:
        """Put a question to the graph; None is asked where there are no roads."""
        return self._worker.submit(lambda: question(self._graph))

    def close(self) -> None:
        self._worker.shutdown(cancel_futures=True)

    def _build(self, roads: Sequence[Edge], project: Project, aside: float) -> None:
        graph = RoadGraph(roads, project, aside)
        self._graph = graph if graph.edges else None


def _give_way() -> None:
    """The screen goes first: how far units come within minutes takes a second of a core."""
    platform.be_nice(NICE, thread=True)


def _joined(parts: Sequence[Array]) -> Array:
    """Lines as one, without the points at which they meet twice over."""
    xy = np.concatenate(parts)
    moves = np.concatenate([[True], np.abs(np.diff(xy, axis=0)).max(axis=1) > 1e-6])
    return np.asarray(xy[moves])
