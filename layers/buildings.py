"""Buildings 楼栋: quiet blocks; on request in their colour of the registry 红黄蓝绿."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from PySide6.QtGui import QPainterPath

from commandwall import codes
from commandwall.areas import Building, BuildingColour
from commandwall.picture import Changes, Picture
from layers import geometry
from layers.base import Layer
from layers.geometry import NOTHING, Project, Shapes
from layers.overlay import outline
from layers.scene import Fill, Scene
from layers.style import DISTRICT, STREET, Style
from layers.tint import mix

STRENGTH = 0.6


@dataclass(frozen=True, slots=True, eq=False)
class Blocks:
    """All buildings as shapes, found by a point. Built beside the screen's thread."""

    ids: tuple[str, ...] = ()
    shapes: Shapes = NOTHING
    tree: Any = None

    def at(self, lon: float, lat: float) -> str:
        """The building that holds a point; "" where none does."""
        if self.tree is None:
            return ""
        found = self.tree.query(shapely.Point(lon, lat), predicate="intersects")
        return self.ids[int(found[0])] if len(found) else ""

    def outline(self, ids: Collection[str]) -> QPainterPath | None:
        """The borders of some buildings in sheet metres; None where none is known."""
        return outline(self.shapes, [i for i, key in enumerate(self.ids) if key in ids])


def blocks(ids: tuple[str, ...], wkb: list[bytes], project: Project) -> Blocks:
    """The shapes and the index of buildings; slow, and safe on any thread."""
    tree = shapely.STRtree(geometry.decode(wkb))
    return Blocks(ids, geometry.polygons(wkb, project), tree)


class BuildingsLayer(Layer):
    """`registry` colours the blocks; it changes nothing else."""

    id, title, order = "buildings", "楼栋", 20
    shows = frozenset({Building, BuildingColour})

    def __init__(self) -> None:
        super().__init__()
        self.registry = False
        self.blocks = Blocks()
        self._plane: object = None
        self._awaited = 0  # builds under way: what comes after them must wait its turn

    def refresh(self, picture: Picture, changes: Changes, scene: Scene) -> None:
        buildings = list(picture.buildings.values())
        self.count = len(buildings)
        kinds = [b.kind for b in buildings]
        given = picture.building_colours
        colours = [given.get(b.id, "") if self.registry else "" for b in buildings]
        same = len(self.blocks.ids) == len(buildings) and self._plane is scene.plane
        if same and not self._awaited and not changes.records.get(Building):
            self._draw(self.blocks, kinds, colours, scene)
            return
        self._plane, self._awaited = scene.plane, self._awaited + 1
        ids, wkb = tuple(b.id for b in buildings), [b.geom for b in buildings]

        def take(made: Blocks) -> None:
            self._awaited -= 1
            self._draw(made, kinds, colours, scene)

        scene.later(lambda: blocks(ids, wkb, scene.project), take)

    def _draw(self, made: Blocks, kinds: list[str], colours: list[str], scene: Scene) -> None:
        self.blocks, style = made, scene.style
        works, other = style.paint("works"), style.paint("building")
        grey = np.array([works if kind == "works" else other for kind in kinds], np.uint32)
        paints = registry_paints(style)
        listed = np.array([paints.get(colour, 0) for colour in colours], np.uint32)
        near = np.where(listed > 0, listed, grey).astype(np.uint32)
        scene.draw(
            self,
            Fill(made.shapes, grey, style.span(DISTRICT)),
            Fill(made.shapes, near, style.span(STREET)),
        )


def registry_paints(style: Style) -> dict[str, int]:
    """Colour of the registry -> its pixel on the map."""
    rows = codes.load("building_colour").values()
    return {c.id: mix(style, "land", str(c.facts["token"]), STRENGTH) for c in rows}
