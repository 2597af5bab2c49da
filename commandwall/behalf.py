"""On behalf 代录: what an officer heard by phone or radio, written down for who said it; and what
one person did alone with a second one on the phone, which that one signs later 补签."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from commandwall import answers, directives, dispatch, requests
from commandwall.answers import Answer, Voice
from commandwall.posts import side_of
from commandwall.store.store import Refused, Tx

SPOKEN: Mapping[str, tuple[str, Callable[..., None]]] = {
    "acknowledge": ("directive", directives.acknowledge),
    "execute": ("directive", directives.execute),
    "block": ("directive", directives.block),
    "complete": ("directive", directives.complete),
    "refuse": ("directive", directives.refuse),
    "know_end": ("directive", directives.know_end),
    "grant": ("request", requests.grant),
    "grant_part": ("request", requests.grant_part),
    "decline": ("request", requests.decline),
    "acknowledge_sending": ("assignment", dispatch.acknowledge_sending),
    "report_moving": ("assignment", dispatch.report_moving),
    "report_arrival": ("assignment", dispatch.report_arrival),
}
"""What may be said by phone or radio: name of the act -> kind of the record, the act."""


def record_for(
    tx: Tx, voice: Voice, step: str, record: str, facts: Mapping[str, Any] | None = None
) -> None:
    """代录: the act `step` is done as that voice said it; both names and the channel are kept.

    Refused("unknown") for an act that cannot be said so; and as the act itself refuses.
    """
    if step not in SPOKEN:
        raise Refused("unknown", kind="act", id=step)
    kind, work = SPOKEN[step]
    writer = tx.by, tx.post
    tx.by, tx.post = voice.person, voice.post
    try:
        work(tx, **{kind: record}, **(facts or {}))
    finally:
        tx.by, tx.post = writer
    answers.heard(tx, voice, list(tx.touched.get(Answer, {}).values()))


def confirm(tx: Tx, answer: str) -> None:
    """本人确认: who is said to have answered says so himself; the first moment still counts.

    Refused("not_addressee") for another side, Refused("settled") where somebody did so already.
    """
    found = tx.get(Answer, answer)
    if found is None or not found.channel:
        raise Refused("unknown", kind="answer", id=answer)
    if side_of(tx.post) != side_of(found.person_post):
        raise Refused("not_addressee", post=tx.post, addressee=found.person_post)
    given = answers.own(tx.find(Answer, record=found.record), found)
    if given is not None:
        raise Refused("settled", kind="answer", id=answer, by=given.person)
    answers.give(tx, found.kind, found.record, found.step)
