"""The score of a drill while it is played: how much was in time, each objective, how much of their
limits answers took, and each expected act with what became of it. For who leads or evaluates."""

from __future__ import annotations

import math
from typing import Any

from PySide6.QtCore import QRectF

from commandwall.drill import evaluating, live, play
from commandwall.drill.drill_acts import Moment
from commandwall.drill.evaluating import OBJECTIVE, Evaluation
from commandwall.drill.live import SETTLED, Live
from commandwall.drill.offsets import tell
from commandwall.drill.play import ClockAct, FreeInject, SentInject
from commandwall.drill.scenario import Named
from commandwall.drill.score import LATE, MET, MISSED, RUNNING, UNSEEN, Judged, counted
from commandwall.picture import Changes, Picture, Tick
from commandwall.rights import About
from widgets.base import NORMAL, Panel, Piece
from widgets.drill_watch import DrillWatch, asked_of, ink
from widgets.i18n import language, named, rows, tr
from widgets.paper import RIGHT, Ink, Paper
from widgets.text import plain

ROW, SMALL, GAP = 30.0, 26.0, 18.0
"""Design pixels: of an act or objective, of a bar, and between the parts."""
BAR, NAME, GRADE = 8.0, 200.0, 30.0
SPAN = 2.0
"""Limits that a bar is long."""
TIME, RESULT, MARK = 84.0, 176.0, 24.0
"""Columns of an act: its time at the left, what became of it at the right, and its lamp."""


class DrillScore(Panel):
    """Follows the journal; what players see of it is nothing."""

    id, title, quiet, pooled, recalls = "drill_score", "评分", True, False, False
    shows = frozenset({Tick, ClockAct, FreeInject, SentInject, Evaluation})
    piecewise = True

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.watch = DrillWatch(self)

    @property
    def absent(self) -> bool:
        """Who plays learns what is thought of him in the review: the map has its place."""
        sees = (play.act_on_clock, evaluating.mark_inject)
        return super().absent or all(self.barred(act, About()) for act in sees)

    def refresh(self, picture: Picture, changes: Changes) -> None:
        self.say(NORMAL)
        if self.desk.exercise is not None and not self.absent:
            self.watch.follow(picture)

    def aside(self) -> list[Piece]:
        if (found := self.watch.live) is None:
            return []
        n = counted(found.judged)
        told = tr("{n} 项已到限　{a} 项计时中", n=sum(n[v] for v in SETTLED), a=n[RUNNING])
        before = tr("　前几遍 {n} 项另计", n=found.before) if found.before else ""
        return [(told + before, Ink("age"))]

    def draw(self, paper: Paper) -> None:
        found = self.watch.live
        if found is None or not found.judged:
            unread = self.watch.scenario is None and self.watch.asked
            told = "脚本读不出，或与建演练时不同" if unread else "还没有应有动作到计时"
            paper.write(0, self.top + 32, tr(told), Ink("body", "t3"))
            return
        y = self._draw_sum(paper, found, self.top)
        y = self._draw_objectives(paper, found, y)
        y = self._draw_shares(paper, found, y + GAP)
        self._draw_acts(paper, found, y + GAP)

    def _draw_sum(self, paper: Paper, found: Live, y: float) -> float:
        """5 / 8 按时　迟 2　未做 1　由评估员看 3; returns where it ends."""
        n = counted(found.judged)
        settled = sum(n[v] for v in SETTLED)
        end = paper.write(0, y + 48, f"{n[MET]} / {settled}", Ink("timer", "t1", False))
        names = [(v, named("drill_verdict", v)) for v in (LATE, MISSED, UNSEEN)]
        told = [tr("按时"), *(f"{name} {n[v]}" for v, name in names if n[v])]
        paper.write(end + 16, y + 48, "　".join(told), Ink("body"), room=paper.width - end - 16)
        return y + 64

    def _draw_objectives(self, paper: Paper, found: Live, y: float) -> float:
        if (scenario := self.watch.scenario) is None:
            return y
        marks = evaluating.newest(self.picture.evaluations.values())
        for n, objective in enumerate(scenario.objectives, 1):
            paper.line(0, y, paper.width, y)
            grade = marks.get((objective.id, OBJECTIVE))
            name = plain(objective.en if language() == "en" else objective.zh)
            base = y + ROW * 0.7
            room = paper.width - 5 * GRADE - 120
            paper.write(0, base, f"O{n} {name}", Ink("body", "t1"), room=room)
            self._draw_grades(paper, base, grade.verdict if grade is not None else "")
            told, pressing = self._reached(found, objective)
            paper.write(paper.width, base, told, Ink("body", "t1" if pressing else "t2"), RIGHT)
            y += ROW
        return y

    def _draw_grades(self, paper: Paper, base: float, grade: str) -> None:
        """P S M U: the one that an evaluator gave stands out."""
        x = paper.width - 5 * GRADE - 84
        for letter in rows("drill_grade"):
            box = QRectF(x, base - 16, 22, 22)
            if letter == grade:
                paper.fill(box, "t1", 3)
            given = Ink("label", "ink" if letter == grade else "t4", letter == grade)
            paper.write(box.center().x(), base, letter, given, 0.5)
            x += GRADE

    def _reached(self, found: Live, objective: Named) -> tuple[str, bool]:
        """3 / 3, with what runs; and whether anything of it runs."""
        n = counted(found.under(objective.id))
        settled = sum(n[v] for v in SETTLED)
        told = f"{n[MET]} / {settled}" if settled else ""
        runs = tr("计时 {n}", n=n[RUNNING]) if n[RUNNING] else ""
        return "　".join(filter(None, (runs, told))) or "—", bool(runs)

    def _draw_shares(self, paper: Paper, found: Live, y: float) -> float:
        """By kind of act that was answered at all: the median and the 90th percentile, as shares of
        the limit."""
        shares = {thing: rising for thing, rising in live.shares(found.judged).items()
                  if rising[0] < math.inf}  # fmt: skip
        if not shares:
            return y - GAP
        paper.write(0, y + 14, tr("答复用时"), Ink("heading"))
        told = tr("占时限，中位与 90 分位；竖线为时限")
        paper.write(paper.width, y + 14, told, Ink("age"), RIGHT)
        y += SMALL
        for thing, rising in shares.items():
            self._draw_share(paper, y, thing, rising)
            y += SMALL
        return y

    def _draw_share(self, paper: Paper, y: float, thing: str, rising: list[float]) -> None:
        middle, far = live.rank(rising, 0.5), live.rank(rising, 0.9)
        paper.write(0, y + 17, f"{named('drill_expect', thing)} {len(rising)}", Ink("body"),
                    room=NAME - 8)  # fmt: skip
        told = " · ".join(_percent(share) for share in (middle, far))
        paper.write(paper.width, y + 17, told, Ink("label", "t1" if far > 1 else "t2"), RIGHT)
        room = paper.width - NAME - 120
        box = QRectF(NAME, y + SMALL / 2 - BAR / 2, room, BAR)
        paper.bar(box, min(far, SPAN) / SPAN, 1 / SPAN)
        x = NAME + room * min(middle, SPAN) / SPAN
        paper.disc(x, box.center().y(), 5, "bg", "t1")

    def _draw_acts(self, paper: Paper, found: Live, y: float) -> None:
        """As many as there is room for, what presses first."""
        paper.write(0, y + 14, tr("应有动作与时限"), Ink("heading"))
        acts = sorted(found.judged, key=self.watch.pressing)
        room = max(0, int((paper.height - y - SMALL) / ROW))
        rest = len(acts) - room
        if rest > 0:
            more = tr("另有 {n} 项", n=rest)
            paper.write(paper.width, y + 14, more, Ink("age"), RIGHT)
        y += SMALL
        for one in acts[:room]:
            self._draw_act(paper, y, one)
            y += ROW

    def _draw_act(self, paper: Paper, y: float, one: Judged) -> None:
        base = y + ROW * 0.7
        paper.line(0, y, paper.width, y)
        paper.write(0, base, tell(Moment(one.sent.moment)), Ink("label"))
        self.watch.lamp(paper, TIME, base - 6, one)
        room = paper.width - TIME - MARK - RESULT - 8
        shown = Ink("body", "t1" if one.verdict == RUNNING else "t2")
        paper.write(TIME + MARK - 8, base, asked_of(one), shown, room=room)
        paper.write(paper.width, base, self.watch.verdict(one), ink(one), RIGHT)


def _percent(share: float) -> str:
    return named("drill_verdict", MISSED) if share == math.inf else f"{share:.0%}"
