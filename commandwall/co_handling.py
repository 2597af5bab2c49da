"""Co-handling 协办: the units that help with an event beside the one that leads, each on its own.

Their names stand in the work on the event, which is dispatched to all of them by one act; how far
each is stands here. Only who leads feeds the event back.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from commandwall.clock import Ms
from commandwall.store.schema import WALL, Meeting, record
from commandwall.store.store import Tx

ASKED, SIGNED, DONE, RELEASED = "ASKED", "SIGNED", "DONE", "RELEASED"
"""Rows of the code list cohandling_state. RELEASED: it was taken from it again."""
OWING = (ASKED, SIGNED)


@record(
    WALL,
    index=("event", "unit"),
    meeting=Meeting(
        beside=("changed_at", "by", "post"),
        yields={ASKED: frozenset({SIGNED, DONE}), SIGNED: frozenset({DONE})},
    ),
)
@dataclass(frozen=True, slots=True)
class CoHandling:
    """What one unit that helps did; the same id from every station."""

    id: str
    event: str
    unit: str
    state: str
    given_at: Ms
    signed_at: Ms | None
    done_at: Ms | None
    result: str
    changed_at: Ms
    by: str
    post: str


def call(tx: Tx, event: str, co: str, anew: bool = False) -> None:
    """These units help from now on (by commas), and no others. One that helps already goes on; with
    `anew` each begins once more."""
    names = list(dict.fromkeys(filter(None, co.split(","))))
    held = {one.unit: one for one in tx.find(CoHandling, event=event)}
    helping = {unit for unit, one in held.items() if one.state != RELEASED and not anew}
    gone = (one for unit, one in held.items() if unit not in names and one.state in OWING)
    tx.put(
        *(called(event, unit, tx.now, tx.by, tx.post) for unit in names if unit not in helping),
        *(replace(one, state=RELEASED, changed_at=tx.now, by=tx.by, post=tx.post) for one in gone),
    )


def called(event: str, unit: str, at: Ms, by: str, post: str) -> CoHandling:
    """One that was called on, and did nothing yet."""
    return CoHandling(f"{event}:{unit}", event, unit, ASKED, at, None, None, "", at, by, post)
