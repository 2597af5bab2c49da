"""Two reports that may be of one matter, side by side: why that may be so, and their merge."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from commandwall import event_acts, repeats
from commandwall.clock import HOUR, MINUTE
from commandwall.event_flow import allows
from commandwall.events import EventView
from commandwall.picture import Picture
from commandwall.repeats import SAME_AREA, SAME_POINT, Repeat
from widgets import age, text, words
from widgets.base import Panel
from widgets.fields import Field, choice
from widgets.i18n import named, tr
from widgets.sheet import Sheet

Pairs = Sequence[tuple[Repeat, EventView]]
Done = Callable[[Any], None]
SAME, APART = "same", "apart"
READ = 160
"""Characters of a text that are shown."""


def reasons(picture: Picture, repeat: Repeat, view: EventView) -> str:
    """相距 80 m　相隔 3.2 时　文字 91 % 相同."""
    where = tr("文字几乎一样")
    if repeat.place == SAME_POINT:
        where = tr("相距 {m} m", m=age.number(repeat.apart_m))
    elif repeat.place == SAME_AREA:
        where = tr("同在 {place}", place=words.place(picture, view.event.area))
    apart = tr("相隔 {span}", span=_span(repeat.apart_ms))
    return "　".join((where, apart, tr("文字相似 {n} %", n=round(100 * repeat.like))))


def merging(one: EventView, other: EventView) -> tuple[EventView, EventView]:
    """Which is merged and into which: the later one, unless only the other way is open."""
    first, later = sorted((one, other), key=lambda v: (v.event.reported_at, v.event.id))
    ways = ((later, first), (first, later))
    return next(((a, b) for a, b in ways if allows("merge", a.state) and b.open), ways[0])


def _may_merge(here: EventView, other: EventView) -> bool:
    one, main = merging(here, other)
    return allows("merge", one.state) and main.open


def sheet(panel: Panel, here: EventView, found: Pairs, chosen: str, done: Done) -> Sheet:
    """Both texts, one under the other; merged by Ctrl Enter, or told apart for good, left by Esc.
    `done` hears of it."""
    by_id = {view.event.id: (repeat, view) for repeat, view in found}
    able = [key for key, (_, view) in by_id.items() if _may_merge(here, view)]
    field = choice({key: title(view) for key, (_, view) in by_id.items()})
    if (first := chosen or "".join(able[:1])) in by_id:
        field.setCurrentIndex([*by_id].index(first))
    ways = choice({SAME: tr("是同一件，并单"), APART: tr("不是同一件，不再提示")})
    fields: dict[str, tuple[str, Field]] = {
        "other": (tr("疑似重复"), field), "way": (tr("看后"), ways),
    }  # fmt: skip
    asked = Sheet(panel.look, tr("是同一件事吗"), "继续", fields, panel.window())
    asked.telling(
        lambda told: _beside(panel.picture, here, *by_id[told["other"]], told["way"] == APART)
    )
    return asked.then(lambda told: _decide(panel, here, by_id[told["other"]][1], told["way"], done))


def _decide(panel: Panel, here: EventView, other: EventView, way: str, done: Done) -> Any:
    if way == APART:
        both = {"event": here.event.id, "other": other.event.id}
        return panel.do(repeats.tell_apart, done, **both)
    one, main = merging(here, other)
    return panel.do(event_acts.merge, done, event=one.event.id, main=main.event.id)


def _beside(
    picture: Picture, here: EventView, repeat: Repeat, other: EventView, apart: bool
) -> str:
    one, main = merging(here, other)
    becomes = tr("并单后由 {main} 一并办理，{one} 不再单办；一日内可拆单",
                 main=main.number, one=one.number)  # fmt: skip
    if not _may_merge(here, other):
        becomes = tr("不能并单：只有未派单的件能并入在办的件")
    if apart:
        becomes = tr("两件各自办理；各台不再把它们提示为重复")
    parts = [reasons(picture, repeat, other), "", *_told(picture, tr("本件"), here), "",
             *_told(picture, tr("另一件"), other), "", becomes]  # fmt: skip
    return "\n".join(parts)


def _told(picture: Picture, which: str, view: EventView) -> list[str]:
    """What a report says, in three lines."""
    e = view.event
    when, state = age.stamp(picture.now, e.reported_at), named("event_state", view.state)
    head = (which, view.number, when, state, words.event_place(view, picture))
    return ["　".join(head), text.plain(e.headline), text.plain(e.words, READ)]


def _span(length: int) -> str:
    return tr("{n} 分钟", n=length // MINUTE) if length < HOUR else age.span(length)


def title(view: EventView) -> str:
    """1127-00101　丽发新城小区附近搅拌站粉尘大."""
    return f"{view.number}　{text.plain(view.event.headline, 40)}"
