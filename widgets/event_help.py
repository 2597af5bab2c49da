"""Co-handling 协办 on the card: each unit that helps with its own clock, and the sheets in which it
signs and feeds back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from commandwall import co_acts
from commandwall.co_handling import ASKED, DONE, CoHandling
from commandwall.deadlines import Deadline, order
from commandwall.events import EventView
from commandwall.picture import Picture
from widgets import age, event_lines, text, words
from widgets.base import Command, Panel
from widgets.event_steps import Then, about
from widgets.fields import Field, choice
from widgets.fields import words as line
from widgets.i18n import named, tr
from widgets.paper import Paper
from widgets.sheet import Answers, Sheet

SHOWN = 24
"""Letters of a unit's name."""
SIGN, FEED_BACK = "sign", "feed_back"


def helping(view: EventView, picture: Picture) -> list[CoHandling]:
    return co_acts.helping(picture.helped.get(view.event.id, ()), view)


def owing(view: EventView, picture: Picture) -> list[CoHandling]:
    """Those that have not fed back."""
    return co_acts.owing(picture.helped.get(view.event.id, ()), view)


def draw(paper: Paper, y: float, view: EventView, picture: Picture) -> float:
    """A line of the units that help, the first to be late first, each with its lamp and how it
    stands; what finds no room is counted. The height below."""
    found = helping(view, picture)
    if not found:
        return y
    clocks = {one.id: co_acts.first(one, view, picture.areas) for one in found}
    base, x = event_lines.begin(paper, y, tr("协办"))
    shown = sorted(found, key=lambda one: _late(clocks[one.id]))
    lamps = [c.lamp(picture.now) if (c := clocks[one.id]) is not None else "" for one in shown]
    told = [_told(one, view, picture) for one in shown]
    event_lines.units(paper, x, base, list(zip(told, lamps, strict=True)))
    return base


def _late(clock: Deadline | None) -> tuple[Any, ...]:
    """The first to be late first; who has no clock any more at the end."""
    return (clock is None, order(clock) if clock else ())


def _told(one: CoHandling, view: EventView, picture: Picture) -> str:
    """住建局 待签收 余 20 分; 燃气公司 已反馈 13:20."""
    now, clock = picture.now, co_acts.first(one, view, picture.areas)
    state = named("cohandling_state", one.state)
    left = words.left(clock, now) if clock is not None else ""
    if one.state == DONE and one.done_at is not None:
        left = age.moment(now, one.done_at)
    return " ".join(filter(None, (text.plain(one.unit, SHOWN), state, left)))


# What a person does.


def commands(
    panel: Panel, view: Callable[[], EventView | None], done: Callable[[], Then]
) -> list[Command]:
    """`done` gives what hears that it is on disk."""
    return [Command("Shift+X", tr("协办签收、反馈"), lambda: ask(panel, view(), done))]


def ask(panel: Panel, view: EventView | None, done: Callable[[], Then]) -> None:
    """Which unit, whether it signs or feeds back, and what it did."""
    if view is None:
        return
    if why := panel.barred(co_acts.feed_back_help, about(panel, view)):
        panel.refused(why)
        return
    if not (open_ := owing(view, panel.picture)):
        panel.refused(tr("没有待办的协办单位；其他办理里可增减协办"))
        return
    ways: dict[str, str] = {}
    for one in open_:
        name = text.plain(one.unit, SHOWN)
        if one.state == ASKED:
            ways[f"{SIGN}:{one.unit}"] = tr("{unit} 签收", unit=name)
        ways[f"{FEED_BACK}:{one.unit}"] = tr("{unit} 反馈", unit=name)
    fields: dict[str, tuple[str, Field]] = {
        "way": (tr("协办"), choice(ways)),
        "result": (tr("反馈"), line()),
    }
    title = tr("协办：{title}", title=text.plain(view.event.headline, 40))
    sheet = Sheet(panel.look, title, "办", fields, panel.window())
    key = view.event.id
    panel.context.over(sheet.then(lambda told: _do(panel, key, told, done)))


def _do(panel: Panel, event: str, told: Answers, done: Callable[[], Then]) -> object:
    kind, _, unit = told["way"].partition(":")
    if kind == SIGN:
        return panel.do(co_acts.sign_help, done(), event=event, unit=unit)
    given = {"event": event, "unit": unit, "result": told["result"]}
    return panel.do(co_acts.feed_back_help, done(), **given)
