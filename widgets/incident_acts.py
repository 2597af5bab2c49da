"""What a person decides about an open or closed incident, each asked in a sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from commandwall import closing, incidents
from commandwall.closing import Check
from commandwall.incidents import CLOSED, OPEN, Incident
from commandwall.picture import Picture
from commandwall.posts import side_of
from commandwall.rights import About, about_incident
from widgets import age, text
from widgets.base import Panel
from widgets.fields import Field, choice, number
from widgets.fields import words as line
from widgets.i18n import language, named, rows, tr
from widgets.sheet import Sheet

RECENT, MOST_PEOPLE = 20, 9_999
"""Closed incidents that are offered to be taken up again; people of a command post at most."""


def joined(picture: Picture, incident: str) -> list[str]:
    """The events that were joined to an incident, in the order of their joining."""
    mine = [j for j in picture.joined.values() if j.incident == incident and j.joined]
    return [j.event for j in sorted(mine, key=lambda j: j.at)]


def about(picture: Picture, incident: Incident) -> About:
    """What an act on an incident is about, its reason given."""
    views = (picture.events.get(e) for e in (incident.event, *joined(picture, incident.id)))
    found = about_incident(incident, [view.event.urgency for view in views if view is not None])
    return replace(found, reason=True)


def ask_join(panel: Panel, event: str) -> None:
    """Which open incident an event belongs to."""
    still = [i for i in panel.picture.incidents.values() if i.state == OPEN]
    if not still:
        panel.refused(tr("没有突发事件"))
        return
    still.sort(key=lambda i: -i.opened_at)
    fields = {"incident": (tr("突发事件"), choice({i.id: _title(i) for i in still}))}
    sheet = Sheet(panel.look, tr("并入突发事件"), "并入", fields, panel.window())
    panel.context.over(sheet.then(
        lambda told: panel.do(incidents.join_event, incident=told["incident"], event=event)
    ))  # fmt: skip


def ask_part(panel: Panel, incident: Incident) -> None:
    """Which of the joined events does not belong after all."""
    mine, views = joined(panel.picture, incident.id), panel.picture.events
    if not mine:
        panel.refused(tr("没有并入的事件"))
        return
    titles = {e: text.plain(views[e].event.headline if e in views else e) for e in mine}
    fields = {"event": (tr("事件"), choice(titles))}
    sheet = Sheet(panel.look, tr("移出并入的事件"), "移出", fields, panel.window())
    panel.context.over(sheet.then(
        lambda told: panel.do(incidents.part_event, incident=incident.id, event=told["event"])
    ))  # fmt: skip


def ask_phase(panel: Panel, incident: Incident) -> None:
    """The phase that the incident goes into: the next one is offered first."""
    phases = {key: code.name(language()) for key, code in rows("incident_phase").items()}
    field, order = choice(phases), list(phases)
    now = order.index(incident.phase) if incident.phase in order else -1
    field.setCurrentIndex(min(now + 1, len(order) - 1))
    fields = {"phase": (tr("阶段"), field)}
    sheet = Sheet(panel.look, tr("转阶段"), "转阶段", fields, panel.window())
    panel.context.over(sheet.then(
        lambda told: panel.do(incidents.set_phase, incident=incident.id, phase=told["phase"])
    ))  # fmt: skip


def ask_presence(panel: Panel, incident: Incident) -> None:
    """Who leads the command post of this side, how many are there, and where it stands."""
    post = panel.picture.command_posts.get(f"{incident.id}:{side_of(panel.desk.post)}")
    if post is None:
        panel.refused(tr("本岗不在前指、后指"))
        return
    people = number(MOST_PEOPLE, 1, tr("人"))
    people.setValue(post.people)
    fields: dict[str, tuple[str, Field]] = {
        "lead": (tr("带队人"), line(post.lead or panel.desk.person)),
        "people": (tr("在场"), people),
        "place": (tr("地点"), line(post.place)),
    }
    sheet = Sheet(panel.look, tr("指挥部报到"), "报到", fields, panel.window())
    panel.context.over(sheet.then(
        lambda told: panel.do(incidents.report_post, incident=incident.id, **told)
    ))  # fmt: skip


def ask_close(panel: Panel, incident: Incident) -> None:
    """Why it ends, over the list of what is not settled."""
    known = partial(closing.checklist, incident=incident)
    over = panel.context.later()
    panel.ask(known, lambda checks: over(_closing(panel, incident, checks)))


def _closing(panel: Panel, incident: Incident, checks: Sequence[Check]) -> Sheet:
    fields = {"reason": (tr("结束原因"), line(tr("处置完毕")))}
    title = tr("结束 {title}", title=incident.title)
    sheet = Sheet(panel.look, title, "结束突发事件", fields, panel.window())
    sheet.telling(lambda told: told_of(checks))
    return sheet.then(
        lambda told: panel.do(closing.close_incident, incident=incident.id, reason=told["reason"])
    )


def told_of(checks: Sequence[Check]) -> str:
    """欠答指令 3（须先了结）；未到恢复阶段（提示）: what is not settled, what blocks first."""
    parts = []
    for check in sorted(checks, key=lambda c: not c.blocks):
        if check.open:
            name, kind = named("close_check", check.id), tr("须先了结" if check.blocks else "提示")
            parts.append(tr("{name} {n}（{kind}）", name=name, n=check.open, kind=kind))
    return tr("；").join(parts) or tr("各项均已了结")


def ask_reopen(panel: Panel) -> None:
    """Which closed incident is taken up again, and why."""
    over = [i for i in panel.picture.incidents.values() if i.state == CLOSED]
    if not over:
        panel.refused(tr("没有已结束的突发事件"))
        return
    over.sort(key=lambda i: -(i.closed_at or 0))
    fields: dict[str, tuple[str, Field]] = {
        "incident": (tr("突发事件"), choice({i.id: _title(i) for i in over[:RECENT]})),
        "reason": (tr("重新启动原因"), line()),
    }
    sheet = Sheet(panel.look, tr("重新启动突发事件"), "重新启动", fields, panel.window())
    panel.context.over(sheet.then(
        lambda told: panel.do(incidents.reopen, incident=told["incident"], reason=told["reason"])
    ))  # fmt: skip


def _title(incident: Incident) -> str:
    return f"{age.clock(incident.opened_at)}　{text.plain(incident.title, 40)}"
