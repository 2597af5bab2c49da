"""Directives 指令: orders from post to post, through all their states (domain/spec 5.10)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from commandwall.answers import give
from commandwall.attachments import has_picture
from commandwall.clock import Ms
from commandwall.countersign import Second, asked_for, take
from commandwall.incidents import still_open
from commandwall.posts import side_of
from commandwall.store.schema import WALL, Meeting, record
from commandwall.store.store import Refused, Tx
from commandwall.store.written import TITLE_LIMIT, present, written

DRAFT, ISSUED, DELIVERED, DIRECTIVE_ACKED, REFUSED = (
    "DRAFT",
    "ISSUED",
    "DELIVERED",
    "ACKED",
    "REFUSED",
)
EXECUTING, BLOCKED, DONE, VERIFIED = "EXECUTING", "BLOCKED", "DONE", "VERIFIED"
SUPERSEDED, CANCELLED = "SUPERSEDED", "CANCELLED"
ENDED = frozenset({SUPERSEDED, CANCELLED})
"""Taken back: nobody is to work on it, and the addressee must know."""
OPEN_STATES = frozenset({ISSUED, DELIVERED, DIRECTIVE_ACKED, REFUSED, EXECUTING, BLOCKED, DONE})
STEPS: Mapping[str, frozenset[str]] = {
    ISSUED: frozenset({DRAFT}),
    DELIVERED: frozenset({ISSUED}),
    DIRECTIVE_ACKED: frozenset({ISSUED, DELIVERED}),
    REFUSED: frozenset({ISSUED, DELIVERED}),
    EXECUTING: frozenset({DIRECTIVE_ACKED, BLOCKED, DONE}),
    BLOCKED: frozenset({DIRECTIVE_ACKED, EXECUTING}),
    DONE: frozenset({DIRECTIVE_ACKED, EXECUTING}),
    VERIFIED: frozenset({DONE}),
    SUPERSEDED: OPEN_STATES,
    CANCELLED: OPEN_STATES | {DRAFT},
}
"""New state -> the states it may follow."""
YIELDS = {
    DRAFT: OPEN_STATES | {VERIFIED} | ENDED,
    ISSUED: OPEN_STATES | {VERIFIED} | ENDED,
    DELIVERED: OPEN_STATES - {ISSUED} | {VERIFIED} | ENDED,
    DIRECTIVE_ACKED: frozenset({EXECUTING, BLOCKED, DONE, VERIFIED}) | ENDED,
    EXECUTING: ENDED,
    BLOCKED: ENDED,
}
"""State -> what goes before it where two stations wrote without seeing each other. That a plan
drafted an order twice, or that it arrived, contradicts nothing; who takes it back while it is
worked on has taken it back."""
PHOTO, POSITION = "photo", "position"
DIRECTIVE_LIMIT = 300
USUAL = 3
"""The priority of most."""


@record(
    WALL,
    index=("incident",),
    meeting=Meeting(
        ("delivered_at", "seen_at", "acked_at", "executing_at", "end_acked_at"),
        ("changed_at", "issued_at", "by", "post"),
        {state: frozenset(further - {state}) for state, further in YIELDS.items()},
    ),
)
@dataclass(frozen=True, slots=True)
class Directive:
    """An order from post to post; it owes an answer."""

    id: str
    no: int  # of its side in its incident; 0 while it is a draft
    incident: str
    from_post: str
    to_post: str
    cc: str  # posts, comma separated
    verb: str  # code list directive_verb
    text: str
    place: str
    lon: float | None
    lat: float | None
    due_at: Ms | None
    priority: int  # 1..4, drawn as a severity
    needs: str  # comma separated: ack, photo, position
    parent: str  # the directive it is part of
    supersedes: str  # the directive it stands for
    state: str
    need: str  # what a blocked one needs
    evidence: str
    changed_at: Ms
    issued_at: Ms  # 0 while it is a draft
    delivered_at: Ms | None = None
    acked_at: Ms | None = None
    executing_at: Ms | None = None
    done_at: Ms | None = None
    verified_at: Ms | None = None
    by: str = ""
    post: str = ""
    seen_at: Ms | None = None  # a person of the side it is for chose it
    eta_at: Ms | None = None  # when the addressee expects to be done
    reason: str = ""  # why it was refused, cancelled or superseded
    ended_at: Ms | None = None  # refused, cancelled or superseded
    end_acked_at: Ms | None = None  # a person of the post it was for knows that it is taken back
    done_lon: float | None = None  # where it was done, if its needs ask for a position
    done_lat: float | None = None
    source: str = ""  # what it came of: request:…, decision:…, message:…


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
    priority: int = USUAL
    needs: str = "ack"
    parent: str = ""
    source: str = ""
    second: Second | None = None  # whose word there is for it, where its verb needs a second person


def issue(tx: Tx, order: Order) -> None:
    """下达: sign a directive from this post to another."""
    tx.put(issued(tx, order))


def issued(tx: Tx, order: Order) -> Directive:
    """The directive of an order, signed by this post; not yet put.

    Refused("second") where its verb needs the word of a second person and there is none.
    """
    made = _numbered(tx, _drafted(tx, order))
    if asked_for(order.verb, tx.post):
        take(tx, order.incident, ("directive", made.id), order.second)
    return made


def draft(tx: Tx, order: Order) -> None:
    """拟稿: a directive that is written and not signed; another post of this side may sign it."""
    tx.put(_drafted(tx, order))


def sign(tx: Tx, directive: str) -> None:
    """签发: a draft becomes a directive of the post that signs it."""
    now = _step(tx, directive, ISSUED)
    still_open(tx, now.incident)
    _of_issuer(tx, now)
    if asked_for(now.verb, tx.post):
        raise Refused("second")
    tx.put(_numbered(tx, replace(now, from_post=tx.post)))


def sign_all(tx: Tx, incident: str, directives: list[str]) -> None:
    """全部签发: drafts of this side become directives of the post that signs them, in this order.

    What somebody signed or took back meanwhile stays as it is; Refused("state") where that is all
    of it, and Refused("second") where one needs the word of a second person.
    """
    still_open(tx, incident)
    found = {d.id: d for d in tx.many(Directive, directives, incident=incident, state=DRAFT)}
    drafts = [found[key] for key in directives if key in found]
    if not drafts:
        raise Refused("state", kind="directive", state=ISSUED, wanted=ISSUED)
    for one in drafts:
        _of_issuer(tx, one)
    if any(asked_for(one.verb, tx.post) for one in drafts):
        raise Refused("second")
    first = _next_number(tx, incident, tx.post)
    signed = (replace(_stepped(tx, d, ISSUED), from_post=tx.post) for d in drafts)
    tx.put(*(replace(d, no=n, issued_at=tx.now) for n, d in enumerate(signed, first)))


def supersede(tx: Tx, directive: str, order: Order) -> None:
    """作废替代: another directive stands for this one, which the addressee must know."""
    old, new = _step(tx, directive, SUPERSEDED), issued(tx, order)
    _of_issuer(tx, old)
    tx.put(replace(old, ended_at=tx.now), replace(new, supersedes=old.id))


def cancel(tx: Tx, directive: str, reason: str) -> None:
    """取消: the side that issued it takes it back."""
    reason = written("reason", reason)
    now = _step(tx, directive, CANCELLED)
    _of_issuer(tx, now)
    tx.put(replace(now, reason=reason, ended_at=tx.now))


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
    return d.state != DRAFT and not known and bool(here) and side_of(d.to_post) == here


def acknowledge(tx: Tx, directive: str) -> None:
    """接令: a person of the post it is for has read it."""
    tx.put(_acknowledged(tx, _answer(tx, directive, DIRECTIVE_ACKED)))


def expect(tx: Tx, directive: str, eta_at: Ms) -> None:
    """预计: the addressee says when it will be done; who does not know yet acknowledges with it."""
    now = present(tx, Directive, directive)
    if now.state in STEPS[DIRECTIVE_ACKED]:
        now = _acknowledged(tx, _answer(tx, directive, DIRECTIVE_ACKED))
    elif now.state not in (DIRECTIVE_ACKED, EXECUTING, BLOCKED):
        raise _not_now(now, DIRECTIVE_ACKED)
    _of_addressee(tx, now)
    tx.put(replace(now, eta_at=eta_at, changed_at=tx.now, by=tx.by, post=tx.post))


def refuse(tx: Tx, directive: str, reason: str) -> None:
    """拒绝: the addressee does not take it, and says why; the issuer decides what follows."""
    reason = written("reason", reason)
    now = _answer(tx, directive, REFUSED)
    tx.put(replace(now, reason=reason, ended_at=tx.now, seen_at=now.seen_at or tx.now))


def execute(tx: Tx, directive: str) -> None:
    """执行中: work has begun, or goes on after a refusal of what was done."""
    now = _answer(tx, directive, EXECUTING)
    tx.put(replace(now, executing_at=now.executing_at or tx.now, need=""))


def block(tx: Tx, directive: str, need: str) -> None:
    """受阻: it cannot go on without what is named."""
    need = written("need", need)
    tx.put(replace(_answer(tx, directive, BLOCKED), need=need))


def complete(
    tx: Tx, directive: str, evidence: str, lon: float | None = None, lat: float | None = None
) -> None:
    """完成: done, with the evidence that was asked for.

    Refused("evidence") names what is missing: a photo that is attached, a position (degrees).
    """
    evidence = written("evidence", evidence)
    now = _answer(tx, directive, DONE)
    needs = now.needs.split(",")
    if PHOTO in needs and not has_picture(tx, now.id):
        raise Refused("evidence", wanted=PHOTO)
    if POSITION in needs and (lon is None or lat is None):
        raise Refused("evidence", wanted=POSITION)
    tx.put(replace(now, done_at=tx.now, evidence=evidence, done_lon=lon, done_lat=lat, need=""))


def verify(tx: Tx, directive: str) -> None:
    """核验: the side that issued it confirms."""
    now = _step(tx, directive, VERIFIED)
    _of_issuer(tx, now)
    tx.put(replace(now, verified_at=tx.now))


def send_back(tx: Tx, directive: str, need: str) -> None:
    """退回: the side that issued it does not take what was done, and says what is missing."""
    need = written("need", need)
    now = present(tx, Directive, directive)
    if now.state != DONE:
        raise _not_now(now, EXECUTING)
    _of_issuer(tx, now)
    tx.put(replace(_stepped(tx, now, EXECUTING), done_at=None, need=need))


def know_end(tx: Tx, directive: str) -> None:
    """知悉: a person of the side it was for knows that it is cancelled or superseded."""
    now = present(tx, Directive, directive)
    if now.state not in ENDED or now.end_acked_at is not None:
        raise _not_now(now, now.state)
    _of_addressee(tx, now)
    give(tx, "directive", directive, now.state)
    tx.put(replace(now, end_acked_at=tx.now, changed_at=tx.now, by=tx.by, post=tx.post))


def is_over(directive: Directive) -> bool:
    """Whether nothing is owed any more: verified, or taken back and that is known."""
    d = directive
    given = d.issued_at or d.delivered_at  # one station took a draft back while another signed it
    known = d.end_acked_at is not None or not given
    return d.state == VERIFIED or (d.state in ENDED and known)


def _drafted(tx: Tx, order: Order) -> Directive:
    still_open(tx, order.incident)
    text = written("text", order.text, DIRECTIVE_LIMIT)
    to_post = written("to_post", order.to_post, TITLE_LIMIT)
    place = written("place", order.place, needed=False)
    o = order
    return Directive(
        str(uuid.uuid4()), 0, o.incident, tx.post, to_post, o.cc, o.verb, text, place, o.lon,
        o.lat, o.due_at, o.priority, o.needs, o.parent, "", DRAFT, "", "", tx.now, Ms(0),
        by=tx.by, post=tx.post, source=o.source,
    )  # fmt: skip


def _numbered(tx: Tx, drafted: Directive) -> Directive:
    no = _next_number(tx, drafted.incident, drafted.from_post)
    return replace(drafted, no=no, state=ISSUED, issued_at=tx.now)


def _next_number(tx: Tx, incident: str, post: str) -> int:
    """The next number of this side: front and back may both issue while no line joins them."""
    side, known = side_of(post), tx.find(Directive, incident=incident)
    return 1 + max((d.no for d in known if side_of(d.from_post) == side), default=0)


def _acknowledged(tx: Tx, now: Directive) -> Directive:
    delivered, seen = now.delivered_at or tx.now, now.seen_at or tx.now
    return replace(now, acked_at=tx.now, delivered_at=delivered, seen_at=seen)


def _step(tx: Tx, directive: str, state: str) -> Directive:
    now = present(tx, Directive, directive)
    if now.state not in STEPS[state]:
        raise _not_now(now, state)
    return _stepped(tx, now, state)


def _stepped(tx: Tx, now: Directive, state: str) -> Directive:
    return replace(now, state=state, changed_at=tx.now, by=tx.by, post=tx.post)


def _not_now(now: Directive, wanted: str) -> Refused:
    return Refused("state", kind="directive", id=now.id, state=now.state, wanted=wanted)


def _answer(tx: Tx, directive: str, state: str) -> Directive:
    now = _step(tx, directive, state)
    _of_addressee(tx, now)
    give(tx, "directive", directive, state)
    return now


def _of_addressee(tx: Tx, now: Directive) -> None:
    if side_of(tx.post) != side_of(now.to_post):
        raise Refused("not_addressee", post=tx.post, addressee=now.to_post)


def _of_issuer(tx: Tx, now: Directive) -> None:
    if side_of(tx.post) != side_of(now.from_post):
        raise Refused("not_issuer", post=tx.post, issuer=now.from_post)
