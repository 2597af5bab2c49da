"""Eight hours asleep, or a clock that was set: what runs by time runs once, and goes on."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
from builders import a_sensor
from machine import Machine

from commandwall import modes
from commandwall.clock import SECOND, Clock
from commandwall.config import Settings
from commandwall.countersign import Second
from commandwall.desk import Desk
from commandwall.follower import Follower
from commandwall.guard import Guard
from commandwall.keeper import Keeper
from commandwall.picture import Changes, Picture, Tick
from commandwall.pool.packs import Packs
from commandwall.sensors import READING_DTYPE, STALE, pack
from commandwall.store import live, pulse
from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror, use
from commandwall.warden import Warden
from commandwall.world import World

NIGHT_S = 8 * 3600


class Station:
    """The real parts of both programs that run by the clock, on one machine."""

    def __init__(self, folder: Path, machine: Machine) -> None:
        self.folder, self.machine, self.told = folder, machine, list[Changes]()
        mirror = Mirror(folder / "m1.db")
        mirror.take({"sensor": [_values(a_sensor(no)) for no in range(3)]}, {})
        mirror.close()
        use(folder, "m1.db")
        self.store, self.clock, self.agents = open_store(folder), Clock(), Clock()
        self.agents.measured(0.0)
        self.desk, self.agent = Desk(self.store, self.clock), Desk(self.store, self.agents)
        self.desk.take_post("chief", "陈").result()
        self.packs = Packs(self.store, self.agent, self.agents)
        world = World(self.store, self.clock, self.desk, Picture())
        self.follower = Follower(world, self.told.append)
        self.follower.pace(pulse.Patience(5.0, 5.0), 0.0)

    def live(self, seconds: float, off_s: float = 0.0, step_s: float = 0.25) -> list[Changes]:
        """Go on for so long; `off_s`: pool minus computer. What the screen was told meanwhile."""
        self.told.clear()
        for _ in range(round(seconds / step_s)):
            self.machine.run(step_s)
            self.agents.measured(off_s)
            self._hear()
            self.agent.sweep(self.packs.watch)
            now = self.agents.now()
            pulse.write(self.folder, pulse.Sync(now, now, offset_s=self.agents.offset))
            self.clock.follow(pulse.read(self.folder).offset_s)
            self.follower.step()
        return list(self.told)

    def _hear(self) -> None:
        now = self.agents.now()
        self.packs.take("readings", now, pack(np.array([(1, now, 3.0, 0)], READING_DTYPE)))

    def acts(self, name: str) -> int:
        return int(self.store.read(lambda r: r.value("SELECT count(*) FROM journal WHERE act = :a",
                                                     a=name)))  # fmt: skip

    def quality(self) -> int:
        path = next(self.folder.glob("sensors-*.live"))
        return int(live.LiveArrays(path, live.READING, live.BLOCK).read()["quality"][1])

    def close(self) -> None:
        self.follower._forget()
        for desk in (self.desk, self.agent):
            desk.close()
        self.store.close()


def _values(record: object) -> tuple[object, ...]:
    return tuple(getattr(record, name) for name in record.__slots__)  # type: ignore[attr-defined]


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


@pytest.fixture
def station(tmp_path: Path, machine: Machine) -> Iterator[Station]:
    made = Station(tmp_path, machine)
    yield made
    made.close()


def test_after_a_night_asleep_all_is_told_once_and_at_once(
    station: Station, machine: Machine
) -> None:
    stated = modes.Entering("", "watch", "", "暴雨红色预警", 4)
    asked = station.desk.do(modes.enter_mode, entering=stated, second=Second("周", "phone"))
    asked.result()
    usual = len(station.live(4))
    machine.sleep(NIGHT_S)
    machine.run(0.05)
    station.agent.sweep(station.packs.watch)
    assert station.quality() == STALE  # nothing was heard: unknown is not normal
    assert len(station.live(4)) <= usual + 3
    assert station.acts("end_lapsed") == 1
    assert station.quality() != STALE
    assert station.told[-1].now > station.clock.raw() - SECOND


@pytest.mark.parametrize("set_s", [NIGHT_S, -86400])
def test_a_computer_whose_time_is_set_wrong_makes_nothing_late_and_stops_nothing(
    station: Station, machine: Machine, set_s: int
) -> None:
    """NTP steps it, or a hand slips; the pool says what time it is."""
    stated = modes.Entering("", "watch", "", "暴雨红色预警", 4)
    asked = station.desk.do(modes.enter_mode, entering=stated, second=Second("周", "phone"))
    asked.result()
    station.live(2)
    began = station.clock.now()
    machine.set(set_s)
    told = station.live(8, off_s=-set_s)
    assert station.clock.now() - began == pytest.approx(8 * SECOND, abs=SECOND)
    moments = {c.now // SECOND for c in told if Tick in c.kinds}
    assert len(moments) >= 7  # the screen goes on
    assert station.acts("end_lapsed") == 0 and station.quality() != STALE
    synced = [c.sync for c in told if c.sync is not None]
    assert len(synced) >= 7 and not any(station.follower._silent)


@pytest.mark.parametrize("set_s", [-NIGHT_S])
def test_live_arrays_outlast_a_computer_whose_time_is_set(
    station: Station, monkeypatch: pytest.MonkeyPatch, set_s: int
) -> None:
    """An agent that connects anew goes on with the file that the screen reads."""
    station.live(1)
    file = next(station.folder.glob("sensors-*.live"))
    before, began = file.stat().st_ino, psutil.boot_time()
    monkeypatch.setattr("psutil.boot_time", lambda: began + set_s)
    Packs(station.store, station.agent, station.agents)
    assert file.stat().st_ino == before


def test_a_keeper_and_a_guard_that_slept_end_nobody(tmp_path: Path, machine: Machine) -> None:
    keeper = Keeper(Settings(data_dir=tmp_path), clock := Clock())
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    guard = Guard(Settings(data_dir=tmp_path), clock, 30.0)
    try:
        keeper._child = child  # type: ignore[assignment]
        for jump in (NIGHT_S, -NIGHT_S, NIGHT_S):
            for _ in range(8):
                machine.run(0.25)
                pulse.write(tmp_path, pulse.Sync(clock.now()))
                assert keeper._lives() and not guard._stands()
            machine.set(jump)
            for _ in range(8):
                machine.run(0.25)
                assert keeper._lives() and not guard._stands()
        for _ in range(40):
            machine.run(0.25)
            alive = keeper._lives()
        assert not alive  # who is silent now is
    finally:
        child.kill()
        child.wait()


def test_a_pulse_that_the_disk_did_not_give_for_a_while_ends_no_agent(
    tmp_path: Path, machine: Machine
) -> None:
    """What was not read is not silence; what can be read again and stays silent is."""
    keeper = Keeper(Settings(data_dir=tmp_path), clock := Clock())
    file, away = tmp_path / pulse.NAME, tmp_path / "away"
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as child:
        keeper._child = child  # type: ignore[assignment]
        pulse.write(tmp_path, pulse.Sync(clock.now()))
        assert keeper._lives()
        file.rename(away)
        file.mkdir()  # whoever reads it gets an error of the system
        for _ in range(4):
            machine.run(1.0)
            with pytest.raises(OSError, match="directory"):
                keeper.look()
        file.rmdir()
        away.rename(file)
        lived = [keeper._lives() for _ in range(8) if not machine.run(1.0)]
        child.kill()
    assert lived == [True] * 4 + [False] * 4


def test_files_are_looked_at_within_the_hour_whatever_the_clock_says(
    tmp_path: Path, machine: Machine
) -> None:
    warden = Warden(tmp_path, clock := Clock())
    clock.measured(0.0)
    machine.run(60)
    assert clock.monotonic() >= warden._due
    machine.set(-24 * 3600)
    assert clock.monotonic() >= warden._due
