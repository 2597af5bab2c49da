"""The overlay: the little that the screen's thread draws over the cooked picture at each paint."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPainterPath, QPen, QPolygonF, QTransform

from layers import crowd
from layers.geometry import Ints, Shapes
from layers.marks import pen
from layers.scene import Rings, Scene
from layers.style import Style
from layers.viewport import Viewport

PART = "　·　"
"""Between the parts of what is told below the map."""
NICE = (1, 2, 5)


@dataclass(slots=True)
class Blinker:
    """All rings blink in phase, hard on and off; Ⅲ and Ⅳ and reduced motion never do."""

    style: Style
    reduced: bool = False

    def blinks(self, severity: int) -> bool:
        return not self.reduced and str(severity) in self.style.map["blink"]

    def lit(self, severity: int, seconds: float) -> bool:
        """Whether the rings of a severity are on at a moment of the monotonic clock."""
        if not self.blinks(severity):
            return True
        period = float(self.style.map["blink"][str(severity)])
        return bool(seconds % period < period * self.style.map["blink"]["on"])

    def next_edge(self, severities: set[int], seconds: float) -> float | None:
        """Seconds until any ring changes; None when nothing blinks."""
        look, waits = self.style.map["blink"], []
        for severity in filter(self.blinks, severities):
            period = float(look[str(severity)])
            phase, edge = seconds % period, period * float(look["on"])
            waits.append(edge - phase if phase < edge else period - phase)
        return min(waits, default=None)


@dataclass(slots=True)
class Overlay:
    """Rings, and marks that no frame has yet; remembers the images it needs."""

    scene: Scene
    blinker: Blinker
    _images: dict[tuple[int, int], QImage] = field(default_factory=dict)

    def next_edge(self, view: Viewport, seconds: float) -> float | None:
        """Seconds until a ring in the window changes; None when nothing blinks there."""
        seen = (rings.severity[rows].tolist() for rings, rows in self._shown(view))
        return self.blinker.next_edge({severity for some in seen for severity in some}, seconds)

    def blinking_boxes(self, view: Viewport) -> list[QRectF]:
        """Device pixels of the rings in the window that may blink."""
        return self._boxes(view, lambda r, i: self.blinker.blinks(int(r.severity[i])))

    def fresh_boxes(self, view: Viewport, held: Collection[str]) -> list[QRectF]:
        """Device pixels of the rings in the window whose marks the frame does not hold."""
        return self._boxes(view, lambda r, i: r.marks.ids[i] not in held)

    def paint(
        self, painter: QPainter, view: Viewport, seconds: float, held: Collection[str]
    ) -> None:
        """Rings that are lit now, and marks that the frame does not hold: an alarm is there at
        once, however long a picture of the whole city takes."""
        for rings, rows in self._shown(view):
            ids, severities = rings.marks.ids, rings.severity[rows].tolist()
            lit = {s for s in set(severities) if self.blinker.lit(s, seconds)}
            fresh = [i for i in rows.tolist() if ids[i] not in held]
            ringed = [i for i, s in zip(rows.tolist(), severities, strict=True) if s in lit]
            for some, sprite in ((fresh, rings.marks.sprite), (ringed, rings.sprite)):
                for x, y, i in zip(*self._corners(view, rings, some, sprite), some, strict=True):
                    painter.drawImage(x, y, self._image(int(sprite[i])))

    def _boxes(self, view: Viewport, wanted: Callable[[Rings, int], bool]) -> list[QRectF]:
        """Where the wanted ones of the rings in the window lie."""
        found: list[QRectF] = []
        for rings, rows in self._shown(view):
            some = [i for i in rows.tolist() if wanted(rings, i)]
            corners = zip(*self._corners(view, rings, some, rings.sprite), some, strict=True)
            size = self.scene.sprites.size
            found += [QRectF(x, y, *size(int(rings.sprite[i]))) for x, y, i in corners]
        return found

    def _shown(self, view: Viewport) -> Iterator[tuple[Rings, Ints]]:
        """The rows whose ring is in the window."""
        for rings in self.scene.rings():
            if len(rows := rings.shown(view)):
                yield rings, rows

    def _corners(
        self, view: Viewport, rings: Rings, rows: list[int], sprite: NDArray[np.int32]
    ) -> tuple[list[int], list[int]]:
        """Left and top device pixels of the sprites of some rows, as the cook lays them."""
        x, y, where = rings.marks.x[rows], rings.marks.y[rows], self.scene.sprites.pages.where
        px, py = crowd.corners(x, y, sprite[rows], where, view.transform)
        return px.tolist(), py.tolist()

    def _image(self, sprite: int) -> QImage:
        key = (self.scene.sprites.edition, sprite)
        if key not in self._images:
            if len(self._images) > 64:
                self._images.clear()
            self._images[key] = self.scene.sprites.image(sprite)
        return self._images[key]


def paint_selection(painter: QPainter, view: Viewport, x: float, y: float, style: Style) -> None:
    """A white circle around the chosen thing."""
    px, py = view.pixel(x, y)
    radius = 32 * view.unit
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for colour, width in ((style.colour("halo"), 5.0), (style.colour("t1"), 2.0)):
        painter.setPen(QPen(colour, width * view.unit))
        painter.drawEllipse(QPointF(px, py), radius, radius)


def outline(shapes: Shapes, chosen: Iterable[int]) -> QPainterPath | None:
    """The borders of some shapes in sheet metres; None where there are none."""
    path = QPainterPath()
    for i in chosen:
        for ring in range(int(shapes.shapes[i]), int(shapes.shapes[i + 1])):
            a, b = shapes.rings[ring : ring + 2]
            path.addPolygon(QPolygonF([QPointF(x, y) for x, y in shapes.xy[a:b].tolist()]))
            path.closeSubpath()
    return None if path.isEmpty() else path


def paint_outline(painter: QPainter, view: Viewport, path: QPainterPath, style: Style) -> None:
    """The outline of what is chosen; the path is in sheet metres."""
    scale, ox, oy = view.transform
    drawn = QTransform(scale, 0, 0, scale, ox, oy).map(path)
    for token, width in (("halo", 5.0), ("t1", 2.0)):
        stroke = pen(style.colour(token), width * view.unit, Qt.PenJoinStyle.RoundJoin)
        painter.strokePath(drawn, stroke)


def paint_sketch(painter: QPainter, view: Viewport, xy: NDArray[np.float64], style: Style) -> None:
    """What a person is drawing: corners (n, 2) in sheet metres, joined by a dashed line."""
    corners = [QPointF(*view.pixel(x, y)) for x, y in xy.tolist()]
    for token, width in (("halo", 5.0), ("s2", 2.5)):
        line = pen(style.colour(token), width * view.unit, Qt.PenJoinStyle.RoundJoin)
        if token != "halo":
            line.setDashPattern([4, 3])
        painter.setPen(line)
        painter.drawPolyline(corners)
    painter.setPen(QPen(style.colour("halo"), 2 * view.unit))
    painter.setBrush(style.colour("s2"))
    for corner in corners:
        painter.drawEllipse(corner, 5 * view.unit, 5 * view.unit)


def paint_pin(
    painter: QPainter, view: Viewport, at: tuple[float, float], style: Style, chosen: bool
) -> None:
    """A place in the making, at a pixel; the chosen one is full, and larger."""
    painter.setPen(pen(style.colour("halo"), 5 * view.unit))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    size = (8.0 if chosen else 5.5) * view.unit
    painter.drawEllipse(QPointF(*at), size, size)
    painter.setPen(pen(style.colour("t1"), 2.5 * view.unit))
    painter.setBrush(style.colour("t1") if chosen else Qt.BrushStyle.NoBrush)
    painter.drawEllipse(QPointF(*at), size, size)


def scale_length(mpp: float, room: float) -> float:
    """The longest 1, 2 or 5 times a power of ten (metres) that fits in `room` pixels."""
    most = mpp * room
    power = 10.0 ** math.floor(math.log10(most))
    # Just under a power of ten its logarithm may round up to it.
    return max((n * power for n in NICE if n * power <= most), default=power)


def fit_parts(text: str, room: float, length: Callable[[str], float]) -> str:
    """As many of the last parts as fit in `room` pixels: how old the map is comes last."""
    parts = text.split(PART)
    while len(parts) > 1 and length(PART.join(parts)) > room:
        del parts[0]
    return PART.join(parts)


class Furniture:
    """Scale bar, datum and age: always in the frame, drawn again only when they change."""

    def __init__(self, style: Style) -> None:
        self.style = style
        self._key: tuple[object, ...] = ()
        self._image = QImage()

    def image(self, view: Viewport, text: str) -> QImage:
        """A strip as wide as the window, transparent, with the scale bar left and `text` right."""
        key = (view.width, view.mpp, text, self.style.theme)
        if key != self._key:
            self._key, self._image = key, self._draw(view, text)
        return self._image

    def _draw(self, view: Viewport, text: str) -> QImage:
        unit = view.unit
        image = QImage(
            QSize(view.width, round(44 * unit)), QImage.Format.Format_ARGB32_Premultiplied
        )
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self.style.font(self.style.map["text"]["frame"]["size"]))
        left = self._bar(painter, view, image.height()) + 24 * unit
        edge = QRectF(left, 0, view.width - 24 * unit - left, image.height())
        fitting = fit_parts(text, edge.width(), painter.fontMetrics().horizontalAdvance)
        self._say(painter, edge, fitting, Qt.AlignmentFlag.AlignRight)
        painter.end()
        return image

    def _bar(self, painter: QPainter, view: Viewport, height: int) -> float:
        """The scale; returns where its measure ends, in device pixels."""
        unit = view.unit
        metres = scale_length(view.mpp, min(200 * unit, view.width * 0.25))
        left, base, wide = 24 * unit, height / 2 + 5 * unit, metres / view.mpp
        tick = 8 * unit
        line = [
            QPointF(left, base - tick), QPointF(left, base),
            QPointF(left + wide, base), QPointF(left + wide, base - tick),
        ]  # fmt: skip
        for name, width in (("halo", 4.0), ("t3", 1.5)):
            painter.setPen(QPen(self.style.colour(name), width * unit))
            painter.drawPolyline(line)
        text = f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"
        beside = QRectF(left + wide + 12 * unit, 0, 200 * unit, height)
        self._say(painter, beside, text, Qt.AlignmentFlag.AlignLeft)
        return beside.left() + painter.fontMetrics().horizontalAdvance(text)

    def _say(self, painter: QPainter, box: QRectF, text: str, side: Qt.AlignmentFlag) -> None:
        around = side | Qt.AlignmentFlag.AlignVCenter
        room = 6 * self.style.unit
        ground = painter.fontMetrics().boundingRect(box.toRect(), around, text)
        # What lies under the words is marks, which never move.
        painter.fillRect(
            QRectF(ground).adjusted(-room, -2, room, 2), self.style.colour("halo", 0.8)
        )
        painter.setPen(self.style.colour("halo"))
        for dx, dy in ((-1, 0), (1, 0), (0, -1), (0, 1)):
            painter.drawText(box.translated(dx, dy), around, text)
        painter.setPen(self.style.colour("t3"))
        painter.drawText(box, around, text)
