"""Units of a demo city: on their rounds along the roads, and driving to where they are sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from commandwall import codes
from commandwall.clock import MINUTE, SECOND, Ms
from commandwall.pool.demo.plane import Array, Plane, stream
from commandwall.pool.demo.roads import Roads
from commandwall.resources import FIX_DTYPE, Resource

ROUND = 5_000.0
"""Metres: how far a patrol goes from where it is."""
ON_TASK = 1.5
"""A unit on its way to a task is so much faster than on patrol."""
LOST_FOR = 7 * MINUTE
"""How long before the start a lost unit was last heard of."""
STAY = 14 * MINUTE
"""How long a unit stays where it was sent."""


@dataclass(slots=True)
class Unit:
    """One unit and the way it is on: points (n, 2) metres, distances, and when it began."""

    resource: Resource
    speed: float  # metres per second
    beat: int  # ms between two fixes
    path: Array
    along: Array
    began: Ms
    status: str
    task: str = ""  # the event it was sent to
    left: Ms = field(default=Ms(0))

    def arrives(self) -> Ms:
        return Ms(self.began + int(self.along[-1] / self.speed * SECOND))

    def at(self, now: Ms) -> Array:
        gone = max(0.0, (now - self.began) / SECOND * self.speed)
        return np.array([np.interp(gone, self.along, self.path[:, axis]) for axis in (0, 1)])


class Patrols:
    """All units; `fixes` moves them to a moment. Deterministic for seed, start and tasks."""

    def __init__(
        self, resources: list[Resource], roads: Roads, plane: Plane, seed: int, start: Ms
    ) -> None:
        self._roads, self._plane, self._start = roads, plane, start
        self._rng = stream(seed, f"patrols {start}")
        self._edge = _edges(roads)
        self._net = _net(roads, self._edge)
        self._tree = cKDTree(roads.nodes)
        self.units = [self._placed(resource, start) for resource in resources]
        self._by_name = {unit.resource.name: unit for unit in self.units}
        self._by_name.update({unit.resource.id: unit for unit in self.units})

    def fixes(self, before: Ms, now: Ms) -> NDArray[np.void]:
        """FIX_DTYPE of the units whose beat falls between two moments."""
        rows = []
        for unit in self.units:
            beat = unit.beat if unit.status != "idle" else 6 * unit.beat
            if unit.status == "lost" or now // beat == before // beat:
                continue
            self._go_on(unit, now)
            lon, lat = self._plane.degrees(unit.at(now)[None])[0]
            rows.append((unit.resource.no, now, lon, lat))
        return np.array(rows, FIX_DTYPE)

    def all_fixes(self, now: Ms) -> NDArray[np.void]:
        """Every unit's position, so that a new picture is whole; lost ones some time ago."""
        for unit in self.units:
            self._go_on(unit, now)
        at = self._plane.degrees(np.array([unit.at(now) for unit in self.units]))
        ago = [now - self._start + LOST_FOR if unit.status == "lost" else 0 for unit in self.units]
        rows = zip(self.units, at.tolist(), ago, strict=True)
        return np.array(
            [(u.resource.no, now - a, lon, lat) for u, (lon, lat), a in rows], FIX_DTYPE
        )

    def send(self, who: str, task: str, lonlat: Array, now: Ms) -> Unit | None:
        """Send a unit (name or id) to a place; None where no such unit is free or it is there."""
        unit = self._by_name.get(who)
        if unit is None or unit.task or unit.status == "lost":
            return None
        self._travel(unit, self._plane.metres(lonlat[None])[0], now)
        unit.task, unit.status = task, "en_route"
        return unit

    def nearest(self, kind: str, lonlat: Array, now: Ms) -> str:
        """Name of the nearest free unit of a kind, or ""."""
        target = self._plane.metres(lonlat[None])[0]
        free = [
            u for u in self.units if u.resource.kind == kind and not u.task and u.status != "lost"
        ]
        far = [float(np.hypot(*(unit.at(now) - target))) for unit in free]
        return free[int(np.argmin(far))].resource.name if free else ""

    def changed(self, now: Ms) -> list[Unit]:
        """Units whose status turns now: arrived, or done and back on patrol."""
        turned = []
        for unit in self.units:
            if unit.status == "en_route" and unit.arrives() <= now:
                unit.status, unit.left = "on_scene", Ms(now + STAY)
                turned.append(unit)
            elif unit.status == "on_scene" and unit.left <= now:
                unit.status, unit.task = "patrol", ""
                turned.append(unit)
        return turned

    def _placed(self, resource: Resource, start: Ms) -> Unit:
        facts = codes.load("resource_kind")[resource.kind].facts
        home = self._plane.metres(np.array([[resource.lon, resource.lat]]))[0]
        unit = Unit(
            resource,
            float(facts["kmh"]) / 3.6,
            int(facts["beat"]) * SECOND,
            np.array([home, home]),
            np.array([0.0, 1.0]),
            start,
            resource.status,
        )
        if unit.status == "patrol":
            self._round(unit, start)
            unit.began = Ms(start - int(self._rng.random() * (unit.arrives() - start)))
        return unit

    def _go_on(self, unit: Unit, now: Ms) -> None:
        while unit.status == "patrol" and unit.arrives() <= now:
            self._round(unit, unit.arrives())

    def _round(self, unit: Unit, when: Ms) -> None:
        """A new destination within the round of the unit's station."""
        here = unit.at(when)
        home = self._plane.metres(np.array([[unit.resource.lon, unit.resource.lat]]))[0]
        target = home + self._rng.normal(0, ROUND / 2.2, 2)
        self._set(unit, self._way(unit, here, target), when)

    def _travel(self, unit: Unit, target: Array, now: Ms) -> None:
        path = np.vstack([self._way(unit, unit.at(now), target), target])
        self._set(unit, path, now)
        unit.along = unit.along / ON_TASK

    def _set(self, unit: Unit, path: Array, when: Ms) -> None:
        steps = np.hypot(*np.diff(path, axis=0).T)
        unit.path, unit.began = path, when
        unit.along = np.concatenate([[0.0], np.cumsum(np.maximum(steps, 0.01))])

    def _way(self, unit: Unit, here: Array, target: Array) -> Array:
        """Points from here to a target: along roads, or straight through the air."""
        if unit.resource.kind == "drone":
            return np.array([here, target])
        start, end = (int(n) for n in self._tree.query(np.array([here, target]))[1])
        before = dijkstra(self._net, indices=start, return_predecessors=True)[1]
        nodes = [end]
        while nodes[-1] != start and before[nodes[-1]] >= 0:
            nodes.append(int(before[nodes[-1]]))
        nodes.reverse()
        return np.vstack([here, *self._lines(nodes), self._roads.nodes[end]])

    def _lines(self, nodes: list[int]) -> list[Array]:
        lines = []
        for a, b in pairwise(nodes):
            edge = self._edge[(a, b)]
            points = shapely.get_coordinates(self._roads.lines[edge])
            lines.append(points if self._roads.a[edge] == a else points[::-1])
        return lines


def _edges(roads: Roads) -> dict[tuple[int, int], int]:
    """The quickest edge from one node to another; a oneway leads there only."""
    back = np.flatnonzero(~roads.oneway)
    edge = np.concatenate([np.arange(len(roads.a)), back])
    start = np.concatenate([roads.a, roads.b[back]])
    end = np.concatenate([roads.b, roads.a[back]])
    slow = np.argsort(-roads.lengths[edge] / roads.speeds[edge], kind="stable")
    ends = zip(start[slow].tolist(), end[slow].tolist(), strict=True)
    return dict(zip(ends, edge[slow].tolist(), strict=True))


def _net(roads: Roads, edges: dict[tuple[int, int], int]) -> csr_array:
    """Seconds from node to node."""
    start, end = np.array(list(edges)).T
    of = np.array(list(edges.values()))
    seconds = roads.lengths[of] / (roads.speeds[of] / 3.6)
    return csr_array(coo_array((seconds, (start, end)), shape=(len(roads.nodes),) * 2))
