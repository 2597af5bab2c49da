"""A list of rows that a person works through by key or mouse, and that never moves by itself.

New rows wait under the list until `N`; the chosen row, the scroll and the focus stay. A row whose
thing is gone leaves at once, since acting on it would be refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QWheelEvent

from commandwall.picture import Changes, Picture
from widgets.base import Command, Panel, Subject
from widgets.i18n import tr
from widgets.paper import Ink, Paper

STEPS = {
    Qt.Key.Key_Down: 1,
    Qt.Key.Key_Up: -1,
    Qt.Key.Key_PageDown: 10,
    Qt.Key.Key_PageUp: -10,
    Qt.Key.Key_End: 1_000_000,
    Qt.Key.Key_Home: -1_000_000,
}
FOOT = 32.0


class RowList(Panel):
    """A panel of rows. Subclasses give `order`, `draw_row`, and what a row stands for."""

    kind: ClassVar[type[Any]]
    """What a key of a row names."""
    row: ClassVar[float] = 50.0
    piecewise = True
    head: ClassVar[float] = 0.0
    """Height of a row of column names, in design pixels."""
    foot: ClassVar[float] = FOOT
    """Room under the rows for how many wait there."""

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.keys: list[str] = []
        self.current = ""
        self._known: set[str] = set()
        self._first = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    # What a list gives.

    def order(self) -> Sequence[str]:
        """Keys of all rows in their order, as the picture stands."""
        raise NotImplementedError

    def draw_row(self, paper: Paper, key: str, box: QRectF, chosen: bool) -> None:
        raise NotImplementedError

    def draw_head(self, paper: Paper, base: float) -> None:
        """Names of the columns."""

    def kind_of(self, key: str) -> type[Any]:
        """What a row stands for, where a list holds several kinds."""
        return self.kind

    def empty_line(self) -> str:
        """What an empty list says."""
        return tr("无")

    # What others may ask.

    def refresh(self, picture: Picture, changes: Changes) -> None:
        order = self.order()
        here = set(order)
        self.keys = [key for key in self.keys if key in here]
        if not self.keys:
            self.keys = list(order)
        self._known = here
        if self.current not in here:
            self.current = ""

    def renew(self) -> None:
        """Take new rows in and order all of them: a person asked for it."""
        self.keys = list(self.order())
        self._known = set(self.keys)
        self._show_current()
        self.update()

    def commands(self) -> list[Command]:
        return [
            Command("J", tr("下一条"), lambda: self._step(1)),
            Command("K", tr("上一条"), lambda: self._step(-1)),
            Command("N", tr("显示新到"), self.renew),
        ]

    @property
    def waiting(self) -> int:
        """How many new rows wait below."""
        return len(self._known) - len(self.keys)

    def choose(self, key: str) -> None:
        """Make a row the chosen one and bring it to the other panels."""
        self.current = key
        self._show_current()
        self.update()
        if key:
            self.chosen.emit(Subject(self.kind_of(key), key))

    # Drawing.

    def draw(self, paper: Paper) -> None:
        y = self.top
        if self.head:
            self.draw_head(paper, y + self.head - 12)
            paper.line(0, y + self.head, paper.width, y + self.head)
            y += self.head
        if not self.keys:
            paper.write(0, y + 32, self.empty_line(), Ink("body", "t3"))
        for i, key in enumerate(self.keys[self._first : self._first + self._room()]):
            box = QRectF(0, y + i * self.row, paper.width, self.row)
            self._draw_one(paper, key, box)
        if self.waiting > 0:
            line = tr("新到 {n} 条在下方，按 N 显示", n=self.waiting)
            paper.write(paper.width, paper.height - 10, line, Ink("age", "t2"), at=1.0)

    def _draw_one(self, paper: Paper, key: str, box: QRectF) -> None:
        chosen = key == self.current
        if chosen:
            paper.fill(box.adjusted(0, 1, 0, -1), "r", 4)
            if self.hasFocus():
                paper.frame(box.adjusted(1, 2, -1, -2), "t1")
        self.draw_row(paper, key, box, chosen)
        if not chosen:
            paper.line(0, box.bottom(), box.right(), box.bottom())

    def _room(self) -> int:
        tall = self.height() / self.look.unit - self.top - self.head - self.foot
        return max(1, int(tall // self.row))

    def _show_current(self) -> None:
        last = max(0, len(self.keys) - self._room())
        if self.current in self.keys:
            at = self.keys.index(self.current)
            self._first = min(max(self._first, at - self._room() + 1), at)
        self._first = min(self._first, last)

    # Hand.

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in STEPS and self.keys:
            self._step(STEPS[key])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.current:
            self.choose(self.current)
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if key := self.row_at(event.position().y()):
            self.choose(key)

    def row_at(self, pixel: float) -> str:
        """The key of the row at a height of the panel; "" where none stands."""
        y = pixel / self.look.unit - self.top - self.head
        at = self._first + int(y // self.row)
        there = y >= 0 and at < min(len(self.keys), self._first + self._room())
        return self.keys[at] if there else ""

    def wheelEvent(self, event: QWheelEvent) -> None:
        step = -1 if event.angleDelta().y() > 0 else 1
        last = max(0, len(self.keys) - self._room())
        self._first = min(max(0, self._first + step), last)
        self.update()

    def _step(self, by: int) -> None:
        if not self.keys:
            return
        at = self.keys.index(self.current) + by if self.current in self.keys else 0
        self.choose(self.keys[min(max(at, 0), len(self.keys) - 1)])
