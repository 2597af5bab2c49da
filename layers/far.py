"""The city from afar: what is seen around a picture that ends within its window.

Who zooms out sees more than was cooked, until the next picture is there. Not bare ground then, but
the land of the whole city in its colours, as it looks from far away: without names, and without
what lives, which would be old.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from layers.painter import Frame, Painter
from layers.scene import Item, Names, Plan, Territory
from layers.viewport import Viewport

WIDE, HIGH = 640, 400
"""Pixels for the city; as many again lie around it as the overscan of a window has."""


class Far:
    """Makes the picture anew where the land is another. Used by one thread."""

    def __init__(self) -> None:
        self._painter = Painter(threads=1)
        self._land: tuple[Item, ...] = ()
        self.frame: Frame | None = None

    def close(self) -> None:
        self._painter.close()

    def follow(self, plan: Plan) -> None:
        """Show the land of a plan; that of before where there is none."""
        land = tuple(item for item in plan.ground if not isinstance(item, Names))
        if land == self._land or (view := _whole(land)) is None:
            return
        self._land = land
        frame = self._painter.paint(replace(plan, ground=land, live=()), view)
        self.frame = replace(frame, pixels=frame.pixels.copy())  # the next one is drawn elsewhere


def _whole(land: tuple[Item, ...]) -> Viewport | None:
    """A window that shows all areas."""
    boxes = [item.shapes.box for item in land if isinstance(item, Territory)]
    box = np.concatenate(boxes) if boxes else np.empty((0, 4))
    box = box[np.isfinite(box).all(axis=1)]
    if not len(box):
        return None
    left, top = box[:, :2].min(axis=0).tolist()
    right, bottom = box[:, 2:].max(axis=0).tolist()
    return Viewport(0.0, 0.0, 1.0, WIDE, HIGH).fitted((left, top, right, bottom))
