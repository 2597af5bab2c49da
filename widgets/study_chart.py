"""A chart of a study on the screen: where its strokes and its numbers stand. The newer series is
full, the one before it an outline or a thin line: they are told apart without colour.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QRectF

from commandwall.reports.draft import TREND, Chart
from widgets.paper import LEFT, MIDDLE, RIGHT, Ink, Paper

LEGEND, ROW, BAR, NAME = 30.0, 46.0, 14.0, 220.0
"""Design pixels: height of the legend, of a row of bars and of a bar; width of the names."""
TALL, FOOT, OVER, AXIS = 190.0, 26.0, 26.0, 56.0
"""Of a trend: its height, what stands under and over it, the width of its scale."""
MOST, NARROW, APART = 700.0, 12.0, 46.0
"""The longest bar, the least width of a point, and how far two numbers must stand apart."""
LINES = (("t1", 2.0), ("t3", 1.0), ("ln", 1.0))
"""Token and width of a line: of the newer series, of the one before, of the scale."""
SCALE = 2
NUMBER, SMALL = Ink("label", "t1", True), Ink("age", "t2")


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line, or a bar (`bar`); `series` 0 is the newer one."""

    x: float
    y: float
    x2: float
    y2: float
    series: int
    bar: bool = False

    def draw(self, paper: Paper, top: float) -> None:
        if not self.bar:
            token, thick = LINES[min(self.series, len(LINES) - 1)]
            paper.line(self.x, self.y - top, self.x2, self.y2 - top, token, thick)
            return
        box = QRectF(self.x, self.y - top, self.x2 - self.x, self.y2 - self.y)
        if self.series == 0:
            paper.fill(box, "t2")
        else:
            paper.frame(box.adjusted(0.5, 0.5, -0.5, -0.5), "t3", 1, 0)


@dataclass(frozen=True, slots=True)
class Word:
    """Words in their place; `figure`: which number of the chart, from 0, -1 for none."""

    words: str
    box: QRectF
    ink: Ink
    at: float
    figure: int = -1


@dataclass(frozen=True, slots=True)
class Laid:
    """A chart in its place, and how low it ends."""

    strokes: list[Stroke]
    words: list[Word]
    bottom: float


def lay(chart: Chart, x: float, y: float, wide: float) -> Laid:
    """Its left top is (x, y), in design pixels of the whole draft. The numbers come in the order in
    which the draft has them."""
    laid = Laid([], [], 0.0)
    _legend(chart, laid, x, y)
    place: Callable[..., float] = _trend if chart.kind == TREND else _bars
    bottom = place(chart, laid, x, y + LEGEND, wide)
    return Laid(laid.strokes, laid.words, bottom)


def _legend(chart: Chart, laid: Laid, x: float, y: float) -> None:
    bars = chart.kind != TREND
    for n, name in enumerate(chart.series):
        left, middle = x + n * 150, y + LEGEND / 2
        high = BAR / 2 if bars else 0.0
        laid.strokes.append(Stroke(left, middle - high, left + 26, middle + high, n, bars))
        laid.words.append(Word(name, QRectF(left + 34, y, 110, LEGEND), SMALL, LEFT))


def _bars(chart: Chart, laid: Laid, x: float, y: float, wide: float) -> float:
    most, long = max(1, chart.most), min(MOST, wide - NAME - 110)
    step, at, no = BAR + 6, y, 0
    for label, some in chart.points:
        tall = max(ROW, len(some) * step + 10)
        laid.words.append(Word(label, QRectF(x, at, NAME - 12, tall), Ink("label", "t2"), RIGHT))
        top = at + (tall - len(some) * step) / 2
        for series, figure in enumerate(some):
            y1, end = top + series * step + 3, x + NAME + max(2.0, long * figure.n / most)
            laid.strokes.append(Stroke(x + NAME, y1, end, y1 + BAR, series, True))
            box = QRectF(end + 10, y1 - 4, 90, BAR + 8)
            laid.words.append(Word(figure.text, box, NUMBER if series == 0 else SMALL, LEFT, no))
            no += 1
        at += tall
    return at


def _trend(chart: Chart, laid: Laid, x: float, y: float, wide: float) -> float:
    most, left, base = max(1, chart.most), x + AXIS, y + OVER + TALL
    step = (wide - AXIS) / max(1, len(chart.points))
    for share in (0.0, 0.5, 1.0):
        line, n = base - TALL * share, most * share
        laid.strokes.append(Stroke(left, line, x + wide, line, SCALE))
        told = f"{n:,.0f}" if n == int(n) else ""
        laid.words.append(Word(told, QRectF(x, line - 12, AXIS - 10, 24), SMALL, RIGHT))
    each = max(1, -(-int(APART) // max(1, int(step))))
    no, before = 0, list[tuple[float, float]]()
    for i, (label, some) in enumerate(chart.points):
        middle = left + step * (i + 0.5)
        spots = [(middle, base - TALL * figure.n / most) for figure in some]
        for series, (was, now) in enumerate(zip(before, spots, strict=False)):
            laid.strokes.append(Stroke(*was, *now, series))
        for series, figure in enumerate(some):
            told = figure.text if series == 0 and i % each == 0 else ""
            laid.words.append(_spot(told, spots[series], step, series, no))
            no += 1
        if i % each == 0:
            box = QRectF(middle - APART / 2, base + 4, APART, FOOT)
            laid.words.append(Word(label, box, SMALL, MIDDLE))
        before = spots
    return base + FOOT + 8


def _spot(told: str, at: tuple[float, float], step: float, series: int, no: int) -> Word:
    """A number over its point; one that has no room is chosen there and told all the same."""
    wide = max(NARROW, min(step, APART))
    ink = NUMBER if series == 0 else SMALL
    return Word(told, QRectF(at[0] - wide / 2, at[1] - OVER + 4, wide, OVER), ink, MIDDLE, no)
