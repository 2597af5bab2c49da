"""Paper: a painter in design pixels that knows the roles of type and draws only plain text."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QPixmap
from PySide6.QtWidgets import QWidget

from layers.marks import pen
from widgets import marks, text
from widgets.look import Look
from widgets.metrics import LEADING

LEFT, RIGHT, MIDDLE = 0.0, 1.0, 0.5
"""Where the given x lies in a text."""


@dataclass(frozen=True, slots=True)
class Ink:
    """One way to write: role of type, token (the role's own where empty), weight."""

    role: str = "body"
    token: str = ""
    bold: bool | None = None


class Paper:
    """Draws on one widget or picture, scaled so that all lengths are design pixels."""

    def __init__(self, sheet: QWidget | QPixmap, look: Look) -> None:
        self.painter, self.look = QPainter(sheet), look
        self.painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.painter.scale(look.unit, look.unit)
        ratio = sheet.devicePixelRatio() if isinstance(sheet, QPixmap) else 1.0
        self.width = sheet.width() / ratio / look.unit
        self.height = sheet.height() / ratio / look.unit
        self.part = QRectF(0, 0, self.width, self.height)
        """What is to be drawn: all of it, or the part that has changed."""
        self.said: list[str] = []
        """Everything written, for people who listen instead of look."""

    def end(self) -> None:
        self.painter.end()

    def length(self, words: object, ink: Ink) -> float:
        return self.look.wide(text.plain(words), ink.role, ink.bold)

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
        shown = text.plain(words)
        if room is not None:
            shown = self.look.cut(shown, ink.role, ink.bold, room)
        wide = self.look.wide(shown, ink.role, ink.bold)
        self._use(ink)
        self.said.append(shown)
        self.painter.drawText(QPointF(x - wide * at, base), shown)
        return x - wide * at + wide

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
        self, x: float, base: float, words: object, ink: Ink, room: float, lines: int = 2
    ) -> float:
        """A text wrapped to `room`; returns the baseline of its last line."""
        letters = self.look.letters(ink.role, ink.bold)
        shown = text.wrap(text.plain(words), letters, room, lines)
        self._use(ink)
        self.said.append(" ".join(shown))
        for i, line in enumerate(shown):
            self.painter.drawText(QPointF(x, base + i * self.line_height(ink.role)), line)
        return base + (len(shown) - 1) * self.line_height(ink.role)

    def line(self, x: float, y: float, x2: float, y2: float, token: str = "ln",
             width: float = 1) -> None:  # fmt: skip
        self.painter.setPen(pen(self.look.colour(token), width))
        self.painter.drawLine(QPointF(x, y), QPointF(x2, y2))

    def fill(self, box: QRectF, token: str, radius: float = 0, alpha: float = 1) -> None:
        self.painter.setPen(Qt.PenStyle.NoPen)
        self.painter.setBrush(self.look.colour(token, alpha))
        self.painter.drawRoundedRect(box, radius, radius)

    def frame(self, box: QRectF, token: str, width: float = 2, radius: float = 4) -> None:
        self.painter.setPen(QPen(self.look.colour(token), width))
        self.painter.setBrush(Qt.BrushStyle.NoBrush)
        self.painter.drawRoundedRect(box, radius, radius)

    def lay(self, image: QPixmap) -> None:
        """A picture of the whole widget, made by another paper."""
        self.painter.save()
        self.painter.scale(1 / self.look.unit, 1 / self.look.unit)
        self.painter.drawPixmap(QPointF(0, 0), image)
        self.painter.restore()

    def hatch(self, box: QRectF) -> None:
        """Too old."""
        self.painter.fillRect(box, self.look.hatch())

    def bar(
        self, box: QRectF, share: float, target: float | None = None, token: str = "t2"
    ) -> None:
        """A used share of a whole, and a tick where it should be."""
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
        marks.severity(self.painter, QPointF(x, y), size, mark, self.look, lit)

    def lamp(self, x: float, y: float, size: float, colour: str, known: bool = True) -> None:
        marks.lamp(self.painter, QPointF(x, y), size, colour, self.look, known)

    def _use(self, ink: Ink) -> None:
        self.painter.setFont(self.look.drawn(ink.role, ink.bold))
        token = ink.token or self.look.metrics.role(ink.role).token
        self.painter.setPen(self.look.colour(token))
