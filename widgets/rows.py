"""A list of rows that a person works through by key or mouse, and that never moves by itself.

New rows come beneath the others where all of them have room, else they wait there until `N`, which
puts all in order; the chosen row, the scroll and the focus stay. A row whose thing is gone leaves
at once, since acting on it would be refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
FOOT, BENEATH = 32.0, 10.0


class RowList(Panel):
    """A panel of rows. Subclasses give `order`, `draw_row`, and what a row stands for."""

    kind: ClassVar[type[Any]]
    """What a key of a row names."""
    row: ClassVar[float] = 50.0
    piecewise = True
    head: ClassVar[float] = 0.0
    """Height of a row of column names, in design pixels."""
    foot: float = FOOT
    """Room under the rows for how many wait there."""
    beneath: float = BENEATH
    """How far that stands from the lower edge."""
    tells_rest: ClassVar[bool] = False
    """Whether it says how many rows it has no room for."""

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

    def members(self) -> Iterable[str]:
        """The same keys as they come: what changes all the time is not put in order each time."""
        return self.order()

    def draw_row(self, paper: Paper, key: str, box: QRectF, chosen: bool) -> None:
        raise NotImplementedError

    def draw_head(self, paper: Paper, base: float) -> None:
        """Names of the columns."""

    def tall(self, key: str) -> float:
        """Height of a row; the chosen one may take more to show all of itself."""
        return self.row

    def kind_of(self, key: str) -> type[Any]:
        """What a row stands for, where a list holds several kinds."""
        return self.kind

    @property
    def lead(self) -> float:
        """Height of what stands over the rows, the names of the columns among it."""
        return self.head

    @property
    def pinned(self) -> int:
        """How many of the first rows stay however far the others are scrolled."""
        return 0

    def empty_line(self) -> str:
        """What an empty list says."""
        return tr("无")

    # What others may ask.

    def refresh(self, picture: Picture, changes: Changes) -> None:
        here = set(self.members())
        self.keys = [key for key in self.keys if key in here]
        if here and not self.keys:
            self.keys = list(self.order())
        self._beneath(here)
        self._known = here
        if self.current not in here:
            self.current = ""

    def _beneath(self, here: set[str]) -> None:
        """Put new rows under the others where there is room for all: nothing moves by that."""
        new = here.difference(self.keys)
        room = self.height() / self.look.unit - self.top - self.lead - self.foot
        if not new or len(self.keys) > room:  # of thousands none has room: nobody adds them up
            return
        if sum(map(self.tall, self.keys)) + len(new) * self.row <= room:
            self.keys += [key for key in self.order() if key in new]

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
        y = self.top + self.lead
        if self.head:
            self.draw_head(paper, y - 12)
            paper.line(0, y, paper.width, y)
        if not self.keys:
            paper.write(0, y + 32, self.empty_line(), Ink("body", "t3"))
        for key, box in self._boxes():
            self._draw_one(paper, key, box)
        paper.write(
            paper.width, paper.height - self.beneath, self._told_below(), Ink("age", "t2"), at=1.0
        )

    def _told_below(self) -> str:
        """How many rows there is no room for, where it says so, and how many wait to be shown."""
        rest = len(self.keys) - len(self._boxes()) - max(0, self._first - self.pinned)
        more = tr("下面还有 {n} 行", n=rest) if self.tells_rest and rest > 0 else ""
        new = tr("新到 {n} 条在下方，按 N 显示", n=self.waiting) if self.waiting > 0 else ""
        return "　".join(filter(None, (more, new)))

    def _draw_one(self, paper: Paper, key: str, box: QRectF) -> None:
        chosen = key == self.current
        if chosen:
            paper.fill(box.adjusted(0, 1, 0, -1), "r", 4)
            if self.hasFocus():
                paper.frame(box.adjusted(1, 2, -1, -2), "t1")
        self.draw_row(paper, key, box, chosen)
        if not chosen:
            paper.line(0, box.bottom(), box.right(), box.bottom())

    def _boxes(self) -> list[tuple[str, QRectF]]:
        """The rows that there is room for, the first one in any case, each with its place."""
        y, end = self.top + self.lead, self.height() / self.look.unit - self.foot
        found: list[tuple[str, QRectF]] = []
        for key in self.keys[: self.pinned] + self.keys[max(self._first, self.pinned) :]:
            tall = self.tall(key)
            if found and y + tall > end:
                break
            found.append((key, QRectF(0, y, self.width() / self.look.unit, tall)))
            y += tall
        return found

    def _back(self, at: int) -> int:
        """The first row that is shown where the last one shown is that at `at`."""
        room = self.height() / self.look.unit - self.top - self.lead - self.foot
        room -= sum(self.tall(key) for key in self.keys[: min(self.pinned, max(at, 0))])
        while at > 0 and (room := room - self.tall(self.keys[at])) >= self.tall(self.keys[at - 1]):
            at -= 1
        return max(0, at)

    def _show_current(self) -> None:
        if self.current in self.keys:
            at = self.keys.index(self.current)
            self._first = min(max(self._first, self._back(at)), at)
        self._first = min(self._first, self._back(len(self.keys) - 1))

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
        y = pixel / self.look.unit
        return next((key for key, box in self._boxes() if box.top() <= y < box.bottom()), "")

    def wheelEvent(self, event: QWheelEvent) -> None:
        step = -1 if event.angleDelta().y() > 0 else 1
        self._first = min(max(0, self._first + step), self._back(len(self.keys) - 1))
        self.update()

    def _step(self, by: int) -> None:
        if not self.keys:
            return
        at = self.keys.index(self.current) + by if self.current in self.keys else 0
        self.choose(self.keys[min(max(at, 0), len(self.keys) - 1)])
