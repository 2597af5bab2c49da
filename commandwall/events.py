"""Events 事件: rows of the unified event pool, and the work stations do on them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Index, text

from commandwall import plain
from commandwall.alarms import WAITING, Alarm, rules
from commandwall.clock import Ms, day
from commandwall.store import fulltext
from commandwall.store.schema import MIRROR, WALL, record, table_of
from commandwall.store.store import Reader, Refused, Tx
from commandwall.store.written import TEXT_LIMIT as TEXT_LIMIT
from commandwall.store.written import TITLE_LIMIT, written

NEW, ACCEPTED, DISPATCHED, SIGNED, ON_SCENE, FEEDBACK, CLOSED = (
    "NEW",
    "ACCEPTED",
    "DISPATCHED",
    "SIGNED",
    "ON_SCENE",
    "FEEDBACK",
    "CLOSED",
)
OPEN_STATES = (
    NEW, ACCEPTED, DISPATCHED, "RETURNED", SIGNED, ON_SCENE, "SUSPENDED", "LISTED", FEEDBACK,
)  # fmt: skip
IS_OPEN = f"state IN {OPEN_STATES}"
"""The condition of an open event; the mirror keeps an index of exactly these."""
CLOSED_STATES = frozenset({CLOSED, "ARCHIVED", "REJECTED", "MERGED", "CANCELLED"})
POINT, AREA, NOWHERE = "point", "area", "nowhere"
"""How an event was placed: by coordinates, on the area its text or code names, or not at all."""


@record(MIRROR)
@dataclass(frozen=True, slots=True)
class Event:
    """What the city says of an event."""

    id: str
    source: str  # code list event_source: 12345, grid, whistle, wage, iot, video, 110, duty
    source_id: str
    title: str
    body: str
    cls: str  # code list event_class
    urgency: int  # 1 (life) .. 5
    grade: int | None  # 1..4 where a law grades it
    area: str  # code of the smallest known area
    address: str
    lon: float | None  # degrees WGS-84
    lat: float | None
    acc_m: float | None  # accuracy of the place, metres
    placed: str
    datum: str  # datum the source gave
    person: str  # reporter; masked wherever it is drawn
    phone: str
    occurred_at: Ms | None
    reported_at: Ms
    received_at: Ms
    state: str
    unit: str
    closed_at: Ms | None
    rev: int = 0


_open = table_of(Event).c
Index("ix_event_open", _open.urgency, _open.reported_at, sqlite_where=text(IS_OPEN))


@record(WALL)
@dataclass(frozen=True, slots=True)
class FiledEvent:
    """An event that a station or an alarm filed, until the pool's own row arrives."""

    id: str
    source: str
    title: str
    body: str
    cls: str
    urgency: int
    area: str
    address: str
    lon: float | None
    lat: float | None
    acc_m: float | None
    reported_at: Ms


@record(WALL)
@dataclass(frozen=True, slots=True)
class EventWork:
    """What stations did to an event; `id` is the event."""

    id: str
    state: str
    unit: str
    result: str
    at: Ms
    by: str
    post: str
    accepted_at: Ms | None = None
    dispatched_at: Ms | None = None
    closed_at: Ms | None = None


@record(WALL, index=("event",))
@dataclass(frozen=True, slots=True)
class EventNote:
    id: str
    event: str
    text: str
    at: Ms
    by: str
    post: str


RANK = {
    state: rank
    for rank, state in enumerate(
        (NEW, ACCEPTED, DISPATCHED, SIGNED, ON_SCENE, FEEDBACK, CLOSED, "ARCHIVED")
    )
}
ALLOWED: Mapping[str, frozenset[str]] = {
    ACCEPTED: frozenset({NEW}),
    DISPATCHED: frozenset({NEW, ACCEPTED}),
    CLOSED: frozenset({ACCEPTED, DISPATCHED, SIGNED, ON_SCENE, FEEDBACK}),
}
"""New state -> the states it may follow (the thin part of domain/spec 5.2)."""


@dataclass(frozen=True, slots=True)
class EventView:
    """What is shown of an event: the city's row and the stations' work, folded."""

    event: Event
    work: EventWork | None
    unsent: bool = False
    filed: bool = False  # a station or an alarm filed it and the pool has no row of it yet

    @property
    def state(self) -> str:
        """The further of what the city says and what stations did: no row undoes an act."""
        if self.work is None:
            return self.event.state
        city, ours = self.event.state, self.work.state
        return city if RANK.get(city, len(RANK)) > RANK.get(ours, 0) else ours

    @property
    def unit(self) -> str:
        return (self.work.unit if self.work else "") or self.event.unit

    @property
    def open(self) -> bool:
        return self.state not in CLOSED_STATES


def fold(event: Event | FiledEvent, work: EventWork | None, unsent: bool = False) -> EventView:
    """The one way to what is shown."""
    filed = not isinstance(event, Event)
    row = as_event(event) if isinstance(event, FiledEvent) else event
    return EventView(row, work, unsent, filed)


def as_event(filed: FiledEvent) -> Event:
    """A filed event in the pool's form, as the pool will write it."""
    f = filed
    placed = NOWHERE if f.lon is None else POINT
    return Event(
        f.id, f.source, f.id, f.title, f.body, f.cls, f.urgency, None, f.area, f.address,
        f.lon, f.lat, f.acc_m, placed, "wgs84", "", "", None, f.reported_at, f.reported_at,
        NEW, "", None,
    )  # fmt: skip


def view(reader: Reader, event: str) -> EventView:
    """One event as shown; Refused("unknown") where neither the pool nor a station has it."""
    found = views(reader, [event])
    if event not in found:
        raise Refused("unknown", kind="event", id=event)
    return found[event]


def views(reader: Reader, keys: Sequence[str]) -> dict[str, EventView]:
    """Events as shown, by id; those that nobody has are left out."""
    rows: dict[str, Event | FiledEvent] = {f.id: f for f in reader.many(FiledEvent, keys)}
    rows.update((e.id, e) for e in reader.many(Event, keys))
    work = {w.id: w for w in reader.many(EventWork, keys)}
    return {key: fold(rows[key], work.get(key)) for key in keys if key in rows}


def queue(reader: Reader, limit: int = -1) -> list[EventView]:
    """Events that the city calls open, as shown, the most urgent and of those the oldest first; at
    most so many, where a limit is given."""
    sql = f"SELECT * FROM event WHERE {IS_OPEN} ORDER BY urgency, reported_at LIMIT :n"
    rows = [Event(*row) for row in reader.rows(sql, n=limit)]
    work = {w.id: w for w in reader.many(EventWork, [e.id for e in rows])}
    return [fold(event, work.get(event.id)) for event in rows]


def accept(tx: Tx, event: str) -> None:
    """受理: take a new event in."""
    tx.put(replace(_step(tx, event, ACCEPTED), accepted_at=tx.now))


def may_dispatch(reader: Reader, event: str) -> bool:
    """Whether an event still waits for the unit that takes it."""
    return view(reader, event).state in ALLOWED[DISPATCHED]


def dispatch(tx: Tx, event: str, unit: str) -> None:
    """派单: give it to a unit; a new event is accepted by the same act."""
    unit = written("unit", unit, TITLE_LIMIT)
    work = _step(tx, event, DISPATCHED)
    accepted = work.accepted_at or tx.now
    tx.put(replace(work, unit=unit, accepted_at=accepted, dispatched_at=tx.now))


def note(tx: Tx, event: str, text: str) -> None:
    """Write a remark under an event."""
    view(tx, event)
    words = written("text", text)
    tx.put(EventNote(str(uuid.uuid4()), event, words, tx.now, tx.by, tx.post))


def close(tx: Tx, event: str, result: str) -> None:
    """办结: close with what came of it."""
    result = written("result", result)
    tx.put(replace(_step(tx, event, CLOSED), result=result, closed_at=tx.now))


def file_alarms(tx: Tx, alarms: Sequence[Alarm]) -> None:
    """An alarm whose rule says so becomes an event of the city: once, whoever sees it.

    Also one that was back to normal before anybody saw it, and one that grew worse: its event
    begins when it did.
    """
    by_id = {rule.id: rule for rule in rules(day(tx.now))}
    filing = [a for a in alarms if a.event and a.state in WAITING and a.rule in by_id]
    known = {e.id for e in tx.many(FiledEvent, [a.event for a in filing])}
    tx.put(
        *(
            FiledEvent(
                a.event, "iot", by_id[a.rule].zh, "", by_id[a.rule].event_class,
                by_id[a.rule].urgency, a.area, "", a.lon, a.lat, 10.0, a.changed_at,
            )
            for a in filing
            if a.event not in known
        )
    )  # fmt: skip


def history(reader: Reader, event: str) -> list[tuple[Ms, str, str, str, str]]:
    """What happened to an event, oldest first: (moment, post, person, act, text)."""
    notes = [(n.at, n.post, n.by, "note", n.text) for n in reader.find(EventNote, event=event)]
    as_kept = json.dumps(event, ensure_ascii=False)
    sql = (
        "SELECT hlc >> 16, post, person, act FROM journal WHERE act IN "
        "('accept', 'dispatch', 'close', 'file_alarms', 'attach') AND instr(body, :id) ORDER BY hlc"
    )
    acts = [(Ms(at), post, by, act, "") for at, post, by, act in reader.rows(sql, id=as_kept)]
    return sorted([*notes, *acts])


def search(reader: Reader, words: str, limit: int = 200) -> list[EventView]:
    """Events whose title, text or address hold all the words, as shown, newest first, over the
    whole pool."""
    terms = plain.clean(words[: plain.LINE_LIMIT]).replace(plain.SCAR, " ").split()
    if not terms:
        return []
    matches = [m for term in terms if (m := fulltext.match(term))]
    source = "event"
    params: dict[str, object] = {"n": limit}
    if matches:
        source = "event_fts CROSS JOIN event ON event.rowid = event_fts.rowid"
        params["m"] = " AND ".join(matches)
    checks = ["event_fts MATCH :m"] if matches else []
    for i, term in enumerate(terms):
        params[f"t{i}"] = fulltext.like(term)
        fields = (f"event.{name} LIKE :t{i} ESCAPE '\\'" for name in ("title", "body", "address"))
        checks.append(f"({' OR '.join(fields)})")
    sql = (
        f"SELECT event.* FROM {source} WHERE {' AND '.join(checks)} "
        f"ORDER BY {'event_fts' if matches else 'event'}.rowid DESC LIMIT :n"
    )
    found = [Event(*row) for row in reader.rows(sql, **params)]
    found.sort(key=lambda e: -e.reported_at)  # numbers tell the minute
    work = {w.id: w for w in reader.many(EventWork, [e.id for e in found])}
    return [fold(event, work.get(event.id)) for event in found]


def _step(tx: Tx, event: str, state: str) -> EventWork:
    now = view(tx, event)
    if now.state not in ALLOWED[state]:
        raise Refused("state", kind="event", id=event, state=now.state, wanted=state)
    before = now.work or EventWork(event, NEW, "", "", tx.now, tx.by, tx.post)
    return replace(before, state=state, at=tx.now, by=tx.by, post=tx.post)
