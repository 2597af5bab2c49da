"""Re-entry 补录 of what was written on paper while the program was away: as of the moment that
stands on the paper, beside the moment at which it is written here, with who wrote it there.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from commandwall import event_acts, events, handover, registering
from commandwall.clock import Ms
from commandwall.event_flow import FLOW
from commandwall.registering import Matter
from commandwall.store.schema import WALL, record
from commandwall.store.store import Refused, Tx
from commandwall.store.written import TITLE_LIMIT, written

EVENT, LINE = "register", "line"
STEPS: Mapping[str, tuple[Callable[..., None], str]] = {
    "accept": (events.accept, ""),
    "dispatch": (events.dispatch, "unit"),
    "sign": (event_acts.sign, ""),
    "arrive": (event_acts.arrive, ""),
    "feed_back": (event_acts.feed_back, "result"),
    "note": (events.note, "text"),
}
"""What is done to an event on paper -> its act, and the argument that the words are."""


@record(WALL, index=("subject",))
@dataclass(frozen=True, slots=True)
class PaperEntry:
    """A line of the paper log that was re-entered. Never written again."""

    id: str
    step: str  # EVENT, LINE, or one of STEPS
    subject: str  # id of the event; "" for a line that is of none
    text: str
    told_at: Ms  # the moment on the paper, by which clocks go
    writer: str  # who wrote it there
    reason: str  # why it is entered after the shift of that moment was handed over
    at: Ms  # when it was re-entered
    by: str
    post: str


@dataclass(frozen=True, slots=True)
class OnPaper:
    """What stands before each line of the paper."""

    told_at: Ms
    writer: str
    reason: str = ""


def enter_event(tx: Tx, paper: OnPaper, matter: Matter) -> None:
    """补录事件: an event that was taken in on paper; its clocks begin then. Refused as
    `registering.register`, and as all of these: "future" for a moment to come, "handed_over" for
    one before the last hand-over here without a reason."""
    entry = _entry(tx, paper, EVENT, "", matter.title or matter.body)
    filed = _as_of(tx, paper.told_at, lambda: registering.file(tx, matter))
    tx.put(replace(entry, subject=filed.id))


def enter_step(tx: Tx, paper: OnPaper, event: str, step: str, text: str = "") -> None:
    """补录处置: what was done to an event on paper. Refused as the act itself, and "paper_order"
    where the event was brought further later than that."""
    if step not in STEPS:
        raise Refused("unknown", kind="act", id=step)
    act, name = STEPS[step]
    entry = _entry(tx, paper, step, event, text if name else "")
    view = events.view(tx, event)
    newest = view.event.reported_at
    if step in FLOW and view.work is not None:
        newest = max(newest, view.work.at)
    if paper.told_at < newest:
        raise Refused("paper_order", at=newest)
    given = {name: text} if name else {}
    if step == "feed_back":
        given["evidence"] = paper.writer  # the paper that he wrote is what shows it
    _as_of(tx, paper.told_at, lambda: act(tx, event, **given))
    tx.put(entry)


def enter_line(tx: Tx, paper: OnPaper, text: str) -> None:
    """补录记录: a line of the log that is of no event."""
    tx.put(_entry(tx, paper, LINE, "", written("text", text)))


def _as_of(tx: Tx, at: Ms, work: Callable[[], Any]) -> Any:
    """Do something as of a moment that is past. What it writes is logged at the moment it is
    written."""
    now, tx.now = tx.now, at
    try:
        return work()
    finally:
        tx.now = now


def _entry(tx: Tx, paper: OnPaper, step: str, event: str, text: str) -> PaperEntry:
    if paper.told_at > tx.now:
        raise Refused("future", at=paper.told_at)
    reason = written("reason", paper.reason, TITLE_LIMIT, needed=False)
    taken = handover.taken_at(tx)
    if taken is not None and paper.told_at < taken and not reason:
        raise Refused("handed_over", at=taken)
    writer = written("writer", paper.writer, TITLE_LIMIT)
    text = written("text", text, needed=False)
    key = str(uuid.uuid4())
    return PaperEntry(key, step, event, text, paper.told_at, writer, reason, tx.now, tx.by, tx.post)
