"""Incidents 突发事件 and the command pair 前指 / 后指."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace

from commandwall import codes
from commandwall.clock import Ms
from commandwall.grading import Harm, suggest
from commandwall.posts import BACK, FRONT, side_of
from commandwall.store.schema import WALL, record
from commandwall.store.store import Reader, Refused, Tx
from commandwall.store.written import TITLE_LIMIT, written

OPEN, CLOSED = "OPEN", "CLOSED"


@record(WALL)
@dataclass(frozen=True, slots=True)
class Incident:
    """An emergency under command; grade, warning and response are three fields, never one."""

    id: str
    title: str
    kind: str  # code list incident_kind
    grade: int | None  # 事件分级
    warning: int | None  # 预警级别
    response: int | None  # 响应级别
    area: str
    place: str
    lon: float
    lat: float
    radius_m: float  # cordon
    event: str  # the event it grew from, or ""
    state: str
    opened_at: Ms
    closed_at: Ms | None
    reason: str  # why opened or closed
    by: str
    post: str
    alarm: str = ""  # the alarm it grew from, or ""
    phase: str = ""  # code list incident_phase; "" until one is set
    warned: str = ""  # the public warning it grew from, or ""


@record(WALL, index=("incident",))
@dataclass(frozen=True, slots=True)
class JoinedEvent:
    """A further event that belongs to an incident, or did: `id` is both of them."""

    id: str
    incident: str
    event: str
    joined: int  # 0: taken out again
    at: Ms
    by: str
    post: str


@record(WALL)
@dataclass(frozen=True, slots=True)
class GradeProposal:
    """The harm as it was known when a person decided the grade, and what the rules proposed, or a
    person who may not decide it.

    `id` is the incident; what was decided stands there.
    """

    id: str
    dead: int
    hurt: int
    loss: int  # 10,000 yuan
    grade: int | None
    rule: str  # row of the list grade_limit that gave the grade; "" where a person proposed it
    at: Ms
    by: str
    post: str


@record(WALL, index=("incident",))
@dataclass(frozen=True, slots=True)
class CommandPost:
    """A 前指 or 后指 of an incident."""

    id: str
    incident: str
    side: str
    name: str
    place: str
    lon: float
    lat: float
    lead: str  # who leads there, "" until it has reported in
    people: int  # how many are there
    opened_at: Ms
    told_at: Ms | None = None  # when it last reported


@dataclass(frozen=True, slots=True)
class Levels:
    """What a person decides of the three gradings, by the harm that is known."""

    grade: int | None
    warning: int | None
    response: int | None
    harm: Harm = field(default_factory=Harm)


@dataclass(frozen=True, slots=True)
class Opening:
    """What a person states when an incident is opened."""

    title: str
    kind: str
    area: str
    place: str
    lon: float
    lat: float
    grade: int | None = None
    warning: int | None = None
    response: int | None = None
    radius_m: float = 0.0
    event: str = ""
    reason: str = ""
    alarm: str = ""
    harm: Harm = field(default_factory=Harm)
    proposed: int | None = None
    """The grade that is proposed by who may not decide it."""

    @property
    def levels(self) -> Levels:
        """The gradings that it decides."""
        return Levels(self.grade, self.warning, self.response)


def open_incident(tx: Tx, opening: Opening) -> None:
    """Open an incident with its two command posts."""
    opened(tx, opening)


def opened(tx: Tx, opening: Opening) -> Incident:
    """The incident of an opening, which is put with its two command posts."""
    o = opening
    title = written("title", o.title, TITLE_LIMIT)
    if o.event:
        _apart(tx, o.event)
    place = written("place", o.place, needed=False)
    reason = written("reason", o.reason, needed=False)
    key = str(uuid.uuid4())
    incident = Incident(
        key, title, o.kind, o.grade, o.warning, o.response, o.area, place, o.lon, o.lat,
        o.radius_m, o.event, OPEN, tx.now, None, reason, tx.by, tx.post, o.alarm,
    )  # fmt: skip
    tx.put(incident)
    if o.harm != Harm() or o.proposed is not None:
        tx.put(_proposal(tx, key, o.kind, o.harm, o.proposed))
    tx.put(
        CommandPost(f"{key}:{FRONT}", key, FRONT, "", place, o.lon, o.lat, "", 0, tx.now),
        CommandPost(f"{key}:{BACK}", key, BACK, "", "", o.lon, o.lat, "", 0, tx.now),
    )
    return incident


def set_levels(tx: Tx, incident: str, levels: Levels, reason: str) -> None:
    """定级: decide the three gradings anew, for a reason; what the rules propose is kept beside."""
    now = still_open(tx, incident)
    reason = written("reason", reason)
    grade, warning, response = levels.grade, levels.warning, levels.response
    now = replace(now, grade=grade, warning=warning, response=response)
    tx.put(replace(now, reason=reason, by=tx.by, post=tx.post))
    tx.put(_proposal(tx, incident, now.kind, levels.harm))


def report_post(tx: Tx, incident: str, lead: str, people: int, place: str = "") -> None:
    """报到: who leads the command post of this side, how many are there, and where it stands; a
    place that is left out stays."""
    still_open(tx, incident)
    side = side_of(tx.post)
    now = tx.get(CommandPost, f"{incident}:{side}")
    if now is None:
        raise Refused("unknown", kind="command_post", id=side)
    lead = written("lead", lead, TITLE_LIMIT)
    place = written("place", place, TITLE_LIMIT, needed=False) or now.place
    tx.put(replace(now, lead=lead, people=max(people, 0), place=place, told_at=tx.now))


def join_event(tx: Tx, incident: str, event: str) -> None:
    """并入: a further event belongs to the incident; Refused where it belongs to another."""
    still_open(tx, incident)
    _apart(tx, event)
    tx.put(JoinedEvent(f"{incident}:{event}", incident, event, 1, tx.now, tx.by, tx.post))


def part_event(tx: Tx, incident: str, event: str) -> None:
    """移出: it does not belong to the incident after all."""
    still_open(tx, incident)
    now = tx.get(JoinedEvent, f"{incident}:{event}")
    if now is None or not now.joined:
        raise Refused("unknown", kind="event", id=event)
    tx.put(replace(now, joined=0, at=tx.now, by=tx.by, post=tx.post))


def set_phase(tx: Tx, incident: str, phase: str) -> None:
    """转阶段: the incident goes into another phase."""
    now = still_open(tx, incident)
    if phase not in codes.load("incident_phase"):
        raise Refused("unknown", kind="incident_phase", id=phase)
    tx.put(replace(now, phase=phase, by=tx.by, post=tx.post))


def reopen(tx: Tx, incident: str, reason: str) -> None:
    """重新启动: take up an incident that was closed, for a reason."""
    now = tx.get(Incident, incident)
    if now is None or now.state != CLOSED:
        raise Refused("unknown", kind="incident", id=incident)
    reason = written("reason", reason)
    tx.put(replace(now, state=OPEN, closed_at=None, reason=reason, by=tx.by, post=tx.post))


def events_of(reader: Reader, incident: Incident) -> list[str]:
    """The events of an incident: the one it grew from, then those that were joined to it."""
    joined = [j.event for j in reader.find(JoinedEvent, incident=incident.id, joined=1)]
    return [*filter(None, [incident.event]), *sorted(joined)]


def _apart(tx: Reader, event: str) -> None:
    """Refused("has_incident") where an event belongs to an open incident already."""
    held = [j.incident for j in tx.find(JoinedEvent, event=event, joined=1)]
    found = [*tx.find(Incident, event=event, state=OPEN), *tx.find(Incident, id=held, state=OPEN)]
    if found:
        raise Refused("has_incident", title=found[0].title)


def _proposal(
    tx: Tx, incident: str, kind: str, harm: Harm, stated: int | None = None
) -> GradeProposal:
    """`stated`: the grade that a person proposes; it counts before what the rules propose."""
    found = suggest(harm, kind, tx.now) if stated is None else None
    grade, rule = (found.grade, found.rule) if found else (stated, "")
    return GradeProposal(
        incident, harm.dead, harm.hurt, harm.loss, grade, rule, tx.now, tx.by, tx.post
    )


def still_open(tx: Reader, incident: str) -> Incident:
    """The incident; Refused("closed") where it is unknown or closed."""
    now = tx.get(Incident, incident)
    if now is None or now.state != OPEN:
        raise Refused("closed", kind="incident", id=incident)
    return now
