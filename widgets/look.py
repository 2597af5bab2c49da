"""The look of one surface: a theme and its scale, and the fonts that come of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable
from functools import lru_cache

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QPainter, QPen, QPixmap, QTransform

from layers import fonts
from layers.style import Style
from widgets import text
from widgets.metrics import Metrics
from widgets.theme import Theme

KEPT = 1024
"""Texts whose measures are kept: the same ones are drawn again each second."""
HATCH_STEP, HATCH_LINE, HATCH_ALPHA = 8, 2, 0.26


class Look:
    """What a panel asks for colours and sizes. Never changed: another look is another object."""

    def __init__(self, theme: Theme, metrics: Metrics) -> None:
        self.theme, self.metrics = theme, metrics
        self.unit = metrics.unit
        self.style = Style(theme.id, 1.0)  # marks are painted in design pixels
        self.font = lru_cache(maxsize=None)(self._font)
        self.drawn = lru_cache(maxsize=None)(self._drawn)
        self.letters = lru_cache(maxsize=None)(self._letters)
        self.hatch = lru_cache(maxsize=None)(self._hatch)
        self._shade = lru_cache(maxsize=None)(theme.colour)
        self.wide = lru_cache(maxsize=KEPT)(self._wide)
        self.cut = lru_cache(maxsize=KEPT)(self._cut)
        self._images: dict[tuple[object, ...], QPixmap] = {}

    def colour(self, token: str, alpha: float = 1.0) -> QColor:
        """The colour of a token; one object for all who ask, whom nobody changes."""
        return self._shade(token, alpha)

    def image(
        self, draw: Callable[..., None], size: float, ratio: float, *what: Hashable
    ) -> QPixmap:
        """A square picture, `size` design pixels wide, of what `draw(painter, middle, *what)`
        draws; drawn once. `ratio`: pixels of the screen for each of the widget's."""
        key = (draw, size, ratio, *what)
        if key not in self._images:
            if len(self._images) > KEPT:
                self._images.clear()
            self._images[key] = self._image(draw, size, ratio, what)
        return self._images[key]

    def _image(
        self, draw: Callable[..., None], size: float, ratio: float, what: tuple[Hashable, ...]
    ) -> QPixmap:
        side = 2 * math.ceil(size * self.unit * ratio / 2)
        image = QPixmap(side, side)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(side / 2, side / 2)
        painter.scale(self.unit * ratio, self.unit * ratio)
        draw(painter, QPointF(0, 0), *what)
        painter.end()
        image.setDevicePixelRatio(ratio)
        return image

    def px(self, length: float) -> int:
        """A design length in pixels of the screen."""
        return self.metrics.px(length)

    def _hatch(self) -> QBrush:
        """The brush of everything too old: 135°, 2 in 8 design pixels."""
        side = 4 * HATCH_STEP
        tile = QPixmap(side, side)
        tile.fill(Qt.GlobalColor.transparent)
        painter = QPainter(tile)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self.colour("t2", HATCH_ALPHA), HATCH_LINE * 4 / 1.41421))
        for at in (-side, 0, side):
            painter.drawLine(QPointF(at - 2, side + 2), QPointF(at + side + 2, -2))
        painter.end()
        brush = QBrush(tile)
        brush.setTransform(QTransform.fromScale(0.25 * 1.41421, 0.25 * 1.41421))
        return brush

    def _font(self, role: str, bold: bool | None = None) -> QFont:
        """The font of a role in pixels of the screen, for ordinary widgets."""
        heavy = self.metrics.role(role).bold if bold is None else bold
        return fonts.font(self.metrics.size(role), heavy)

    def _drawn(self, role: str, bold: bool | None = None) -> QFont:
        """The font of a role in design pixels, for a scaled painter."""
        heavy = self.metrics.role(role).bold if bold is None else bold
        return fonts.font(self.metrics.design(role), heavy)

    def _wide(self, words: str, role: str, bold: bool | None) -> float:
        """How wide a text is, in design pixels."""
        return self.letters(role, bold).horizontalAdvance(words)

    def _cut(self, words: str, role: str, bold: bool | None, room: float) -> str:
        """A text cut with … to so many design pixels."""
        return text.elide(words, self.letters(role, bold), room)

    def _letters(self, role: str, bold: bool | None = None) -> QFontMetricsF:
        return QFontMetricsF(self.drawn(role, bold))
