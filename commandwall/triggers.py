"""What suggests that an event goes up a rung 上提建议: rows of the list `rung_trigger`. Nothing is
raised by itself: a person confirms or declines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from commandwall import codes, deadlines, ladders, workdays
from commandwall.areas import Area
from commandwall.clock import HOUR, Ms, day
from commandwall.codes import Code
from commandwall.event_flow import DISPATCHED, HANDLED, RETURNED
from commandwall.events import EventView
from commandwall.ladders import ACCEPT, ANSWER, DECLINED, Case

GIVEN = frozenset({DISPATCHED, RETURNED, *HANDLED})
"""States of an event that somebody has to solve, and whose time runs."""
ASKED = "asked"
"""The trigger of what who handles it asks for."""
Alike = Mapping[tuple[str, str], int]
"""Open events by area and class."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A suggestion: to which rung, by which row, with what it counts."""

    event: str
    to: str
    trigger: str
    n: int | None = None  # returns, units ... that it counts
    at: Ms | None = None  # when a time is over, or will be

    def met(self, now: Ms) -> bool:
        """Whether it holds already; else it will, if nobody does anything."""
        return self.at is None or self.at <= now


@dataclass(frozen=True, slots=True)
class Sight:
    """What triggers look at of one event."""

    view: EventView
    case: Case
    to: str
    alike: int


def alike(views: Iterable[EventView]) -> Alike:
    """How many open events of one class each area has."""
    return Counter((v.event.area, v.cls) for v in views)


class Lookout:
    """Looks through open events, and remembers what triggers said of each while it did not change:
    of many thousand events few change within a minute."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[EventView, object, list[Proposal]]] = {}

    def begin(self, views: Iterable[EventView]) -> Alike:
        """Before it looks through all that are open: what is closed now is forgotten."""
        views = list(views)
        here = {view.event.id for view in views}
        self._known = {key: told for key, told in self._known.items() if key in here}
        return alike(views)

    def look(
        self, views: Iterable[EventView], cases: Mapping[str, Case], areas: Mapping[str, Area],
        counted: Alike, now: Ms, until: Ms,
    ) -> list[Proposal]:  # fmt: skip
        """What is suggested now or will be until a moment: of each event one."""
        found = []
        for view in views:
            case = cases.get(view.event.id)
            found += _soonest(self._of(view, case, areas, counted, now), case, now, until)
        return found

    def _of(
        self, view: EventView, case: Case | None, areas: Mapping[str, Area], counted: Alike, now: Ms
    ) -> list[Proposal]:
        """All that the triggers say of an event, whenever it holds."""
        key, edition = view.event.id, (day(now), codes.edition())
        known = self._known.get(key)
        if case is None and known is not None and known[0] is view and known[1] == edition:
            return known[2]
        seen = sight(view, case or Case(key), areas, counted)
        found = list(_said(seen, now)) if seen is not None else []
        if case is None:
            self._known[key] = view, edition, found
        return found


def arranged(found: Iterable[Proposal], now: Ms) -> list[Proposal]:
    """What holds before what will; the highest rungs first, then what has held for longest."""
    return sorted(found, key=lambda p: _order(p, now))


def sight(view: EventView, case: Case, areas: Mapping[str, Area], counted: Alike) -> Sight | None:
    """What triggers look at; None for an event on the last rung, or one that nobody has to solve
    now."""
    if view.state not in GIVEN:
        return None
    area = areas.get(view.event.area)
    start = ladders.base(area.level if area is not None else None)
    to = ladders.above(ladders.standing(case, start))
    many = counted.get((view.event.area, view.cls), 0)
    return Sight(view, case, to, many) if to else None


def _said(seen: Sight, now: Ms) -> Iterator[Proposal]:
    return (p for row in _rows(seen.to, now) for p in TESTS[row.facts["by"]](seen, row))


def _soonest(found: list[Proposal], case: Case | None, now: Ms, until: Ms) -> list[Proposal]:
    """The one that has held for longest, unless a person said no not long ago; what is asked for
    since is a question of its own."""
    held = [p for p in found if p.at is None or p.at <= until]
    if not held or (case is not None and _declined(case, held[0].to, now)):
        return []
    return [min(held, key=lambda p: p.at if p.at is not None else Ms(0))]


def _rows(to: str, now: Ms) -> Iterator[Code]:
    rows = codes.load("rung_trigger", day(now)).values()
    return (row for row in rows if row.facts.get("to", to) == to)


def _declined(case: Case, to: str, now: Ms) -> bool:
    rise = case.rises.get(to)
    quiet = int(codes.limit("rung_quiet_hours", day(now))) * HOUR
    return rise is not None and rise.state == DECLINED and now - rise.changed_at < quiet


def _order(proposal: Proposal, now: Ms) -> tuple[bool, int, int, str]:
    at = proposal.at if proposal.at is not None else 0
    return not proposal.met(now), -ladders.rank(proposal.to), at, proposal.event


def _made(seen: Sight, row: Code, n: int | None = None, at: Ms | None = None) -> Proposal:
    return Proposal(seen.view.event.id, seen.to, row.id, n, at)


def _open(seen: Sight, row: Code) -> Iterator[Proposal]:
    """Not solved for so long."""
    if seen.view.event.urgency in row.facts["urgencies"]:
        due = deadlines.of_row(row.id, row, seen.view.event.received_at).due
        yield _made(seen, row, at=_not_before(seen, due))


def _over(seen: Sight, row: Code) -> Iterator[Proposal]:
    """So much of the limit of its disposal is over."""
    for clock in deadlines.clocks(seen.view):
        if clock.step == "C5" and clock.paused_at is None:
            yield _made(seen, row, at=_not_before(seen, _late(clock, row)))


def _rung(seen: Sight, row: Code) -> Iterator[Proposal]:
    """The rung that has it has said nothing for so much of its limit."""
    for due in seen.case.dues:
        if due.step == ANSWER:
            yield _made(seen, row, at=_late(due.clock, row))


def _not_before(seen: Sight, at: Ms) -> Ms:
    """The rung that has it has its time first: to answer, then that of the plan."""
    dues = [due.clock.due for due in seen.case.dues if due.step != ACCEPT]
    return max(at, dues[0]) if dues else at


def _late(clock: deadlines.Deadline, row: Code) -> Ms:
    more = int(clock.whole * row.facts["share"])
    return workdays.after(clock.due, more) if clock.work else Ms(clock.due + more)


def _counting(count: Callable[[Sight], int]) -> Callable[[Sight, Code], Iterator[Proposal]]:
    def test(seen: Sight, row: Code) -> Iterator[Proposal]:
        if (n := count(seen)) >= row.facts["n"]:
            yield _made(seen, row, n)

    return test


def _asked(seen: Sight, row: Code) -> Iterator[Proposal]:
    rise = seen.case.rises.get(seen.to)
    if rise is not None and rise.state == ladders.ASKED:
        yield _made(seen, row)


def _units(seen: Sight) -> int:
    work = seen.view.work
    return 1 + len(work.co.split(",")) if work is not None and work.co else 1


TESTS: Mapping[str, Callable[[Sight, Code], Iterator[Proposal]]] = {
    "open": _open,
    "over": _over,
    "rung": _rung,
    "returns": _counting(lambda s: s.view.work.return_no if s.view.work is not None else 0),
    "reworks": _counting(lambda s: s.view.work.rework_no if s.view.work is not None else 0),
    "units": _counting(_units),
    "alike": _counting(lambda s: s.alike),
    ASKED: _asked,
}
"""What a row of the list goes by."""
