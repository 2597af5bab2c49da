"""A map that can be asked for places: the next click is somebody's, who may draw what it means."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter

from layers.layered import Layered
from layers.overlay import paint_pin, paint_sketch
from layers.viewport import Viewport

Place = tuple[float, float]
"""Longitude and latitude, degrees WGS-84."""
Take = Callable[[float, float], object]


class Aimed(Layered):
    """Who `aim`s gets places instead of choices; what is in the making is a `sketch`, or `pins`."""

    _aim: tuple[Take, bool] | None = None
    _sketch: tuple[Place, ...] = ()
    _pins: tuple[tuple[Place, ...], Place | None] = (), None

    def aim(self, take: Take | None, once: bool = True) -> None:
        """The next click chooses nothing: `take(lon, lat)` gets its place, and where it is not
        wanted `once` those of all that follow; None ends it, and the sketch."""
        self._aim, self._sketch = ((take, once) if take is not None else None), ()
        self.setCursor(Qt.CursorShape.CrossCursor if take else Qt.CursorShape.ArrowCursor)
        self.update()

    def aims(self, take: Take) -> bool:
        """Whether it is this one that gets the place of the next click."""
        return self._aim is not None and self._aim[0] == take

    @property
    def aiming(self) -> bool:
        return self._aim is not None

    def hit_aim(self, lon: float, lat: float) -> bool:
        """A click: whether somebody wanted its place and has it now."""
        if self._aim is None:
            return False
        take, once = self._aim
        if once:
            self.aim(None)
        take(lon, lat)
        return True

    def sketch(self, places: Iterable[Place]) -> None:
        """Draw corners and the line between them over the map; none to end it."""
        self._sketch = tuple(places)
        self.update()

    def pin(self, places: Iterable[Place], chosen: Place | None = None) -> None:
        """Stand pins at places that no record has, one of them the chosen one; none to end it."""
        self._pins = tuple(places), chosen
        self.update()

    def paint_sketch(self, painter: QPainter, view: Viewport) -> None:
        if self._sketch:
            xy = np.column_stack(self.board.scene.project(*zip(*self._sketch, strict=True)))
            paint_sketch(painter, view, xy, self.board.scene.style)
        places, chosen = self._pins
        for stands in places if self.board.scene.plane is not None else ():
            (x,), (y,) = self.board.scene.project([stands[0]], [stands[1]])
            at = view.pixel(float(x), float(y))
            paint_pin(painter, view, at, self.board.scene.style, stands == chosen)
