"""No more memory for the agent: the wall starts another one; for the wall: its guard does; and no
file is the worse for it. R-23 of the list of faults (docs/reliability.md).

It works, and gets a limit just above what it holds (RLIMIT_AS), from outside; then the city tells
more than fits. What is started in its place has no such limit.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from loss.kills import walls
from loss.power import living_pool
from loss.stations import OFFSCREEN, PATIENCE_S, Pool, Station, until
from loss.verdict import Told, assert_nothing_lost

from commandwall import platform
from commandwall.pool.server import PoolServer
from commandwall.store import check
from commandwall.store.quarantine import harms
from commandwall.store.store import WALL_DB, pointed
from commandwall.watchdog import BEAT

if sys.platform == "linux":
    import resource

LONG = os.environ.get("COMMANDWALL_TEST_LONG") == "1"
TIMES = 20 if LONG else 1
ROOM = 1 << 20
BULK = "UPDATE cw_event SET body = repeat('长', 20000) || %s"
PAGES, PAGE, GUARDED_S = 30, 5000, 40.0
ROOT = Path(__file__).parents[2]
MORE = (
    "INSERT INTO cw_event(id, source, source_id, title, body, cls, urgency, area, address, placed,"
    " datum, reported_at, received_at, state, unit) SELECT 'more' || i, 'grid', 'more' || i,"
    " repeat('停', 60), '', 'water', 3, 'c', '', 'nowhere', 'wgs84', now(), now(), 'NEW', ''"
    f" FROM generate_series(%s::int, %s::int + {PAGE - 1}) i"
)
pytestmark = [
    pytest.mark.timeout(7200 if LONG else 300),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="prlimit is Linux's"),
]
Place = tuple[PoolServer, Station]
Guarded = tuple[PoolServer, Path]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with living_pool(tmp_path) as server:
        station = Station(tmp_path / "station", "back", "--join", str(tmp_path))
        try:
            station.wait_well()
            station.ask("post", post="chief", person="陈")
            yield server, station
        finally:
            station.end()


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Guarded]:
    """A pool, and the directory of a wall under its guard that shows it."""
    folder = tmp_path / "station"
    program = [sys.executable, "-m", "main", "--data-dir", str(folder), "--join", str(tmp_path)]
    with living_pool(tmp_path) as server, (tmp_path / "guard.err").open("wb") as errors:
        environment = {**os.environ, **OFFSCREEN}
        guard = subprocess.Popen([*program, "guard"], env=environment, stderr=errors, cwd=ROOT)
        try:
            until("a picture", lambda: stood(folder))
            yield server, folder
        finally:
            platform.end(guard)


def test_an_agent_without_memory_is_replaced_and_harms_no_file(place: Place) -> None:
    server, station = place
    pool = Pool(server.folder.parent)
    station.busy(True)
    for no in range(TIMES):
        process = station.agent()
        starve(process)
        began = time.monotonic()
        with server.owner() as conn:
            while not ended(process):
                assert time.monotonic() - began < PATIENCE_S
                tell(conn, no)
        took = time.monotonic() - began
        goes_on(station, pool, began + took)
        well = time.monotonic() - began
        print(f"\nthe agent ended after {took:.1f} s, all well after {well:.1f} s")
    station.busy(False)
    assert_nothing_lost([station], pool)
    assert check.journal(station.folder / WALL_DB) is None
    assert check.mirror(station.folder / pointed(station.folder)) is None
    assert not harms(station.folder)
    assert Told(station.log).acked


def test_a_wall_without_memory_stands_again_and_harms_no_file(guarded: Guarded) -> None:
    """It ends, or stands still until its guard ends it, or finds its way with less."""
    server, folder = guarded
    for no in range(TIMES):
        (wall,), before = walls(folder), stood(folder)
        first = wall.pid
        starve(first)
        began = time.monotonic()
        with server.owner() as conn:
            for page in range(no * PAGES, (no + 1) * PAGES):
                if ended(first):
                    break
                conn.execute(MORE, (page * PAGE, page * PAGE))
                time.sleep(1)
        if stands(first, folder):
            print("\nthe wall goes on with what it has")
            resource.prlimit(first, resource.RLIMIT_AS, (resource.RLIM_INFINITY,) * 2)
        else:
            until("a picture of another wall", lambda n=before: stood(folder) > n)
            print(f"\nanother wall stood {time.monotonic() - began:.1f} s after the limit")
    assert check.journal(folder / WALL_DB) is None
    assert check.mirror(folder / pointed(folder)) is None
    assert not harms(folder)


def stood(folder: Path) -> int:
    """How often a wall had its first picture."""
    log = folder / "log" / "wall.log"
    return log.read_text().count("the first picture stands") if log.exists() else 0


def stands(wall: int, folder: Path) -> bool:
    """Whether it lives and tells so, for longer than its guard has patience with one that does
    not."""
    end = time.monotonic() + GUARDED_S
    while not ended(wall):
        if time.monotonic() > end:
            return time.time() - (folder / "log" / BEAT).stat().st_mtime < GUARDED_S / 2
        time.sleep(0.5)
    return False


def goes_on(station: Station, pool: Pool, since: float) -> None:
    """An act that is done from now on arrives, and the wall has its pool and its agent."""
    line = until("an act", lambda: station.acked_after(since))
    until("it in the pool", lambda: pool.holds(line))
    station.wait_well()


def starve(process: int) -> None:
    """From now on it gets no more than it holds, and a little."""
    held = psutil.Process(process).memory_info().vms
    _, most = resource.prlimit(process, resource.RLIMIT_AS)
    resource.prlimit(process, resource.RLIMIT_AS, (held + ROOM, most))


def tell(conn: Any, no: int) -> None:
    """All events of the city at once, at length."""
    with conn.transaction():
        conn.execute("LOCK TABLE cw_event IN EXCLUSIVE MODE")  # the city goes on meanwhile
        conn.execute(BULK, (f"{no} {time.monotonic()}",))
    time.sleep(1)


def ended(process: int) -> bool:
    try:
        return bool(psutil.Process(process).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True
