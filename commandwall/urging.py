"""Urging 催办: a person presses the unit that has an event, or helps with it, and the unit says how
it stands. Who was pressed, when, by whom, and what was answered are records of the event.

What is to be answered until when is a row of `urge_limit`.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace

from commandwall import codes, deadlines, events
from commandwall.clock import Ms, day
from commandwall.deadlines import Deadline
from commandwall.event_flow import DISPATCHED, HANDLED, LISTED, SUSPENDED
from commandwall.events import EventView
from commandwall.store.lines import told_of
from commandwall.store.schema import WALL, Meeting, record
from commandwall.store.store import Reader, Reason, Refused, Tx
from commandwall.store.written import present, written

ASKED, ANSWERED = "ASKED", "ANSWERED"
"""Rows of the code list urge_state."""
WITH_UNIT = frozenset({DISPATCHED, *HANDLED, SUSPENDED, LISTED})
"""States in which a unit has an event."""
ACTS = ("urge", "answer_urge")
STEP = "urge"
"""Of its clock."""


@record(
    WALL,
    index=("event", "unit"),
    meeting=Meeting(beside=("changed_at", "by", "post"), yields={ASKED: frozenset({ANSWERED})}),
)
@dataclass(frozen=True, slots=True)
class Urge:
    """One time that a unit was urged, and what it answered."""

    id: str
    event: str
    unit: str
    urgency: int  # of the event: its clock goes by that
    state: str
    text: str
    asked_at: Ms
    asked_by: str
    asked_post: str
    result: str  # what was answered
    answered_at: Ms | None
    changed_at: Ms
    by: str
    post: str


# What is known.


def hindrance(view: EventView, unit: str = "") -> Reason | None:
    """Why nobody can be urged about an event now, or not this unit; None where it can."""
    if view.state not in WITH_UNIT:
        facts = {"kind": "event", "id": view.event.id, "state": view.state}
        return Reason("state", facts)
    if unit and unit not in view.units:
        return Reason("not_with", {"unit": unit})
    return None


def clock(urge: Urge) -> Deadline | None:
    """Until when it is to be answered; None once it is, and where no row says."""
    rows = codes.load("urge_limit", day(urge.asked_at)).values()
    row = next((row for row in rows if urge.urgency in row.facts["urgencies"]), None)
    if urge.state != ASKED or row is None:
        return None
    return deadlines.of_row(STEP, row, urge.asked_at)


def waiting(urges: Iterable[Urge], view: EventView) -> list[Urge]:
    """Those of an event that are not answered, and whose unit still has it, the oldest first."""
    if view.state not in WITH_UNIT:
        return []
    found = (one for one in urges if one.state == ASKED and one.unit in view.units)
    return sorted(found, key=lambda one: (one.asked_at, one.id))


def history(reader: Reader, event: str) -> list[tuple[Ms, str, str, str, str]]:
    """(moment, post, person, act, unit and words) of all that was urged and answered."""
    return [
        (x.at, x.post, x.person, x.act, f"{u.unit}　{u.text if u.state == ASKED else u.result}")
        for x, urges in told_of(reader, Urge, event, ACTS)
        for u in urges
    ]


# Acts.


def urge(tx: Tx, event: str, unit: str, text: str) -> None:
    """催办: press a unit. Refused("state") where no unit has it, Refused("not_with") for one that
    neither leads nor helps."""
    view, said = events.view(tx, event), written("text", text)
    if (why := hindrance(view, written("unit", unit))) is not None:
        raise Refused(why.code, **why.facts)
    tx.put(
        Urge(
            str(uuid.uuid4()), event, unit, view.event.urgency, ASKED, said, tx.now, tx.by,
            tx.post, "", None, tx.now, tx.by, tx.post,
        )
    )  # fmt: skip


def answer_urge(tx: Tx, urge: str, result: str) -> None:
    """答复催办: how it stands. Refused("answered") where it is answered already."""
    now, said = present(tx, Urge, urge), written("result", result)
    if now.state != ASKED:
        raise Refused("answered", by=now.by)
    done = replace(now, state=ANSWERED, result=said, answered_at=tx.now)
    tx.put(replace(done, changed_at=tx.now, by=tx.by, post=tx.post))
