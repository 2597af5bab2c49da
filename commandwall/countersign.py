"""The second person 第二人: who acted alone had another one's word by phone, which that one signs
later 补签. Which orders need one is said by the list `directive_verb`; who may sign, by `post`."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace

from commandwall import codes, posts
from commandwall.clock import Ms
from commandwall.store.schema import WALL, Meeting, record
from commandwall.store.store import Refused, Tx
from commandwall.store.written import TITLE_LIMIT, present, written


@record(WALL, index=("record",), meeting=Meeting(("signed_at",), ("signed_by", "signed_post")))
@dataclass(frozen=True, slots=True)
class Countersign:
    """A second person's word for what one person did."""

    id: str
    incident: str
    kind: str  # of the record: directive ...
    record: str
    second: str  # whose word it was
    channel: str  # by which it was heard, of the list `channel`
    at: Ms
    by: str
    post: str
    signed_at: Ms | None = None
    signed_by: str = ""
    signed_post: str = ""


@dataclass(frozen=True, slots=True)
class Second:
    """Whose word an officer has, and by which channel."""

    name: str
    channel: str


def may_sign(post: str) -> bool:
    """Whether who holds a post needs no second person, and signs as one for others."""
    return bool(posts.fact(post, "signs"))


def signing_post() -> str:
    """The post that signs; "" where no list names one."""
    return next((code.id for code in posts.roster().posts() if code.facts.get("signs")), "")


def asked_for(verb: str, post: str) -> bool:
    """Whether an order with this verb needs a second person where that post gives it."""
    code = codes.load("directive_verb").get(verb)
    return bool(code and code.facts.get("second")) and not may_sign(post)


def take(tx: Tx, incident: str, of: tuple[str, str], second: Second | None) -> None:
    """Keep a second person's word for a record, given by its kind and id.

    Refused("second") where it is missing, or is the word of who acts.
    """
    if second is None or second.name.strip() in ("", tx.by):
        raise Refused("second")
    name = written("second", second.name, TITLE_LIMIT)
    channel = written("channel", second.channel, TITLE_LIMIT)
    tx.put(
        Countersign(
            str(uuid.uuid4()), incident, *of, name, channel, tx.now, tx.by, tx.post,
        )
    )  # fmt: skip


def countersign(tx: Tx, word: str) -> None:
    """补签: a second person signs what was done on the phone.

    Refused("not_second") for who did it, and for a post that does not sign.
    """
    now = present(tx, Countersign, word)
    if now.signed_at is not None:
        raise Refused("settled", kind="countersign", id=word, by=now.signed_by)
    if not may_sign(tx.post) or tx.by == now.by:
        raise Refused("not_second", post=tx.post)
    tx.put(replace(now, signed_at=tx.now, signed_by=tx.by, signed_post=tx.post))
