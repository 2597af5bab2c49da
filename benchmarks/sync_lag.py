"""The lag of the sync: from a change's commit in the pool until a wall can read it on its disk.

`python -m benchmarks.sync_lag [--quick] [--events N] [--pool FOLDER]` lets a real wall with its
agent follow 500 changes a second. Beside it, in the same run: the pool's own table asked as often
as the agent asks, and the wall's frame clock with and without the changes, each beside a clock of
the same kind in a program that does nothing else: what that waits longer for is the machine, which
the pool and its writer keep busy too. The frame clock is kept in half a minute of its own,
in which nobody asks how far the wall is: to ask 500 times a second is much of a core. Before it
new events come one by one: from the commit of each until the window lists it (open ones, a filter
of the pool), finds it by a search that is asked again and again, and counts it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
from sqlalchemy import Connection

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from loss import frames
from loss.stations import Station

from benchmarks.report import figures, table
from benchmarks.synthetic import synthetic
from commandwall.agent import QUICK_S
from commandwall.clock import Clock
from commandwall.pool.own import address
from commandwall.pool.server import PoolServer
from commandwall.store.store import Store

EVENTS, SECONDS = {True: 20_000, False: 200_000}, {True: 15.0, False: 60.0}
RATE, EVERY_S, LOOK_S = 500, 0.02, 0.002
CHANGE = (
    "UPDATE cw_event SET unit = %s, state = CASE state WHEN 'CLOSED' THEN 'ARCHIVED'"
    " WHEN 'ARCHIVED' THEN 'CLOSED' WHEN 'ON_SCENE' THEN 'FEEDBACK' ELSE 'ON_SCENE' END"
    " WHERE id IN (SELECT id FROM cw_event WHERE id >= %s AND id <> %s ORDER BY id LIMIT %s)"
)
MARK = "UPDATE cw_event SET unit = %s WHERE id = %s"
"""The last change of each transaction: who reads it can read the others too."""
WORD, CLASS = "新来件", "c007"
LISTS = {
    "the list of open events": {"share": "all"},
    "a filter of the pool": {"share": "pool", "cls": CLASS},
}
NEWS, REST_S = {True: 10, False: 60}, (0.2, 0.7)
"""How many new events come for each list, and the least and most time between two."""
NEW = (
    "INSERT INTO cw_event(id, source, source_id, title, body, cls, urgency, area, address, placed,"
    " datum, person, phone, reported_at, received_at, state, unit) VALUES"
    " (%s, 'grid', %s, %s, '', %s, 3, '320281000001', '', 'nowhere', 'wgs84', '', '',"
    " now(), now(), 'NEW', '')"
)
FILL_S = 3600.0
"""How long a first fill may take."""
OURS, DIRECT = "commit until readable at the wall", "the pool's table, asked as often"
CLOCK = Clock()


class Flow(threading.Thread):
    """500 changes a second; `at[n]` is the moment at which transaction n was committed."""

    def __init__(self, conn: psycopg.Connection[Any], ids: list[str], mark: str) -> None:
        super().__init__()
        self._conn, self._ids, self._mark = conn, ids, mark
        self.at: list[float] = []
        self.halt = threading.Event()

    def run(self) -> None:
        rng, due = np.random.default_rng(1), CLOCK.monotonic()
        some = int(RATE * EVERY_S) - 1
        while not self.halt.is_set():
            number = str(len(self.at))
            first = self._ids[rng.integers(len(self._ids))]
            with self._conn.transaction():
                self._conn.execute(CHANGE, (number, first, self._mark, some))
                self._conn.execute(MARK, (number, self._mark))
            self.at.append(CLOCK.monotonic())
            due = max(due + EVERY_S, CLOCK.monotonic() - 1.0)
            self.halt.wait(due - CLOCK.monotonic())


class Reader(threading.Thread):
    """Looks for the mark again and again; `seen[n]`: when it first read n or a later one."""

    def __init__(self, look: Callable[[], str], every_s: float) -> None:
        super().__init__()
        self._look, self._every_s = look, every_s
        self.seen: list[float] = []
        self.halt = threading.Event()

    def run(self) -> None:
        while not self.halt.wait(self._every_s):
            read, now = self._look(), CLOCK.monotonic()
            newest = int(read) if read.isdigit() else -1
            self.seen += [now] * (newest + 1 - len(self.seen))

    def lags(self, flow: Flow) -> np.ndarray:
        """Milliseconds of each transaction, but those of the first second."""
        pairs = list(zip(flow.at, self.seen, strict=False))[int(1 / EVERY_S) :]
        return 1000 * np.array([seen - at for at, seen in pairs])


@contextmanager
def running(*threads: Any) -> Iterator[None]:
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for thread in threads:
            thread.halt.set()
            thread.join()


@contextmanager
def clocks(station: Station, found: dict[str, np.ndarray], when: str) -> Iterator[None]:
    """The frame clocks of the wall and of a program that does nothing else, during the block."""
    bare = subprocess.Popen(
        [sys.executable, frames.__file__],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    CLOCK.pause(1.0)  # it has begun
    station.ask("frames")
    try:
        yield
        found[f"frame clock, {when}"] = np.array(station.ask("frames")["frames"])
    finally:
        waits, _ = bare.communicate()
    found[f"a bare clock, {when}"] = np.array(json.loads(waits))


@contextmanager
def following(server: PoolServer) -> Iterator[Station]:
    """A real wall with its agent that has all of that pool."""
    with tempfile.TemporaryDirectory() as name:
        login = address(server.station_url, server.station_secret)
        station = Station(Path(name) / "wall", "back", **login)
        try:
            station.wait("pool and agent", lambda _: station.says().get("pool"))
            station.wait("its picture", lambda _: Store(station.folder).mirror_name(), FILL_S)
            station.wait("the past too", lambda _: station.says().get("whole"), FILL_S)
            CLOCK.pause(5.0)  # the first pictures are drawn
            yield station
        finally:
            station.end()


def follow(
    server: PoolServer, station: Station, seconds: float
) -> tuple[dict[str, np.ndarray], float]:
    """What took how long, in ms: frames without and with the changes, and lags of the wall's disk
    and of the pool's own table; and how many changes a second there were."""
    found = dict[str, np.ndarray]()
    with (
        closing(Store(station.folder)) as store,
        store.reader().connect() as line,
        server.owner() as conn,
        server.owner() as other,
    ):
        ids = [key for (key,) in conn.execute("SELECT id FROM cw_event ORDER BY id")]
        mark = ids.pop()
        with clocks(station, found, "nothing changes"):
            CLOCK.pause(seconds / 2)
        with clocks(station, found, "meanwhile"), running(Flow(conn, ids, mark)):
            CLOCK.pause(seconds / 2)
        conn.execute(MARK, ("", mark))  # it has the number of the run before
        CLOCK.pause(1.0)
        flow, ours = Flow(conn, ids, mark), Reader(on_disk(line, mark), LOOK_S)
        plain = "SELECT unit FROM cw_event WHERE id = %s"
        direct = Reader(lambda: other.execute(plain, (mark,)).fetchone()[0], QUICK_S)
        with running(ours, direct, flow):
            CLOCK.pause(seconds)
    lags = {OURS: ours.lags(flow), DIRECT: direct.lags(flow)}
    return lags | found, len(flow.at) * RATE * EVERY_S / (flow.at[-1] - flow.at[0])


def on_disk(line: Connection, mark: str) -> Callable[[], str]:
    """Reads the unit of an event where the mirror was written since the last look: as the wall
    itself looks, and cheap enough to be asked 500 times a second."""
    sql, version, held = "SELECT unit FROM event WHERE id = ?", -1, ""
    raw: Any = line.connection.driver_connection

    def look() -> str:
        nonlocal version, held
        found = raw.execute("PRAGMA mirror.data_version").fetchone()[0]
        if found != version:
            version, held = found, str(raw.execute(sql, (mark,)).fetchone()[0])
        return held

    return look


def news(server: PoolServer, station: Station, many: int) -> dict[str, list[float]]:
    """What holds a new event -> milliseconds from each commit until it did."""
    found: dict[str, list[float]] = {}
    with server.owner() as conn:
        for name, asked in LISTS.items():
            (before,) = conn.execute("SELECT count(*) FROM cw_event").fetchone() or (0,)
            station.ask("lists", word=WORD, asked=asked)
            CLOCK.pause(3.0)  # it lists and has counted
            at = come(conn, f"{asked['share']}-{before}", many)
            CLOCK.pause(3.0)
            seen = station.ask("lists", word="", asked=asked)["lists"]
            counted = [(int(n), when) for n, when in seen["counted"].items()]
            for i, (key, begun) in enumerate(at.items(), 1):
                moments = {
                    name: seen["listed"][key], "the search": seen["found"][key],
                    "the counters": min(when for n, when in counted if n >= before + i),
                }  # fmt: skip
                for what, moment in moments.items():
                    found.setdefault(what, []).append(1000 * (moment - begun))
    return found


NEWS_HEAD = ("what", "times", "p50 ms", "p95 ms", "max ms")


def told(came: dict[str, list[float]]) -> list[tuple[Any, ...]]:
    """A row for each, by NEWS_HEAD."""
    return [
        (name, len(some), *np.percentile(some, (50, 95, 100)).round(1).tolist())
        for name, some in came.items()
    ]


def come(conn: psycopg.Connection[Any], name: str, many: int) -> dict[str, float]:
    """New events, one by one: id -> the moment of its commit."""
    rng, at = np.random.default_rng(2), dict[str, float]()
    for n in range(many):
        key = f"{name}-{n}"
        with conn.transaction():
            conn.execute(NEW, (key, key, f"{WORD} {n}", CLASS))
        at[key] = CLOCK.monotonic()
        CLOCK.pause(rng.uniform(*REST_S))
    return at


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--events", type=int)
    parser.add_argument("--pool", type=Path, help="a folder that keeps the pool for another run")
    wanted = parser.parse_args()
    quick, count = wanted.quick, wanted.events or EVENTS[wanted.quick]
    with synthetic(count, wanted.pool) as server, following(server) as station:
        came = news(server, station, NEWS[quick])
        took, pace = follow(server, station, SECONDS[quick])
    rows = [
        (name, len(some), *np.percentile(some, (50, 99, 100)).round(1).tolist())
        for name, some in took.items()
    ]
    table(f"a new event among {count:,}, from its commit until it is in", NEWS_HEAD, told(came))
    table(f"{pace:.0f} changes a second", ("what", "times", "p50 ms", "p99 ms", "max ms"), rows)
    found = {name: {"p50": p50, "p99": p99, "max": most} for name, _, p50, p99, most in rows}
    ratio = found[OURS]["p99"] / found[DIRECT]["p99"]
    print(f"p99 of the wall to p99 of asking the pool itself: {ratio:.2f}")
    held = {name: {"p50": p50, "p95": p95, "max": most} for name, _, p50, p95, most in told(came)}
    figures("sync_lag", events=count, changes_per_s=round(pace), ratio_p99=round(ratio, 2),
            ms=found, new_event_ms=held)  # fmt: skip


if __name__ == "__main__":
    main()
