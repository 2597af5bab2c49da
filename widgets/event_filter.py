"""What a filter of the event list asks for, in words, and the sheet in which it is set."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

from commandwall import codes
from commandwall.areas import TOWN
from commandwall.clock import Ms
from commandwall.deadlines import GREY, Deadline
from commandwall.events import Event, EventView
from commandwall.picture import Changes, Picture
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
    day_of,
    findable,
    in_order,
)
from commandwall.store.store import Refused
from commandwall.tagging import LIST, EventTag
from widgets import words
from widgets.base import Panel
from widgets.fields import Field, choice
from widgets.fields import words as line
from widgets.i18n import language, named, rows, tr
from widgets.needs import Needs
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
LISTS = {
    "source": "event_source", "cls": "event_class", "state": "event_state", "lamp": "lamp",
    "tag": LIST,
}  # fmt: skip
NAMED = {"source": "来源", "cls": "事项", "state": "状态", "lamp": "时限灯", "tag": "标签"}


def told(filter: Filter, picture: Picture, share: bool = False) -> str:
    """12345　供水　石塘镇　近 7 天　含「停水」; with the share of the events before it."""
    parts = [share_name(filter)] if share else []
    parts += [named(LISTS[key], getattr(filter, key)) for key in LISTS if getattr(filter, key)]
    if filter.area:
        parts.append(words.place(picture, filter.area) or plain(filter.area, 24))
    if filter.unit:
        parts.append(plain(filter.unit, 24))
    if filter.days:
        parts.append(days_name(filter.days))
    parts += _span(filter)
    if filter.words:
        parts.append(tr("含「{words}」", words=plain(filter.words, 40)))
    return "　".join(parts)


def _span(filter: Filter) -> list[str]:
    """2026-11-01 起, 至 2026-11-20, or both as one."""
    begin, end = plain(filter.first_day, 24), plain(filter.last_day, 24)
    if begin and end:
        return [tr("{begin} 至 {end}", begin=begin, end=end)]
    return [tr("{begin} 起", begin=begin)] if begin else [tr("至 {end}", end=end)] if end else []


def held(
    filter: Filter, some: Iterable[EventView], picture: Picture, needs: Needs
) -> Iterator[EventView]:
    """Which of some open events a filter holds, by the clocks that the wall keeps."""
    now, clocks = picture.now, needs.running
    found = filter.held(some, needs.overdue, now)
    if filter.tag:
        tagged = {t.event for t in picture.tags.values() if t.tag == filter.tag}
        found = (v for v in found if v.event.id in tagged and not v.restricted)
    if not filter.lamp:
        return found
    return (v for v in found if _lamp(clocks.get(v.event.id), now) == filter.lamp)


class Held:
    """The open events that a filter holds, kept from tick to tick: of tens of thousands few change.

    What is held by the time alone is looked at too: a clock runs out, a lamp turns, a day is over.
    """

    def __init__(self) -> None:
        self.keys: set[str] = set()
        self._seen: tuple[object, ...] = ()
        self._turned = Ms(0)

    def begin(self, filter: Filter, picture: Picture, needs: Needs) -> list[EventView]:
        """All of them anew, in no order."""
        self._seen, self._turned = self._by_time(filter, picture, needs), needs.turned
        found = list(held(filter, picture.events.values(), picture, needs))
        self.keys = {view.event.id for view in found}
        return found

    def look(self, filter: Filter, picture: Picture, needs: Needs, changes: Changes) -> bool:
        """Bring them up to a tick. Whether an event of the list may be otherwise than before."""
        anew = Event in changes.whole or (filter.tag and EventTag in changes.kinds)
        if anew or self._seen != self._by_time(filter, picture, needs):
            self.begin(filter, picture, needs)
            return True
        turned = set(needs.ran_out(self._turned)) if filter.share == LATE else set[str]()
        self._turned = needs.turned
        if keys := changes.records.get(Event, {}).keys() | turned:
            some = (picture.events[key] for key in keys if key in picture.events)
            self.keys.difference_update(keys)
            self.keys.update(v.event.id for v in held(filter, some, picture, needs))
        return bool(turned or changes.kinds & {Event, EventTag})

    def _by_time(self, filter: Filter, picture: Picture, needs: Needs) -> tuple[object, ...]:
        """What else than the events decides: when it is otherwise all are looked at."""
        now, clocks = picture.now, needs.running if filter.lamp else {}
        shown = frozenset(key for key, c in clocks.items() if c.lamp(now) == filter.lamp)
        return filter, shown, needs.edition, filter.since(now), codes.edition()


def _lamp(clock: Deadline | None, now: Ms) -> str:
    return clock.lamp(now) if clock is not None else GREY


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
    now = panel.picture.now

    def stated(answers: Mapping[str, Any]) -> Filter:
        return findable(replace(filter, **_stated(answers, now)))

    made.telling(lambda answers: told(stated(answers), panel.picture, True))
    return made.then(lambda answers: _applied(stated(answers), now, done))


def _applied(filter: Filter, now: Ms, done: Callable[[Filter], object]) -> object:
    """Days that are none are told over what was typed."""
    if in_order(filter, now):
        return done(filter)
    wrong: Future[object] = Future()
    wrong.set_exception(Refused("view_days"))
    return wrong


def _stated(answers: Mapping[str, Any], now: Ms) -> dict[str, Any]:
    """What the fields say; a day as a filter keeps it, one that is none as it was typed."""
    found = {key: value or ("" if key != "days" else 0) for key, value in answers.items()}
    days = {key: day_of(str(found[key]), now) for key in ("first_day", "last_day")}
    return found | {key: on for key, on in days.items() if on is not None}


def _fields(filter: Filter, picture: Picture) -> dict[str, tuple[str, Field]]:
    offered = {
        "share": (tr("范围"), {key: tr(NAMES[key]) for key in (*SHARES, POOL)}),
        "source": (tr("来源"), _of_list("event_source")),
        "cls": (tr("事项"), _of_list("event_class")),
        "state": (tr("状态"), _of_list("event_state")),
        "lamp": (tr("时限灯"), _of_list("lamp")),
        "unit": (tr("承办、协办单位"), _units(picture)),
        "tag": (tr("标签"), _of_list(LIST)),
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
    made["first_day"] = tr("起日"), line(filter.first_day, 10)
    made["last_day"] = tr("止日"), line(filter.last_day, 10)
    made["words"] = tr("含"), line(filter.words, 80)
    return made


def _of_list(name: str) -> dict[Any, str]:
    found = {key: code.name(language()) for key, code in rows(name).items()}
    return {"": tr("不限"), **found}


def _units(picture: Picture) -> dict[Any, str]:
    """Those that have an open event, lead it or help."""
    known = {unit for view in picture.events.values() for unit in view.units if unit}
    return {"": tr("不限"), **{unit: plain(unit, 24) for unit in sorted(known)}}


def _towns(picture: Picture) -> dict[Any, str]:
    towns = sorted(a.id for a in picture.areas.values() if a.level == TOWN)
    return {"": tr("全市"), **{code: words.place(picture, code) for code in towns}}
