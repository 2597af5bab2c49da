"""The plot of a trend, drawn by pyqtgraph, which only this brings (`trend.Trend` asks for it).

No grid, no legend, no title (those would read HTML): one baseline with ticks at 6, 12, 18, a dot
at the end. Time that is missing is hatched, never drawn flat.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QFrame, QWidget

from widgets.chart import HOURS, Day, Limit
from widgets.look import Look
from widgets.text import plain

DOT, LINE = 9.0, 2.25
FREE = 0.85
"""A line that ends before this share of the width leaves the right to names of limits."""
SEVERITIES = (3, 2, 1)
"""Of limits beyond which a line has their colour, the worst drawn last."""


class Plot(pg.GraphicsView):  # type: ignore[misc]  # pyqtgraph has no types
    """One plot. It takes no focus and no mouse: the figure above it is what is read."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent, background=None)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._box = pg.ViewBox(enableMouse=False, enableMenu=False, defaultPadding=0)
        self.setCentralItem(self._box)
        self._low, self._high = pg.PlotCurveItem(), pg.PlotCurveItem()
        self._band = pg.FillBetweenItem(self._low, self._high)
        self._line = pg.PlotCurveItem(antialias=True, connect="finite")
        self._out = [pg.PlotCurveItem(antialias=True, connect="finite") for _ in SEVERITIES]
        self._dot = pg.ScatterPlotItem(pxMode=True)
        for item in (self._band, self._line, *self._out, self._dot):
            self._box.addItem(item)
        self._day, self._range = Day(0.0), (0.0, 1.0)
        self.wear(look)

    def wear(self, look: Look) -> None:
        """Take the colours and sizes of a look."""
        self.look = look
        self.setBackground(look.colour("bg"))
        width = look.unit * (LINE if look.metrics.kind == "wall" else 2.0)
        self._pens = {
            token: pg.mkPen(look.colour(token), width=width)
            for token in ("data", "t3", *(f"s{severity}" for severity in SEVERITIES))
        }
        self._band.setBrush(look.colour("band"))
        self._wear_dot(look)
        self._show()

    def show_day(self, day: Day) -> None:
        """Take another day; most seconds change nothing that could be seen."""
        if day == self._day:
            return
        self._day = day
        self._show()

    def _show(self) -> None:
        day = self._day
        self._range = _range_of(day)
        self._box.setRange(xRange=(0, day.hours), yRange=self._range, padding=0)
        x, low, high = _smooth(day.band)
        self._low.setData(x, low)
        self._high.setData(x, high)
        pen = self._pens["t3" if day.frozen else "data"]
        xs, ys = _columns(day.line)
        self._line.setData(xs, ys, pen=pen)
        for item, severity in zip(self._out, SEVERITIES, strict=True):
            px, py = _outside(xs, ys, [li for li in day.limits if li.severity == severity])
            item.setData(px, py, pen=self._pens["t3" if day.frozen else f"s{severity}"])
        self._show_dot(day, xs, ys)
        self.update()

    def _show_dot(self, day: Day, xs: np.ndarray, ys: np.ndarray) -> None:
        known = np.flatnonzero(np.isfinite(ys))
        last = known[:0] if day.frozen else known[-1:]
        self._dot.setData(xs[last], ys[last])

    def _wear_dot(self, look: Look) -> None:
        """Once for each look: the item keeps a picture of every pen it was ever given."""
        self._dot.fragmentAtlas.clear()
        self._dot.setPen(look.colour("data"))
        self._dot.setBrush(look.colour("data"))
        self._dot.setSize(DOT * look.unit)

    def drawForeground(self, painter: QPainter, rect: QRectF) -> None:
        painter.save()
        painter.resetTransform()
        self._draw_hatch(painter)
        self._draw_limits(painter)
        self._draw_base(painter)
        painter.restore()

    def _free_side(self) -> Qt.AlignmentFlag:
        """Names of limits stand at the right, or where the line reaches that far at the left."""
        end = max((hour for hour, _ in self._day.line), default=0.0)
        far = end > self._day.hours * FREE
        return Qt.AlignmentFlag.AlignLeft if far else Qt.AlignmentFlag.AlignRight

    def _draw_base(self, painter: QPainter) -> None:
        unit, low = self.look.unit, self.height() - 1.0
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(QPen(self.look.colour("ln2"), max(1.0, unit)))
        painter.drawLine(QPointF(0, low), QPointF(self.width(), low))
        for hour in self._day.ticks:
            x = self.width() * hour / self._day.hours
            painter.drawLine(QPointF(x, low), QPointF(x, low - 4 * unit))

    def _draw_hatch(self, painter: QPainter) -> None:
        day = self._day
        if day.until is None or day.now - day.until < 0.05:
            return
        left = self.width() * day.until / day.hours
        right = max(left + 10 * self.look.unit, self.width() * day.now / day.hours)
        painter.fillRect(QRectF(left, 0, right - left, self.height() - 1), self.look.hatch())
        pen = QPen(self.look.colour("t2"), max(1.0, self.look.unit))
        pen.setDashPattern([3, 3])
        painter.setPen(pen)
        painter.drawLine(QPointF(left, 0), QPointF(left, self.height() - 1))

    def _draw_limits(self, painter: QPainter) -> None:
        painter.setFont(self.look.font("age"))
        (low, high), side = self._range, self._free_side()
        for limit in self._day.limits:
            if not low <= limit.value <= high:
                continue
            y = self.height() * (high - limit.value) / (high - low)
            pen = QPen(self.look.colour(f"s{limit.severity}", 0.7), max(1.0, self.look.unit))
            pen.setDashPattern([5, 4])
            painter.setPen(pen)
            painter.drawLine(QPointF(0, y), QPointF(self.width(), y))
            if limit.label:
                box = QRectF(0, y - 24 * self.look.unit, self.width(), 24 * self.look.unit)
                painter.setPen(self.look.colour("t2"))
                painter.drawText(box, side | Qt.AlignmentFlag.AlignBottom, plain(limit.label))


def _columns(line: Sequence[tuple[float, float]]) -> tuple[np.ndarray, np.ndarray]:
    rows = np.array(line, float).reshape(-1, 2)
    return rows[:, 0], np.where(np.isfinite(rows[:, 1]), rows[:, 1], np.nan)


def _smooth(band: Sequence[tuple[float, float, float]]) -> tuple[np.ndarray, ...]:
    """The band at every quarter of an hour, its hourly steps rounded off."""
    if not band:
        return np.zeros(0), np.zeros(0), np.zeros(0)
    rows = np.array(band, float)
    x = np.linspace(0, HOURS, 97)
    kernel = np.hanning(9)[1:-1] / np.hanning(9)[1:-1].sum()
    sides = [np.interp(x, rows[:, 0], rows[:, side]) for side in (1, 2)]
    ends = [np.convolve(np.pad(side, 3, mode="edge"), kernel, mode="valid") for side in sides]
    return x, ends[0], ends[1]


def _outside(
    xs: np.ndarray, ys: np.ndarray, limits: Sequence[Limit]
) -> tuple[np.ndarray, np.ndarray]:
    """The stretches of a line beyond its limits, with gaps between them."""
    if not len(xs) or not limits:
        return np.zeros(0), np.zeros(0)
    x = np.linspace(xs[0], xs[-1], 289)
    y = np.interp(x, xs, ys)
    out = np.zeros(len(x), bool)
    for limit in limits:
        out |= (y >= limit.value) if limit.above else (y <= limit.value)
    return x, np.where(out, y, np.nan)


def _range_of(day: Day) -> tuple[float, float]:
    """From zero for counts; around what is drawn, never a flat line on its edge, for values."""
    values = [*day.reach, *(v for _, v in day.line if math.isfinite(v))]
    values += [v for _, low, high in day.band for v in (low, high)]
    if not values:
        return 0.0, 1.0
    low, high = min(values), max(values)
    if day.from_zero:
        return 0.0 - high * 0.04, max(1.0, high * 1.12)
    usual = max((top - bottom for _, bottom, top in day.band), default=0.0)
    # Where nothing happens the usual is a band in the middle, not a block that fills the panel.
    room = max((high - low) * 0.25, usual * 0.75, abs(high) * 0.02, 1e-6)
    return low - room, high + room
