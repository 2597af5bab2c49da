"""The command pair: how long an act of one side takes until the other side's wall shows it.

`python -m benchmarks.pair [--quick]` runs two real walls with their agents on one pool: hall and
scene. A directive goes there and back through all its states; each way is measured from the moment
at which the act is given until the other wall shows it, beside the moment at which its own wall
acknowledges it (it is on disk). Quick: a pool without a city; else the living demo city.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from loss.stations import Station

from benchmarks.report import figures, table
from commandwall.clock import Clock
from commandwall.pool import schema
from commandwall.pool.server import PoolServer

PROMISE_S = 1.0
ROUNDS, LIMIT_S = {True: 20, False: 200}, {True: 25.0, False: 600.0}
"""By `quick`: directives that go there and back, and seconds after which no new one begins."""
HEAD = ("way", "acts", "on disk ms", "shown ms", "p95", "worst", "shown / on disk")
Times = dict[str, list[tuple[float, float]]]
"""Way -> seconds until on disk, seconds until shown, of each act."""


@contextmanager
def empty_pool(folder: Path) -> Iterator[None]:
    """A pool that `--join` finds, with no city in it."""
    with PoolServer(folder / "pool") as server:
        with server.owner() as conn:
            schema.create(conn)
        yield


@contextmanager
def pair(folder: Path, quick: bool) -> Iterator[tuple[Station, Station]]:
    """Hall and scene, each with its post."""
    joined = ("--join", str(folder if quick else folder / "hall"))
    hall = Station(folder / "hall", "back", *(joined if quick else ("--demo",)))
    if not quick:
        hall.wait_well()
    scene = Station(folder / "scene", "front", *joined)
    try:
        for station, post in ((hall, "chief"), (scene, "front")):
            station.wait("pool and agent", lambda _, s=station: s.says().get("pool"))
            station.ask("post", post=post, person="陈")
        yield hall, scene
    finally:
        scene.end()
        hall.end()


def opened(hall: Station) -> str:
    place = {"area": "", "place": "", "lon": 120.2, "lat": 31.9}
    hall.act("incidents.open_incident", opening={"title": "泄漏", "kind": "accident", **place})
    return str(hall.wait("the incident", lambda _: next(iter(hall.view()["incidents"]), "")))


def go(hall: Station, scene: Station, incident: str, text: str, times: Times) -> None:
    """One directive there and back."""

    def step(way: str, who: Station, do: str, state: str, **facts: Any) -> str:
        line = who.act(do, **facts)
        directive, shown = (scene if who is hall else hall).shows(text, state)
        times[way].append((line["at"] - line["given"], shown - line["given"]))
        return directive

    order = {"incident": incident, "to_post": "front", "text": text}
    named = {"directive": step("back issues", hall, "directives.issue", "DELIVERED", order=order)}
    step("front acknowledges", scene, "directives.acknowledge", "ACKED", **named)
    step("front executes", scene, "directives.execute", "EXECUTING", **named)
    step("front completes", scene, "directives.complete", "DONE", evidence="已封控", **named)
    step("back verifies", hall, "directives.verify", "VERIFIED", **named)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    first: Times = defaultdict(list)
    times: Times = defaultdict(list)
    with tempfile.TemporaryDirectory() as name:
        folder, clock = Path(name), Clock()
        end = clock.monotonic() + LIMIT_S[quick]
        with empty_pool(folder) if quick else nullcontext(), pair(folder, quick) as (hall, scene):
            incident = opened(hall)
            go(hall, scene, incident, "第 0 号", first)
            for no in range(1, ROUNDS[quick] + 1):
                if no == 1 or clock.monotonic() < end:
                    go(hall, scene, incident, f"第 {no} 号", times)
    tell(times, max(two for both in first.values() for _, two in both))


def tell(times: Times, first: float) -> None:
    lines, found = [], {}
    for way, both in times.items():
        disk = statistics.median(one for one, _ in both) * 1000
        shown = sorted(two * 1000 for _, two in both)
        p50, p95, worst = shown[len(shown) // 2], shown[len(shown) * 95 // 100], shown[-1]
        lines.append((way, len(both), disk, p50, p95, worst, p50 / disk))
        found[way] = {"disk_ms": round(disk, 1), "p50_ms": round(p50), "worst_ms": round(worst)}
    table("A directive there and back", HEAD, lines)
    every = [two for both in times.values() for _, two in both]
    within = sum(two < PROMISE_S for two in every) / len(every)
    print(f"shown within {PROMISE_S:.0f} s: {within:.1%} of {len(every)}")
    print(f"longest way of the first one, while both draw their first picture: {first:.1f} s")
    figures("pair", ways=found, within_1_s=round(within, 4), first_s=round(first, 2))


if __name__ == "__main__":
    main()
