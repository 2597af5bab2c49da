"""Areas 辖区 at four levels: who owns the ground, border lines, names; and the web of grids."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from commandwall.areas import CITY as CITY_AREA
from commandwall.areas import GRID, TOWN, VILLAGE, Area
from commandwall.picture import Changes, Picture
from layers import geometry
from layers.base import Layer
from layers.scene import Item, Line, Names, Scene, Territory
from layers.style import CITY, DISTRICT, STREET

SHOWN = {CITY: TOWN, DISTRICT: VILLAGE, STREET: GRID}
"""Map level -> the level of areas that it tells apart."""


def rows_of(picture: Picture) -> list[Area]:
    """The areas of the four levels, coarsest first: row i is pixel number i + 1 of the ground."""
    known = (a for a in picture.areas.values() if a.level <= GRID)
    return sorted(known, key=lambda area: (area.level, area.id))


def levels_of(rows: list[Area]) -> NDArray[np.int64]:
    return np.array([area.level for area in rows], np.int64)


class AreasLayer(Layer):
    """Ground ownership, town and city lines, and the names of what the scale tells apart."""

    id, title, order = "areas", "辖区", 40
    shows = frozenset({Area})

    def refresh(self, picture: Picture, changes: Changes, scene: Scene) -> None:
        rows = rows_of(picture)
        self.count = len(rows)
        style = scene.style

        def make() -> tuple[Item, ...]:
            shapes, lines = _outlines(rows, scene)
            level = levels_of(rows)
            upto = [int(np.searchsorted(level, SHOWN[m], side="right")) for m in range(3)]
            return (
                Territory(shapes, (upto[0], upto[1], upto[2])),
                *_lines("town", lines, TOWN, style), *_lines("city", lines, CITY_AREA, style),
            )  # fmt: skip

        names = [_names(rows, m, scene) for m in range(3)]
        scene.later(make, lambda items: scene.draw(self, *items, *names))


class GridLinesLayer(Layer):
    """Lines of villages and grids, below the roads."""

    id, title, order = "grids", "村社与网格线", 24
    shows = frozenset({Area})

    def refresh(self, picture: Picture, changes: Changes, scene: Scene) -> None:
        rows = rows_of(picture)
        self.count = sum(area.level == GRID for area in rows)
        style = scene.style

        def make() -> tuple[Item, ...]:
            _, lines = _outlines(rows, scene)
            return (*_lines("grid", lines, GRID, style), *_lines("village", lines, VILLAGE, style))

        scene.later(make, lambda items: scene.draw(self, *items))


def _outlines(rows: list[Area], scene: Scene) -> tuple[geometry.Shapes, list[geometry.Floats]]:
    """The areas as shapes, and their borders by level."""

    def make() -> tuple[geometry.Shapes, list[geometry.Floats]]:
        shapes = geometry.polygons([area.geom for area in rows], scene.project)
        return shapes, geometry.borders(shapes, levels_of(rows))

    return scene.share("areas", rows, make)


def _lines(name: str, lines: list[geometry.Floats], level: int, style: Any) -> list[Line]:
    if level >= len(lines):
        return []
    widths = style.map["line"][name]["width"]
    return [
        Line(lines[level], style.paint(name), widths[m], between=style.span(m))
        for m in range(3) if widths[m] > 0
    ]  # fmt: skip


def _names(rows: list[Area], map_level: int, scene: Scene) -> Names:
    chosen = [area for area in rows if area.level == SHOWN[map_level]]
    x, y = scene.project([a.lon for a in chosen], [a.lat for a in chosen])
    role = ("town", "village", "grid")[map_level]
    between = scene.style.span(map_level)
    return Names(x, y, [a.name for a in chosen], role, rank=5, between=between)
