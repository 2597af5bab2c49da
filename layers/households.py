"""Households 住户: on a close look one square for each inside its building, with door and needs.

The layer says which buildings lie in view (`wanted`); whoever may ask the store hands them over.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from commandwall import codes
from commandwall.areas import Building, Household
from commandwall.picture import Changes, Picture
from layers import geometry
from layers.base import Layer
from layers.buildings import registry_colours, registry_paints
from layers.geometry import Floats, Project
from layers.scene import Fill, Names, Scene
from layers.viewport import Viewport

Homes = Mapping[str, Sequence[Household]]
"""Households by their building."""
CLOSER, TRIES = 0.85, 12
"""Squares that find no room in a building stand so much closer, so many times."""


class HouseholdsLayer(Layer):
    """`registry` colours the squares as it does the buildings."""

    id, title, order = "households", "住户", 49
    shows = frozenset({Building})

    def __init__(self) -> None:
        super().__init__()
        self.registry = False
        self.wanted: tuple[str, ...] = ()
        self._homes: Homes = {}
        self._laid: object = None  # the plane that the buildings' places were laid on
        self._ids: tuple[str, ...] = ()
        self._xy: tuple[Floats, Floats] = (np.empty(0), np.empty(0))

    def refresh(self, picture: Picture, changes: Changes, scene: Scene) -> None:
        buildings, known = picture.buildings, self._homes
        paints, plane = self._paints(scene), scene.plane
        other = self._laid is not plane or len(self._ids) != len(buildings)
        anew = other or bool(changes.records.get(Building))
        rows = list(buildings.values()) if anew else []
        self.count = sum(map(len, known.values()))
        told = {c.id: c.name(scene.lang) for c in codes.load("household_tag").values()}

        def make() -> tuple[Any, list[Any]]:
            xy = scene.project([b.lon for b in rows], [b.lat for b in rows])
            here = [(buildings[key], homes) for key, homes in known.items() if key in buildings]
            return xy, _items(here, scene, told, paints)

        def take(made: tuple[Any, list[Any]]) -> None:
            if anew:
                self._laid, self._ids, self._xy = plane, tuple(b.id for b in rows), made[0]
            scene.draw(self, *made[1])

        scene.later(make, take)

    def _paints(self, scene: Scene) -> Mapping[str, int]:
        return registry_paints(scene.style) if self.registry else {}

    def look(self, views: Sequence[Viewport], scene: Scene) -> None:
        look, (x, y) = scene.style.map["household"], self._xy
        reach = look["reach_m"]
        seen = np.zeros(len(x), bool)
        for view in views:
            if view.design_mpp <= look["near_mpp"]:
                left, top, right, bottom = view.bounds
                across, down = (x > left - reach) & (x < right + reach), y > top - reach
                seen |= across & down & (y < bottom + reach)
        rows = np.flatnonzero(seen)[: look["buildings"]]
        self.wanted = tuple(self._ids[i] for i in rows) if scene.visible(self) else ()

    def hand(self, homes: Homes) -> None:
        """The households of the buildings in view; the next refresh draws them."""
        self._homes = homes


def spots(outline: Any, count: int) -> tuple[NDArray[np.float64], float]:
    """Places (count, 2) in rows inside an outline, the highest first, and how far they stand
    apart; fewer only where the outline has no room at all."""
    left, top, right, bottom = outline.bounds
    step = math.sqrt(outline.area / count)
    for _ in range(TRIES):
        x = np.arange(left + step / 2, right, step)
        y = np.arange(top + step / 2, bottom, step)
        grid = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
        grid = grid[shapely.contains_xy(outline.buffer(-step / 3), grid)]
        if len(grid) >= count:
            break
        step *= CLOSER
    return grid[:count], step


def _outline(building: Building, project: Project) -> Any:
    shapes = geometry.polygons([building.geom], project)
    rings = [shapes.xy[a:b] for a, b in zip(shapes.rings[:-1], shapes.rings[1:], strict=True)]
    return shapely.Polygon(rings[0], rings[1:]) if rings else shapely.Polygon()


def _square(middle: NDArray[np.float64], side: float) -> Any:
    half = side / 2
    return middle + np.array([[-half, -half], [half, -half], [half, half], [-half, half]])


def _squares(rings: Sequence[Any]) -> geometry.Shapes:
    each = np.arange(len(rings) + 1)
    return geometry.Shapes(np.concatenate(rings), each * 4, each)


def _colour_names(lang: str) -> dict[str, str]:
    """Colour of the registry -> its name, but for the normal one: colour is never the only sign."""
    return {c.id: c.name(lang) for c in registry_colours()[:-1]}


def _items(
    here: Sequence[tuple[Building, Sequence[Household]]], scene: Scene,
    told: Mapping[str, str], paints: Mapping[str, int],
) -> list[Any]:  # fmt: skip
    """Squares in metres, so that they grow with their building; words once there is room."""
    look, plain = scene.style.map["household"], scene.style.paint("home")
    named = _colour_names(scene.lang) if paints else {}
    rings, edges, colours, at, words = [], [], [], [], []
    for building, homes in here:
        outline = _outline(building, scene.project)
        if outline.is_empty or not homes:
            continue
        places, step = spots(outline, len(homes))
        for home, place in zip(sorted(homes, key=lambda h: h.door), places, strict=False):
            rings.append(_square(place, step * look["side"]))
            edges.append(_square(place, step * look["edge"]))
            colours.append(paints.get(home.colour, plain))
            at.append(place)
            needs = (told.get(tag, tag) for tag in home.tags.split(",") if tag)
            words.append(" ".join(filter(None, [home.door, named.get(home.colour), *needs])))
    if not rings:
        return []
    x, y = np.array(at).T
    near = (0.0, float(look["near_mpp"]))
    return [
        Fill(_squares(edges), np.full(len(edges), scene.style.paint("land"), np.uint32), near),
        Fill(_squares(rings), np.array(colours, np.uint32), near),
        Names(x, y, words, "home", rank=8, between=(0.0, float(look["words_mpp"]))),
    ]
