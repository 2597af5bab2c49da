"""Directives 指令: orders from post to post, and what each of them owes."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from commandwall.clock import Ms
from commandwall.incidents import still_open
from commandwall.posts import side_of
from commandwall.store.schema import WALL, record
from commandwall.store.store import Refused, Tx
from commandwall.store.written import TITLE_LIMIT, written

ISSUED, DELIVERED, DIRECTIVE_ACKED, EXECUTING, BLOCKED, DONE, VERIFIED = (
    "ISSUED",
    "DELIVERED",
    "ACKED",
    "EXECUTING",
    "BLOCKED",
    "DONE",
    "VERIFIED",
)


@record(WALL, index=("incident",), marks=("delivered_at", "seen_at"))
@dataclass(frozen=True, slots=True)
class Directive:
    """An order from post to post; it owes an answer (states of domain/spec 5.10)."""

    id: str
    no: int
    incident: str
    from_post: str
    to_post: str
    cc: str
    verb: str  # code list directive_verb
    text: str
    place: str
    lon: float | None
    lat: float | None
    due_at: Ms | None
    priority: int  # 1..4, drawn as a severity
    needs: str  # comma separated: ack, photo, position
    parent: str
    supersedes: str
    state: str
    need: str  # what a blocked one needs
    evidence: str
    changed_at: Ms
    issued_at: Ms
    delivered_at: Ms | None = None
    acked_at: Ms | None = None
    executing_at: Ms | None = None
    done_at: Ms | None = None
    verified_at: Ms | None = None
    by: str = ""
    post: str = ""
    seen_at: Ms | None = None  # a person of the side it is for chose it


DIRECTIVE_LIMIT = 300
STEPS: Mapping[str, frozenset[str]] = {
    DELIVERED: frozenset({ISSUED}),
    DIRECTIVE_ACKED: frozenset({ISSUED, DELIVERED}),
    EXECUTING: frozenset({DIRECTIVE_ACKED, BLOCKED, DONE}),
    BLOCKED: frozenset({DIRECTIVE_ACKED, EXECUTING}),
    DONE: frozenset({DIRECTIVE_ACKED, EXECUTING}),
    VERIFIED: frozenset({DONE}),
}
"""New state -> the states it may follow (domain/spec 5.10)."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a directive says, before it has a number and a state."""

    incident: str
    to_post: str
    text: str
    verb: str = ""
    cc: str = ""
    place: str = ""
    lon: float | None = None
    lat: float | None = None
    due_at: Ms | None = None
    priority: int = 3
    needs: str = "ack"
    parent: str = ""


def issue(tx: Tx, order: Order) -> None:
    """下达: sign a directive from this post to another."""
    still_open(tx, order.incident)
    text = written("text", order.text, DIRECTIVE_LIMIT)
    to_post = written("to_post", order.to_post, TITLE_LIMIT)
    place = written("place", order.place, needed=False)
    o, number = order, _number(tx, order.incident)
    tx.put(
        Directive(
            str(uuid.uuid4()), number, o.incident, tx.post, to_post, o.cc, o.verb, text,
            place, o.lon, o.lat, o.due_at, o.priority, o.needs, o.parent, "", ISSUED, "", "",
            tx.now, tx.now, by=tx.by, post=tx.post,
        )
    )  # fmt: skip


def deliver(tx: Tx, directives: Sequence[Directive]) -> None:
    """送达: it reached a station of the side it is for. Follows by itself, so the mark is true."""
    here = side_of(tx.setting("post"))
    mine = [d for d in directives if d.state == ISSUED and here and side_of(d.to_post) == here]
    tx.put(*(replace(d, state=DELIVERED, delivered_at=tx.now) for d in mine))


def see(tx: Tx, directive: str) -> None:
    """已看: a person of the side it is for has it before them; no answer yet, and no new state."""
    now = tx.get(Directive, directive)
    if now is not None and unseen(now, tx.post):
        tx.put(replace(now, seen_at=tx.now, delivered_at=now.delivered_at or tx.now))


def unseen(directive: Directive, post: str) -> bool:
    """Whether nobody of this post's side is known to have seen what is for that side."""
    d, here = directive, side_of(post)
    known = d.seen_at is not None or d.acked_at is not None or d.from_post == post
    return not known and bool(here) and side_of(d.to_post) == here


def acknowledge(tx: Tx, directive: str) -> None:
    """接令: a person of the post it is for has read it."""
    now = _answer(tx, directive, DIRECTIVE_ACKED)
    delivered, seen = now.delivered_at or tx.now, now.seen_at or tx.now
    tx.put(replace(now, acked_at=tx.now, delivered_at=delivered, seen_at=seen))


def execute(tx: Tx, directive: str) -> None:
    """执行中: work has begun, or goes on after a refusal of what was done."""
    tx.put(replace(_answer(tx, directive, EXECUTING), executing_at=tx.now, need=""))


def block(tx: Tx, directive: str, need: str) -> None:
    """受阻: it cannot go on without what is named."""
    need = written("need", need)
    tx.put(replace(_answer(tx, directive, BLOCKED), need=need))


def complete(tx: Tx, directive: str, evidence: str) -> None:
    """完成: done, with the evidence."""
    evidence = written("evidence", evidence)
    tx.put(replace(_answer(tx, directive, DONE), done_at=tx.now, evidence=evidence))


def verify(tx: Tx, directive: str) -> None:
    """核验: the side that issued it confirms."""
    now = _step(tx, directive, VERIFIED)
    if side_of(tx.post) != side_of(now.from_post):
        raise Refused("not_issuer", post=tx.post, issuer=now.from_post)
    tx.put(replace(now, verified_at=tx.now))


def send_back(tx: Tx, directive: str, need: str) -> None:
    """退回: the side that issued it does not take what was done, and says what is missing."""
    need = written("need", need)
    now = _step(tx, directive, EXECUTING)
    if now.done_at is None or side_of(tx.post) != side_of(now.from_post):
        raise Refused("not_issuer", post=tx.post, issuer=now.from_post)
    tx.put(replace(now, done_at=None, need=need))


def owes(directive: Directive) -> tuple[str, str, Ms] | None:
    """Who owes what since when: (post, step owed, moment it was first owed); None when verified."""
    d = directive
    if d.state == VERIFIED:
        return None
    if d.state in (ISSUED, DELIVERED):
        return d.to_post, "ack", d.issued_at
    if d.state == DONE:
        return d.from_post, "verify", d.done_at or d.changed_at
    if d.state == BLOCKED:
        return d.from_post, "need", d.changed_at
    return d.to_post, "done", d.acked_at or d.changed_at


def _step(tx: Tx, directive: str, state: str) -> Directive:
    now = tx.get(Directive, directive)
    if now is None:
        raise Refused("unknown", kind="directive", id=directive)
    if now.state not in STEPS[state]:
        raise Refused("state", kind="directive", id=directive, state=now.state, wanted=state)
    return replace(now, state=state, changed_at=tx.now, by=tx.by, post=tx.post)


def _answer(tx: Tx, directive: str, state: str) -> Directive:
    now = _step(tx, directive, state)
    if side_of(tx.post) != side_of(now.to_post):
        raise Refused("not_addressee", post=tx.post, addressee=now.to_post)
    return now


def _number(tx: Tx, incident: str) -> int:
    return 1 + max((d.no for d in tx.find(Directive, incident=incident)), default=0)
