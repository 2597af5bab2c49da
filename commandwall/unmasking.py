"""Whole numbers 未遮盖号码: who looked at a telephone number that is masked elsewhere, whose it
was, and why. What is kept says that it was looked at; the number itself is in no record of it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from commandwall import codes, events
from commandwall.alarms import Alarm
from commandwall.areas import answers_for
from commandwall.calls import Call
from commandwall.clock import SECOND, Ms, day
from commandwall.events import CLOSED_STATES
from commandwall.incidents import Incident
from commandwall.store.schema import WALL, record
from commandwall.store.store import Reader, Refused, Tx
from commandwall.store.written import TITLE_LIMIT, present, written


@record(WALL, index=("incident",))
@dataclass(frozen=True, slots=True)
class Unmasking:
    """One look at a whole number. Never written again."""

    id: str
    kind: str  # what it stands in: call, event, alarm
    subject: str  # id of the Call, the Event or the Alarm
    area: str  # of what it stands in
    incident: str  # of the call, or ""
    whose: str  # id of the Person or the Place; of an event its reporter's, who has none: ""
    name: str  # of who answers there
    reason: str  # "" where the post needs none
    at: Ms
    by: str
    post: str


def unmask(tx: Tx, kind: str, subject: str, reason: str = "") -> None:
    """查看未遮盖号码: this post may read the number for as long as the limit says.

    Refused("restricted") for an event of a restricted class, which has an act of its own;
    Refused("not_ringing") for a call that this person does not make now; Refused("closed") for an
    event that is over; Refused("nobody") where nobody answers for the place of an alarm.
    """
    if kind not in FOUND:
        raise Refused("unknown", kind=kind, id=subject)
    if kind == "event" and any(v.restricted for v in events.views(tx, [subject]).values()):
        raise Refused("restricted")
    area, incident, whose, name = FOUND[kind](tx, subject)
    reason = written("reason", reason, TITLE_LIMIT, needed=False)
    key = str(uuid.uuid4())
    tx.put(
        Unmasking(key, kind, subject, area, incident, whose, name, reason, tx.now, tx.by, tx.post)
    )


def unmask_restricted(tx: Tx, event: str, reason: str) -> None:
    """查看受限事件: this post may read what came of an event of a restricted class, for as long.
    Refused("closed") for one that is over."""
    area, incident, whose, _ = _event(tx, event)
    reason, key = written("reason", reason, TITLE_LIMIT), str(uuid.uuid4())
    told = ("event", event, area, incident, whose, "", reason, tx.now, tx.by, tx.post)
    tx.put(Unmasking(key, *told))


def readable_until(looked: Unmasking) -> Ms:
    """When the number is masked again, whatever happens meanwhile."""
    seconds = codes.limit("unmask_seconds", day(looked.at))
    return Ms(int(looked.at + seconds * SECOND))


def rings(call: Call, person: str, post: str) -> bool:
    """Whether this person of this post is calling there now."""
    waits = call.called_at is not None and call.answered_at is None and not call.result
    return waits and (call.by, call.post) == (person, post)


Found = tuple[str, str, str, str]


def _call(tx: Tx, subject: str) -> Found:
    """Area, incident, whose number it is and his name."""
    call = present(tx, Call, subject)
    if not rings(call, tx.by, tx.post):
        raise Refused("not_ringing")
    incident = tx.get(Incident, call.incident)
    return incident.area if incident else call.area, call.incident, call.subject, call.name


def _event(tx: Reader, subject: str) -> Found:
    view = events.views(tx, [subject]).get(subject)
    if view is None:
        raise Refused("unknown", kind="event", id=subject)
    if view.state in CLOSED_STATES:
        raise Refused("closed", kind="event", id=subject)
    return view.event.area, "", "", view.event.person


def _alarm(tx: Reader, subject: str) -> Found:
    """Of who answers for the grid in which it is."""
    alarm = present(tx, Alarm, subject)
    person = answers_for(tx, alarm.area)
    if person is None:
        raise Refused("nobody", area=alarm.area)
    return alarm.area, "", person.id, person.name


FOUND: Mapping[str, Callable[[Tx, str], Found]] = {
    "call": _call, "event": _event, "alarm": _alarm,
}  # fmt: skip
"""What a number stands in -> whose it is."""
