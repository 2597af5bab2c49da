"""Answers 答复: who answered what, by his own hand or written down for him by another 代录.

Each is a record of its own, so that both names stay, whichever comes first.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace

from commandwall.clock import Ms
from commandwall.store.schema import WALL, record
from commandwall.store.store import Tx
from commandwall.store.written import TITLE_LIMIT, written


@record(WALL, index=("record",))
@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of one person to one record."""

    id: str
    kind: str  # of the record: directive, request ...
    record: str
    step: str  # the state that it led to
    person: str  # who answered
    person_post: str  # for which post
    channel: str  # by which it was heard, of the list `channel`; "" by his own hand
    at: Ms
    by: str  # who wrote it down
    post: str


@dataclass(frozen=True, slots=True)
class Voice:
    """Whom an officer hears, for which post, and by which channel."""

    person: str
    post: str
    channel: str


def give(tx: Tx, kind: str, record: str, step: str) -> None:
    """A person answers by his own hand."""
    tx.put(
        Answer(
            str(uuid.uuid4()), kind, record, step, tx.by, tx.post, "", tx.now, tx.by, tx.post,
        )
    )  # fmt: skip


def heard(tx: Tx, voice: Voice, given: Iterable[Answer]) -> None:
    """What was just answered was said by that voice, and written down by this person."""
    person = written("person", voice.person, TITLE_LIMIT)
    channel = written("channel", voice.channel, TITLE_LIMIT)
    tx.put(
        *(
            replace(a, person=person, person_post=voice.post, channel=channel, by=tx.by,
                    post=tx.post)
            for a in given
        )
    )  # fmt: skip


def spoken(answers: Iterable[Answer], record: str) -> list[Answer]:
    """What others wrote down for somebody about a record, the oldest first."""
    found = (a for a in answers if a.record == record and a.channel)
    return sorted(found, key=lambda a: a.at)


def own(answers: Iterable[Answer], of: Answer) -> Answer | None:
    """The answer of the side itself to the same step, by its own hand; None while there is none."""
    same = (a for a in answers if not a.channel and (a.record, a.step) == (of.record, of.step))
    return min(same, key=lambda a: a.at, default=None)
