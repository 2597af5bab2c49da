"""What stands beside the flow of an event on its card: its whistle, where it is on both ladders,
and what was done there."""

from __future__ import annotations

from collections.abc import Callable

from commandwall import co_acts, ladder_acts, ladders, urging
from commandwall.clock import Ms
from commandwall.events import EventView
from commandwall.ladders import Supervision
from commandwall.store.store import Reader
from widgets import (
    age,
    event_help,
    event_lines,
    event_tags,
    event_tier,
    event_urge,
    event_whistle,
    fund_sheets,
    ladder_sheets,
    ladder_words,
    reentry,
)
from widgets.base import Command, Panel, Subject
from widgets.event_steps import Then
from widgets.i18n import tr
from widgets.paper import Ink, Paper

TERRITORY, SUPERVISION = "territory", "supervision"
"""The two ladders, as rows of `rung` name them."""


def draw(paper: Paper, y: float, card: Panel, view: EventView) -> float:
    """The lines of who has it, of its whistle and of what was paid; one where it was ever raised:
    the rung it stands on of each ladder, and since when. The height below."""
    picture, watched = card.picture, card.context.needs.watched
    it, due = watched.of(view.event.id), watched.first_due(view.event.id)
    y = event_whistle.draw(paper, event_tier.draw(paper, y, view, picture), view, picture)
    y = event_help.draw(paper, y, view, picture)
    y = event_urge.draw(paper, y, view, picture, view.restricted)
    y = fund_sheets.draw_line(paper, y, view.event.id, picture.payments.values())
    if not it.rises and it.supervision is None:
        return y
    now = picture.now
    lamp = due.clock.lamp(now) if due is not None else ""
    base, x = event_lines.begin(paper, y, tr("属地"), lamp)
    start = ladder_sheets.start_of(picture, view.event.area)
    low, high = it.on(TERRITORY), it.on(SUPERVISION)
    begun = f"{ladder_words.rung(start)} {age.stamp(now, view.event.received_at)}"
    below = ladder_words.stands(low, now) if low is not None else begun
    x = paper.write(x, base, below, Ink("label", "t1", True)) + 16
    if high is not None or it.watched:
        x = paper.write(x, base, tr("督办"), Ink("label", "t3")) + 8
        above = ladder_words.stands(high, now) if high is not None else tr("在清单上")
        x = paper.write(x, base, above, Ink("label", "t1", True)) + 16
    asked = tr("请求上提到{rung}", rung=ladder_words.rung(it.asked.rung)) if it.asked else ""
    told = [asked, ladder_words.count(it), ladder_words.due(due, now) if due is not None else ""]
    paper.write(x, base, "　".join(filter(None, told)), Ink("label", "t1"), room=paper.width - x)
    return base


def history(reader: Reader, event: str) -> list[tuple[Ms, str, str, str, str]]:
    """What happened to an event, on its whistles and on the ladders."""
    raised = ladders.history(reader, event)
    paper = reentry.history(reader, event)
    urged, helped = urging.history(reader, event), co_acts.history(reader, event)
    told = [*map(_told, raised), *helped, *urged, *paper, *event_tags.history(reader, event)]
    return [*event_whistle.history(reader, event), *told]


def _told(step: tuple[Ms, str, str, str, str, str]) -> tuple[Ms, str, str, str, str]:
    at, post, by, act, rung, told = step
    name = ladder_words.rung(rung) if rung else ""
    return at, post, by, act, "　".join(filter(None, (name, told)))


def commands(
    card: Panel, view: Callable[[], EventView | None], done: Callable[[], Then]
) -> list[Command]:
    """Blow for it, raise it; or go to where that is listed."""
    return [
        *event_tier.commands(card, view, done),
        *event_urge.commands(card, view, done),
        *event_help.commands(card, view, done),
        *event_tags.commands(card, view, done),
        Command("W", tr("吹哨、看吹哨"), lambda: event_whistle.begin(card, view())),
        Command("Shift+K", tr("上提、看督办"), lambda: begin(card, view())),
        Command("Shift+F", tr("微基金支付"), lambda: pay(card, view())),
    ]


def pay(panel: Panel, view: EventView | None) -> None:
    """A small repair is paid at once 即办."""
    if view is not None:
        told = tr("已记入微基金")
        fund_sheets.ask_pay(panel, view, lambda done: panel.refused(told))


def begin(panel: Panel, view: EventView | None) -> None:
    """Open the page where it is on a ladder; else raise it, or ask for that where another post
    raises."""
    if view is None:
        return
    it = panel.context.needs.watched.of(view.event.id)
    about = ladder_sheets.about(view.event.id, panel.picture)
    done = lambda did: panel.refused(tr("已上提"))  # noqa: E731
    if ladders.is_open(it, not view.open):
        panel.wanted.emit(Subject(Supervision, view.event.id))
    elif not (why := panel.barred(ladder_acts.raise_up, about)):
        ladder_sheets.ask_raise(panel, view, None, done)
    elif not panel.barred(ladder_acts.ask_up, about):
        asked = lambda did: panel.refused(tr("已请求上提"))  # noqa: E731
        ladder_sheets.ask(panel, "ask_up", view.event.headline, asked, event=view.event.id)
    else:
        panel.refused(why)
