"""Picking: what lies under the pointer. Marks first, then small things, then the area."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from commandwall.areas import Area
from layers import geometry
from layers.scene import Dots, Scene, Stamps, shows
from layers.viewport import Viewport

REACH = 12.0
"""Design pixels around the pointer in which the nearest thing is meant."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A record under the pointer: its kind (alarm, event, resource, sensor, area ...) and id."""

    kind: str
    id: str
    x: float  # sheet metres
    y: float


def mark_at(scene: Scene, view: Viewport, px: float, py: float) -> Hit | None:
    """The uppermost pickable thing within reach of a device pixel."""
    x, y = view.sheet(px, py)
    reach = REACH * view.unit * view.mpp
    for item in reversed(list(scene.items())):
        if isinstance(item, Stamps | Dots) and item.of and shows(item.between, view.design_mpp):
            hit = _nearest(item, x, y, reach * (1.4 if isinstance(item, Stamps) else 0.6))
            if hit is not None:
                return hit
    return None


def _nearest(item: Stamps | Dots, x: float, y: float, reach: float) -> Hit | None:
    a, b = 0, len(item.x)
    if isinstance(item, Dots):  # these lie in the order of y
        a, b = (int(i) for i in np.searchsorted(item.y, [y - reach, y + reach]))
    if b <= a:
        return None
    far = np.hypot(item.x[a:b] - x, item.y[a:b] - y)
    if isinstance(item, Stamps):
        far = np.where(item.sprite[a:b] >= 0, far, np.inf)
    i = int(np.argmin(np.where(np.isfinite(far), far, np.inf)))
    if not far[i] <= reach:
        return None
    return Hit(item.of, item.ids[a + i], float(item.x[a + i]), float(item.y[a + i]))


def located(scene: Scene, kind: str, id_: str) -> tuple[float, float] | None:
    """Where a pickable thing is drawn (sheet metres); None where it is not."""
    for item in scene.items():
        if isinstance(item, Stamps | Dots) and kind and item.of == kind and id_ in item.ids:
            i = list(item.ids).index(id_)
            return float(item.x[i]), float(item.y[i])
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
