"""The sheet of all keys, and how a key is drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QMouseEvent, QPaintEvent
from PySide6.QtWidgets import QWidget

from widgets.base import Command
from widgets.i18n import tr
from widgets.look import Look
from widgets.paper import Ink, Paper

CAP, SMALL_CAP = 30.0, 26.0
LEFT, TOP, BELOW = 72.0, 132.0, 24.0
"""Of the sheet of keys: its margin, the base of its first row, what stays free below the last."""
STEP, KEYS, APART, FEWEST = 36.0, 118.0, 16.0, 3
"""From row to row, room for a key, between columns, and how many of those there are at least."""
NAMES = {"Space": "空格", "Return": "回车", "Enter": "回车", "Esc": "Esc"}
ARROWS = {"Left": "←", "Right": "→", "Up": "↑", "Down": "↓"}
"""As they stand on the keys themselves."""


def key_name(key: str) -> str:
    """How a key is written on its cap."""
    plain = QKeySequence(key).toString(QKeySequence.SequenceFormat.PortableText) or key
    parts = (ARROWS.get(part, part) for part in plain.split("+"))
    return " ".join(tr(NAMES[part]) if part in NAMES else part for part in parts)


def page_key(n: int) -> str:
    """Of the nth page, from 1: Alt 1 to Alt 9, Alt 0 for the tenth; none for more."""
    return f"Alt+{n % 10}" if n <= 10 else ""


def draw_cap(paper: Paper, x: float, y: float, key: str, height: float = CAP) -> float:
    """An outlined key cap with its left top at (x, y); returns where it ends."""
    ink = Ink("label" if height >= SMALL_CAP else "key", "t2")
    name = key_name(key)
    width = max(height, paper.length(name, ink) + height * 0.6)
    paper.frame(QRectF(x, y, width, height), "ln2", 1.25, 4)
    size = paper.look.metrics.design(ink.role)
    paper.write(x + width / 2, y + height / 2 + size * 0.36, name, ink, 0.5)
    return x + width


class KeySheet(QWidget):
    """Over everything, until any key or click: the keys of the page, then those of every page."""

    def __init__(
        self, look: Look, commands: Sequence[Command], everywhere: Set[str], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._look = look
        self._rows = list(_rows(commands, everywhere))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setGeometry(parent.rect())
        self.setAccessibleName(tr("全部按键"))
        lines = (f"{key_name(c.key)} {c.name}" if c.key else c.name for c in self._rows)
        self.setAccessibleDescription("; ".join(lines))

    def paintEvent(self, event: QPaintEvent) -> None:
        paper = Paper(self, self._look)
        self.draw(paper)
        paper.end()

    def draw(self, paper: Paper) -> None:
        """In as many columns as it takes; a page with many keys has narrower ones."""
        paper.fill(QRectF(0, 0, paper.width, paper.height), "bg", alpha=0.96)
        end = paper.write(LEFT, 84, tr("全部按键"), Ink("sentence"))
        paper.write(end + 24, 84, tr("任意键关闭"), Ink("label"))
        deep = max(1, int((paper.height - TOP - BELOW) / STEP))
        columns = max(FEWEST, -(-len(self._rows) // deep))
        wide = (paper.width - 2 * LEFT) / columns
        for i, command in enumerate(self._rows):
            x, y = LEFT + (i // deep) * wide, TOP + (i % deep) * STEP
            self._draw_row(paper, command, x, y, wide - APART)

    def _draw_row(self, paper: Paper, row: Command, x: float, y: float, room: float) -> None:
        if not row.key:
            paper.write(x, y, row.name, Ink("label", "t1", True), room=room)
            return
        end = draw_cap(paper, x, y - 19, row.key, SMALL_CAP)
        start = max(end + 12, x + KEYS)
        paper.write(start, y, row.name, Ink("label", "t1"), room=x + room - start)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self.close()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.close()


def _rows(commands: Sequence[Command], everywhere: Set[str]) -> Iterator[Command]:
    """Each group under its name, a row without a key; of several with one key the first has it."""
    first = {c.key: c for c in reversed(commands) if c.key}
    known = [c for c in commands if first.get(c.key) is c]
    for name, common in ((tr("本页"), False), (tr("各页通用"), True)):
        own = [c for c in known if (c.key in everywhere) is common]
        if own:
            yield Command("", name, lambda: None)
            yield from own
