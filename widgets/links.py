"""From one thing to what came of it, and back: message, decision, request, directive."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from commandwall.directives import Directive
from commandwall.exchange import Decision, Message
from commandwall.picture import Picture
from commandwall.requests import Request
from layers.words import order_number
from widgets.base import Subject
from widgets.i18n import tr

KINDS: dict[str, type[Any]] = {
    "message": Message, "decision": Decision, "request": Request, "directive": Directive,
}  # fmt: skip
"""What a `source` calls a kind -> the kind."""


def record(picture: Picture, subject: Subject | None) -> Any:
    """The record of a subject of these kinds; None for another, or an unknown one."""
    shelves: dict[type[Any], Mapping[str, Any]] = {
        Message: picture.messages, Decision: picture.decisions, Request: picture.requests,
        Directive: picture.directives,
    }  # fmt: skip
    return shelves[subject.kind].get(subject.id) if subject and subject.kind in shelves else None


def after(picture: Picture, subject: Subject) -> list[Subject]:
    """What came of it, the oldest first: decisions before directives."""
    name = f"{subject.kind.__name__.lower()}:{subject.id}"
    decided = sorted(
        (d for d in picture.decisions.values() if d.source == name), key=lambda d: d.at
    )
    made = [
        d for d in picture.directives.values() if name in (d.source, f"directive:{d.supersedes}")
    ]
    orders = sorted(made, key=lambda d: d.issued_at)
    return [
        *(Subject(Decision, d.id) for d in decided),
        *(Subject(Directive, d.id) for d in orders),
    ]


def before(picture: Picture, subject: Subject) -> Subject | None:
    """What it came of; None for what began by itself."""
    kind, _, key = str(getattr(record(picture, subject), "source", "")).partition(":")
    found = Subject(KINDS[kind], key) if kind in KINDS else None
    return found if record(picture, found) is not None else None


def name(picture: Picture, subject: Subject) -> str:
    """How a thing is called beside another; "" for one that is not known."""
    return called(record(picture, subject))


def called(found: object) -> str:
    """决定 2, 第 5 号, 请1, 讯息; "" for what has no such name."""
    if isinstance(found, Decision):
        return tr("决定 {n}", n=found.no)
    if isinstance(found, Directive):
        return tr("第 {n} 号", n=order_number(tr, found))
    if isinstance(found, Request):
        return order_number(tr, found)
    return tr("讯息") if isinstance(found, Message) else ""


def onward(picture: Picture, subject: Subject) -> Subject | None:
    """The first thing that came of it; None where a chain ends."""
    return next(iter(after(picture, subject)), None)


def words(found: Message | Decision | Request) -> str:
    """What it says, as a directive would say it."""
    if isinstance(found, Request):
        return f"{found.what} {found.amount}".strip()
    return found.what if isinstance(found, Decision) else found.text


def told(picture: Picture, subject: Subject) -> Iterator[str]:
    """据 讯息, 成 第 5 号: its neighbours on both sides, in words."""
    if (source := before(picture, subject)) is not None:
        yield tr("据{what}", what=name(picture, source))
    for made in after(picture, subject):
        yield tr("成{what}", what=name(picture, made))
