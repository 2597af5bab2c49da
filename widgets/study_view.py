"""The draft of a study as it will read; each number is a link to the rows that it counts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from commandwall.reports.draft import Block, Draft, Figure, Line, Piece
from commandwall.reports.study_paper import is_number
from widgets import study_chart, text
from widgets.i18n import tr
from widgets.look import Look
from widgets.paper import LEFT, MIDDLE, RIGHT, Ink, Paper
from widgets.study_chart import Stroke

LINE, HEAD, CELL, APART, PAD = 28.0, 40.0, 28.0, 14.0, 12.0
"""Design pixels: heights of a line, of a head and of a row of a table; after a block; beside."""
WIDEST, LEAST = 380.0, 60.0
"""Of a column of words."""
_WORD = re.compile(r"[A-Za-z0-9.,%:+/-]+|.")
STEPS = {
    Qt.Key.Key_Right: 1, Qt.Key.Key_Left: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1,
}  # fmt: skip
LEAPS = {
    Qt.Key.Key_PageDown: 1.0, Qt.Key.Key_PageUp: -1.0, Qt.Key.Key_Home: -1e6, Qt.Key.Key_End: 1e6,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mark:
    """A piece in its place, in design pixels of the whole draft."""

    words: str
    box: QRectF
    ink: Ink
    side: float  # LEFT, MIDDLE or RIGHT of its box
    figure: int  # place among the numbers of the draft; -1 for words
    block: str


class StudyView(QWidget):
    """Arrows go from number to number, Enter opens its rows, the wheel and Page keys scroll.
    `opened(figure)` hears of which number the rows are wanted."""

    def __init__(
        self, look: Look, opened: Callable[[Figure], object], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._look, self._opened = look, opened
        self.draft: Draft | None = None
        self.current = 0
        self._marks: list[Mark] = []
        self._rules: list[tuple[float, float]] = []  # how low, and how far
        self._strokes: list[Stroke] = []
        self._tall = self._top = 0.0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(tr("分析报告"))

    def show_draft(self, draft: Draft) -> None:
        """The same place among its numbers stays."""
        self.draft = draft
        self.current = min(self.current, max(0, len(draft.figures) - 1))
        self._lay_out()
        self.step(0)

    @property
    def figure(self) -> Figure | None:
        """The number under the keys."""
        figures = self.draft.figures if self.draft is not None else []
        return figures[self.current] if self.current < len(figures) else None

    @property
    def block(self) -> Block | None:
        """The block of that number, else the first one that is seen."""
        if self.draft is None:
            return None
        here = next((m.block for m in self._marks if m.figure == self.current), "")
        seen = next((m.block for m in self._marks if m.box.top() >= self._top), "")
        found = here or seen
        return next((b for b in self.draft.blocks if b.id == found), None)

    def step(self, by: int) -> None:
        """Another number; its line comes into view."""
        many = len(self.draft.figures) if self.draft is not None else 0
        self.current = min(max(0, self.current + by), max(0, many - 1))
        here = next((m.box for m in self._marks if m.figure == self.current), None)
        if here is not None:
            room = self.height() / self._look.unit
            self._top = min(self._top, max(0.0, here.top() - HEAD))
            self._top = max(self._top, here.bottom() + LINE - room)
        found = self.figure
        told = tr("{what} {n}，回车看行", what=found.what, n=found.text) if found else ""
        self.setAccessibleDescription(told)
        self._scroll(0.0)

    # Places.

    def _lay_out(self) -> None:
        self._marks, self._rules, self._strokes, y, no = [], [], [], PAD, 0
        for block in self.draft.blocks if self.draft is not None else ():
            head = QRectF(PAD, y, self._wide, HEAD)
            typed = tr("（本岗改写）") if block.typed else ""
            self._marks.append(Mark(f"{block.head}{typed}", head, Ink("item", "t1"), LEFT, -1,
                                    block.id))  # fmt: skip
            y, no = self._lay_lines(block, y + HEAD, no)
            y, no = self._lay_chart(block, y, no)
            y, no = self._lay_table(block, y, no)
            y += APART
        self._tall = y
        self.update()

    @property
    def _wide(self) -> float:
        return self.width() / self._look.unit - 2 * PAD

    def _lay_lines(self, block: Block, y: float, no: int) -> tuple[float, int]:
        for line in block.lines:
            x = PAD
            for piece, words in _words(line):
                ink = _ink(piece)
                wide = self._look.wide(words, ink.role, ink.bold)
                if x > PAD and x + wide > PAD + self._wide:
                    x, y = PAD, y + LINE
                linked = isinstance(piece, Figure)
                box = QRectF(x, y, wide, LINE)
                self._marks.append(Mark(words, box, ink, LEFT, no if linked else -1, block.id))
                no, x = no + linked, x + wide
            y += LINE
        return y, no

    def _lay_chart(self, block: Block, y: float, no: int) -> tuple[float, int]:
        if block.chart is None:
            return y, no
        laid = study_chart.lay(block.chart, PAD, y, self._wide)
        self._strokes += laid.strokes
        for word in laid.words:
            figure = no + word.figure if word.figure >= 0 else -1
            self._marks.append(Mark(word.words, word.box, word.ink, word.at, figure, block.id))
        return laid.bottom, no + sum(word.figure >= 0 for word in laid.words)

    def _lay_table(self, block: Block, y: float, no: int) -> tuple[float, int]:
        if not block.rows:
            return y, no
        columns = self._columns(block)
        for name, (x, wide, right) in zip(block.columns, columns, strict=True):
            box = QRectF(x, y, wide, CELL)
            self._marks.append(Mark(name, box, Ink("head"), RIGHT if right else LEFT, -1, block.id))
        y += CELL
        end = columns[-1][0] + columns[-1][1]
        for row in block.rows:
            self._rules.append((y, end))
            for piece, (x, wide, right) in zip(row, columns, strict=True):
                linked, box = isinstance(piece, Figure), QRectF(x, y, wide, CELL)
                side = RIGHT if right else LEFT
                self._marks.append(Mark(_text(piece), box, _ink(piece), side,
                                        no if linked else -1, block.id))  # fmt: skip
                no += linked
            y += CELL
        return y, no

    def _columns(self, block: Block) -> list[tuple[float, float, bool]]:
        """Left, width, and whether it holds numbers; words give way where there is little room."""
        rights = [is_number(block, n) for n in range(len(block.columns))]
        wants = []
        for n, name in enumerate(block.columns):
            cells = [self._look.wide(_text(row[n]), "label", False) for row in block.rows]
            most = max([self._look.wide(name, "head", False), *cells]) + 4
            wants.append(most if rights[n] else min(WIDEST, max(LEAST, most)))
        gap = 32.0
        over = sum(wants) + gap * (len(wants) - 1) - self._wide
        words = sum(w for w, right in zip(wants, rights, strict=True) if not right)
        if over > 0 and words:
            wants = [w if r else max(LEAST, w * (1 - over / words))
                     for w, r in zip(wants, rights, strict=True)]  # fmt: skip
        lefts = [PAD + sum(wants[:n]) + gap * n for n in range(len(wants))]
        return list(zip(lefts, wants, rights, strict=True))

    # Drawing.

    def paintEvent(self, event: QPaintEvent) -> None:
        paper = Paper(self, self._look, event.region())
        for y, end in self._rules:
            if self._top <= y <= self._top + paper.height:
                paper.line(PAD, y - self._top, end, y - self._top)
        for stroke in self._strokes:
            stroke.draw(paper, self._top)
        for mark in self._marks:
            box = mark.box.translated(0, -self._top)
            if box.bottom() > 0 and box.top() < paper.height:
                self._draw(paper, mark, box)
        paper.end()

    def _draw(self, paper: Paper, mark: Mark, box: QRectF) -> None:
        base, linked = box.center().y() + 6, mark.figure >= 0
        wide = min(box.width(), paper.length(mark.words, mark.ink)) if mark.words else box.width()
        x = box.left() + (box.width() - wide) * mark.side
        here = linked and mark.figure == self.current
        if here:
            over = QRectF(x - 3, box.top() + 3, wide + 6, box.height() - 6)
            paper.fill(over, "r2", 3)
            if self.hasFocus():
                paper.frame(over, "t1", 1.5)
        at = box.left() + box.width() * mark.side
        free = mark.side == MIDDLE or (mark.side == LEFT and mark.box.height() == LINE)
        room = None if free else box.width()
        paper.write(at, base, mark.words, mark.ink, mark.side, room=room)
        if linked and not here and mark.words:
            paper.line(x, base + 3.5, x + wide, base + 3.5, "t3")

    # Hand.

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in STEPS:
            self.step(STEPS[key])
        elif key in LEAPS:
            self._scroll(LEAPS[key] * (self.height() / self._look.unit - LINE))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self._open()
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = event.position() / self._look.unit
        at.setY(at.y() + self._top)
        hit = next((m for m in self._marks if m.figure >= 0 and m.box.contains(at)), None)
        if hit is not None:
            self.current = hit.figure
            self._open()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._scroll(-event.angleDelta().y() / 120 * 3 * LINE)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._lay_out()

    def _open(self) -> None:
        if (figure := self.figure) is not None:
            self._opened(figure)

    def _scroll(self, by: float) -> None:
        most = max(0.0, self._tall - self.height() / self._look.unit)
        self._top = min(max(0.0, self._top + by), most)
        self.update()


def _words(line: Line) -> Iterator[tuple[Piece, str]]:
    """The words of a line that may stand at its end, each with the piece that it is of."""
    for piece in line:
        if isinstance(piece, Figure):
            yield piece, piece.text
        else:
            yield from ((piece, word) for word in _WORD.findall(text.shown(piece)))


def _ink(piece: Piece) -> Ink:
    return Ink("label", "t1", True) if isinstance(piece, Figure) else Ink("label", "t2")


def _text(piece: Piece) -> str:
    return piece.text if isinstance(piece, Figure) else piece
