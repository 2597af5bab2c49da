"""会商 consultations: called for an incident, an event or a day; who takes part, the situation as
of a moment, what each department says, what was decided and by whom it is done, and the signature.

What a consultation decides becomes an order, a point of a plan or a standing instruction by the
acts that there are: here stands only that it was decided, and those name it as their source.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

from commandwall import codes, events, workdays
from commandwall.clock import DAY as DAY_MS
from commandwall.clock import Ms, day
from commandwall.incidents import still_open
from commandwall.posts import known
from commandwall.store.schema import WALL, Meeting, record
from commandwall.store.store import Reader, Refused, Tx
from commandwall.store.written import TITLE_LIMIT, present, written

CALLED, UNDER_WAY, CLOSED, SIGNED, DROPPED = "CALLED", "OPEN", "CLOSED", "SIGNED", "DROPPED"
"""Rows of the code list consultation_state."""
GOES_ON = (CALLED, UNDER_WAY, CLOSED)
"""Until it is signed it can be added to."""
STANDS, TAKEN_BACK = "STANDS", "DROPPED"
"""Of a resolution: rows of the code list resolution_state."""
DAY, INCIDENT, EVENT = "", "incident", "event"
"""What one is called for."""
BESIDE = ("changed_at", "by", "post")


@record(
    WALL,
    index=("state",),
    meeting=Meeting(
        ("begun_at",), BESIDE, {CALLED: frozenset({DROPPED, UNDER_WAY, CLOSED, SIGNED})}
    ),
)
@dataclass(frozen=True, slots=True)
class Consultation:
    """会商: one meeting before the wall."""

    id: str
    title: str
    matter: str  # what is to be settled
    kind: str  # INCIDENT, EVENT or DAY
    subject: str  # id of that; "" for a day
    planned_at: Ms
    chair: str  # code list post
    state: str
    as_of: Ms | None  # of which moment the situation is
    counts: str  # JSON: the situation, as `frozen` makes it
    result: str  # what it came to
    called_at: Ms
    begun_at: Ms | None  # the situation was first taken
    ended_at: Ms | None
    signed_at: Ms | None
    signer: str
    sealed: str  # SHA-256 of what was signed
    reason: str  # why it was dropped
    changed_at: Ms
    by: str
    post: str


@record(WALL, index=("consultation",), meeting=Meeting(("present_at",), BESIDE))
@dataclass(frozen=True, slots=True)
class Attendee:
    """参会: a post of the roster, or a department that has none, and when it came."""

    id: str
    consultation: str
    seat: str  # code list post; "" for who has none
    unit: str
    name: str  # as it was known when it was called
    present_at: Ms | None
    changed_at: Ms
    by: str
    post: str


@record(WALL, index=("consultation",))
@dataclass(frozen=True, slots=True)
class Opinion:
    """意见: what somebody who takes part brings."""

    id: str
    consultation: str
    attendee: str
    text: str
    at: Ms
    by: str
    post: str


@record(
    WALL, index=("consultation",),
    meeting=Meeting((), BESIDE, {STANDS: frozenset({TAKEN_BACK})}),
)  # fmt: skip
@dataclass(frozen=True, slots=True)
class Resolution:
    """会商决定: what is done, why, by whom (a post or a department) and until when."""

    id: str
    consultation: str
    task: str
    basis: str  # why
    seat: str
    unit: str
    days: int  # workdays that a department has; 0 for a post
    due: Ms
    state: str
    reason: str  # why it was taken back
    at: Ms
    changed_at: Ms
    by: str
    post: str


R = TypeVar("R", Consultation, Attendee, Resolution)


@dataclass(frozen=True, slots=True)
class Held:
    """A consultation with all that belongs to it, each in its order."""

    one: Consultation
    attendees: Sequence[Attendee]
    opinions: Sequence[Opinion]
    resolutions: Sequence[Resolution]

    @property
    def present(self) -> int:
        return sum(a.present_at is not None for a in self.attendees)

    @property
    def unsealed(self) -> bool:
        """Whether something came, or was changed, that the signature does not stand for."""
        whole = seal(self.one, self.attendees, self.opinions, self.resolutions)
        return self.one.state == SIGNED and whole != self.one.sealed


@dataclass(frozen=True, slots=True)
class Invited:
    """Who is to take part: a post, or a department with who comes for it."""

    seat: str = ""
    unit: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Calling:
    """What a person states who calls one."""

    title: str
    matter: str
    chair: str
    planned_at: Ms
    kind: str = DAY
    subject: str = ""
    invited: Sequence[Invited] = ()


@dataclass(frozen=True, slots=True)
class Settled:
    """What was decided: by `seat` until `due`, or by `unit` within so many workdays."""

    task: str
    basis: str
    seat: str = ""
    due: Ms | None = None
    unit: str = ""
    days: int = 0


def board(found: Iterable[Consultation], now: Ms) -> list[Consultation]:
    """Those that go on, the next one first; then what ended of late (`consultation_days`)."""
    kept = now - codes.limit("consultation_days", day(now)) * DAY_MS
    shown = (c for c in found if c.state in GOES_ON or c.changed_at >= kept)
    return sorted(shown, key=lambda c: (c.state not in GOES_ON, *_order(c), c.id))


def _order(one: Consultation) -> tuple[int, int]:
    if one.state in GOES_ON:
        return int(one.state != UNDER_WAY), one.planned_at
    return 0, -one.changed_at


def held(
    one: Consultation, came: Iterable[Attendee], said: Iterable[Opinion],
    settled: Iterable[Resolution],
) -> Held:  # fmt: skip
    """Of all that there is what belongs to one: who takes part as they were called, what was said
    and decided as it came."""
    order = {post: n for n, post in enumerate(known())}
    mine = [a for a in came if a.consultation == one.id]
    return Held(
        one, sorted(mine, key=lambda a: (order.get(a.seat, len(order)), a.unit, a.id)),
        sorted((o for o in said if o.consultation == one.id), key=lambda o: (o.at, o.id)),
        sorted((r for r in settled if r.consultation == one.id), key=lambda r: (r.at, r.id)),
    )  # fmt: skip


def source(resolution: str) -> str:
    """How what came of a resolution names it."""
    return f"resolution:{resolution}"


def seal(
    one: Consultation, came: Iterable[Attendee], said: Iterable[Opinion],
    settled: Iterable[Resolution],
) -> str:  # fmt: skip
    """SHA-256 of what a signature stands for: whoever changes or adds to it afterwards, another
    station that was cut off for one, is found by it."""
    whole = {name: getattr(one, name) for name in ("title", "matter", "as_of", "counts", "result")}
    rows = [*came, *said, *settled]
    parts = sorted(json.dumps(_sealed(row), sort_keys=True) for row in rows)
    told = json.dumps([whole, parts], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(told.encode()).hexdigest()


def _sealed(row: Any) -> dict[str, Any]:
    """Without who wrote it last and when: two stations that mark one thing wrote no other one."""
    return {f.name: getattr(row, f.name) for f in fields(row) if f.name not in BESIDE}


# Acts.


def call_consultation(tx: Tx, calling: Calling) -> None:
    """召集会商. Refused("unknown") for a post, incident or event that is none, Refused("state")
    for an incident that is closed, Refused("restricted_room") for an event of which nothing may be
    told in a room, Refused("nobody_invited") where nobody is to take part."""
    _check_subject(tx, calling)
    _post(calling.chair)
    key, t = str(uuid.uuid4()), tx
    title = written("title", calling.title, TITLE_LIMIT)
    matter = written("matter", calling.matter)
    if not calling.invited:
        raise Refused("nobody_invited")
    tx.put(Consultation(
        key, title, matter, calling.kind, calling.subject, calling.planned_at, calling.chair,
        CALLED, None, "", "", t.now, None, None, None, "", "", "", t.now, t.by, t.post,
    ))  # fmt: skip
    tx.put(*_attendees(tx, key, calling.invited))


def invite(tx: Tx, consultation: str, invited: Sequence[Invited]) -> None:
    """加邀: more who are to take part; who is called already stays as he is."""
    _going(tx, consultation)
    held = {one.id for one in tx.find(Attendee, consultation=consultation)}
    fresh = [one for one in _attendees(tx, consultation, invited) if one.id not in held]
    if not fresh:
        raise Refused("nobody_invited")
    tx.put(*fresh)


def attend(tx: Tx, consultation: str, attendees: Sequence[str]) -> None:
    """到会: they are here; who was marked before keeps his moment."""
    _going(tx, consultation)
    found = tx.many(Attendee, attendees, consultation=consultation)
    if len(found) != len(set(attendees)):
        raise Refused("unknown", kind="attendee", id=",".join(attendees))
    here = (row for row in found if row.present_at is None)
    tx.put(*(_by(tx, replace(row, present_at=tx.now)) for row in here))


def take_situation(tx: Tx, consultation: str, as_of: Ms, counts: str) -> None:
    """取态势: it begins, or looks again; the figures stay as they are. Refused("too_long")."""
    now = _going(tx, consultation)
    if len(counts) > (most := int(codes.limit("consultation_letters", day(tx.now)))):
        raise Refused("too_long", field="counts", limit=most)
    state = UNDER_WAY if now.state == CALLED else now.state
    begun = now.begun_at or tx.now
    tx.put(_by(tx, replace(now, state=state, as_of=as_of, counts=counts, begun_at=begun)))


def speak(tx: Tx, attendee: str, text: str) -> None:
    """记意见: what one says who takes part. Who speaks is here."""
    found = present(tx, Attendee, attendee)
    _going(tx, found.consultation)
    said = written("text", text)
    key = str(uuid.uuid4())
    tx.put(Opinion(key, found.consultation, attendee, said, tx.now, tx.by, tx.post))
    if found.present_at is None:
        tx.put(_by(tx, replace(found, present_at=tx.now)))


def adopt_resolution(tx: Tx, consultation: str, settled: Settled) -> None:
    """形成决定: with who does it and until when. Refused("missing") for nobody, Refused("days"),
    Refused("due_past") for a moment that is over."""
    _going(tx, consultation)
    task, basis = written("task", settled.task), written("basis", settled.basis, needed=False)
    due = _due(tx, settled)
    unit = written("lead_unit", settled.unit, TITLE_LIMIT, needed=not settled.seat)
    tx.put(Resolution(
        str(uuid.uuid4()), consultation, task, basis, settled.seat, unit, settled.days, due,
        STANDS, "", tx.now, tx.now, tx.by, tx.post,
    ))  # fmt: skip


def drop_resolution(tx: Tx, resolution: str, reason: str) -> None:
    """撤销决定: what came of it already is taken back by its own way."""
    now = present(tx, Resolution, resolution, (STANDS,), TAKEN_BACK)
    _going(tx, now.consultation)
    reason = written("reason", reason)
    tx.put(_by(tx, replace(now, state=TAKEN_BACK, reason=reason)))


def close_consultation(tx: Tx, consultation: str, result: str) -> None:
    """结束会商: with what it came to; until it is signed it may be said better. Refused("state")
    where nobody took the situation."""
    now = present(tx, Consultation, consultation, (UNDER_WAY, CLOSED), CLOSED)
    result = written("result", result)
    tx.put(_by(tx, replace(now, state=CLOSED, result=result, ended_at=now.ended_at or tx.now)))


def sign_consultation(tx: Tx, consultation: str) -> None:
    """签字: who is in the chair stands for the minutes, by his name. Refused("not_chair"),
    Refused("missing") where nobody's name is known here."""
    now = present(tx, Consultation, consultation, (CLOSED,), SIGNED)
    if tx.post != now.chair:
        raise Refused("not_chair", chair=now.chair)
    signer, key = written("name", tx.by, TITLE_LIMIT), consultation
    sealed = seal(now, tx.find(Attendee, consultation=key), tx.find(Opinion, consultation=key),
                  tx.find(Resolution, consultation=key))  # fmt: skip
    tx.put(_by(tx, replace(now, state=SIGNED, signed_at=tx.now, signer=signer, sealed=sealed)))


def drop_consultation(tx: Tx, consultation: str, reason: str) -> None:
    """取消会商: it is not held, and why."""
    now = present(tx, Consultation, consultation, (CALLED,), DROPPED)
    tx.put(_by(tx, replace(now, state=DROPPED, reason=written("reason", reason))))


# Parts of acts.


def _check_subject(tx: Tx, calling: Calling) -> None:
    if calling.kind == INCIDENT:
        still_open(tx, calling.subject)
    elif calling.kind == EVENT:
        if events.view(tx, calling.subject).restricted:
            raise Refused("restricted_room")
    elif calling.kind or calling.subject:
        raise Refused("unknown", kind=calling.kind, id=calling.subject)


def _post(post: str) -> None:
    if post not in known():
        raise Refused("unknown", kind="post", id=post)


def _attendees(tx: Tx, key: str, invited: Iterable[Invited]) -> list[Attendee]:
    """One for each post or department, however often it is named."""
    made: dict[str, Attendee] = {}
    for one in invited:
        unit = written("unit", one.unit, TITLE_LIMIT, needed=not one.seat)
        if one.seat:
            _post(one.seat)
        name = written("name", one.name, TITLE_LIMIT, needed=False)
        id_ = f"{key}:{one.seat or unit}"
        made[id_] = Attendee(id_, key, one.seat, unit, name, None, tx.now, tx.by, tx.post)
    return list(made.values())


def _due(tx: Tx, settled: Settled) -> Ms:
    """Until when: a department has workdays, as points of a plan have."""
    if not settled.seat:
        most = int(codes.limit("point_days", day(tx.now)))
        if not 0 < settled.days <= most:
            raise Refused("days", most=most)
        return workdays.after(tx.now, settled.days * workdays.workday(tx.now))
    _post(settled.seat)
    if settled.due is None or settled.due <= tx.now:
        raise Refused("due_past")
    return settled.due


def _going(tx: Reader, consultation: str) -> Consultation:
    """Refused("unknown"), Refused("state") for one that is signed or was dropped."""
    return present(tx, Consultation, consultation, GOES_ON)


def _by(tx: Tx, row: R) -> R:
    return replace(row, changed_at=tx.now, by=tx.by, post=tx.post)
