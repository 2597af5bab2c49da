"""Roads of OpenStreetMap: its ways cut where they meet, as edges of the road graph.

Every way ends once. Edges keep the way's number and their place in it, and nodes keep theirs: a
second import finds everything as it was.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import shapely
from pyproj import Geod

from commandwall import codes
from commandwall.areas import Road
from commandwall.pool.imports import osm, text
from commandwall.pool.imports.judged import Progress
from commandwall.pool.imports.osm import Way
from commandwall.pool.imports.pool_rows import PoolRows, aside
from commandwall.pool.imports.report import IMPORTED, MERGED, QUARANTINED, Ledger, Outcome, Report
from commandwall.pool.imports.trouble import limit

BATCH = 2_000
PREFIX = "osm-"
_EARTH = Geod(ellps="WGS84")


class Judged(NamedTuple):
    """How a way ends: edges to write, and edges it had before and has no more."""

    outcome: Outcome
    fresh: Sequence[Road] = ()
    stale: Sequence[Road] = ()
    original: Any = None


def run(pool: PoolRows, path: Path, within: str, ledger: Ledger, progress: Progress) -> Report:
    """Import the roads of a file that touch the city, or the area `within`. Raises ImportTrouble.

    The whole file is read before anything is written.
    """
    report = Report(path.name)
    ways = list(_near(osm.ways(path, lambda n: progress(n, 0)), osm.reach(pool, within), report))
    report.rows = len(ways)
    cutter = Cutter(ways, report.notes)
    held = _held(pool)
    if ways:
        osm.credit(pool)  # before the data: they may never be shown without
    for start in range(0, len(ways), BATCH):
        batch = [
            _judged(number, way, cutter, held.get(way.id, {}))
            for number, way in enumerate(ways[start : start + BATCH], start + 1)
        ]
        _write(pool, ledger, report, batch)
        progress(min(start + BATCH, len(ways)), len(ways))
    return report


class Cutter:
    """Cuts ways at the nodes that they share."""

    def __init__(self, ways: Sequence[Way], notes: Counter[str]) -> None:
        nodes = np.concatenate([w.nodes for w in ways]) if ways else np.zeros(0, np.int64)
        self._numbers, counts = np.unique(nodes, return_counts=True)
        self._shared, self._notes = counts > 1, notes
        rows = codes.load("road_class").values()
        self._speed = {row.id: float(row.facts["speed"]) for row in rows}

    def edges(self, way: Way) -> list[Road]:
        """The edges of a way in its order; none where it is no line."""
        name = self._name(way.name)
        usual = self._speed[way.cls]
        speed = min(usual, way.limit) if way.limit else usual
        found: list[Road] = []
        for first, last in pairwise(self._cuts(way)):
            xy = way.xy[first : last + 1]
            length = round(_EARTH.line_length(xy[:, 0], xy[:, 1]), 1)
            a, b = int(way.nodes[first]), int(way.nodes[last])
            geom = shapely.to_wkb(shapely.linestrings(xy))
            id_ = f"{PREFIX}{way.id}-{len(found)}"
            if length > 0:
                found.append(Road(id_, way.cls, name, a, b, length, speed, geom, way.oneway))
        return found

    def _cuts(self, way: Way) -> list[int]:
        last = len(way.nodes) - 1
        shared = self._shared[np.searchsorted(self._numbers, way.nodes)]
        inner = (np.flatnonzero(shared[1:-1]) + 1).tolist()
        return [0, *inner, last] if last > 0 else []

    def _name(self, said: str) -> str:
        cleaned = text.clean(said)
        self._notes["cleaned"] += bool(cleaned.removed)
        return text.shortened(text.line(cleaned.text), limit("line"))


def _near(ways: Iterator[Way | None], reach: osm.Reach, report: Report) -> Iterator[Way]:
    """The ways to import; those left out are counted beside the rows."""
    for way in ways:
        if way is None:
            report.notes["paths"] += 1
        elif len(way.nodes) < 2 or reach.meets(way.xy):
            yield way
        else:
            report.notes["beyond"] += 1


def _held(pool: PoolRows) -> dict[int, dict[str, Road]]:
    """The edges that the pool has of each way."""
    held: dict[int, dict[str, Road]] = defaultdict(dict)
    for road in pool.all(Road):
        number = road.id.removeprefix(PREFIX).partition("-")[0]
        if road.id.startswith(PREFIX) and number.isdigit():
            held[int(number)][road.id] = road
    return held


def _judged(number: int, way: Way, cutter: Cutter, held: Mapping[str, Road]) -> Judged:
    id_, edges = f"{PREFIX}{way.id}", cutter.edges(way)
    if not edges:
        refused = Outcome(number, QUARANTINED, "", "geometry", "line")
        return Judged(refused, original={"way": way.id, "name": way.name, "xy": way.xy.tolist()})
    fresh = [e for e in edges if e.id not in held or replace(e, rev=held[e.id].rev) != held[e.id]]
    stale = [road for key, road in held.items() if key not in {e.id for e in edges}]
    if not fresh and not stale:
        return Judged(Outcome(number, MERGED, id_, "", "known"))
    return Judged(Outcome(number, IMPORTED, id_, "", "changed" if held else "new"), fresh, stale)


def _write(pool: PoolRows, ledger: Ledger, report: Report, batch: Sequence[Judged]) -> None:
    kept = [aside(j.outcome, "roads", report.file, j.original) for j in batch if j.original]
    fresh = [road for j in batch for road in j.fresh]
    pool.put(fresh, kept, [road for j in batch for road in j.stale])
    ledger.write([j.outcome for j in batch], kept)
    report.add([j.outcome for j in batch])
