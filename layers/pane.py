"""A pane: one window's picture of a board, and its orders at the cook that all windows share."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple, Protocol

from PySide6.QtCore import QObject, QPoint, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QImage, QPainter, QRegion

from commandwall.clock import Clock
from layers.cook import Cook, Seat
from layers.frames import spare
from layers.painter import Frame
from layers.scene import Scene
from layers.viewport import Viewport

SAME = 1e-9
"""Scales that differ by less are one: then pixels are copied, not stretched."""
AT_ONCE = 4_000_000
"""Pixels that are copied in one go. Qt keeps Python's lock meanwhile, for 25 ms of the largest
walls: whoever brings an alarm gets his turn between two goes."""


class Shared(Protocol):
    """What the panes of one board have in common."""

    scene: Scene
    clock: Clock
    cook: Cook

    def look(self, pane: Pane, wanted: bool) -> None: ...


class Asked(NamedTuple):
    """An order at the cook: its number, its moment, the marks with a ring of that moment, what
    the window showed."""

    ticket: int
    at: float
    marks: frozenset[str]
    view: Viewport


class Pane(QObject):
    """`frame` is what the window shows, `growing` a large one as far as it is cooked; `fresh`:
    other pixels are there, with the boxes of the window (device pixels) in which they lie."""

    fresh = Signal(list)

    def __init__(self, board: Shared, seat: Seat, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.board, self.seat, self.view = board, seat, Viewport(0.0, 0.0, 50.0, 1, 1)
        self.frame: tuple[Frame, QImage] | None = None
        self.growing: tuple[Frame, QImage] | None = None
        self.sharp_ms: deque[float] = deque(maxlen=4096)
        self.held: frozenset[str] = frozenset()
        """Ids of the marks with a ring that `frame` holds."""
        self._asked: deque[Asked] = deque()
        self._sharp = 0  # the last order whose window was seen sharp

    @property
    def waits(self) -> bool:
        """Whether an order is not answered yet, or not with all that lies around the window."""
        return bool(self._asked) or (self.frame is not None and self.frame[0].close)

    def leave(self) -> None:
        """The window goes; nothing is cooked for it any more."""
        self._asked.clear()
        self.board.cook.leave(self.seat)

    def look(self, view: Viewport, anew: bool = False) -> None:
        """The window shows `view` now; cooks where the frame does not reach, or where asked."""
        self.view = view
        least = spare(self.board.scene.style, view)
        known = self.frame is not None and self.frame[0].view.covers(view, least)
        self.board.look(self, anew or not known)

    def order(self) -> None:
        """Have what the scene shows now cooked for this window."""
        scene = self.board.scene
        scene.recall_names(self.view)
        ticket = self.board.cook.request(self.seat, scene.plan(), self.view)
        now = self.board.clock.monotonic()
        self._asked.append(Asked(ticket, now, scene.ringed(), self.view))

    def paint(self, painter: QPainter, view: Viewport) -> None:
        """Draw the frame where it lies in the window; the window holds nothing yet without one."""
        if self.frame is None:
            self._paint_waiting(painter, view)
            return
        new = _runs(view, self.growing[0]) if self.growing is not None else []
        image = (self.growing or self.frame)[1]
        # No pixel is drawn twice: on the largest walls one blit takes longer than a beat.
        painter.setClipRegion(QRegion(0, 0, view.width, view.height).subtracted(_area(new)))
        self._paint_frame(painter, view, *self.frame)
        painter.setClipping(False)
        for place, part in new:
            _copy(painter, image, place, part)

    def _paint_frame(self, painter: QPainter, view: Viewport, frame: Frame, image: QImage) -> None:
        x, y, k = view.offset_of(frame.view)
        if not frame.view.covers(view):  # of another scale, or moved away
            inside = QRectF(x, y, image.width() * k, image.height() * k).toRect()
            self._paint_around(painter, view, inside.adjusted(1, 1, -1, -1))
        if abs(k - 1) < SAME:
            whole = QRect(0, 0, image.width(), image.height())
            _copy(painter, image, whole.translated(round(x), round(y)), whole)
        else:
            painter.drawImage(QRectF(x, y, image.width() * k, image.height() * k), image)

    def _paint_around(self, painter: QPainter, view: Viewport, inside: QRect) -> None:
        """What a window shows beyond its frame: the city from afar, stretched."""
        window = QRect(0, 0, view.width, view.height)
        if (beyond := QRegion(window).subtracted(QRegion(inside))).isEmpty():
            return
        painter.save()
        painter.setClipRegion(beyond, Qt.ClipOperation.IntersectClip)
        painter.fillRect(window, self.board.scene.style.colour("outside"))
        if (far := self.board.cook.far) is not None:
            _far_away(painter, view, *_shown(far))
        painter.restore()

    def _paint_waiting(self, painter: QPainter, view: Viewport) -> None:
        scene, box = self.board.scene, QRectF(0, 0, view.width, view.height)
        painter.fillRect(box, scene.style.colour("outside"))
        painter.setFont(scene.style.font(16))
        painter.setPen(scene.style.colour("t3"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, scene.tr("正在准备地图"))

    def adopt(self) -> None:
        """Take what the cook has made."""
        frame, growing = self.board.cook.adopt(self.seat), self.seat.growing
        known = self.growing[0] if self.growing and self.frame else None
        some = [part for part in (frame, growing) if part is not None]
        for part in some:
            self._time(part)
        if frame is not None:
            self.frame = _shown(frame)
            self._answer(frame.ticket)
        self.growing = _shown(growing) if growing is not None else None
        if some:
            self.fresh.emit([box for part in some for box in self._news(part, known)])

    def _time(self, part: Frame) -> None:
        """Note how long the oldest order has waited until its window is sharp, whatever is still
        to come around it."""
        late = [asked for asked in self._asked if self._sharp < asked.ticket <= part.ticket]
        if late and part.fills(late[-1].view):
            self._sharp = part.ticket
            self.sharp_ms.append((self.board.clock.monotonic() - late[0].at) * 1000)

    def _news(self, frame: Frame, known: Frame | None) -> list[QRect]:
        """Where in the window a frame has rows that `known` had not: painting all of the largest
        walls for each run of rows would keep the screen busy for as long as the cook is."""
        if frame.whole and not frame.view.covers(self.view):
            return [QRect(0, 0, self.view.width, self.view.height)]
        same = known is not None and known.ticket == frame.ticket
        held = len(known.done) if known is not None and same else 0
        return [place for place, _ in _runs(self.view, frame)[held:]]

    def _answer(self, ticket: int) -> None:
        """Note what this frame holds."""
        answered = [asked for asked in self._asked if asked.ticket <= ticket]
        for _ in answered:
            self._asked.popleft()
        if answered:
            self.held = answered[-1].marks


def _runs(view: Viewport, frame: Frame) -> list[tuple[QRect, QRect]]:
    """The finished rows of a picture: where each run of them lies in the window and in the
    picture; nothing where that has another scale."""
    x, y, k = view.offset_of(frame.view)
    if abs(k - 1) >= SAME:
        return []
    parts = [QRect(0, top, frame.view.width, bottom - top) for top, bottom in frame.done]
    return [(part.translated(round(x), round(y)), part) for part in parts]


def _copy(painter: QPainter, image: QImage, place: QRect, part: QRect) -> None:
    """Copy a part of an image to a place of its size, some rows at a time."""
    rows = max(1, AT_ONCE // max(1, part.width()))
    for top in range(0, part.height(), rows):
        some = QRect(part.left(), part.top() + top, part.width(), min(rows, part.height() - top))
        painter.drawImage(place.topLeft() + QPoint(0, top), image, some)


def _far_away(painter: QPainter, view: Viewport, frame: Frame, image: QImage) -> None:
    """Draw what a window shows of a picture of another scale, however far apart both are."""
    x, y, k = view.offset_of(frame.view)
    part = QRectF(-x / k, -y / k, view.width / k, view.height / k) & QRectF(image.rect())
    painter.drawImage(
        QRectF(x + part.x() * k, y + part.y() * k, part.width() * k, part.height() * k), image, part
    )


def _area(runs: list[tuple[QRect, QRect]]) -> QRegion:
    area = QRegion()
    for place, _ in runs:
        area += place
    return area


def _shown(frame: Frame) -> tuple[Frame, QImage]:
    """A frame and its image; the array is kept beside the image, which does not own its pixels."""
    height, width = frame.pixels.shape
    form = QImage.Format.Format_RGB32
    return frame, QImage(frame.pixels.data.cast("B"), width, height, form)
