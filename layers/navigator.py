"""Navigation: the window on the city moves only when a person moves it, and `Z` goes back."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Qt, Signal

from layers.style import Style
from layers.viewport import Viewport

REMEMBERED = 50
_PANS = {
    Qt.Key.Key_Left: (1, 0), Qt.Key.Key_Right: (-1, 0),
    Qt.Key.Key_Up: (0, 1), Qt.Key.Key_Down: (0, -1),
}  # fmt: skip
_ZOOMS = {
    Qt.Key.Key_Plus: 1, Qt.Key.Key_Equal: 1, Qt.Key.Key_PageUp: 1,
    Qt.Key.Key_Minus: -1, Qt.Key.Key_PageDown: -1,
}  # fmt: skip


Bounds = tuple[float, float, float, float]
Held = tuple[Viewport, Bounds | None]
"""A view to come back to, and the bounds (sheet metres) that were shown whole."""


class Navigator(QObject):
    """Holds the view and its history. `changed`: the view is another; `settled`: a hand let go."""

    changed = Signal()
    settled = Signal()

    def __init__(self, style: Style, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.style = style
        self.view = Viewport(0.0, 0.0, 50.0, 1, 1)
        self.chosen = False  # whether a view of the city was taken yet
        self._whole: Bounds | None = None
        """The bounds that a person asked to see whole, until the hand moves the view."""
        self._past: list[Viewport] = []
        self.moves = 0
        """How often the view was moved on purpose."""

    def resize(self, width: int, height: int, unit: float) -> None:
        """The window has another size in device pixels, or another scale: what was shown whole
        is shown whole again, else the middle stays."""
        mpp = self.view.mpp * self.view.unit / unit
        self.view = replace(self.view.resized(width, height), unit=unit, mpp=mpp)
        if self._whole is not None:
            self.view = self._fitted(self._whole)
        self.changed.emit()
        self.settled.emit()

    def fit(self, bounds: Bounds) -> None:
        """Show these bounds (sheet metres)."""
        self._jump(self._fitted(bounds))
        self._whole = bounds

    def look_at(self, x: float, y: float, mpp: float | None = None) -> None:
        """Bring a point of the sheet to the middle, closer if asked, never farther."""
        nearer = self.view.mpp if mpp is None else min(mpp, self.view.mpp)
        self._jump(replace(self.view, cx=x, cy=y, mpp=nearer))

    def back(self) -> bool:
        """Return to the view before the last jump or gesture; False when there is none."""
        while self._past:
            view = self._past.pop()
            view = replace(view.resized(self.view.width, self.view.height), unit=self.view.unit)
            if view != self.view:
                self.view, self._whole = view, None
                self.changed.emit()
                self.settled.emit()
                return True
        return False

    def hold(self) -> Held:
        """What is shown now, for `take`."""
        return self.view, self._whole

    def take(self, held: Held) -> None:
        """Show again what was held, in the window of now. `back` does not lead behind it."""
        view, whole = held
        mpp = view.mpp * view.unit / self.view.unit
        self.view = replace(self.view, cx=view.cx, cy=view.cy, mpp=mpp)
        self._whole = whole
        if whole is not None:
            self.view = self._fitted(whole)
        self._past.clear()
        self.changed.emit()
        self.settled.emit()

    def begin(self) -> None:
        """A gesture begins: what is shown now is what `back` returns to."""
        self.moves += self.chosen  # the first view of all is nobody's choice
        if self.chosen and (not self._past or self._past[-1] != self.view):
            self._past.append(self.view)
            del self._past[:-REMEMBERED]

    def pan(self, dx: float, dy: float) -> None:
        """Pull the city by so many device pixels."""
        self._whole = None
        self.view = self.view.panned(dx, dy)
        self.changed.emit()

    def zoom(self, notches: float, px: float, py: float) -> None:
        """Nearer by notches of the wheel around a device pixel."""
        limits = self.style.map["level"]
        mpp = self.view.design_mpp / self.style.map["frame"]["step"] ** notches
        mpp = min(max(mpp, limits["nearest"]), limits["farthest"])
        factor = self.view.design_mpp / mpp
        if factor != 1:
            self._whole = None
            self.view = self.view.zoomed(factor, px, py)
            self.changed.emit()

    def key(self, key: int) -> bool:
        """Arrow keys pan, plus and minus zoom; whether the key was one of them."""
        view, look = self.view, self.style.map["frame"]
        if (way := _PANS.get(Qt.Key(key))) is not None:
            self.begin()
            step = look["key_pan"]
            self.pan(way[0] * view.width * step, way[1] * view.height * step)
        elif (notches := _ZOOMS.get(Qt.Key(key))) is not None:
            self.begin()
            self.zoom(notches, view.width / 2, view.height / 2)
        else:
            return False
        self.settled.emit()
        return True

    def _fitted(self, bounds: tuple[float, float, float, float]) -> Viewport:
        return self.view.fitted(bounds, self.style.map["frame"]["fit_margin"])

    def _jump(self, view: Viewport) -> None:
        self.begin()
        self.chosen, self._whole = True, None
        self.view = view
        self.changed.emit()
        self.settled.emit()
