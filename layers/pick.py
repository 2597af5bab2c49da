"""Picking: what lies under the pointer. Marks first, then small things, then the area."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import shapely

from commandwall.areas import Area
from layers import geometry
from layers.scene import Dots, Scene, Stamps, shows
from layers.viewport import Viewport

REACH = 12.0
"""Design pixels around the pointer in which the nearest thing is meant."""
FAR, NEAR = 1.4, 0.6
"""Parts of the reach for marks, and for the small dots among them."""
AROUND = 1_000
"""Rows before the place of something in which it is looked for first."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A record under the pointer: its kind (alarm, event, resource, sensor, area ...) and id."""

    kind: str
    id: str
    x: float  # sheet metres
    y: float
    count: int = 1  # things that the mark stands for


def mark_at(scene: Scene, view: Viewport, px: float, py: float) -> Hit | None:
    """The uppermost pickable thing within reach of a device pixel."""
    for item in reversed(list(scene.items())):
        if isinstance(item, Stamps | Dots) and item.of and shows(item.between, view.design_mpp):
            hit = _nearest(item, view, *view.sheet(px, py))
            if hit is not None:
                return hit
    return None


def _nearest(item: Stamps | Dots, view: Viewport, x: float, y: float) -> Hit | None:
    part = FAR if isinstance(item, Stamps) else NEAR
    reach = REACH * part * view.unit * view.mpp
    if isinstance(item, Dots):  # these lie in the order of y
        rows = np.arange(*np.searchsorted(item.y, [y - reach, y + reach]))
        counts = np.ones(len(rows), np.int64)
    else:
        side = max(2, round(2 * reach / view.mpp))
        rows, counts = item.shown(replace(view, cx=x, cy=y, width=side, height=side))
    if not len(rows):
        return None
    far = np.hypot(item.x[rows] - x, item.y[rows] - y)
    best = int(np.argmin(np.where(np.isfinite(far), far, np.inf)))
    if not far[best] <= reach:
        return None
    i = int(rows[best])
    return Hit(item.of, item.ids[i], float(item.x[i]), float(item.y[i]), int(counts[best]))


class Spot(NamedTuple):
    """Where a thing is drawn: its row among those of its kind, and sheet metres."""

    row: int
    x: float
    y: float


def located(scene: Scene, kind: str, id_: str, near: int = 0) -> Spot | None:
    """Where a pickable thing is drawn; None where it is not. `near`: its row when it was last
    looked for, since of a hundred thousand few change their places."""
    for item in scene.items():
        if isinstance(item, Stamps | Dots) and kind and item.of == kind:
            begin = max(0, near - AROUND)
            for span in ((begin, len(item.ids)), (0, begin)):
                with suppress(ValueError):  # it is none of these
                    i = item.ids.index(id_, *span)
                    return Spot(i, float(item.x[i]), float(item.y[i]))
    return None


class AreaFinder:
    """Which area of a level holds a point; exact, a few microseconds each."""

    def __init__(self, areas: list[Area], scene: Scene) -> None:
        self._levels: dict[int, tuple[list[str], Any]] = {}
        for level in sorted({a.level for a in areas}):
            here = [a for a in areas if a.level == level]
            self._levels[level] = (
                [a.id for a in here],
                shapely.STRtree(geometry.decode([a.geom for a in here])),
            )

    def at(self, lon: float, lat: float, level: int) -> str:
        """Code of the area of that level, or of the finest coarser one; "" outside all."""
        point = shapely.Point(lon, lat)
        for known in sorted((k for k in self._levels if k <= level), reverse=True):
            ids, tree = self._levels[known]
            found = tree.query(point, predicate="intersects")
            if len(found):
                return ids[int(found[0])]
        return ""
