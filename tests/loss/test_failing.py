"""A disk whose calls fail, and a file that another program holds: both programs of a station stay,
say so, lose nothing, hold nothing that is not so, and go on.

Reads, writes and syncs are counted over both programs; the n-th of them fails once, as a sector
does that cannot be read, or with all that follow for a while, as a disk does that is reset. R-04
and R-05 of the list of faults (docs/reliability.md).
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from loss.failing import COMPILER, READS, SYNCS, WRITES, FailingDisk
from loss.power import living_pool
from loss.stations import Pool, Station, until
from loss.verdict import Told, assert_nothing_lost

from commandwall import keeper
from commandwall.clock import SECOND, Clock
from commandwall.store import check, database, pulse, telemetry
from commandwall.store.quarantine import harms
from commandwall.store.store import WALL_DB, pointed

LONG = os.environ.get("COMMANDWALL_TEST_LONG") == "1"
TIMES, HELD_S = (60, 30.0) if LONG else (4, 8.0)
SEED = int(os.environ.get("COMMANDWALL_TEST_SEED") or random.SystemRandom().randrange(1 << 32))
WITHIN, GONE_S, LONG_GONE_S = 40, 2.0, 2 * keeper.SILENT_MS / SECOND
"""A call that fails is one of the next so many; how long a disk is gone that is reset, and one
behind a line that breaks."""
KINDS = {"read": READS, "write": WRITES, "sync": SYNCS, "any": READS | WRITES | SYNCS}
NOT_WRITTEN = "未写入"
HOLD = """
import sys, sqlcipher3.dbapi2 as sqlite
held = sqlite.connect(sys.argv[1], timeout=30, isolation_level=None)
held.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.read()
held.execute("ROLLBACK")
"""
pytestmark = [
    pytest.mark.timeout(7200 if LONG else 400),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="LD_PRELOAD is Linux's here"),
    pytest.mark.skipif(COMPILER is None, reason="there is no C compiler for failing.c"),
]
Place = tuple[Path, FailingDisk, Station]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A station at work on such a disk, and the folder of its pool."""
    folder = tmp_path_factory.mktemp("failing")
    with living_pool(folder):
        disk = FailingDisk(folder / "station", folder)
        station = Station(folder / "station", "back", "--join", str(folder), **disk.environment)
        try:
            station.wait_well()
            station.ask("post", post="chief", person="陈")
            history = station.folder / telemetry.NAME
            until("the history", lambda: history.exists() and check.history(history) is None)
            yield folder, disk, station
        finally:
            disk.clear()
            station.end()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("once", [True, False], ids=["once", "for-a-while"])
def test_a_call_that_fails_costs_nothing_and_leaves_nothing_wrong(
    place: Place, kind: str, once: bool
) -> None:
    print(f"\nCOMMANDWALL_TEST_SEED={SEED}")
    folder, disk, station = place
    dice, programs = random.Random(f"{SEED} {kind} {once}"), (station.wall, station.agent())
    station.busy(True)
    for _ in range(TIMES):
        disk.fail(KINDS[kind], after=dice.randrange(1, WITHIN), once=once)
        at = until("a call that fails", lambda: disk.failed_at)
        time.sleep(0 if once else GONE_S)
        goes_on(station, max(at, disk.clear()))
    station.busy(False)
    assert (station.wall, station.agent()) == programs
    assert_nothing_lost([station], Pool(folder))
    assert_sound(station, Pool(folder))


def test_a_disk_that_takes_no_pulse_for_long_ends_no_agent(place: Place) -> None:
    """An agent that cannot tell that it lives is no dead one: another could tell no more."""
    folder, disk, station = place
    programs = station.wall, station.agent()
    disk.fail(WRITES, after=1, once=False)
    until("a call that fails", lambda: disk.failed_at)
    time.sleep(LONG_GONE_S)
    assert Clock().now() - pulse.read(station.folder).agent_at > keeper.SILENT_MS
    disk.clear()
    until("a pulse", lambda: Clock().now() - pulse.read(station.folder).agent_at < SECOND)
    station.busy(True)
    goes_on(station, time.monotonic())
    station.busy(False)
    assert (station.wall, station.agent()) == programs
    assert_nothing_lost([station], Pool(folder))
    assert_sound(station, Pool(folder))


def test_a_file_that_another_program_holds_keeps_no_screen_waiting(place: Place) -> None:
    """Acts wait a little and are refused in words; what was asked later is done."""
    folder, _, station = place
    programs = station.wall, station.agent()
    station.busy(True)
    station.ask("frames")
    with held(station.folder / WALL_DB):
        began = time.monotonic()
        station.wait("a refusal", lambda heard: _after(heard, "refused", began))
        time.sleep(max(0.0, began + HELD_S - time.monotonic()))
        assert NOT_WRITTEN in _after(station.heard, "refused", began)["refused"]
    frames = sorted(station.ask("frames")["frames"])
    goes_on(station, time.monotonic())
    station.busy(False)
    print(f"\nheld for {HELD_S:.0f} s: frame clock p99 {frames[len(frames) * 99 // 100]:.0f} ms, "
          f"longest {frames[-1]:.0f} ms")  # fmt: skip
    assert frames[-1] < 1000 * database.BUSY_S / 2
    assert (station.wall, station.agent()) == programs
    assert_nothing_lost([station], Pool(folder))
    assert_sound(station, Pool(folder))


@contextmanager
def held(file: Path) -> Iterator[None]:
    """Another program has begun to write to a file, and does not come to an end."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None and holder.stdin is not None
        assert holder.stdout.readline() == b"held\n"
        yield
        holder.stdin.close()


def goes_on(station: Station, since: float) -> None:
    """A person acts again, and the wall has its pool and its agent."""
    station.wait("an act", lambda heard: _after(heard, "ack", since))
    station.wait("all to be well", lambda _: station.is_well() and not station.says()["banner"])


def _after(heard: list[Any], what: str, since: float) -> Any:
    return next((f for f in reversed(heard) if f["at"] > since and f.get(what)), None)


def assert_sound(station: Station, pool: Pool) -> None:
    """No file is damaged or was taken for it, and the mirror says what the pool says."""
    folder = station.folder
    assert check.journal(folder / WALL_DB) is None
    assert check.mirror(folder / pointed(folder)) is None
    assert check.history(folder / telemetry.NAME) is None
    assert not harms(folder)
    sql = "SELECT id, body, state FROM {} ORDER BY id"

    def alike() -> bool:
        with closing(database.looking(folder / pointed(folder))) as mirror:
            here = mirror.execute(sql.format("event")).fetchall()
        return bool(here == pool.rows(sql.format("cw_event") + ' COLLATE "C"'))

    until("the mirror to say what the pool says", alike)
    assert Told(station.log).acked
