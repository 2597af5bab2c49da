"""Events 事件: rows of the unified event pool, and the work stations do on them."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Index, text

from commandwall import co_handling, plain, restricted
from commandwall.alarms import WAITING, Alarm, rules
from commandwall.clock import Ms, day
from commandwall.event_flow import ACCEPTED as ACCEPTED
from commandwall.event_flow import BEFORE, FLOW, RANK, SAME, allows, further, shown
from commandwall.event_flow import CLOSED as CLOSED
from commandwall.event_flow import CLOSED_STATES as CLOSED_STATES
from commandwall.event_flow import DISPATCHED as DISPATCHED
from commandwall.event_flow import FEEDBACK as FEEDBACK
from commandwall.event_flow import NEW as NEW
from commandwall.event_flow import ON_SCENE as ON_SCENE
from commandwall.event_flow import OPEN_STATES as OPEN_STATES
from commandwall.event_flow import SIGNED as SIGNED
from commandwall.masking import without
from commandwall.store import fulltext
from commandwall.store.journal import Line
from commandwall.store.lines import contents, telling
from commandwall.store.schema import MIRROR, WALL, Meeting, record, table_of
from commandwall.store.store import Reader, Reason, Refused, Tx
from commandwall.store.written import TEXT_LIMIT as TEXT_LIMIT
from commandwall.store.written import TITLE_LIMIT, written

IS_OPEN = f"state IN {OPEN_STATES}"
"""The condition of an open event; the mirror keeps an index of exactly these."""
LONGEST = 16
"""Letters of a number that stands in a column."""
_BEGIN = re.compile("[0-9a-f]{8}-")
POINT, AREA, NOWHERE = "point", "area", "nowhere"
"""How an event was placed: by coordinates, on the area its text or code names, or not at all."""


@record(MIRROR, index=("source_id",))
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

    @property
    def headline(self) -> str:
        """The title without the name of who reported it: what any screen and paper starts from."""
        return without(self.title, self.person)

    @property
    def words(self) -> str:
        """The text, in the same way."""
        return without(self.body, self.person)

    @property
    def number(self) -> str:
        """1125-00665, or the beginning of an id that no person gave: B465B589."""
        given = self.source_id
        own = given == self.id and len(given) > LONGEST
        drawn = own and _BEGIN.match(given)  # by a station: digits in it are nobody's number
        shown = given if drawn else plain.plain(given, 40)
        return shown[:8].upper() if own else shown

    def is_numbered(self, typed: str) -> bool:
        """Whether a person means it by this number: as it is shown, or as its source gave it."""
        return typed.casefold() in (self.number.casefold(), self.source_id.casefold())


_open = table_of(Event).c
Index("ix_event_open", _open.urgency, _open.reported_at, sqlite_where=text(IS_OPEN))


@record(WALL)
@dataclass(frozen=True, slots=True)
class FiledEvent:
    """An event that a person or an alarm filed, until the pool's own row arrives."""

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
    placed: str = ""  # how it was placed; "": at its degrees
    person: str = ""
    phone: str = ""


@record(WALL, index=("state", "main"), meeting=Meeting(keeps=restricted.still))
@dataclass(frozen=True, slots=True)
class EventWork:
    """What stations did to an event; `id` is the event. Its clocks begin with its moments."""

    id: str
    state: str
    unit: str
    result: str
    at: Ms
    by: str
    post: str
    accepted_at: Ms | None = None
    dispatched_at: Ms | None = None  # to the unit that has it now
    closed_at: Ms | None = None  # also rejected, merged, cancelled
    furthest: str = ""  # the furthest state that stations knew of it
    was: str = ""  # the state before it was merged
    co: str = ""  # units that help, by commas; `unit` leads
    given_at: Ms | None = None  # to the first unit, or to redo it; a return leaves it
    signed_at: Ms | None = None
    arrived_at: Ms | None = None
    fed_back_at: Ms | None = None
    handler: str = ""  # who fed back; who handles may not verify
    handler_post: str = ""
    reason: str = ""  # of the last step that wants one
    basis: str = ""  # law or duty that a return rests on
    main: str = ""  # the event it was merged into
    plan: str = ""  # of one that is listed
    review_at: Ms | None = None  # when one that is suspended or listed is looked at again
    pauses: str = ""  # event_flow.pauses
    suspended_ms: int = 0  # of the pauses that are over, by the wall clock
    return_no: int = 0
    rework_no: int = 0
    ext_no: int = 0  # extensions granted
    asked_ms: int = 0  # of the extension that waits for a word; 0: none does
    extended_ms: int = 0  # granted, on the calendar of the disposal's clock
    evidence: str = ""
    solved: str = ""  # code list event_solved
    content: str = ""  # code list event_content: how content who reported it was
    missed: str = ""  # moments of calls back that nobody took, by spaces
    cls: str = ""  # code list event_class, where a station set it right
    taken_back_no: int = 0  # dispatches that the centre took back before they were signed
    visit_at: Ms | None = None  # until when who reported it is visited after its end
    visited_at: Ms | None = None
    visit: str = ""  # what was heard there
    lesson: str = ""  # code list event_lesson
    summary: str = ""  # what is learned from it, in words
    tier: str = ""  # code list tier: who has it, where a person routed it
    tier_at: Ms | None = None  # when it was routed
    back_at: Ms | None = None  # when it was last handed back
    tier_no: int = 0  # how often that was
    way: str = ""  # code list handling_way


READY = "state = 'CLOSED' AND lesson <> '' AND (visit_at IS NULL OR visited_at IS NOT NULL)"
"""The condition of a closed event that owes nothing: it is put away in time."""
Index("ix_eventwork_ready", table_of(EventWork).c.closed_at, sqlite_where=text(READY))


@record(WALL, index=("event",))
@dataclass(frozen=True, slots=True)
class EventNote:
    id: str
    event: str
    text: str
    at: Ms
    by: str
    post: str


@dataclass(frozen=True, slots=True)
class EventView:
    """What is shown of an event: the city's row and the stations' work, folded."""

    event: Event
    work: EventWork | None
    unsent: bool = False
    filed: bool = False  # a station or an alarm filed it and the pool has no row of it yet

    @property
    def state(self) -> str:
        """What stations did, unless the city has news."""
        if self.work is None:
            return self.event.state
        ours, closed = self.work, self.event.closed_at
        ended = closed is not None and closed > ours.at
        return shown(self.event.state, ended, ours.state, ours.furthest)

    @property
    def unit(self) -> str:
        return (self.work.unit if self.work else "") or self.event.unit

    @property
    def units(self) -> tuple[str, ...]:
        """The unit that leads, then those that help."""
        return self.unit, *(self.work.co.split(",") if self.work and self.work.co else ())

    @property
    def cls(self) -> str:
        """Its class: the one that a station set right, else the city's."""
        return (self.work.cls if self.work else "") or self.event.cls

    @property
    def restricted(self) -> bool:
        """Whether `event` says no more than its class and area."""
        return restricted.hides(self.cls)

    @property
    def open(self) -> bool:
        return self.state not in CLOSED_STATES

    @property
    def number(self) -> str:
        """As the city knows it."""
        return self.event.number


def fold(event: Event | FiledEvent, work: EventWork | None, unsent: bool = False) -> EventView:
    """The one way to what is shown."""
    filed = not isinstance(event, Event)
    row = as_event(event) if isinstance(event, FiledEvent) else event
    cls = (work.cls if work else "") or row.cls
    return EventView(_blurred(row, cls) if restricted.hides(cls) else row, work, unsent, filed)


def _blurred(event: Event, cls: str) -> Event:
    """What may be known of an event of a restricted class: that there is one, and in which area."""
    return replace(
        event, cls=cls, title=restricted.title(cls), body="", address="", person="", phone="",
        lon=None, lat=None, acc_m=None, placed=AREA if event.area else NOWHERE,
    )  # fmt: skip


def readable(reader: Reader, rows: Iterable[Event]) -> Iterator[Event]:
    """Rows of the mirror of which the words may be told: none of a restricted class, be it the
    city's or the one that a station set."""
    kept = json.dumps(sorted(restricted.classes()))
    sql = "SELECT id FROM eventwork WHERE cls IN (SELECT value FROM json_each(:kept))"
    hidden = {key for (key,) in reader.rows(sql, kept=kept)}
    return (e for e in rows if e.id not in hidden and not restricted.hides(e.cls))


def as_it_came(reader: Reader, event: str) -> Event:
    """What was told of an event, also of a restricted class: for who wrote down that he reads it.
    Refused("unknown") where nobody has it."""
    came, filed = reader.get(Event, event), reader.get(FiledEvent, event)
    if came is not None:
        return came
    if filed is None:
        raise Refused("unknown", kind="event", id=event)
    return as_event(filed)


def as_event(filed: FiledEvent) -> Event:
    """A filed event in the pool's form, as the pool will write it."""
    f = filed
    placed = NOWHERE if f.lon is None else f.placed or POINT
    return Event(
        f.id, f.source, f.id, f.title, f.body, f.cls, f.urgency, None, f.area, f.address,
        f.lon, f.lat, f.acc_m, placed, "wgs84", f.person, f.phone, None, f.reported_at,
        f.reported_at, NEW, "", None,
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
    return folded(reader, reader.records(Event, sql, n=limit))


def accept(tx: Tx, event: str) -> None:
    """受理: take a new event in."""
    tx.put(replace(step(tx, event, "accept"), accepted_at=tx.now))


def may_dispatch(reader: Reader, event: str) -> bool:
    """Whether an event still waits for the unit that takes it."""
    return allows("dispatch", view(reader, event).state)


def dispatch(tx: Tx, event: str, unit: str, co: str = "") -> None:
    """派单: give it to the unit that leads, and to those that help (by commas); a new event is
    accepted by the same act."""
    unit = written("unit", unit, TITLE_LIMIT)
    co = written("co", co, TITLE_LIMIT, needed=False)
    work = step(tx, event, "dispatch")
    accepted, given = work.accepted_at or tx.now, work.given_at or tx.now
    tx.put(
        replace(
            work, unit=unit, co=co, accepted_at=accepted, given_at=given, dispatched_at=tx.now,
        )
    )  # fmt: skip
    co_handling.call(tx, event, co)


def owed(work: EventWork) -> tuple[str, ...]:
    """The actions that are due of a closed event before it is put away."""
    visit = ("visit",) if work.visit_at is not None and work.visited_at is None else ()
    return visit if work.lesson else (*visit, "sum_up")


def note(tx: Tx, event: str, text: str) -> None:
    """Write a remark under an event."""
    view(tx, event)
    words = written("text", text)
    tx.put(EventNote(str(uuid.uuid4()), event, words, tx.now, tx.by, tx.post))


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


BESIDE = (
    "close", "register", "file_alarms", "attach", "open_incident", "pay", "approve_payment",
    "refuse_payment", "void_payment", "turn_clue", "join_clue", "move_lapsed",
)  # fmt: skip
"""Acts beside the flow that a history tells: `close` of lines that an older program wrote."""
Say = Callable[[str, EventWork], str]
"""(act, the work as it left it): what was said by a step, in words."""


def history(
    reader: Reader, event: str, say: Say = lambda act, work: ""
) -> list[tuple[Ms, str, str, str, str]]:
    """What happened to an event, oldest first and of one moment as the journal has it: (moment,
    post, person, act, text)."""
    notes = [(n.at, n.post, n.by, "note", n.text) for n in reader.find(EventNote, event=event)]
    lines = telling(reader, event, [*FLOW, *BESIDE])
    acts = [(x.at, x.post, x.person, x.act, _said(x, event, say)) for x in lines]
    return sorted([*notes, *acts], key=lambda told: told[0])


def _said(line: Line, event: str, say: Say) -> str:
    """What a line says of an event; where it is of another one, of that."""
    works = [record for record, _ in contents(line) if isinstance(record, EventWork)]
    works.sort(key=lambda work: work.id != event)
    return say(line.act, works[0]) if works else ""


def folded(reader: Reader, rows: Sequence[Event]) -> list[EventView]:
    """Rows of the mirror as shown, in their order."""
    work = {w.id: w for w in reader.many(EventWork, [e.id for e in rows])}
    return [fold(event, work.get(event.id)) for event in rows]


def terms(words: str) -> list[str]:
    """The words of a search, without what nobody sees."""
    return plain.clean(words[: plain.LINE_LIMIT]).replace(plain.SCAR, " ").split()


def found(reader: Reader, words: str, checks: Sequence[str] = (), **params: Any) -> Iterator[Event]:
    """The mirror's rows that hold all the words, the newest first, read no further than somebody
    takes them. `checks`: further conditions on `event`, with their parameters."""
    if not (wanted := terms(words)):
        return
    checks, source, order = list(checks), "event", "event"
    if matches := [m for term in wanted if (m := fulltext.match(term))]:
        source = "event_fts CROSS JOIN event ON event.rowid = event_fts.rowid"
        order, params["m"] = "event_fts", " AND ".join(matches)
        checks.append("event_fts MATCH :m")
    for i, term in enumerate(wanted):
        params[f"t{i}"] = fulltext.like(term)
        fields = (f"event.{name} LIKE :t{i} ESCAPE '\\'" for name in fulltext.TEXTS)
        checks.append(f"({' OR '.join(fields)})")
    sql = f"SELECT event.* FROM {source} WHERE {' AND '.join(checks)} ORDER BY {order}.rowid DESC"
    for row in reader.each(sql, **params):
        yield Event(*row)


def step(tx: Tx, event: str, action: str) -> EventWork:
    """The work on an event as an action of FLOW leaves it but for what that action alone changes;
    not yet put. Refused("state") where the flow does not allow it."""
    now = view(tx, event)
    if (why := hindrance(now, action)) is not None:
        raise Refused(why.code, **why.facts)
    work = now.work or EventWork(event, now.state, now.event.unit, "", tx.now, tx.by, tx.post)
    to = {SAME: now.state, BEFORE: work.was or NEW}.get(FLOW[action].to, FLOW[action].to)
    known = further(further(work.furthest or work.state, now.state), to)
    given = work.given_at
    if given is None and RANK.get(now.state, 0) >= RANK[DISPATCHED]:  # by the city: it has begun
        given = work.dispatched_at or work.accepted_at or now.event.received_at
    return replace(
        work, state=to, furthest=known, given_at=given, at=tx.now, by=tx.by, post=tx.post
    )


def hindrance(view: EventView, action: str) -> Reason | None:
    """Why the flow does not allow an action on an event now; None where it does."""
    if allows(action, view.state):
        return None
    facts = {"kind": "event", "id": view.event.id, "state": view.state, "wanted": FLOW[action].to}
    return Reason("state", facts)
