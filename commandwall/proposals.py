"""Proposals: which units to send, and why: time by road, what they can do, how old their position
is, what they are busy with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from commandwall import codes, geo
from commandwall.areas import Area, chain
from commandwall.clock import SECOND, Ms
from commandwall.dispatch import Fix, Trip
from commandwall.resources import Resource
from commandwall.roads import KMH, Array, RoadGraph

ROAD, STRAIGHT, AIR = "road", "straight", "air"
"""Rows of the code list eta_basis."""
LOST, LACKS, ENGAGED, AWAY = "lost", "lacks", "engaged", "away"
"""Rows of the code list proposal_reason: why a unit is shown, but not proposed."""


@dataclass(frozen=True, slots=True)
class Task:
    """What somebody is needed for, and where."""

    kind: str  # event, alarm, incident
    subject: str
    lon: float
    lat: float
    urgency: int  # 1 (life) .. 5
    area: str
    need: frozenset[str]  # capabilities
    urban: bool = True


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as it stands now: where, since when that is known, what it was sent to."""

    resource: Resource
    fix: Fix
    trip: Trip | None

    @property
    def can(self) -> frozenset[str]:
        return frozenset(filter(None, self.resource.capabilities.split(",")))


@dataclass(frozen=True, slots=True)
class Proposal:
    """A unit with the time it needs, `seconds`, and on what that rests; `reason` says why it is not
    proposed, "" where it is."""

    unit: Unit
    seconds: float
    basis: str
    age_s: float
    reason: str = ""


def need_of(kind: str) -> frozenset[str]:
    """What a unit must be able to do for a class of events or a kind of incident."""
    row = codes.load("dispatch_need").get(kind)
    told = str(row.facts["need"]) if row is not None else ""
    return frozenset(filter(None, told.split(",")))


def is_urban(areas: Mapping[str, Area], code: str) -> bool:
    """Whether a place lies where traffic is that of a town; so too where nothing is known."""
    kinds = codes.load("area_kind")
    known = [kinds[a.kind] for a in chain(areas, code) if a.kind in kinds]
    told = [bool(row.facts["urban"]) for row in known if "urban" in row.facts]
    return told[0] if told else True


def propose(
    task: Task, units: Sequence[Unit], graph: RoadGraph | None, now: Ms, most: int = 3
) -> tuple[list[Proposal], list[Proposal]]:
    """The units to send, the best first, at most so many; and those that would have been as near
    but for a reason. A position that is not of now counts against a unit by its age."""
    known = [u for u in units if u.fix.at > 0]
    seconds, bases = _times(task, known, graph, most, now)
    rows = [
        Proposal(u, float(s), b, (now - u.fix.at) / SECOND, _reason(task, u, now))
        for u, s, b in zip(known, seconds, bases, strict=True)
        if np.isfinite(s)
    ]
    rows.sort(key=_rank)
    fit = [p for p in rows if not p.reason][:most]
    last = _rank(fit[-1]) if len(fit) == most else np.inf
    return fit, [p for p in rows if p.reason and p.seconds <= last][:most]


def _rank(proposal: Proposal) -> float:
    old = proposal.age_s > codes.limit("fix_full_seconds")
    return proposal.seconds + (proposal.age_s if old else 0.0)


def _reason(task: Task, unit: Unit, now: Ms) -> str:
    if now - unit.fix.at > codes.limit("fix_most_seconds") * SECOND:
        return LOST
    if not task.need <= unit.can:
        return LACKS
    if unit.trip is not None:
        return ENGAGED if unit.trip.assignment.urgency <= task.urgency else ""
    status = codes.load("resource_status").get(unit.resource.status)
    return "" if status is None or status.facts["free"] else AWAY


def _times(
    task: Task, units: Sequence[Unit], graph: RoadGraph | None, most: int, now: Ms
) -> tuple[Array, list[str]]:
    """Seconds of each unit, and on what they rest. A unit that no road brings there is reckoned
    straight; one that is simply further away than enough others has inf."""
    straight = np.array([_straight(task, u) for u in units], np.float64)
    bases = [AIR if _facts(u).get("flies") else STRAIGHT for u in units]
    drives = np.flatnonzero([basis != AIR for basis in bases])
    if graph is None or not len(drives):
        return straight, bases
    fit = np.array([not _reason(task, units[i], now) for i in drives.tolist()], bool)
    at = np.column_stack(graph.project(*(
        np.array([getattr(units[i].fix, name) for i in drives.tolist()]) for name in ("lon", "lat")
    )))  # fmt: skip
    x, y = graph.project(np.array([task.lon]), np.array([task.lat]))
    far = float(graph.snap([(float(x[0]), float(y[0]))]).gap[0]) > codes.limit("road_metres")
    if far:
        return straight, bases
    by_road = graph.soon((float(x[0]), float(y[0])), at, most, fit)
    for i, seconds in zip(drives.tolist(), by_road.tolist(), strict=True):
        if not np.isnan(seconds):
            straight[i], bases[i] = seconds, ROAD
    return straight, bases


def _straight(task: Task, unit: Unit) -> float:
    """Seconds as the crow flies, longer by a factor for who drives."""
    metres = float(geo.distance(task.lon, task.lat, unit.fix.lon, unit.fix.lat))
    facts = _facts(unit)
    if facts.get("flies"):
        return metres / (float(facts["kmh"]) * KMH)
    siren = facts.get("siren") and task.urgency <= codes.limit("siren_urgency")
    name = "siren" if siren else "urban" if task.urban else "suburban"
    return metres * codes.limit("straight_factor") / (codes.limit(f"straight_kmh_{name}") * KMH)


def _facts(unit: Unit) -> Mapping[str, Any]:
    row = codes.load("resource_kind").get(unit.resource.kind)
    return row.facts if row is not None else {}


def aside() -> float:
    """Seconds for each metre between a place and the nearest road."""
    return codes.limit("straight_factor") / (codes.limit("straight_kmh_urban") * KMH)
