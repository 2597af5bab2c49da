"""Marks: severity in all its states, lamps, units, the square of the mode.

A severity carries its Roman numeral from 20 design pixels upward; a lamp (time left) has the same
colours, and is a clock. The shapes of severities are those of the map.
"""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen, QTransform

from commandwall.alarm_life import ACKED, DSUPR, LATCH, NORM, OOSRV, RTNUN, SHLVD, STALE, UNACK
from commandwall.deadlines import BLUE, GREY, ORANGE, RED, YELLOW
from layers import marks
from widgets.look import Look

LOOKS = {
    UNACK: marks.FILLED,
    ACKED: marks.FILLED,
    RTNUN: marks.HOLLOW,
    NORM: marks.HOLLOW,
    LATCH: marks.LATCHED,
    STALE: marks.UNKNOWN,
    SHLVD: marks.SHELVED,
    OOSRV: marks.UNUSED,
}
"""State of an alarm -> its look; one that a rule suppresses has none of its own."""
LAMPS = {RED: "s1", ORANGE: "s2", YELLOW: "s3"}
"""Lamp -> its colour; green stays without one."""
GONE = {RED: 1.0, ORANGE: 0.8, YELLOW: 0.5}
"""Lamp -> how much of its face is filled. A lamp borrows no shape of a severity: a red ◆ without
a numeral is read as one of the first."""


def severity(
    painter: QPainter, middle: QPointF, size: float, mark: tuple[int, str], look: Look,
    lit: bool = True,
) -> None:  # fmt: skip
    """`mark` is (severity 1..4, state); `lit`: whether a blinking ring is on now. A panel is quiet
    ground: a halo only keeps the ring apart, and on a raised ground it would be seen."""
    level, state = mark
    if state == DSUPR:
        return
    painter.save()
    if state == UNACK and lit:
        marks.paint_ring(painter, middle, size, level, look.style)
    shown = LOOKS.get(state, marks.UNKNOWN)
    marks.paint_mark(painter, middle, size, level, shown, look.style, halo=state == UNACK)
    painter.restore()


def lamp(
    painter: QPainter, middle: QPointF, size: float, colour: str, look: Look, known: bool = True
) -> None:
    """Time left, as the face of a clock: half of it filled, four fifths, all of it with its hands
    when it is over; a grey ring while there is plenty; two bars while it is suspended. Dashed and
    hollow where what was done since is not known, grey where no clock is."""
    painter.save()
    gone, radius = GONE.get(colour), size * 0.42
    if colour == BLUE:
        _still(painter, middle, radius, look)
    elif colour == GREY:
        painter.setPen(_dashed(look, "t3"))
        painter.drawEllipse(middle, size * 0.36, size * 0.36)
    elif gone is None:
        _ring(painter, middle, size * 0.36, look, "t3")
    elif not known:
        painter.setPen(_dashed(look, LAMPS[colour]))
        painter.drawEllipse(middle, radius, radius)
    else:
        _face(painter, middle, radius, (gone, LAMPS[colour]), look)
    painter.restore()


def _still(painter: QPainter, middle: QPointF, radius: float, look: Look) -> None:
    """A clock that stands still: the two bars of a pause."""
    _ring(painter, middle, radius, look, "s4")
    bars, high = QPainterPath(), 0.45 * radius
    for x in (-0.3 * radius, 0.3 * radius):
        bars.moveTo(middle + QPointF(x, -high))
        bars.lineTo(middle + QPointF(x, high))
    painter.strokePath(bars, marks.pen(look.colour("s4"), max(1.75, radius * 0.24)))


def _dashed(look: Look, token: str) -> QPen:
    pen = marks.pen(look.colour(token), 2.0)
    pen.setDashPattern([1.6, 1.1])
    return pen


def _face(
    painter: QPainter, middle: QPointF, radius: float, lit: tuple[float, str], look: Look
) -> None:
    """A clock of which the share that is gone is filled in a colour: (share, colour)."""
    gone, token = lit
    rim, part = QPainterPath(), QPainterPath()
    box = QRectF(middle.x() - radius, middle.y() - radius, 2 * radius, 2 * radius)
    rim.addEllipse(box)
    if gone < 1:
        part.moveTo(middle)
        part.arcTo(box, 90, -360 * gone)
        part.closeSubpath()
    if look.style.edge is not None:
        painter.strokePath(rim, marks.pen(look.style.edge, 3.75))
    painter.fillPath(rim if gone == 1 else part, look.colour(token))
    painter.strokePath(rim, marks.pen(look.colour(token), 1.75))
    if gone == 1:
        hands = QPainterPath(middle + QPointF(0, -0.62 * radius))
        hands.lineTo(middle)
        hands.lineTo(middle + QPointF(0.5 * radius, 0))
        painter.strokePath(hands, marks.pen(look.colour("ink"), max(1.75, radius * 0.24)))
    elif look.style.edge is not None:
        _edge(painter, part, look)


def hollow(
    painter: QPainter, x: float, y: float, mark: tuple[float, int], look: Look, token: str = "t4"
) -> None:
    """The shape (size, severity) of a severity of which there is nothing now: grey, no fill."""
    painter.save()
    pen = marks.pen(look.colour(token), 1.5)
    painter.strokePath(marks.shape(QPointF(x, y), mark[0] * 0.9, mark[1]), pen)
    painter.restore()


def square(painter: QPainter, middle: QPointF, size: float, token: str, look: Look) -> None:
    """A small filled square: the key of a count."""
    path = QPainterPath()
    path.addRect(QRectF(middle.x() - size / 2, middle.y() - size / 2, size, size))
    painter.fillPath(path, look.colour(token))
    if token in ("s2", "s3"):
        _edge(painter, path, look)


def block(painter: QPainter, box: QRectF, token: str, look: Look) -> None:
    """A filled rectangle in a severity's colour, with its edge on a light ground."""
    painter.fillRect(box, look.colour(token))
    if look.style.edge is not None:
        painter.setPen(QPen(look.style.edge, 1.25))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(box)


def sign(painter: QPainter, box: QRectF, severity: int, look: Look) -> None:
    """An indicator beyond a limit: a block in the colour of a severity, its form cut out."""
    block(painter, box, f"s{severity}", look)
    size = min(box.width(), box.height()) * 0.62
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    ink = look.style.colour("ink23" if severity in (2, 3) else "ink")
    painter.fillPath(marks.shape(box.center(), size, severity), ink)
    painter.restore()


def unit(painter: QPainter, middle: QPointF, letter: str, lost: bool, look: Look) -> None:
    """A white disc of 30 px with one character; dashed and grey where its fix is lost."""
    painter.save()
    marks.paint_unit(painter, middle, letter, lost, look.style)
    painter.restore()


MODES = {"peace": 0.0, "watch": 0.5, "emergency": 1.0}
"""Mode 平 急 战 -> how much of its square is filled. A mode has no hue."""


def mode(painter: QPainter, box: QRectF, letter: str, filled: float, look: Look) -> None:
    """The square of the mode with its character."""
    painter.save()
    path, size = QPainterPath(), box.height() * 0.6
    path.addRoundedRect(box, 6, 6)
    _letter(painter, box.center(), letter, size, look, "t1")
    if filled:  # the letter stands out from both halves
        painter.setClipRect(QRectF(box.x(), box.bottom() - box.height() * filled, *_size(box)))
        painter.fillPath(path, look.colour("t1"))
        _letter(painter, box.center(), letter, size, look, "ink")
        painter.setClipping(False)
    painter.strokePath(path, QPen(look.colour("t1" if filled else "t2"), 2))
    painter.restore()


def _size(box: QRectF) -> tuple[float, float]:
    return box.width(), box.height()


def _letter(
    painter: QPainter, middle: QPointF, letter: str, size: float, look: Look, token: str
) -> None:
    path = marks.outline(look.drawn("sentence", True), letter)
    ink = path.boundingRect()
    if ink.isEmpty():
        return
    scale = size / max(ink.width(), ink.height())
    place = QTransform.fromTranslate(middle.x(), middle.y()).scale(scale, scale)
    painter.fillPath(place.map(path), look.colour(token))


def _ring(painter: QPainter, middle: QPointF, radius: float, look: Look, token: str) -> None:
    painter.setPen(QPen(look.colour(token), 1.75))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawEllipse(middle, radius, radius)


def _edge(painter: QPainter, path: QPainterPath, look: Look) -> None:
    if look.style.edge is not None:
        pen = marks.pen(look.style.edge, 1.25)
        painter.strokePath(path, pen)
