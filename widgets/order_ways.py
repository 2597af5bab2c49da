"""What may be done with a directive or a request, by which key: the table of the command page."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from commandwall import answers, behalf, countersign, directives, requests
from commandwall.answers import Answer
from commandwall.countersign import Countersign
from commandwall.directives import (
    BLOCKED,
    CANCELLED,
    DIRECTIVE_ACKED,
    DONE,
    DRAFT,
    ENDED,
    EXECUTING,
    REFUSED,
    STEPS,
    SUPERSEDED,
    VERIFIED,
    Directive,
)
from commandwall.owed import Debt
from commandwall.posts import side_of
from commandwall.requests import Request
from widgets.base import Subject  # fmt: skip

Chosen = Directive | Request


@dataclass(frozen=True, slots=True)
class Way:
    """What may be done with a directive: by which key, in which states, by whom."""

    key: str
    name: str
    act: Any
    when: frozenset[str]
    words: str = ""
    """The argument that takes the typed words."""
    issuer: bool = False
    """Whether it is for the side that issued it; else for the side that it is for."""


WAITING, UNANSWERED = STEPS[DIRECTIVE_ACKED], frozenset({requests.ASKED})
ANSWERS = (
    Way("Space", "签发", directives.sign, frozenset({DRAFT}), issuer=True),
    Way("Space", "知悉", directives.know_end, ENDED),
    Way("Space", "接令", directives.acknowledge, WAITING),
    Way("G", "执行", directives.execute, STEPS[EXECUTING] - {DONE}),
    Way("B", "受阻", directives.block, STEPS[BLOCKED], "need"),
    Way("O", "完成", directives.complete, STEPS[DONE], "evidence"),
    Way("X", "拒绝", directives.refuse, STEPS[REFUSED], "reason"),
    Way("V", "核验", directives.verify, STEPS[VERIFIED], issuer=True),
    Way("U", "退回", directives.send_back, STEPS[VERIFIED], "need", issuer=True),
    Way("X", "略过", directives.cancel, frozenset({DRAFT}), "reason", issuer=True),
    Way("X", "取消", directives.cancel, STEPS[CANCELLED] - {DRAFT}, "reason", issuer=True),
)
"""What is offered; the desk decides. Of two with one key the one that fits is meant."""
REPLIES = (
    Way("Space", "同意", requests.grant, UNANSWERED),
    Way("W", "部分同意", requests.grant_part, UNANSWERED, "said"),
    Way("X", "撤回", requests.withdraw, UNANSWERED, "reason", issuer=True),
    Way("X", "不予", requests.decline, UNANSWERED, "reason"),
)
"""The same for a request."""
OTHERS = {
    "Ctrl+Return": directives.issue, "Ctrl+S": directives.draft, "Shift+A": directives.expect,
    "S": directives.supersede, "T": directives.issue, "C": behalf.record_for,
    "Shift+V": countersign.countersign,
}  # fmt: skip
"""The acts of the other keys of the bar."""
MORE = {
    "Shift+A": (WAITING | STEPS[DONE] | {BLOCKED}, False),
    "S": (STEPS[SUPERSEDED], True),
    "T": (UNANSWERED, False),
}
"""Key of an act with facts of its own -> states in which it is offered, whether by the issuer."""


ONWARD = ("Space", "G")
"""Keys that also answer what is owed for longest; any other needs a chosen row, since another
station may change which one that is between the eye and the key."""


@dataclass(frozen=True, slots=True)
class Held:
    """What stood in the form, and what was chosen, when a person gave an act."""

    words: str
    source: Subject | None
    place: tuple[float, float, str] | None
    details: dict[str, Any]


def owed_longest(debts: Iterable[Debt], post: str) -> Chosen | None:
    """What a post owes an answer to for longest."""
    mine = ((debt.since, debt.record) for debt in debts if debt.post == post)
    rows = ((since, row) for since, row in mine if isinstance(row, Directive | Request))
    return min(rows, key=lambda one: one[0], default=(0, None))[1]


def names() -> dict[str, str]:
    """Key -> a name of what it does, for the list of keys."""
    return {way.key: way.name for way in (*REPLIES, *ANSWERS)}


def way(key: str, found: Chosen | None, post: str) -> Way | None:
    """What a key means for what is chosen; its last meaning where nothing fits, which the desk
    refuses with its reason."""
    ways = [way for way in _ways(found) if way.key == key]
    fits = (way for way in ways if found is not None and _fits(way, found, post))
    return next(fits, ways[-1] if ways else None)


def act(key: str, found: Chosen | None, post: str) -> Any:
    """What a key of the bar asks of the desk."""
    if key == "T" and isinstance(found, Request):
        return requests.fulfil
    meant = way(key, found, post)
    return OTHERS.get(key) or (meant.act if meant is not None else behalf.confirm)


def offered(found: Chosen | None, post: str) -> dict[str, str]:
    """Key -> name of all that this post may do with what is chosen, as it stands."""
    if found is None:
        return {}
    return {way.key: way.name for way in _ways(found) if _fits(way, found, post)}


def more(found: Chosen | None, post: str) -> list[str]:
    """Keys of what has facts of its own, where it may be done."""
    if found is None:
        return []
    keys = [key for key, (states, issuer) in MORE.items()
            if found.state in states and is_ours(found, issuer, post)]  # fmt: skip
    return [*keys, *(["C"] if spoken(found) else [])]


def spoken(found: Chosen) -> dict[str, Way]:
    """Name of the act -> what may be written down for the side that owes an answer."""
    ways = (way for way in _ways(found) if not way.issuer and found.state in way.when)
    return {way.act.__name__: way for way in ways if way.act.__name__ in behalf.SPOKEN}


def unconfirmed(found: Chosen | None, post: str, every: Collection[Answer]) -> Answer | None:
    """What was written down for the side of a post and nobody of it said himself yet."""
    heard = answers.spoken(every, found.id if found else "")
    mine = (a for a in heard if side_of(a.person_post) == side_of(post))
    return next((a for a in mine if answers.own(every, a) is None), None)


def unsigned(found: Chosen | None, post: str, words: Iterable[Countersign]) -> Countersign | None:
    """The word of a second person that a post may sign."""
    if found is None or not countersign.may_sign(post):
        return None
    return next((w for w in words if w.record == found.id and w.signed_at is None), None)


def is_ours(found: Chosen, issuer: bool, post: str) -> bool:
    """Whether a post is of the side that may do it: the one that issued it, or the addressee."""
    return side_of(found.from_post if issuer else found.to_post) == side_of(post)


def _fits(way: Way, found: Chosen, post: str) -> bool:
    return found.state in way.when and is_ours(found, way.issuer, post)


def _ways(found: Chosen | None) -> tuple[Way, ...]:
    return REPLIES if isinstance(found, Request) else ANSWERS
