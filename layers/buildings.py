"""Buildings 楼栋: quiet blocks; on request in their colour of the registry 红黄蓝绿."""

from __future__ import annotations

import numpy as np

from commandwall.areas import Building, BuildingColour
from commandwall.picture import Changes, Picture
from layers import geometry
from layers.base import Layer
from layers.geometry import NOTHING, Shapes
from layers.scene import Fill, Scene
from layers.style import DISTRICT, STREET
from layers.tint import mix

TOKENS = {"red": "s1", "yellow": "s3", "blue": "s4", "green": "ok"}
STRENGTH = 0.6


class BuildingsLayer(Layer):
    """`registry` colours the blocks; it changes nothing else."""

    id, title, order = "buildings", "楼栋", 20
    shows = frozenset({Building, BuildingColour})

    def __init__(self) -> None:
        super().__init__()
        self.registry = False
        self._shapes: Shapes = NOTHING

    def refresh(self, picture: Picture, changes: Changes, scene: Scene) -> None:
        buildings = list(picture.buildings.values())
        self.count = len(buildings)
        colours = dict(picture.building_colours)
        if Building not in changes.kinds and len(self._shapes) == len(buildings):
            self._draw(buildings, colours, self._shapes, scene)
            return
        wkb = [b.geom for b in buildings]
        scene.later(
            lambda: geometry.polygons(wkb, scene.project),
            lambda shapes: self._draw(buildings, colours, shapes, scene),
        )

    def _draw(
        self, buildings: list[Building], colours: dict[str, str], shapes: Shapes, scene: Scene
    ) -> None:
        self._shapes = shapes
        style = scene.style
        plain = {k: style.paint("works" if k == "works" else "building") for k in ("works", "")}
        grey = np.array([plain["works" if b.kind == "works" else ""] for b in buildings], np.uint32)
        near = grey
        if self.registry:
            paints = {k: mix(style, "land", token, STRENGTH) for k, token in TOKENS.items()}
            listed = [paints.get(colours.get(b.id, ""), 0) for b in buildings]
            near = np.where(np.array(listed, np.uint32) > 0, np.array(listed, np.uint32), grey)
        scene.draw(
            self,
            Fill(shapes, grey, style.span(DISTRICT)),
            Fill(shapes, near.astype(np.uint32), style.span(STREET)),
        )
