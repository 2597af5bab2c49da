"""Situation reports 情况报告: what the front says of itself, and when the next one is due.

How often follows from the response level: rows of the list `sitrep_limit` (domain/spec 5.10).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from commandwall import codes
from commandwall.clock import MINUTE, Ms
from commandwall.directives import DIRECTIVE_LIMIT
from commandwall.incidents import Incident, still_open
from commandwall.posts import FRONT, side_of
from commandwall.store.schema import WALL, record
from commandwall.store.store import Refused, Tx
from commandwall.store.written import written


@record(WALL, index=("incident",))
@dataclass(frozen=True, slots=True)
class SituationReport:
    """How it stands on scene, in the words of the front."""

    id: str
    incident: str
    now: str
    casualties: str
    forces: str
    needs: str
    next: str
    at: Ms
    by: str
    post: str


@dataclass(frozen=True, slots=True)
class Situation:
    """What a report says; what is not known may be left out, but not how it stands."""

    incident: str
    now: str
    casualties: str = ""
    forces: str = ""
    needs: str = ""
    next: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """When the next report is due, and how many were missed."""

    last: Ms  # the newest report, or when the incident was opened
    due: Ms
    missed: int


def report_situation(tx: Tx, situation: Situation) -> None:
    """情况报告: only the front sees the scene."""
    s = situation
    still_open(tx, s.incident)
    if side_of(tx.post) != FRONT:
        raise Refused("not_front", post=tx.post)
    told = {
        name: written(name, getattr(s, name), DIRECTIVE_LIMIT, needed=name == "now")
        for name in ("now", "casualties", "forces", "needs", "next")
    }
    tx.put(
        SituationReport(str(uuid.uuid4()), s.incident, **told, at=tx.now, by=tx.by, post=tx.post)
    )


def newest(reports: Iterable[SituationReport], incident: str) -> SituationReport | None:
    """The last picture that the front gave of an incident."""
    return max((r for r in reports if r.incident == incident), key=lambda r: r.at, default=None)


def turn(incident: Incident, last: SituationReport | None, now: Ms) -> Turn | None:
    """The running turn; None where no response level asks for reports."""
    row = codes.load("sitrep_limit").get(str(incident.response or ""))
    if row is None:
        return None
    every, begun = int(row.facts["minutes"]) * MINUTE, last.at if last else incident.opened_at
    return Turn(begun, Ms(begun + every), max(0, (now - begun) // every))
