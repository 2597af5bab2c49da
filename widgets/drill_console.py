"""The controllers' console of a drill: its clock in large, its injects in the order of their times,
and the keys by which it is led. To a player it shows what was sent to his post, and no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QRectF

from commandwall.clock import DAY, HOUR, MINUTE, SECOND
from commandwall.drill import evaluating, play
from commandwall.drill.drill_acts import (
    ADDED,
    ENDED,
    PAUSED,
    PUT_OFF,
    READY,
    REAL,
    RUNNING,
    SAVE,
    SENT,
    Happening,
    Moment,
)
from commandwall.drill.drill_clock import DrillClock
from commandwall.drill.evaluating import Evaluation
from commandwall.drill.offsets import tell
from commandwall.drill.play import ClockAct, FreeInject, SentInject
from commandwall.drill.scenario import Inject, Scenario
from commandwall.drill.score import Judged
from commandwall.picture import Changes, Picture, Tick
from commandwall.rights import About
from widgets import age, drill_watch
from widgets.base import NORMAL, Command, Piece
from widgets.drill_review import DrillReview
from widgets.drill_sheets import DrillSheets
from widgets.drill_watch import DrillWatch
from widgets.i18n import language, named, tr
from widgets.paper import RIGHT, Ink, Paper
from widgets.rows import RowList
from widgets.text import person, plain

SENT_ROW, SKIPPED_ROW, NEXT, DUE, LATER, RESERVE = (
    "sent", "skipped", "next", "due", "put_off", "reserve",
)  # fmt: skip
WORDS = {
    SENT_ROW: "已发", SKIPPED_ROW: "跳过", NEXT: "待发", DUE: "到点", LATER: "推迟",
    RESERVE: "备用",
}  # fmt: skip
STATUS = {READY: "未开始", RUNNING: "进行", PAUSED: "暂停", ENDED: "结束"}
COLUMNS = {"计划": 0.0, "实发": 92.0, "通道": 184.0, "对象": 300.0, "内容": 420.0}
RECEIVED = {"收到": 0.0, "通道": 120.0, "内容": 300.0}
"""Columns of a player, who knows no time of the scenario."""
STATE, HEAD, ASKED = 190.0, 148.0, 24.0
"""Design pixels: of the column of states, of the clock over the list, and of an expected act."""


@dataclass(frozen=True, slots=True)
class Row:
    """An inject as it stands in this run."""

    inject: Inject
    state: str
    due: Moment | None
    sent: SentInject | None
    settled: Happening | None


class DrillConsole(RowList):
    """Asks the desk for each act; the agent's conductor takes it, and says how."""

    id, title, quiet, pooled = "drill_console", "演练控制", True, False
    recalls = False
    kind = SentInject
    shows = frozenset({Tick, ClockAct, FreeInject, SentInject, Evaluation})
    row = 44.0
    head = 28.0
    tells_rest = True
    sees = False
    """Whether the rows are those of who sees clock and script: who leads, or evaluates."""

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.watch = DrillWatch(self)
        self._rows: dict[str, Row] = {}
        self._next = ""
        self._offers: list[str] = []
        self._late: ClockAct | None = None
        self.told = ""
        """How the making of a review goes."""
        self._sheets, self._review = DrillSheets(self), DrillReview(self)

    # What is shown.

    @property
    def scenario(self) -> Scenario | None:
        return self.watch.scenario

    @property
    def clock(self) -> DrillClock | None:
        return self.watch.clock

    @property
    def leads(self) -> bool:
        """Whether who sits here leads the drill."""
        return not self.barred(play.act_on_clock, About())

    @property
    def lead(self) -> float:
        return self.head + (HEAD if self.sees else 0.0)

    def heading(self) -> str:
        return self.title if self.sees else "演练来信"

    def refresh(self, picture: Picture, changes: Changes) -> None:
        self.sees = self.leads or not self.barred(evaluating.mark_inject, About())
        if self.desk.exercise is None:
            self.say(NORMAL)
        elif not self.sees:
            self._receive(picture)
        elif self.watch.follow(picture):
            self._fold(picture)
        super().refresh(picture, changes)
        if self.waiting or self.keys != list(self.order()):
            self.renew()  # it moves by its clock alone; the chosen one stays chosen
        self.say(NORMAL)
        self._tell_keys()

    def _tell_keys(self) -> None:
        """Keys that came or went: the scenario was read, another post is sat at, it ended."""
        offers = [command.key for command in self.offered()]
        if self._offers != offers:
            self._offers = offers
            self.outgrown.emit()

    def _receive(self, picture: Picture) -> None:
        """What was sent to this post, as a station without the scenario knows it."""
        acts, post = picture.clock_acts.values(), self.desk.post
        sent = [s for s in picture.sent_injects.values() if s.receiver == post]
        self._rows = {s.inject: _received(s) for s in play.standing(sent, acts)}
        self._late = play.late_join(acts, post)

    def _fold(self, picture: Picture) -> None:
        assert self.clock is not None
        self._rows = {row.inject.id: row for row in self._all(picture, self.clock)}
        timed = (r.inject.id for r in self._by_time() if r.state in (NEXT, LATER) and r.due)
        self._next = next(timed, "")

    def _all(self, picture: Picture, clock: DrillClock) -> Sequence[Row]:
        assert self.scenario is not None
        free = (one.inject for one in picture.free_injects.values())
        known = {i.id: i for i in (*self.scenario.injects, *free)}
        moved = {h.subject for h in clock.history if h.what == PUT_OFF}
        settled = {i: clock.outcome(i) for i in known}
        added = {h.subject for h in clock.history if h.what == ADDED}
        shown = [i for i in known if i in added or i in {x.id for x in self.scenario.injects}]
        return [self._row(picture, clock, known[i], settled[i], i in moved) for i in shown]

    def _row(
        self, picture: Picture, clock: DrillClock, inject: Inject, settled: Happening | None,
        moved: bool,
    ) -> Row:  # fmt: skip
        due = clock.due(inject.id)
        sent = None
        if settled is not None and settled.what == SENT:
            sent = picture.sent_injects.get(play.sent_id(settled.run, inject.id))
        if settled is not None and settled.what != SENT:
            state = SKIPPED_ROW
        elif settled is not None:
            state = SENT_ROW if sent is not None else DUE
        else:
            state = RESERVE if due is None else LATER if moved else NEXT
        return Row(inject, state, due, sent, settled)

    def order(self) -> Sequence[str]:
        if not self.sees:
            return [*self._rows][::-1]
        return [row.inject.id for row in self._by_time()]

    def _by_time(self) -> list[Row]:
        return sorted(self._rows.values(), key=lambda r: (_moment(r) is None, _moment(r) or 0))

    def empty_line(self) -> str:
        if self.sees and self.scenario is None and self.watch.asked:
            return tr("脚本读不出，或与建演练时不同")
        if self.sees:
            return tr("无")
        drill = self.desk.exercise
        if drill is not None and not drill.pool and not self.picture.clock_acts:
            # Begun at this station: whoever opens it first looks for the clock.
            return tr("还没有开始；要导调，Ctrl I 就岗「导调」，再按空格")
        return tr("还没有发给本岗位的情景")

    def aside(self) -> list[Piece]:
        if not self.sees:
            return self._before()
        states = [row.state for row in self._rows.values()]
        n = {state: states.count(state) for state in WORDS}
        told = tr("{n} 条　已发 {a}　待发 {b}　跳过 {c}　备用 {d}", n=len(states), a=n[SENT_ROW],
                  b=n[NEXT] + n[LATER] + n[DUE], c=n[SKIPPED_ROW], d=n[RESERVE])  # fmt: skip
        return [(told, Ink("age"))]

    def _before(self) -> list[Piece]:
        """How late this station came, and how much it has to read up on."""
        if self._late is None:
            return []
        n = sum(self._missed(row) for row in self._rows.values())
        told = tr("{time} 中途加入　此前已发 {n} 条", time=age.seconds(self._late.at), n=n)
        return [(told, Ink("label", "t1", True))]

    def _missed(self, row: Row) -> bool:
        """Whether it was sent before this station came."""
        return self._late is not None and row.sent is not None and row.sent.at < self._late.at

    # Drawing.

    def draw(self, paper: Paper) -> None:
        if self.sees and self.clock is not None:
            self._draw_clock(paper, self.clock)
        super().draw(paper)

    def _draw_clock(self, paper: Paper, clock: DrillClock) -> None:
        """T+24:18, the time of day of the scenario, how it stands, what comes next."""
        top = self.top
        end = paper.write(0, top + 62, tell(clock.position), Ink("timer"))
        paper.write(end + 28, top + 34, tr("情景时间 {time}", time=self._of_day()), Ink("item"))
        paper.write(end + 28, top + 62, self._standing(clock), Ink("item", "t1", True))
        paper.write(0, top + 96, self._upcoming(clock), Ink("body", "t2"), room=paper.width)
        paper.write(0, top + 124, self.told or self._taken(), Ink("label"), room=paper.width)
        paper.write(paper.width, top + 62, self._review.grades(), Ink("item", "t1"), RIGHT)

    def _of_day(self) -> str:
        assert self.scenario is not None and self.clock is not None
        at = self.scenario.clock
        begun = at.hour * HOUR + at.minute * MINUTE + at.second * SECOND
        ms = (begun + self.clock.position // REAL) % DAY
        return f"{ms // HOUR:02d}:{ms % HOUR // MINUTE:02d}:{ms % MINUTE // SECOND:02d}"

    def _standing(self, clock: DrillClock) -> str:
        """进行 ×10，第 2 遍"""
        words = tr(STATUS[clock.status])
        if self.context.trust.agent is not None and clock.status == RUNNING:
            words = tr("采集程序断开，时钟不走")
        run = tr("，第 {n} 遍", n=clock.run) if clock.run > 1 else ""
        return f"{words}　×{clock.rate / REAL:g}{run}"

    def _upcoming(self, clock: DrillClock) -> str:
        if clock.status == ENDED:
            return tr("已结束，Ctrl B 出复盘")
        if not self._next:
            return tr("后面没有定时的情景")
        row = self._rows[self._next]
        return tr("下一条 {left} 后：{words}", left=_left(row, clock), words=_words(row.inject))

    def _taken(self) -> str:
        """How the clock took what was asked last."""
        acts = self.picture.clock_acts.values()
        last = max((a for a in acts if a.by or a.post), key=lambda a: (a.at, a.no), default=None)
        if last is None:
            return tr("空格开始；全部按键 ?")
        told = tr("{time} {who} {what}", time=age.seconds(last.at), who=person(last.by) or
                  named("post", last.post), what=named("drill_act", last.kind))  # fmt: skip
        if last.refused:
            return tr("{told}：未执行，{why}", told=told, why=named("drill_refusal", last.refused))
        if not last.no:
            return tr("{told}：等采集程序执行", told=told)
        if last.kind == SAVE:
            return tr("{told}：已存，可关大屏，改日打开按空格继续", told=told)
        return tr("{told}：已执行", told=told)

    def draw_head(self, paper: Paper, base: float) -> None:
        for word, x in (COLUMNS if self.sees else RECEIVED).items():
            paper.write(x, base, tr(word), Ink("head"))
        if self.sees:
            paper.write(paper.width - STATE, base, tr("状态"), Ink("head"))

    def draw_row(self, paper: Paper, key: str, box: QRectF, chosen: bool) -> None:
        row = self._rows[key]
        if not self.sees:
            self._draw_received(paper, row, box.center().y() + 6)
            return
        base, inject = box.top() + self.row / 2 + 6, row.inject
        over = row.state in (SENT_ROW, SKIPPED_ROW)
        comes = key == self._next
        ink = Ink("body", "t3" if over else "t1", comes)
        x = COLUMNS
        paper.write(
            x["计划"], base, tell(inject.at) if inject.at is not None else "—", Ink("label")
        )
        at = tell(row.settled.position) if row.settled and row.state == SENT_ROW else "—"
        paper.write(x["实发"], base, at, Ink("label"))
        paper.write(x["通道"], base, named("drill_channel", inject.channel), Ink("label"), room=108)
        paper.write(x["对象"], base, named("post", inject.to), Ink("label"), room=112)
        room = paper.width - STATE - x["内容"] - 32
        paper.write(x["内容"], base, self._said(row), ink, room=room)
        self._draw_state(paper, row, base, comes)
        if chosen:
            self._draw_asked(paper, row, base)

    def _draw_state(self, paper: Paper, row: Row, base: float, comes: bool) -> None:
        x = paper.width - STATE
        told = Ink("body", "t1" if comes else "t2", comes or row.state == DUE)
        if (found := self._summed(row)) is not None:
            told = drill_watch.ink(found[1])
            self.watch.lamp(paper, x - 14, base - 6, found[1])
        paper.write(x, base, self._state(row), told, room=STATE)

    def _draw_asked(self, paper: Paper, row: Row, base: float) -> None:
        """What the chosen one expects, with its limit, and what became of it."""
        x, end = COLUMNS["内容"], paper.width - STATE
        for words, result, one in self._asked(row):
            base += ASKED
            paper.write(x, base, words, Ink("label", "t2"), room=end - x - 24)
            if one is not None:
                self.watch.lamp(paper, end - 14, base - 5, one)
                paper.write(end, base, result, Ink("label", "t1"), room=STATE)

    def _asked(self, row: Row) -> list[tuple[str, str, Judged | None]]:
        return self.watch.lines(row.inject, row.sent.id if row.sent is not None else "")

    def _summed(self, row: Row) -> tuple[str, Judged] | None:
        return self.watch.summed(row.sent.id) if row.sent is not None else None

    def tall(self, key: str) -> float:
        lines = self._asked(self._rows[key]) if self.sees and key == self.current else ()
        return self.row + ASKED * len(lines)

    def _draw_received(self, paper: Paper, row: Row, base: float) -> None:
        assert row.sent is not None
        x = RECEIVED
        paper.write(x["收到"], base, age.seconds(row.sent.at), Ink("label"))
        channel = named("drill_channel", row.inject.channel)
        paper.write(x["通道"], base, channel, Ink("label"), room=x["内容"] - x["通道"] - 8)
        missed = tr("加入前") if self._missed(row) else ""
        room = paper.width - x["内容"] - (STATE + 16 if missed else 0)
        paper.write(x["内容"], base, self._said(row), Ink("body"), room=room)
        paper.write(paper.width - STATE, base, missed, Ink("body", "t2"), room=STATE)

    def _said(self, row: Row) -> str:
        """Who speaks, and what."""
        sender = plain(row.inject.sender)
        return f"{sender}：{_words(row.inject)}" if sender else _words(row.inject)

    def _state(self, row: Row) -> str:
        """已发 or what became of what it expects, 跳过 with why, 待发 with its time where it was
        moved."""
        word = tr(WORDS[row.state])
        if row.state == SENT_ROW and row.sent is not None:
            fault = named("drill_fault", row.sent.fault) if row.sent.fault else ""
            mark = self._review.told(row.sent)
            found = self._summed(row)
            return "　".join(filter(None, (found[0] if found else word, mark, fault)))
        if row.state == SKIPPED_ROW and row.settled is not None:
            return f"{word}　{plain(row.settled.why) or tr(CAUSES.get(row.settled.cause, ''))}"
        if row.inject.id == self._next and self.clock is not None:
            return tr("{word}　{left} 后", word=word, left=_left(row, self.clock))
        if row.state == LATER and row.due is not None:
            return f"{word}　{tell(row.due)}"
        return word

    # Keys.

    def commands(self) -> list[Command]:
        if not self.leads or self.clock is None:
            return [*self._review.commands(), *super().commands()]
        if self.clock.status == ENDED:
            return [*self._review.commands(), self._sheets.again(), *super().commands()]
        go = {READY: "开始", RUNNING: "暂停", PAUSED: "继续"}.get(self.clock.status, "继续")
        return [
            Command("Space", tr(go), self.turn),
            Command("S", tr("单步到下一条"), lambda: self.act("step")),
            Command("Ctrl+S", tr("存着改日继续"), lambda: self.act("save")),
            *self._sheets.commands(),
            *self._review.commands(),
            *super().commands(),
        ]

    def turn(self) -> None:
        """Start, pause or go on."""
        if self.clock is not None:
            deed = {READY: "start", RUNNING: "pause"}.get(self.clock.status, "resume")
            self.act(deed)

    def tell(self, line: str) -> None:
        """In the place where the last act is told, until the next one."""
        self.told = line
        self.update()

    def act(self, deed: str, **told: Any) -> None:
        self.told = ""
        self.do(play.act_on_clock, deed=deed, **told)

    def inject(self, key: str) -> Inject | None:
        """Of a row."""
        return self._rows[key].inject if key in self._rows else None

    def sent(self, key: str) -> SentInject | None:
        """Of a row that reached its player."""
        return self._rows[key].sent if key in self._rows else None


CAUSES = {"jump": "快进越过", "branch": "走向不同", "end": "演练结束"}


def _received(sent: SentInject) -> Row:
    """A row of a player."""
    inject = Inject(
        sent.inject, None, sent.channel, play.FREE, sent.sender, sent.receiver, sent.zh, sent.en,
        "", "", "", (), (), {}, None, None, "",
    )  # fmt: skip
    return Row(inject, SENT_ROW, None, sent, None)


def _moment(row: Row) -> Moment | None:
    """What orders it: when it was sent, else its time; what is left out keeps its place."""
    if row.settled is not None and row.state == SKIPPED_ROW and row.inject.at is not None:
        return row.inject.at
    return row.settled.position if row.settled is not None else row.due


def _left(row: Row, clock: DrillClock) -> str:
    """Scenario time until it is due: 01:37."""
    return tell(Moment(max(0, (row.due or 0) - clock.position))).removeprefix("T+")


def _words(inject: Inject) -> str:
    return plain(inject.en if language() == "en" else inject.zh)
