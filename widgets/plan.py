"""The plan 预案 of the incident in focus: a checklist of tasks, each as its directive stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QRectF

from commandwall import deadlines, plans
from commandwall.clock import Ms
from commandwall.directives import DRAFT, ENDED, REFUSED, USUAL, Directive
from commandwall.incidents import Incident
from commandwall.picture import Changes, Picture, Tick
from commandwall.planbook import PlanTask
from commandwall.plans import StartedPlan
from commandwall.posts import FRONT, side_of
from layers.words import order_number
from widgets import age, plan_sheets
from widgets.base import Command
from widgets.directives import focus, of_incident
from widgets.i18n import language, named, tr
from widgets.linked import LinkedRows
from widgets.order_words import task_name, task_of
from widgets.paper import RIGHT, Ink, Paper

LEFT = 34.0


class PlanList(LinkedRows):
    """What is still to do first, the first to be due first. A chosen row is signed, answered and
    taken back in the form, as any directive."""

    id, title, kind, quiet = "plan", "预案", Directive, True
    shows = frozenset({StartedPlan, Directive, Incident, Tick})
    row, head, foot = 50.0, 32.0, 0.0  # new rows come in at once: nothing waits

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self._said = ""

    def order(self) -> Sequence[str]:
        return [d.id for d in sorted(self.tasks(), key=_order)]

    def refresh(self, picture: Picture, changes: Changes) -> None:
        super().refresh(picture, changes)
        if {Directive, StartedPlan} & changes.kinds:
            self.renew()

    def commands(self) -> list[Command]:
        return [
            Command("Shift+S", tr("一并签发预案任务"), self.sign),
            Command("Shift+Y", tr("启用预案"), self.start),
        ]

    def sign(self) -> None:
        """Sign all drafts of the plans that this post may sign, once a person has confirmed it."""
        if (found := self.incident_in_focus()) is not None:
            self._said = ""
            plan_sheets.ask_sign(self, found, self.tasks())

    def start(self) -> None:
        """Start a plan, or take in what the present level adds to one."""
        if (found := self.incident_in_focus()) is not None:
            self._said = ""
            plan_sheets.ask_start(self, found)

    def refused(self, why: str) -> None:
        self._said = why
        self.update()

    def incident_in_focus(self) -> Incident | None:
        return self.picture.incidents.get(focus(self.picture, self.incident))

    def tasks(self) -> list[Directive]:
        """The tasks of all plans of this incident, each by the directive that stands for it now."""
        every = of_incident(self.picture, focus(self.picture, self.incident))
        return plans.current(filter(plans.by_plan, every), every)

    # What is drawn.

    def empty_line(self) -> str:
        found = self.incident_in_focus()
        if found is None:
            return tr("没有突发事件")
        fit = plan_sheets.fitting(self, found)
        if not fit:
            return tr("未启用，按 Shift Y 选预案")
        return tr("建议{plan}，按 Shift Y 启用", plan=plan_sheets.called(fit[0]))

    def aside(self) -> list[tuple[object, Ink]]:
        tasks = self.tasks()
        if not tasks:
            return []
        p = plans.progress(tasks, self.picture.now)
        told = [tr("{n}/{all} 已下达", n=p.given, all=p.tasks), tr("{n} 完成", n=p.done)]
        if p.skipped:
            told.append(tr("{n} 略过", n=p.skipped))
        late = [(tr("{n} 超时", n=p.late), Ink("age", "t1", True))] if p.late else []
        return [("　".join(told), Ink("age", "t2")), *late]

    def draw(self, paper: Paper) -> None:
        super().draw(paper)
        told = self._said or ("" if self.keys else plan_sheets.faults(self))
        if told:
            y = paper.height - 8 - paper.line_height("age")
            paper.fill(QRectF(0, y - 22, paper.width, paper.height - y + 22), "bg")
            paper.paragraph(8, y, told, Ink("age", "t1"), paper.width - 16, 2)

    def draw_head(self, paper: Paper, base: float) -> None:
        """Which plans, and what the present level adds to them."""
        found = self.incident_in_focus()
        if found is None:
            return
        mine = plan_sheets.started(self, found)
        names = tr("、").join(p.en if language() == "en" else p.zh for p in mine)
        more = sum(len(tasks) for _, tasks in plan_sheets.additions(self, found))
        add = tr("另有 {n} 项，按 Shift Y 加入", n=more) if more else ""
        if (ready := len(plan_sheets.signable(self, self.tasks()))) and not more:
            add = tr("{n} 项待签，按 Shift S", n=ready)
        wide = paper.length(add, Ink("age", "t1", True)) if add else 0.0
        paper.write(0, base, names, Ink("label", "t2"), room=paper.width - wide - 16)
        paper.write(paper.width, base, add, Ink("age", "t1", True), RIGHT)

    def draw_row(self, paper: Paper, key: str, box: QRectF, chosen: bool) -> None:
        d = self.picture.directives.get(key)
        if d is None:
            return
        over, y = plans.over(d), box.top() + 22
        self._draw_lamp(paper, d, box.center().y(), over)
        told, ink = self._clock(d), Ink("body", "t2" if over else "t1", not over)
        paper.write(paper.width - 8, y, told, ink, RIGHT)
        x, room = LEFT, paper.width - paper.length(told, ink) - 20
        if d.priority < USUAL and not over:
            paper.mark(x + 7, y - 7, 15, (d.priority, "ACKED"))
            x += 20
        name = Ink("body", "t3" if over else "t1")
        paper.write(x, y, self._name(d), name, room=room - x)
        paper.write(LEFT, y + 22, self._told(d), Ink("age", "t2"), room=paper.width - LEFT - 8)

    def _draw_lamp(self, paper: Paper, d: Directive, y: float, over: bool) -> None:
        found = self.picture.incidents.get(d.incident)
        if over or d.due_at is None or found is None:
            done = plans.done(d)
            paper.disc(14, y, 6, "t2" if done else "t4", "t2" if done else "bg")
            return
        left, whole = d.due_at - self.picture.now, d.due_at - found.opened_at
        paper.lamp(14, y, 20, deadlines.lamp(left, whole))

    def _clock(self, d: Directive) -> str:
        if plans.over(d):
            return age.clock(d.ended_at or d.done_at)
        return age.left(self.picture.now, d.due_at) if d.due_at else ""

    def _name(self, d: Directive) -> str:
        """The short name of its task; its own words where no plan here knows it."""
        task = self._task(d)
        return d.text if task is None else task_name(task)

    def _told(self, d: Directive) -> str:
        """待前指签 前指 → 警戒, 执行中 第 3 号 前指 → 警戒, 略过：不需要"""
        names = f"{named('post', d.from_post)} → {named('post', d.to_post)}"
        if plans.skipped(d):
            return tr("略过：{reason}", reason=d.reason)
        if d.state == DRAFT:
            side = tr("前指") if side_of(d.from_post) == FRONT else tr("后指")
            state = tr("待{side}签发", side=side)
        else:
            number = tr("第 {n} 号", n=order_number(tr, d))
            state = f"{named('directive_state', d.state)}　{number}"
        reason = d.reason if d.state in ENDED | {REFUSED} else d.need
        task = self._task(d)
        outside = tr("外援") if task is not None and task.outside else ""
        return "　".join(filter(None, (state, names, outside, reason)))

    def _task(self, d: Directive) -> PlanTask | None:
        return task_of(self.context.book, self.picture, d)


def _order(d: Directive) -> tuple[bool, Ms, int]:
    """What is open before what is over; then the first to be due first, the last to end first."""
    over = plans.over(d)
    return over, Ms(-d.changed_at) if over else d.due_at or Ms(0), d.priority
