"""The sheet of all keys, and how a key is drawn."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QMouseEvent, QPaintEvent
from PySide6.QtWidgets import QWidget

from widgets.base import Command
from widgets.i18n import tr
from widgets.look import Look
from widgets.paper import Ink, Paper

CAP = 30.0
NAMES = {"Space": "空格", "Return": "回车", "Enter": "回车", "Esc": "Esc"}


def key_name(key: str) -> str:
    """How a key is written on its cap."""
    plain = QKeySequence(key).toString(QKeySequence.SequenceFormat.PortableText) or key
    return " ".join(tr(NAMES[part]) if part in NAMES else part for part in plain.split("+"))


def page_key(n: int) -> str:
    """Of the nth page, from 1: Alt 1 to Alt 9, Alt 0 for the tenth; none for more."""
    return f"Alt+{n % 10}" if n <= 10 else ""


def draw_cap(paper: Paper, x: float, y: float, key: str, height: float = CAP) -> float:
    """An outlined key cap with its left top at (x, y); returns where it ends."""
    ink = Ink("label" if height >= CAP else "key", "t2")
    name = key_name(key)
    width = max(height, paper.length(name, ink) + height * 0.6)
    paper.frame(QRectF(x, y, width, height), "ln2", 1.25, 4)
    size = paper.look.metrics.design(ink.role)
    paper.write(x + width / 2, y + height / 2 + size * 0.36, name, ink, 0.5)
    return x + width


class KeySheet(QWidget):
    """Over everything, until any key or click."""

    def __init__(self, look: Look, commands: Sequence[Command], parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self._commands = [c for c in commands if c.key]
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setGeometry(parent.rect())
        self.setAccessibleName(tr("全部按键"))
        lines = (f"{key_name(c.key)} {c.name}" for c in self._commands)
        self.setAccessibleDescription("; ".join(lines))

    def paintEvent(self, event: QPaintEvent) -> None:
        paper = Paper(self, self._look)
        paper.fill(QRectF(0, 0, paper.width, paper.height), "bg", alpha=0.94)
        left, top = 96.0, 120.0
        paper.write(left, top, tr("全部按键"), Ink("sentence"))
        paper.write(left, top + 40, tr("任意键关闭"), Ink("label"))
        step, rows = 52.0, max(1, int((paper.height - top - 160) / 52))
        for i, command in enumerate(self._commands):
            x, y = left + (i // rows) * 460, top + 96 + (i % rows) * step
            end = draw_cap(paper, x, y - 22, command.key)
            paper.write(max(end + 20, x + 120), y, command.name, Ink("body", "t1"), room=300)
        paper.end()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self.close()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.close()
