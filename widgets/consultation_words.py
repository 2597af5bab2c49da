"""Consultations 会商 in words: what stands in a row, and what a resolution becomes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from commandwall import consulting, restricted
from commandwall.alarms import Alarm
from commandwall.consulting import (
    EVENT,
    INCIDENT,
    Attendee,
    Consultation,
    Held,
    Resolution,
)
from commandwall.directives import Directive
from commandwall.events import Event, EventView
from commandwall.incidents import OPEN, Incident
from commandwall.indicators import Indicator
from commandwall.instructions import Instruction
from commandwall.ladders import WATCHED, PlanPoint, Supervision
from commandwall.picture import Picture
from commandwall.public_warnings import PublicWarning
from commandwall.resources import Resource
from widgets import age, links, text, words
from widgets.base import Subject
from widgets.i18n import named, tr

ORDER, POINT, STANDING = "order", "point", "standing"
"""What a resolution becomes by the acts that there are: a directive of its incident, a point of the
plan of its event, a standing instruction."""
WAYS = {ORDER: "指令", POINT: "督办任务", STANDING: "常备要求"}
Became = Directive | PlanPoint | Instruction
KINDS: Mapping[str, type[Any]] = {
    "incident": Incident, "event": Event, "alarm": Alarm, "publicwarning": PublicWarning,
    "indicator": Indicator, "resource": Resource, "directive": Directive,
}  # fmt: skip
"""What the list consultation_figure calls a kind -> the kind."""
LONG = 60
"""Letters of a text in a row."""


def held(picture: Picture, one: Consultation) -> Held:
    """A consultation with all that belongs to it; without a word of one whose event became
    restricted since."""
    found = consulting.held(one, picture.attendees.values(), picture.opinions.values(),
                            picture.resolutions.values())  # fmt: skip
    if one.kind == EVENT and picture.hides(one.subject):
        return restricted.bare(found, picture.events[one.subject].event.headline)
    return found


def way(picture: Picture, one: Consultation) -> str:
    """What a resolution of a consultation becomes."""
    if one.kind == INCIDENT:
        incident = picture.incidents.get(one.subject)
        return ORDER if incident is not None and incident.state == OPEN else STANDING
    watched = picture.supervisions.get(one.subject) if one.kind == EVENT else None
    return POINT if watched is not None and watched.state == WATCHED else STANDING


def became(picture: Picture, resolution: str) -> Became | None:
    """The newest thing that came of it."""
    name = consulting.source(resolution)
    shelves: tuple[Mapping[str, Any], ...] = (
        picture.directives, picture.points, picture.instructions,
    )  # fmt: skip
    found = [row for shelf in shelves for row in shelf.values() if row.source == name]
    return max(found, key=_made_at, default=None)


def _made_at(row: Became) -> int:
    if isinstance(row, Directive):
        return row.issued_at
    return row.made_at if isinstance(row, PlanPoint) else row.at


def standing(row: Became | None) -> str:
    """第 3 号　已接令; 任务　在办; "" where nothing came of it."""
    if row is None:
        return ""
    if isinstance(row, Directive):
        return f"{links.called(row)}　{named('directive_state', row.state)}"
    if isinstance(row, PlanPoint):
        return f"{tr(WAYS[POINT])}　{named('point_state', row.state)}"
    return f"{tr(WAYS[STANDING])}　{named('instruction_state', row.state)}"


def subject_of(row: Became | None) -> Subject | None:
    """Where it is worked on; a standing instruction stands in each hand-over, on no page."""
    if isinstance(row, Directive):
        return Subject(Directive, row.id)
    return Subject(Supervision, row.event) if isinstance(row, PlanPoint) else None


def about(picture: Picture, one: Consultation) -> str:
    """What it was called for."""
    if one.kind == INCIDENT:
        incident = picture.incidents.get(one.subject)
        return tr("突发　{title}", title=text.plain(incident.title, LONG) if incident else "—")
    if one.kind == EVENT:
        view = picture.events.get(one.subject)
        return tr("事件　{number}", number=view.number if view is not None else "—")
    return tr("日常")


def who(attendee: Attendee) -> str:
    """值班长　陈*."""
    of = named("post", attendee.seat, "full") if attendee.seat else text.plain(attendee.unit, LONG)
    return "　".join(filter(None, (of, text.person(attendee.name))))


def by(one: Resolution) -> str:
    """Who does it."""
    return named("post", one.seat, "full") if one.seat else text.plain(one.unit, LONG)


def row(picture: Picture, kind: str, key: str, views: Mapping[str, EventView]) -> str:
    """A thing of a figure, as it stands now; said so where it is no more."""
    if kind == "event":
        view = views.get(key)
        return _event(picture, view) if view is not None else gone(key)
    found = _shelf(picture, kind).get(key)
    return TELLING[kind](picture, found) if found is not None else gone(key)


def gone(key: str) -> str:
    return tr("现已不在　{id}", id=text.plain(key, LONG))


def _event(picture: Picture, view: EventView) -> str:
    told = (view.number, text.plain(view.event.headline, LONG), words.event_place(view, picture),
            named("event_state", view.state))  # fmt: skip
    return "　".join(filter(None, told))


def _shelf(picture: Picture, kind: str) -> Mapping[str, Any]:
    shelves: Mapping[str, Mapping[str, Any]] = {
        "incident": picture.incidents, "alarm": picture.alarms, "resource": picture.resources,
        "publicwarning": picture.warnings, "indicator": picture.indicators,
        "directive": picture.directives,
    }  # fmt: skip
    return shelves.get(kind, {})


def _indicator(picture: Picture, one: Indicator) -> str:
    value = picture.values.get(one.id)
    told = age.measure(value.value if value is not None else None, one.unit, one.decimals)
    return f"{text.plain(one.name, LONG)}　{told}"


def _resource(picture: Picture, one: Resource) -> str:
    return "　".join((named("resource_kind", one.kind), text.plain(one.name, LONG),
                      text.plain(one.unit, LONG)))  # fmt: skip


TELLING: Mapping[str, Callable[[Picture, Any], str]] = {
    "incident": lambda p, i: f"{text.plain(i.title, LONG)}　{text.plain(i.place, LONG)}",
    "alarm": lambda p, a: f"{words.alarm_title(a)}　{words.place(p, a.area)}",
    "publicwarning": lambda p, w: text.plain(w.headline, LONG),
    "indicator": _indicator,
    "resource": _resource,
    "directive": lambda p, d: f"{links.called(d)}　{text.plain(d.text, LONG)}",
}
"""Kind -> how a row of it is told."""
