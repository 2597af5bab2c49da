"""Pipe lines 管线 by the devices that watch them: how a piece stands, and which device says so.

A device watches the pieces of a kind (list `pipe_kind`, `watched_by`) that it stands on. Pure over
the records and the live columns; nothing of it is stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from commandwall import codes
from commandwall.areas import Pipe
from commandwall.arrays import SensorArrays
from commandwall.sensors import GOOD

CALM, SILENT = 0, 5
"""How a piece stands, beside 1..4, the severities: nothing is wrong; no device of it says so."""
METRES = 111_320.0
"""Of a degree of latitude."""
Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """Which devices watch which pieces: of piece `pipes[i]`, the rows `rows[first[i]:first[i + 1]]`
    of the sensor arrays. Pieces without any are not in it."""

    pipes: tuple[Pipe, ...]
    first: Rows
    rows: Rows

    def states(self, severity: NDArray[np.uint8], quality: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """How each piece stands: as the worst of its devices."""
        if not len(self.rows):
            return np.zeros(0, np.uint8)
        worst = np.minimum.reduceat(_order(severity, quality)[self.rows], self.first[:-1])
        return np.where(worst > SILENT, CALM, worst).astype(np.uint8)


def network(pipes: Sequence[Pipe], sensors: SensorArrays) -> Network:
    """Of all pieces and devices of a city; some hundred milliseconds for the largest."""
    kinds = _by_kind(pipes)
    pieces = [pipe for some in kinds.values() for pipe in some]
    before = np.cumsum([0, *(len(some) for some in kinds.values())]).tolist()
    found = [watchers(kind, some, sensors) for kind, some in kinds.items()]
    none = np.zeros(0, np.intp)
    piece = np.concatenate([none, *(p + n for (p, _), n in zip(found, before, strict=False))])
    rows = np.concatenate([none, *(some for _, some in found)])
    kept, first = np.unique(piece, return_index=True)
    return Network(tuple(pieces[i] for i in kept.tolist()), np.append(first, len(rows)), rows)


def worst(pipe: Pipe, sensors: SensorArrays) -> tuple[int | None, int]:
    """Row of the device that says how one piece stands, the worst and of these the one heard
    longest ago, and how many watch it; None for none."""
    _, rows = watchers(pipe.kind, [pipe], sensors)
    if not len(rows):
        return None, 0
    order = _order(sensors.severity, sensors.quality)[rows]
    return int(rows[np.lexsort((sensors.at[rows], order))[0]]), len(rows)


def watchers(kind: str, pipes: Sequence[Pipe], sensors: SensorArrays) -> tuple[Rows, Rows]:
    """Pieces of one kind, and rows of the devices that stand on them, in pairs by piece."""
    row = codes.load("pipe_kind").get(kind)
    wanted = row.facts["watched_by"] if row is not None else ()
    some = np.flatnonzero(np.isin(sensors.cls_index, _numbers(sensors.classes, wanted)))
    if not len(some):
        return np.zeros(0, np.intp), np.zeros(0, np.intp)
    lines = shapely.from_wkb(np.array([p.geom for p in pipes], object), on_invalid="ignore")
    wide = float(np.cos(np.radians(np.nanmean(sensors.lat[some])))) * METRES
    lines = shapely.transform(lines, lambda xy: xy * [wide, METRES])
    points = shapely.points(sensors.lon[some] * wide, sensors.lat[some] * METRES)
    reach = codes.limit("pipe_reach_m")
    device, piece = shapely.STRtree(lines).query(points, predicate="dwithin", distance=reach)
    by_piece = np.argsort(piece, kind="stable")
    return piece[by_piece], some[device[by_piece]]


def _by_kind(pipes: Sequence[Pipe]) -> dict[str, list[Pipe]]:
    found: dict[str, list[Pipe]] = {}
    for pipe in pipes:
        found.setdefault(pipe.kind, []).append(pipe)
    return found


def _numbers(classes: Sequence[str], wanted: Sequence[str]) -> list[int]:
    return [i for i, cls in enumerate(classes) if cls in wanted]


def _order(severity: NDArray[Any], quality: NDArray[Any]) -> NDArray[np.uint8]:
    """The worst first: what is beyond a limit, also by the last that was heard; then what nobody
    knows, since unknown is not normal; then calm."""
    quiet = np.where(quality == GOOD, SILENT + 1, SILENT)
    return np.where(severity > 0, np.minimum(severity, 4), quiet).astype(np.uint8)
