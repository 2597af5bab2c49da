"""Catching up: a station that was cut off takes what changed meanwhile, and sends what it did.

`python -m benchmarks.sync_fill [--quick]` cuts the line of a real station (desk, keeper, agent),
changes the pool, mends the line and looks at the mirror's cursor: while nobody acts, while a
person acts, after a day and after a week (35,000 changes a day, 500 acts). Changes are of events
anywhere in a year, which is the hard way: each of them is in another place of the file. A row of
its own has them where a city has most, among the newest events. Beside it, in the same run: the
same rows read page by page and put into a plain SQLite table, with nothing made of them.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import sqlcipher3.dbapi2 as sqlite

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from loss import tester
from loss.stations import Pool, Station, until
from loss.wire import CUT, OPEN, Wire

from benchmarks.report import figures, table
from benchmarks.synthetic import events, synthetic
from commandwall.clock import Clock
from commandwall.pool import schema
from commandwall.pool.own import address
from commandwall.pool.server import PoolServer
from commandwall.store.store import Store

EVENTS, SOME = {True: 100_000, False: 400_000}, {True: 40_000, False: 150_000}
DAY, ACTS = 35_000, 500
PAGE, LOOK_S = 5_000, 0.05
NEW = 0.1
"""Share of the changes that are new events; the others are other states and units of old ones."""
CHANGE = (
    "UPDATE cw_event SET unit = '处置单位' || floor(60 * random()), state = CASE state"
    " WHEN 'CLOSED' THEN 'ARCHIVED' WHEN 'ARCHIVED' THEN 'CLOSED'"
    " WHEN 'ON_SCENE' THEN 'FEEDBACK' ELSE 'ON_SCENE' END"
    " WHERE id IN (SELECT id FROM (SELECT id FROM cw_event ORDER BY reported_at DESC LIMIT %s) near"
    " ORDER BY random() LIMIT %s)"
)
NEAR, AT_ONCE = 20_000, 10_000
"""Of how many newest events a city changes most, and how many changes come in one transaction."""
CURSOR = "SELECT value FROM mirror_meta WHERE key = 'cursor'"
HEAD = ("how", "changes", "acts", "all s", "rows/s", "to plain rows", "act p50 ms", "p99 ms")
CLOCK = Clock()


@dataclass(slots=True)
class Caught:
    """One catching up: changes, seconds from the mended line until all is there and sent, rows a
    second once rows came, and how long acts took (ms)."""

    changes: int
    acts: int
    seconds: float
    rate: float
    took: list[float]


class Bench:
    """A station on a pool, with the line between them in our hand."""

    def __init__(self, folder: Path, server: PoolServer, wire: Wire, conn: Any) -> None:
        self.conn, self.wire, self._made = conn, wire, 0
        env = {tester.PROGRAM: "door.py", tester.PAUSE: "0.02"}
        login = address(wire.url, server.station_secret)
        self.station = Station(folder / "station", "back", **env, **login)
        self.pool = Pool(server.folder.parent)

    def change(self, count: int, near: bool = False) -> int:
        """So many changes of the pool; the feed's head after them. `near`: of its newest events,
        again and again."""
        for some in range(0, count, AT_ONCE):
            self._change(min(AT_ONCE, count - some), NEAR if near else None)
        while self.conn.execute("SELECT cw_advance()").fetchone() != (0,):
            pass
        return int(self.conn.execute("SELECT pos FROM cw_head").fetchone()[0])

    def _change(self, count: int, among: int | None) -> None:
        new = int(count * NEW)
        (held,) = self.conn.execute("SELECT count(*) FROM cw_event").fetchone()
        schema.run(self.conn, events(held, held + new, held + new))
        self.conn.execute(CHANGE, (among, count - new))

    def act(self, count: int) -> int:
        """So many acts at least, of a person who works."""
        before = self._acked()
        self.station.busy(True)
        until("acts", lambda: self._acked() - before >= count)
        self.station.busy(False)
        return self._acked() - before

    def _acked(self) -> int:
        return sum("given" in fact for fact in list(self.station.heard))

    def catch_up(
        self, store: Store, changes: int, acts: int = 0, busy: bool = False, near: bool = False
    ) -> Caught:
        self.wire.turn(CUT)
        head, done = self.change(changes, near), self.act(acts) if acts else 0
        if busy:
            self.station.busy(True)
        began = CLOCK.monotonic()
        self.wire.turn(OPEN)
        rate = self._follow(store, head)
        ended = CLOCK.monotonic()
        took = [
            1000 * (fact["at"] - fact["given"])
            for fact in self.station.after(began)
            if "given" in fact and fact["at"] < ended
        ]
        if busy:
            self.station.busy(False)
        until("all to be sent", lambda: not self.station.backlog())
        seconds = CLOCK.monotonic() - began
        return Caught(changes, done + len(took), seconds, rate, took)

    def _follow(self, store: Store, head: int) -> float:
        """Rows a second from the first page on."""

        def cursor() -> int:
            return int(store.read(lambda r: r.value(CURSOR)) or 0)

        before = now = first = cursor()
        first_at = 0.0
        while now < head:
            CLOCK.pause(LOOK_S)
            now = cursor()
            if now > before and not first_at:
                first, first_at = now, CLOCK.monotonic()
        return (head - first) / (CLOCK.monotonic() - first_at)


@contextmanager
def bench(folder: Path, count: int) -> Iterator[Bench]:
    with (
        synthetic(count) as server,
        server.owner() as conn,
        Wire(folder / "line", server) as wire,
    ):
        made = Bench(folder, server, wire, conn)
        try:
            until("the mirror", lambda: _is_filled(made.station.folder))
            made.station.ask("post", post="chief", person="陈")
            made.station.wait_well()
            yield made
        finally:
            made.station.end()


def _is_filled(folder: Path) -> bool:
    if not (folder / "wall.db").exists():
        return False
    with closing(Store(folder)) as store:
        return bool(store.mirror_name()) and "small" not in store.mirror_name()


def plain(conn: psycopg.Connection[Any], file: Path, changes: int) -> float:
    """Rows a second of the newest changes, put into a plain table that holds all events."""
    names = ", ".join(f'"{name}"' for name in schema.columns("event"))
    fields = schema.out("event", "t", text=True)
    marks = ", ".join("?" * len(schema.columns("event")))
    put = f"INSERT OR REPLACE INTO event VALUES ({marks})"
    page = (
        f"SELECT {fields} FROM cw_feed f JOIN cw_event t ON t.id = f.id"
        " WHERE f.pos > %s AND f.pos <= %s"
    )
    with closing(sqlite.connect(str(file), isolation_level=None)) as raw:
        raw.execute("PRAGMA journal_mode=WAL")
        raw.execute("PRAGMA synchronous=NORMAL")
        raw.execute(f"CREATE TABLE event({names}, PRIMARY KEY(id))")
        raw.execute("BEGIN")
        raw.executemany(put, conn.execute(f"SELECT {fields} FROM cw_event t"))
        raw.execute("COMMIT")
        (head,) = conn.execute("SELECT pos FROM cw_head").fetchone() or (0,)
        began = CLOCK.monotonic()
        for after in range(head - changes, head, PAGE):
            rows = conn.execute(page, (after, min(after + PAGE, head))).fetchall()
            raw.execute("BEGIN")
            raw.executemany(put, rows)
            raw.execute("COMMIT")
    return changes / (CLOCK.monotonic() - began)


def measure(folder: Path, quick: bool) -> tuple[dict[str, Caught], float]:
    some = SOME[quick]
    with bench(folder, EVENTS[quick]) as made, closing(Store(made.station.folder)) as store:
        found = {"nobody acts": made.catch_up(store, some)}
        floor = plain(made.conn, folder / "plain.db", some)
        found["nobody acts, newest events"] = made.catch_up(store, some, near=True)
        found["a person acts"] = made.catch_up(store, some, busy=True)
        found["a day"] = made.catch_up(store, DAY, ACTS)
        if not quick:
            found["a week"] = made.catch_up(store, 7 * DAY, ACTS)
    return found, floor


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    with tempfile.TemporaryDirectory() as name:
        found, floor = measure(Path(name), quick)
    rows = []
    for how, one in found.items():
        p50, p99 = np.percentile(one.took, (50, 99)).tolist() if one.took else ("", "")
        rate = f"{one.rate:,.0f}"
        rows.append((how, one.changes, one.acts, one.seconds, rate, one.rate / floor, p50, p99))
    table("a station that was cut off catches up", HEAD, rows)
    print(f"plain rows into a plain table: {floor:,.0f} rows/s")
    told = {
        how: {"seconds": round(one.seconds, 1), "rows_s": round(one.rate), "acts": one.acts}
        for how, one in found.items()
    }
    took = found["a person acts"].took
    figures(
        "sync_fill", plain_rows_s=round(floor), ways=told,
        act_p99_ms=round(float(np.percentile(took, 99)), 1) if took else None,
    )  # fmt: skip


if __name__ == "__main__":
    main()
