"""需要人处理: unacknowledged alarms and overdue urgent events, worst first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from PySide6.QtCore import QRectF, Qt, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QWidget

from commandwall import alarm_life, alarms, deadlines, events
from commandwall.alarms import UNACK, Alarm
from commandwall.clock import Ms
from commandwall.conflicts import settle
from commandwall.deadlines import RED
from commandwall.events import Event
from commandwall.picture import Changes, Picture, Tick
from commandwall.rights import about_alarm
from commandwall.store.tables import Conflict
from widgets import age, conflict, words
from widgets.acts import ActBar
from widgets.base import EMPTY, NORMAL, Command, Context, Panel, Piece, Subject
from widgets.i18n import tr
from widgets.need_list import Need
from widgets.opening import ask_opening, from_alarm, from_event
from widgets.paper import Ink, Paper
from widgets.top_row import TopRow
from widgets.trust import heard_at, is_silent

ROW, TEXT, MARK = 112.0, 80.0, 40.0
"""Height of a row, where its text begins, size of its mark."""
MIDDLE = 34.0
"""Middle of a mark: its ring is wider than it."""
LAST, BAR = 30.0, 52.0
"""Room for the line that says how many more there are, and for the buttons of the chosen one."""


class Exceptions(Panel):
    """The wall's reason: what waits for a person."""

    id, title, piecewise = "exceptions", "需要人处理", True
    shows = frozenset({Tick, Alarm, Conflict, Event})

    def __init__(
        self, context: Context, options: Mapping[str, Any] | None = None,
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(context, options, parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._chosen = self._filed = self._said = ""
        self._top = TopRow(context.seconds)
        self._bar = ActBar([Command("Space", "确认告警", self.acknowledge),
                            Command("Return", "打开", self.go)], self)  # fmt: skip
        self._bar.hide()
        self._blink = QTimer(self)
        self._blink.setSingleShot(True)
        self._blink.timeout.connect(self._turn_marks)

    def refresh(self, picture: Picture, changes: Changes) -> None:
        if not self._needs and self.context.trust.known:
            unknown = self.stopped is not None
            self.say(EMPTY, tr("当时无事需要人，此后未知") if unknown else tr("无事需要人"))
        else:
            self.say(NORMAL)
        self._go_on()
        self._show_bar()
        self._top.see(self._needs[0].id if self._needs else "")

    def refused(self, why: str) -> None:
        self._said = why
        self.update()

    def aside(self) -> list[Piece]:
        count = len(self._needs)
        return [(age.number(count), Ink("heading", "t1" if count else "t4", bool(count)))]

    def place(self) -> None:
        tall = self.look.px(BAR - 8)
        self._bar.setGeometry(0, self.height() - tall, self.width(), tall)

    def wear(self) -> None:
        super().wear()
        self._bar.wear()

    def commands(self) -> list[Command]:
        return [
            Command("J", tr("下一件"), lambda: self._step(1)),
            Command("K", tr("上一件"), lambda: self._step(-1)),
            Command("Space", tr("确认告警"), self.acknowledge),
            Command("Return", tr("打开"), self.go),
            Command("E", tr("转突发"), self.open_incident),
        ]

    def open(self, subject: Subject) -> None:
        if self._of(subject.id) is not None:
            self._choose(subject.id)

    def acknowledge(self) -> None:
        """Acknowledge the chosen alarm, or the worst one; where the chosen one is gone, or another
        one is the worst only now, that is said before one is meant."""
        need = self._need()
        if self._chosen and (need is None or need.id != self._chosen):
            self._choose("")
            self.refused(tr("选中的一行已不在，另选"))
            return
        if not self._chosen and self._top.new:
            self.refused(tr("最上一件刚换，看过再按"))
            return
        if need is not None and need.alarm is None:
            self.refused(tr("不是告警，回车打开"))
        elif need is not None and need.alarm is not None:
            self._said = ""
            self.do(alarms.acknowledge, alarm=need.alarm.id)

    def go(self) -> None:
        """Work on the chosen one, or the worst."""
        need = self._need()
        if need is not None and need.conflict is not None:
            event, one = conflict.event_of(need.conflict), need.conflict
            self.ask(
                lambda reader: events.views(reader, [event]),
                lambda found: self._ask_which(one, event in found and found[event].restricted),
            )
        elif need is not None:
            self.wanted.emit(Subject(need.kind, need.id))

    def open_incident(self) -> None:
        """Make an incident of the chosen one, or of the worst."""
        need = self._need()
        if need is not None and need.alarm is not None:
            ask_opening(self, from_alarm(need.alarm, self.picture))
        elif need is not None and need.event is not None:
            ask_opening(self, from_event(need.event, self.picture))

    def _ask_which(self, one: Conflict, hidden: bool) -> None:
        asked = conflict.sheet(one, self.picture, self.look, self.window(), hidden)
        self.context.over(asked.then(lambda told: self._settle(one.id, told["keep"])))

    def _settle(self, key: str, keep: str) -> Future[Any]:
        self._said = ""
        return self.do(settle, conflict=key, keep=keep)

    def draw(self, paper: Paper) -> None:
        shown = self._needs[: self._room(paper.height)]
        for row, need in enumerate(shown):
            self._draw_need(paper, self.top + row * ROW, need)
        rest = len(self._needs) - len(shown)
        line = self._said or (tr("另有 {n} 件", n=age.number(rest)) if rest > 0 else "")
        if line:
            base = self.top + len(shown) * ROW + 14
            paper.write(TEXT, base, line, Ink("label", "t1" if self._said else "t2"),
                        room=paper.width - TEXT)  # fmt: skip
        self._arm(shown)

    def _room(self, height: float) -> int:
        free = height - self.top - (BAR if self._bar.isVisibleTo(self) else 0)
        whole = int(free // ROW)
        return whole if whole >= len(self._needs) else max(1, int((free - LAST) // ROW))

    def _draw_need(self, paper: Paper, y: float, need: Need) -> None:
        if need.id == self._chosen:
            box = QRectF(-8, y - 8, paper.width + 16, ROW - 8)
            paper.fill(box, "r", 4)
        self._draw_mark(paper, y + 36, need)
        room = paper.width - TEXT
        if not paper.sees(QRectF(TEXT, y, room, ROW)):  # only the marks blink
            return
        title = Ink("item", "t2" if self._unknown_since(need) else "")
        paper.write(TEXT, y + 26, words.need_title(need, self.picture), title, room=room)
        paper.write(TEXT, y + 54, words.need_place(need, self.picture), Ink("body"), room=room)
        self._draw_clock(paper, y + 82, need, room)

    def _draw_mark(self, paper: Paper, y: float, need: Need) -> None:
        unknown = self._unknown_since(need) is not None
        if need.conflict is not None:
            paper.write(MIDDLE, y + 12, "≠", Ink("sentence"), at=0.5)
            return
        if need.alarm is None:
            paper.lamp(MIDDLE, y, MARK * 0.8, RED, not unknown)
            return
        severity = need.alarm.severity
        state = alarm_life.STALE if unknown else need.alarm.state
        lit = self.context.blinker.lit(severity, self.context.seconds())
        paper.mark(MIDDLE, y, MARK, (severity, state), lit)

    def _draw_clock(self, paper: Paper, base: float, need: Need, room: float) -> None:
        since = self._unknown_since(need)
        if since is not None:
            paper.write(TEXT, base, age.stopped(self.picture.now, since), Ink("label"), room=room)
            return
        clock = self._clock(need)
        wide = paper.length(clock, Ink("label", "t1", True))
        end = paper.write(TEXT, base, words.owner(need), Ink("label"), room=room - wide - 8)
        paper.write(end + 8, base, clock, Ink("label", "t1", True))

    def _clock(self, need: Need) -> str:
        now = self.picture.now
        if need.deadline is not None:
            return words.left(need.deadline, now)
        return tr("已 {span}", span=age.span(now - need.since))

    def _unknown_since(self, need: Need) -> Ms | None:
        """The moment after which nothing is known of it; None while it is followed."""
        if need.alarm is None:
            return self.stopped
        silent = is_silent(need.alarm, self.picture, self.context.trust)
        return heard_at(need.alarm, self.picture) if silent else None

    @property
    def _needs(self) -> Sequence[Need]:
        return self.context.needs.open

    def _need(self) -> Need | None:
        """The one that a person chose, or the first."""
        return self._of(self._chosen) or next(iter(self._needs[:1]), None)

    def _of(self, key: str) -> Need | None:
        at = self.context.needs.at(key)
        return self._needs[at] if at is not None else None

    def _step(self, by: int) -> None:
        if not self._needs:
            return
        at = self.context.needs.at(self._chosen)
        to = at + by if at is not None else 0
        self._choose(self._needs[min(max(0, to), len(self._needs) - 1)].id)
        need = self._need()
        if need is not None:
            self.chosen.emit(Subject(need.kind, need.id))

    def _go_on(self) -> None:
        """Of an alarm that was acknowledged the event that it filed is what is left to do."""
        if self._filed and self._of(self._chosen) is None and self._of(self._filed) is not None:
            self._choose(self._filed)

    def _choose(self, key: str) -> None:
        self._chosen, self._said = key, ""
        chosen = self._of(key)
        event = chosen.event if chosen is not None else None
        self._filed = event.event.id if event is not None else ""
        self._show_bar()
        self.update()

    def _show_bar(self) -> None:
        """Buttons for the one that a person chose; a wall that nobody touches has none."""
        need = self._of(self._chosen)
        self._bar.setVisible(need is not None)
        alarm = need.alarm if need is not None else None
        why = self.barred(alarms.acknowledge, about_alarm(alarm)) if alarm is not None else ""
        can = alarm is not None and not why
        self._bar.allow([*(["Space"] if can else []), "Return"], {"Space": why})

    def _arm(self, shown: Sequence[Need]) -> None:
        """Wake at the next edge of a blinking ring."""
        seen = {n.alarm.severity for n in shown if n.alarm and n.alarm.state == UNACK}
        wait = self.context.blinker.next_edge(seen, self.context.seconds())
        if wait is not None and self.stopped is None:
            self._blink.start(max(1, round(wait * 1000) + 1))

    def _turn_marks(self) -> None:
        """The marks light up or go out; nothing else has changed."""
        px = self.look.px
        self.update(0, px(self.top), px(TEXT) - 2, self.height() - px(self.top))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        row = int((event.position().y() / self.look.unit - self.top) // ROW)
        if 0 <= row < min(len(self._needs), self._room(self.height() / self.look.unit)):
            self._choose(self._needs[row].id)
            self.chosen.emit(Subject(self._needs[row].kind, self._chosen))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.go()


class Soon(Panel):
    """How many events will be overdue soon, and, where there is room, which, and after them which
    will be before the day is over."""

    id, title, piecewise = "soon", "将逾期", True
    shows = frozenset({Tick, Event})

    def refresh(self, picture: Picture, changes: Changes) -> None:
        minutes = float(self.options.get("minutes", deadlines.soon_minutes()))
        needs = self.context.needs
        self._soon, self._today = needs.soon(picture.now, minutes), needs.today(picture.now)
        self._minutes = minutes

    def heading(self) -> str:
        return tr("{n} 分内将逾期", n=int(getattr(self, "_minutes", deadlines.soon_minutes())))

    def aside(self) -> list[Piece]:
        open_ = self.picture.counters.open or len(self.picture.events)
        return [
            (age.number(self._soon), Ink("heading", "t1" if self._soon else "t4", self._soon > 0)),
            (tr("今日内 {n}", n=age.number(self._today)), Ink("label")),
            (tr("在办 {n}", n=age.number(open_)), Ink("label")),
        ]

    def _age(self) -> list[Piece]:
        return []

    def draw(self, paper: Paper) -> None:
        rows = max(0, int((paper.height - self.top + 8) // 38))
        first = self.context.needs.next(self.picture.now, self._minutes, rows)
        for i, key in enumerate(first):
            self._draw_row(paper, self.top + 16 + i * 38, key, i < self._soon)

    def _draw_row(self, paper: Paper, base: float, key: str, soon: bool) -> None:
        view, clock = self.picture.events.get(key), self.context.needs.running.get(key)
        if view is None or clock is None:
            return
        left, ink = words.left(clock, self.picture.now), Ink("body", "t1" if soon else "t3")
        start = paper.row_back(paper.width, base, (left, Ink("body", ink.token, soon)))
        paper.write(0, base, view.event.headline, ink, room=start - 16)
