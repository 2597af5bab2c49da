"""Incidents 突发事件 and the command pair 前指 / 后指."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from commandwall.clock import Ms
from commandwall.posts import BACK, FRONT
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
    lead: str
    people: int
    opened_at: Ms


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


def open_incident(tx: Tx, opening: Opening) -> None:
    """Open an incident with its two command posts."""
    o = opening
    title = written("title", o.title, TITLE_LIMIT)
    place = written("place", o.place, needed=False)
    reason = written("reason", o.reason, needed=False)
    key = str(uuid.uuid4())
    tx.put(
        Incident(
            key, title, o.kind, o.grade, o.warning, o.response, o.area, place, o.lon, o.lat,
            o.radius_m, o.event, OPEN, tx.now, None, reason, tx.by, tx.post,
        )
    )  # fmt: skip
    tx.put(
        CommandPost(f"{key}:{FRONT}", key, FRONT, "", place, o.lon, o.lat, "", 0, tx.now),
        CommandPost(f"{key}:{BACK}", key, BACK, "", "", o.lon, o.lat, "", 0, tx.now),
    )


def still_open(tx: Reader, incident: str) -> Incident:
    """The incident; Refused("closed") where it is unknown or closed."""
    now = tx.get(Incident, incident)
    if now is None or now.state != OPEN:
        raise Refused("closed", kind="incident", id=incident)
    return now
