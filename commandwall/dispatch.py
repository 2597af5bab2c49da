"""Dispatch 出动: units that were sent to an event, an alarm or an incident, and what came of it.

A sending and each step of it are records of their own: what positions show has the same id from
every station, what a person was told stands beside it, and of two that say the same the earlier
counts.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import quantiles
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commandwall import alarms, answers, codes, events, geo, incidents
from commandwall.clock import MINUTE, SECOND, Ms
from commandwall.events import EventWork
from commandwall.incidents import Incident
from commandwall.resources import Resource
from commandwall.sensors import Watch
from commandwall.store.schema import WALL, Meeting, record
from commandwall.store.store import Reader, Refused, Tx
from commandwall.store.written import TITLE_LIMIT, present, written

SENT, ACKED, MOVING, ARRIVED, RELEASED, CANCELLED = (
    "SENT",
    "ACKED",
    "MOVING",
    "ARRIVED",
    "RELEASED",
    "CANCELLED",
)
"""Rows of the code list assignment_state."""
LATE = "LATE"
"""A step that only says why it took so long."""
POSITION, TOLD = "position", "told"
"""How a step became known: seen in its positions, or said by the unit or for it."""
EVENT, ALARM, INCIDENT = "event", "alarm", "incident"
STATUS = {SENT: "assigned", ACKED: "assigned", MOVING: "en_route", ARRIVED: "on_scene"}
"""State of a sending -> row of the code list resource_status that its unit has by it."""
NAMESPACE = uuid.UUID("0a54dd0f-5cf4-44d3-9a0d-0cf2bb1a9a52")


@record(WALL, index=("subject", "resource"))
@dataclass(frozen=True, slots=True)
class Assignment:
    """A unit sent to something; where it stood then and how long it was thought to take."""

    id: str
    kind: str  # event, alarm, incident
    subject: str
    resource: str
    urgency: int  # of the subject: 1 (life) .. 5
    area: str
    lon: float  # where it is to go
    lat: float
    from_lon: float | None  # where it was
    from_lat: float | None
    eta_s: int | None
    basis: str  # code list eta_basis
    sent_at: Ms
    by: str
    post: str
    outcome: str = ""  # RELEASED, CANCELLED
    ended_at: Ms | None = None
    ended_by: str = ""
    reason: str = ""


@record(WALL, index=("assignment",), meeting=Meeting(marks=("at",)))
@dataclass(frozen=True, slots=True)
class AssignmentStep:
    """ACKED, MOVING or ARRIVED of a sending, or why it is LATE."""

    id: str
    assignment: str
    area: str
    step: str
    at: Ms
    basis: str  # position, told
    text: str
    by: str
    post: str


@dataclass(frozen=True, slots=True)
class Sending:
    """What a person decides: this unit to that subject, and what was known at that moment."""

    kind: str
    subject: str
    resource: str
    lon: float
    lat: float
    urgency: int = 3
    area: str = ""
    from_lon: float | None = None
    from_lat: float | None = None
    eta_s: int | None = None
    basis: str = ""


@dataclass(frozen=True, slots=True)
class Trip:
    """A sending with its steps, folded: what is shown."""

    assignment: Assignment
    steps: Mapping[str, AssignmentStep] = field(default_factory=dict)  # the earliest of each

    @property
    def open(self) -> bool:
        return not self.assignment.outcome

    @property
    def state(self) -> str:
        if self.assignment.outcome:
            return self.assignment.outcome
        return next((s for s in (ARRIVED, MOVING, ACKED) if s in self.steps), SENT)

    def after(self, step: str) -> int | None:
        """Milliseconds from the sending to a step; None while it has not been."""
        known = self.steps.get(step)
        return None if known is None else known.at - self.assignment.sent_at

    def unanswered(self, now: Ms) -> bool:
        """Whether nobody has taken it over in the time there is for that, and it does not move."""
        waits = now - self.assignment.sent_at > codes.limit("ack_seconds") * SECOND
        return self.state == SENT and waits

    def late(self, now: Ms) -> bool:
        """Whether it took, or has taken so far, longer than the aim."""
        took = self.after(ARRIVED)
        gone = took if took is not None else now - self.assignment.sent_at
        return self.open and gone > codes.limit("arrive_minutes") * MINUTE


def trips(assignments: Iterable[Assignment], steps: Iterable[AssignmentStep]) -> dict[str, Trip]:
    """The one way to what is shown, by the id of the assignment."""
    known: dict[str, dict[str, AssignmentStep]] = defaultdict(dict)
    for one in sorted(steps, key=lambda s: (s.at, s.id)):
        known[one.assignment].setdefault(one.step, one)
    return {a.id: Trip(a, known.get(a.id, {})) for a in assignments}


def status_of(resource: Resource, trip: Trip | None) -> str:
    """What a unit does, row of the code list resource_status: what stations sent it to counts
    before what the city says."""
    return resource.status if trip is None else STATUS[trip.state]


def under_way(reader: Reader) -> dict[str, Trip]:
    """All sendings that have not ended."""
    rows = reader.find(Assignment, outcome="")
    return trips(rows, reader.many(AssignmentStep, [a.id for a in rows], "assignment"))


# Acts.


def send(tx: Tx, sending: Sending) -> None:
    """出动: send a unit. One that is on its way to something less urgent is called off from there;
    an event that nobody had has its unit with it."""
    s = sending
    unit = present(tx, Resource, s.resource)
    _still_open(tx, s)
    before = tx.find(Assignment, resource=s.resource, outcome="")
    if any(a.urgency <= s.urgency for a in before):
        raise Refused("engaged", unit=unit.name)
    tx.put(*(_ended(a, CANCELLED, tx.now, tx.by) for a in before))
    tx.put(
        Assignment(
            str(uuid.uuid4()), s.kind, s.subject, s.resource, s.urgency, s.area, s.lon, s.lat,
            s.from_lon, s.from_lat, s.eta_s, s.basis, tx.now, tx.by, tx.post,
        )
    )  # fmt: skip
    if s.kind == EVENT and events.may_dispatch(tx, s.subject):
        events.dispatch(tx, s.subject, unit.unit or unit.name)


def acknowledge_sending(tx: Tx, assignment: str) -> None:
    """接令: the unit has taken it over, as it said or as was said for it."""
    _tell(tx, assignment, ACKED)


def report_moving(tx: Tx, assignment: str) -> None:
    """出发: it is on its way, as it said."""
    _tell(tx, assignment, MOVING)


def report_arrival(tx: Tx, assignment: str) -> None:
    """到场: it is there, as it said."""
    _tell(tx, assignment, ARRIVED)


def explain_delay(tx: Tx, assignment: str, reason: str) -> None:
    """迟到原因: why it was not there in time."""
    _tell(tx, assignment, LATE, written("reason", reason))


def release(tx: Tx, assignment: str) -> None:
    """归队: it is done there, and free."""
    tx.put(_ended(_open(tx, assignment), RELEASED, tx.now, tx.by))


def recall(tx: Tx, assignment: str, reason: str) -> None:
    """撤回: it is called off, for a reason."""
    reason = written("reason", reason, TITLE_LIMIT)
    tx.put(replace(_ended(_open(tx, assignment), CANCELLED, tx.now, tx.by), reason=reason))


def observe_steps(tx: Tx, steps: Sequence[AssignmentStep]) -> None:
    """What positions show of those that were sent: the same records from every station."""
    known = {s.id for s in tx.many(AssignmentStep, [s.id for s in steps])}
    tx.put(*(s for s in steps if s.id not in known))


# What follows by itself.


def free_of_events(tx: Tx, works: Sequence[EventWork]) -> None:
    """Closing an event frees the units that were sent to it."""
    closed = (w for w in works if w.state in events.CLOSED_STATES)
    _free(tx, EVENT, {w.id: (w.closed_at or w.at, w.by) for w in closed})


def free_of_incidents(tx: Tx, rows: Sequence[Incident]) -> None:
    """Closing an incident frees those that were sent to it."""
    closed = {i.id: (i.closed_at, i.by) for i in rows if i.state == incidents.CLOSED}
    _free(tx, INCIDENT, {key: (at, by) for key, (at, by) in closed.items() if at is not None})


@dataclass(frozen=True, slots=True)
class Fix:
    """Where a unit was at a moment; `at` is 0 where it was never heard."""

    at: Ms
    lon: float
    lat: float


class Tracker:
    """What the positions of those that were sent show. It remembers since when each is near its
    place, between one look and the next."""

    def __init__(self) -> None:
        self._near: dict[str, Ms] = {}
        self._from: dict[str, Fix] = {}

    def look(self, found: Iterable[Trip], fix_of: Callable[[str], Fix]) -> list[AssignmentStep]:
        """The steps that are new, each at the moment of the position that shows it."""
        steps: list[AssignmentStep] = []
        for trip in found:
            fix = fix_of(trip.assignment.resource)
            if fix.at > trip.assignment.sent_at:
                steps += self._moved(trip, fix) + self._arrived(trip, fix)
        return steps

    def _moved(self, trip: Trip, fix: Fix) -> list[AssignmentStep]:
        a = trip.assignment
        if MOVING in trip.steps:
            return []
        start = self._from.setdefault(a.id, _start(a, fix))
        moved = _metres((start.lon, start.lat), fix) > codes.limit("moving_metres")
        return [_seen(a, MOVING, fix.at)] if moved else []

    def _arrived(self, trip: Trip, fix: Fix) -> list[AssignmentStep]:
        a = trip.assignment
        if ARRIVED in trip.steps:
            return []
        if _metres((a.lon, a.lat), fix) > codes.limit("arrive_metres"):
            self._near.pop(a.id, None)
            return []
        since = self._near.setdefault(a.id, fix.at)
        stays = fix.at - since >= codes.limit("arrive_seconds") * SECOND
        return [_seen(a, ARRIVED, since)] if stays else []


def follow(watch: Watch, now: Ms) -> None:
    """Who was sent is followed by position."""
    watch.follow()


# Figures.


@dataclass(frozen=True, slots=True)
class Figure:
    """Seconds from the sending to a step, of so many that got so far; None without any."""

    step: str
    count: int
    p50: float | None
    p90: float | None


@dataclass(frozen=True, slots=True)
class Score:
    """How dispatch did: `within` of `judged` were there in the time that is aimed at."""

    figures: tuple[Figure, ...]
    within: int
    judged: int


def score(found: Iterable[Trip], now: Ms) -> Score:
    """Those that were called off on the way are not judged, nor those that still have time."""
    rows = list(found)
    aim = codes.limit("arrive_minutes") * MINUTE
    took = [t.after(ARRIVED) for t in rows]
    over = [t.after(ARRIVED) is None and t.open and now - t.assignment.sent_at > aim for t in rows]
    within = sum(ms is not None and ms <= aim for ms in took)
    judged = sum(ms is not None or missed for ms, missed in zip(took, over, strict=True))
    return Score(tuple(_figure(s, rows) for s in (ACKED, MOVING, ARRIVED)), within, judged)


def _figure(step: str, rows: Sequence[Trip]) -> Figure:
    found = [ms / SECOND for t in rows if (ms := t.after(step)) is not None]
    if len(found) < 2:
        only = found[0] if found else None
        return Figure(step, len(found), only, only)
    cuts = quantiles(found, n=10, method="inclusive")
    return Figure(step, len(found), cuts[4], cuts[8])


def _still_open(tx: Tx, sending: Sending) -> None:
    """Refused where there is nothing to go to any more."""
    kind, key = sending.kind, sending.subject
    if kind == INCIDENT:
        incidents.still_open(tx, key)
    elif kind == ALARM:
        present(tx, alarms.Alarm, key)
    elif not events.view(tx, key).open:
        raise Refused("closed", kind=kind, id=key)


def _open(tx: Tx, assignment: str) -> Assignment:
    found = present(tx, Assignment, assignment)
    if found.outcome:
        raise Refused("state", kind="assignment", id=assignment, state=found.outcome)
    return found


def _ended(assignment: Assignment, outcome: str, at: Ms, by: str) -> Assignment:
    return replace(assignment, outcome=outcome, ended_at=at, ended_by=by)


def _free(tx: Tx, kind: str, closed: Mapping[str, tuple[Ms, str]]) -> None:
    """By the moment and the person of the closing: every station comes to the same record."""
    rows = tx.many(Assignment, list(closed), "subject", outcome="")
    tx.put(*(_ended(a, RELEASED, *closed[a.subject]) for a in rows if a.kind == kind))


def _tell(tx: Tx, assignment: str, step: str, text: str = "") -> None:
    a = _open(tx, assignment)
    if step != LATE:
        answers.give(tx, "assignment", a.id, step)
    key = str(uuid.uuid4())
    tx.put(AssignmentStep(key, a.id, a.area, step, tx.now, TOLD, text, tx.by, tx.post))


def _seen(assignment: Assignment, step: str, at: Ms) -> AssignmentStep:
    key = str(uuid.uuid5(NAMESPACE, f"{step}|{assignment.id}"))
    return AssignmentStep(key, assignment.id, assignment.area, step, at, POSITION, "", "", "")


def _start(assignment: Assignment, fix: Fix) -> Fix:
    """Where it stood when it was sent; where that is not known, where it is first seen."""
    lon, lat = assignment.from_lon, assignment.from_lat
    return fix if lon is None or lat is None else Fix(assignment.sent_at, lon, lat)


def _metres(place: tuple[float, float], fix: Fix) -> float:
    lon, lat = place
    return float(geo.distance(lon, lat, fix.lon, fix.lat))


def fix_reader(
    numbers: Mapping[str, int], columns: Mapping[str, NDArray[Any]]
) -> Callable[[str], Fix]:
    """Looks a unit's newest position up: its number in the packs, and their live columns."""

    def fix_of(resource: str) -> Fix:
        no = numbers.get(resource, -1)
        if no < 0 or no >= len(columns["at"]):
            return Fix(Ms(0), np.nan, np.nan)
        return Fix(Ms(int(columns["at"][no])), float(columns["lon"][no]), float(columns["lat"][no]))

    return fix_of
