"""The clock of a drill 演练时钟 as pure data: acts, as they were taken, folded into scenario time.

Nothing here asks for the time, and nothing is ever rounded: a rate counts in thousandths, so that
real milliseconds times a rate are whole microseconds of scenario time. The scenario is never
changed: what a person moves, triggers or skips stands in the history of a run. So a pause can shift
nothing (OpenAEV #2282, #1637), "trigger now" means now (#897, #1395), what is added during a pause
is no older than the others (#2798), and a restart finds the scenario as it was (#265, #5608).

Of each run and inject one of three is true: it waits, it was sent once at its scenario time, or it
was skipped, and then it is known by whom and why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from heapq import heapify, heappop, heappush

from commandwall.clock import Ms
from commandwall.drill.drill_acts import (
    ADDED,
    BRANCH,
    CHOOSE,
    CHOSEN,
    CLOCK,
    END,
    ENDED,
    FINISH,
    FORWARD,
    GAP,
    INSERT,
    JOIN,
    JUMP,
    LEAVE_OUT,
    NOW,
    PAUSE,
    PAUSED,
    POSTPONE,
    PUT_OFF,
    RATE,
    READY,
    RESTART,
    RESUME,
    RUNNING,
    SAVE,
    SENT,
    SKIP,
    SKIPPED,
    START,
    STEP,
    TRIGGER,
    Done,
    DrillAct,
    Happening,
    Joined,
    Moment,
    Planned,
    Script,
)  # fmt: skip


class DrillClock:
    """Folds acts as they come. Who plays a drill hands in each with its real time, keeps
    `Done.act`, and calls `advance` in between; `fold` of what was kept gives the same clock."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.status, self.run = READY, 1
        self.position, self.rate = script.begins, script.rate
        self.history: list[Happening] = []  # of this run, with what it took over
        self.runs: list[tuple[Happening, ...]] = []  # those before
        self.joined: list[Joined] = []
        self._counted, self._shift = 0, 0  # real time that counts; what is added to it for `real`
        self._rebuild()

    @property
    def real(self) -> Ms:
        """The newest real time that is known."""
        return Ms(self._counted + self._shift)

    def outcome(self, inject: str) -> Happening | None:
        """How it was settled in this run; None while it waits."""
        return self._settled.get(inject)

    def due(self, inject: str) -> Moment | None:
        """Its scenario time in this run as it stands; None for a contingency inject."""
        return self._dues[inject][0]

    def waiting(self) -> list[str]:
        """Injects that are neither sent nor skipped, in the order of the scenario."""
        return [inject for inject in self._dues if inject not in self._settled]

    def way_of(self, branch: str) -> str:
        """The way that a branch goes: the chosen one, else its first; "" of an unknown branch."""
        chosen = self._chosen.get(branch)
        return chosen.way if chosen else self.script.branches.get(branch, ("",))[0]

    def next_at(self) -> Ms | None:
        """The real time of the next inject; None where none is under way."""
        due = self._next_due()
        if due is None or self.status != RUNNING:
            return None
        return self._real_of(due)

    def advance(self, now: Ms) -> tuple[Happening, ...]:
        """Time goes on: what it brought. A `now` that lies back brings nothing."""
        before = len(self.history)
        counted = max(now - self._shift, self._counted)
        if self.status == RUNNING:
            self._reach(Moment(self.position + (counted - self._counted) * self.rate))
        self._counted = counted
        return tuple(self.history[before:])

    def do(self, act: DrillAct) -> Done:
        """Take an act. One that is refused changes nothing but the time, and need not be kept."""
        if act.kind == GAP:
            return self._gap(act)
        act = replace(act, at=max(act.at, self.real))
        brought = self.advance(act.at)
        before = len(self.history)
        refused = self._refusal(act)
        if not refused:
            DOORS[act.kind](self, act)
        own = () if act.kind == RESTART else tuple(self.history[before:])
        return Done(act, refused, brought + own)

    # How time goes.

    def _real_of(self, due: Moment) -> Ms:
        """The first whole millisecond at which a moment is reached."""
        return Ms(self.real - (self.position - due) // self.rate)

    def _reach(self, until: Moment) -> None:
        """Time runs up to a moment, which is part of it."""
        while (due := self._next_due()) is not None and due <= until:
            self._settle_at(due, self._real_of(due))
        self.position = until

    def _settle_at(self, due: Moment, real: Ms) -> None:
        """The next inject has its time: it is sent, or its branch goes another way."""
        inject = heappop(self._heap)[2]
        plan = self._dues[inject][1]
        chosen = self._chosen.get(plan.branch)
        way = self.way_of(plan.branch)
        if plan.way == way or not plan.branch:
            self._note(Happening(self.run, due, real, SENT, inject, CLOCK))
        else:
            by, why = (chosen.by, chosen.why) if chosen else ("", "")
            self._note(Happening(self.run, due, real, SKIPPED, inject, BRANCH, by, why, way=way))

    def _next_due(self) -> Moment | None:
        """The earliest scenario time of one that waits."""
        while self._heap:
            due, _, inject = self._heap[0]
            if inject not in self._settled and self._dues[inject][0] == due:
                return due
            heappop(self._heap)
        return None

    def _gap(self, act: DrillAct) -> Done:
        """Real time that does not count: the computer slept, its clock was set, nobody played."""
        since = self.real if act.since is None else max(act.since, self.real)
        brought = self.advance(since)
        self._shift += act.at - self.real
        return Done(replace(act, since=since), "", brought)

    # What is known of injects.

    def _rebuild(self) -> None:
        """What follows from the scenario and the history of this run."""
        self._dues = {plan.id: (plan.due, plan) for plan in self.script.injects}
        self._order = {plan.id: n for n, plan in enumerate(self.script.injects)}
        self._settled: dict[str, Happening] = {}
        self._chosen: dict[str, Happening] = {}
        self._heap: list[tuple[Moment, int, str]] = []
        for happening in self.history:
            self._apply(happening)
        self._heap = [
            (due, self._order[inject], inject)
            for inject, (due, _) in self._dues.items()
            if due is not None and inject not in self._settled
        ]
        heapify(self._heap)

    def _note(self, happening: Happening) -> None:
        self.history.append(happening)
        self._apply(happening)

    def _apply(self, happening: Happening) -> None:
        subject = happening.subject
        if happening.what in (SENT, SKIPPED):
            self._settled[subject] = happening
        elif happening.what == CHOSEN:
            self._chosen[subject] = happening
        else:
            self._set(subject, happening.to)

    def _set(self, inject: str, due: Moment | None) -> None:
        plan = self._dues[inject][1] if inject in self._dues else Planned(inject)
        self._dues[inject] = due, plan
        order = self._order.setdefault(inject, len(self._order))
        if due is not None:
            heappush(self._heap, (due, order, inject))

    # Acts.

    def _refusal(self, act: DrillAct) -> str:
        """Why an act has no effect; "" where it has."""
        if act.kind not in DOORS:
            return "kind"
        if self.status not in ALLOWED[act.kind]:
            return WHY_NOT[self.status]
        check = CHECKS.get(act.kind)
        return check(self, act) if check else ""

    def _tell(self, act: DrillAct, what: str, cause: str = "") -> None:
        a = act
        self._note(
            Happening(
                self.run, self.position, a.at, what, a.subject, cause, a.by, a.why, a.to, a.way
            )
        )

    def _pass_over(self, until: Moment, act: DrillAct) -> None:
        """What waits for a time before `until` is skipped, and counts at the time that it had."""
        while (due := self._next_due()) is not None and due < until:
            inject = heappop(self._heap)[2]
            self._note(Happening(self.run, due, act.at, SKIPPED, inject, JUMP, act.by, act.why))

    def _go(self) -> None:
        """Time runs: what is due at this very moment comes now."""
        self.status = RUNNING
        self._reach(self.position)

    def _live(self) -> None:
        if self.status == RUNNING:
            self._reach(self.position)

    def _start(self, act: DrillAct) -> None:
        self._pass_over(self.position, act)
        self._go()

    def _resume(self, act: DrillAct) -> None:
        self._go()

    def _pause(self, act: DrillAct) -> None:
        self.status = PAUSED

    def _set_rate(self, act: DrillAct) -> None:
        self.rate = act.rate

    def _step(self, act: DrillAct) -> None:
        """On to the next inject that is sent, and all of its time; there the drill stands."""
        sent = False
        while not sent and (due := self._next_due()) is not None:
            before = len(self.history)
            while self._next_due() == due:
                self._settle_at(due, act.at)
            self.position = due
            sent = any(h.what == SENT for h in self.history[before:])

    def _jump(self, act: DrillAct) -> None:
        assert act.to is not None
        self._pass_over(act.to, act)
        self.position = act.to
        self._live()

    def _restart(self, act: DrillAct) -> None:
        """A new run, as this one was just before a moment; it stands until somebody resumes."""
        assert act.to is not None
        self.runs.append(tuple(self.history))
        moment = act.to
        self.history = [h for h in self.history if h.position < moment]
        self.run, self.position, self.status = self.run + 1, moment, PAUSED
        self._rebuild()

    def _trigger(self, act: DrillAct) -> None:
        self._tell(act, SENT, TRIGGER)

    def _skip(self, act: DrillAct) -> None:
        self._tell(act, SKIPPED, SKIP)

    def _postpone(self, act: DrillAct) -> None:
        self._tell(act, PUT_OFF)
        self._live()

    def _insert(self, act: DrillAct) -> None:
        self._tell(act if act.to is not None else replace(act, to=self.position), ADDED)
        self._live()

    def _choose(self, act: DrillAct) -> None:
        self._tell(act, CHOSEN)

    def _join(self, act: DrillAct) -> None:
        sent = tuple(h.subject for h in self.history if h.what == SENT)
        self.joined.append(Joined(act.by, act.subject, self.run, self.position, act.at, sent))

    def _end(self, act: DrillAct) -> None:
        for inject in self.waiting():
            self._tell(replace(act, subject=inject), SKIPPED, END)
        self.status = ENDED

    # Why an act has no effect.

    def _no_inject(self, act: DrillAct) -> str:
        if act.subject not in self._dues:
            return "unknown"
        return "settled" if act.subject in self._settled else ""

    def _no_skip(self, act: DrillAct) -> str:
        return self._no_inject(act) or ("" if act.why.strip() else "no_reason")

    def _no_moment(self, to: Moment | None) -> str:
        if to is None:
            return "no_moment"
        return "far" if self.script.latest is not None and to > self.script.latest else ""

    def _no_postponement(self, act: DrillAct) -> str:
        if why := self._no_inject(act) or self._no_moment(act.to):
            return why
        assert act.to is not None
        due = self.due(act.subject)
        if due is None:
            return "past" if act.to < self.position else ""
        return "not_later" if act.to <= due else ""

    def _no_insertion(self, act: DrillAct) -> str:
        if not act.subject or act.subject in self._dues:
            return "twice"
        to = self.position if act.to is None else act.to
        return self._no_moment(to) or ("past" if to < self.position else "")

    def _no_jump(self, act: DrillAct) -> str:
        if why := self._no_moment(act.to):
            return why
        assert act.to is not None
        return "not_later" if act.to <= self.position else ""

    def _no_restart(self, act: DrillAct) -> str:
        if act.to is None:
            return "no_moment"
        if act.to < self.script.begins:
            return "before"
        return "not_reached" if act.to > self.position else ""

    def _no_rate(self, act: DrillAct) -> str:
        return "" if self.script.slowest <= act.rate <= self.script.fastest else "rate"

    def _no_step(self, act: DrillAct) -> str:
        return "nothing_left" if self._next_due() is None else ""

    def _no_choice(self, act: DrillAct) -> str:
        return "" if act.way in self.script.branches.get(act.subject, ()) else "no_way"


DOORS: Mapping[str, Callable[[DrillClock, DrillAct], None]] = {
    START: DrillClock._start,
    PAUSE: DrillClock._pause,
    RESUME: DrillClock._resume,
    SAVE: DrillClock._pause,  # and the acts are kept until another day
    RATE: DrillClock._set_rate,
    STEP: DrillClock._step,
    FORWARD: DrillClock._jump,
    RESTART: DrillClock._restart,
    NOW: DrillClock._trigger,
    LEAVE_OUT: DrillClock._skip,
    POSTPONE: DrillClock._postpone,
    INSERT: DrillClock._insert,
    CHOOSE: DrillClock._choose,
    JOIN: DrillClock._join,
    FINISH: DrillClock._end,
}
_LIVE = frozenset({RUNNING, PAUSED})
_OPEN = frozenset({READY, RUNNING, PAUSED})
ALLOWED: Mapping[str, frozenset[str]] = {
    START: frozenset({READY}),
    PAUSE: frozenset({RUNNING}),
    RESUME: frozenset({PAUSED}),
    SAVE: _LIVE,
    RATE: _OPEN,
    STEP: frozenset({PAUSED}),
    FORWARD: _OPEN,
    RESTART: frozenset({RUNNING, PAUSED, ENDED}),
    NOW: _LIVE,
    LEAVE_OUT: _OPEN,
    POSTPONE: _OPEN,
    INSERT: _OPEN,
    CHOOSE: _OPEN,
    JOIN: frozenset({READY, RUNNING, PAUSED, ENDED}),
    FINISH: _LIVE,
}
"""How the drill may stand for each."""
WHY_NOT: Mapping[str, str] = {
    READY: "not_started", RUNNING: "running", PAUSED: "paused", ENDED: "ended",
}  # fmt: skip
CHECKS: Mapping[str, Callable[[DrillClock, DrillAct], str]] = {
    RATE: DrillClock._no_rate,
    STEP: DrillClock._no_step,
    FORWARD: DrillClock._no_jump,
    RESTART: DrillClock._no_restart,
    NOW: DrillClock._no_inject,
    LEAVE_OUT: DrillClock._no_skip,
    POSTPONE: DrillClock._no_postponement,
    INSERT: DrillClock._no_insertion,
    CHOOSE: DrillClock._no_choice,
}


def fold(script: Script, acts: Iterable[DrillAct], now: Ms | None = None) -> DrillClock:
    """The clock after these acts, at `now` or at the last of them."""
    clock = DrillClock(script)
    for act in acts:
        clock.do(act)
    if now is not None:
        clock.advance(now)
    return clock
