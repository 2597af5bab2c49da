"""Calling down 叫应: who is called about an incident, how often, and what came of it.

Each row is one person. Who does not answer after the attempts that the rules allow is followed by a
substitute of the same area, then by the person in charge of the area above. The program
does not dial: a person calls, and marks what came of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from commandwall import codes
from commandwall.areas import Person, Place, around, foremost
from commandwall.clock import MINUTE, SECOND, Ms, day
from commandwall.incidents import still_open
from commandwall.store.schema import WALL, record
from commandwall.store.store import Reader, Refused, Tx
from commandwall.store.written import present, written


@record(WALL, index=("incident",))
@dataclass(frozen=True, slots=True)
class Call:
    """One person to be called about an incident; `id` is both of them."""

    id: str
    incident: str
    subject: str  # id of the Person, or of the Place whose contact it is
    area: str
    name: str
    role: str  # code list person_role, or place_kind
    no: int  # the order in which they are called
    stands_for: str  # the Call that nobody answered, or ""
    attempts: int
    added_at: Ms
    called_at: Ms | None
    answered_at: Ms | None
    result: str  # code list call_result; "" while it rings or nobody was called
    words: str  # what was read back
    arrived_at: Ms | None
    by: str
    post: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How a list stands: seats, those answered, answered within the two limits, seconds running."""

    seats: int
    answered: int
    early: int
    late: int
    """Seats that nobody answered within the time in which all must have."""
    seconds: int


def call_list(
    areas: Sequence[str], people: Mapping[str, Sequence[Person]], places: Sequence[Place]
) -> list[Person | Place]:
    """Whom an area of effect calls: the first person in charge of each area that has one, then
    who answers for each place."""
    first = [one for area in areas if (one := foremost(people.get(area, ())))]
    unique = {person.id: person for person in first}
    return [*unique.values(), *(place for place in places if place.phone)]


def start_calls(tx: Tx, incident: str, subjects: Sequence[Person | Place]) -> None:
    """开始叫应: put people on the list of an incident; who is on it already stays as he is."""
    still_open(tx, incident)
    known = tx.find(Call, incident=incident)
    held, no = {call.subject for call in known}, max((call.no for call in known), default=0)
    fresh = [s for s in subjects if s.id not in held]
    tx.put(*(_row(tx, incident, s, no + i) for i, s in enumerate(fresh, 1)))


def dial(tx: Tx, call: str) -> None:
    """拨打: one more attempt begins."""
    now = _open(tx, call)
    if now.attempts >= limit("call_attempts", tx.now):
        raise Refused("call_spent", n=now.attempts)
    tx.put(
        replace(now, attempts=now.attempts + 1, called_at=tx.now, result="", by=tx.by, post=tx.post)
    )


def mark_call(tx: Tx, call: str, result: str, words: str = "") -> None:
    """记录结果: what came of it, by the list call_result. After the last attempt without an answer
    the next person comes on the list."""
    now = _open(tx, call)
    row = codes.load("call_result", day(tx.now)).get(result)
    if row is None:
        raise Refused("unknown", kind="call_result", id=result)
    words = written("text", words, needed=False)
    attempts, called = max(now.attempts, 1), now.called_at or tx.now
    now = replace(now, attempts=attempts, called_at=called, result=result, words=words, by=tx.by,
                  post=tx.post)  # fmt: skip
    if row.facts["answers"]:
        tx.put(replace(now, answered_at=tx.now))
        return
    tx.put(now)
    if attempts >= limit("call_attempts", tx.now) or row.facts["final"]:
        _follow(tx, now)


def report_in(tx: Tx, call: str) -> None:
    """到岗: who answered is where he has to be."""
    now = tx.get(Call, call)
    if now is None or now.answered_at is None:
        raise Refused("unknown", kind="call", id=call)
    tx.put(replace(now, arrived_at=tx.now, by=tx.by, post=tx.post))


def waits_until(call: Call, now: Ms) -> Ms | None:
    """When the next attempt may begin; None where there is none left or it was answered."""
    if call.answered_at is not None or call.attempts >= limit("call_attempts", now):
        return None
    pause = int(limit("call_pause_seconds", now)) * SECOND
    return Ms(call.called_at + pause) if call.called_at is not None else call.added_at


def standing(calls: Sequence[Call], now: Ms) -> Standing:
    """Seats are the rows that stand for nobody; a seat is answered when one of its line did."""
    behind: dict[str, list[Call]] = {}
    for call in calls:
        behind.setdefault(call.stands_for, []).append(call)
    seats = behind.get("", [])
    answered = {call.id: at for call in seats if (at := _answered(call, behind)) is not None}
    early, all_ = (int(limit(f"call_{n}_minutes", now)) * MINUTE for n in ("most", "all"))
    soon = sum(answered[c.id] - c.added_at <= early for c in seats if c.id in answered)
    late = sum(c.id not in answered and now - c.added_at > all_ for c in seats)
    end = max(answered.values(), default=now) if len(answered) == len(seats) else now
    begun = min((call.added_at for call in seats), default=now)
    return Standing(len(seats), len(answered), soon, late, (end - begun) // SECOND)


def limit(name: str, at: Ms) -> float:
    return codes.limit(name, day(at))


def _answered(seat: Call, behind: Mapping[str, Sequence[Call]]) -> Ms | None:
    """When somebody of the line that stands for a seat answered; `behind`: who stands for whom."""
    line, seen = [seat], {seat.id}
    for call in line:
        fresh = [c for c in behind.get(call.id, ()) if c.id not in seen]
        line += fresh
        seen.update(c.id for c in fresh)
    return min((c.answered_at for c in line if c.answered_at is not None), default=None)


def _follow(tx: Tx, call: Call) -> None:
    """The substitute of the same area, else the first of the areas above, who is not called yet."""
    known = tx.find(Call, incident=call.incident)
    held, near = {c.subject for c in known}, around(tx, call.area)
    people = [p for p in tx.many(Person, near, field="area") if p.id not in held]
    nearest = (foremost([p for p in people if p.area == area]) for area in near)
    if found := next(filter(None, nearest), None):
        row = _row(tx, call.incident, found, max(c.no for c in known) + 1)
        tx.put(replace(row, stands_for=call.id))


def _row(tx: Tx, incident: str, subject: Person | Place, no: int) -> Call:
    name, role = (
        (subject.name, subject.role) if isinstance(subject, Person)
        else (f"{subject.name} {subject.contact}".strip(), subject.kind)
    )  # fmt: skip
    return Call(
        f"{incident}:{subject.id}", incident, subject.id, subject.area, name, role, no, "", 0,
        tx.now, None, None, "", "", None, tx.by, tx.post,
    )  # fmt: skip


def _open(tx: Reader, call: str) -> Call:
    now = present(tx, Call, call)
    still_open(tx, now.incident)
    if now.answered_at is not None:
        raise Refused("call_answered")
    return now
