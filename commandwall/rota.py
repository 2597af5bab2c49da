"""The duty calendar 值班安排: who is on duty in which shift of a day, the leader 带班领导 too.

It comes from a table of the office (`commandwall rota`). Shifts are rows of the list `duty_shift`:
one that ends before it begins reaches into the next day, and belongs to the day of its beginning.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from commandwall import codes
from commandwall.clock import Ms, day, from_datetime, to_datetime
from commandwall.store.schema import WALL, record
from commandwall.store.store import Reader, Tx

LEADER = "leader"
"""The row of duty_role that is told first."""


@record(WALL, index=("day",))
@dataclass(frozen=True, slots=True)
class DutyTurn:
    """Who has a role in a shift of a day; `name` is "" where a later table took it back."""

    id: str
    day: str  # 2026-11-28
    shift: str  # code list duty_shift
    role: str  # code list duty_role
    name: str
    phone: str
    at: Ms
    by: str
    post: str


@dataclass(frozen=True, slots=True)
class Stated:
    """A cell of a table."""

    day: str
    shift: str
    role: str
    name: str
    phone: str = ""


def take_rota(tx: Tx, turns: Sequence[Stated]) -> None:
    """收值班表: for each of its days the table counts, what stood there before does not."""
    days = sorted({one.day for one in turns})
    fresh = {key(one): one for one in turns}
    gone = [t for t in tx.many(DutyTurn, days, field="day") if t.id not in fresh and t.name]
    tx.put(
        *(DutyTurn(id_, s.day, s.shift, s.role, s.name, s.phone, tx.now, tx.by, tx.post)
          for id_, s in fresh.items()),
        *(replace(t, name="", phone="", at=tx.now, by=tx.by, post=tx.post) for t in gone),
    )  # fmt: skip


def key(one: Stated) -> str:
    return f"{one.day}:{one.shift}:{one.role}:{one.name}"


def on_duty(reader: Reader, now: Ms) -> list[DutyTurn]:
    """Whose shift it is, and who comes next, in the order of beginning and role."""
    today = to_datetime(now).date()
    near = [str(today + timedelta(days=n)) for n in (-1, 0, 1)]
    found = [t for t in reader.many(DutyTurn, near, field="day") if t.name]
    spans = {t.id: span(t.day, t.shift) for t in found}
    following = min((b for b, _ in spans.values() if b > now), default=None)
    shown = [t for t in found if is_on(t, now) or spans[t.id][0] == following]
    order = {role: n for n, role in enumerate(codes.load("duty_role", day(now)))}
    return sorted(
        shown, key=lambda t: (spans[t.id][0], order.get(t.role, len(order)), t.role, t.name)
    )


def is_on(turn: DutyTurn, now: Ms) -> bool:
    """Whether it is his shift now."""
    begin, end = span(turn.day, turn.shift)
    return begin <= now < end


def span(on: str, shift: str) -> tuple[Ms, Ms]:
    """When a shift of a day begins and ends."""
    row = codes.load("duty_shift").get(shift)
    first = date.fromisoformat(on)
    begin, end = (time.fromisoformat(row.facts[n]) if row else time(0) for n in ("from", "until"))
    last = first if end > begin else first + timedelta(days=1)
    return _at(first, begin), _at(last, end)


def leaders(turns: Iterable[DutyTurn], now: Ms) -> list[DutyTurn]:
    """The leaders of the shift that runs."""
    return [t for t in turns if t.role == LEADER and is_on(t, now)]


def _at(on: date, when: time) -> Ms:
    here = to_datetime(Ms(0)).tzinfo
    return from_datetime(datetime.combine(on, when, here))
