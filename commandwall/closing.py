"""Closing an incident: what must be settled first, and what is only said."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from commandwall import codes, events, plans, reviewing
from commandwall.countersign import Countersign
from commandwall.directives import DRAFT, Directive
from commandwall.dispatch import INCIDENT, Assignment
from commandwall.incidents import CLOSED, Incident, events_of, still_open
from commandwall.owed import owed
from commandwall.reporting import FIRST, SENT, Report
from commandwall.requests import Request
from commandwall.store.store import Reader, Refused, Tx
from commandwall.store.written import written


@dataclass(frozen=True, slots=True)
class Check:
    """A row of the list close_check: how many things are not settled, and whether that blocks."""

    id: str
    open: int
    blocks: bool


def _owing(reader: Reader, incident: Incident) -> int:
    return len(owed(reader, incident.id))


def _events(reader: Reader, incident: Incident) -> int:
    views = events.views(reader, events_of(reader, incident))
    return sum(view.open for view in views.values())


def _units(reader: Reader, incident: Incident) -> int:
    """Who is still out for it; closing frees them. Units of its events go with those."""
    found = reader.find(Assignment, subject=incident.id, outcome="")
    return sum(assignment.kind == INCIDENT for assignment in found)


def _phase(reader: Reader, incident: Incident) -> int:
    return int(incident.phase != list(codes.load("incident_phase"))[-1])


def _reports(reader: Reader, incident: Incident) -> int:
    """The final report runs from the end; what must be there before it is a first one."""
    reports = reader.find(Report, incident=incident.id, state=SENT)
    return int(not any(report.kind == FIRST for report in reports))


def _findings(reader: Reader, incident: Incident) -> int:
    return len(reviewing.owed(reader.find(reviewing.Finding, incident=incident.id)))


def _plans(reader: Reader, incident: Incident) -> int:
    drafts = reader.find(Directive, incident=incident.id, state=DRAFT)
    return sum(map(plans.by_plan, drafts))


CHECKS: Mapping[str, Callable[[Reader, Incident], int]] = {
    "owed": _owing,
    "events": _events,
    "units": _units,
    "phase": _phase,
    "report": _reports,
    "finding": _findings,
    "plan": _plans,
}
"""Row of the list -> what it counts."""


def checklist(reader: Reader, incident: Incident) -> list[Check]:
    """What is not settled, in the order of the list close_check; settled rows count 0."""
    rows = codes.load("close_check")
    return [
        Check(key, CHECKS[key](reader, incident), bool(row.facts["blocks"]))
        for key, row in rows.items()
        if key in CHECKS
    ]


def owing(reader: Reader, incident: str) -> dict[str, Any]:
    """Of what an answer is still owed: numbers of directives and requests, and second persons."""
    records = [debt.record for debt in owed(reader, incident)]
    return {
        "numbers": sorted(d.no for d in records if isinstance(d, Directive)),
        "requests": sorted(r.no for r in records if isinstance(r, Request)),
        "words": sorted(w.second for w in records if isinstance(w, Countersign)),
    }


def close_incident(tx: Tx, incident: str, reason: str) -> None:
    """Close it with a reason; refused while something that blocks is not settled."""
    now = still_open(tx, incident)
    reason = written("reason", reason)
    for check in checklist(tx, now):
        if check.blocks and check.open and check.id == "owed":
            raise Refused("owing", **owing(tx, incident))
        if check.blocks and check.open:
            raise Refused("unsettled", check=check.id, n=check.open)
    tx.put(replace(now, state=CLOSED, closed_at=tx.now, reason=reason, by=tx.by, post=tx.post))
