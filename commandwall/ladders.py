"""The two ladders of an event 四级协调: grid, village, town, city solve it at the lowest level that
can; centre, government office, vice mayor and executive meeting supervise what these cannot.

What there is of an event on them, how it stands and what is due next. The rungs are rows of the
list `rung`, in their order; their limits rows of `rung_limit`. What is done stands in
`ladder_acts`, what suggests it in `triggers`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from commandwall import codes, deadlines, workdays
from commandwall.areas import GRID
from commandwall.clock import Ms, day
from commandwall.codes import Code
from commandwall.deadlines import Deadline
from commandwall.store.journal import Line
from commandwall.store.lines import contents, telling
from commandwall.store.schema import WALL, Meeting, record
from commandwall.store.store import Reader, Reason

ASKED, RAISED, TAKEN, BACK, WITHDRAWN, DECLINED, ENDED = (
    "ASKED", "RAISED", "TAKEN", "BACK", "WITHDRAWN", "DECLINED", "ENDED",
)  # fmt: skip
"""Rows of the code list rise_state. ENDED: with the supervision."""
NONE = ""
"""Before anything was written of a rung."""
STEPS: Mapping[str, frozenset[str]] = {
    ASKED: frozenset({NONE, BACK, WITHDRAWN, DECLINED, ENDED}),
    RAISED: frozenset({NONE, ASKED, BACK, WITHDRAWN, DECLINED, ENDED}),
    TAKEN: frozenset({RAISED}),
    BACK: frozenset({RAISED, TAKEN}),
    WITHDRAWN: frozenset({ASKED, RAISED}),
    DECLINED: frozenset({NONE, ASKED, BACK, WITHDRAWN, DECLINED, ENDED}),
}
"""New state of a rung -> the states it may follow."""
ACTIVE = (RAISED, TAKEN)
"""The rung has the matter."""
OPEN, DONE, VERIFIED, DROPPED = "OPEN", "DONE", "VERIFIED", "DROPPED"
"""Rows of the code list point_state."""
POINT_STEPS: Mapping[str, frozenset[str]] = {
    DONE: frozenset({OPEN}),
    VERIFIED: frozenset({DONE}),
    OPEN: frozenset({DONE, VERIFIED, DROPPED}),
    DROPPED: frozenset({OPEN, DONE}),
}
WATCHED, RELEASED = "WATCHED", "RELEASED"
"""Rows of the code list supervision_state."""
ACCEPT, ANSWER, DO, VERIFY = "accept", "answer", "do", "verify"
"""What is due of a rung (rows of `rung_limit` are called rung-step) and of a point of the plan."""
ACTS = (
    "ask_up", "raise_up", "decline_up", "withdraw_up", "take_up", "hand_down", "hold_council",
    "correct_council", "add_point", "finish_point", "verify_point", "redo_point", "drop_point",
    "release_supervision", "restore_supervision",
)  # fmt: skip
BESIDE = ("changed_at", "by", "post")


@record(
    WALL,
    index=("event", "state"),
    meeting=Meeting(
        (),  # a rung may be raised again, and begins anew then: no moment counts for good
        ("raised_at", "taken_at", *BESIDE),
        {
            ASKED: frozenset({RAISED, TAKEN, BACK, ENDED}),
            RAISED: frozenset({TAKEN, BACK, ENDED}),
            TAKEN: frozenset({BACK, ENDED}),
            WITHDRAWN: frozenset({TAKEN, BACK, ENDED}),
            DECLINED: frozenset({RAISED, TAKEN, BACK, ENDED}),
        },
    ),
)
@dataclass(frozen=True, slots=True)
class Rise:
    """What became of one rung for one event; the same id from every station."""

    id: str
    event: str
    rung: str  # code list rung
    state: str
    trigger: str  # code list rung_trigger; "" where a person saw no such reason
    reason: str  # why it was raised, asked for or declined
    task: str  # what is to be done below, where it was handed back
    times: int  # how often it was raised
    raised_at: Ms | None
    taken_at: Ms | None
    ended_at: Ms | None
    raised_by: str
    raised_post: str
    changed_at: Ms
    by: str
    post: str


@record(
    WALL,
    index=("state",),
    meeting=Meeting((), ("since", *BESIDE), {WATCHED: frozenset({RELEASED})}),
)
@dataclass(frozen=True, slots=True)
class Supervision:
    """督办件: an event on the watch list until it is solved; its id is that of the event."""

    id: str
    matter: str
    area: str
    state: str
    since: Ms
    result: str  # of its release
    released_at: Ms | None
    put_post: str  # the post that put it on the list
    changed_at: Ms
    by: str
    post: str


@record(WALL, index=("event",), meeting=Meeting(beside=("at", "by", "post")))
@dataclass(frozen=True, slots=True)
class Council:
    """协调会: a meeting about an event: when, who was in the chair, and what was decided."""

    id: str
    event: str
    rung: str
    held: str  # day, such as 2026-11-27
    chair: str
    decision: str
    at: Ms
    by: str
    post: str


@record(
    WALL,
    index=("event", "state"),
    meeting=Meeting(
        (),
        ("done_at", "verified_at", *BESIDE),
        {OPEN: frozenset({DONE, VERIFIED}), DONE: frozenset({VERIFIED})},
    ),
)
@dataclass(frozen=True, slots=True)
class PlanPoint:
    """One point of the plan 一点一策: what is done, who leads, who helps, until when."""

    id: str
    event: str
    rung: str  # at which it was decided
    task: str
    lead: str
    co: str  # units that help, by commas
    made_at: Ms
    due: Ms
    state: str
    result: str
    done_at: Ms | None
    done_by: str
    done_post: str
    verified_at: Ms | None
    reason: str  # why it is done again, or dropped
    changed_at: Ms
    by: str
    post: str
    source: str = ""  # what it came of: resolution:…


@dataclass(frozen=True, slots=True)
class Due:
    """Something that is due of a matter: its step, whose it is, and its clock."""

    step: str
    clock: Deadline
    rise: Rise | None = None
    point: PlanPoint | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """All that is known of an event on the ladders: what is shown."""

    event: str
    supervision: Supervision | None = None
    rises: Mapping[str, Rise] = field(default_factory=dict)  # by rung
    points: Sequence[PlanPoint] = ()  # in the order in which they were made
    councils: Sequence[Council] = ()  # the newest first

    @property
    def watched(self) -> bool:
        """Whether it is on the watch list: also one that was released at a station which did not
        see a point that another one added."""
        if self.supervision is None:
            return False
        return self.supervision.state == WATCHED or bool(self.unsettled)

    @property
    def asked(self) -> Rise | None:
        """A rung that somebody asks for and nobody has answered."""
        return next((r for r in self._highest() if r.state == ASKED), None)

    @property
    def top(self) -> Rise | None:
        """The highest rung that has it."""
        return next((r for r in self._highest() if r.state in ACTIVE), None)

    def on(self, ladder: str) -> Rise | None:
        """The highest rung of one ladder that has it."""
        of = {key for key, row in rungs().items() if row.facts["ladder"] == ladder}
        found = (r for r in self._highest() if r.state in ACTIVE and r.rung in of)
        return next(found, None)

    @property
    def plan(self) -> list[PlanPoint]:
        """The points that stand."""
        return [point for point in self.points if point.state != DROPPED]

    @property
    def unsettled(self) -> list[PlanPoint]:
        """Points that nobody has verified."""
        return [point for point in self.plan if point.state != VERIFIED]

    @property
    def settled(self) -> int:
        """How many points are verified."""
        return sum(point.state == VERIFIED for point in self.points)

    @property
    def dues(self) -> list[Due]:
        """What is due, the first to be late first."""
        found = [*_of_top(self), *(due for p in self.unsettled if (due := _of_point(p)))]
        return sorted(found, key=lambda due: (due.clock.due, due.step))

    def _highest(self) -> list[Rise]:
        return [self.rises[key] for key in reversed(rungs()) if key in self.rises]


# What is known.


def rungs(at: Ms | None = None) -> dict[str, Code]:
    """The rungs of both ladders in their order, from below."""
    return codes.load("rung", day(at) if at is not None else None)


def cases(
    supervisions: Iterable[Supervision], rises: Iterable[Rise], points: Iterable[PlanPoint],
    councils: Iterable[Council],
) -> dict[str, Case]:  # fmt: skip
    """All that is known, by event, in whatever order the records come."""
    watched = {one.id: one for one in supervisions}
    of: dict[str, dict[str, Rise]] = defaultdict(dict)
    for rise in rises:
        of[rise.event][rise.rung] = rise
    plans, held = _by_event(points), _by_event(councils)
    made = lambda p: (p.made_at, p.id)  # noqa: E731
    newest = lambda c: (c.held, c.at, c.id)  # noqa: E731
    return {
        key: Case(
            key, watched.get(key), of[key], sorted(plans[key], key=made),
            sorted(held[key], key=newest, reverse=True),
        )
        for key in sorted({*watched, *of, *plans, *held})
    }  # fmt: skip


def read(reader: Reader, events: Sequence[str]) -> dict[str, Case]:
    """The cases of some events; one that was never on a ladder is an empty one."""
    found = cases(
        reader.many(Supervision, events), reader.many(Rise, events, "event"),
        reader.many(PlanPoint, events, "event"), reader.many(Council, events, "event"),
    )  # fmt: skip
    return {key: found.get(key, Case(key)) for key in events}


def watch_list(reader: Reader) -> list[Case]:
    """The cases that are on the watch list, the longest first."""
    listed = reader.find(Supervision, state=WATCHED)
    found = read(reader, [one.id for one in listed]).values()
    return sorted(found, key=_since)


def base(level: int | None) -> str:
    """The rung on which an event begins, by the level of its area; the lowest where that is not
    known."""
    rows = rungs()
    of = {int(row.facts["level"]): key for key, row in rows.items() if "level" in row.facts}
    return of.get(min(level, GRID), next(iter(rows))) if level is not None else next(iter(rows))


def standing(case: Case, start: str) -> str:
    """The rung on which it stands: the highest that has it, else the one it began on."""
    return case.top.rung if case.top is not None else start


def above(rung: str) -> str:
    """The next rung; "" over the last."""
    keys = list(rungs())
    at = keys.index(rung) + 1 if rung in keys else len(keys)
    return keys[at] if at < len(keys) else ""


def rank(rung: str) -> int:
    """How high a rung is; one that no list knows is below all."""
    keys = list(rungs())
    return keys.index(rung) if rung in keys else -1


def is_open(case: Case, over: bool) -> bool:
    """Whether anything is to be done on the ladders; `over`: the event itself is at an end."""
    return case.watched or (not over and (case.top is not None or case.asked is not None))


def decided(case: Case) -> bool:
    """Whether the rung that has it has said what is done: by a meeting or by the plan."""
    if case.top is None or case.top.raised_at is None:
        return False
    since = case.top.raised_at
    return any(c.at >= since for c in case.councils) or any(p.made_at >= since for p in case.plan)


def rise_of(event: str, rung: str) -> str:
    """The id of what became of a rung."""
    return f"{event}:{rung}"


# What stands in the way.


def up(case: Case, start: str, to: str, urgency: int | None, now: Ms) -> Reason | None:
    """Why it cannot be raised to a rung now: one step at a time, but for what is most urgent."""
    here = standing(case, start)
    wanted = above(here)
    if not wanted:
        return Reason("rung_top", {"rung": here})
    hurried = urgency is not None and urgency <= codes.limit("rung_skip", day(now))
    if to == wanted or (hurried and rank(to) > rank(here)):
        return None
    return Reason("rung_next", {"rung": here, "wanted": wanted})


def step(case: Case, rung: str, state: str) -> Reason | None:
    """Why a rung cannot be brought into a state now; None where it can."""
    rise = case.rises.get(rung)
    before = rise.state if rise is not None else NONE
    if before not in STEPS[state]:
        facts = {"kind": "rise", "id": rise_of(case.event, rung), "state": before, "wanted": state}
        return Reason("state" if rise is not None else "unknown", facts)
    if state == BACK and case.top is not None and case.top.rung != rung:
        return Reason("rung_above", {"rung": case.top.rung})
    return None


def point_step(case: Case, point: PlanPoint, state: str) -> Reason | None:
    """Why a point cannot be brought into a state now; None where it can."""
    if not case.watched:
        return Reason("unwatched", {})
    if point.state in POINT_STEPS[state]:
        return None
    return Reason("state", {"kind": "point", "id": point.id, "state": point.state, "wanted": state})


def own(point: PlanPoint, by: str, post: str) -> Reason | None:
    """Who did it does not verify it; where nobody gives a name, the posts tell people apart."""
    same = by == point.done_by if by or point.done_by else post == point.done_post
    return Reason("own_point", {"by": point.done_by}) if same else None


def release(case: Case, over: bool) -> Reason | None:
    """Why it stays on the watch list: a point that nobody verified; without a plan, an event that
    is not at its end."""
    if not case.watched:
        return Reason("unwatched", {})
    if case.unsettled:
        return Reason("points", {"n": len(case.unsettled), "all": len(case.plan)})
    return None if case.plan or over else Reason("unsolved", {})


# What was done.


def history(reader: Reader, event: str) -> list[tuple[Ms, str, str, str, str, str]]:
    """What was done on the ladders for an event: (moment, post, person, act, rung, text)."""
    return [(x.at, x.post, x.person, x.act, *_told(x)) for x in telling(reader, event, ACTS)]


def _told(line: Line) -> tuple[str, str]:
    """The rung that a line moves, and what it says in the words of who wrote it."""
    records = [one for one, _ in contents(line)]
    rung = next((one.rung for one in records if isinstance(one, Rise)), "")
    return rung, "　".join(filter(None, (words for one in records for words in _words(one))))


def _words(one: Any) -> tuple[str, ...]:
    if isinstance(one, Rise):
        return (one.task if one.state == BACK else "" if one.state == ENDED else one.reason,)
    if isinstance(one, PlanPoint):
        return one.task, one.reason if one.state in (OPEN, DROPPED) else one.result
    if isinstance(one, Council):
        return one.chair, one.decision
    return (one.result,) if isinstance(one, Supervision) else ()


def _by_event(records: Iterable[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for one in records:
        found[one.event].append(one)
    return found


def _since(case: Case) -> tuple[Ms, str]:
    return (case.supervision.since if case.supervision is not None else Ms(0), case.event)


def _of_top(case: Case) -> list[Due]:
    """The clocks of the rung that has it: to take it, and to say what is done."""
    rise = case.top
    if rise is None or rise.raised_at is None:
        return []
    steps = [ACCEPT] if rise.state == RAISED else []
    steps += [] if decided(case) else [ANSWER]
    rows = codes.load("rung_limit")
    told = ((s, rows[f"{rise.rung}-{s}"]) for s in steps if f"{rise.rung}-{s}" in rows)
    return [Due(s, deadlines.of_row(s, row, rise.raised_at), rise) for s, row in told]


def _of_point(point: PlanPoint) -> Due | None:
    """Until when it is done; then until when another one has verified it."""
    if point.state == OPEN:
        whole = workdays.between(point.made_at, point.due)
        return Due(DO, Deadline(DO, point.made_at, point.due, whole, True), point=point)
    row = codes.load("rung_limit").get(f"point-{VERIFY}")
    if row is None or point.done_at is None:
        return None
    return Due(VERIFY, deadlines.of_row(VERIFY, row, point.done_at), point=point)
