"""The situation of a consultation: figures as they stand at a moment, each with the moment of its
data and with the rows that it counts, so that it can be opened when all has moved on.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

from commandwall import codes, public_warnings
from commandwall.alarms import ASIDE, NORM
from commandwall.clock import Ms, day, to_datetime
from commandwall.directives import is_over
from commandwall.incidents import OPEN
from commandwall.indicators import RED, YELLOW
from commandwall.picture import Picture

HOTLINE = "12345"
"""Row of the list event_source whose hours are the trend."""
LIST = "consultation_figure"


@dataclass(frozen=True, slots=True)
class Count:
    """One figure: a row of the list consultation_figure."""

    key: str
    n: int
    at: Ms | None  # of which moment its data is; None where nobody knows
    keys: tuple[str, ...] = ()
    """Ids of what it counts: the first of them (`consultation_rows`)."""


@dataclass(frozen=True, slots=True)
class Frozen:
    """All figures of a moment."""

    counts: tuple[Count, ...] = ()
    hours: tuple[int, ...] = ()  # calls of each hour of that day until then


@dataclass(frozen=True, slots=True)
class Told:
    """What figures are made of."""

    picture: Picture
    late: Collection[str]  # ids of events whose clock is over
    incident: str  # "" where it is not about one


Rows = tuple[Iterable[str], str]
"""Ids of what a figure counts, and by which of the picture's ages it is as old."""


def take(picture: Picture, late: Collection[str], incident: str = "") -> Frozen:
    """The situation as the wall shows it. Figures of an incident stand where there is one."""
    told, rows = Told(picture, late, incident), codes.load(LIST, day(picture.now))
    most = int(codes.limit("consultation_rows", day(picture.now)))
    some = ((key, COUNTED[key]) for key in rows if key in COUNTED)
    counts = tuple(_count(key, *of(told), told, most) for key, of in some)
    hours = picture.counters.hours(HOTLINE)[: to_datetime(picture.now).hour + 1]
    return Frozen((*counts, *_cost(told)), tuple(hours))


def _count(key: str, ids: Iterable[str], age: str, told: Told, most: int) -> Count:
    found = list(ids)
    at = told.picture.ages.get(age) if age else told.picture.now
    return Count(key, len(found), at, tuple(islice(found, most)))


def _in_hand(t: Told) -> Rows:
    views = sorted(t.picture.events.values(), key=lambda v: (v.event.urgency or 9, v.event.id))
    return (v.event.id for v in views), "events"


def _late(t: Told) -> Rows:
    return (key for key in t.late if key in t.picture.events), "events"


def _alarms(t: Told) -> Rows:
    idle = (NORM, *ASIDE)
    here = (a for a in t.picture.alarms.values() if a.state not in idle)
    return (a.id for a in sorted(here, key=lambda a: (a.severity, a.raised_at))), "readings"


def _warnings(t: Told) -> Rows:
    held = public_warnings.standing(list(t.picture.warnings.values()), t.picture.now)
    return (w.id for w in held), ""


def _vitals(t: Told) -> Rows:
    stands = t.picture.stands.items()
    out = sorted((s.state != RED, key) for key, s in stands if s.state in (RED, YELLOW))
    return (key for _, key in out), "values"


def _units(t: Told) -> Rows:
    return (key for key in t.picture.engaged), "fixes"


def _incidents(t: Told) -> Rows:
    found = (i for i in t.picture.incidents.values() if i.state == OPEN)
    return (i.id for i in sorted(found, key=lambda i: i.opened_at)), ""


def _owed(t: Told) -> Rows:
    """Orders that are not at their end: of the incident, or of all that are open."""
    opened = {t.incident} if t.incident else set(_incidents(t)[0])
    orders = (d for d in t.picture.directives.values() if d.incident in opened and d.no)
    return (d.id for d in orders if not is_over(d)), ""


def _cost(t: Told) -> list[Count]:
    """What an incident has cost, as it was last told."""
    losses = t.picture.losses.get(t.incident)
    if losses is None:
        return []
    return [Count(key, getattr(losses, key), losses.people_at) for key in COST]


COST = ("dead", "missing", "severe", "hurt")
COUNTED: Mapping[str, Callable[[Told], Rows]] = {
    "incidents": _incidents, "in_hand": _in_hand, "late": _late, "alarms": _alarms,
    "warnings": _warnings, "vitals": _vitals, "units": _units, "orders": _owed,
}  # fmt: skip
"""Row of the list consultation_figure -> what it counts."""


def dumped(found: Frozen) -> str:
    """As it is kept."""
    return json.dumps(asdict(found), ensure_ascii=False, separators=(",", ":"))


def loaded(text: str) -> Frozen:
    """What was kept; nothing where another station wrote what is none."""
    try:
        told = json.loads(text or "{}")
        counts = tuple(map(_loaded, told.get("counts", ())))
        return Frozen(counts, tuple(int(n) for n in told.get("hours", ())))
    except (ValueError, TypeError, KeyError, AttributeError):
        return Frozen()


def _loaded(told: Mapping[str, Any]) -> Count:
    at = told["at"]
    keys = tuple(map(str, told.get("keys", ())))
    return Count(str(told["key"]), int(told["n"]), None if at is None else Ms(int(at)), keys)
