"""What a filter of the event list asks for, in words, and the sheet in which it is set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from commandwall.areas import TOWN
from commandwall.picture import Picture
from commandwall.saved_views import (
    ACTIVE,
    AFTER,
    ALL,
    LATE,
    MINE,
    ON_LIST,
    POOL,
    ROWS,
    SHARES,
    SWIFT,
    Filter,
)
from widgets import words
from widgets.base import Panel
from widgets.fields import Field, choice
from widgets.fields import words as line
from widgets.i18n import language, named, rows, tr
from widgets.sheet import Sheet
from widgets.text import plain

NAMES = {
    MINE: "待我处理",
    ACTIVE: "在办",
    LATE: "逾期",
    ALL: "全部",
    SWIFT: "接诉即办",
    ON_LIST: "已挂账",
    AFTER: "回访复盘",
    POOL: "全池",
    ROWS: "一个数的行",
}
"""Share of the events -> how it is called."""
DAYS = (0, 1, 3, 7, 30, 90, 365)
LISTS = {"source": "event_source", "cls": "event_class", "state": "event_state"}
NAMED = {"source": "来源", "cls": "事项", "state": "状态"}


def told(filter: Filter, picture: Picture, share: bool = False) -> str:
    """12345　供水　石塘镇　近 7 天　含「停水」; with the share of the events before it."""
    parts = [share_name(filter)] if share else []
    parts += [named(LISTS[key], getattr(filter, key)) for key in LISTS if getattr(filter, key)]
    if filter.area:
        parts.append(words.place(picture, filter.area) or plain(filter.area, 24))
    if filter.days:
        parts.append(days_name(filter.days))
    if filter.words:
        parts.append(tr("含「{words}」", words=plain(filter.words, 40)))
    return "　".join(parts)


def share_name(filter: Filter) -> str:
    return tr(NAMES.get(filter.share, NAMES[ALL]))


def days_name(days: int) -> str:
    return tr("近 {n} 天", n=days) if days else tr("不限")


def gone(filter: Filter, picture: Picture) -> str:
    """What it names that is there no more, in words; "" where all is there."""
    lost = [
        (tr(NAMED[key]), getattr(filter, key))
        for key in LISTS
        if getattr(filter, key) and getattr(filter, key) not in rows(LISTS[key])
    ]
    if filter.area and picture.areas and filter.area not in picture.areas:
        lost.append((tr("辖区"), filter.area))
    if filter.share not in NAMES:
        lost.append((tr("范围"), filter.share))
    found = (tr("{field} {key} 已不存在", field=f, key=plain(key, 24)) for f, key in lost)
    return tr("，").join(found)


def sheet(panel: Panel, filter: Filter, done: Callable[[Filter], object]) -> Sheet:
    """Asks for all of a filter; `done` gets the new one."""
    fields = _fields(filter, panel.picture)
    made = Sheet(panel.look, tr("筛选事件"), "筛选", fields, panel.window())
    made.telling(lambda answers: told(replace(filter, **_stated(answers)), panel.picture, True))
    return made.then(lambda answers: done(replace(filter, **_stated(answers))))


def _stated(answers: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value or ("" if key != "days" else 0) for key, value in answers.items()}


def _fields(filter: Filter, picture: Picture) -> dict[str, tuple[str, Field]]:
    offered = {
        "share": (tr("范围"), {key: tr(NAMES[key]) for key in (*SHARES, POOL)}),
        "source": (tr("来源"), _of_list("event_source")),
        "cls": (tr("事项"), _of_list("event_class")),
        "state": (tr("状态"), _of_list("event_state")),
        "area": (tr("辖区"), _towns(picture)),
        "days": (tr("时间"), {days: days_name(days) for days in DAYS}),
    }
    made: dict[str, tuple[str, Field]] = {}
    for key, (name, values) in offered.items():
        now = getattr(filter, key)
        known: dict[Any, str] = {**values} if now in values else {**values, now: plain(now, 24)}
        field = choice(known)
        field.setCurrentIndex(list(known).index(now))
        made[key] = name, field
    made["words"] = tr("含"), line(filter.words, 80)
    return made


def _of_list(name: str) -> dict[Any, str]:
    found = {key: code.name(language()) for key, code in rows(name).items()}
    return {"": tr("不限"), **found}


def _towns(picture: Picture) -> dict[Any, str]:
    towns = sorted(a.id for a in picture.areas.values() if a.level == TOWN)
    return {"": tr("全市"), **{code: words.place(picture, code) for code in towns}}
