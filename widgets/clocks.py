"""The clocks 时钟 of the incident in focus, side by side: what is due when, and what was done how
soon. One that is done is grey; one that is near its end has its lamp."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QRectF

from commandwall import calls, codes, deadlines, reporting
from commandwall.calls import Call
from commandwall.clock import MINUTE, Ms
from commandwall.dispatch import ARRIVED, Assignment, AssignmentStep
from commandwall.incidents import Incident
from commandwall.picture import Changes, Picture, Tick
from commandwall.reporting import PhoneReport, Report
from commandwall.sitreps import SituationReport, newest, turn
from widgets import age, modes
from widgets.base import Panel, Subject
from widgets.directives import focus
from widgets.i18n import named, tr
from widgets.paper import Ink, Paper

GAP, NAME, FIGURE, BAR = 24.0, 18.0, 58.0, 74.0
"""Between two clocks; baselines of the name and the figure, top of the bar."""


@dataclass(frozen=True, slots=True)
class Clock:
    """One of them. `share` of its time is gone; it is `done`, or has no end where `due` is None."""

    name: str
    figure: str
    aside: str
    share: float
    lamp: str = deadlines.GREEN
    done: bool = False


class Clocks(Panel):
    """The reports upward, those of the front, the first unit there, the calls."""

    id, title, headed, piecewise = "clocks", "时钟", False, True
    shows = frozenset(
        {Incident, Report, PhoneReport, SituationReport, Call, Assignment, AssignmentStep, Tick}
    )

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        held = modes.here(self.picture)
        self.incident = held.incident if held is not None else ""

    def open(self, subject: Subject) -> None:
        if subject.kind is Incident:
            self.incident = subject.id
            self.update()

    def refresh(self, picture: Picture, changes: Changes) -> None:
        """All is read when it is drawn."""

    def draw(self, paper: Paper) -> None:
        found = self.picture.incidents.get(focus(self.picture, self.incident))
        if found is None:
            paper.write(0, NAME, tr("没有突发事件"), Ink("body", "t3"))
            return
        shown = self._clocks(found)
        wide = (paper.width + GAP) / len(shown)
        for i, clock in enumerate(shown):
            self._draw_clock(paper, i * wide, wide - GAP, clock)

    def _draw_clock(self, paper: Paper, x: float, wide: float, clock: Clock) -> None:
        lit = clock.lamp != deadlines.GREEN
        start = x
        if lit:
            paper.lamp(x + 10, NAME - 7, 18, clock.lamp)
            start += 28
        ink = Ink("label", "t1" if lit else "t3", lit)
        paper.write(start, NAME, clock.name, ink, room=x + wide - start)
        figure = Ink("sentence", "t2" if clock.done else "t1", lit)
        aside = Ink("label", "t1" if lit else "t3")
        room = max(80.0, wide - paper.length(clock.aside, aside) - 14)
        end = paper.write(x, FIGURE, clock.figure, figure, room=room)
        paper.write(end + 12, FIGURE, clock.aside, aside, room=x + wide - end - 12)
        tokens = {deadlines.RED: "s1", deadlines.ORANGE: "s2", deadlines.YELLOW: "s3"}
        token = tokens.get(clock.lamp, "t3" if clock.done else "t2")
        paper.bar(QRectF(x, BAR, wide, 5), clock.share, token=token)

    def _clocks(self, i: Incident) -> list[Clock]:
        found = [*self._reports(i), self._front(i), self._first(i), self._calls(i)]
        return [clock for clock in found if clock is not None]

    def _reports(self, i: Incident) -> list[Clock]:
        p = self.picture
        due = reporting.reports_due(
            i, p.reports.values(), p.phone_reports.values(), p.losses.get(i.id)
        )
        steps = {d.step: d for d in due}
        order = (reporting.PHONE, reporting.FIRST, reporting.FOLLOW, reporting.FINAL)
        running = [steps[s] for s in order if s in steps][-2:]
        names = {reporting.PHONE: tr("电话报告")}
        return [
            self._timed(names.get(d.step) or _begun(named("report_kind", d.step)), (d.start, d.due),
                        d.done_at)
            for d in running
        ]  # fmt: skip

    def _front(self, i: Incident) -> Clock | None:
        found = turn(i, newest(self.picture.sitreps.values(), i.id), self.picture.now)
        return (
            None
            if found is None
            else self._timed(tr("前指情况报告"), (found.last, found.due), None)
        )

    def _first(self, i: Incident) -> Clock:
        """The first unit that was sent to it, or to what it grew from."""
        of = {i.id, i.event, i.alarm} - {""}
        mine = [t for t in self.picture.trips.values() if t.assignment.subject in of]
        there = min((t.steps[ARRIVED].at for t in mine if ARRIVED in t.steps), default=None)
        start = min((t.assignment.sent_at for t in mine), default=i.opened_at)
        aim = int(codes.limit("arrive_minutes") * MINUTE)
        return self._timed(tr("首支到场"), (Ms(start), Ms(start + aim)), there)

    def _calls(self, i: Incident) -> Clock | None:
        """How many of those who are called have answered."""
        mine = [c for c in self.picture.calls.values() if c.incident == i.id]
        if not mine:
            return None
        now = self.picture.now
        told = calls.standing(mine, now)
        figure = f"{told.answered} / {told.seats}"
        lamp = deadlines.RED if told.late else deadlines.GREEN
        aside = tr("{n} 人超时未应", n=told.late) if told.late else ""
        done = told.answered == told.seats
        return Clock(tr("叫应"), figure, aside, told.answered / max(1, told.seats), lamp, done)

    def _timed(self, name: str, span: tuple[Ms, Ms], done_at: Ms | None) -> Clock:
        start, due = span
        limit, now = max(1, due - start), self.picture.now
        name = tr("{name} 限 {n} 分", name=name, n=limit // MINUTE)
        if done_at is not None:
            share, took = (done_at - start) / limit, age.span(max(0, done_at - start))
            if done_at > due:  # a tick would say that it was well
                late = tr("已办，超 {span}", span=age.span(done_at - due))
                return Clock(name, took, late, share, deadlines.RED, done=True)
            return Clock(name, tr("✓ {span}", span=took), "", share, done=True)
        lamp = deadlines.lamp(due - now, limit)
        return Clock(name, age.left(now, due), "", (now - start) / limit, lamp)


def _begun(name: str) -> str:
    """A name as a line begins with it."""
    return name[:1].upper() + name[1:]
