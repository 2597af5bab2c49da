"""What lies over a window that shows the past: grey stripes on all sides, the word for it across
the whole, and in a window of its own the moment and what waits now.

Nothing of now ever has it, so nobody takes one for the other; it lets the mouse through.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QRect, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPixmap, QRegion
from PySide6.QtWidgets import QWidget

from widgets import age, now_line, watermark
from widgets.base import Context
from widgets.i18n import tr
from widgets.lookback import Lookback
from widgets.paper import Ink, Paper
from widgets.watermark import WORD

SIDE, HEAD = {"wall": 12, "desk": 6}, 56
"""Design pixels of a side, and of the head of a window that has none of its own."""


def words(past: Lookback) -> str:
    """【回看 2026-11-26 10:15:20 ×4】"""
    time = age.stamped(past.at)
    if past.playing:
        return tr("【回看 {time} ×{n}】", time=time, n=past.speed)
    return tr("【回看 {time}】", time=time)


class Frame(QWidget):
    """Lies over all of a window; `body`: where the word may stand. Without one the window has no
    head of its own, and the frame writes the moment too."""

    def __init__(
        self, context: Context, past: Lookback, parent: QWidget,
        body: Callable[[], QRect] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._context, self._past, self._body = context, past, body
        self._over = parent
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        past.moved.connect(self.follow)
        parent.installEventFilter(self)
        self.wear()
        self.show()

    def wear(self) -> None:
        """The look is another one: of a page of another kind, a theme, a language."""
        self._look = self._context.look
        self._side = SIDE[self._look.metrics.kind]
        self._stamp = self._draw_word()
        self.lay()

    def follow(self) -> None:
        """The moment is another one, or what waits now."""
        if self._body is None:
            self.update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self.lay()
        return False

    def lay(self) -> None:
        """Only the frame and the words: what lies between is not painted anew with them."""
        room = self._over.rect()
        self.setGeometry(room)
        side = self._look.px(self._side)
        top = self._look.px(HEAD) if self._body is None else side
        self._inner = room.adjusted(side, top, -side, -side)
        mask = QRegion(room) - QRegion(self._inner)
        for box in self._places():
            mask += QRegion(box)
        self.setMask(mask)
        self.raise_()

    def _places(self) -> list[QRect]:
        inner = self._inner if self._body is None else self._inner & self._body()
        return watermark.places(self._look, self._stamp.size(), inner)

    def _draw_word(self) -> QPixmap:
        look, told = self._look, tr("回看")
        side = look.px(WORD * 1.1) * max(2, len(told)) // (1 if len(told) < 3 else 2)
        return watermark.drawn(look, told, look.px(WORD), side, "t1")

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setClipRegion(event.region())
        for box in self._places():
            if event.region().intersects(box):
                painter.drawPixmap(box.topLeft(), self._stamp)
        painter.setClipRegion((QRegion(self.rect()) - QRegion(self._inner)) & event.region())
        painter.fillRect(self.rect(), self._look.colour("r2"))
        unit = self._look.unit
        painter.scale(unit, unit)
        whole = QRectF(0, 0, self.width() / unit, self.height() / unit)
        for _ in range(3):  # stripes that are seen from the last seat
            painter.fillRect(whole, self._look.hatch())
        painter.end()
        if self._body is None:
            self._write()

    def _write(self) -> None:
        paper = Paper(self, self._look)
        paper.fill(
            QRectF(self._side, self._side, paper.width - 2 * self._side, HEAD - self._side), "p"
        )
        edge = now_line.draw(paper, paper.width - self._side - 12, HEAD * 0.5 + 14, self._context)
        paper.write(
            self._side + 12,
            HEAD * 0.5 + 15,
            words(self._past),
            Ink("item"),
            room=edge - self._side - 24,
        )
        paper.end()
