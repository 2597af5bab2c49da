"""The keeper's watch over a real agent: it starts again, and goes on for the next wall."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from commandwall import platform
from commandwall.clock import Clock
from commandwall.config import ASSETS, Settings
from commandwall.keeper import AGENT_LOCK, Keeper
from commandwall.store import pulse

WALL = """
import sys, time
from pathlib import Path
from commandwall.clock import Clock
from commandwall.config import Settings
from commandwall.keeper import Keeper

Keeper(Settings(data_dir=Path(sys.argv[1])), Clock()).start()
time.sleep(600)
"""


def until(found):
    end = time.monotonic() + 60
    while not (answer := found()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return answer


def agents(folder: Path) -> list[int]:
    """Processes of agents of this folder."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        line = process.info["cmdline"] or []
        if line[-1:] == ["agent"] and process.info["status"] != psutil.STATUS_ZOMBIE:
            try:
                mine = process.environ().get("COMMANDWALL_DATA_DIR") == str(folder)
            except psutil.Error:
                continue
            found += [process.pid] if mine else []
    return found


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[Keeper]:
    watch = Keeper(Settings(data_dir=tmp_path), Clock())
    yield watch
    watch.stop()


def beats(folder: Path) -> bool:
    return platform.is_held(folder / AGENT_LOCK) and pulse.read(folder).agent_at > 0


def test_the_first_agent_waits_for_the_picture_but_not_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("commandwall.keeper.DRAWN_S", 30.0)
    watch = Keeper(Settings(data_dir=tmp_path), Clock(), patient=True)
    watch.start()
    try:
        time.sleep(0.5)
        assert agents(tmp_path) == []
        watch.drawn()
        until(lambda: agents(tmp_path))
    finally:
        watch.stop()
    monkeypatch.setattr("commandwall.keeper.DRAWN_S", 0.2)
    blind = Keeper(Settings(data_dir=tmp_path), Clock(), patient=True)
    blind.start()
    until(lambda: agents(tmp_path))
    blind.stop()


def test_a_wall_that_closes_before_its_picture_does_not_wait(tmp_path: Path) -> None:
    watch = Keeper(Settings(data_dir=tmp_path), Clock(), patient=True)
    watch.start()
    began = time.monotonic()
    watch.stop()
    assert time.monotonic() - began < 2.0
    assert agents(tmp_path) == []


def test_an_agent_that_is_killed_starts_again_without_waiting_for_silence(
    keeper: Keeper, tmp_path: Path
) -> None:
    keeper.start()
    until(lambda: beats(tmp_path))
    (first,) = agents(tmp_path)
    os.kill(first, signal.SIGKILL)
    until(lambda: agents(tmp_path) not in ([], [first]))
    until(lambda: beats(tmp_path))
    assert len(agents(tmp_path)) == 1


def test_an_agent_that_stands_still_is_replaced(keeper: Keeper, tmp_path: Path) -> None:
    """Its process lives, its pulse does not."""
    keeper.start()
    until(lambda: beats(tmp_path))
    (first,) = agents(tmp_path)
    os.kill(first, signal.SIGSTOP)
    until(lambda: agents(tmp_path) not in ([], [first]))
    until(lambda: Clock().now() - pulse.read(tmp_path).agent_at < 2_000)
    assert first not in agents(tmp_path)


def test_a_stopped_keeper_ends_its_agent(keeper: Keeper, tmp_path: Path) -> None:
    keeper.start()
    until(lambda: beats(tmp_path))
    keeper.stop()
    assert agents(tmp_path) == []
    assert not platform.is_held(tmp_path / AGENT_LOCK)


def test_an_agent_whose_wall_was_killed_goes_on_for_the_next_wall(
    keeper: Keeper, tmp_path: Path
) -> None:
    with subprocess.Popen([sys.executable, "-c", WALL, str(tmp_path)], cwd=ASSETS.parent) as wall:
        until(lambda: beats(tmp_path))
        (first,) = agents(tmp_path)
        wall.kill()
    keeper.start()
    time.sleep(12)  # longer than an agent waits for a wall
    assert agents(tmp_path) == [first]
    assert Clock().now() - pulse.read(tmp_path).agent_at < 5_000
    keeper.stop()
    until(lambda: agents(tmp_path) == [])


def test_an_agent_whose_wall_was_killed_before_it_began_ends_by_itself(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", WALL, str(tmp_path)], cwd=ASSETS.parent) as wall:
        until(lambda: agents(tmp_path))
        wall.kill()
    until(lambda: agents(tmp_path) == [])
    assert "the wall is gone" in (tmp_path / "log" / "agent.log").read_text()


def test_a_pulse_that_a_power_cut_tore_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / pulse.NAME).write_text('{"agent_at": 17')
    assert pulse.read(tmp_path) == pulse.Sync()


def test_the_wall_goes_by_the_time_of_its_agent(tmp_path: Path) -> None:
    """The computer is 45 s ahead of the pool, which the agent has worked in: by the computer's
    time its pulse would look silent."""
    pulse.write(tmp_path, pulse.Sync(offset_s=-45.0))
    clock = Clock()
    watch = Keeper(Settings(data_dir=tmp_path), clock)
    watch.start()
    try:
        until(lambda: pulse.read(tmp_path).agent_at)
        assert Clock().now() - pulse.read(tmp_path).agent_at > 40_000
        until(lambda: abs(clock.now() - pulse.read(tmp_path).agent_at) < 2_000)
    finally:
        watch.stop()


@pytest.mark.long
def test_who_slept_himself_does_not_end_an_agent_that_slept_too(tmp_path: Path) -> None:
    """Both are stopped for longer than an agent may be silent, as a suspended machine does."""
    wall = subprocess.Popen([sys.executable, "-c", WALL, str(tmp_path)])
    try:
        until(lambda: pulse.read(tmp_path).agent_at)
        (agent,) = agents(tmp_path)
        for name in (signal.SIGSTOP, signal.SIGCONT):
            for pid in (agent, wall.pid):
                os.kill(pid, name)
            time.sleep(8 if name == signal.SIGSTOP else 3)
        assert agents(tmp_path) == [agent]
        woke = pulse.read(tmp_path).agent_at
        until(lambda: pulse.read(tmp_path).agent_at > woke)
    finally:
        wall.kill()
        wall.wait()
        until(lambda: not agents(tmp_path))
