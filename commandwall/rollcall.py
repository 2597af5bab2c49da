"""Roll call 点名: who of the duty calendar and of the towns answers, and when.

It is called at the beginning of a shift, by telephone or video; each answer is marked as it comes.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

from commandwall import rota
from commandwall.areas import TOWN, Area, Person, foremost
from commandwall.clock import Ms
from commandwall.store import written
from commandwall.store.schema import WALL, record
from commandwall.store.store import Reader, Refused, Tx


@record(WALL, index=("station",))
@dataclass(frozen=True, slots=True)
class RollCall:
    """One roll call of a station."""

    id: str
    station: str
    called_at: Ms
    by: str
    post: str
    ended_at: Ms | None = None


@record(WALL, index=("roll",))
@dataclass(frozen=True, slots=True)
class RollAnswer:
    """One who is called; `id` is the roll and the subject."""

    id: str
    roll: str
    subject: str  # id of the DutyTurn or the Person
    role: str  # code list duty_role or person_role
    area: str  # "" for one of the calendar
    name: str
    answered_at: Ms | None
    by: str
    post: str


@dataclass(frozen=True, slots=True)
class Called:
    """One who is to be called."""

    subject: str
    role: str
    area: str
    name: str
    phone: str


def to_call(reader: Reader, now: Ms) -> list[Called]:
    """Who is on duty now by the calendar, then who has the duty of each town."""
    turns = [t for t in rota.on_duty(reader, now) if rota.is_on(t, now)]
    columns = reader.columns(Area, ("id", "level"))
    towns = [id_ for id_, level in zip(*columns.values(), strict=True) if level == TOWN]
    held = reader.many(Person, towns, field="area")
    first = (foremost([p for p in held if p.area == town]) for town in towns)
    return [
        *(Called(t.id, t.role, "", t.name, t.phone) for t in turns),
        *(Called(p.id, p.role, p.area, p.name, p.phone) for p in first if p is not None),
    ]


def running(reader: Reader, since: Ms) -> RollCall | None:
    """The newest of this station that is not ended; one from before `since` is another shift's."""
    found = reader.find(RollCall, station=reader.setting("origin"))
    going = (r for r in found if r.ended_at is None and r.called_at >= since)
    return max(going, key=lambda r: r.called_at, default=None)


def last(reader: Reader) -> tuple[RollCall | None, list[RollAnswer]]:
    """The newest roll call of this station, with its answers."""
    found = reader.find(RollCall, station=reader.setting("origin"))
    roll = max(found, key=lambda r: r.called_at, default=None)
    return roll, answers(reader, roll.id) if roll is not None else []


def answers(reader: Reader, roll: str) -> list[RollAnswer]:
    return reader.find(RollAnswer, roll=roll)


def call_roll(tx: Tx, called: Sequence[Called]) -> None:
    """点名: begin one; Refused("nobody") where there is nobody to call."""
    if not called:
        raise Refused("nobody_called")
    roll = RollCall(str(uuid.uuid4()), tx.setting("origin"), tx.now, tx.by, tx.post)
    tx.put(roll)
    tx.put(*(
        RollAnswer(f"{roll.id}:{c.subject}", roll.id, c.subject, c.role, c.area, c.name, None,
                   tx.by, tx.post)
        for c in called
    ))  # fmt: skip


def answer_roll(tx: Tx, present: str) -> None:
    """应到: he answers; a second mark changes nothing."""
    found = written.present(tx, RollAnswer, present)
    if found.answered_at is None:
        tx.put(replace(found, answered_at=tx.now, by=tx.by, post=tx.post))


def end_roll(tx: Tx, roll: str) -> None:
    """点名结束: who has not answered until now is missing."""
    found = written.present(tx, RollCall, roll)
    tx.put(replace(found, ended_at=tx.now))
