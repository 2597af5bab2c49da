"""The course of an event on its card: what the city says, what stations did, and who was sent."""

from __future__ import annotations

from collections.abc import Sequence

from commandwall.clock import Ms
from commandwall.events import EventView
from commandwall.masking import without
from commandwall.picture import Picture
from widgets import age, text
from widgets.event_lines import LABEL, ROW
from widgets.event_steps import sent_units, told_of
from widgets.i18n import named, tr
from widgets.paper import RIGHT, Ink, Paper

TIME, WHO, LINES = LABEL, 130.0, 9
"""Widths of the moment and of who it was, and how many lines there are at most."""
HEAD, FOOT = 36.0, 18.0
"""Where the first line stands, below where another fact would, and room for its heading."""
LEAST = FOOT + 4 * ROW
"""Room that facts leave for the last lines."""
CROWDED = FOOT + 3 * ROW
"""The same where there would be none for any fact."""
CITY_SAYS = ("reported", "received", "closed")
"""What is told by the city itself and not by a station."""
Told = Sequence[tuple[Ms, str, str, str, str]]
"""Moment, post, person, act, what was said."""


def of(picture: Picture, view: EventView, told: Told) -> Told:
    """All of it until now, in order (of one moment as the journal has it), without the name of who
    reported it."""
    e, pool = view.event, tr("中心池")
    city = [(e.reported_at, "", named("event_source", e.source), "reported", "")]
    city.append((e.received_at, "", pool, "received", ""))
    if e.closed_at is not None:
        city.append((e.closed_at, "", pool, "closed", ""))
    found = sorted((*city, *told, *sent_units(picture, view)), key=lambda one: one[0])
    return [(*one[:4], without(one[4], e.person)) for one in found if one[0] <= picture.now]


def draw(
    paper: Paper, y: float, end: float, told: Told, now: Ms, hidden: bool = False, rest: int = 0
) -> None:
    """The last lines that there is room for; `hidden`: without what was said. `rest`: facts that
    found no room before it; where these and all lines stand is told."""
    room = max(0, min(LINES, int((end - FOOT - y) // ROW)))
    if not room:
        return
    aside = [tr("另有 {n} 项情况", n=rest) if rest else "", tr("大事记 {n} 条", n=len(told))]
    aside.append(tr("全看 Shift R") if rest or len(told) > room else "")
    paper.write(0, y + 10, tr("经过"), Ink("heading"))
    ink = Ink("age", "t1" if rest else "")
    paper.write(paper.width, y + 10, "　".join(filter(None, aside)), ink, RIGHT)
    y += HEAD
    for at, post, by, act, said in told[-room:]:
        paper.write(0, y, age.moment(now, at), Ink("age"))
        paper.write(TIME, y, _who(post, by, act), Ink("label"), room=WHO - 10)
        line = "　".join(filter(None, (told_of(act), "" if hidden else said)))
        paper.write(TIME + WHO, y, line, Ink("label", "t1"), room=paper.width - TIME - WHO)
        y += ROW


def lines(told: Told, now: Ms, hidden: bool = False) -> str:
    """All of it, a line for each, the newest first; `hidden`: without what was said."""
    rows = (
        (age.moment(now, at), _who(post, by, act), told_of(act), "" if hidden else said)
        for at, post, by, act, said in reversed(told)
    )
    return "\n".join("　".join(filter(None, row)) for row in rows)


def _who(post: str, by: str, act: str) -> str:
    if act in CITY_SAYS:
        return by  # a source, not a person
    return " ".join(filter(None, (named("post", post), text.person(by)))) or tr("本机")
