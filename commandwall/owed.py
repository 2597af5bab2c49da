"""Owed answers 欠答: who owes whom what, since when and until when, and what to do about it.

Pure judgements of records and the clock; the limits are rows of the list `directive_limit`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from commandwall import codes, deadlines
from commandwall.clock import SECOND, Ms
from commandwall.countersign import Countersign, signing_post
from commandwall.directives import (
    BLOCKED,
    DELIVERED,
    DIRECTIVE_ACKED,
    DONE,
    DRAFT,
    ENDED,
    EXECUTING,
    ISSUED,
    REFUSED,
    Directive,
    is_over,
)
from commandwall.incidents import Incident
from commandwall.posts import FRONT, first_post
from commandwall.requests import ASKED, Request
from commandwall.sitreps import SituationReport, turn
from commandwall.store.store import Reader

ACK, START, FINISH, NEED, VERIFY, DECIDE, KNOW, ANSWER, REPORT, SIGN = (
    "ack",
    "start",
    "done",
    "need",
    "verify",
    "decide",
    "know",
    "answer",
    "report",
    "sign",
)
"""Steps that are owed: rows of `directive_limit`."""
TIMEOUTS = ("escalate", "phone", "flash")
"""How long an order stands without an answer, the worst first."""
UNDELIVERED, HALF, OVER = "deliver", "half", "over"


@dataclass(frozen=True, slots=True)
class Debt:
    """One owed answer."""

    record: Directive | Request | Incident | Countersign
    post: str  # who owes
    step: str  # row of directive_limit
    since: Ms
    due: Ms


def of_directive(directive: Directive) -> Debt | None:
    """Who owes what of a directive; None for a draft and for what is over."""
    d = directive
    if d.state == DRAFT or is_over(d):
        return None
    post, step, since = _step(d)
    until = d.due_at if step == FINISH and d.due_at else None
    return Debt(d, post, step, since, until or _after(since, step))


def of_request(request: Request) -> Debt | None:
    """The answer that is owed to a request; None once it is there."""
    r = request
    if r.state != ASKED:
        return None
    return Debt(r, r.to_post, ANSWER, r.asked_at, _after(r.asked_at, ANSWER))


def of_word(word: Countersign) -> Debt | None:
    """The signature of a second person who gave his word by phone; None once it is there."""
    if word.signed_at is not None:
        return None
    return Debt(word, signing_post(), SIGN, word.at, _after(word.at, SIGN))


def of_front(incident: Incident, last: SituationReport | None, now: Ms) -> Debt | None:
    """The situation report that the front missed; None where none is late."""
    found = turn(incident, last, now)
    if found is None or not found.missed:
        return None
    return Debt(incident, first_post(FRONT), REPORT, found.last, found.due)


def owed(reader: Reader, incident: str) -> list[Debt]:
    """All answers that are still owed in an incident, the first to be late first."""
    return listed(
        reader.find(Directive, incident=incident),
        reader.find(Request, incident=incident),
        reader.find(Countersign, incident=incident),
    )


def listed(
    directives: Iterable[Directive],
    requests: Iterable[Request] = (),
    words: Iterable[Countersign] = (),
) -> list[Debt]:
    """The debts of some records, the first to be late first."""
    found = [*map(of_directive, directives), *map(of_request, requests), *map(of_word, words)]
    return sorted((debt for debt in found if debt is not None), key=soonest)


def soonest(debt: Debt) -> tuple[Ms, str]:
    """The first to be late first; of two alike every station names the same one first."""
    return debt.due, debt.record.id


def lamp(debt: Debt, now: Ms) -> str:
    """green, yellow, orange or red by the time left; one missed report is yellow, two are red."""
    if debt.step == REPORT:
        return deadlines.RED if now - debt.due >= debt.due - debt.since else deadlines.YELLOW
    return deadlines.lamp(debt.due - now, debt.due - debt.since)


def advice(debt: Debt, now: Ms) -> str:
    """The row of `directive_limit` whose `next` says what to do about a debt; "" for nothing."""
    if isinstance(debt.record, Directive):
        return timeout(debt.record, now)
    return debt.step if debt.step == REPORT and now >= debt.due else ""


def timeout(directive: Directive, now: Ms) -> str:
    """How far it is beyond its clocks: a row of `directive_limit`, whose `next` says what to do;
    "" while nothing is to be done."""
    d = directive
    if d.state == ISSUED and _gone(d.issued_at, "phone", now) < 0:
        return UNDELIVERED if _gone(d.issued_at, UNDELIVERED, now) >= 0 else ""
    if d.state in (ISSUED, DELIVERED):
        since = d.delivered_at or d.issued_at
        return next((row for row in TIMEOUTS if _gone(since, row, now) >= 0), "")
    if d.state == DIRECTIVE_ACKED:
        return START if _gone(d.acked_at or d.changed_at, START, now) >= 0 else ""
    return _reminder(d, now) if d.state == EXECUTING else ""


def _reminder(d: Directive, now: Ms) -> str:
    """At half of the time it has, and at its end."""
    debt = of_directive(d)
    if debt is None or now < debt.due - codes.limit("half_left") * (debt.due - debt.since):
        return ""
    return OVER if now >= debt.due else HALF


def _step(d: Directive) -> tuple[str, str, Ms]:
    if d.state in ENDED:
        return d.to_post, KNOW, d.ended_at or d.changed_at
    if d.state == REFUSED:
        return d.from_post, DECIDE, d.ended_at or d.changed_at
    if d.state == DONE:
        return d.from_post, VERIFY, d.done_at or d.changed_at
    if d.state == BLOCKED:
        return d.from_post, NEED, d.changed_at
    if d.state == DIRECTIVE_ACKED:
        return d.to_post, START, d.acked_at or d.changed_at
    if d.state == EXECUTING:
        return d.to_post, FINISH, d.executing_at or d.changed_at
    return d.to_post, ACK, d.issued_at


def _after(since: Ms, row: str) -> Ms:
    return Ms(since + _limit(row))


def _gone(since: Ms, row: str, now: Ms) -> int:
    """Milliseconds beyond a limit; below 0 before it."""
    return now - since - _limit(row)


def _limit(row: str) -> int:
    return int(codes.load("directive_limit")[row].facts["seconds"]) * SECOND
