"""A million new events in ten minutes: R-16 of the list of faults (docs/reliability.md).

`python -m benchmarks.event_flood [--quick]` lets a real wall with its agent follow a pool in which
1,667 new events come each second, all of them open. Beside it, in the same run: the wall's frame
clock while nothing comes. At the end every event of the pool must be on the wall's disk and in its
list.
"""

from __future__ import annotations

import argparse
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import psycopg

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from loss.stations import Station, until
from memory import held

from benchmarks.report import figures, table
from benchmarks.sync_lag import following, running
from benchmarks.synthetic import synthetic
from commandwall.clock import Clock
from commandwall.pool.server import PoolServer
from commandwall.store.store import Reader, Store

EVENTS, SECONDS = {True: 20_000, False: 200_000}, {True: 20.0, False: 600.0}
RATE, EVERY_S, LOOK_S = 1_667, 0.1, 1.0
NEW = (
    "INSERT INTO cw_event(id, source, source_id, title, body, cls, urgency, area, address, placed,"
    " datum, person, phone, reported_at, received_at, state, unit)"
    " SELECT 'flood-' || i, 'grid', i::text, '井盖破损 ' || i, '请尽快派人', 'c007', 2 + i %% 3,"
    " '320281' || lpad((i %% 3000)::text, 6, '0'), '', 'nowhere', 'wgs84', '', '', now(), now(),"
    " 'NEW', '' FROM generate_series(%s::int, %s::int) i"
)
IS_HERE = "SELECT 1 FROM event WHERE id = :id"
COUNT = "SELECT count(*) FROM event WHERE id >= 'flood-' AND id < 'flood.'"
HEAD = ("what", "times", "p50", "p95", "p99", "max")
WAIT_S = 3600.0
CLOCK = Clock()


class Flood(threading.Thread):
    """New events until it is halted; `at[n]`: when the first n + 1 batches were committed, and how
    many events that were."""

    def __init__(self, conn: psycopg.Connection[Any]) -> None:
        super().__init__()
        self._conn, self.count = conn, 0
        self.at: list[tuple[float, int]] = []
        self.halt = threading.Event()

    def run(self) -> None:
        began = CLOCK.monotonic()
        while not self.halt.wait(EVERY_S):
            due = round((CLOCK.monotonic() - began) * RATE)
            self._conn.execute(NEW, (self.count, due - 1))
            self.count = due
            self.at.append((CLOCK.monotonic(), due))


class Watch:
    """How far the wall's disk is behind the flood."""

    def __init__(self, store: Store, flood: Flood) -> None:
        self._store, self._flood, self._done = store, flood, 0

    def late(self) -> float:
        """Seconds for which an event waits by now that is not there yet; 0 where all are."""
        self._done = self._store.read(self._arrived)
        waiting = self._flood.at[self._done :]
        return CLOCK.monotonic() - waiting[0][0] if waiting else 0.0

    def _arrived(self, reader: Reader) -> int:
        """How many batches are there: they come in their order."""
        done, every = self._done, self._flood.at
        while done < len(every) and reader.value(IS_HERE, id=f"flood-{every[done][1] - 1}"):
            done += 1
        return done


def watch(server: PoolServer, station: Station, seconds: float) -> dict[str, Any]:
    """What a wall does while events come, and until it has all of them."""
    with closing(Store(station.folder)) as store, server.owner() as conn:
        station.ask("frames")
        CLOCK.pause(min(seconds, 30.0))
        quiet = station.ask("frames")["frames"]
        flood = Flood(conn)
        watched, memory, late = Watch(store, flood), list[tuple[int, int]](), list[float]()
        with running(flood):
            end = CLOCK.monotonic() + seconds
            while CLOCK.monotonic() < end:
                CLOCK.pause(LOOK_S)
                late.append(watched.late())
                memory.append((held(station.wall), held(station.agent())))
        frames = station.ask("frames")["frames"]
        until("all on the disk", lambda: not watched.late(), limit=WAIT_S)
        on_disk = CLOCK.monotonic() - flood.at[-1][0]
        assert store.read(lambda r: r.value(COUNT)) == flood.count
        until("all in the list", lambda: _listed(station) == flood.count, limit=WAIT_S)
        return {
            "events": flood.count, "quiet": quiet, "frames": frames, "late": late,
            "on_disk_s": on_disk, "listed_s": CLOCK.monotonic() - flood.at[-1][0],
            "mb": [round(max(some) / 2**20) for some in zip(*memory, strict=True)],
        }  # fmt: skip


def _listed(station: Station) -> int:
    """How many of them the wall holds as open."""
    return sum(key.startswith("flood-") for key in station.view()["events"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seconds", type=float)
    asked = parser.parse_args()
    seconds = asked.seconds or SECONDS[asked.quick]
    with synthetic(EVENTS[asked.quick]) as server, following(server) as station:
        found = watch(server, station, seconds)
    rows = [
        (what, len(some), *np.percentile(some, (50, 95, 99, 100)).round(1).tolist())
        for what, some in (
            ("frame clock, nothing comes, ms", found["quiet"]),
            ("frame clock meanwhile, ms", found["frames"]),
            ("oldest event that is not on the wall's disk yet, s", found["late"]),
        )
    ]
    count, pace = found["events"], found["events"] / seconds
    table(f"{count:,} new events, {pace:,.0f} a second", HEAD, rows)
    wall, agent = found["mb"]
    print(f"all on its disk after {found['on_disk_s']:.1f} s, in its list after "
          f"{found['listed_s']:.1f} s; wall {wall} MB, agent {agent} MB at most")  # fmt: skip
    told = {what: dict(zip(HEAD[2:], values, strict=True)) for what, _, *values in rows}
    figures(
        "event_flood", events=count, a_second=round(pace), wall_mb=wall, agent_mb=agent,
        on_disk_s=round(found["on_disk_s"], 1), listed_s=round(found["listed_s"], 1), of=told,
    )  # fmt: skip


if __name__ == "__main__":
    main()
