"""Drill-down: which areas there are, where they lie, and which one was entered."""

from __future__ import annotations

import numpy as np
import shapely
from PySide6.QtGui import QPainterPath

from commandwall.areas import CITY, GRID, Area
from commandwall.picture import Picture
from layers import geometry
from layers.overlay import outline
from layers.pick import AreaFinder
from layers.scene import Scene

Bounds = tuple[float, float, float, float]


class Drill:
    """Knows the tree of areas."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.areas: dict[str, Area] = {}
        self.city = ""
        self.sketched: frozenset[int] = frozenset()
        """Levels whose outlines are generated, not surveyed."""
        self._finder: AreaFinder | None = None

    def take(self, picture: Picture) -> None:
        """Learn the areas anew; what was entered is left if it is gone."""
        self.areas = {a.id: a for a in picture.areas.values() if a.level <= GRID}
        self.sketched = frozenset(a.level for a in self.areas.values() if a.sketch)
        top = min(self.areas.values(), key=lambda a: (a.level, a.id), default=None)
        self.city = top.id if top is not None and top.level == CITY else ""
        self._finder = None
        if self.scene.focus not in self.areas:
            self.scene.focus = ""

    def origin(self, picture: Picture) -> tuple[float, float] | None:
        """Where the sheet is laid: the city's own point, else the middle of what there is."""
        if self.city in picture.areas:
            kept = picture.areas[self.city]
            return kept.lon, kept.lat
        cities = sorted(a.id for a in picture.areas.values() if a.level == CITY)
        if cities:
            return picture.areas[cities[0]].lon, picture.areas[cities[0]].lat
        areas = list(picture.areas.values())
        if not areas:
            return None
        return float(np.mean([a.lon for a in areas])), float(np.mean([a.lat for a in areas]))

    def bounds(self, code: str) -> Bounds | None:
        """Sheet metres of an area; of everything for "" ; None where no shape is known."""
        chosen = [self.areas[code]] if code in self.areas else list(self.areas.values())
        if not chosen or self.scene.plane is None:
            return None
        west, south, east, north = shapely.total_bounds(geometry.decode([a.geom for a in chosen]))
        if not np.isfinite([west, south, east, north]).all():
            return None
        x, y = self.scene.project([west, east], [north, south])
        return float(x[0]), float(y[0]), float(x[1]), float(y[1])

    def at(self, x: float, y: float, level: int) -> str:
        """Code of the area of a level (or the finest coarser one) at a point of the sheet."""
        if self._finder is None:
            self._finder = AreaFinder(list(self.areas.values()), self.scene)
        return self._finder.at(*self.scene.degrees(x, y), level)

    def path(self) -> list[str]:
        """Codes from the city down to the area that was entered."""
        code = self.scene.focus
        path: list[str] = []
        while code in self.areas and code not in path:
            path.insert(0, code)
            code = self.areas[code].parent
        if self.city and self.city not in path:
            path.insert(0, self.city)
        return path

    def parent(self) -> str:
        """The area around the one that was entered; "" for the whole city."""
        parent = self.areas[self.scene.focus].parent if self.scene.focus in self.areas else ""
        return parent if parent in self.areas and parent != self.city else ""

    def outline(self, code: str) -> QPainterPath | None:
        """The border of an area in sheet metres; None where it is not known."""
        if code not in self.areas or self.scene.plane is None:
            return None
        return outline(geometry.polygons([self.areas[code].geom], self.scene.project), [0])
