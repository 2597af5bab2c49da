"""体征板: all indicators large enough for the last seat, in blocks by domain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent

from commandwall.indicators import RED, UNKNOWN, YELLOW, Indicator
from commandwall.picture import Changes, Picture
from commandwall.rollups import Rollup, Signs, by_key
from widgets import age
from widgets.base import Command, Subject
from widgets.figures import noticed, title_of, told_of
from widgets.heat import GAP, OLD, SEVERITY, Cell, Heat, draw_sign
from widgets.i18n import named, tr
from widgets.paper import RIGHT, Ink, Paper

ACROSS, APART, HEAD, FOOT = 4, 32.0, 54.0, 44.0
"""Blocks in a row, the room between two, above their cells, and for what the cursor stands on."""
LOUD = (RED, YELLOW, OLD)
"""The looks that `J` and `K` go through, the worst first."""
Arrow = Qt.Key


class SignBoard(Heat):
    """Cells stay where they are, so that they are found without reading. `J` and `K` go through
    what is not normal, the red first; arrows go to the next cell; Enter opens its course."""

    id, title = "sign_board", "体征板"

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.current = ""
        self._blocks: list[tuple[str, QRectF]] = []
        self._rolled: Mapping[str, Rollup] = {}

    def refresh(self, picture: Picture, changes: Changes) -> None:
        super().refresh(picture, changes)
        signs = Signs(picture.values, picture.stands, picture.now)
        self._rolled = by_key(((d.domain, d) for d in picture.indicators.values()), signs)
        if self.current not in picture.indicators:
            self.current = next(iter(self.loud()), "")

    def commands(self) -> list[Command]:
        return [
            Command("J", tr("下一项越限"), lambda: self._walk(1)),
            Command("K", tr("上一项越限"), lambda: self._walk(-1)),
            Command("Return", tr("看过程"), self.show_course),
        ]

    def loud(self) -> list[str]:
        """What is not normal: red, then yellow, then too old; each by its place on the board."""
        looks = getattr(self, "_looks", {})
        placed = [key for keys in getattr(self, "_domains", {}).values() for key in keys]
        return [key for look in LOUD for key in placed if looks.get(key) == look]

    def show_course(self) -> None:
        """Open the course of the indicator that the cursor stands on."""
        if self.current:
            self.chosen.emit(Subject(Indicator, self.current))

    def open(self, subject: Subject) -> None:
        if subject.kind is Indicator and subject.id in self.picture.indicators:
            self._stand(subject.id)

    # Drawing.

    def draw(self, paper: Paper) -> None:
        super().draw(paper)
        for domain, box in self._blocks:
            self._draw_words(paper, box, self._rolled.get(domain))
        self._draw_cursor(paper)

    def _draw_names(self, paper: Paper, stopped: bool) -> None:
        for domain, box in self._blocks:
            base = box.y() + 20
            paper.write(box.x(), base, named("indicator_domain", domain, "short"), Ink("heading"))
            if stopped:
                deep = max(c.box.bottom() for c in self._cells if c.id in self._domains[domain])
                paper.hatch(box.adjusted(0, HEAD, 0, deep - box.bottom()))

    def _draw_words(self, paper: Paper, box: QRectF, found: Rollup | None) -> None:
        """How many are beyond a limit, how it stands as one, and how old the oldest is."""
        if found is None or self.stopped is not None:
            return
        loud = found.red + found.yellow > 0
        ink = Ink("label", "t1" if loud else "", loud)
        paper.write(box.right(), box.y() + 20, counted(found), ink, RIGHT)
        told = tr("最旧 {age}", age=age.since(self.picture.now, found.oldest))
        paper.write(box.right(), box.y() + 42, told, Ink("age"), RIGHT)
        ink = Ink("age", "t1" if found.state in SEVERITY else "")
        paper.write(box.x(), box.y() + 42, state_of(found), ink)

    def _draw_cursor(self, paper: Paper) -> None:
        cell = next((c for c in self._cells if c.id == self.current), None)
        if cell is None:
            return
        paper.frame(cell.box.adjusted(-3, -3, 3, 3), "t1", 3 if self.hasFocus() else 2, 2)
        definition, value = self.picture.indicators[cell.id], self.picture.values.get(cell.id)
        base, x = paper.height - 10, 0.0
        look = self._looks.get(cell.id, OLD)
        if (severity := SEVERITY.get(look)) is not None:
            draw_sign(paper, QRectF(0, base - 20, 22, 22), severity, self.stopped is None)
            x = 34.0
        told = "　".join(
            filter(None, (noticed(definition, self.picture), told_of(definition, value)))
        )
        at, now = value.at if value is not None else None, self.picture.now
        still = look == OLD or self.stopped is not None
        old = age.stopped(now, at) if still else age.since(now, at)
        start = paper.row_back(paper.width, base, (told, Ink("item")), (old, Ink("age")), gap=16)
        paper.write(x, base, title_of(definition), Ink("item"), room=start - x - 24)

    def _place_cells(self, paper: Paper) -> list[Cell]:
        """Blocks of cells of one size, as large as the fullest domain allows."""
        self._names, domains = [], list(self._domains.items())
        if not domains:
            return []
        deep = -(-len(domains) // ACROSS)
        wide = (paper.width - APART * (ACROSS - 1)) / ACROSS
        high = (paper.height - self.top - FOOT - APART * deep) / deep
        most = max(len(keys) for keys in self._domains.values())
        across, side = _fitting(most, wide, high - HEAD)
        cells, self._blocks = [], []
        for n, (domain, keys) in enumerate(domains):
            x, y = n % ACROSS * (wide + APART), self.top + n // ACROSS * (high + APART)
            self._blocks.append((domain, QRectF(x, y, wide, high)))
            for i, key in enumerate(keys):
                left, top = x + i % across * side.x(), y + HEAD + i // across * side.y()
                cells.append(Cell(key, QRectF(left, top, side.x() - GAP * 2, side.y() - GAP * 2)))
        return cells

    # Hand.

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if key := self._at(event.position()):
            self._stand(key)
            self.show_course()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Arrow.Key_Left: (-1, 0), Arrow.Key_Right: (1, 0), Arrow.Key_Up: (0, -1),
                 Arrow.Key_Down: (0, 1)}  # fmt: skip
        step = steps.get(Arrow(event.key()))
        if step is None:
            super().keyPressEvent(event)
        else:
            self._go(*step)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def _walk(self, by: int) -> None:
        """The next one that is not normal."""
        order = self.loud()
        if order:
            here = order.index(self.current) if self.current in order else (-1 if by > 0 else 0)
            self._stand(order[(here + by) % len(order)])

    def _go(self, right: int, down: int) -> None:
        """The nearest cell on one side; it stays where there is none."""
        here = next((c for c in self._cells if c.id == self.current), None)
        if here is None:
            return
        middle = here.box.center()
        ahead = [(_away(c.box.center() - middle, right, down), c.id) for c in self._cells]
        ahead = [pair for pair in ahead if pair[0] is not None]
        if ahead:
            self._stand(min(ahead)[1])

    def _stand(self, key: str) -> None:
        self.current = key
        self.setFocus()
        self.update()


def counted(found: Rollup) -> str:
    """红 1　黄 2 / 75: how many of all are beyond a limit."""
    told = tr("红 {red}　黄 {yellow}", red=found.red, yellow=found.yellow)
    return f"{told} / {age.number(found.all)}"


def state_of(found: Rollup) -> str:
    """How several indicators stand as one, in a word, and how many of them are not known."""
    if found.state == UNKNOWN:
        return tr("{n} 项不明", n=found.unknown)
    word = named("sign_state", found.state)
    return tr("{word}，{n} 项不明", word=word, n=found.unknown) if found.unknown else word


def _fitting(count: int, wide: float, high: float) -> tuple[int, QPointF]:
    """How many cells stand side by side, and the size of one, so that so many fit and none is
    much wider than high."""
    across = next(
        n for n in range(1, count + 1) if wide / n * 0.9 * -(-count // n) <= high or n == count
    )
    return across, QPointF(wide / across, min(wide / across, high / -(-count // across)))


def _away(step: QPointF, right: int, down: int) -> float | None:
    """How far off a cell is in a direction; what lies aside counts more; None where it is not."""
    along = step.x() * right + step.y() * down
    aside = abs(step.x() * down) + abs(step.y() * right)
    return along + 4 * aside if along > 1 and aside <= 4 * along else None
