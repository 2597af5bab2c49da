"""The line of the clock of a scenario: each channel has a lane, each inject its mark at its time.

A filled mark is a key inject, a hollow one any other; what is wrong is crossed; the chosen one has
its time over the lanes. Injects in reserve, which have no time, stand at the right.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QRectF

from commandwall import codes
from commandwall.clock import HOUR, MINUTE
from commandwall.drill.drill_acts import REAL, Moment
from commandwall.drill.editing import INJECT, Data, at_of, stamp
from commandwall.drill.offsets import moment
from commandwall.drill.toml_lines import Path
from widgets.i18n import named, tr
from widgets.paper import MIDDLE, RIGHT, Ink, Paper

LANE, AXIS, LABEL, RESERVE, MARK = 19.0, 24.0, 116.0, 120.0, 5.5
STEPS = tuple(n * MINUTE * REAL for n in (1, 2, 5, 10, 15, 30)) + tuple(
    n * HOUR * REAL for n in (1, 2, 4, 6, 12, 24, 48)
)
APART = 76.0
"""Between two times of the axis, at least."""
NEAR = 10.0
"""How far from a mark a click still means it."""


@dataclass(frozen=True, slots=True)
class Mark:
    """An inject on the line."""

    path: Path
    x: float
    y: float
    row: Mapping[str, Any]


class ScenarioLine:
    """Where everything of a draft stands within a box, in design pixels."""

    def __init__(self, data: Data, box: QRectF) -> None:
        self.box = box
        self.lanes = {key: n for n, key in enumerate(codes.load("drill_channel"))}
        self._begins, self._ends = _edge(data, "begins"), _edge(data, "ends")
        times = [at for row in data[INJECT] if (at := at_of(row)) is not None]
        self._ends = max(self._ends, self._begins + MINUTE * REAL, *times, 0)
        self.marks = list(self._marks(data))

    @staticmethod
    def tall() -> float:
        return LANE * len(codes.load("drill_channel")) + AXIS

    def at(self, x: float, y: float) -> Path | None:
        """The inject nearest to a place, where one is near."""
        found = [m for m in self.marks if abs(m.x - x) <= NEAR and abs(m.y - y) <= LANE / 2]
        return min(found, key=lambda m: abs(m.x - x)).path if found else None

    def draw(self, paper: Paper, chosen: Path, wrong: set[Path]) -> None:
        box, left = self.box, self.box.left() + LABEL
        foot = box.top() + LANE * len(self.lanes)
        for key, n in self.lanes.items():
            y = box.top() + (n + 0.5) * LANE
            paper.write(box.left(), y + 5, named("drill_channel", key), Ink("age", "t2"),
                        room=LABEL - 8)  # fmt: skip
            paper.line(left, y, box.right(), y)
        self._draw_axis(paper, foot)
        for mark in self.marks:
            self._draw_mark(paper, mark, mark.path == chosen, mark.path in wrong)

    def _draw_axis(self, paper: Paper, foot: float) -> None:
        room = self._end - self._start
        span = self._ends - self._begins
        step = next((s for s in STEPS if room * s / span >= APART), span)
        at = -(-self._begins // step) * step
        while at <= self._ends:
            x = self._x(at)
            paper.line(x, self.box.top(), x, foot + 4, "ln")
            paper.write(x, foot + 19, stamp(Moment(at)), Ink("age", "t3"), MIDDLE)
            at += step
        paper.line(self._end + 14, self.box.top(), self._end + 14, foot, "ln2")
        paper.write(self.box.right(), foot + 19, tr("备用"), Ink("age", "t3"), RIGHT)

    def _draw_mark(self, paper: Paper, mark: Mark, chosen: bool, wrong: bool) -> None:
        x, y = mark.x, mark.y
        if chosen:
            paper.line(x, self.box.top(), x, self.box.top() + LANE * len(self.lanes), "t1", 1.5)
        full = mark.row.get("type") == "key"
        paper.disc(x, y, MARK + (1.5 if chosen else 0), "t1", "t1" if full or chosen else "bg")
        if wrong:
            for rise in (-1, 1):
                paper.line(x - 8, y - 8 * rise, x + 8, y + 8 * rise, "t1", 2)

    @property
    def _start(self) -> float:
        return self.box.left() + LABEL + MARK

    @property
    def _end(self) -> float:
        return self.box.right() - RESERVE

    def _x(self, at: int) -> float:
        share = (at - self._begins) / (self._ends - self._begins)
        return self._start + min(max(share, 0.0), 1.0) * (self._end - self._start)

    def _marks(self, data: Data) -> Iterator[Mark]:
        spare = 0
        for n, row in enumerate(data[INJECT]):
            lane = self.lanes.get(str(row.get("channel")), len(self.lanes) - 0.5)  # on no lane
            y, at = self.box.top() + (lane + 0.5) * LANE, at_of(row)
            if at is None:
                spare += 1
                x = self._end + 14 + spare * min(16.0, RESERVE / (spare + 1))
            else:
                x = self._x(at)
            yield Mark((INJECT, n), x, y, row)


def _edge(data: Data, field: str) -> int:
    told = data.get(field)
    return (moment(told) if isinstance(told, str) else None) or 0
