"""Deadlines of open events: which clock runs, until when, and the lamp it shows.

The limits are rows of assets/codelists/event_limit.toml by urgency and step (domain/spec 5.3).
"""

from __future__ import annotations

from dataclasses import dataclass

from commandwall import codes
from commandwall.clock import SECOND, Ms
from commandwall.events import ACCEPTED, DISPATCHED, FEEDBACK, NEW, ON_SCENE, SIGNED, EventView

STEP = {
    NEW: "C1",
    ACCEPTED: "C2",
    DISPATCHED: "C3",
    SIGNED: "C5",
    ON_SCENE: "C5",
    FEEDBACK: "C6",
}
"""State -> the clock that runs in it."""
GREEN, YELLOW, ORANGE, RED = "green", "yellow", "orange", "red"


@dataclass(frozen=True, slots=True)
class Deadline:
    """One running clock of an event."""

    step: str  # C1 .. C6
    start: Ms
    due: Ms

    def lamp(self, now: Ms) -> str:
        """green, yellow (half the time gone), orange (little left), red (over)."""
        return lamp(self.due - now, self.due - self.start)


def lamp(left: int, whole: int) -> str:
    """The lamp of a clock by the time it has left of the whole; shares of the list `limit`."""
    if left < 0:
        return RED
    if left <= max(1, whole) * codes.limit("little_left"):
        return ORANGE
    return YELLOW if left <= max(1, whole) * codes.limit("half_left") else GREEN


def soon_minutes() -> int:
    """A clock with no more than this left is nearly over."""
    return int(codes.limit("soon_minutes"))


def running(view: EventView) -> Deadline | None:
    """The clock that runs for an event now; None for a closed one or a step without a limit."""
    step = STEP.get(view.state)
    limit = _limits().get((view.event.urgency, step or ""))
    if step is None or limit is None:
        return None
    start = _start(view, step)
    return Deadline(step, start, Ms(start + limit * SECOND))


def _start(view: EventView, step: str) -> Ms:
    event, work = view.event, view.work
    accepted = (work and work.accepted_at) or event.received_at
    if step == "C1":
        return event.received_at
    if step == "C2":
        return accepted
    return (work and work.dispatched_at) or accepted


def _limits() -> dict[tuple[int, str], int]:
    rows = codes.load("event_limit").values()
    return {(r.facts["urgency"], r.facts["step"]): r.facts["seconds"] for r in rows}
