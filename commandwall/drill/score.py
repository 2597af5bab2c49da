"""The score of a drill: each expected act of what was sent, found in the journal or not.

It follows from the journal alone, so it is the same however often and wherever it is asked. An
expected act of an inject that became an event, or a reading of a device, counts for that event or
that device; limits count in scenario time, which stands while the drill does.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from commandwall import event_flow
from commandwall.clock import Ms
from commandwall.drill.drill_acts import ENDED, GAP, REAL, RESTART, DrillAct, Moment, Script
from commandwall.drill.drill_acts import RUNNING as RUNS
from commandwall.drill.drill_clock import DrillClock, fold
from commandwall.drill.evaluating import EXPECT, WATCH
from commandwall.drill.expected import Expected
from commandwall.drill.play import ClockAct, FreeInject, SentInject, taken
from commandwall.drill.scenario import Inject, Scenario
from commandwall.events import Event, FiledEvent
from commandwall.incidents import Incident
from commandwall.resources import Resource
from commandwall.store.journal import Line
from commandwall.store.lines import contents
from commandwall.store.store import Reader

MET, LATE, MISSED, RUNNING, CUT, UNSEEN = "met", "late", "missed", "running", "cut", "unseen"
"""Rows of the list drill_verdict; CUT: the run ended before the limit; UNSEEN: nothing that a
program sees, for an evaluator."""
ON_THE_WAY = ("ISSUED", "DELIVERED", "ACKED", "EXECUTING", "DONE", "VERIFIED")
"""States of a directive that leads on, in their order."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One expected act of one inject that was sent."""

    sent: SentInject
    expected: Expected | None  # None for what only an evaluator sees
    words: str  # of that
    verdict: str
    took: int | None  # milliseconds of scenario time until it was done
    line: str  # as evaluators name it: expect-1, watch-2
    entry: str  # of the journal, that showed it; "" where nothing did


@dataclass(frozen=True, slots=True)
class Deed:
    """Something of the city, as a line of the journal left it."""

    at: Ms
    thing: str  # row of drill_expect
    subject: str  # the event, or the device of an alarm
    fields: Mapping[str, str]
    states: frozenset[str]
    entry: str  # of the journal
    record: Any  # as that line left it


class Times:
    """Scenario time and runs of real moments, by the acts that the clock of a drill took."""

    def __init__(self, script: Script, acts: Iterable[ClockAct]) -> None:
        self.acts = [a.act for a in taken(acts)]
        self.restarts = [a.at for a in self.acts if a.kind == RESTART]
        self._script = script
        stood = list(_stood(script, self.acts))
        self._begun, self._stood = [at for at, *_ in stood], [rest for _, *rest in stood]

    def clock(self, now: Ms) -> DrillClock:
        """As it stands at a moment that lies after all acts."""
        return fold(self._script, self.acts, now)

    def position(self, at: Ms) -> Moment:
        """Where the clock stood at a moment; a gap stands from its beginning."""
        known = bisect_right(self._begun, at)
        if not known:
            return self._script.begins
        position, real, rate = self._stood[known - 1]
        return Moment(position + max(0, at - real) * rate)

    def run(self, at: Ms) -> int:
        """Which run a moment belongs to, from 1."""
        return 1 + sum(begins <= at for begins in self.restarts)

    def took(self, start: Ms, end: Ms | None) -> int | None:
        """Milliseconds of scenario time between two moments of one run; None across a restart: what
        is done in another run is no answer to this one."""
        if end is None or self.run(start) != self.run(end):
            return None
        return max(0, self.position(end) - self.position(start)) // REAL


def _stood(script: Script, acts: Iterable[DrillAct]) -> Iterator[tuple[int, int, int, int]]:
    """After each act: from which real moment it counts, position, real time, and what a millisecond
    adds from there."""
    clock, begun = DrillClock(script), 0
    for act in acts:
        clock.do(act)
        begun = max(begun, act.at if act.kind != GAP or act.since is None else act.since)
        yield begun, clock.position, clock.real, clock.rate if clock.status == RUNS else 0


def entry_of(line: Line) -> str:
    """How an entry of the journal is named: its station, and its number there."""
    return f"{line.origin}/{line.seq}"


def score(reader: Reader, scenario: Scenario, now: Ms) -> list[Judged]:
    """All that was sent, in the order in which it was; as it stands at `now` where it goes on."""
    sent = sorted(reader.find(SentInject), key=lambda s: (s.at, s.id))
    injects = injects_of(reader, scenario)
    judge = _Judge(Times(scenario.script(), reader.find(ClockAct)), deeds(reader), now)
    return [one for s in sent for one in judge.all_of(s, injects[s.inject])]


def injects_of(reader: Reader, scenario: Scenario) -> dict[str, Inject]:
    """Those of the scenario, and those that controllers added."""
    return {i.id: i for i in (*scenario.injects, *(f.inject for f in reader.find(FreeInject)))}


def counted(judged: Iterable[Judged]) -> dict[str, int]:
    """How many there are of each verdict."""
    found = dict.fromkeys((MET, LATE, MISSED, RUNNING, CUT, UNSEEN), 0)
    for one in judged:
        found[one.verdict] += 1
    return found


class _Judge:
    def __init__(self, times: Times, done: Sequence[Deed], now: Ms) -> None:
        self._times, self._deeds = times, done
        # Just before the next one begins: from then on its clock is another.
        self._ends = [*(Ms(at - 1) for at in times.restarts), now]
        self._over = times.clock(now).status == ENDED

    def all_of(self, sent: SentInject, inject: Inject) -> Iterator[Judged]:
        for n, expected in enumerate(inject.expect, 1):
            yield self._one(sent, expected, f"{EXPECT}-{n}")
        for n, words in enumerate(inject.watch, 1):
            yield Judged(sent, None, words, UNSEEN, None, f"{WATCH}-{n}", "")

    def _one(self, sent: SentInject, expected: Expected, line: str) -> Judged:
        """By the first deed within its run that is what was expected."""
        end = self._ends[min(sent.run, len(self._ends)) - 1]
        first = next((d for d in self._deeds if sent.at <= d.at <= end and _is(d, expected, sent)),
                     None)  # fmt: skip
        until = self._passed(sent, first.at if first is not None else end)
        if first is not None:
            verdict = MET if until <= expected.within else LATE
            return Judged(sent, expected, "", verdict, until, line, first.entry)
        goes_on = sent.run == len(self._ends) and not self._over
        open_yet = RUNNING if goes_on else CUT
        verdict = open_yet if until <= expected.within else MISSED
        return Judged(sent, expected, "", verdict, None, line, "")

    def _passed(self, sent: SentInject, at: Ms) -> int:
        """Scenario time from when it was sent, milliseconds."""
        return max(0, self._times.position(at) - sent.moment) // REAL


def _is(deed: Deed, expected: Expected, sent: SentInject) -> bool:
    own = sent.kind == "event" or (sent.kind == "sensor" and expected.thing == "alarm")
    if own and expected.thing in ("event", "alarm") and deed.subject != sent.subject:
        return False
    fits = all(deed.fields.get(field) == code for field, code in expected.where)
    return deed.thing == expected.thing and expected.state in deed.states and fits


# What the journal says.


def deeds(reader: Reader) -> list[Deed]:
    """All that the journal tells of what a scenario can expect, in its order."""
    rows = reader.rows("SELECT * FROM journal ORDER BY hlc, origin, seq")
    return deeds_of(reader, [Line(*row) for row in rows])


def deeds_of(reader: Reader, lines: Sequence[Line]) -> list[Deed]:
    """The same of some lines."""
    records = [(line, record) for line in lines for record, _ in contents(line)]
    known = _Known(reader, [record for _, record in records])
    found = []
    for line, record in records:
        tell = TELLS.get(type(record).__name__)
        if tell is not None:
            at = record.opened_at if isinstance(record, Incident) else line.at
            found.append(Deed(at, *tell(record, known), entry_of(line), record))
    return found


class _Known:
    """What records only name: classes of events, kinds of units."""

    def __init__(self, reader: Reader, records: Sequence[Any]) -> None:
        works = [r.id for r in records if type(r).__name__ == "EventWork"]
        sendings = [r for r in records if type(r).__name__ == "Assignment"]
        rows: list[Event | FiledEvent] = [*reader.many(Event, works)]
        rows += reader.many(FiledEvent, works)
        units = {r.id: r.kind for r in reader.many(Resource, [a.resource for a in sendings])}
        self.classes = {row.id: row.cls for row in rows}
        self.kinds = {a.id: units.get(a.resource, "") for a in sendings}


Told = tuple[str, str, Mapping[str, str], frozenset[str]]


def _event(work: Any, known: _Known) -> Told:
    rank = event_flow.RANK.get(work.state, -1)
    states = {state for state, n in event_flow.RANK.items() if 0 <= n <= rank} | {work.state}
    return "event", work.id, {"cls": known.classes.get(work.id, "")}, frozenset(states)


def _alarm(alarm: Any, known: _Known) -> Told:
    states = {alarm.state} | ({"ACKED"} if alarm.acked_at is not None else set())
    return "alarm", alarm.sensor, {"cls": alarm.cls}, frozenset(states)


def _directive(d: Any, known: _Known) -> Told:
    far = ON_THE_WAY.index(d.state) if d.state in ON_THE_WAY else -1
    fields = {"verb": d.verb, "from": d.from_post, "to": d.to_post}
    return "directive", d.id, fields, frozenset({d.state, *ON_THE_WAY[: far + 1]})


def _report(report: Any, known: _Known) -> Told:
    return "report", report.id, {"kind": report.kind}, frozenset({report.state})


def _phoned(report: Any, known: _Known) -> Told:
    return "report", report.id, {"kind": "phone"}, frozenset({"SENT"})


def _sent(a: Any, known: _Known) -> Told:
    states = {"SENT", a.outcome} - {""}
    return "assignment", a.id, {"kind": known.kinds.get(a.id, "")}, frozenset(states)


def _step(step: Any, known: _Known) -> Told:
    kind = known.kinds.get(step.assignment, "")
    return "assignment", step.assignment, {"kind": kind}, frozenset({step.step})


TELLS: Mapping[str, Callable[[Any, _Known], Told]] = {
    "EventWork": _event,
    "Alarm": _alarm,
    "Directive": _directive,
    "Report": _report,
    "PhoneReport": _phoned,
    "Assignment": _sent,
    "AssignmentStep": _step,
    "Incident": lambda i, known: ("incident", i.id, {"kind": i.kind}, frozenset({"OPENED"})),
    "StartedPlan": lambda p, known: ("plan", p.id, {}, frozenset({"STARTED"})),
    "Request": lambda r, known: ("request", r.id, {}, frozenset({r.state})),
    "Mode": lambda m, known: ("mode", m.id, {}, frozenset(() if m.ended_at else (m.mode,))),
}
"""What a record says of the things that a scenario can expect."""
