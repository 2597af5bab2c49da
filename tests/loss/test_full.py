"""A disk that is full at the n-th write: both programs stay, say so, lose nothing, and go on.

The wall and its agent run on a disk that takes no more from a write on that is counted over both of
them, again and again without a new start. In every other round what the reserve gives up is room,
as on a real disk; in the others nothing at all can be written until there is room again.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from loss.failing import COMPILER, FullDisk, SmallDisk
from loss.power import living_pool
from loss.stations import Pool, Station, until
from loss.verdict import Told, assert_nothing_lost

from commandwall.clock import SECOND, Clock
from commandwall.keeper import LOOK_S, SILENT_MS
from commandwall.store import check, pulse, space, telemetry
from commandwall.store.database import FULL
from commandwall.store.quarantine import harms
from commandwall.store.store import WALL_DB, pointed

LONG = os.environ.get("COMMANDWALL_TEST_LONG") == "1"
WRITES = (*range(2, 201), 1) if LONG else (2, 7)
STARTS = tuple(range(1, 61)) if LONG else (9,)
SAID_S = 2.0
pytestmark = [
    pytest.mark.timeout(7200 if LONG else 300),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="LD_PRELOAD is Linux's here"),
    pytest.mark.skipif(COMPILER is None, reason="there is no C compiler for failing.c"),
]


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[Path]:
    """A pool for each: all lines in it are of one station."""
    with living_pool(tmp_path):
        yield tmp_path


def test_a_disk_full_at_any_write_costs_nothing_that_was_acknowledged(pool: Path) -> None:
    disk = FullDisk(pool / "station", pool)
    station = Station(pool / "station", "back", "--join", str(pool), **disk.environment)
    try:
        told = outlast(station, disk, WRITES)
        assert_nothing_lost([station], Pool(pool))
    finally:
        disk.clear()
        station.end()
    assert_sound(station.folder)
    acks = len(Told(station.log).acked)
    print(
        f"\n{len(told)} times full, {acks} acts acknowledged, said after {max(told):.2f} s at most"
    )
    assert acks > 3 * len(told)


@pytest.mark.long
def test_so_it_is_on_a_real_disk_that_another_program_fills(pool: Path) -> None:
    """Also where that program takes what the reserve gives up: maps must not kill anybody then."""
    try:
        disk = SmallDisk(pool / "small", 400)
    except PermissionError as why:
        pytest.skip(str(why))
    station = Station(disk.folder, "back", "--join", str(pool))
    try:
        told = outlast(station, disk, (2, 3, 4, WRITES[-1]))
        assert_nothing_lost([station], Pool(pool))
        assert_sound(station.folder)
        print(f"\na real disk: said after {max(told):.2f} s at most")
    finally:
        disk.clear()
        station.end()
        disk.unmount()


def outlast(station: Station, disk: FullDisk | SmallDisk, writes: Sequence[int]) -> list[float]:
    """A person works while the disk fills again and again, and neither program ends; seconds until
    each was said."""
    station.wait_well()
    station.ask("post", post="chief", person="陈")
    history = station.folder / telemetry.NAME
    until("the history", lambda: history.exists() and check.history(history) is None)
    programs = station.wall, station.agent()
    station.busy(True)
    told = [strike(station, disk, n) for n in writes]
    station.busy(False)
    station.wait_well()
    assert (station.wall, station.agent()) == programs
    return told


def strike(station: Station, disk: FullDisk | SmallDisk, n: int) -> float:
    """Fill the disk, hear of it, be refused, make room, go on; seconds until it was said."""
    disk.fill(after=n, counts=n % 2 == 0)
    at = until("a write that fails", lambda: disk.failed_at)
    said = station.wait("the red banner", lambda heard: _says_full(heard, at))
    why = station.wait("a refusal", lambda heard: _after(heard, "refused", said["at"]))["refused"]
    assert "磁盘" in why and "已满" in why and "腾出" in why, why
    assert said["at"] - at <= SAID_S, f"write {n}: said after {said['at'] - at:.2f} s"
    assert station.says()["banner"] == "磁盘已满"
    if n % 2 == 0:
        until("the agent to wait", lambda: pulse.read(station.folder).trouble == FULL)
    elif n == WRITES[-1]:  # long enough for an agent that nobody hears to be started again
        until(
            "the agent's silence",
            lambda: silent_ms(station.folder) > SILENT_MS + 4 * LOOK_S * SECOND,
        )
    assert_sound(station.folder, full=True)
    back = disk.clear()
    station.wait("an act", lambda heard: _after(heard, "ack", back))
    station.wait("no banner", lambda _: station.is_well() and not station.says()["banner"])
    return float(said["at"] - at)


def silent_ms(folder: Path) -> int:
    return Clock().now() - pulse.read(folder).agent_at


def _says_full(heard: list[Any], since: float) -> Any:
    found = (f for f in reversed(heard) if f["at"] > since and "says" in f)
    return next((f for f in found if f["says"]["banner"] == "磁盘已满"), None)


def _after(heard: list[Any], what: str, since: float) -> Any:
    return next((f for f in reversed(heard) if f["at"] > since and f.get(what)), None)


def assert_sound(folder: Path, full: bool = False) -> None:
    """The looks that the agent has done each hour find nothing, and nothing was put away. On a full
    disk the history, which nobody has open then, cannot even be looked at."""
    assert check.journal(folder / WALL_DB) is None
    assert check.mirror(folder / pointed(folder)) is None
    assert full or check.history(folder / telemetry.NAME) is None
    assert not harms(folder)


@pytest.mark.parametrize("n", STARTS)
def test_a_start_on_a_full_disk_says_so_and_the_next_one_is_well(tmp_path: Path, n: int) -> None:
    """Here it is the start of `carry`, which opens a station as all programs do."""
    folder, passphrase = tmp_path / "station", tmp_path / "passphrase"
    folder.mkdir()
    passphrase.write_text("试")
    disk = FullDisk(folder, tmp_path)

    def carry(name: str) -> subprocess.CompletedProcess[str]:
        words = ["--data-dir", str(folder), "carry", "out", str(tmp_path / name)]
        command = [sys.executable, "-m", "main", *words, "--passphrase-file", str(passphrase)]
        return subprocess.run(
            command, env={**os.environ, **disk.environment}, capture_output=True, text=True,
            check=False, timeout=120, cwd=Path(__file__).parents[2],
        )  # fmt: skip

    disk.fill(after=n, counts=False)
    ended = carry("first")
    assert "Traceback" not in ended.stderr, ended.stderr
    assert ended.returncode == 0 or "disk_" in ended.stderr, ended.stderr
    disk.clear()
    assert carry("second").returncode == 0
    assert check.journal(folder / WALL_DB) is None and not harms(folder)


def test_the_reserve_is_given_up_once_and_comes_back_with_room(tmp_path: Path) -> None:
    """On a real small disk: a file system of its own, where this machine lets us have one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    options = ["-t", "tmpfs", "-o", "size=160m", "none", str(folder)]
    if subprocess.run(["mount", *options], capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody mount a file system")
    try:
        assert not space.keep(folder).full and (folder / space.NAME).stat().st_size == 64 << 20
        with (folder / "other").open("wb") as other, pytest.raises(OSError, match="No space"):
            while True:
                other.write(bytes(1 << 20))
                other.flush()
        tries = iter(range(9))

        def act() -> int:
            (folder / "act").write_bytes(bytes(1 << 20))
            return next(tries)

        assert space.finish(folder, act) == 0
        found = space.keep(folder)
        assert found.full and found.disk == str(folder) and 60 <= found.free_mb <= 64
        (folder / "other").unlink()
        assert not space.keep(folder).full and (folder / space.NAME).stat().st_size == 64 << 20
    finally:
        subprocess.run(["umount", str(folder)], check=True)
