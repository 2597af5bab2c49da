"""What shows that somebody was at the place of an event, what was done there, and that who reported
it was called."""

from __future__ import annotations

from commandwall import codes, events, geo
from commandwall.attachments import has_picture
from commandwall.clock import Ms, day, to_datetime
from commandwall.directives import PHOTO
from commandwall.dispatch import ARRIVED, Assignment, AssignmentStep
from commandwall.event_flow import ON_SCENE, moments
from commandwall.events import EventView, EventWork
from commandwall.store.store import Reader

Place = tuple[float | None, float | None]
"""lon, lat in degrees WGS-84; None where it is unknown."""
PROOF = "proof"
"""A photo, or words that say what shows it."""


def near(one: Place, other: Place) -> bool:
    """Whether a position is so near a place that who is there has arrived; not where one of them
    is unknown."""
    known = [(lon, lat) for lon, lat in (one, other) if lon is not None and lat is not None]
    return len(known) == 2 and bool(geo.distance(*known[0], *known[1]) <= codes.limit("arrival_m"))


def was_there(reader: Reader, event: str, at: Place) -> bool:
    """Whether a position near it, a unit that positions saw there, or a photo shows an arrival."""
    place = events.as_it_came(reader, event)
    there = near(at, (place.lon, place.lat)) or _seen_there(reader, event)
    return there or has_picture(reader, event)


def lacking(reader: Reader, view: EventView, evidence: str) -> str:
    """What is lacking to show what was done: a photo by who was at the place, of others that or
    words; "" for nothing, also where a matter of its class is only answered."""
    if has_picture(reader, view.event.id):
        return ""
    if view.state == ON_SCENE:
        return PHOTO
    row = codes.load("event_class").get(view.cls)
    answered = row is not None and not row.facts.get("proof", True)
    return "" if evidence.strip() or answered else PROOF


def _seen_there(reader: Reader, event: str) -> bool:
    """Whether a unit that was sent to it has arrived."""
    sent = [a.id for a in reader.find(Assignment, subject=event)]
    return bool(reader.many(AssignmentStep, sent, "assignment", step=ARRIVED))


def tried(work: EventWork, now: Ms) -> bool:
    """Whether he was called often enough, and each time in another part of the day."""
    calls = [Ms(at) for at in moments(work.missed)]
    least = int(codes.limit("call_back_tries", day(now)))
    return len(calls) >= least and len({_day_part(at) for at in calls}) >= least


def _day_part(at: Ms) -> str:
    """The part of the day of a moment, of the list day_part."""
    hour = to_datetime(at).hour
    parts = [row.id for row in codes.load("day_part").values() if row.facts["from_h"] <= hour]
    return parts[-1]
