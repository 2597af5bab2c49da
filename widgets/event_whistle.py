"""The whistle of an event on its card: who is there, and who owes what."""

from __future__ import annotations

from functools import partial

from commandwall import events, whistle_acts, whistles
from commandwall.clock import Ms
from commandwall.event_flow import HANDLED
from commandwall.events import EventView
from commandwall.picture import Picture
from commandwall.store.store import Reader
from commandwall.whistles import Muster, Owing, Whistle
from widgets import event_lines, event_said, whistle_sheets, whistle_words, words
from widgets.base import Panel, Subject
from widgets.event_steps import about
from widgets.i18n import tr
from widgets.paper import Ink, Paper


def of_event(picture: Picture, event: str) -> Muster | None:
    """The newest whistle of an event; None where none was blown."""
    mine = [w for w in picture.whistles.values() if w.event == event]
    if not mine:
        return None
    summons = [one for one in picture.summons.values() if one.event == event]
    return whistles.musters(mine, summons, picture.ratings.values())[0]


def draw(paper: Paper, y: float, view: EventView, picture: Picture) -> float:
    """A line where there is a whistle; the line below it."""
    if (muster := of_event(picture, view.event.id)) is None:
        return y
    lamp = muster.owing[0].clock.lamp(picture.now) if muster.owing else ""
    base, x = event_lines.begin(paper, y, tr("吹哨"), lamp)
    x = paper.write(x, base, whistle_words.there(muster), Ink("label", "t1", True)) + 16
    told = [(_owes(one, picture.now), "") for one in whistle_words.firsts(muster)]
    event_lines.units(paper, x, base, told)
    return base


def _owes(one: Owing, now: Ms) -> str:
    """燃气公司 欠报到 超 5:12."""
    told = (whistle_words.department(one.summons), whistle_words.step(one))
    return " ".join((*told, words.left(one.clock, now)))


def history(reader: Reader, event: str) -> list[tuple[Ms, str, str, str, str]]:
    """What happened to an event and on its whistles: (moment, post, person, act, text)."""
    done = events.history(reader, event, partial(event_said.step, event))
    return [*done, *whistles.history(reader, event)]


def begin(panel: Panel, view: EventView | None) -> None:
    """Open the page of the whistle that is not done with; else ask whom to call."""
    if view is None:
        return
    muster = of_event(panel.picture, view.event.id)
    if muster is not None and muster.open:
        panel.wanted.emit(Subject(Whistle, muster.whistle.id))
    elif why := panel.barred(whistle_acts.blow, about(panel, view)):
        panel.refused(why)
    elif view.state not in HANDLED:
        panel.refused(tr("承办单位签收后才能吹哨"))
    else:
        told = tr("已吹哨")
        whistle_sheets.ask_blow(panel, view, lambda done: panel.refused(told))
