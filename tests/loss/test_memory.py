"""No more memory for the agent: the wall starts another one, and no file is the worse for it. R-23
of the list of faults (docs/reliability.md).

It works, and gets a limit just above what it holds (RLIMIT_AS), from outside; then the city tells
more than fits. What is started in its place has no such limit.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from loss.power import living_pool
from loss.stations import PATIENCE_S, Pool, Station, until
from loss.verdict import Told, assert_nothing_lost

from commandwall.pool.server import PoolServer
from commandwall.store import check
from commandwall.store.quarantine import harms
from commandwall.store.store import WALL_DB, pointed

if sys.platform == "linux":
    import resource

LONG = os.environ.get("COMMANDWALL_TEST_LONG") == "1"
TIMES = 20 if LONG else 1
ROOM = 1 << 20
BULK = "UPDATE cw_event SET body = repeat('长', 20000) || %s"
pytestmark = [
    pytest.mark.timeout(7200 if LONG else 300),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="prlimit is Linux's"),
]
Place = tuple[PoolServer, Station]


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
