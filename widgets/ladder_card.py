"""The card of a matter on the watch list: both ladders as steps, what meetings decided, and who
leads and helps with each point of its plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from PySide6.QtCore import QRectF

from commandwall import ladders
from commandwall.deadlines import GREEN
from commandwall.events import Event
from commandwall.ladders import ACTIVE, VERIFIED, Case, PlanPoint, Rise, Supervision
from commandwall.picture import Changes, Picture, Tick
from widgets import age, ladder_sheets, ladder_words, text, words
from widgets.base import Panel, Subject
from widgets.i18n import named, tr
from widgets.paper import MIDDLE, RIGHT, Ink, Paper
from widgets.watched import RECORDS

STAIRS, LOWEST, GAP, BETWEEN = 44.0, 8.0, 4.0, 20.0
"""Height of the highest step and of the lowest, what lies between two, and between the ladders."""
LINE, ROW = 24.0, 27.0
UNIT, STATE, MOST = 92.0, 168.0, 4
"""Width of a unit's column and of a point's state; how many units have a column of their own."""


class LadderCard(Panel):
    """Follows what is chosen."""

    id, title = "ladder_card", "两条阶梯"
    shows = frozenset({*RECORDS, Event, Tick})
    quiet = True

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self._case = Case("")

    def open(self, subject: Subject) -> None:
        if subject.kind in (Supervision, Event):
            self._look(subject.id)
            self.update()

    def refresh(self, picture: Picture, changes: Changes) -> None:
        if changes.kinds & {*RECORDS, Event}:  # an event may have got a restricted class
            self._look(self._case.event)

    def _look(self, event: str) -> None:
        self._case = self.context.needs.watched.of(event)
        moments = [one.changed_at for one in self._case.rises.values()]
        self.at = max([*moments, *(one.changed_at for one in self._case.points)], default=None)

    def draw(self, paper: Paper) -> None:
        it, view = self._case, self.picture.events.get(self._case.event)
        if view is None and it.supervision is None:
            self._draw_all(paper, self.top + 6)
            return
        y = self._draw_steps(paper, self.top + 6, self._start(it))
        if back := ladder_words.back(it):
            y = paper.paragraph(0, y + LINE, back, Ink("label", "t1"), paper.width, 2)
        y = self._draw_councils(paper, y + 30)
        self._draw_plan(paper, y + 32)

    # The two ladders.

    def _draw_all(self, paper: Paper, y: float) -> None:
        """Before anything is chosen: how many matters stand on each rung, and how many are late."""
        now, on, late = self.picture.now, Counter[str](), Counter[str]()
        watched = self.context.needs.watched
        for key in watched.open:
            rung = ladders.standing(watched.of(key), self._start(watched.of(key)))
            due = watched.first_due(key)
            on[rung] += 1
            late[rung] += due is not None and due.clock.due < now
        for key, box in _steps(paper.width, y):
            many, token = on[key], "t3" if on[key] else "ln"
            told = tr("{n} 件", n=many) if many else ""
            over = tr("超期 {n}", n=late[key]) if late[key] else ""
            _draw_step(paper, key, box, y, token, (told, over))
        paper.write(0, y + STAIRS + 96, tr("选一件，看它在哪一级"), Ink("body", "t3"))

    def _draw_steps(self, paper: Paper, y: float, start: str) -> float:
        """A step for each rung; where it stands is white, what has it too is filled."""
        it, here = self._case, ladders.standing(self._case, start)
        for key, box in _steps(paper.width, y):
            has = ladder_words.has(it, key, start)
            token = "t1" if key == here else "t3" if has else "ln"
            told = self._told(it.rises.get(key), key == start)
            _draw_step(paper, key, box, y, token, told)
        return y + STAIRS + 57

    def _start(self, it: Case) -> str:
        """The rung on which a matter began."""
        view = self.picture.events.get(it.event)
        area = (
            view.event.area if view is not None else it.supervision.area if it.supervision else ""
        )
        return ladder_sheets.start_of(self.picture, area)

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


def _steps(width: float, y: float) -> Iterator[tuple[str, QRectF]]:
    """The rungs as steps that rise, with some room between the two ladders."""
    rows, x, ladder = ladders.rungs(), 0.0, ""
    wide = (width - BETWEEN - GAP * (len(rows) - 2)) / len(rows)
    for at, (key, row) in enumerate(rows.items()):
        x += BETWEEN - GAP if ladder not in ("", row.facts["ladder"]) else 0
        ladder = row.facts["ladder"]
        high = LOWEST + at * (STAIRS - LOWEST) / max(1, len(rows) - 1)
        yield key, QRectF(x, y + STAIRS - high, wide, high)
        x += wide + GAP


def _draw_step(
    paper: Paper, key: str, box: QRectF, y: float, token: str, told: tuple[str, str]
) -> None:
    """A step, its name, and two lines under that."""
    x, wide = box.left(), box.width()
    paper.fill(box, token, 2)
    ink = Ink("label", {"t1": "t1", "t3": "t2"}.get(token, "t3"), token == "t1")
    paper.write(x, y + STAIRS + 20, named("rung", key, "short"), ink, room=wide)
    paper.write(x, y + STAIRS + 40, told[0], Ink("age", "t2"), room=wide)
    paper.write(x, y + STAIRS + 57, told[1], Ink("age"), room=wide)


def units_of(plan: Sequence[PlanPoint]) -> list[str]:
    """All units of a plan, those that lead first."""
    helping = (one for p in plan for one in p.co.split(",") if one)
    return list(dict.fromkeys([*(p.lead for p in plan), *helping]))
