"""The clocks 时钟 of the incident in focus, side by side: what is due when, and what was done how
soon. One that is done is grey; one that is near its end has its lamp."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QRectF

from commandwall import calls, codes, deadlines, reporting
from commandwall.calls import Call
from commandwall.clock import HOUR, MINUTE, Ms
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

GAP, BASE, BAR, ROW = 24.0, 26.0, 38.0, 48.0
"""Between two clocks; baseline of the words, top of the bar, height of a row."""
LEAST, MOST = 240.0, 480.0
"""How wide a clock is: narrower ones stand in two rows where there is room for them."""


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
            paper.write(0, BASE, tr("没有突发事件"), Ink("body", "t3"))
            return
        shown = self._clocks(found)
        fit = max(1, int((paper.width + GAP) // (LEAST + GAP)))
        rows = max(1, min(-(-len(shown) // fit), int(paper.height // ROW)))
        across = -(-len(shown) // rows)
        step = min(MOST, (paper.width + GAP) / across)
        for i, clock in enumerate(shown):
            box = QRectF(i % across * step, i // across * ROW, step - GAP, ROW)
            self._draw_clock(paper, box, clock)

    def _draw_clock(self, paper: Paper, box: QRectF, clock: Clock) -> None:
        """Its name at the left and its figure at the right of one line: the bar is as long."""
        lit, start, base = clock.lamp != deadlines.GREEN, box.x(), box.y() + BASE
        if lit:
            paper.lamp(start + 10, base - 7, 18, clock.lamp)
            start += 28
        figure = Ink("item", "t2" if clock.done else "t1", lit)
        words = Ink("label", "t1" if lit else "t3", lit)
        pieces = [(clock.aside, words)] if clock.aside else []
        pieces.append((clock.figure, figure))
        end = paper.row_back(box.right(), base, *pieces, gap=12)
        paper.write(start, base, clock.name, words, room=end - 12 - start)
        tokens = {deadlines.RED: "s1", deadlines.ORANGE: "s2", deadlines.YELLOW: "s3"}
        token = tokens.get(clock.lamp, "t3" if clock.done else "t2")
        paper.bar(QRectF(box.x(), box.y() + BAR, box.width(), 4), clock.share, token=token)

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
        mine = self.picture.trips_to(*filter(None, (i.id, i.event, i.alarm)))
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
        hours = limit >= 2 * HOUR
        words, unit = ("{name} 限 {n} 时", HOUR) if hours else ("{name} 限 {n} 分", MINUTE)
        name = tr(words, name=name, n=limit // unit)
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
