"""Deadlines of open events: which clocks run, until when, and the lamp each shows.

Six clocks by five urgencies (domain/spec 5.3): rows of assets/codelists/event_limit.toml, on the
work calendar (workdays) where the row says so, else day and night.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from itertools import islice

from sortedcontainers import SortedList

from commandwall import codes, swift, workdays
from commandwall.areas import Area, chain
from commandwall.clock import DAY, HOUR, MINUTE, SECOND, Ms, day_start, to_datetime, today
from commandwall.codes import Code
from commandwall.event_flow import CLOSED, LISTED, RETURNED, SUSPENDED, pauses
from commandwall.events import (
    ACCEPTED,
    DISPATCHED,
    FEEDBACK,
    NEW,
    ON_SCENE,
    SIGNED,
    EventView,
    EventWork,
)

RUNNING: Mapping[str, tuple[str, ...]] = {
    NEW: ("C1",),
    ACCEPTED: ("C2", "C5"),
    DISPATCHED: ("C3", "C4", "C5"),
    RETURNED: ("C5",),
    SIGNED: ("C4", "C5"),
    ON_SCENE: ("C5",),
    SUSPENDED: ("C5",),
    LISTED: ("C5",),
    FEEDBACK: ("C6",),
}
"""State -> the clocks that may run in it. What a unit returns is still its disposal's time."""
REVIEW, VISIT = "review", "visit"
"""Beside these, the clocks of a listed event until it is looked at again, and of a closed one until
who reported it is visited."""
STEPS = ("C1", "C2", "C3", "C4", "C5", "C6")
PAUSED = frozenset({SUSPENDED, LISTED})
GREEN, YELLOW, ORANGE, RED = "green", "yellow", "orange", "red"
BLUE, GREY = "blue", "grey"
"""Lamps beside them: suspended; no clock is known."""
UNITS = {"s": SECOND, "min": MINUTE, "h": HOUR}


@dataclass(frozen=True, slots=True)
class Deadline:
    """One clock of an event. `whole`: its time, milliseconds of its own calendar."""

    step: str  # C1 .. C6, REVIEW, VISIT
    start: Ms
    due: Ms
    whole: int
    work: bool = False  # it runs in the hours of the work calendar alone
    paused_at: Ms | None = None
    """Since when it stands still; `due` is what it would be if it went on there."""

    def left(self, now: Ms) -> int:
        """Milliseconds of its calendar until it runs out; what is over is negative."""
        at = now if self.paused_at is None else self.paused_at
        return _gone(at, self.due, self.work) - _gone(self.due, at, self.work)

    def lamp(self, now: Ms) -> str:
        """green, yellow (half the time gone), orange (little left), red (over), blue (suspended);
        while it runs it only ever goes on in this order."""
        if self.paused_at is not None:
            return BLUE
        return RED if self.due < now else lamp(self.left(now), self.whole)

    def supervised(self, now: Ms) -> Code | None:
        """督办: who presses by now, the last that is due by the share of its time that is over;
        None while it is not overdue."""
        if self.paused_at is not None or now <= self.due:
            return None
        over = -self.left(now) / max(1, self.whole)
        rows = codes.load("event_supervision").values()
        reached = [row for row in rows if row.facts["share"] <= over]
        return max(reached, key=lambda row: float(row.facts["share"]), default=None)


@dataclass(frozen=True, slots=True)
class Progress:
    """What the clocks of an event ask of its course; None where nobody told it."""

    received: Ms
    accepted: Ms | None = None
    given: Ms | None = None  # to the first unit, or to redo it
    dispatched: Ms | None = None  # to the unit that has it now
    fed_back: Ms | None = None
    pauses: Sequence[tuple[Ms, Ms | None]] = ()  # suspended from, to, in order; None: it still is
    extended: int = 0  # 延期, milliseconds of the calendar of C5
    redone: bool = False


class Clocks:
    """The clocks that run, in the order in which they run out."""

    def __init__(self) -> None:
        self.running: dict[str, Deadline] = {}
        self._over: set[str] = set()
        self._order = SortedList()  # of (due, key)
        self.turned = Ms(0)
        """When `over` was last brought up."""

    @property
    def over(self) -> Set[str]:
        """Ids of the events whose clock had run out at the last turn; one set that changes."""
        return self._over

    def set(self, key: str, clock: Deadline | None) -> None:
        """The clock of an event; None where it has none, or none any more."""
        before = self.running.pop(key, None)
        if before is not None and before.paused_at is None:
            self._order.remove((before.due, key))
            self._over.discard(key)
        if clock is not None:
            self.running[key] = clock
        if clock is not None and clock.paused_at is None:
            self._order.add((clock.due, key))
            if clock.due < self.turned:
                self._over.add(key)

    def turn(self, now: Ms) -> Set[str]:
        """It is so late now: ids of the events whose clock ran out since the last turn, or, where
        the time was set back, had not run out yet."""
        moved = set(self.between(*sorted((self.turned, now))))
        if now > self.turned:
            self._over |= moved
        else:
            self._over -= moved
        self.turned = now
        return moved

    def between(self, start: Ms, end: Ms) -> Iterator[str]:
        """Ids of the events whose clock runs out from one moment until right before another, the
        soonest first."""
        return (key for _, key in self._order.irange((start, ""), (end, "")))

    def count(self, start: Ms, end: Ms) -> int:
        """How many run out from one moment to another."""
        first = self._order.bisect_left((start, ""))
        return int(self._order.bisect_left((end + 1, ""))) - int(first)

    def next(self, start: Ms, end: Ms, most: int) -> list[str]:
        """Ids of the first events whose clock runs out from one moment to another, the soonest
        first."""
        return list(islice(self.between(start, Ms(end + 1)), most))


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


def tonight(now: Ms) -> Ms:
    """The last moment of the city's day."""
    return Ms(day_start(now) + DAY - 1)


def furthest(now: Ms) -> Ms:
    """When the longest clock that begins now runs out."""
    rows = codes.load("event_limit").values()
    return max(_after(now, _span(row, now, ""), bool(row.facts["work"])) for row in rows)


def years(now: Ms) -> tuple[int, list[int]]:
    """The last year that a clock of now may run into, and those until then without holidays."""
    last = to_datetime(furthest(now)).year
    until = range(to_datetime(now).year, last + 1)
    return last, [year for year in until if not workdays.special_days(year)]


def running(view: EventView, areas: Mapping[str, Area] | None = None) -> Deadline | None:
    """The clock of an event that runs out first, one that runs before one that stands still; None
    for one without limits, or closed and visited."""
    return min(clocks(view, areas), key=order, default=None)


def order(clock: Deadline) -> tuple[bool, Ms]:
    """What clocks are sorted by: those that run, the first to run out, then those that stand."""
    return clock.paused_at is not None, clock.due


def clocks(view: EventView, areas: Mapping[str, Area] | None = None) -> list[Deadline]:
    """All clocks that run for an event now."""
    beside = (clock for clock in (review(view), visit(view)) if clock is not None)
    return [*reckoned(view, _progress(view), areas or {}), *beside]


def review(view: EventView) -> Deadline | None:
    """The clock of a listed event until it is looked at again; None of all others."""
    work = view.work
    if view.state != LISTED or work is None or work.review_at is None:
        return None
    whole = int(codes.limit("list_days") * DAY)
    return Deadline(REVIEW, Ms(work.review_at - whole), work.review_at, whole)


def visit(view: EventView) -> Deadline | None:
    """The clock of a closed event until who reported it is visited; None where nobody has to."""
    work = view.work
    if view.state != CLOSED or work is None or work.visit_at is None or work.visited_at:
        return None
    start = work.closed_at or work.at
    return Deadline(VISIT, start, work.visit_at, max(1, work.visit_at - start))


def visit_at(cls: str, closed: Ms) -> Ms | None:
    """Until when who reported an event of a class is visited after its end, by the list
    event_visit; None where nobody has to."""
    row = codes.load("event_class").get(cls)
    found = codes.load("event_visit").get(str(row.facts.get("great", ""))) if row else None
    return Ms(int(closed + found.facts["days"] * DAY)) if found is not None else None


def reckoned(view: EventView, gone: Progress, areas: Mapping[str, Area]) -> list[Deadline]:
    """All clocks that run for an event in its state by what is known of its course."""
    found = (_clock(step, view, gone, areas) for step in RUNNING.get(view.state, ()))
    return [clock for clock in found if clock is not None]


def of_helper(
    view: EventView, given: Ms, signed: bool, areas: Mapping[str, Area]
) -> list[Deadline]:
    """The clocks of a unit that helps since a moment: C3 until it signs, C5 until it feeds back. An
    event that is suspended stands still for it too."""
    gone = replace(_progress(view), given=given, dispatched=given)
    steps = ("C5",) if signed else ("C3", "C5")
    found = (_clock(step, view, gone, areas) for step in steps)
    return [clock for clock in found if clock is not None]


def limits(view: EventView) -> dict[str, Code]:
    """The rows that limit an event, by step, of the steps that its urgency has."""
    found = {step: _limit(view, step) for step in STEPS}
    return {step: row for step, row in found.items() if row is not None}


def of_row(
    step: str, row: Code, start: Ms, pauses: Sequence[tuple[Ms, Ms | None]] = ()
) -> Deadline:
    """A clock by a row that states `amount`, `unit` and `work`; it stood still for some stretches
    of time, as in `Progress.pauses`."""
    whole, work = _span(row, start, ""), bool(row.facts["work"])
    due, paused_at = _paused(start, whole, work, pauses)
    return Deadline(step, start, due, whole, work, paused_at)


def stood(work: EventWork) -> list[tuple[Ms, Ms | None]]:
    """The stretches in which an event was suspended, as in `Progress.pauses`."""
    return [(Ms(begun), end if end is None else Ms(end)) for begun, end in pauses(work.pauses)]


def _clock(
    step: str, view: EventView, gone: Progress, areas: Mapping[str, Area]
) -> Deadline | None:
    row = _limit(view, step)
    if row is None or not _began(step, view, gone):
        return None
    start, work = _start(step, gone), bool(row.facts["work"])
    whole = _span(row, start, _ground(row, view, areas))
    if step != "C5":
        return Deadline(step, start, _after(start, whole, work), whole, work)
    share = codes.limit("redo_share") if gone.redone else 1
    whole = int(whole * share) + gone.extended
    due, stands = _paused(start, whole, work, gone.pauses)
    if view.state in PAUSED and not gone.pauses:
        stands = start  # since when, nobody told
    return Deadline(step, start, due, whole, work, stands)


def _paused(
    start: Ms, whole: int, work: bool, pauses: Sequence[tuple[Ms, Ms | None]]
) -> tuple[Ms, Ms | None]:
    """When a clock runs out that stood still meanwhile, and since when it stands still now: what
    is suspended after its time was over stays overdue."""
    due, on = _after(start, whole, work), start
    for begun, ended in pauses:
        begun = max(begun, on)
        if begun >= due:
            break
        if ended is None:
            return due, begun
        on = max(begun, ended)
        due = _after(on, _gone(begun, due, work), work)
    return due, None


def _began(step: str, view: EventView, gone: Progress) -> bool:
    """Arrival is due of a unit that a station sent: the pool's rows tell no time of it. In an event
    that is taken in, the disposal's time runs where it was given out before and returned."""
    if step == "C4":
        return gone.dispatched is not None
    return gone.given is not None or step != "C5" or view.state != ACCEPTED


def _start(step: str, gone: Progress) -> Ms:
    """When a clock began; where nobody told it, with the last step before that is known."""
    if step == "C1":
        return gone.received
    accepted = gone.accepted or gone.received
    if step == "C2":
        return accepted
    given = gone.given or accepted
    if step == "C5":
        return given
    sent = gone.dispatched or given
    return (gone.fed_back or sent) if step == "C6" else sent


def _progress(view: EventView) -> Progress:
    received, work = view.event.received_at, view.work
    if work is None:
        return Progress(received)
    given = work.given_at or work.dispatched_at
    return Progress(
        received, work.accepted_at, given, work.dispatched_at, work.fed_back_at, stood(work),
        work.extended_ms, work.rework_no > 0,
    )  # fmt: skip


def _limit(view: EventView, step: str) -> Code | None:
    """The row of a clock: that of swift response, of the event's class, else that of all."""
    event, plain = view.event, None
    for row in _limits(today(), codes.edition()).get((event.urgency, step), ()):
        if row.facts.get("swift"):
            if swift.belongs(view):
                return row
            continue
        if view.cls in row.facts.get("classes", ()):
            return row
        if "classes" not in row.facts:
            plain = row
    return plain


@lru_cache(maxsize=4)
def _limits(on: date, _: object) -> dict[tuple[int, str], list[Code]]:
    found: dict[tuple[int, str], list[Code]] = {}
    for row in codes.load("event_limit", on).values():
        found.setdefault((row.facts["urgency"], row.facts["step"]), []).append(row)
    for some in found.values():
        some.sort(key=lambda row: not row.facts.get("swift"))
    return found


def _ground(row: Code, view: EventView, areas: Mapping[str, Area]) -> str:
    """Of what ground the smallest known area is that says so, where the limit asks; "": unknown,
    the sooner counts."""
    if not any(key in row.facts for key in ("suburban", "rural")):
        return ""
    kinds = codes.load("area_kind")
    known = (kinds[a.kind].facts for a in chain(areas, view.event.area) if a.kind in kinds)
    return next((str(facts["ground"]) for facts in known if "ground" in facts), "")


def _span(row: Code, start: Ms, ground: str) -> int:
    """The time of a limit, milliseconds of its calendar. KeyError for a unit that is none."""
    amount, unit = row.facts.get(ground, row.facts["amount"]), row.facts["unit"]
    if unit == "wd":
        return int(amount * workdays.workday(start))
    if unit not in UNITS:
        raise KeyError(f"event_limit: row {row.id}: unit: {unit}")
    return int(amount * UNITS[unit])


def _after(start: Ms, span: int, work: bool) -> Ms:
    return workdays.after(start, span) if work else Ms(start + span)


def _gone(start: Ms, end: Ms, work: bool) -> int:
    return workdays.between(start, end) if work else max(0, end - start)
