"""Front and back under chaos: how fast an answer is seen, what a hole in the network costs, and
whether anything is lost when both are cut off, killed and started again a thousand times.

`python -m benchmarks.command_chaos [--quick] [--seed N]`. The first two run two real walls with
their agents, each on a line of its own to one pool; the third the same programs without screens,
which two processors could not draw. It ends with an error where an act was lost, doubled or put
before its cause, or where the two sides do not show the same in the end.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from loss.chaos import PAIR, Hall, storm
from loss.stations import Station
from loss.verdict import MOMENTS, Told
from loss.wire import HOLE, OPEN

from benchmarks.pair import opened
from benchmarks.report import figures, table

ANSWER_S, ACT_S = 1.0, 0.1
"""What is promised: an answer is seen, an act is on disk."""
ROUNDS, WORK_S = {True: 30, False: 300}, {True: 20.0, False: 120.0}
"""By `quick`: directives that are answered, and seconds of work with each kind of network."""
BLOWS = {True: 40, False: 1000}


def answered(hall: Station, scene: Station, rounds: int) -> list[tuple[float, ...]]:
    """Of each directive the moments at which it was given, is on disk, is shown on the other side,
    is acknowledged there by an officer who takes no time to think, is on disk there, and is shown
    as such at home. The first one is not counted: both still draw."""
    incident, found = opened(hall), []
    for no in range(rounds + 1):
        order = {"incident": incident, "to_post": "front", "text": f"第 {no} 号"}
        issued = hall.act("directives.issue", order=order)
        directive, there = scene.shows(order["text"], "DELIVERED")
        known = scene.act("directives.acknowledge", directive=directive)
        seen = hall.shows(order["text"], "ACKED")[1]
        found.append((issued["given"], issued["at"], there, known["given"], known["at"], seen))
    return found[1:]


WAYS = (
    "issued until on disk", "on disk until the other side shows it", "(the testers' own time)",
    "acknowledged until on disk", "on disk until it is seen",
)  # fmt: skip
TOOLS = 2
"""Which of the ways is only how these programs are driven."""


STEPS = ("until the screen takes it up", "until on disk", "until the screen says so")


def ways(answers: list[tuple[float, ...]]) -> list[list[float]]:
    """Seconds of each part of the way."""
    return [sorted(moments[i + 1] - moments[i] for moments in answers) for i in range(len(WAYS))]


def worked(here: Hall, network: str, seconds: float) -> list[tuple[Any, ...]]:
    """Of each act of both sides while the network was so the moments at which it was handed to the
    wall, the screen took it up, it was on disk, and the screen said so, and its name; the slowest
    last."""
    for wire in here.wires:
        wire.turn(network)
    began = time.monotonic()
    for station in here.stations:
        station.busy(True)
    time.sleep(seconds)
    for station in here.stations:
        station.busy(False)
    told = [Told(station.log) for station in here.stations]
    found = [
        (*(ack[name] for name in MOMENTS), one.sent[no]["do"])
        for one in told for no, ack in one.acked.items() if ack["handed"] > began
    ]  # fmt: skip
    return sorted(found, key=lambda act: act[3] - act[0])


def taken(acts: list[tuple[Any, ...]], first: int = 0, last: int = 3) -> list[float]:
    """Seconds from one moment of each act to another."""
    return sorted(act[last] - act[first] for act in acts)


def row(name: str, times: list[float], promise: float = 0.0) -> tuple[object, ...]:
    return name, len(times), *(1000 * share(times, q) for q in (0.5, 0.99, 1.0)), 1000 * promise


def share(times: list[float], q: float) -> float:
    return times[min(len(times) - 1, int(q * len(times)))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    asked = parser.parse_args()
    print(f"seed {asked.seed}")
    with tempfile.TemporaryDirectory() as name, ExitStack() as parts:
        sides = [(*side, 0.0) for *side, _ in PAIR]
        here = Hall(Path(name), parts, sides, program="wall.py")
        answers = answered(*here.stations, ROUNDS[asked.quick])
        joined = worked(here, OPEN, WORK_S[asked.quick])
        apart = worked(here, HOLE, WORK_S[asked.quick])
        here.heal()
    with tempfile.TemporaryDirectory() as name:
        found = storm(Path(name), asked.seed, 0.0, BLOWS[asked.quick], PAIR)
    head = ("what", "times", "p50 ms", "p99 ms", "worst ms", "promised ms")
    whole = sorted(m[-1] - m[0] for m in answers)
    parts = ways(answers)
    ours = sorted(m[-1] - m[0] - (m[TOOLS + 1] - m[TOOLS]) for m in answers)
    rows = [
        row("issued until the acknowledgement is seen", whole, ANSWER_S),
        row("the same without the testers' own time", ours, ANSWER_S),
        row("an act, network open", taken(joined), ACT_S),
        row("an act, a hole", taken(apart), ACT_S),
    ]  # fmt: skip
    table("two walls", head, rows)
    rows = [row(name, times)[:-1] for name, times in zip(WAYS, parts, strict=True)]
    rows += [row(f"{what}, a hole", taken(apart, i, i + 1))[:-1] for i, what in enumerate(STEPS)]
    table("of which", head[:-1], rows)
    slow = [(act[-1], *(1000 * (act[i + 1] - act[i]) for i in range(3))) for act in apart[-5:]]
    table("the slowest in the hole, ms", ("act", *STEPS), slow[::-1])
    table("blows", ("what", "times"), sorted(found.blows.items()))
    counts = [(name, value) for name, value in asdict(found).items() if isinstance(value, int)]
    table("what both did, and what the journals hold", ("what", "how many"), counts)
    print(f"at rest {found.rest_s:.1f} s after the last blow; every check held")
    both = {"open": joined, "hole": apart}
    figures(
        "command_chaos", answer_p99_ms=round(1000 * share(whole, 0.99)),
        answer_own_p99_ms=round(1000 * share(ours, 0.99)),
        act_worst_ms={name: round(1000 * taken(acts)[-1]) for name, acts in both.items()},
        hole_to_open_p99=round(share(taken(apart), 0.99) / share(taken(joined), 0.99), 2),
        **asdict(found),
    )  # fmt: skip


if __name__ == "__main__":
    main()
