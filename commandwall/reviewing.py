"""Findings 复盘意见 of an after-action review: what went well, what must be better, who sees to it.

An improvement is followed until somebody says what was done.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace

from commandwall import codes, exercise
from commandwall.clock import DAY, SECOND, Ms, day
from commandwall.incidents import Incident
from commandwall.reporting import Due, HandOut
from commandwall.store.schema import WALL, Meeting, record
from commandwall.store.store import Refused, Tx
from commandwall.store.written import TITLE_LIMIT, present, written

STRENGTH, IMPROVEMENT = "strength", "improvement"
REVIEW = "review"
"""The step of the clocks, and what is handed out in the end."""


@record(
    WALL, index=("incident",),
    meeting=Meeting(("due_at", "noted_at", "done_at"), ("by", "post")),
)  # fmt: skip
@dataclass(frozen=True, slots=True)
class Finding:
    """A strength, or an improvement with its owner and its date."""

    id: str
    incident: str  # "": the drill as a whole, in whose world it stands
    kind: str  # code list finding_kind
    text: str
    owner: str
    due_at: Ms | None
    done_at: Ms | None
    result: str
    noted_at: Ms
    by: str
    post: str


def note_finding(
    tx: Tx, incident: str, kind: str, text: str, owner: str = "", days: int = 0
) -> None:
    """复盘意见: an improvement needs an owner and the days that he has. In a drill's world it
    may be one of the drill, without an incident."""
    of_drill = not incident and exercise.of(tx.folder) is not None
    if not of_drill and tx.get(Incident, incident) is None:
        raise Refused("unknown", kind="incident", id=incident)
    text = written("text", text)
    owner = written("owner", owner, TITLE_LIMIT, needed=kind == IMPROVEMENT)
    due = Ms(tx.now + days * DAY) if kind == IMPROVEMENT else None
    key = str(uuid.uuid4())
    tx.put(
        Finding(key, incident, kind, text, owner, due, None, "", tx.now, tx.by, tx.post)
    )  # fmt: skip


def settle_finding(tx: Tx, finding: str, result: str) -> None:
    """整改完成: what was done."""
    now = present(tx, Finding, finding)
    if now.kind != IMPROVEMENT or now.done_at is not None:
        raise Refused("closed", kind="finding", id=finding)
    result = written("result", result)
    tx.put(replace(now, done_at=tx.now, result=result, by=tx.by, post=tx.post))


def owed(findings: Iterable[Finding], incident: str = "") -> list[Finding]:
    """Improvements that are not done, the first due first; of one incident or of all."""
    still = (f for f in findings if f.kind == IMPROVEMENT and f.done_at is None)
    mine = (f for f in still if incident in ("", f.incident))
    return sorted(mine, key=lambda f: f.due_at or 0)


def review_due(incident: Incident, handed: Iterable[HandOut]) -> Due | None:
    """The clock of the review, which runs from the end; None while the incident is open."""
    i = incident
    if i.closed_at is None:
        return None
    made = (h.at for h in handed if h.incident == i.id and h.what == REVIEW)
    seconds = int(codes.load("report_limit", day(i.opened_at))[REVIEW].facts["seconds"])
    done = min((at for at in made if at >= i.closed_at), default=None)
    return Due(i.id, REVIEW, i.closed_at, Ms(i.closed_at + seconds * SECOND), done)
