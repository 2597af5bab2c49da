"""Public warnings 预警: where those that hold are for, their level in colour, shape and word."""

from __future__ import annotations

import numpy as np
import shapely

from commandwall.areas import Area
from commandwall.picture import Changes, Picture, Tick
from commandwall.public_warnings import PublicWarning, middle, outline, standing
from layers import geometry, words
from layers.alarms import mark
from layers.base import Layer
from layers.marks import FILLED
from layers.scene import BESIDE, Fill, Item, Line, Names, Scene, Stamps

DASH = (16.0, 6.0)
TINT, WIDTH, SIZE = 0.06, 2.0, 18.0
GREY = "t2"
"""The colour of one whose level nobody says."""


class WarningsLayer(Layer):
    """Below the scene of an incident, which lies on it."""

    id, title, order = "warnings", "预警", 60
    shows = frozenset({PublicWarning, Area, Tick})

    def __init__(self) -> None:
        super().__init__()
        self._drawn: tuple[str, ...] | None = None

    def refresh(self, picture: Picture, changes: Changes, scene: Scene) -> None:
        held = standing(list(picture.warnings.values()), picture.now)
        ids = (scene.lang, *(w.id for w in held))
        if ids == self._drawn and not changes.kinds & {PublicWarning, Area}:
            return  # a second has passed, and none began or ended
        self._drawn, self.count = ids, len(held)
        self.at = max((w.received_at for w in held), default=None)
        # The worst lies on top.
        scene.draw(self, *(item for w in reversed(held) for item in _items(w, picture, scene)))


def _items(warning: PublicWarning, picture: Picture, scene: Scene) -> list[Item]:
    """What is said of a province is said where it is seen, in the city."""
    place, shape = middle(warning, picture.areas.values()), outline(warning)
    if place is None:
        return []
    token = f"s{warning.level}" if warning.level else GREY
    items: list[Item] = []
    if shape is not None:
        fill = geometry.solids(np.array([shape], object), scene.project)
        loops = np.array([shapely.boundary(shape)], object)
        edge, along, _ = geometry.strings(loops, scene.project)
        items = [
            Fill(fill, np.array([scene.style.paint(token, TINT)], np.uint32)),
            Line(edge, scene.style.paint(token), WIDTH, dash=DASH, along=along),
        ]
    x, y = scene.project([place[0]], [place[1]])
    if warning.level:
        sprites = np.array([mark(scene, warning.level, FILLED, SIZE)], np.int32)
        items.append(Stamps(x, y, sprites, of="warning", ids=[warning.id]))
    title = words.warning_title(scene.tr, scene.lang, warning)
    until = scene.tr("至 {time}", time=words.stamp(picture.now, warning.until))
    return [*items, Names(x, y, [title], "note", [until], "sub", 1, BESIDE, SIZE * 0.9)]
