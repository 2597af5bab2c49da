"""The ground of the map: hills and parks, built-up land, water."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import shapely

from commandwall.areas import CITY, Area, Feature
from commandwall.picture import Changes, Picture
from layers import geometry
from layers.base import Layer
from layers.scene import EVER, Fill, Item, Names, Scene, Span
from layers.style import STREET


class GroundLayer(Layer):
    """Features of some kinds in one colour."""

    kinds: ClassVar[frozenset[str]] = frozenset()
    colour: ClassVar[str] = ""
    veil: ClassVar[float] = 0.0
    """Opacity of a fill through which the colour of the areas is seen; 0: solid."""
    shows = frozenset({Feature, Area})

    def refresh(self, picture: Picture, changes: Changes, scene: Scene) -> None:
        chosen = [f for f in picture.features.values() if f.kind in self.kinds]
        city = [a.geom for a in picture.areas.values() if a.level == CITY]
        self.count = len(chosen)
        scene.later(
            lambda: self._items([f.geom for f in chosen], [f.name for f in chosen], city, scene),
            lambda items: scene.draw(self, *items),
        )

    def _items(
        self, wkb: list[bytes], names: list[str], city: list[bytes], scene: Scene
    ) -> tuple[Item, ...]:
        return (self._fill(wkb, scene),)

    def _fill(self, wkb: list[bytes], scene: Scene, alpha: float = 1.0) -> Fill:
        shapes, style = geometry.polygons(wkb, scene.project), scene.style
        solid = style.paint(self.colour, alpha)
        colour = style.veil(self.colour, self.veil) if self.veil else solid
        return Fill(shapes, np.full(len(shapes), colour, np.uint32), self._between(scene))

    def _between(self, scene: Scene) -> Span:
        return EVER


class HillsLayer(GroundLayer):
    id, title, order = "hills", "山体绿地", 14
    kinds, colour = frozenset({"hill"}), "hill"
    veil = 0.3


class BuiltUpLayer(GroundLayer):
    id, title, order = "builtup", "建成区", 16
    kinds, colour = frozenset({"builtup"}), "builtup"
    veil = 0.08

    def _between(self, scene: Scene) -> Span:
        return (scene.style.span(STREET)[1], EVER[1])  # off at street level


class WaterLayer(GroundLayer):
    """Water, fainter outside the city, with its names at street level."""

    id, title, order = "water", "水系", 18
    kinds, colour = frozenset({"water"}), "water"

    def _items(
        self, wkb: list[bytes], names: list[str], city: list[bytes], scene: Scene
    ) -> tuple[Item, ...]:
        water = shapely.make_valid(geometry.decode(wkb))
        border = shapely.union_all(geometry.decode(city))
        inside, outside = shapely.intersection(water, border), shapely.difference(water, border)
        faint = scene.style.map["water"]["outside_alpha"]
        spots = shapely.point_on_surface(water)
        x, y = scene.project(shapely.get_x(spots), shapely.get_y(spots))
        return (
            self._fill(list(shapely.to_wkb(outside)), scene, faint if city else 1.0),
            self._fill(list(shapely.to_wkb(inside)), scene),
            Names(x, y, names, "water", rank=7, between=scene.style.span(STREET)),
        )
