"""What stands around a desk page: the rail of pages, the slim head, the line of keys."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby, takewhile

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QMouseEvent

from commandwall import deadlines
from commandwall.modes import Mode
from commandwall.picture import Changes, Picture, SyncState, Tallies, Tick
from widgets import age, call_sign, drill_frame, frame, modes
from widgets.base import Command, Panel, Piece
from widgets.i18n import tr
from widgets.keys import draw_cap, key_name, page_key
from widgets.paper import MIDDLE, RIGHT, Ink, Paper
from widgets.seat import seated

CELL, FIRST = 64.0, 56.0
SIGN = 420.0
"""The least width of the sign of what calls."""


class Rail(Panel):
    """All pages with their numbers, as far as keys go; the open one has a bar at its edge."""

    id, title, headed, pooled = "rail", "页面", False, False
    shows = frozenset({Tick})

    def refresh(self, picture: Picture, changes: Changes) -> None:
        """The pages are known from the start."""

    def draw(self, paper: Paper) -> None:
        paper.fill(QRectF(0, 0, paper.width, paper.height), "p")
        cell = self._cell(paper.height)
        for i, (name, current) in enumerate(self._pages()):
            box = QRectF(0, FIRST + i * cell, paper.width, cell)
            if current:
                paper.fill(box, "r")
                paper.fill(QRectF(0, box.y(), 3, cell), "t1")
            middle = box.center()
            ink = Ink("label", "t1" if current else "t2", current)
            room = paper.width - (2 if self.context.past is None else 2 * frame.SIDE["desk"] + 2)
            paper.write(middle.x(), middle.y(), name, ink, MIDDLE, room)
            paper.write(middle.x(), middle.y() + 18, self._key(i), Ink("age"), MIDDLE)

    def _key(self, n: int) -> str:
        """What opens the nth page, from 0, as it is pressed; "" of one that has no key."""
        page = self.context.pages[n]
        drills = page.id == drill_frame.page_of(self.context)
        return key_name(page.key or page_key(n + 1) or (drill_frame.KEY if drills else ""))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        cell = self._cell(self.height() / self.look.unit)
        index = int((event.position().y() / self.look.unit - FIRST) // cell)
        pages = self.context.pages
        if 0 <= index < len(pages):
            self.context.go(pages[index].id)

    def _cell(self, height: float) -> float:
        """How high each page is: all have room, also in a low window."""
        return min(CELL, (height - FIRST) / len(self.context.pages))

    def _pages(self) -> list[tuple[str, bool]]:
        return [(page.name, page.id == self.context.page) for page in self.context.pages]


class DeskHeader(Panel):
    """Mode, the page's name, counts; the post, the pool's age, the clock."""

    id, title, headed, pooled, piecewise = "desk_header", "值班台", False, True, True
    shows = frozenset({Tick, SyncState, Tallies, Mode})
    _chip = (0.0, 0.0)
    """Where the name of who sits here begins and ends."""

    def refresh(self, picture: Picture, changes: Changes) -> None:
        """All is read when it is drawn."""

    def draw(self, paper: Paper) -> None:
        base = paper.height / 2 + 8
        if self.context.past is not None:
            paper.fill(QRectF(0, 0, paper.width, paper.height), "r")
        paper.mode(QRectF(24, paper.height / 2 - 14, 28, 28), modes.name_of(self.picture))
        left = self._draw_right(paper, base)
        x = paper.write(68, base, self._page_name(), Ink("item")) + 20
        held = [(told, Ink("label", "t1", True))] if (told := modes.line(self.picture)) else []
        sign = call_sign.stands(self.context)
        end = left - 24 - (SIGN if sign else 0.0)
        for words, ink in [*held, *self._counts()]:
            if x + paper.length(words, ink) < end:
                x = paper.write(x, base, words, ink) + 16
        if sign:
            call_sign.draw(paper, QRectF(x, 10, left - 24 - x, paper.height - 20), self.context)
        paper.line(0, paper.height - 0.5, paper.width, paper.height - 0.5)

    def _draw_right(self, paper: Paper, base: float) -> float:
        if self.context.past is not None:
            moment = (frame.words(self.context.past), Ink("item"))
            return paper.row_back(paper.width - 24, base, moment, gap=0) - 24
        told = age.seconds(self.picture.now)
        pieces = ((told[:5], Ink("clock")), (told[5:], Ink("clock", "t3")))
        x = paper.row_back(paper.width - 24, base + 1, *pieces, gap=0) - 28
        x = paper.write(x, base, tr("命令"), Ink("key"), RIGHT) - paper.length(
            tr("命令"), Ink("key")
        )
        cap = paper.length("Ctrl K", Ink("key")) + 14
        draw_cap(paper, x - cap - 8, paper.height / 2 - 11, "Ctrl+K", 22)
        pool = paper.row_back(x - cap - 36, base, *self._pool(), gap=24)
        start = paper.row_back(pool - 24, base, *self._post(), gap=24)
        self._chip = start, pool - 24
        return start

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click on who sits here opens the sheet to take the post."""
        start, end = self._chip
        if start <= event.position().x() / self.look.unit <= end:
            self.context.sit("")

    def _post(self) -> list[Piece]:
        told, calls = seated(self.desk, self.picture)
        return [(told, Ink("label", "t1" if calls else "", calls))]

    def _pool(self) -> list[Piece]:
        now, trust = self.picture.now, self.context.trust
        if trust.pool is not None and trust.known:
            gone = age.span(now - trust.pool)
            return [(tr("中心池 断开 {span}", span=gone), Ink("label", "t1", True))]
        told = age.age(now, self.picture.sync.pool_at)
        if trust.slow:
            return [(tr("中心池 线路慢，{age}", age=told), Ink("label", "t1"))]
        return [(tr("中心池 {age}", age=told), Ink("label"))]

    def _page_name(self) -> str:
        return next((p.name for p in self.context.pages if p.id == self.context.page), "")

    def _counts(self) -> list[Piece]:
        needs, now, minutes = self.context.needs, self.picture.now, deadlines.soon_minutes()
        counts = (
            tr("在办 {n}", n=age.number(self.picture.counters.open)),
            tr("逾期 {n}", n=age.number(len(needs.overdue))),
            tr("{m} 分内将逾期 {n}", m=minutes, n=age.number(needs.soon(now, minutes))),
        )
        return [*((count, Ink("label")) for count in counts), *self._supervised()]

    def _supervised(self) -> list[Piece]:
        """What is on the ladders, where anything is; bold where something of it is late."""
        watched = self.context.needs.watched
        if not watched.open:
            return []
        late = watched.late(self.picture.now)
        told = tr("督办 {n}　超期 {late}", n=len(watched.open), late=late)
        return [(told, Ink("label", "t1" if late else "", bool(late)))]


class KeyLine(Panel):
    """The keys of the page, each in its cap; a click does the same as the key."""

    id, title, headed, pooled = "key_line", "按键", False, False
    shows = frozenset({Tick})

    def refresh(self, picture: Picture, changes: Changes) -> None:
        """The keys are asked for when they are drawn."""

    def draw(self, paper: Paper) -> None:
        """As many as there is room for; the key that shows all of them stands last, always."""
        self._places: list[tuple[float, float, Command]] = []
        x, every = 24.0, self.context.keys
        for command in _runs(self._commands()):
            if x + _width(paper, command) + _width(paper, every) > paper.width:
                break
            x = self._draw_key(paper, x, command)
        self._draw_key(paper, x, every)

    def _draw_key(self, paper: Paper, x: float, command: Command) -> float:
        middle = paper.height / 2
        end = draw_cap(paper, x, middle - 11, command.key, 22) + 8
        end = paper.write(end, middle + 5, command.name, Ink("key")) + 24
        self._places.append((x, end, command))
        return end

    def mousePressEvent(self, event: QMouseEvent) -> None:
        x = event.position().x() / self.look.unit
        for start, end, command in self._places:
            if start <= x < end:
                command.run()
                return

    def _commands(self) -> list[Command]:
        if self.context.past is not None:
            return list(self.context.back())
        page = self.parentWidget()
        assert page is not None
        panels = page.findChildren(Panel, options=Qt.FindChildOption.FindDirectChildrenOnly)
        return [c for p in panels if not p.isHidden() for c in p.offered() if c.key]


def _width(paper: Paper, command: Command) -> float:
    return paper.length(command.name, Ink("key")) + paper.length(command.key, Ink("key")) + 60


def _runs(commands: Sequence[Command]) -> list[Command]:
    """Keys 1, 2, 3 ... that choose among rows stand as one, which does what the first does."""
    found: list[Command] = []
    for digits, group in groupby(commands, lambda command: command.key.isdigit()):
        run = list(group)
        if digits and len(run) > 1:
            keys = f"{run[0].key}–{run[-1].key}"
            run = [Command(keys, _in_common([c.name for c in run]), run[0].run)]
        found += run
    return found


def _in_common(names: Sequence[str]) -> str:
    """选 of 选 1, 选 2; 改为… of 改为红, 改为黄: the words with which all of them begin."""
    split = (re.findall(r"[A-Za-z]+|.", name) for name in names)
    alike = takewhile(lambda parts: len(set(parts)) == 1, zip(*split, strict=False))
    words = "".join(parts[0] for parts in alike)
    return words.rstrip() if words.endswith(" ") else f"{words}…" if words else names[0]
