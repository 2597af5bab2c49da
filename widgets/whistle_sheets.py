"""The sheets of whistles: what each act needs, asked over the page."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from commandwall import catalogue, whistle_acts
from commandwall.areas import TOWN, Area, town_of
from commandwall.events import EventView
from commandwall.picture import Picture
from commandwall.rights import About
from commandwall.whistles import SCORES, Muster, Summons, Whistling
from widgets import text, whistle_words
from widgets.base import Panel
from widgets.event_steps import names_of
from widgets.fields import Field, choice
from widgets.fields import words as line
from widgets.i18n import language, named, rows, tr
from widgets.sheet import Sheet

Then = Callable[[Any], None]
_HAN_SPACE = re.compile(r"(?<=[一-鿿])\s+(?=[一-鿿])")
Fields = dict[str, tuple[str, Field]]
ACTS: Mapping[str, Callable[..., None]] = {
    "answer_whistle": whistle_acts.answer_whistle, "check_in": whistle_acts.check_in,
    "release_department": whistle_acts.release_department,
    "rate_department": whistle_acts.rate_department, "rate_whistle": whistle_acts.rate_whistle,
    "refuse_whistle": whistle_acts.refuse_whistle, "reroute": whistle_acts.reroute,
}  # fmt: skip
"""What is done with one department."""


def departments_of(typed: str) -> list[str]:
    """水务局 城管局、Water Bureau: also a space between Chinese names parts them. One long name of
    both would summon nobody."""
    return [one for name in names_of(typed) for one in _HAN_SPACE.split(name)]


def ask_blow(panel: Panel, view: EventView | None, then: Then) -> None:
    """Whom to call: to an event, or where there is none to a place and a matter."""
    fields: Fields = {
        "departments": (tr("部门（用、分开）"), line()),
        "kind": (tr("哨种"), choice(_names("whistle_kind"))),
        "matter": (named("field", "matter"), line(view.event.headline if view else "")),
        "place": (named("field", "place"), line(view.event.address if view else "")),
        "town": (named("field", "town"), choice(_towns(panel.picture, view))),
    }  # fmt: skip
    event = view.event.id if view is not None else ""
    title = tr("吹哨　{matter}", matter=text.plain(view.event.headline, 40)) if view else tr("吹哨")

    def done(told: dict[str, Any]) -> Any:
        names = departments_of(told.pop("departments"))
        whistling = Whistling(**told, departments=names, event=event)
        return panel.do(whistle_acts.blow, then, whistling=whistling)

    made = _show(panel, title, "吹哨", fields, done)
    if view is not None and catalogue.outside(view):
        made.telling(lambda told: tr("此事项在上报那天不在网格事项清单内，部门可据此拒哨"))
    elif view is not None and (item := catalogue.item_of(view)) is not None:
        about = item.name(language()), str(item.facts["basis"])
        made.telling(lambda told: tr("清单事项：{item}（{basis}）", item=about[0], basis=about[1]))


def ask_summon(panel: Panel, muster: Muster, then: Then) -> None:
    """Further departments, or again one that refused."""
    fields: Fields = {"departments": (tr("部门（用、分开）"), line())}
    key = muster.whistle.id
    _show(panel, _titled("增哨", muster), "增哨", fields, lambda told: panel.do(
        whistle_acts.summon, then, whistle=key, departments=departments_of(told["departments"])
    ))  # fmt: skip


def ask_end(panel: Panel, muster: Muster, then: Then) -> None:
    """What came of it. Who did not come is named first."""
    fields: Fields = {
        "solved": (named("field", "solved"), choice(_names("event_solved"))),
        "result": (named("field", "result"), line()),
    }  # fmt: skip
    key = muster.whistle.id
    sheet = _show(panel, _titled("销哨", muster), "销哨", fields, lambda told: panel.do(
        whistle_acts.end_whistle, then, whistle=key, **told
    ))  # fmt: skip
    sheet.telling(lambda told: whistle_words.owed(muster))


def ask_return(panel: Panel, muster: Muster, then: Then) -> None:
    """Why nobody need come."""
    fields: Fields = {"reason": (named("field", "reason"), line())}
    key = muster.whistle.id
    _show(panel, _titled("退哨", muster), "退哨", fields, lambda told: panel.do(
        whistle_acts.return_whistle, then, whistle=key, **told
    ))  # fmt: skip


def begin(panel: Panel, summons: Summons, action: str, then: Then) -> None:
    """Do what is done with one department, or ask for what that needs first."""
    act, key = ACTS[action], summons.id
    if action not in ASKED:
        panel.do(act, then, summons=key)
        return
    name = tr(NAMES[action])
    title = tr("{act}：{title}", act=name, title=whistle_words.department(summons))
    asked = lambda told: panel.do(act, then, summons=key, **told)  # noqa: E731
    _show(panel, title, NAMES[action], ASKED[action](), asked)


def about(muster: Muster | None, picture: Picture) -> About:
    """What the rights go by."""
    if muster is None:
        return About()
    view = picture.events.get(muster.whistle.event)
    return About((muster.whistle.town,), view.event.urgency if view else None, reason=True)


NAMES = {
    "answer_whistle": "应哨", "check_in": "报到", "release_department": "准离",
    "rate_department": "评部门", "rate_whistle": "评吹哨", "refuse_whistle": "拒哨",
    "reroute": "改叫",
}  # fmt: skip
"""Action -> its name on a button."""


def _scores() -> Fields:
    marks = {score: str(score) for score in reversed(SCORES)}
    labels = {"arrival": tr("到得快"), "effort": tr("肯出力"), "outcome": tr("办得成")}
    fields: Fields = {key: (label, choice(marks)) for key, label in labels.items()}
    return fields | {"words": (tr("评语"), line())}


def _judged() -> Fields:
    valid = {True: tr("有效：是本部门的事"), False: tr("无效：不该吹本部门")}
    return {"valid": (tr("这次吹哨"), choice(valid)), "words": (tr("评语"), line())}


ASKED: Mapping[str, Callable[[], Fields]] = {
    "refuse_whistle": lambda: {"reason": (named("field", "reason"), line())},
    "reroute": lambda: {
        "department": (tr("改叫哪个部门"), line()), "reason": (named("field", "reason"), line()),
    },
    "rate_department": _scores, "rate_whistle": _judged,
}  # fmt: skip
"""Action -> what its sheet asks; the others need nothing."""


def _show(
    panel: Panel, title: str, act: str, fields: Fields, done: Callable[[dict[str, Any]], Any]
) -> Sheet:
    sheet = Sheet(panel.look, title, act, fields, panel.window()).then(done)
    panel.context.over(sheet)
    return sheet


def _names(kind: str) -> dict[str, str]:
    return {key: named(kind, key) for key in rows(kind)}


def _titled(act: str, muster: Muster) -> str:
    return tr("{act}：{title}", act=tr(act), title=text.plain(muster.whistle.matter, 40))


def _towns(picture: Picture, view: EventView | None) -> dict[str, str]:
    """The towns, that of the event first."""
    mine = town_of(picture.areas, view.event.area) if view is not None else ""
    towns: list[Area] = [a for a in picture.areas.values() if a.level == TOWN]
    towns.sort(key=lambda a: (a.id != mine, a.id))
    return {a.id: text.plain(a.name, 40) for a in towns}
