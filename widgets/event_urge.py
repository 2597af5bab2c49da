"""Urging 催办 on the card and in the list: who was pressed, who owes an answer, and the sheets in
which one presses and answers."""

from __future__ import annotations

from collections.abc import Callable

from commandwall import urging
from commandwall.clock import Ms
from commandwall.events import EventView
from commandwall.picture import Picture
from commandwall.urging import ASKED, Urge
from widgets import age, event_lines, text, words
from widgets.base import Command, Panel
from widgets.event_steps import Then, about
from widgets.fields import Field, choice
from widgets.fields import words as line
from widgets.i18n import tr
from widgets.paper import Ink, Paper
from widgets.reasons import sentence
from widgets.sheet import Sheet

SHOWN = 40
"""Letters of what was said."""
NEWEST = 3
"""Units that are named."""


def waiting(view: EventView, picture: Picture) -> list[Urge]:
    """What is not answered of an event, the oldest first."""
    return urging.waiting(picture.urged.get(view.event.id, ()), view)


def unanswered(picture: Picture) -> int:
    """How many of all open events are."""
    of = picture.urged.keys() & picture.events.keys()  # those of years are of closed ones
    return sum(len(waiting(picture.events[key], picture)) for key in of)


def mark(view: EventView, picture: Picture) -> str:
    """催 2 before the title in the list: how many wait for an answer; "" for none."""
    many = len(waiting(view, picture))
    return tr("催 {n}", n=many) if many else ""


def draw(paper: Paper, y: float, view: EventView, picture: Picture, hidden: bool) -> float:
    """A line where anybody was urged: how often, who owes an answer and until when, or what was
    answered last. `hidden`: without what was said. The height below."""
    urges = picture.urged.get(view.event.id, ())
    if not urges:
        return y
    open_ = waiting(view, picture)
    clock = urging.clock(open_[0]) if open_ else None
    lamp = clock.lamp(picture.now) if clock is not None else ""
    base, x = event_lines.begin(paper, y, tr("催办"), lamp)
    x = paper.write(x, base, tr("{n} 次", n=len(urges)), Ink("label", "t1", True)) + 16
    owed = [_owes(one, picture.now) for one in open_[:NEWEST]]
    told = tr("、").join(owed) if owed else _answered(urges, picture.now, hidden)
    paper.write(x, base, told, Ink("label", "t1"), room=paper.width - x)
    return base


def _owes(urge: Urge, now: Ms) -> str:
    clock = urging.clock(urge)
    left = words.left(clock, now) if clock is not None else ""
    return " ".join(filter(None, (text.plain(urge.unit, 24), tr("待答复"), left)))


def _answered(urges: list[Urge] | tuple[()], now: Ms, hidden: bool) -> str:
    """What was answered last; that nobody did."""
    answered = [one for one in urges if one.answered_at is not None]
    if not answered:
        return tr("未答复，已不在其手中")
    last = max(answered, key=lambda one: one.answered_at or 0)
    said = "" if hidden else text.plain(last.result, SHOWN)
    told = (text.plain(last.unit, 24), age.moment(now, last.answered_at or now), tr("答复"), said)
    return " ".join(filter(None, told))


# What a person does.


def commands(
    panel: Panel, view: Callable[[], EventView | None], done: Callable[[], Then]
) -> list[Command]:
    """`done` gives what hears that it is on disk."""
    return [
        Command("Shift+I", tr("催办"), lambda: ask(panel, view(), done)),
        Command("Shift+A", tr("答复催办"), lambda: ask_answer(panel, view(), done)),
    ]


def ask(panel: Panel, view: EventView | None, done: Callable[[], Then]) -> None:
    """Whom to press, and with what words."""
    if view is None:
        return
    if why := panel.barred(urging.urge, about(panel, view)):
        panel.refused(why)
        return
    if (lacks := urging.hindrance(view)) is not None:
        panel.refused(tr("派单后、反馈前才能催办") if lacks.code == "state" else sentence(lacks))
        return
    fields: dict[str, tuple[str, Field]] = {
        "unit": (tr("催谁"), choice({unit: text.plain(unit, 24) for unit in view.units})),
        "text": (tr("催什么"), line(tr("请尽快办理并回复进展"))),
    }
    title = tr("催办：{title}", title=text.plain(view.event.headline, 40))
    sheet = Sheet(panel.look, title, "催办", fields, panel.window())
    sheet.telling(lambda told: _ahead(view, told["unit"], panel.picture))
    key = view.event.id
    panel.context.over(sheet.then(lambda told: panel.do(urging.urge, done(), event=key, **told)))


def ask_answer(panel: Panel, view: EventView | None, done: Callable[[], Then]) -> None:
    """Which urging is answered, and how it stands."""
    if view is None:
        return
    if why := panel.barred(urging.answer_urge, about(panel, view)):
        panel.refused(why)
        return
    if not (open_ := waiting(view, panel.picture)):
        panel.refused(tr("没有待答复的催办"))
        return
    hidden, now = view.restricted, panel.picture.now
    fields: dict[str, tuple[str, Field]] = {
        "urge": (tr("催办"), choice({one.id: _line(one, now, hidden) for one in open_})),
        "result": (tr("答复"), line()),
    }
    title = tr("答复催办：{title}", title=text.plain(view.event.headline, 40))
    sheet = Sheet(panel.look, title, "答复", fields, panel.window())
    panel.context.over(sheet.then(lambda told: panel.do(urging.answer_urge, done(), **told)))


def _line(urge: Urge, now: Ms, hidden: bool) -> str:
    said = "" if hidden else text.plain(urge.text, SHOWN)
    told = (text.plain(urge.unit, 24), age.moment(now, urge.asked_at), said)
    return "　".join(filter(None, told))


def _ahead(view: EventView, unit: str, picture: Picture) -> str:
    """How often this unit was pressed before, and what it owes."""
    before = [one for one in picture.urged.get(view.event.id, ()) if one.unit == unit]
    open_ = sum(one.state == ASKED for one in before)
    if not before:
        return tr("还没有催过")
    return tr("已催 {n} 次，待答复 {m} 次", n=len(before), m=open_)
