"""Requests 请求: what one side needs of the other, and the answer that is owed for it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace

from commandwall import directives
from commandwall.answers import give
from commandwall.clock import Ms
from commandwall.directives import DIRECTIVE_LIMIT, USUAL, Order
from commandwall.incidents import still_open
from commandwall.posts import side_of
from commandwall.store.schema import WALL, Meeting, record
from commandwall.store.store import Refused, Tx
from commandwall.store.written import TITLE_LIMIT, present, written

ASKED, GRANTED, PARTLY, DECLINED, WITHDRAWN = (
    "ASKED",
    "GRANTED",
    "PARTLY",
    "DECLINED",
    "WITHDRAWN",
)


@record(WALL, index=("incident",), meeting=Meeting((), ("changed_at", "by", "post")))
@dataclass(frozen=True, slots=True)
class Request:
    """What a post asks of the other side: what, how much of it, where, by when."""

    id: str
    no: int  # of its side in its incident
    incident: str
    from_post: str
    to_post: str
    what: str
    amount: str
    place: str
    lon: float | None
    lat: float | None
    need_at: Ms | None
    priority: int  # 1..4
    state: str
    said: str  # what was granted of it, or why not
    became: str  # the directive that it became
    asked_at: Ms
    changed_at: Ms
    by: str = ""
    post: str = ""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a request says, before it has a number and a state."""

    incident: str
    to_post: str
    what: str
    amount: str = ""
    place: str = ""
    lon: float | None = None
    lat: float | None = None
    need_at: Ms | None = None
    priority: int = USUAL


def ask(tx: Tx, wish: Wish) -> None:
    """请求: ask the other side for something; it owes an answer."""
    still_open(tx, wish.incident)
    what = written("what", wish.what, DIRECTIVE_LIMIT)
    amount = written("amount", wish.amount, TITLE_LIMIT, needed=False)
    place = written("place", wish.place, needed=False)
    to_post = written("to_post", wish.to_post, TITLE_LIMIT)
    w, side = wish, side_of(tx.post)
    known = tx.find(Request, incident=w.incident)
    no = 1 + max((r.no for r in known if side_of(r.from_post) == side), default=0)
    tx.put(
        Request(
            str(uuid.uuid4()), no, w.incident, tx.post, to_post, what, amount, place, w.lon, w.lat,
            w.need_at, w.priority, ASKED, "", "", tx.now, tx.now, tx.by, tx.post,
        )
    )  # fmt: skip


def grant(tx: Tx, request: str) -> None:
    """同意: all of it."""
    tx.put(_answered(tx, request, GRANTED))


def grant_part(tx: Tx, request: str, said: str) -> None:
    """部分同意: what of it."""
    said = written("said", said)
    tx.put(replace(_answered(tx, request, PARTLY), said=said))


def decline(tx: Tx, request: str, reason: str) -> None:
    """不予: and why."""
    reason = written("reason", reason)
    tx.put(replace(_answered(tx, request, DECLINED), said=reason))


def fulfil(tx: Tx, request: str, order: Order) -> None:
    """转指令: it is granted, and a directive sees to it."""
    now = _answered(tx, request, GRANTED)
    made = directives.issued(tx, replace(order, source=f"request:{now.id}"))
    tx.put(replace(now, became=made.id))
    tx.put(made)


def withdraw(tx: Tx, request: str, reason: str) -> None:
    """撤回: the side that asked does not need it any more."""
    reason = written("reason", reason)
    now = _open(tx, request)
    if side_of(tx.post) != side_of(now.from_post):
        raise Refused("not_issuer", post=tx.post, issuer=now.from_post)
    tx.put(replace(_stepped(tx, now, WITHDRAWN), said=reason))


def _answered(tx: Tx, request: str, state: str) -> Request:
    now = _open(tx, request)
    if side_of(tx.post) != side_of(now.to_post):
        raise Refused("not_addressee", post=tx.post, addressee=now.to_post)
    give(tx, "request", request, state)
    return _stepped(tx, now, state)


def _stepped(tx: Tx, now: Request, state: str) -> Request:
    return replace(now, state=state, changed_at=tx.now, by=tx.by, post=tx.post)


def _open(tx: Tx, request: str) -> Request:
    return present(tx, Request, request, (ASKED,))
