"""What a person decides about plans 预案: which one is started, and which tasks are signed."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any

from PySide6.QtWidgets import QComboBox

from commandwall import directives, plans
from commandwall.clock import day
from commandwall.countersign import asked_for
from commandwall.directives import DRAFT, USUAL, Directive
from commandwall.incidents import Incident, Levels
from commandwall.planbook import Plan, PlanTask
from commandwall.plans import StartedPlan, level_of
from commandwall.posts import FRONT, side_of
from widgets.base import Panel
from widgets.fields import changed, choice
from widgets.i18n import language, named, tr
from widgets.sheet import Answers, Sheet
from widgets.text import plain

ALL, URGENT = "all", "urgent"
TOLD = 24
"""Characters of a name or a value that is told."""


def called(plan: Plan | PlanTask) -> str:
    """Its name in the language that is shown."""
    return plan.en if language() == "en" else plan.zh


def in_force(panel: Panel) -> tuple[Plan, ...]:
    return panel.context.book.on(day(panel.picture.now))


def fitting(panel: Panel, incident: Incident) -> list[Plan]:
    """The plans for an incident as it stands, the proposed one first."""
    level = level_of(incident.response, incident.grade)
    return plans.proposed(panel.context.book, incident.kind, level, panel.picture.now)


def started(panel: Panel, incident: Incident) -> list[StartedPlan]:
    """The plans that were started in it, in that order."""
    mine = [p for p in panel.picture.started_plans.values() if p.incident == incident.id]
    return sorted(mine, key=lambda p: (p.at, p.id))


def additions(panel: Panel, incident: Incident) -> list[tuple[Plan, list[PlanTask]]]:
    """What the present level adds to the plans that were started: the plan, and its tasks."""
    mine, known = {p.plan for p in started(panel, incident)}, panel.picture.directives
    found = [(p, plans.lacking(p, incident, known)) for p in in_force(panel) if p.id in mine]
    return [(plan, tasks) for plan, tasks in found if tasks]


# The field of a plan where an incident is opened.


def plan_field(panel: Panel, told: dict[str, QComboBox]) -> QComboBox:
    """A choice of plans that follows kind and level (`told`) until a person chose another one."""
    field = choice({"": tr("不启用"), **{p.id: called(p) for p in in_force(panel)}})
    hand: list[int] = []
    field.activated.connect(hand.append)

    def follow(*_: Any) -> None:
        if not hand:
            fit = _fit(panel, {name: one.currentData() for name, one in told.items()})
            field.setCurrentIndex(max(0, field.findData(fit[0].id if fit else "")))

    for one in told.values():
        changed(one).connect(follow)
    follow()
    return field


def _fit(panel: Panel, told: Answers) -> list[Plan]:
    level = level_of(told["response"], told["grade"])
    return plans.proposed(panel.context.book, str(told["kind"]), level, panel.picture.now)


def chosen(panel: Panel, told: Answers) -> Plan | None:
    """The plan that a sheet names."""
    return next((p for p in in_force(panel) if p.id == told["plan"]), None)


def preview(plan: Plan | None, response: int | None, grade: int | None) -> str:
    """燃气泄漏预案 14 项：前指签 4 项，后指签 10 项: what a plan sets at a level."""
    if plan is None:
        return ""
    tasks = plan.at(level_of(response, grade))
    return tr("{plan}　{told}；签发后才下达", plan=called(plan), told=_sides(tasks))


def _sides(tasks: Sequence[PlanTask]) -> str:
    front = sum(side_of(task.giver) == FRONT for task in tasks)
    return tr("{n} 项：前指签 {front} 项，后指签 {back} 项", n=len(tasks), front=front,
              back=len(tasks) - front)  # fmt: skip


def rising(panel: Panel, incident: Incident, levels: Levels) -> str:
    """What a level that is about to be decided adds to the plans that were started; "" for none."""
    now = level_of(incident.response, incident.grade)
    then = level_of(levels.response, levels.grade)
    mine = {p.plan for p in started(panel, incident)}
    more = sum(len(p.at(then)) - len(p.at(now)) for p in in_force(panel) if p.id in mine)
    return tr("预案另有 {n} 项，定级后按 Shift Y 加入", n=more) if more > 0 else ""


# Starting.


def ask_start(panel: Panel, incident: Incident) -> None:
    """Which plan: first what the level adds to one that was started, then those that fit."""
    more = {plan.id: tasks for plan, tasks in additions(panel, incident)}
    mine = {p.plan for p in started(panel, incident)}
    level, kind = level_of(incident.response, incident.grade), incident.kind
    open_ = [p for p in in_force(panel) if p.id in more or p.id not in mine]
    open_.sort(key=lambda p: (p.id not in more, not p.fits(kind, level)))
    if not open_:
        panel.refused(tr("没有可启用的预案"))
        return
    field = choice({p.id: _offer(p, more.get(p.id)) for p in open_})
    sheet = Sheet(panel.look, tr("启用预案"), "启用", {"plan": (tr("预案"), field)}, panel.window())
    sheet.telling(partial(_offered, panel, incident, more))
    panel.context.over(sheet.then(partial(_start, panel, incident)))


def _offer(plan: Plan, more: Sequence[PlanTask] | None) -> str:
    if more is None:
        return called(plan)
    return tr("{plan}，加入 {n} 项", plan=called(plan), n=len(more))


def _offered(
    panel: Panel, incident: Incident, more: dict[str, list[PlanTask]], told: Answers
) -> str:
    """The names of the tasks that the chosen plan sets or adds."""
    plan = chosen(panel, told)
    if plan is None:
        return ""
    tasks = more.get(plan.id) or plan.at(level_of(incident.response, incident.grade))
    return f"{_sides(tasks)}　{tr('、').join(map(called, tasks))}"


def _start(panel: Panel, incident: Incident, told: Answers) -> Future[Any] | None:
    plan = chosen(panel, told)
    return panel.do(plans.start_plan, incident=incident.id, plan=plan) if plan else None


# Signing.


def ask_sign(panel: Panel, incident: Incident, tasks: Sequence[Directive]) -> None:
    """Which of the drafts that this post may sign; what it may not is told beside."""
    drafts = [d for d in tasks if d.state == DRAFT]
    mine = [d for d in drafts if side_of(d.from_post) == side_of(panel.desk.post)]
    ready = signable(panel, tasks)
    if not ready:
        panel.refused(_left(drafts, mine, ready) or tr("没有待签发的预案任务"))
        return
    parts = {ALL: ready, URGENT: [d for d in ready if d.priority < USUAL]}
    names = {ALL: tr("全部 {n} 项", n=len(ready))}
    if 0 < len(parts[URGENT]) < len(ready):
        names[URGENT] = tr("只签急办 {n} 项", n=len(parts[URGENT]))
    post = named("post", panel.desk.post, "full")
    title = tr("以{post}名义一并签发", post=post)
    fields = {"which": (tr("签发"), choice(names))}
    sheet = Sheet(panel.look, title, "签发", fields, panel.window())
    sheet.telling(lambda told: _signing(panel, parts[told["which"]], _left(drafts, mine, ready)))
    panel.context.over(sheet.then(lambda told: panel.do(
        directives.sign_all, incident=incident.id, directives=[d.id for d in parts[told["which"]]]
    )))  # fmt: skip


def signable(panel: Panel, tasks: Sequence[Directive]) -> list[Directive]:
    """The drafts that this post may sign, the most pressing first."""
    post = panel.desk.post
    mine = (d for d in tasks if d.state == DRAFT and side_of(d.from_post) == side_of(post))
    return sorted((d for d in mine if not asked_for(d.verb, post)),
                  key=lambda d: (d.priority, d.due_at or 0, d.id))  # fmt: skip


def _signing(panel: Panel, some: Sequence[Directive], left: str) -> str:
    """To whom the orders go, and what stays unsigned."""
    count: dict[str, int] = {}
    for d in some:
        count[d.to_post] = count.get(d.to_post, 0) + 1
    told = tr("、").join(f"{named('post', post)} {n}" for post, n in count.items())
    return "　".join(filter(None, (tr("发往：{posts}", posts=told), left)))


def _left(
    drafts: Sequence[Directive], mine: Sequence[Directive], ready: Sequence[Directive]
) -> str:
    """Why the other drafts cannot be signed here."""
    other, second = len(drafts) - len(mine), len(mine) - len(ready)
    told = (
        tr("{n} 项须对方签发", n=other) if other else "",
        tr("{n} 项须可签发的岗位或第二人", n=second) if second else "",
    )
    return "，".join(filter(None, told))


def faults(panel: Panel) -> str:
    """Which plan is not used, and why: the first of them, and how many."""
    found = panel.context.book.faults
    if not found:
        return ""
    f = found[0]
    where = " ".join(filter(None, (plain(f.file, TOLD), plain(f.row, TOLD), plain(f.field, TOLD))))
    why = f"{named('plan_fault', f.why)} {plain(f.value, TOLD)}".strip()
    return tr("{n} 份预案未用：{where} {why}", n=len(found), where=where, why=why)
