"""The time bar 时间轴: the last day with what happened in it, the moment that is shown, and the
keys that move it. It is there only while a person looks back."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent

from commandwall.alarms import ACKED, Alarm
from commandwall.clock import DAY, HOUR, MINUTE, Ms, to_datetime
from commandwall.directives import Directive
from commandwall.incidents import Incident
from commandwall.past import KNEW, Mark
from commandwall.picture import Changes, Picture, Tick
from widgets import age, frame, now_line
from widgets.base import Command, Panel, Piece
from widgets.i18n import tr
from widgets.keys import draw_cap
from widgets.lookback import FAR, STEP, Lookback
from widgets.paper import MIDDLE, RIGHT, Ink, Paper

LEFT, NAMES, HEAD = 32.0, 96.0, 42.0
"""Margin, room for the names of the lanes, base of the words above."""
LANES, LANE = 92.0, 20.0
"""Middle of the first lane, and how far one is from the next."""
LINES: tuple[tuple[type, str], ...] = (
    (Alarm, "告警"), (Directive, "指令"), (Incident, "决定"),
)  # fmt: skip
BOTTOM = LANES + LANE * len(LINES) - 6
TICKS = (5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY)
NOTCH = 120
"""What Qt tells of one notch of a wheel."""


def commands(past: Lookback, ask: Callable[[], object]) -> list[Command]:
    """What moves through the past; `ask` asks for a moment."""
    return [
        Command("Left", tr("退 1 分"), lambda: past.step(-STEP)),
        Command("Right", tr("进 1 分"), lambda: past.step(STEP)),
        Command("Shift+Left", tr("退 10 分"), lambda: past.step(-FAR)),
        Command("Shift+Right", tr("进 10 分"), lambda: past.step(FAR)),
        Command("PgUp", tr("上一笔"), lambda: past.to_line(onward=False)),
        Command("PgDown", tr("下一笔"), lambda: past.to_line(onward=True)),
        Command("W", tr("改按得知") if past.by != KNEW else tr("改按发生"), past.turn),
        Command("T", tr("输入时刻"), ask),
        Command("Space", tr("停放") if past.playing else tr("播放"), past.play),
        Command("Up", tr("加快"), past.faster),
        Command("Down", tr("减慢"), past.slower),
        Command("Home", tr("到可知之初"), past.to_begin),
    ]


class Timeline(Panel):
    """Drawn from what the wall looks back with; a click, a drag or the wheel moves through it."""

    id, title, headed, pooled, alive = "timeline", "时间轴", False, False, True
    shows = frozenset({Tick, Alarm})

    def refresh(self, picture: Picture, changes: Changes) -> None:
        """All is read when it is drawn."""

    def draw(self, paper: Paper) -> None:
        past = self.context.past
        if past is None:
            return
        paper.fill(QRectF(0, 0, paper.width, paper.height), "r")
        paper.line(0, 1, paper.width, 1, "t2", 2)
        edge = self._draw_way_back(paper)
        edge = now_line.draw(paper, edge, HEAD, self.context)
        self._draw_told(paper, past, edge)
        self._draw_keys(paper)
        self._draw_lanes(paper, past)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        past, at = self.context.past, event.position() / self.look.unit
        if past is None or event.button() == Qt.MouseButton.RightButton:
            return
        if at.y() > HEAD + 12:
            self._go(past, at.x())
        elif at.x() > self.width() / self.look.unit - LEFT - 160:
            self._leave()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        past, at = self.context.past, event.position() / self.look.unit
        if past is not None and event.buttons() & Qt.MouseButton.LeftButton:
            self._go(past, at.x())

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Up is back: a minute for a notch, ten with Shift."""
        turned = event.angleDelta().y() or event.angleDelta().x()
        far = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        if (past := self.context.past) is not None and turned:
            past.step(round(-turned / NOTCH * (FAR if far else STEP)))
        event.accept()

    def _go(self, past: Lookback, x: float) -> None:
        since, until = past.span
        share = (x - self._begin()) / max(1.0, self._room())
        past.to(round(since + min(1.0, max(0.0, share)) * (until - since)))

    def _leave(self) -> None:
        for command in self.context.back():
            if command.key == "End":
                command.run()

    # The words.

    def _draw_told(self, paper: Paper, past: Lookback, edge: float) -> None:
        """The moment, by which notion, whether it is played; then what is being read, what went
        wrong, or what is not known so far back, where there is room."""
        by = tr("按本站得知") if past.by == KNEW else tr("按发生时间")
        pieces: list[Piece] = [(frame.words(past), Ink("item")), (by, Ink("label", "t1", True))]
        if past.playing:
            pieces.append((tr("播放 ×{n}", n=past.speed), Ink("label", "t2")))
        x = paper.row(LEFT, HEAD, *pieces, gap=20) + 20
        for line in self._more(past):
            if x + paper.length(line, Ink("label", "t1")) < edge:
                x = paper.write(x, HEAD, line, Ink("label", "t1")) + 20

    def _more(self, past: Lookback) -> Sequence[str]:
        if past.trouble:
            return [past.trouble]
        if (share := past.share) is not None:
            return [tr("正在读这一刻，已读 {share} %", share=round(100 * share))]
        if past.known and past.at <= past.reach.since:
            return [tr("此刻之前没有记录")]
        return self._unknown(past)

    def _unknown(self, past: Lookback) -> list[str]:
        """Parts of which nothing is known so far back."""
        reach, told = past.reach, []
        for since, what in ((reach.readings, tr("读数")), (reach.fixes, tr("轨迹"))):
            if past.known and past.at < since:
                since_ = age.stamp(self.picture.now, since)
                told.append(tr("{what}自 {time} 起可知", what=what, time=since_))
        return told

    def _draw_way_back(self, paper: Paper) -> float:
        edge = paper.row_back(paper.width - LEFT, HEAD, (tr("回到此刻"), Ink("label", "t1", True)))
        cap = paper.length("End", Ink("label")) + 22
        draw_cap(paper, edge - cap - 8, HEAD - 22, "End")
        return edge - cap - 40

    def _draw_keys(self, paper: Paper) -> None:
        """On a wall the bar itself names the keys; a desk page has a line for them."""
        if self.look.metrics.kind != "wall":
            return
        x, base, ink = LEFT, paper.height - 28.0, Ink("age", "t2")
        for command in self.context.back():
            wide = paper.length(command.name, ink) + 110
            if x + wide > paper.width - LEFT:
                break
            x = draw_cap(paper, x, base - 21, command.key) + 8
            x = paper.write(x, base, command.name, ink) + 18

    # The lanes.

    def _begin(self) -> float:
        return LEFT + NAMES

    def _room(self) -> float:
        return self.width() / self.look.unit - LEFT - self._begin()

    def _x(self, at: float, past: Lookback) -> float:
        since, until = past.span
        return self._begin() + self._room() * (at - since) / (until - since)

    def _draw_lanes(self, paper: Paper, past: Lookback) -> None:
        self._draw_hours(paper, past)
        self._draw_reach(paper, past)
        for row, (kind, name) in enumerate(LINES):
            y = LANES + row * LANE
            paper.write(LEFT, y + 6, tr(name), Ink("age"), room=NAMES - 8)
            paper.line(self._begin(), y, self._begin() + self._room(), y, "ln2")
            for x, mark in self._thinned([m for m in past.marks if m.kind is kind], past):
                self._draw_mark(paper, x, y, mark)
        x = self._x(past.at, past)
        paper.line(x, LANES - 16, x, BOTTOM, "t1", 2)
        paper.disc(x, LANES - 16, 7, "t1", "t1")

    def _thinned(self, marks: list[Mark], past: Lookback) -> list[tuple[float, Mark]]:
        """One mark in each eight pixels: the worst of those there."""
        found: dict[int, tuple[float, Mark]] = {}
        for mark in marks:
            x = self._x(mark.at, past)
            cell = int(x // 8)
            if cell not in found or mark.severity < found[cell][1].severity:
                found[cell] = x, mark
        return [one for one in found.values() if one[0] >= self._begin()]

    def _draw_mark(self, paper: Paper, x: float, y: float, mark: Mark) -> None:
        if mark.kind is Alarm:
            paper.mark(x, y, 12, (mark.severity, ACKED))
        elif mark.kind is Directive:
            paper.frame(QRectF(x - 4, y - 4, 8, 8), "t2", 1.5, 0)
        else:
            paper.fill(QRectF(x - 4, y - 4, 8, 8), "t1")

    def _draw_hours(self, paper: Paper, past: Lookback) -> None:
        since, until = past.span
        every = next(t for t in TICKS if (until - since) / t <= 13 or t == DAY)
        offset = int(to_datetime(Ms(0)).utcoffset().total_seconds() * 1000)  # type: ignore[union-attr]
        first = -(-(since + offset) // every) * every - offset
        for at in range(first, until, every):
            x = self._x(at, past)
            paper.line(x, LANES - 10, x, BOTTOM, "ln2")
            if self._begin() + 12 < x < self._begin() + self._room() - 12:
                paper.write(x, LANES - 16, age.clock(Ms(at)), Ink("age", "t3"), MIDDLE)

    def _draw_reach(self, paper: Paper, past: Lookback) -> None:
        """Before this nothing is known."""
        end = min(self._x(past.reach.since, past), self._begin() + self._room())
        if past.known and end > self._begin():
            box = QRectF(self._begin(), LANES - 10, end - self._begin(), BOTTOM - LANES + 10)
            paper.hatch(box)
            told, ink = tr("此前没有记录"), Ink("age", "t2")
            if box.width() > (wide := paper.length(told, ink)) + 16:
                paper.fill(QRectF(end - wide - 16, LANES + LANE - 11, wide + 16, 22), "r")
                paper.write(end - 8, LANES + LANE + 6, told, ink, RIGHT)
