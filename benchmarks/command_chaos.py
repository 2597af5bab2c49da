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

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from loss.chaos import PAIR, Hall, storm
from loss.stations import Station
from loss.verdict import Told
from loss.wire import HOLE, OPEN

from benchmarks.pair import opened
from benchmarks.report import figures, table

ANSWER_S, ACT_S = 1.0, 0.1
"""What is promised: an answer is seen, an act is on disk."""
ROUNDS, WORK_S = {True: 30, False: 300}, {True: 20.0, False: 120.0}
"""By `quick`: directives that are answered, and seconds of work with each kind of network."""
BLOWS = {True: 40, False: 1000}


def answered(hall: Station, scene: Station, rounds: int) -> list[float]:
    """Seconds from the act of issuing until its own wall shows the acknowledgement of the other
    side, whose officer takes no time to think. The first one is not counted: both still draw."""
    incident, found = opened(hall), []
    for no in range(rounds + 1):
        order = {"incident": incident, "to_post": "front", "text": f"第 {no} 号"}
        given = hall.act("directives.issue", order=order)["given"]
        directive, _ = scene.shows(order["text"], "DELIVERED")
        scene.act("directives.acknowledge", directive=directive)
        found.append(hall.shows(order["text"], "ACKED")[1] - given)
    return sorted(found[1:])


def worked(here: Hall, network: str, seconds: float) -> list[float]:
    """Seconds that each act of both sides took while the network was so."""
    for wire in here.wires:
        wire.turn(network)
    began = time.monotonic()
    for station in here.stations:
        station.busy(True)
    time.sleep(seconds)
    for station in here.stations:
        station.busy(False)
    found: list[float] = []
    for told in (Told(station.log) for station in here.stations):
        found += [told.acked[no]["at"] - at for no, at in told.sent_at.items()
                  if at > began and no in told.acked]  # fmt: skip
    return sorted(found)


def row(name: str, times: list[float], promise: float) -> tuple[object, ...]:
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
    rows = [row("issued until the acknowledgement is seen", answers, ANSWER_S)]
    rows += [row("an act, network open", joined, ACT_S), row("an act, a hole", apart, ACT_S)]
    table("two walls", head, rows)
    table("blows", ("what", "times"), sorted(found.blows.items()))
    counts = [(name, value) for name, value in asdict(found).items() if isinstance(value, int)]
    table("what both did, and what the journals hold", ("what", "how many"), counts)
    print(f"at rest {found.rest_s:.1f} s after the last blow; every check held")
    figures(
        "command_chaos", answer_p99_ms=round(1000 * share(answers, 0.99)),
        act_worst_ms={"open": round(1000 * joined[-1]), "hole": round(1000 * apart[-1])},
        hole_to_open_p99=round(share(apart, 0.99) / share(joined, 0.99), 2), **asdict(found),
    )  # fmt: skip


if __name__ == "__main__":
    main()
