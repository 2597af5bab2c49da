"""The card of a matter on the watch list: both ladders as steps, what meetings decided, and who
leads and helps with each point of its plan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QRectF

from commandwall import ladders
from commandwall.deadlines import GREEN
from commandwall.events import Event
from commandwall.ladders import ACTIVE, VERIFIED, Case, Council, PlanPoint, Rise, Supervision
from commandwall.picture import Changes, Picture, Tick
from widgets import age, ladder_sheets, ladder_words, text, words
from widgets.base import Panel, Subject
from widgets.i18n import named, tr
from widgets.paper import MIDDLE, RIGHT, Ink, Paper

STAIRS, LOWEST, GAP, BETWEEN = 44.0, 8.0, 4.0, 20.0
"""Height of the highest step and of the lowest, what lies between two, and between the ladders."""
LINE, ROW = 24.0, 27.0
UNIT, STATE, MOST = 92.0, 168.0, 4
"""Width of a unit's column and of a point's state; how many units have a column of their own."""


class LadderCard(Panel):
    """Follows what is chosen."""

    id, title = "ladder_card", "两条阶梯"
    shows = frozenset({Rise, Supervision, Council, PlanPoint, Event, Tick})
    quiet = True

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self._case = Case("")

    def open(self, subject: Subject) -> None:
        if subject.kind in (Supervision, Event):
            self._look(subject.id)
            self.update()

    def refresh(self, picture: Picture, changes: Changes) -> None:
        if changes.kinds & (self.shows - {Tick, Event}):
            self._look(self._case.event)

    def _look(self, event: str) -> None:
        self._case = ladder_sheets.case_of(self.picture, event)
        moments = [one.changed_at for one in self._case.rises.values()]
        self.at = max([*moments, *(one.changed_at for one in self._case.points)], default=None)

    def draw(self, paper: Paper) -> None:
        it = self._case
        view, base = self.picture.events.get(it.event), self.top + 24
        known = view.event if view is not None else it.supervision
        if known is None:
            paper.write(0, base, tr("选一件，看它在哪一级"), Ink("body", "t3"))
            return
        began = ladder_sheets.start_of(self.picture, known.area)
        y = self._draw_steps(paper, self.top + 6, began)
        if back := ladder_words.back(it):
            y = paper.paragraph(0, y + LINE, back, Ink("label", "t1"), paper.width, 2)
        y = self._draw_councils(paper, y + 30)
        self._draw_plan(paper, y + 32)

    # The two ladders.

    def _draw_steps(self, paper: Paper, y: float, start: str) -> float:
        """A step for each rung; where it stands is white, what has it too is filled."""
        it, rows = self._case, ladders.rungs()
        here = ladders.standing(it, start)
        wide = (paper.width - BETWEEN - GAP * (len(rows) - 2)) / len(rows)
        x, ladder, rise = 0.0, "", (STAIRS - LOWEST) / max(1, len(rows) - 1)
        for at, (key, row) in enumerate(rows.items()):
            x += BETWEEN - GAP if ladder not in ("", row.facts["ladder"]) else 0
            ladder = row.facts["ladder"]
            high = LOWEST + at * rise
            below = ladder_words.has(it, key, start)
            token = "t1" if key == here else "t3" if below else "ln"
            paper.fill(QRectF(x, y + STAIRS - high, wide, high), token, 2)
            ink = Ink("label", "t1" if key == here else "t2" if below else "t3", key == here)
            paper.write(x, y + STAIRS + 20, named("rung", key, "short"), ink, room=wide)
            state, when = self._told(it.rises.get(key), key == start)
            paper.write(x, y + STAIRS + 40, state, Ink("age", "t2"), room=wide)
            paper.write(x, y + STAIRS + 57, when, Ink("age"), room=wide)
            x += wide + GAP
        return y + STAIRS + 57

    def _told(self, rise: Rise | None, start: bool) -> tuple[str, str]:
        """What became of a rung, and when."""
        now = self.picture.now
        if rise is None:
            view = self.picture.events.get(self._case.event)
            came = view.event.received_at if view is not None else None
            return (tr("起于此"), age.stamp(now, came)) if start else ("", "")
        at = rise.taken_at or rise.raised_at if rise.state in ACTIVE else rise.changed_at
        return named("rise_state", rise.state), age.stamp(now, at)

    # Meetings.

    def _draw_councils(self, paper: Paper, y: float) -> float:
        """The newest in full; how many there were before."""
        held = self._case.councils
        paper.write(0, y, tr("会议"), Ink("heading"))
        if not held:
            paper.write(64, y, tr("未开会"), Ink("label", "t3"))
            return y
        one, more = held[0], len(held) - 1
        told = (one.held, ladder_words.rung(one.rung) if one.rung else "",
                tr("主持 {who}", who=text.person(one.chair)),
                tr("此前 {n} 次", n=more) if more else "")  # fmt: skip
        paper.write(64, y, "　".join(filter(None, told)), Ink("label", "t2"), room=paper.width - 64)
        said = text.plain(one.decision, 400)
        return paper.paragraph(0, y + LINE, said, Ink("label", "t1"), paper.width, 2)

    # The plan.

    def _draw_plan(self, paper: Paper, y: float) -> None:
        """A line for each point, a column for each unit: ● leads, ○ helps."""
        plan = self._case.plan
        paper.write(0, y, tr("任务"), Ink("heading"))
        if not plan:
            paper.write(64, y, tr("未立任务"), Ink("label", "t3"))
            return
        done = f"{self._case.settled} / {len(plan)}"
        paper.write(64, y, done, Ink("label", "t1", True))
        units = units_of(plan)[:MOST]
        left = paper.width - STATE - UNIT * len(units)
        for at, unit in enumerate(units):
            x = left + UNIT * (at + 0.5)
            name = text.plain(unit, ladder_words.SHORT)
            wide = min(paper.length(name, Ink("age", "t2")), UNIT - 8)
            paper.write(x - wide / 2, y, name, Ink("age", "t2"), room=UNIT - 8)
        for point in plan:
            y += ROW
            if y > paper.height - 4:
                return
            self._draw_point(paper, y, point, units, left)

    def _draw_point(
        self, paper: Paper, y: float, point: PlanPoint, units: Sequence[str], left: float
    ) -> None:
        over, now = point.state == VERIFIED, self.picture.now
        ink = Ink("label", "t2" if over else "t1")
        paper.line(0, y - ROW + 8, paper.width, y - ROW + 8)
        paper.write(0, y, text.plain(point.task, 80), ink, room=left - 8)
        for at, unit in enumerate(units):
            mark = "●" if unit == point.lead else "○" if unit in point.co.split(",") else ""
            paper.write(left + UNIT * (at + 0.5), y, mark, ink, MIDDLE)
        due = next((d for d in Case(point.event, points=[point]).dues), None)
        told, bold = age.stamp(now, point.verified_at), False
        if due is not None:
            told, bold = words.left(due.clock, now), due.clock.lamp(now) != GREEN
        paper.write(paper.width, y, told, Ink("label", ink.token, bold), RIGHT)
        edge = paper.width - paper.length(told, Ink("label", ink.token, bold)) - 10
        paper.write(edge, y, named("point_state", point.state), Ink("label", "t2"), RIGHT)


def units_of(plan: Sequence[PlanPoint]) -> list[str]:
    """All units of a plan, those that lead first."""
    helping = (one for p in plan for one in p.co.split(",") if one)
    return list(dict.fromkeys([*(p.lead for p in plan), *helping]))
