"""增派: units that could be sent to an incident, in a sheet; the words of a proposal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from PySide6.QtWidgets import QWidget

from commandwall import dispatch
from commandwall.clock import SECOND
from commandwall.dispatch import Sending
from commandwall.incidents import Incident
from commandwall.picture import Picture
from commandwall.proposals import ENGAGED, LOST, Proposal, Task
from widgets import age
from widgets.base import Panel, Subject
from widgets.fields import Ticks
from widgets.i18n import named, tr
from widgets.sheet import Sheet
from widgets.tasks import Answer, ask_roads, task_of
from widgets.text import plain


def ask(panel: Panel, incident: Incident) -> None:
    """Which units are sent besides, once the roads have said who is near."""
    task = task_of(Subject(Incident, incident.id), panel.picture)
    if task is None:
        panel.refused(tr("没有突发事件"))
        return
    title, over = plain(incident.title, 40), panel.context.later()
    ask_roads(panel, task, partial(_show, panel, task, title, over))


def _show(
    panel: Panel, task: Task, title: str, over: Callable[[QWidget], None], found: Answer
) -> None:
    proposed, others, _ = found
    free = proposed or [one for one in others if one.reason != ENGAGED]
    fit = {one.unit.resource.id: one for one in free}
    if not fit:
        panel.refused(tr("近处的力量都已派出") if others else none_known(panel.picture))
        return
    near = Ticks({unit: described(one) for unit, one in fit.items()})
    fields = {"units": (tr("就近力量"), near)}
    sheet = Sheet(panel.look, tr("增派力量　{title}", title=title), "出动", fields, panel.window())
    if not proposed:
        sheet.telling(lambda told: none_fit(free))

    def send(told: dict[str, Any]) -> None:
        if not told["units"]:
            panel.refused(tr("没有选力量，按空格选"))
        for unit in told["units"]:
            panel.do(dispatch.send, sending=sending(task, fit[unit]))

    over(sheet.then(send))


def none_fit(others: Sequence[Proposal]) -> str:
    """Why none of those that are near is proposed, and what can be done all the same."""
    lost = [one.age_s for one in others if one.reason == LOST]
    if len(lost) == len(others):
        told = tr("没有可荐的：定位都过旧，最新 {span} 前", span=span(min(lost)))
    else:
        told = tr("没有可荐的，各行写明原因")
    return tr("{why}；先用电话电台问明，再按空格选派", why=told)


def none_known(picture: Picture) -> str:
    """Why there is nobody to send: the city has none, or nobody was heard of yet."""
    if count := len(picture.resources):
        return tr("{n} 个力量都还没有定位，稍候再看，或用电话电台问", n=count)
    return tr("没有可派的力量")


def sending(task: Task, one: Proposal) -> Sending:
    """What is asked of the desk to send a proposed unit."""
    t, u = task, one.unit
    return Sending(
        t.kind, t.subject, u.resource.id, t.lon, t.lat, t.urgency, t.area, u.fix.lon, u.fix.lat,
        round(one.seconds), one.basis,
    )  # fmt: skip


def described(one: Proposal) -> str:
    """Who, in how long and on what that rests, how it stands, how old its position is."""
    name = plain(one.unit.resource.name, 24)
    return "　".join((name, arrival(one), load(one), seen(one)))


def arrival(one: Proposal) -> str:
    """4 分 10 秒，按路网."""
    return tr("{span}，{basis}", span=span(one.seconds), basis=named("eta_basis", one.basis))


def seen(one: Proposal) -> str:
    """定位 8 秒 前."""
    return tr("定位 {span} 前", span=span(one.age_s))


def load(one: Proposal) -> str:
    """How a unit stands; why it is not proposed."""
    if one.reason:
        return tr("不荐：{reason}", reason=named("proposal_reason", one.reason))
    return named("resource_status", dispatch.status_of(one.unit.resource, one.unit.trip))


def able(one: Proposal) -> str:
    """灭火、救援."""
    return tr("、").join(named("capability", c) for c in sorted(one.unit.can))


def span(seconds: float | None) -> str:
    """4 分 10 秒."""
    return age.span(int((seconds or 0) * SECOND))
