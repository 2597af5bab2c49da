"""Every device of a pool speaks each second: 132,000 readings in packs, beside the player.

`python -m benchmarks.flood FOLDER` writes to the pool that the agent of that data directory runs.
The values are those last heard, hardly changed, so that no flood of alarms comes of it.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import numpy as np
import psycopg

from commandwall import platform, sensors
from commandwall.clock import Clock
from commandwall.pool.server import PoolServer
from commandwall.store import live
from commandwall.store.store import Store

PACK = 1000
"""Readings of one pack."""


def readings(folder: Path) -> np.ndarray:
    """The newest reading of every device that was ever heard: of another one a value that nobody
    measured would be an alarm."""
    store = Store(folder)
    numbers = store.read(lambda r: r.rows("SELECT no FROM sensor ORDER BY no"))
    store.close()
    no = np.array([row[0] for row in numbers], np.intp)
    name = live.live_name("sensors", int(no.max()) + 1)
    columns = live.LiveArrays(folder / name, live.READING, int(no.max()) + 1).read()
    no = no[columns["at"][no] > 0]
    found = np.zeros(len(no), sensors.READING_DTYPE)
    found["no"], found["value"] = no, columns["value"][no]
    return found


def main(folder: Path) -> int:
    platform.be_nice(10)
    parent, clock, rng = os.getppid(), Clock(), np.random.default_rng(2)
    rows = readings(folder)
    before = rows["value"].copy()
    with PoolServer(folder / "pool").owner() as conn:
        due = clock.monotonic()
        while os.getppid() == parent:
            rows["at"] = clock.now()
            rows["value"] = before * rng.normal(1, 1e-4, len(rows))
            put(conn, rows)
            due = max(due + 1, clock.monotonic())
            time.sleep(max(0.0, due - clock.monotonic()))
    return 0


def put(conn: psycopg.Connection, rows: np.ndarray) -> None:
    """All of them as packs, in one transaction."""
    parts = range(0, len(rows), PACK)
    packs = [("readings", sensors.pack(rows[i : i + PACK])) for i in parts]
    with conn.transaction(), conn.cursor() as cursor:
        cursor.executemany("SELECT cw_put_pack(%s, %s)", packs)


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
