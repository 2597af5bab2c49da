"""The clock of a drill: how long folding takes, beside a model that steps through the time.

`python -m benchmarks.drill_clock [--quick]` folds 10,000 acts over 500 injects, once as the program
does and once in steps of a second that look at every inject (`benchmarks.drill_slow`), in one run;
both must come to the same. The last line is JSON.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable
from typing import Any

from benchmarks.drill_slow import SlowDrill
from benchmarks.report import figures, table
from commandwall.clock import HOUR, MINUTE, SECOND, Ms
from commandwall.drill.drill_acts import REAL, DrillAct, Moment, Planned, Script, opened, saved
from commandwall.drill.drill_clock import DrillClock, fold

SEED = 8
SIZES = {True: (1_000, 100), False: (10_000, 500)}
"""By `quick`: acts and injects."""
RATES = (100, 500, REAL, 2 * REAL, 10 * REAL, 60 * REAL)
KINDS = (
    "pause", "resume", "resume", "rate", "step", "trigger", "skip", "postpone", "insert", "choose",
    "join", "gap", "jump", "restart",
)  # fmt: skip


def a_script(injects: int, hours: int) -> Script:
    """Injects over some hours, every tenth without a time and every fifth on a branch."""
    rng = random.Random(SEED)
    rows = []
    for n in range(injects):
        due = None if n % 10 == 9 else Moment(rng.randrange(hours * 3600) * SECOND * REAL)
        branch = n % 5 == 0
        rows.append(Planned(f"i{n}", due, *(("b", f"w{n % 2}") if branch else ())))
    return Script(tuple(rows), {"b": ("w0", "w1")}, latest=Moment(4 * hours * HOUR * REAL))


def some_acts(count: int, script: Script) -> list[DrillAct]:
    """Acts some whole seconds apart, of all kinds; restarts and jumps are seldom."""
    rng, at = random.Random(SEED), 0
    acts = [DrillAct("start", Ms(0), "c")]
    names = [inject.id for inject in script.injects]
    while len(acts) < count:
        kind = rng.choice(KINDS)
        if kind in ("jump", "restart") and rng.random() < 0.9:
            kind = "resume"
        at += rng.randrange(4) * SECOND
        to = Moment(rng.randrange(4 * 3600) * SECOND * REAL)
        subject = f"free{len(acts)}" if kind == "insert" else rng.choice(names)
        since = Ms(at) if kind == "gap" else None
        at += rng.randrange(MINUTE // SECOND) * SECOND if kind == "gap" else 0
        about = "b" if kind == "choose" else subject
        by, rate, way = f"c{rng.randrange(3)}", rng.choice(RATES), rng.choice(("w0", "w1"))
        acts.append(DrillAct(kind, Ms(at), by, about, to, rate, way, "why", since))
    return acts


def spent(work: Callable[[], Any]) -> tuple[float, Any]:
    """Milliseconds of one call, and what it gave."""
    start = time.perf_counter()
    found = work()
    return (time.perf_counter() - start) * 1000, found


def stepped(script: Script, acts: list[DrillAct]) -> SlowDrill:
    slow = SlowDrill(script, SECOND)
    slow.play(acts, acts[-1].at)
    return slow


def alike(clock: DrillClock, slow: SlowDrill) -> bool:
    """Whether both settled every inject alike; the model knows real times by the second."""
    told = {
        name: (leaf.settled[:4] if leaf.settled else None) for name, leaf in slow.leaves.items()
    }
    ours = {
        name: (h.position, h.what, h.cause, h.by) if (h := clock.outcome(name)) else None
        for name in told
    }
    same = (clock.position, clock.status, clock.run) == (slow.pos, slow.status, slow.run)
    return same and told == ours


def looked(script: Script, acts: list[DrillAct]) -> DrillClock:
    """As it is played: every act as it comes, and a look each second in between."""
    clock = DrillClock(script)
    for act in acts:
        if act.kind != "gap":
            for now in range(clock.real, act.at, SECOND):
                clock.advance(Ms(now))
        clock.do(act)
    return clock


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    count, injects = SIZES[parser.parse_args().quick]
    script = a_script(injects, 4)
    acts = some_acts(count, script)
    ours, clock = min((spent(lambda: fold(script, acts)) for _ in range(3)), key=lambda p: p[0])
    theirs, slow = spent(lambda: stepped(script, acts))
    live, played = spent(lambda: looked(script, acts))
    kept, text = spent(lambda: saved(acts))
    back, again = spent(lambda: opened(text))
    same = alike(clock, slow) and alike(played, slow) and again == acts
    rows = [
        ("fold", ours, 1.0),
        ("played, a look each second", live, live / ours),
        ("steps of a second", theirs, theirs / ours),
        ("kept until tomorrow", kept, kept / ours),
        ("opened again", back, back / ours),
    ]
    table(f"{count:,} acts, {injects} injects, {clock.run} runs", ("way", "ms", "to fold"), rows)
    print(f"all come to the same: {'yes' if same else 'NO'}")
    figures(
        "drill_clock", acts=count, injects=injects, runs=clock.run, fold_ms=round(ours, 2),
        act_us=round(ours * 1000 / count, 2), steps_ratio=round(theirs / ours, 1),
        played_ratio=round(live / ours, 2), same=same,
    )  # fmt: skip


if __name__ == "__main__":
    main()
