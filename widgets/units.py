"""就近力量: who could be sent to what was chosen, and why; who was sent, and how far they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from typing import Any

from PySide6.QtCore import QRectF

from commandwall import behalf, codes, dispatch
from commandwall.alarms import Alarm
from commandwall.clock import DAY, SECOND, Ms
from commandwall.dispatch import (
    ACKED,
    ARRIVED,
    CANCELLED,
    MOVING,
    SENT,
    Assignment,
    AssignmentStep,
    Trip,
)
from commandwall.events import Event
from commandwall.incidents import Incident
from commandwall.picture import Changes, Fixes, Picture, Tick
from commandwall.proposals import Proposal, Task
from commandwall.resources import Resource
from commandwall.rights import About
from widgets import age, unit_voice
from widgets.acts import ActBar
from widgets.base import Command, Panel, Piece, Subject
from widgets.fields import words
from widgets.i18n import named, tr
from widgets.keys import draw_cap
from widgets.paper import Ink, Paper
from widgets.sending import able, arrival, load, none_known, seen, sending, span
from widgets.sheet import Sheet
from widgets.tasks import Answer, ask_roads, task_of
from widgets.text import plain
from widgets.top_row import TopRow

ROWS = 6
"""Rows that have a key."""
ACTS: dict[str, Callable[..., None]] = {
    "U": dispatch.send, "O": dispatch.acknowledge_sending, "Shift+U": dispatch.report_moving,
    "I": dispatch.report_arrival, "Q": dispatch.release, "B": dispatch.recall,
    "P": dispatch.explain_delay, "Shift+C": behalf.record_for,
}  # fmt: skip
"""The acts of the bar, by their keys."""
COURSE = (SENT, ACKED, MOVING, ARRIVED)
"""The steps of a sending in their order."""
ROW, BAR, NAME = 32.0, 44.0, 164.0
EVERY = 5 * SECOND
"""Positions move: so often the proposals are made anew."""
Row = Proposal | Trip


class Units(Panel):
    """`U` sends the first of the proposals, or the one that `1` to `3` chose."""

    id = "units"
    title = "就近力量"
    shows = frozenset({Event, Alarm, Incident, Assignment, AssignmentStep, Resource, Fixes, Tick})

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self._subject: Subject | None = None
        self._task: Task | None = None
        self._asking: Future[Answer] | None = None
        self._fit: list[Proposal] = []
        self._others: list[Proposal] = []
        self._known = False
        self._asked, self._current, self._said = Ms(0), "", ""
        self._top = TopRow(self.context.seconds)
        self._bar = ActBar(self._acts(), self)
        self._bar.hide()

    # What was chosen.

    def open(self, subject: Subject) -> None:
        if subject.kind in (Event, Alarm, Incident):
            fresh = subject != self._subject
            self._subject, self._said = subject, "" if fresh else self._said
            if fresh:
                self._fit, self._others, self._current = [], [], ""
                self._known = False
                self._top.forget()
            self._look()

    def refresh(self, picture: Picture, changes: Changes) -> None:
        self.at = picture.ages.get("fixes")
        moved = changes.kinds & {Assignment, AssignmentStep}
        if self._subject is not None and (moved or abs(picture.now - self._asked) >= EVERY):
            self._look()

    def commands(self) -> list[Command]:
        choose = [
            Command(str(n), tr("选 {n}", n=n), self._chooser(n - 1)) for n in range(1, ROWS + 1)
        ]
        return [*(Command(c.key, tr(c.name), c.run) for c in self._acts()), *choose]

    def refused(self, why: str) -> None:
        self._said = why
        self.update()

    # Acts.

    def send(self) -> None:
        """Send the chosen proposal, the first where none is chosen."""
        row = self._row()
        if row is None and self._current:
            self.refused(tr("选中的一行已不在，另选"))
            return
        if row is None and self._top.new:
            self.refused(tr("最上一行刚换，看过再按"))
            return
        chosen = row if isinstance(row, Proposal) else next(iter(self._fit), None)
        if self._task is not None and chosen is not None:
            then = partial(self._sent, self._current)
            self.do(dispatch.send, then, sending=sending(self._task, chosen))

    def acknowledge(self) -> None:
        self._tell(dispatch.acknowledge_sending, ACKED)

    def move_out(self) -> None:
        self._tell(dispatch.report_moving, MOVING)

    def arrive(self) -> None:
        self._tell(dispatch.report_arrival, ARRIVED)

    def release(self) -> None:
        if (trip := self._trip()) is not None:
            self.do(dispatch.release, self._kept, assignment=trip.assignment.id)

    def recall(self) -> None:
        """Ask why, then call it off."""
        self._with_reason(tr("撤回：力量不再前往"), "撤回", dispatch.recall)

    def explain(self) -> None:
        """Ask why it is late, and keep the answer."""
        self._with_reason(tr("未按时到场的原因"), "记录", dispatch.explain_delay)

    def speak(self) -> None:
        """Write down what the unit said by phone or radio, with both names."""
        if (trip := self._trip()) is not None:
            unit_voice.ask(self, trip, self._kept)

    # Drawing.

    def place(self) -> None:
        tall = self.look.px(BAR)
        self._bar.setGeometry(0, self.height() - tall, self.width(), tall)

    def wear(self) -> None:
        super().wear()
        self._bar.wear()

    def aside(self) -> list[Piece]:
        """The share that was there in time, of how many, over the last day."""
        now = self.picture.now
        found = dispatch.score(self._of_today(), now)
        if not found.judged:
            return []
        minutes = f"{codes.limit('arrive_minutes'):g}"
        told = tr("24 时内 {m} 分钟到场 {n}/{all}", m=minutes, n=found.within, all=found.judged)
        return [(told, Ink("age", "t2"))]

    def draw(self, paper: Paper) -> None:
        if self._task is None:
            paper.write(0, self.top + 24, tr("选一条告警、事件或突发，这里列出就近力量"),
                        Ink("body", "t3"))  # fmt: skip
            return
        y, end = self.top, paper.height - BAR - 30
        if not self._known:
            paper.write(0, y + 24, tr("正在查"), Ink("body", "t3"))
        elif not self._rows() and not self._others:
            paper.write(0, y + 24, none_known(self.picture), Ink("body", "t3"), room=paper.width)
        for n, row in enumerate(self._rows()[:ROWS]):
            if y + ROW > end:
                break
            self._draw_row(paper, n, row, y)
            y += ROW
        for other in self._others:
            if y + ROW > end:
                break
            self._draw_proposal(paper, other, y + 22, "t3")
            y += ROW
        self._draw_foot(paper)

    def _draw_row(self, paper: Paper, n: int, row: Row, y: float) -> None:
        first = n == 0 and not self._current and isinstance(row, Proposal)
        if first or _key(row) == self._current:
            paper.fill(QRectF(0, y + 1, paper.width, ROW - 2), "r", 4)
        draw_cap(paper, 6, y + 5, str(n + 1), 22)
        if isinstance(row, Proposal):
            self._draw_proposal(paper, row, y + 22, "t1")
        else:
            self._draw_trip(paper, row, y + 22)

    def _draw_proposal(self, paper: Paper, one: Proposal, base: float, token: str) -> None:
        """Who, in how long and on what that rests, how old its position is, what it can do."""
        unit, x = one.unit.resource, _columns(paper.width, 0.0, 0.29, 0.48, 0.66, 1.0)
        name = plain(unit.name, 24)
        paper.write(40, base, name, Ink("label", token, token == "t1"), room=x[0] - 44)
        old = one.age_s > codes.limit("fix_full_seconds")
        told = (
            (arrival(one), token), (seen(one), "t2" if old else "t3"), (load(one), "t2"),
            (able(one), "t3"),
        )  # fmt: skip
        for (said, ink), here, end in zip(told, x, x[1:], strict=False):
            paper.write(here, base, said, Ink("label", ink), room=end - here - 8)

    def _draw_trip(self, paper: Paper, trip: Trip, base: float) -> None:
        """Who was sent, how far it is, since when, and what is late."""
        a, now = trip.assignment, self.picture.now
        x = _columns(paper.width, 0.0, 0.125, 0.48, 1.0)
        unit = self.picture.resources.get(a.resource)
        name = plain(unit.name if unit is not None else a.resource, 24)
        paper.write(40, base, name, Ink("label", "t1", True), room=x[0] - 44)
        state = named("assignment_state", trip.state)
        paper.write(x[0], base, state, Ink("label", "t1", True), room=x[1] - x[0])
        sent = tr("{time} 派出，已 {span}", time=age.clock(a.sent_at),
                  span=span((now - a.sent_at) / SECOND))  # fmt: skip
        paper.write(x[1], base, sent, Ink("label", "t2"), room=x[2] - x[1] - 8)
        paper.write(x[2], base, self._pressing(trip), Ink("label", "t1"), room=x[3] - x[2] - 8)

    def _pressing(self, trip: Trip) -> str:
        now, late = self.picture.now, trip.steps.get(dispatch.LATE)
        if late is not None:
            hidden = self.picture.hides(trip.assignment.subject)
            text = tr("受限，不示") if hidden else plain(late.text, 60)
            return tr("迟到原因：{text}", text=text)
        if (took := trip.after(ARRIVED)) is not None:
            return tr("{span} 到场", span=span(took / SECOND))
        if trip.unanswered(now):
            return tr("未接令，可改派下一个")
        if trip.late(now):
            return tr("超过 {m} 分钟未到场", m=f"{codes.limit('arrive_minutes'):g}")
        eta = trip.assignment.eta_s
        return tr("预计 {span}", span=span(eta)) if eta is not None else ""

    def _draw_foot(self, paper: Paper) -> None:
        base = paper.height - BAR - 10
        if self._said:
            paper.write(0, base, self._said, Ink("label", "t1"), room=paper.width)
            return
        found = dispatch.score(self._of_today(), self.picture.now)
        told = [
            tr("{step} 中位 {p50}，九成内 {p90}（{n} 次）", step=named("assignment_state", f.step),
               p50=span(f.p50), p90=span(f.p90), n=f.count)
            for f in found.figures if f.p50 is not None and f.p90 is not None
        ]  # fmt: skip
        if told:
            paper.write(0, base, "　".join(told), Ink("age"), room=paper.width)

    # What is behind it.

    def _acts(self) -> list[Command]:
        return [
            Command("U", "出动", self.send),
            Command("O", "接令", self.acknowledge),
            Command("Shift+U", "出发", self.move_out),
            Command("I", "到场", self.arrive),
            Command("Q", "归队", self.release),
            Command("B", "撤回", self.recall),
            Command("P", "迟到原因", self.explain),
            Command("Shift+C", "代录", self.speak),
        ]

    def _chooser(self, n: int) -> Callable[[], None]:
        def choose() -> None:
            if n < len(rows := self._rows()):
                self._current, self._said = _key(rows[n]), ""
                self._allow()
                self.update()

        return choose

    def _rows(self) -> list[Row]:
        """Proposals first, then who is on the way or there, the newest first."""
        return [*self._fit, *self._trips()]

    def _row(self) -> Row | None:
        """The row that a person chose, wherever it stands by now."""
        return next((row for row in self._rows() if _key(row) == self._current), None)

    def _trip(self, may: Callable[[Trip], bool] = lambda trip: True) -> Trip | None:
        """The one that is chosen, else the only one that has it before it: of several nobody
        knows which is meant."""
        row = self._row()
        if isinstance(row, Trip):
            return row
        found = list(filter(may, self._trips()))
        if len(found) > 1:
            self.refused(tr("先按数字选一行"))
        return found[0] if len(found) == 1 else None

    def _trips(self) -> list[Trip]:
        task = self._task
        if task is None:
            return []
        here = task.kind, task.subject
        rows = [(t, t.assignment) for t in self.picture.engaged.values()]
        found = [t for t, a in rows if (a.kind, a.subject) == here]
        return sorted(found, key=lambda t: -t.assignment.sent_at)

    def _of_today(self) -> Sequence[Trip]:
        since = self.picture.now - DAY
        return [t for t in self.picture.trips.values()
                if t.assignment.sent_at > since and t.state != CANCELLED]  # fmt: skip

    def _tell(self, act: Callable[..., None], step: str) -> None:
        """Keep that a unit came so far; of one that is further already, say that instead."""
        before = COURSE[: COURSE.index(step)]
        trip = self._trip(lambda t: t.state in before)
        if trip is not None and trip.state in before:
            self.do(act, self._kept, assignment=trip.assignment.id)
            return
        further = [trip] if trip is not None else self._trips()
        if further and not any(t.state in before for t in further):
            told = {"state": named("assignment_state", further[0].state),
                    "unit": unit_voice.name_of(further[0], self.picture),
                    "step": named("assignment_state", step)}  # fmt: skip
            self.refused(tr("{unit} 已是{state}，不用再记{step}", **told))

    def _with_reason(self, title: str, act: str, done: Callable[..., None]) -> None:
        if (trip := self._trip()) is not None:
            key, title = trip.assignment.id, f"{title}　{unit_voice.name_of(trip, self.picture)}"
            sheet = Sheet(self.look, title, act, {"reason": (tr("原因"), words())}, self.window())
            self.context.over(
                sheet.then(lambda told: self.do(done, self._kept, assignment=key, **told))
            )

    def _sent(self, chosen: str, done: Any) -> None:
        """The next is offered, where nobody chose another row meanwhile."""
        sent = next((a for a in done.of(Assignment) if not a.outcome), None)
        unit = self.picture.resources.get(sent.resource) if sent is not None else None
        if unit is not None:
            self._said = tr("已派 {unit}，已存盘", unit=plain(unit.name, 24))
        if self._current == chosen:
            self._current = ""
        self.update()

    def _kept(self, done: Any) -> None:
        self._said = tr("已存盘 {time}", time=age.seconds(self.picture.now))
        self.update()

    def _look(self) -> None:
        """Ask the roads; what they say of an older question is not shown, and who goes through a
        list asks nothing of those that he passed."""
        if self._asking is not None:
            self._asking.cancel()
        task = self._task = task_of(self._subject, self.picture)
        self._asked = self.picture.now
        self._bar.setVisible(task is not None)
        self._allow()
        if task is None:
            self._show_ring(None)
            self.update()
            return
        self._asking = ask_roads(self, task, partial(self._take, task))

    def _take(self, task: Task, found: Answer) -> None:
        if task == self._task:
            (self._fit, self._others, ring), self._known = found, True
            self._top.see(_key(self._fit[0]) if self._fit else "")
            self._show_ring(ring)
            self._allow()
            self.update()

    def _show_ring(self, ring: Any) -> None:
        if self.context.map is not None:
            self.context.map.set_reach(ring, codes.limit("arrive_minutes"))

    def _allow(self) -> None:
        """What can be done now and is for the post of this station."""
        t = self._task
        it = About((t.area,), t.urgency, scene=t.kind == "incident") if t is not None else About()
        told = {key: self.barred(act, replace(it, reason=True)) for key, act in ACTS.items()}
        barred = {key: why for key, why in told.items() if why}
        keys = ["U"] if self._fit else []
        keys += [key for key in ACTS if key != "U"] if self._trips() else []
        self._bar.allow([key for key in keys if key not in barred], barred)


def _key(row: Row) -> str:
    """What a row is of, wherever it stands."""
    return row.assignment.id if isinstance(row, Trip) else row.unit.resource.id


def _columns(width: float, *shares: float) -> list[float]:
    """Where the columns behind a unit's name stand: the name is never cut before they are."""
    name = max(NAME, width * 0.2)
    return [name + (width - name) * share for share in shares]
