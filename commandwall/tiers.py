"""Two-level routing 两级分办: daily matters are the town's, hard ones the county's.

Which is which rows of `tier_rule` say; a person may decide otherwise, with a reason, and who has an
event may hand it back. Three timers tell how soon it is noticed, routed and handled: `tier_limit`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any

from commandwall import codes, deadlines, events
from commandwall.areas import Area, around, town_of
from commandwall.clock import Ms, day, today
from commandwall.codes import Code
from commandwall.deadlines import Deadline
from commandwall.event_flow import ARCHIVED, CLOSED, FEEDBACK, NEW
from commandwall.events import EventView, EventWork
from commandwall.store.store import Reason, Refused, Tx
from commandwall.store.written import listed, written

TOWN, COUNTY = "town", "county"
"""Rows of the list tier."""
WARN, ROUTE, HANDLE = "warn", "route", "handle"
"""Rows of the list tier_timer, in their order: each begins where the one before it ends."""
_HANDLED = frozenset({FEEDBACK, CLOSED, ARCHIVED})
Stretch = tuple[Ms, Ms | None]
"""From when to when; None: it still runs."""


@dataclass(frozen=True, slots=True)
class Timer:
    """One of the three. `took`: milliseconds by the wall clock of one that is over; None where it
    runs, has not begun, or nobody told."""

    name: str
    clock: Deadline | None = None  # while it runs, where a row limits it
    took: int | None = None
    late: bool = False  # over, and later than its limit


@dataclass(frozen=True, slots=True)
class Standing:
    """Who has an event, or should have by the rows, and why."""

    tier: str
    rule: str  # row of tier_rule that says so
    chosen: bool  # a person routed it
    backs: int  # how often it was handed back
    timers: tuple[Timer, ...]

    @property
    def running(self) -> Timer | None:
        """The timer that runs now."""
        return next((timer for timer in self.timers if timer.clock is not None), None)


def proposed(view: EventView, areas: Mapping[str, Area]) -> Code | None:
    """The row of tier_rule that decides of an event; None where no row does."""
    rows = codes.load("tier_rule", day(view.event.reported_at)).values()
    return next((row for row in rows if _fits(row.facts, view, areas)), None)


def standing(view: EventView, areas: Mapping[str, Area]) -> Standing:
    """How an event stands between town and county."""
    rule, work = proposed(view, areas), view.work
    chosen = work.tier if work is not None else ""
    tier = chosen or (str(rule.facts["tier"]) if rule is not None else COUNTY)
    timers = tuple(_timer(name, tier, view) for name in (WARN, ROUTE, HANDLE))
    backs = work.tier_no if work is not None else 0
    return Standing(tier, rule.id if rule is not None else "", bool(chosen), backs, timers)


def routed(view: EventView, by: str, post: str, now: Ms) -> Reason | None:
    """Why it is not routed again: somebody has it, who would have to hand it back first."""
    held = view.work.tier if view.work is not None else ""
    return Reason("tier", {"tier": held}) if held else None


def unrouted(view: EventView, by: str, post: str, now: Ms) -> Reason | None:
    """Why it is not handed back: nobody routed it."""
    return None if routed(view, by, post, now) is not None else Reason("no_tier", {})


def _fits(facts: codes.Facts, view: EventView, areas: Mapping[str, Area]) -> bool:
    event, work = view.event, view.work
    great = codes.load("event_class").get(view.cls)
    told: Mapping[str, Any] = {
        "urgencies": event.urgency, "classes": view.cls, "sources": event.source,
        "greats": great.facts["great"] if great is not None else "",
    }  # fmt: skip
    if any(key in facts and told[key] not in facts[key] for key in told):
        return False
    counted = {"returns": work.return_no, "backs": work.tier_no} if work is not None else {}
    if any(counted.get(key, 0) < facts[key] for key in ("returns", "backs") if key in facts):
        return False
    return not facts.get("no_town") or not town_of(areas, event.area)


# The three timers.


def _timer(name: str, tier: str, view: EventView) -> Timer:
    span, row = _stretch(name, view), _limit(tier, name, view)
    if span is None or row is None:
        return Timer(name)
    start, end = span
    stood = deadlines.stood(view.work) if name == HANDLE and view.work is not None else ()
    clock = deadlines.of_row(name, row, start, stood)
    if end is None:
        return Timer(name, clock if view.open else None)
    return Timer(name, None, end - start, end > clock.due)


def _stretch(name: str, view: EventView) -> Stretch | None:
    """When a timer ran; None where it has not begun, or nobody told when."""
    work = view.work or EventWork(view.event.id, view.state, "", "", Ms(0), "", "")
    seen = _first(work.accepted_at, work.given_at)
    if view.state == NEW:
        return (view.event.received_at, None) if name == WARN else None
    if seen is None:
        return None
    if name == WARN:
        return view.event.received_at, seen
    there = work.tier_at or (None if work.tier_no else work.given_at)
    begun = work.back_at or seen
    if name == ROUTE:
        return begun, (max(begun, there) if there is not None else None)
    return _handled(work, view.state, there)


def _handled(work: EventWork, state: str, there: Ms | None) -> Stretch | None:
    """From when somebody had it, or had it anew, until he told what was done."""
    over = state in _HANDLED
    if there is None or (over and work.fed_back_at is None):
        return None
    again = work.given_at if work.rework_no else None
    return max(there, again or there), work.fed_back_at if over else None


def _first(*moments: Ms | None) -> Ms | None:
    return min((at for at in moments if at is not None), default=None)


def _limit(tier: str, timer: str, view: EventView) -> Code | None:
    return _limits(today(), codes.edition()).get((tier, timer, view.event.urgency))


@lru_cache(maxsize=4)
def _limits(on: date, _: object) -> dict[tuple[str, str, int], Code]:
    return {
        (row.facts["tier"], row.facts["timer"], urgency): row
        for row in codes.load("tier_limit", on).values()
        for urgency in row.facts["urgencies"]
    }


# Acts.


def route(tx: Tx, event: str, tier: str, reason: str = "") -> None:
    """分办: the town or the county has it. Refused("missing") without a reason where the rows say
    otherwise; Refused("tier") while somebody has it, who would have to hand it back."""
    listed(tx, "tier", tier)
    view, work = _of(tx, event, "route")
    _unless(routed(view, tx.by, tx.post, tx.now))
    areas = {area.id: area for area in tx.many(Area, around(tx, view.event.area))}
    rule = proposed(view, areas)
    other = rule is not None and rule.facts["tier"] != tier
    said = written("reason", reason, needed=other)
    tx.put(replace(work, tier=tier, tier_at=tx.now, reason=said or work.reason))


def route_back(tx: Tx, event: str, reason: str) -> None:
    """退回分办: who has it gives it back, with a reason; its way to another one is timed anew."""
    view, work = _of(tx, event, "route_back")
    _unless(unrouted(view, tx.by, tx.post, tx.now))
    said = written("reason", reason)
    back = replace(work, tier="", tier_at=None, back_at=tx.now, tier_no=work.tier_no + 1)
    tx.put(replace(back, reason=said))


def _of(tx: Tx, event: str, action: str) -> tuple[EventView, EventWork]:
    return events.view(tx, event), events.step(tx, event, action)


def _unless(why: Reason | None) -> None:
    if why is not None:
        raise Refused(why.code, **why.facts)
