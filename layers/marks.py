"""Marks: severity by colour, shape and Roman numeral; units, places, posts, small event signs.

Each function paints around `middle` in design pixels; panels may use them with any painter.
"""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QPainter, QPainterPath, QPen, QPolygonF

from layers.style import Style

NUMERALS = {1: "I", 2: "II", 3: "III", 4: "IV"}
FILLED, HOLLOW, UNKNOWN, SHELVED = "filled", "hollow", "unknown", "shelved"
"""Looks of a mark: open, returned but unacknowledged, last known (feed gone), shelved."""
LATCHED, UNUSED = "latched", "unused"
"""Over and held until it is reset: an outline on a floor; out of service: crossed out."""
SIGNS = {UNKNOWN: "?", UNUSED: "×"}
"""What stands in a mark instead of its numeral."""
NUMERAL_FROM = 20
"""From this size a mark carries its numeral."""


def shape(middle: QPointF, size: float, severity: int) -> QPainterPath:
    """◆ ▲ ■ ● of severity 1..4, of about equal weight at equal `size`."""
    path, x, y = QPainterPath(), middle.x(), middle.y()
    if severity == 1:
        h = size * 0.56
        corners = [(x, y - h), (x + h, y), (x, y + h), (x - h, y)]
    elif severity == 2:
        w, top, low = size * 0.54, size * 0.54, size * 0.42
        corners = [(x, y - top), (x + w, y + low), (x - w, y + low)]
    elif severity == 3:
        h = size * 0.42
        corners = [(x - h, y - h), (x + h, y - h), (x + h, y + h), (x - h, y + h)]
    else:
        path.addEllipse(middle, size * 0.45, size * 0.45)
        return path
    path.addPolygon(QPolygonF([QPointF(*c) for c in corners]))
    path.closeSubpath()
    return path


def paint_mark(
    painter: QPainter, middle: QPointF, size: float, severity: int, look: str, style: Style,
    halo: bool = True,
) -> None:  # fmt: skip
    """One severity mark without its ring; `halo`: with one of the ground, which keeps it clear of
    what lies below and around it."""
    outline, colour = shape(middle, size, severity), style.colour(f"s{severity}")
    if look == SHELVED:
        painter.setOpacity(0.45)
    if halo:
        _halo(painter, outline, style)
    if look in (FILLED, SHELVED):
        painter.fillPath(outline, colour)
        _line(painter, outline, style.edge, 1.25)
    else:
        _hollow(painter, outline, colour, look == UNKNOWN, style)
    if size >= NUMERAL_FROM:
        numeral = SIGNS.get(look, NUMERALS[severity])
        _numeral(painter, middle, size, severity, (numeral, look), style)
    if look in (LATCHED, SHELVED):
        _bar(painter, middle, size, look, colour)
    painter.setOpacity(1.0)


def _bar(painter: QPainter, middle: QPointF, size: float, look: str, colour: QColor) -> None:
    """Under what is held, through what is shelved."""
    drop, half = (size * 0.68, size * 0.42) if look == LATCHED else (0.0, size * 0.68)
    ends = (middle + QPointF(-half, drop), middle + QPointF(half, drop))
    painter.setPen(pen(colour, max(2.0, size * 0.1)))
    painter.drawLine(*ends)


def pen(colour: QColor, width: float, join: Qt.PenJoinStyle = Qt.PenJoinStyle.MiterJoin) -> QPen:
    """A pen with square ends."""
    return QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap, join)


def _halo(painter: QPainter, outline: QPainterPath, style: Style) -> None:
    width = style.map["mark"]["halo"]
    painter.strokePath(outline, pen(style.colour("halo"), 2 * width, Qt.PenJoinStyle.RoundJoin))


def _hollow(
    painter: QPainter, outline: QPainterPath, colour: QColor, dashed: bool, style: Style
) -> None:
    painter.fillPath(outline, style.colour("halo"))
    if style.edge is not None:
        _line(painter, outline, style.edge, 4.5)
    _line(painter, outline, colour, 2.5, [1.6, 1.1] if dashed else None)


def _line(
    painter: QPainter, path: QPainterPath, colour: QColor | None, width: float,
    dash: list[float] | None = None,
) -> None:  # fmt: skip
    if colour is None:
        return
    stroke = pen(colour, width)
    if dash:
        stroke.setDashPattern(dash)
    painter.strokePath(path, stroke)


def _numeral(
    painter: QPainter, middle: QPointF, size: float, severity: int, what: tuple[str, str],
    style: Style,
) -> None:  # fmt: skip
    text, look = what
    if look in (FILLED, SHELVED):
        colour = style.colour("ink23" if severity in (2, 3) else "ink")
    else:
        colour = style.colour("t1" if style.edge is not None else f"s{severity}")
    lower = size * 0.13 if severity == 2 else 0.0  # the heart of a triangle lies below its middle
    letter(painter, QPointF(middle.x(), middle.y() + lower), text, size * 0.45, colour, style)


def letter(
    painter: QPainter, middle: QPointF, text: str, size: float, colour: QColor, style: Style
) -> None:
    """Bold characters with the middle of their ink at `middle`."""
    path = outline(style.font(size / style.unit, bold=True), text)
    painter.fillPath(path.translated(middle), colour)


def outline(font: QFont, text: str) -> QPainterPath:
    """Characters with the middle of their ink at (0, 0)."""
    path = QPainterPath()
    path.setFillRule(Qt.FillRule.WindingFill)  # a variable font draws each stroke by itself
    path.addText(0, 0, font, text)
    path.translate(-path.boundingRect().center())
    return path


def paint_ring(
    painter: QPainter, middle: QPointF, size: float, severity: int, style: Style
) -> None:
    """The outer ring of an unacknowledged mark."""
    look = style.map["mark"]
    outline = shape(middle, size * look["ring"], severity)
    if severity == 2:  # concentric with the inner triangle
        outline = shape(QPointF(middle.x(), middle.y() - size * 0.02), size * look["ring"], 2)
    _line(painter, outline, style.edge or style.colour("halo"), look["ring_line"] + 2.5)
    _line(painter, outline, style.colour(f"s{severity}"), look["ring_line"])


def paint_unit(painter: QPainter, middle: QPointF, text: str, lost: bool, style: Style) -> None:
    """A unit: a white disc with one character; a dashed grey ring where its fix is lost."""
    radius = style.map["mark"]["unit"] / 2
    path = QPainterPath()
    path.addEllipse(middle, radius - 1, radius - 1)
    _halo(painter, path, style)
    painter.fillPath(path, style.colour("halo" if lost else "t1"))
    if lost:
        _line(painter, path, style.colour("t3"), 2.0, [1.6, 1.2])
    letter(painter, middle, text, radius * 1.05, style.colour("t3" if lost else "ink"), style)


def paint_post(painter: QPainter, middle: QPointF, text: str, style: Style) -> None:
    """A command post: a rectangle with 前指 or 后指."""
    wide = max(50.0, 14.0 * len(text)) if text.isascii() else 50.0
    rect = QRectF(middle.x() - wide / 2, middle.y() - 15, wide, 30)
    painter.setPen(QPen(style.colour("t1"), 2))
    painter.setBrush(QBrush(style.colour("bg")))
    painter.drawRoundedRect(rect, 3, 3)
    letter(painter, middle, text, 18, style.colour("t1"), style)


def paint_event(painter: QPainter, middle: QPointF, look: str, style: Style) -> None:
    """A small sign without hue: filled (nobody has taken it), hollow (in work), unknown (dashed:
    only its area is known)."""
    size = style.map["mark"]["event"]
    path = QPainterPath()
    path.addEllipse(middle, size / 2, size / 2)
    painter.strokePath(path, QPen(style.colour("halo", 0.8), 4))
    if look == FILLED:
        painter.fillPath(path, style.colour("t2"))
    else:
        painter.fillPath(path, style.colour("halo"))
        _line(painter, path, style.colour("t2"), 1.6, [1.4, 1.2] if look == UNKNOWN else None)


def paint_mention(painter: QPainter, middle: QPointF, size: float, style: Style) -> None:
    """Where something is told of: a ring with a core."""
    ring, core = QPainterPath(), QPainterPath()
    ring.addEllipse(middle, size / 2, size / 2)
    core.addEllipse(middle, size / 5, size / 5)
    painter.strokePath(ring, QPen(style.colour("halo", 0.8), 5))
    _line(painter, ring, style.colour("t1"), 2)
    painter.fillPath(core, style.colour("t1"))


def paint_square(painter: QPainter, middle: QPointF, side: float, style: Style) -> None:
    """A place that matters: a hollow square."""
    path = QPainterPath()
    path.addRect(middle.x() - side / 2, middle.y() - side / 2, side, side)
    painter.strokePath(path, QPen(style.colour("halo", 0.8), 4))
    _line(painter, path, style.colour("t2"), 1.6)


def paint_numbered(painter: QPainter, middle: QPointF, number: str, style: Style) -> None:
    """The place of a directive: a hollow square with its number."""
    side = style.map["mark"]["order"]
    path = QPainterPath()
    path.addRect(middle.x() - side / 2, middle.y() - side / 2, side, side)
    _halo(painter, path, style)
    painter.fillPath(path, style.colour("halo"))
    _line(painter, path, style.colour("t1"), 1.6)
    letter(painter, middle, number, side * 0.66, style.colour("t1"), style)


def paint_camera(
    painter: QPainter, middle: QPointF, heading: float, fov: float, style: Style
) -> None:
    """A camera: a dot and the sector that it sees; `heading` degrees clockwise from north."""
    radius = 22.0
    box = QRectF(middle.x() - radius, middle.y() - radius, 2 * radius, 2 * radius)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(style.colour("t2", 0.22))
    painter.drawPie(box, round((90 - heading - fov / 2) * 16), round(fov * 16))
    painter.setBrush(style.colour("t2"))
    painter.drawEllipse(middle, 3.0, 3.0)


def paint_sensor(
    painter: QPainter, middle: QPointF, form: int, colour: QColor, hollow: bool
) -> None:
    """The small shape of a device class: square, disc, diamond or triangle by `form`; hollow with
    a stroke where it is silent."""
    size = 6.0 if hollow else 4.0
    path = shape(middle, size * 1.15, (3, 4, 1, 2)[form % 4])
    if hollow:
        _line(painter, path, colour, 1.0)
    else:
        painter.fillPath(path, colour)
