"""What a played drill came to, for its review: facts alone, each with the records it stands on.

All of it follows from the journal and the records of the drill's own world. Times are scenario time
where nothing else is said; what began in one run and ended in another was not answered.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from commandwall import reporting
from commandwall.alarms import Alarm
from commandwall.clock import Ms
from commandwall.directives import Directive
from commandwall.drill.drill_acts import ADDED, SENT, START, Happening
from commandwall.drill.drill_clock import DrillClock
from commandwall.drill.evaluating import OBJECTIVE, Evaluation, newest
from commandwall.drill.evaluating import Line as Marked
from commandwall.drill.play import ClockAct, SentInject, sent_id
from commandwall.drill.scenario import Inject, Scenario
from commandwall.drill.score import (
    LATE,
    MET,
    MISSED,
    Deed,
    Judged,
    Times,
    counted,
    deeds,
    entry_of,
    injects_of,
    score,
)
from commandwall.incidents import OPEN, Incident
from commandwall.people import OUT, Duty
from commandwall.reporting import Losses, PhoneReport, Report
from commandwall.store.journal import Line
from commandwall.store.lines import contents
from commandwall.store.store import Reader

ACK, DISPATCH, DIRECTIVE, REPORT = "ack", "dispatch", "directive", "report"
"""Rows of the list drill_curve."""
BEFORE, UNSET = "before", "unset"
"""Phases that no list has: no incident is open yet; one is, and its phase is not set."""
OWN = ("take_act", "note_sent", "sign_in", "sign_out", "take_over")
"""Acts whose lines name a person and are none of his at his post."""


@dataclass(frozen=True, slots=True)
class Fate:
    """An inject in a run: what was planned, and what was. A run that is over tells what was sent in
    it, the last one tells all injects."""

    inject: Inject
    run: int
    settled: Happening | None  # None: it waited to the end
    sent: SentInject | None

    @property
    def moved(self) -> int | None:
        """Microseconds that it came later than planned; None where it has no two times."""
        if self.sent is None or self.inject.at is None:
            return None
        return self.sent.moment - self.inject.at


@dataclass(frozen=True, slots=True)
class Response:
    """Something that was owed to somebody, and how long it took: milliseconds of scenario time."""

    curve: str
    subject: str
    took: int | None  # None: never, or in another run


@dataclass(frozen=True, slots=True)
class Sat:
    """Somebody at a post, by what the journal has of both."""

    post: str
    person: str
    since: Ms
    until: Ms | None  # None: to the end
    acts: int
    first: str  # entries of the journal; "" where he did nothing
    last: str


@dataclass(frozen=True, slots=True)
class Reach:
    """An objective: how evaluators graded it, and what became of the expected acts under it."""

    id: str
    zh: str
    en: str
    grade: Evaluation | None
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class After:
    """All of it."""

    scenario: Scenario
    clock: DrillClock
    times: Times
    fates: Sequence[Fate]
    judged: Sequence[Judged]
    marks: Mapping[Marked, Evaluation]
    older: Mapping[Marked, int]  # marks of a line that count no more
    responses: Sequence[Response]
    phases: Mapping[str, str]  # of each expected act: by its inject that was sent
    sat: Sequence[Sat]
    lines: Sequence[Line]  # of the journal, in its order

    @property
    def began(self) -> Ms | None:
        """When the first run was started, in real time."""
        return next((a.at for a in self.times.acts if a.kind == START), None)

    def reached(self) -> Iterator[Reach]:
        """Each objective of the scenario."""
        of = {c.sent.id: c.inject.objective for c in self.fates if c.sent is not None}
        for o in self.scenario.objectives:
            mine = counted(j for j in self.judged if of[j.sent.id] == o.id)
            yield Reach(o.id, o.zh, o.en, self.marks.get((o.id, OBJECTIVE)), mine)

    def overdue(self) -> dict[tuple[str, str], tuple[int, int]]:
        """By post and phase: how many expected acts were late or missed, and of how many."""
        late, of = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
        for j in self.judged:
            if j.verdict in (MET, LATE, MISSED):
                key = j.sent.receiver, self.phases[j.sent.id]
                of[key] += 1
                late[key] += j.verdict != MET
        return {key: (late[key], n) for key, n in of.items()}


def after(reader: Reader, scenario: Scenario, now: Ms) -> After:
    """What a drill came to at `now`."""
    sql = "SELECT * FROM journal ORDER BY hlc, origin, seq"
    lines = [Line(*row) for row in reader.rows(sql)]
    times = Times(scenario.script(), reader.find(ClockAct))
    clock, found = times.clock(now), reader.find(Evaluation)
    sent = {s.id: s for s in reader.find(SentInject)}
    marks = newest(found)
    every = Counter((e.subject, e.line) for e in found)
    return After(
        scenario, clock, times, list(_fates(clock, injects_of(reader, scenario), sent)),
        score(reader, scenario, now), marks, {key: every[key] - 1 for key in marks},
        [*_responses(reader, times, sent)], _phases(lines, sent.values()),
        list(_joined(_sat(lines))), lines,
    )  # fmt: skip


def _fates(
    clock: DrillClock, injects: Mapping[str, Inject], sent: Mapping[str, SentInject]
) -> Iterator[Fate]:
    """What was sent in earlier runs first, then all of the last in the order of its times."""
    kept = {(h.run, h.subject) for h in clock.history}
    before = (h for run in clock.runs for h in run if h.what == SENT)
    for (run, key), h in {(h.run, h.subject): h for h in before}.items():
        if (run, key) not in kept:
            yield Fate(injects[key], run, h, sent.get(sent_id(run, key)))
    planned = [plan.id for plan in clock.script.injects]
    added = [h.subject for h in clock.history if h.what == ADDED]
    yield from sorted((_fate(clock, injects[key], sent) for key in (*planned, *added)), key=_when)


def _fate(clock: DrillClock, inject: Inject, sent: Mapping[str, SentInject]) -> Fate:
    h = clock.outcome(inject.id)
    run = h.run if h is not None else clock.run
    return Fate(inject, run, h, sent.get(sent_id(run, inject.id)))


def _when(fate: Fate) -> tuple[bool, int]:
    """When it was sent, else its time: what is left out keeps its place."""
    done, at = fate.settled, fate.inject.at
    if done is not None and (done.what == SENT or at is None):
        at = done.position
    return at is None, at or 0


# Answers.


def _responses(reader: Reader, times: Times, sent: Mapping[str, SentInject]) -> Iterator[Response]:
    shown: dict[str, list[Ms]] = {}
    for s in sent.values():
        if s.kind == "sensor":
            shown.setdefault(s.subject, []).append(s.at)
    for alarm in reader.many(Alarm, list(shown), field="sensor"):
        # Its first reading was dated back by as long as its rule wants to see it: nobody saw it.
        _, mine = min((abs(at - alarm.raised_at), at) for at in shown[alarm.sensor])
        since = max(alarm.raised_at, mine)
        yield Response(ACK, alarm.id, times.took(since, alarm.acked_at))
    yield from _dispatched(deeds(reader), times, sent)
    for d in reader.find(Directive):
        if d.issued_at:
            yield Response(DIRECTIVE, d.id, times.took(d.issued_at, d.acked_at))
    yield from _reported(reader, times)


def _dispatched(
    done: Sequence[Deed], times: Times, sent: Mapping[str, SentInject]
) -> Iterator[Response]:
    """From when an event was sent until it was with a unit."""
    for s in sent.values():
        if s.kind == "event":
            mine = (d for d in done if d.thing == "event" and d.subject == s.subject)
            first = next((d.at for d in mine if "DISPATCHED" in d.states), None)
            yield Response(DISPATCH, s.subject, times.took(s.at, first))


def _reported(reader: Reader, times: Times) -> Iterator[Response]:
    """Reports that an incident owed, as its own review counts them."""
    reports, calls = reader.find(Report), reader.find(PhoneReport)
    losses = {one.incident: one for one in reader.find(Losses)}
    for i in reader.find(Incident):
        for due in reporting.reports_due(i, reports, calls, losses.get(i.id)):
            yield Response(REPORT, f"{i.id} {due.step}", times.took(due.start, due.done_at))


# Phases, and who sat where.


def _phases(lines: Iterable[Line], sent: Iterable[SentInject]) -> dict[str, str]:
    """The phase of the newest open incident when each inject was sent."""
    records = ((line.at, record) for line in lines for record, _ in contents(line))
    told = [(at, record) for at, record in records if isinstance(record, Incident)]
    found = {}
    for s in sent:
        known = {i.id: i for at, i in told if at <= s.at}
        still = [i for i in known.values() if i.state == OPEN]
        last = max(still, key=lambda i: i.opened_at, default=None)
        found[s.id] = (last.phase or UNSET) if last is not None else BEFORE
    return found


def _sat(lines: Iterable[Line]) -> Iterator[Sat]:
    """Stretches in which one person held one post at one station: by who signed in and out, and by
    whom a line names where nobody did."""
    held: dict[str, Sat] = {}
    for line in lines:
        for duty in (r for r, _ in contents(line) if isinstance(r, Duty)):
            yield from _over(held, duty.id, line.at)
            if duty.state != OUT:
                held[duty.id] = Sat(duty.seat, duty.name, line.at, None, 0, "", "")
        if line.post and line.act not in OWN:
            yield from _acted(held, line)
    yield from held.values()


def _joined(found: Iterable[Sat]) -> Iterator[Sat]:
    """Stretches of one person at one post as one, where nobody else held it in between: who plays
    several posts at one station goes from one to the other."""
    posts: dict[str, list[Sat]] = {}
    for one in sorted(found, key=lambda s: s.since):
        mine = posts.setdefault(one.post, [])
        if mine and mine[-1].person == one.person:
            was = mine.pop()
            one = replace(one, since=was.since, acts=was.acts + one.acts,
                          first=was.first or one.first, last=one.last or was.last)  # fmt: skip
        mine.append(one)
    return (one for mine in posts.values() for one in mine)


def _acted(held: dict[str, Sat], line: Line) -> Iterator[Sat]:
    now, entry = held.get(line.origin), entry_of(line)
    if now is None or (now.post, now.person) != (line.post, line.person):
        yield from _over(held, line.origin, line.at)
        now = Sat(line.post, line.person, line.at, None, 0, "", "")
    held[line.origin] = replace(now, acts=now.acts + 1, first=now.first or entry, last=entry)


def _over(held: dict[str, Sat], station: str, at: Ms) -> Iterator[Sat]:
    if (was := held.pop(station, None)) is not None:
        yield replace(was, until=at)
