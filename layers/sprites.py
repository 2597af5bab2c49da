"""Sprites: names and marks, drawn once by Qt and stamped by the kernels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QImage, QPainter

from commandwall.plain import plain
from layers import kernels
from layers.style import Style

LIMIT = 12_000_000
"""Pixels kept; beyond it the book begins anew."""


MOST = 99
"""Greatest number that a badge writes out."""
LETTERS = 40
"""Longest text of a label whose role gives no other limit; the rest becomes …"""


@dataclass(frozen=True, slots=True, eq=False)
class Pages:
    """What the kernels read: all pixels in a row, and start, width, height of each sprite."""

    pixels: NDArray[np.uint32]
    where: NDArray[np.int32]


class SpriteBook:
    """Remembers a sprite by its key. Written sprites never change, so a worker may read on."""

    _pixels: NDArray[np.uint32]
    _where: NDArray[np.int32]
    _known: dict[Any, int]
    _texts: dict[tuple[str, str], int]
    """By the text as it came, before cleaning."""
    _used: int
    _badges: NDArray[np.int32] | None

    def __init__(self, style: Style) -> None:
        self.style, self.unit = style, style.unit
        self.edition = 0
        self._begin: SpriteBook | None = None
        self._clear()

    def begin_with(self, book: SpriteBook) -> None:
        """Take over, now and at each renewal, what another thread wrote in the same look."""
        self._begin = book
        self.renew()

    def _clear(self) -> None:
        if (begin := self._begin) is not None and begin.unit == self.style.unit:
            self._pixels, self._where = begin._pixels.copy(), begin._where.copy()
            self._known, self._texts = dict(begin._known), dict(begin._texts)
            self._used, self._badges = begin._used, begin._badges
            return
        self._pixels = np.zeros(1 << 18, np.uint32)
        self._where = np.zeros((1024, 3), np.int32)
        self._known, self._texts = {}, {}
        self._used, self._badges = 0, None

    @property
    def pages(self) -> Pages:
        """What is written by now: of what comes later the pixels may lie elsewhere."""
        return Pages(self._pixels, self._where[: len(self._known)])

    @property
    def full(self) -> bool:
        """Whether it is time to begin anew (every sprite number becomes void)."""
        return self._used > LIMIT

    def renew(self) -> None:
        self.edition += 1
        self._clear()

    def size(self, sprite: int) -> tuple[int, int]:
        """Width and height in device pixels."""
        return int(self._where[sprite, 1]), int(self._where[sprite, 2])

    def text(self, text: str, role: str) -> int:
        """A line of text in one of the roles of assets/map/style.toml.

        Whatever it holds, it is one line of letters of bearable length.
        """
        if (found := self.written(text, role)) >= 0:
            return found
        look = self.style.map["text"][role]
        shown = plain(text, look.get("letters", LETTERS))
        key = ("text", shown, role)
        if key not in self._known:
            self._add(key, self._letters(shown, look))
        self._texts[text, role] = self._known[key]
        return self._known[key]

    def written(self, text: str, role: str) -> int:
        """The sprite of a text that was asked for before; -1 where it was not."""
        return self._texts.get((text, role), -1)

    def badges(self) -> NDArray[np.int32]:
        """Sprites of the counts beside clusters: item n is that of n, the last of all greater."""
        if self._badges is None:
            numbers = [self.text(str(n), "count") for n in range(MOST + 1)]
            self._badges = np.array([*numbers, self.text(f"{MOST}+", "count")], np.int32)
        return self._badges

    def drawn(self, key: Any, size: float, draw: Callable[[QPainter, QPointF], None]) -> int:
        """A square sprite, `size` design pixels wide, drawn by `draw(painter, middle)` once."""
        if key not in self._known:
            self._add(key, self._picture(size, draw))
        return self._known[key]

    def image(self, sprite: int) -> QImage:
        """A sprite as an image of its own, for the overlay."""
        start, w, h = (int(v) for v in self._where[sprite])
        pixels = self._pixels[start : start + w * h]
        image = QImage(pixels.tobytes(), w, h, w * 4, QImage.Format.Format_ARGB32_Premultiplied)
        return image.copy()

    def _add(self, key: Any, image: NDArray[np.uint32]) -> None:
        n, size = len(self._known), image.size
        if self._used + size > len(self._pixels):
            room = np.zeros(max(size, len(self._pixels)), np.uint32)
            self._pixels = np.concatenate([self._pixels, room])
        if n == len(self._where):
            self._where = np.concatenate([self._where, np.zeros_like(self._where)])
        self._pixels[self._used : self._used + size] = image.ravel()
        self._where[n] = self._used, image.shape[1], image.shape[0]
        self._used += size
        self._known[key] = n

    def _letters(self, text: str, role: dict[str, Any]) -> NDArray[np.uint32]:
        font = self.style.font(role["size"], role.get("bold", False))
        halo = round(role["halo"] * self.style.unit)
        metrics = QFontMetricsF(font)
        width = int(metrics.horizontalAdvance(text) + 2 * halo + 2)
        height = int(metrics.capHeight() * 1.45 + 2 * halo + 2)
        image = QImage(width, height, QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        painter.setFont(font)
        painter.setPen(Qt.GlobalColor.white)
        # The middle of a capital stands in the middle of the sprite, whatever the line height is.
        painter.drawText(QPointF(halo + 1, (height + metrics.capHeight()) / 2), text)
        painter.end()
        alpha = (_pixels_of(image) >> np.uint32(24)).astype(np.uint8)
        ground = self.style.paint("halo", role.get("halo_alpha", 0.85))
        ink = self.style.paint(role["colour"])
        return np.asarray(kernels.ink(alpha, halo, np.uint32(ink), np.uint32(ground)))

    def _picture(
        self, size: float, draw: Callable[[QPainter, QPointF], None]
    ) -> NDArray[np.uint32]:
        side = round(size * self.style.unit)
        image = QImage(side, side, QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.scale(self.style.unit, self.style.unit)
        middle = side / 2 / self.style.unit
        try:
            draw(painter, QPointF(middle, middle))
        finally:  # a painter left open on an image ends the process
            painter.end()
        return _pixels_of(image).copy()


def _pixels_of(image: QImage) -> NDArray[np.uint32]:
    rows = np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), -1)
    return rows[:, : image.width()]


def box(middle: QPointF, side: float) -> QRectF:
    """A square around a point."""
    return QRectF(middle.x() - side / 2, middle.y() - side / 2, side, side)
