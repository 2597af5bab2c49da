"""What can be done on an event now: which action stands on which key, and the sheets that ask for
what it needs. What it went through, in words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtWidgets import QLineEdit

from commandwall import codes, event_acts, event_watch, events, tiers
from commandwall.areas import town_of
from commandwall.clock import Ms
from commandwall.countersign import Second
from commandwall.dispatch import EVENT, SENT
from commandwall.event_flow import FLOW
from commandwall.events import EventView
from commandwall.incidents import OPEN
from commandwall.picture import Picture
from commandwall.rights import About, about_event
from commandwall.store.written import TEXT_LIMIT
from widgets import event_said, text
from widgets.base import Panel
from widgets.fields import Field, choice, number
from widgets.fields import words as line
from widgets.i18n import named, rows, tr
from widgets.reasons import sentence
from widgets.sheet import Sheet
from widgets.unit_voice import name_of
from widgets.words import place

Then = Callable[[Any], None] | None
NAMES = {
    "accept": "受理", "reject": "不予受理", "reconsider": "复议", "merge": "并单",
    "unmerge": "拆单", "classify": "改分类",
    "choose_way": "定办理方式", "route": "分办", "route_back": "退回分办",
    "dispatch": "派单", "withdraw": "撤回派单", "redirect": "改派",
    "share": "增减协办", "review": "挂账复核",
    "sign": "签收", "send_back": "退单", "approve_return": "同意退单",
    "refuse_return": "强制派单", "arrive": "到场", "ask_extension": "申请延期",
    "grant_extension": "同意延期", "refuse_extension": "不同意延期", "suspend": "挂起",
    "resume": "恢复", "put_on_list": "挂账", "feed_back": "反馈", "miss_call": "回访未接通",
    "visit": "办结回访", "sum_up": "复盘",
    "verify": "核查办结", "redo": "重办", "archive": "归档", "reopen": "重启", "cancel": "作废",
}  # fmt: skip
"""Action -> its name on a button."""
ACTS: Mapping[str, Callable[..., None]] = {
    "accept": events.accept, "dispatch": events.dispatch,
    "withdraw": event_watch.withdraw, "redirect": event_watch.redirect,
    "share": event_watch.share,
    "review": event_watch.review, "visit": event_watch.visit, "sum_up": event_watch.sum_up,
    "reject": event_acts.reject, "reconsider": event_acts.reconsider,
    "merge": event_acts.merge, "unmerge": event_acts.unmerge,
    "route": tiers.route, "route_back": tiers.route_back,
    "classify": event_acts.classify, "choose_way": event_acts.choose_way,
    "sign": event_acts.sign,
    "send_back": event_acts.send_back, "approve_return": event_acts.approve_return,
    "refuse_return": event_acts.refuse_return, "arrive": event_acts.arrive,
    "ask_extension": event_acts.ask_extension, "grant_extension": event_acts.grant_extension,
    "refuse_extension": event_acts.refuse_extension, "suspend": event_acts.suspend,
    "resume": event_acts.resume, "put_on_list": event_acts.put_on_list,
    "feed_back": event_acts.feed_back, "miss_call": event_acts.miss_call,
    "verify": event_acts.verify, "redo": event_acts.redo, "archive": event_acts.archive,
    "reopen": event_acts.reopen, "cancel": event_acts.cancel,
}  # fmt: skip
KEYS: Mapping[str, tuple[str, ...]] = {
    "A": ("accept", "sign", "approve_return", "arrive", "resume", "verify", "visit",
          "reconsider", "unmerge"),
    "D": ("dispatch", "redirect", "refuse_return", "put_on_list", "review", "redo", "reopen"),
    "X": ("reject", "merge", "send_back", "feed_back", "miss_call", "sum_up"),
}  # fmt: skip
"""Key -> its actions, of which the first that the state allows stands on it; no state allows two
but for NEW, which rejects by it. What stands on no key is among the further ones."""
MORE = "Shift+D"
FIELDS: Mapping[str, tuple[str, ...]] = {
    "reject": ("reject",), "reconsider": ("reason",), "merge": ("main",),
    "choose_way": ("way",), "route": ("tier", "reason"), "route_back": ("reason",),
    "classify": ("cls",), "withdraw": ("reason",), "redirect": ("unit", "reason"), "share": ("co",),
    "send_back": ("reason", "basis"), "refuse_return": ("reason",),
    "ask_extension": ("reason", "hours"), "refuse_extension": ("reason",),
    "suspend": ("reason", "days"), "put_on_list": ("plan", "days"),
    "review": ("plan", "days"), "feed_back": ("result", "evidence"),
    "visit": ("visit",), "sum_up": ("lesson", "summary"),
    "verify": ("solved", "content"), "redo": ("reason",), "reopen": ("reason",),
    "cancel": ("reason",),
}  # fmt: skip
"""Action -> what its sheet asks; the others need nothing, or that one reads what is decided."""
_BETWEEN = re.compile("[、，,；;]")
SHOWN = 60
"""Events that are offered to be merged into."""
_WORDS = {
    "dispatch": "派单", "close": "办结", "note": "记录", "file_alarms": "告警立案",
    "attach": "添加附件", "reported": "上报", "received": "收到", "closed": "办结",
    "open_incident": "转突发", "sign": "签收", "verify": "核查办结", "cancel": "作废",
    "reopen": "重启", "send_back": "退单",
}  # fmt: skip
"""Acts that are called otherwise on an event, and what the city tells of it."""


def told_of(act: str) -> str:
    """The name of an act, of a report of the city, or of a step of a unit."""
    if act in _WORDS:
        return tr(_WORDS[act])
    return named("act" if act in codes.load("act") else "assignment_state", act)


def sent_units(picture: Picture, view: EventView) -> list[tuple[Ms, str, str, str, str]]:
    """Which units were sent to it, how far they came, and what ended it: (moment, post, person,
    step, text)."""
    found: list[tuple[Ms, str, str, str, str]] = []
    for trip in picture.trips_to(view.event.id):
        a, unit = trip.assignment, name_of(trip, picture)
        if a.kind != EVENT:
            continue
        found.append((a.sent_at, a.post, a.by, SENT, unit))
        for step in trip.steps.values():
            words = "　".join(filter(None, (unit, step.text)))
            found.append((step.at, step.post, step.by, step.step, words))
        if a.ended_at is not None:
            words = "　".join(filter(None, (unit, a.reason)))
            found.append((a.ended_at, "", a.ended_by, a.outcome, words))
    return found


def on_key(key: str, state: str) -> str:
    """The action that stands on a key in a state; "" for none."""
    return next((a for a in KEYS[key] if state in FLOW[a].after), "")


def about(panel: Panel, view: EventView) -> About:
    """What the rights go by: with the incident that is open on it."""
    opened = panel.picture.incidents.values()
    scene = any(i.event == view.event.id and i.state == OPEN for i in opened)
    return replace(about_event(view, scene), reason=True)


def hindrance(panel: Panel, view: EventView, action: str, it: About) -> str:
    """Why the person here cannot do an action now, in words; "" where he can."""
    desk, now = panel.desk, panel.picture.now
    if why := panel.barred(ACTS[action], it):
        return why
    found = event_acts.hindrance(view, action, desk.person, desk.post, now)
    return sentence(found) if found is not None else ""


def handlers(typed: str) -> dict[str, str]:
    """燃气公司、住建局，街道: the first leads, the others help. Nothing where none is named."""
    names = names_of(typed)
    return {"unit": names[0], "co": ",".join(names[1:])} if names else {}


def names_of(typed: str) -> list[str]:
    """The names in a line, whatever stands between them."""
    return list(filter(None, (name.strip() for name in _BETWEEN.split(typed))))


def further(panel: Panel, view: EventView, it: About) -> list[str]:
    """What can be done beside what stands on keys."""
    keyed = {on_key(key, view.state) for key in KEYS}
    return [a for a in FLOW if a not in keyed and not hindrance(panel, view, a, it)]


def ask_further(
    panel: Panel, view: EventView, it: About, then: Then = None, merged: Sequence[EventView] = ()
) -> None:
    """Choose one of the further actions, then what it needs."""
    found = further(panel, view, it)
    if not found:
        panel.refused(tr("没有其他可办"))
        return
    fields = {"action": (tr("办理"), choice({a: tr(NAMES[a]) for a in found}))}
    title = tr("其他办理　{title}", title=text.plain(view.event.headline, 40))
    sheet = Sheet(panel.look, title, "选定", fields, panel.window())

    def chosen(told: dict[str, Any]) -> None:
        sheet.close()
        begin(panel, view, told["action"], then, merged)

    panel.context.over(sheet.then(chosen))


def begin(
    panel: Panel, view: EventView, action: str, then: Then = None,
    merged: Sequence[EventView] = (), typed: str = "",
) -> None:  # fmt: skip
    """Do an action, or ask for what it needs first. `then` hears that it is on disk. `merged`: the
    events that were merged into it; `typed`: words that its first field begins with."""
    ahead = event_said.ahead(view, action, panel.picture, merged)
    if action not in FIELDS and not ahead:
        panel.do(ACTS[action], then, event=view.event.id)
        return
    fields = _fields(panel, view, action)
    if typed and isinstance(first := fields[FIELDS[action][0]][1], QLineEdit):
        first.setText(typed)
    title = tr("{act}：{title}", act=tr(NAMES[action]), title=text.plain(view.event.headline, 40))
    sheet = Sheet(panel.look, title, NAMES[action], fields, panel.window())
    if ahead:
        sheet.telling(lambda told: ahead)
    panel.context.over(sheet.then(lambda told: _done(panel, view, action, told, then)))


def _done(panel: Panel, view: EventView, action: str, told: dict[str, Any], then: Then) -> Any:
    channel, second = told.pop("channel", ""), told.pop("second", "")
    given: dict[str, Any] = {"second": Second(second, channel)} if second else {}
    given |= handlers(told["unit"]) if "unit" in told else {}
    given |= {"co": ",".join(names_of(told["co"]))} if "co" in told else {}
    return panel.do(ACTS[action], then, event=view.event.id, **(told | given))


def _fields(panel: Panel, view: EventView, action: str) -> dict[str, tuple[str, Field]]:
    found: dict[str, tuple[str, Field]] = {}
    for name in FIELDS.get(action, ()):
        key = "reason" if name == "reject" else name
        found[key] = _field(panel, view, name, action)
    if action == "reject" and event_acts.needs_second(view, panel.desk.post):
        found |= {
            "second": (tr("第二人"), line()),
            "channel": (tr("征得方式"), choice(_names("channel"))),
        }
    return found


def _field(panel: Panel, view: EventView, name: str, action: str) -> tuple[str, Field]:
    if name == "main":
        return tr("主单"), choice(_others(panel, view))
    if name == "co":
        helping = view.work.co if view.work is not None else ""
        return tr("协办单位，以顿号分开；留空为没有"), line(helping.replace(",", "、"), TEXT_LIMIT)
    if name == "tier":
        return named("field", "tier"), _tier_field(panel, view)
    if name == "hours":
        return tr("延长"), number(event_acts.extension_hours(view), 1, tr("小时"))
    if name == "days":
        most = event_acts.most_days(action, panel.picture.now)
        days = number(most, 1, tr("日"))
        days.setValue(1 if action == "suspend" else most)
        return tr("几日后复核"), days
    lists = {
        "reject": "event_reject", "cls": "event_class", "solved": "event_solved",
        "content": "event_content", "lesson": "event_lesson",
        "way": "handling_way",
    }  # fmt: skip
    label = named("field", "reason" if name == "reject" else name)
    return label, choice(_names(lists[name])) if name in lists else line("", TEXT_LIMIT)


def _tier_field(panel: Panel, view: EventView) -> Field:
    """What the rows say stands first."""
    rule, field = tiers.proposed(view, panel.picture.areas), choice(_names("tier"))
    field.setCurrentIndex(max(0, field.findData(rule.facts["tier"]) if rule is not None else 0))
    return field


def _tier_line(picture: Picture, view: EventView, tier: str) -> str:
    """What the rows say of it, whose it becomes, and what else is asked for."""
    rule = tiers.proposed(view, picture.areas)
    if rule is None:
        return ""
    told = [tr("规则：{tier}（{why}）", tier=named("tier", str(rule.facts["tier"])),
               why=named("tier_rule", rule.id))]  # fmt: skip
    if tier == tiers.TOWN and (town := town_of(picture.areas, view.event.area)):
        told.append(tr("由 {town} 办", town=place(picture, town)))
    if rule.facts["tier"] != tier:
        told.append(tr("与规则不同，须写理由"))
    return "　".join(told)


def _names(kind: str) -> dict[str, str]:
    return {key: named(kind, key) for key in rows(kind)}


def _others(panel: Panel, view: EventView) -> dict[str, str]:
    """Open events it may be merged into: those of its own area first, the newest first."""
    mine = view.event
    open_ = [v for v in panel.picture.events.values() if v.event.id != mine.id and v.open]
    open_.sort(key=lambda v: (v.event.area != mine.area, -v.event.reported_at))
    return {v.event.id: f"{v.number}　{text.plain(v.event.headline, 40)}"
            for v in open_[:SHOWN]}  # fmt: skip
