"""What people said by the steps of an event: in its history, among the facts of its card, and in
the sheet of who decides on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from commandwall import co_acts, deadlines
from commandwall.clock import HOUR, Ms
from commandwall.event_flow import (
    CANCELLED,
    CLOSED,
    FEEDBACK,
    HANDLED,
    LISTED,
    MERGED,
    ON_SCENE,
    REJECTED,
    RETURNED,
    SUSPENDED,
    moments,
    rank,
)
from commandwall.events import EventView, EventWork
from commandwall.masking import without
from commandwall.picture import Picture
from commandwall.tagging import LIST as TAGS
from widgets import age, public_words, text, words
from widgets.i18n import named, tr


def tags_of(view: EventView, picture: Picture) -> str:
    """涉众、媒体关注; "" for none, and of a restricted class."""
    tags = [] if view.restricted else [t.tag for t in picture.tags_of.get(view.event.id, ())]
    return tr("、").join(named(TAGS, tag) for tag in sorted(tags))


Facts = list[tuple[str, str]]
"""What a fact is called, and what it is."""
DECIDES = frozenset({
    "approve_return", "refuse_return", "grant_extension", "refuse_extension", "put_on_list",
    "review", "verify", "redo", "reopen",
    "visit", "sum_up",
})  # fmt: skip
"""Actions that decide on what somebody said: their sheet shows it."""


# A line of the history.


def step(event: str, act: str, work: EventWork) -> str:
    """What a step of an event said, in words; `work`: as the step left it."""
    if work.id != event:
        return tr("另一件并入本单") if act == "merge" else ""
    told = _STEPS[act](work) if act in _STEPS else []
    return "　".join(part for part in told if part)


def _reason(work: EventWork) -> list[str]:
    return [work.reason]


def _again(work: EventWork) -> list[str]:
    return [tr("第 {n} 次重办", n=work.rework_no), work.reason]


_STEPS: Mapping[str, Callable[[EventWork], list[str]]] = {
    "reject": lambda w: [named("event_reject", w.reason)],
    "reconsider": _reason,
    "classify": lambda w: [named("event_class", w.cls)],
    "route": lambda w: [named("tier", w.tier)],
    "route_back": _reason,
    "dispatch": lambda w: [words.units(w.unit, w.co)],
    "withdraw": _reason,
    "redirect": lambda w: [words.units(w.unit, w.co), w.reason],
    "share": lambda w: [words.units(w.unit, w.co)],
    "send_back": lambda w: [w.reason, tr("依据：{basis}", basis=w.basis)],
    "approve_return": lambda w: [tr("第 {n} 次退单", n=w.return_no)],
    "refuse_return": _reason,
    "ask_extension": lambda w: [_hours(w.asked_ms), w.reason],
    "grant_extension": lambda w: [tr("累计延期 {span}", span=_hours(w.extended_ms))],
    "refuse_extension": _reason,
    "suspend": lambda w: [w.reason, _review(w.at, w)],
    "put_on_list": lambda w: [w.plan, _review(w.at, w)],
    "review": lambda w: [w.plan, _review(w.at, w)],
    "feed_back": lambda w: [w.result, tr("凭据：{proof}", proof=w.evidence) if w.evidence else ""],
    "miss_call": lambda w: [tr("第 {n} 次", n=len(moments(w.missed)))],
    "verify": lambda w: [_outcome(w)],
    "redo": _again,
    "reopen": _again,
    "visit": lambda w: [w.visit],
    "sum_up": lambda w: [named("event_lesson", w.lesson), w.summary],
    "cancel": _reason,
    "move_lapsed": lambda w: [named("event_state", w.state)],
}  # fmt: skip
"""Act -> what it said; the others say nothing beside their name."""


def _hours(length: int) -> str:
    return tr("{n} 小时", n=age.number(length / HOUR))


def _review(now: Ms, work: EventWork) -> str:
    return tr("至 {day} 复核", day=age.stamp(now, work.review_at)) if work.review_at else ""


def _outcome(work: EventWork) -> str:
    told = (named("event_solved", work.solved), named("event_content", work.content))
    return "　".join(filter(None, told))


# What stands now.


def facts(view: EventView, picture: Picture, hidden: bool = False) -> Facts:
    """What was said and counts now, and what callers are told, the name of who reported it hidden
    in it. `hidden`: what a restricted one says is not told."""
    work, public = view.work, (tr("对外进度"), public_words.told(view, picture))
    tags = (tr("标签"), tags_of(view, picture))
    if hidden:
        return [(tr("受限"), tr("只示类别与辖区，V 写明缘由查看")), public]
    if work is None:
        return [public, tags]
    way = named("handling_way", work.way) if work.way else ""
    found = [*_why(view, work, picture), *_what(work, picture.now, view.state), *_often(work)]
    found.append((named("field", "way"), way))
    told = [(label, without(fact, view.event.person)) for label, fact in found if fact]
    return [*told, public, tags]


def _why(view: EventView, work: EventWork, picture: Picture) -> Facts:
    """The words of the last step that gave some."""
    asked = work.asked_ms if view.state in HANDLED else 0
    if asked:
        return [(tr("申请延期"), f"{_hours(asked)}　{work.reason}")]
    if view.state == MERGED:
        main = picture.events.get(work.main)
        return [(tr("主单"), _short(main) if main is not None else tr("主单已不在办"))]
    if rank(view.state) >= rank(FEEDBACK) and view.state not in (REJECTED, CANCELLED):
        return []
    label = {
        RETURNED: tr("退单原因"), SUSPENDED: tr("挂起原因"), LISTED: tr("挂起原因"),
    }.get(view.state, tr("退回分办原因") if work.back_at == work.at else tr("原因"))  # fmt: skip
    reason = named("event_reject", work.reason) if view.state == REJECTED else work.reason
    basis = work.basis if view.state == RETURNED else ""
    return [(label, reason), (named("field", "basis"), basis)]


def _what(work: EventWork, now: Ms, state: str) -> Facts:
    """What is planned, what was done and what came of it."""
    review = age.stamp(now, work.review_at) if work.review_at else ""
    calls = tr("、").join(age.stamp(now, Ms(at)) for at in moments(work.missed))
    return [
        (named("field", "plan"), work.plan if state == LISTED else ""),
        (tr("复核日"), review if state in (SUSPENDED, LISTED) else ""),
        (tr("办理结果"), work.result), (tr("凭据"), work.evidence),
        (tr("未接通"), calls), (named("field", "solved"), _outcome(work)),
        (named("act", "visit"), work.visit or _until(now, work.visit_at)),
        (named("act", "sum_up"), _lesson(work)),
    ]  # fmt: skip


def _until(now: Ms, at: Ms | None) -> str:
    return tr("{day} 前", day=age.stamp(now, at)) if at is not None else ""


def _lesson(work: EventWork) -> str:
    if work.state == CLOSED and not work.lesson:
        return tr("还没有，复盘后才归档")
    told = (named("event_lesson", work.lesson) if work.lesson else "", work.summary)
    return "　".join(filter(None, told))


def _often(work: EventWork) -> Facts:
    """How often it went back, and for how long it was put off."""
    told = [
        tr("退单 {n} 次", n=work.return_no) if work.return_no else "",
        tr("撤回改派 {n} 次", n=work.taken_back_no) if work.taken_back_no else "",
        tr("重办 {n} 次", n=work.rework_no) if work.rework_no else "",
        tr("延期 {n} 次共 {span}", n=work.ext_no, span=_hours(work.extended_ms))
        if work.ext_no
        else "",
    ]
    return [(tr("往返"), "　".join(filter(None, told)))]


def _short(view: EventView) -> str:
    return f"{view.number}　{named('event_state', view.state)}　{view.event.headline}"


# Before a decision.


def ahead(view: EventView, action: str, picture: Picture, merged: Sequence[EventView] = ()) -> str:
    """What is decided on, a line for each fact, or what an action wants; "" for nothing. `merged`:
    events that were merged into it."""
    if action == "feed_back":
        still = _owing(view, picture)
        waits = tr("协办未反馈：{units}", units=still) if still else ""
        return "\n".join(filter(None, (_wanted(view), waits)))
    if action not in DECIDES:
        return ""
    told = [(tr("承办"), words.handled_by(view)), *facts(view, picture, view.restricted)]
    told += [(tr("处置时限"), _moves(view, action, picture))]
    told += [(tr("并入本单"), others(merged)), (tr("还须回访"), _to_call(action, merged))]
    told += [(tr("协办未反馈"), _owing(view, picture))] if action == "verify" else []
    return "\n".join(f"{label}：{fact}" for label, fact in told if fact)


def _owing(view: EventView, picture: Picture) -> str:
    """Units that help and have not fed back; "" where all did."""
    owing = co_acts.owing(picture.helped.get(view.event.id, ()), view)
    return tr("、").join(text.plain(one.unit, 24) for one in owing)


def others(merged: Sequence[EventView]) -> str:
    """2 件　1125-00665、1125-00670: the events that were merged into one; "" for none."""
    numbers = tr("、").join(view.number for view in merged)
    return tr("{n} 件　{numbers}", n=len(merged), numbers=numbers) if merged else ""


def _to_call(action: str, merged: Sequence[EventView]) -> str:
    """Who reported these: he is called back as well."""
    return tr("、").join(map(_caller, merged)) if action == "verify" else ""


def _caller(view: EventView) -> str:
    e = view.event
    return " ".join(filter(None, (view.number, text.person(e.person), text.phone(e.phone))))


def _wanted(view: EventView) -> str:
    if view.state == ON_SCENE:
        return tr("到场办理的须附照片：Esc 退出，按 F 附上")
    return tr("写明凭据（回执、验收、答复文号），或先按 F 附照片")


def _moves(view: EventView, action: str, picture: Picture) -> str:
    """When the disposal runs out, and to when an extension moves it."""
    now, due = picture.now, _due(view, picture)
    if due is None or action not in ("approve_return", "refuse_return", "grant_extension",
                                     "refuse_extension"):  # fmt: skip
        return ""
    if action != "grant_extension" or view.work is None:
        return tr("{at} 到，仍在走", at=age.stamp(now, due))
    more = replace(view.work, extended_ms=view.work.extended_ms + view.work.asked_ms)
    then = _due(replace(view, work=more), picture)
    return tr("{at} 到，同意后到 {then}", at=age.stamp(now, due), then=age.stamp(now, then))


def _due(view: EventView, picture: Picture) -> Ms | None:
    found = (c.due for c in deadlines.clocks(view, picture.areas) if c.step == "C5")
    return next(found, None)
