"""What a row of directives and requests says of itself: what it asks for, how far it came, who
answered for whom."""

from __future__ import annotations

from commandwall import plans
from commandwall.answers import Answer
from commandwall.countersign import Countersign
from commandwall.directives import DRAFT, VERIFIED, Directive
from commandwall.incidents import Incident
from commandwall.picture import Picture
from commandwall.planbook import Book, PlanTask
from commandwall.requests import Request
from widgets import age
from widgets.i18n import language, named, tr
from widgets.text import person


def reached(d: Directive) -> str:
    """When it reached the other side, and a person there."""
    if d.seen_at is not None:
        return tr("已看 {time}，未接令", time=age.clock(d.seen_at))
    if d.delivered_at is not None:
        return tr("送达 {time}，未看", time=age.clock(d.delivered_at))
    return tr("未送达对方")


def heard(answer: Answer, given: Answer | None) -> str:
    """李* 电话接令，陈* 代录 14:03，本人 14:20"""
    a = answer
    state = named(f"{a.kind}_state", a.step)
    who, by, channel = person(a.person), person(a.by), named("channel", a.channel)
    told = tr(
        "{who} {channel}{state}，{by} 代录 {time}", who=who, channel=channel, state=state, by=by,
        time=age.clock(a.at),
    )  # fmt: skip
    return tr("{told}，本人 {time}", told=told, time=age.clock(given.at)) if given else told


def second_word(word: Countersign) -> str:
    """第二人 王* 电话同意，待补签; or who signed it, and when."""
    second, channel = person(word.second), named("channel", word.channel)
    if word.signed_at is None:
        return tr("第二人 {name} {channel}同意，待补签", name=second, channel=channel)
    by, time = person(word.signed_by), age.clock(word.signed_at)
    return tr("第二人 {name}，{by} 补签 {time}", name=second, by=by, time=time)


def ended(d: Directive) -> str:
    """Refused, cancelled or superseded, and why."""
    return "，".join(filter(None, (named("directive_state", d.state), d.reason)))


def closed(d: Directive | Request) -> str:
    """What is told in the place of a debt."""
    if isinstance(d, Request):
        return f"{named('request_state', d.state)} {age.clock(d.changed_at)}"
    if d.state == DRAFT:
        return tr("草拟，待签发")
    if d.state == VERIFIED:
        return tr("已核验 {time}", time=age.clock(d.verified_at))
    return tr("已知悉 {time}", time=age.clock(d.end_acked_at)) if d.end_acked_at else ""


def task_of(book: Book, picture: Picture, d: Directive) -> PlanTask | None:
    """The task of a plan that it stands for; None where no plan here knows of it."""
    return plans.task(book.plans, picture.directives, d)


def short(book: Book, picture: Picture, d: Directive) -> str:
    """What it asks for in a word: the name of its task, else of its act; "" where it has none."""
    task = task_of(book, picture, d)
    return named("directive_verb", d.verb) if task is None else task_name(task)


def task_name(task: PlanTask) -> str:
    return task.en if language() == "en" else task.zh


def at_scene(words: str, incident: Incident | None) -> str:
    """The words of an order with the place of its incident, which stands at the head of the page,
    as the scene: so that a line holds what is to be done there. In the language of plans and
    places, whatever the screen is read in."""
    place = incident.place if incident is not None else ""
    return words.replace(place, "现场") if place else words
