"""Paper: a painter in design pixels that knows the roles of type and draws only plain text.

It notes each stroke, so that of what is drawn anew only what differs has to be painted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import cast

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QPixmap, QRegion
from PySide6.QtWidgets import QWidget

from layers.marks import pen
from widgets import marks, text
from widgets.i18n import named
from widgets.look import Look
from widgets.metrics import LEADING

LEFT, RIGHT, MIDDLE = 0.0, 1.0, 0.5
"""Where the given x lies in a text."""
OVER, UNDER, ASIDE = 1.25, 0.5, 0.25
"""How far letters reach from their baseline and past their ends, in sizes of their type."""
Stroke = tuple[tuple[int, int, int, int], tuple[object, ...]]
"""A box (left, top, width, height; pixels of the sheet) and all that decides how it looks: the
exact place too, for a mark may move by less than a pixel."""


@dataclass(frozen=True, slots=True)
class Ink:
    """One way to write: role of type, token (the role's own where empty), weight."""

    role: str = "body"
    token: str = ""
    bold: bool | None = None


class Paper:
    """Draws on one widget or picture, scaled so that all lengths are design pixels.

    Of a `region` in pixels only what touches it is drawn. A dry one notes its strokes and draws
    nothing.
    """

    def __init__(
        self, sheet: QWidget | QPixmap, look: Look, region: QRegion | None = None, dry: bool = False
    ) -> None:
        self.painter, self.look = QPainter(), look
        ratio = sheet.devicePixelRatio() if isinstance(sheet, QPixmap) else 1.0
        self.width = sheet.width() / ratio / look.unit
        self.height = sheet.height() / ratio / look.unit
        self.strokes: set[Stroke] = set()
        """What was drawn."""
        self.said: list[str] = []
        """Everything written, for people who listen instead of look."""
        self._dry, self._region = dry, region
        if not dry:
            self.painter.begin(sheet)
            self.painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self.painter.scale(look.unit, look.unit)

    def end(self) -> None:
        self.painter.end()

    def sees(self, box: QRectF) -> bool:
        """Whether anything in a box may have to be drawn: where not, working it out is spared."""
        return self._region is None or self._region.intersects(self._pixels(box))

    def _pixels(self, box: QRectF) -> QRect:
        # By hand: each call of Qt may have to wait for another thread of Python.
        sides = cast(tuple[float, float, float, float], box.getRect())
        x, y, wide, high = (side * self.look.unit for side in sides)
        left, top = math.floor(x), math.floor(y)
        return QRect(left, top, math.ceil(x + wide) - left, math.ceil(y + high) - top)

    def _wanted(self, box: QRectF, *what: object) -> bool:
        """Note a stroke; whether it is to be drawn now. `box`: all that it covers."""
        covered = self._pixels(box)
        if self._region is not None and not self._region.intersects(covered):
            return False
        box_px = covered.x(), covered.y(), covered.width(), covered.height()
        self.strokes.add((box_px, (box.x(), box.y(), box.width(), box.height(), *what)))
        return not self._dry

    def _letters(self, x: float, base: float, wide: float, ink: Ink) -> QRectF:
        """All that a line of text may cover."""
        size = self.look.metrics.design(ink.role)
        over, aside = size * OVER, size * ASIDE
        return QRectF(x - aside, base - over, wide + 2 * aside, over + size * UNDER)

    def length(self, words: object, ink: Ink) -> float:
        return self.look.wide(text.shown(words), ink.role, ink.bold)

    def span(self, *pieces: tuple[object, Ink], gap: float = 8) -> float:
        """How wide a row of pieces is."""
        return sum(self.length(words, ink) + gap for words, ink in pieces) - gap

    def line_height(self, role: str) -> float:
        return self.look.metrics.design(role) * LEADING

    def write(
        self, x: float, base: float, words: object, ink: Ink, at: float = LEFT,
        room: float | None = None,
    ) -> float:  # fmt: skip
        """One line with its baseline at `base`, cut with … to `room`; returns where it ends."""
        shown = text.shown(words)
        if room is not None:
            shown = self.look.cut(shown, ink.role, ink.bold, room)
        wide = self.look.wide(shown, ink.role, ink.bold)
        self.said.append(shown)
        x -= wide * at
        if self._wanted(self._letters(x, base, wide, ink), shown, ink):
            self._use(ink)
            self.painter.drawText(QPointF(x, base), shown)
        return x + wide

    def row(self, x: float, base: float, *pieces: tuple[object, Ink], gap: float = 8) -> float:
        """Pieces of text one after the other; returns where the last one ends."""
        for words, ink in pieces:
            x = self.write(x, base, words, ink) + gap
        return x - gap

    def row_back(self, x: float, base: float, *pieces: tuple[object, Ink], gap: float = 8) -> float:
        """Pieces ending at `x`, the last one outermost; returns where the first one begins."""
        for words, ink in reversed(pieces):
            self.write(x, base, words, ink, RIGHT)
            x -= self.length(words, ink) + gap
        return x + gap

    def paragraph(
        self, x: float, base: float, words: object, ink: Ink, room: float, lines: int = 2,
        indent: float = 0.0,
    ) -> float:  # fmt: skip
        """A text wrapped to `room`, whose first line begins `indent` further in; returns the
        baseline of its last line."""
        letters = self.look.letters(ink.role, ink.bold)
        shown = text.wrap(text.shown(words), letters, room, lines, indent)
        self.said.append(" ".join(shown))
        for i, line in enumerate(shown):
            at, start = base + i * self.line_height(ink.role), x if i else x + indent
            if self._wanted(self._letters(start, at, room, ink), line, ink):
                self._use(ink)
                self.painter.drawText(QPointF(start, at), line)
        return base + (len(shown) - 1) * self.line_height(ink.role)

    def line(self, x: float, y: float, x2: float, y2: float, token: str = "ln",
             width: float = 1) -> None:  # fmt: skip
        if self._wanted(_around(QRectF(QPointF(x, y), QPointF(x2, y2)), width), token, width):
            self.painter.setPen(pen(self.look.colour(token), width))
            self.painter.drawLine(QPointF(x, y), QPointF(x2, y2))

    def fill(self, box: QRectF, token: str, radius: float = 0, alpha: float = 1) -> None:
        if self._wanted(box, token, radius, alpha):
            self.painter.setPen(Qt.PenStyle.NoPen)
            self.painter.setBrush(self.look.colour(token, alpha))
            self.painter.drawRoundedRect(box, radius, radius)

    def frame(self, box: QRectF, token: str, width: float = 2, radius: float = 4) -> None:
        if self._wanted(_around(box, width), token, width, radius):
            self.painter.setPen(QPen(self.look.colour(token), width))
            self.painter.setBrush(Qt.BrushStyle.NoBrush)
            self.painter.drawRoundedRect(box, radius, radius)

    def face(self, token: str) -> None:
        """The whole of a sheet that lies over the page, with a line around it."""
        box = QRectF(0.5, 0.5, self.width - 1, self.height - 1)
        self.fill(box, token, 4)
        self.frame(box, "ln2", 1, 4)

    def disc(self, x: float, y: float, radius: float, line: str, inside: str) -> None:
        """A circle around (x, y), in the colours of its line and of what is inside."""
        if self._wanted(_about(x, y, radius + 1), radius, line, inside):
            self.painter.setPen(QPen(self.look.colour(line), 1.5))
            self.painter.setBrush(self.look.colour(inside))
            self.painter.drawEllipse(QPointF(x, y), radius, radius)

    def lay(self, image: QPixmap) -> None:
        """A picture of the whole widget, made by another paper."""
        if self._wanted(QRectF(0, 0, self.width, self.height), image.cacheKey()):
            self.painter.save()
            self.painter.scale(1 / self.look.unit, 1 / self.look.unit)
            self.painter.drawPixmap(QPointF(0, 0), image)
            self.painter.restore()

    def hatch(self, box: QRectF) -> None:
        """Too old."""
        if self._wanted(box, "hatch"):
            self.painter.fillRect(box, self.look.hatch())

    def bar(
        self, box: QRectF, share: float, target: float | None = None, token: str = "t2"
    ) -> None:
        """A used share of a whole, and a tick where it should be."""
        if self._wanted(box, share, token):
            self.painter.fillRect(box, self.look.colour("band"))
            used = QRectF(box.x(), box.y(), box.width() * min(1.0, max(0.0, share)), box.height())
            self.painter.fillRect(used, self.look.colour(token))
        if target is not None:
            x = box.x() + min(box.width() - 1, box.width() * target)
            self.line(x, box.y() - 4, x, box.bottom() + 4, "t1", 2)

    def mark(
        self, x: float, y: float, size: float, mark: tuple[int, str], lit: bool = True
    ) -> None:
        """A severity mark (severity, state) with its middle at (x, y)."""
        if self._wanted(_about(x, y, size), size, mark, lit):
            self._stamp(x, y, size, marks.severity, size, mark, self.look, lit)

    def lamp(self, x: float, y: float, size: float, colour: str, known: bool = True) -> None:
        if self._wanted(_about(x, y, size), size, colour, known):
            self._stamp(x, y, size, marks.lamp, size, colour, self.look, known)

    def hollow(self, x: float, y: float, size: float, severity: int) -> None:
        """The shape of a severity of which there is nothing now."""
        if self._wanted(_about(x, y, size), size, severity):
            marks.hollow(self.painter, x, y, (size, severity), self.look)

    def mode(self, box: QRectF, mode: str) -> None:
        """The square of the mode with its character."""
        letter = named("mode", mode)[:1]
        self.said.append(letter)
        if self._wanted(_around(box, 2), letter, mode):
            marks.mode(self.painter, box, letter, marks.MODES.get(mode, 0.0), self.look)

    def _stamp(
        self, x: float, y: float, size: float, draw: Callable[..., None], *what: Hashable
    ) -> None:
        """A mark with its middle at (x, y), on whole pixels of the screen; drawn once and kept,
        for many blink at a time."""
        ratio = self.painter.device().devicePixelRatioF()
        image = self.look.image(draw, 2 * size, ratio, *what)
        scale = self.look.unit * ratio
        left, top = (round(at * scale) - image.width() // 2 for at in (x, y))
        self.painter.save()
        self.painter.resetTransform()
        self.painter.drawPixmap(QPointF(left / ratio, top / ratio), image)
        self.painter.restore()

    def _use(self, ink: Ink) -> None:
        self.painter.setFont(self.look.drawn(ink.role, ink.bold))
        token = ink.token or self.look.metrics.role(ink.role).token
        self.painter.setPen(self.look.colour(token))


def _around(box: QRectF, width: float) -> QRectF:
    """A box with the lines along its sides."""
    return box.normalized().adjusted(-width, -width, width, width)


def _about(x: float, y: float, size: float) -> QRectF:
    """All that a mark and its ring may cover."""
    return QRectF(x - size, y - size, 2 * size, 2 * size)
