"""Buildings 楼栋: quiet blocks; on request in their colour of the registry 红黄蓝绿."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QPainterPath

from commandwall import codes
from commandwall.areas import Building, BuildingColour
from commandwall.picture import Changes, Picture
from layers import geometry
from layers.base import Layer
from layers.geometry import NOTHING, Shapes
from layers.overlay import outline
from layers.scene import Dots, Fill, Item, Scene, Span, by_y
from layers.style import STREET, Style
from layers.tint import mix

STRENGTH = 0.6


@dataclass(frozen=True, slots=True, eq=False)
class Blocks:
    """All buildings as shapes, found by a point. Built beside the screen's thread."""

    ids: tuple[str, ...] = ()
    shapes: Shapes = NOTHING

    def at(self, x: float, y: float) -> str:
        """The building that holds a point of the sheet; "" where none does."""
        row = geometry.shape_at(self.shapes, x, y)
        return self.ids[row] if row >= 0 else ""

    def outline(self, ids: Collection[str]) -> QPainterPath | None:
        """The borders of some buildings in sheet metres; None where none is known."""
        return outline(self.shapes, [i for i, key in enumerate(self.ids) if key in ids])


class BuildingsLayer(Layer):
    """`registry` colours the blocks; it changes nothing else."""

    id, title, order = "buildings", "楼栋", 20
    shows = frozenset({Building, BuildingColour})

    def __init__(self) -> None:
        super().__init__()
        self.registry = False
        self.blocks = Blocks()
        self._built: tuple[object, Blocks] = (None, Blocks())  # by the plane; the builder's own

    def refresh(self, picture: Picture, changes: Changes, scene: Scene) -> None:
        buildings, given = list(picture.buildings.values()), picture.building_colours
        self.count = len(buildings)
        plane, registry, anew = scene.plane, self.registry, bool(changes.records.get(Building))

        def make() -> tuple[Blocks, list[Item]]:
            known, built = self._built
            if anew or known is not plane or len(built.ids) != len(buildings):
                ids, wkb = tuple(b.id for b in buildings), [b.geom for b in buildings]
                built = Blocks(ids, geometry.polygons(wkb, scene.project))
                self._built = plane, built
            works = np.array([b.kind == "works" for b in buildings], bool)
            colours = np.array([given.get(id_, "") if registry else "" for id_ in built.ids], str)
            return built, _items(built.shapes, works, colours, scene.style)

        def take(made: tuple[Blocks, list[Item]]) -> None:
            self.blocks = made[0]
            scene.draw(self, *made[1])

        scene.later(make, take)


def _items(
    shapes: Shapes, works: NDArray[np.bool_], colours: NDArray[np.str_], style: Style
) -> list[Item]:
    """Near by the blocks, farther off dots of about their size. The registry's normal colour is
    only told near by; the others are told at any scale, the worst uppermost."""
    plain = np.where(works, style.paint("works"), style.paint("building")).astype(np.uint32)
    near = plain.copy()
    district, city = style.map["level"]["district"], style.map["level"]["city"]
    shaped = style.map["building"]["shaped_mpp"]
    paints = registry_paints(style)
    for colour, paint in paints.items():
        near[colours == colour] = paint
    told = list(paints)[:-1]
    middling = np.where(np.isin(colours, told), near, plain)
    far = [_dots(shapes, colours == c, paints[c], style, (shaped, math.inf)) for c in told[::-1]]
    every = np.ones(len(shapes), bool)
    return [
        _dots(shapes, every, style.paint("building"), style, (shaped, city)), *far,
        Fill(shapes, middling, (district, shaped)), Fill(shapes, near, style.span(STREET)),
    ]  # fmt: skip


def _dots(shapes: Shapes, some: NDArray[np.bool_], paint: int, style: Style, between: Span) -> Dots:
    box = shapes.box[some & np.isfinite(shapes.box).all(axis=1)]
    x, y = (box[:, 0] + box[:, 2]) / 2, (box[:, 1] + box[:, 3]) / 2
    order = by_y(x, y)
    kind, colours = np.zeros(len(box), np.uint8), np.array([paint], np.uint32)
    sizes = np.full(1, float(style.map["building"]["dot"]))
    return Dots(x[order], y[order], kind, colours, sizes, between)


def registry_paints(style: Style) -> dict[str, int]:
    """Colour of the registry -> its pixel on the map, the worst first."""
    return {c.id: mix(style, "land", str(c.facts["token"]), STRENGTH) for c in registry_colours()}


def registry_colours() -> list[codes.Code]:
    """The colours of the registry, the worst first."""
    return sorted(codes.load("building_colour").values(), key=lambda c: int(c.facts["order"]))
