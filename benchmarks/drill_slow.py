"""The clock of a drill once more, as plainly as can be: it goes through real time in steps, and
looks at every inject at each. What `commandwall.drill.drill_clock` folds is compared with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from commandwall.drill.drill_acts import DrillAct, Script


@dataclass
class Leaf:
    """An inject: what became of it, newest last, each with its scenario time."""

    order: int
    plan: int | None
    gate: tuple[str, str] = ("", "")
    born: int | None = None  # scenario time at which a person added it
    moved: list[tuple[int, int]] = field(default_factory=list)  # at which time, to which
    settled: tuple[int, str, str, str, int] | None = None  # time, what, cause, by whom, real time

    @property
    def due(self) -> int | None:
        return self.moved[-1][1] if self.moved else self.plan

    def as_of(self, moment: int) -> Leaf | None:
        """As it was just before a moment; None where it was not yet there."""
        if self.born is not None and self.born >= moment:
            return None
        moved = [move for move in self.moved if move[0] < moment]
        settled = self.settled if self.settled and self.settled[0] < moment else None
        return Leaf(self.order, self.plan, self.gate, self.born, moved, settled)


class SlowDrill:
    """`tick`: real milliseconds of a step; all real times of acts are whole steps."""

    def __init__(self, script: Script, tick: int = 1) -> None:
        self.script, self.tick = script, tick
        self.t, self.pos, self.rate = 0, script.begins, script.rate
        self.status, self.run = "READY", 1
        self.leaves = {
            p.id: Leaf(n, p.due, (p.branch, p.way)) for n, p in enumerate(script.injects)
        }
        self.born = len(script.injects)
        self.choices: list[tuple[int, str, str, str]] = []  # time, branch, way, by whom
        self.runs: list[dict[str, Leaf]] = []
        self.refused: list[bool] = []

    def play(self, acts: Iterable[DrillAct], until: int) -> None:
        for act in acts:
            if act.kind == "gap":
                self.pass_time(self.t if act.since is None else act.since)
                self.t = act.at
                self.refused.append(False)
            else:
                self.pass_time(act.at)
                self.refused.append(not self.act(act))
        self.pass_time(until)

    def pass_time(self, until: int) -> None:
        while self.t < until:
            self.t += self.tick
            if self.status == "RUNNING":
                self.pos += self.rate * self.tick
                self.look()

    def waiting(self) -> list[tuple[str, Leaf]]:
        found = [(name, leaf) for name, leaf in self.leaves.items() if leaf.settled is None]
        return sorted(found, key=lambda pair: pair[1].order)

    def look(self) -> int:
        """Send what is due; how many were sent."""
        ready = [(n, x) for n, x in self.waiting() if x.due is not None and x.due <= self.pos]
        sent = 0
        for _, leaf in sorted(ready, key=lambda pair: (pair[1].due, pair[1].order)):
            due, (branch, way) = leaf.due, leaf.gate
            chosen = [choice for choice in self.choices if choice[1] == branch]
            usual = self.script.branches[branch][0] if branch else ""
            taken, by = (chosen[-1][2], chosen[-1][3]) if chosen else (usual, "")
            assert due is not None
            if not branch or taken == way:
                leaf.settled = (due, "SENT", "clock", "", self.t)
                sent += 1
            else:
                leaf.settled = (due, "SKIPPED", "branch", by, self.t)
        return sent

    def act(self, a: DrillAct) -> bool:
        """False where it is refused."""
        if a.kind == "join":
            return True
        if a.kind == "restart":
            return self.restart(a)
        if self.status == "ENDED":
            return False
        if a.kind == "start":
            return self.begin(a)
        if a.kind in ("pause", "resume", "save", "step", "trigger", "end"):
            return self.status != "READY" and self.live(a)
        return self.open(a)

    def begin(self, a: DrillAct) -> bool:
        if self.status != "READY":
            return False
        self.over(self.pos, a)
        self.status = "RUNNING"
        self.look()
        return True

    def live(self, a: DrillAct) -> bool:
        running = self.status == "RUNNING"
        if a.kind in ("pause", "save"):
            self.status = "PAUSED"
            return running or a.kind == "save"
        if a.kind == "resume":
            self.status = "RUNNING"
            if not running:
                self.look()
            return not running
        if a.kind == "step":
            return not running and self.step()
        if a.kind == "trigger":
            return self.settle(a, "SENT", "trigger")
        for _, leaf in self.waiting():
            leaf.settled = (self.pos, "SKIPPED", "end", a.by, self.t)
        self.status = "ENDED"
        return True

    def step(self) -> bool:
        dues = sorted({leaf.due for _, leaf in self.waiting() if leaf.due is not None})
        for due in dues:
            self.pos = due
            if self.look():
                break
        return bool(dues)

    def settle(self, a: DrillAct, what: str, cause: str) -> bool:
        leaf = self.leaves.get(a.subject)
        if leaf is None or leaf.settled is not None:
            return False
        leaf.settled = (self.pos, what, cause, a.by, self.t)
        return True

    def over(self, until: int, a: DrillAct) -> None:
        for _, leaf in self.waiting():
            if leaf.due is not None and leaf.due < until:
                leaf.settled = (leaf.due, "SKIPPED", "jump", a.by, self.t)

    def open(self, a: DrillAct) -> bool:
        fits = a.to is None or self.script.latest is None or a.to <= self.script.latest
        if a.kind == "rate":
            good = self.script.slowest <= a.rate <= self.script.fastest
            self.rate = a.rate if good else self.rate
            return good
        if a.kind == "skip":
            return bool(a.why.strip()) and self.settle(a, "SKIPPED", "skip")
        if a.kind == "choose":
            good = a.way in self.script.branches.get(a.subject, ())
            self.choices += [(self.pos, a.subject, a.way, a.by)] if good else []
            return good
        moves = {"jump": self.jump, "postpone": self.postpone, "insert": self.insert}
        if not fits or a.kind not in moves or not moves[a.kind](a):
            return False
        if self.status == "RUNNING":
            self.look()
        return True

    def jump(self, a: DrillAct) -> bool:
        if a.to is None or a.to <= self.pos:
            return False
        self.over(a.to, a)
        self.pos = a.to
        return True

    def postpone(self, a: DrillAct) -> bool:
        leaf = self.leaves.get(a.subject)
        if leaf is None or leaf.settled is not None or a.to is None or a.to < self.pos:
            return False
        if leaf.due is not None and a.to <= leaf.due:
            return False
        leaf.moved.append((self.pos, a.to))
        return True

    def insert(self, a: DrillAct) -> bool:
        to = self.pos if a.to is None else a.to
        late = self.script.latest is not None and to > self.script.latest
        if not a.subject or a.subject in self.leaves or to < self.pos or late:
            return False
        self.leaves[a.subject] = Leaf(self.born, to, ("", ""), self.pos)
        self.born += 1
        return True

    def restart(self, a: DrillAct) -> bool:
        if self.status == "READY" or a.to is None:
            return False
        if a.to < self.script.begins or a.to > self.pos:
            return False
        self.runs.append(self.leaves)
        then = {name: leaf.as_of(a.to) for name, leaf in self.leaves.items()}
        self.leaves = {name: leaf for name, leaf in then.items() if leaf is not None}
        self.choices = [choice for choice in self.choices if choice[0] < a.to]
        self.run, self.pos, self.status = self.run + 1, a.to, "PAUSED"
        return True
