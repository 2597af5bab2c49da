"""Forces 力量: of the units that were sent to an incident who is there, who is on the way, and
which clock of theirs is worst."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from commandwall import codes, deadlines
from commandwall.clock import MINUTE, SECOND, Ms
from commandwall.dispatch import ACKED, ALARM, ARRIVED, EVENT, INCIDENT, MOVING, SENT, Trip
from commandwall.incidents import Incident

ORDER = (ARRIVED, MOVING, ACKED, SENT)
"""States of those that are out, the nearest to the scene first."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a unit is waited for: that it says it has the order (ACKED), that it is there."""

    trip: Trip
    step: str
    since: Ms
    due: Ms

    def lamp(self, now: Ms) -> str:
        return deadlines.lamp(self.due - now, self.due - self.since)


def sent_to(trips: Iterable[Trip], incident: Incident, events: Collection[str]) -> list[Trip]:
    """Who is out for an incident: sent to itself, to its alarm or to one of its `events`, those
    that are there first."""
    there = {(INCIDENT, incident.id), (EVENT, incident.event), (ALARM, incident.alarm)}
    there |= {(EVENT, event) for event in events}
    mine = [t for t in trips if t.open and (t.assignment.kind, t.assignment.subject) in there]
    return sorted(mine, key=lambda t: (ORDER.index(t.state), t.assignment.sent_at, t.assignment.id))


def counted(trips: Iterable[Trip]) -> dict[str, int]:
    """How many are in each state, in the order of ORDER, those without any left out."""
    found = Counter(t.state for t in trips)
    return {state: found[state] for state in ORDER if found[state]}


def waiting(trip: Trip) -> Waiting | None:
    """The clock that runs for a unit; None for one that is there, or is not out any more."""
    if not trip.open or ARRIVED in trip.steps:
        return None
    sent = trip.assignment.sent_at
    if trip.state == SENT:
        return Waiting(trip, ACKED, sent, Ms(sent + int(codes.limit("ack_seconds") * SECOND)))
    return Waiting(trip, ARRIVED, sent, Ms(sent + int(codes.limit("arrive_minutes") * MINUTE)))


def clocks(trips: Sequence[Trip]) -> list[Waiting]:
    """The clocks that run, the worst first."""
    found = (waiting(trip) for trip in trips)
    return sorted((w for w in found if w is not None), key=lambda w: w.due)
