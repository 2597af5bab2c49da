"""What the program does by itself stands in two tables of the desk."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
from builders import NOW, StillClock

from commandwall import desk, dispatch, event_acts, modes, sensors, shelving
from commandwall.clock import DAY, SECOND, day
from commandwall.desk import Desk
from commandwall.sensors import GOOD, STALE, Watch
from commandwall.store import live
from commandwall.store.migrate import open_store


class Station:
    """Three devices: one speaks each second, one each minute, one was never heard."""

    def __init__(self, folder: Path) -> None:
        self.clock, self.store = StillClock(), open_store(folder)
        self.desk = Desk(self.store, self.clock)
        arrays = live.LiveArrays(folder / live.live_name("sensors", 3), live.READING, 3, True)
        arrays.write(np.array([0, 1]), at=np.array([NOW, NOW], np.int64))
        period = np.array([1, 60, 1], np.int64) * SECOND
        self.renewed, self.amended = 0, False
        self.watch = Watch(np.arange(3), period, arrays, day(NOW), self._renew, lambda: None,
                           lambda now: None, lambda: None, lambda now: None,
                           lambda: self.amended, lambda now: None)  # fmt: skip

    def _renew(self) -> None:
        self.renewed += 1
        self.watch = replace(self.watch, day=day(self.clock.now()))

    def sweep(self, later_s: float) -> list[int]:
        """The quality of each device after the clock went on."""
        self.clock.at += int(later_s * SECOND)
        self.desk.sweep(lambda: self.watch)
        return [int(q) for q in self.watch.readings.read()["quality"][:3]]

    def close(self) -> None:
        self.desk.close()
        self.store.close()


def test_a_device_that_misses_a_few_of_its_periods_is_silent(tmp_path: Path) -> None:
    station = Station(tmp_path)
    assert station.sweep(3) == [GOOD, GOOD, STALE]
    assert station.sweep(1) == [STALE, GOOD, STALE]
    assert station.sweep(200) == [STALE, STALE, STALE]
    counters = station.watch.readings.counters().tolist()
    station.sweep(1)
    assert station.watch.readings.counters().tolist() == counters  # nothing new: nothing written
    station.close()


def test_a_new_day_begins_once(tmp_path: Path) -> None:
    station = Station(tmp_path)
    station.sweep(1)
    assert station.renewed == 0
    station.sweep(DAY // SECOND)
    station.sweep(1)
    assert station.renewed == 1
    station.close()


def test_rules_that_people_changed_are_taken_up(tmp_path: Path) -> None:
    station = Station(tmp_path)
    station.amended = True
    station.sweep(1)
    assert station.renewed == 1
    station.close()


def test_who_waits_while_the_desk_sweeps_waits_for_one_sweep(tmp_path: Path) -> None:
    station, lock, swept, turns = Station(tmp_path), threading.RLock(), 0, list[int]()

    def watch() -> Watch:
        nonlocal swept
        swept += 1
        if swept == 1:
            other.start()
            while not waits.is_set():
                pass
        return station.watch

    def take() -> None:
        waits.set()
        with lock:
            turns.append(swept)

    waits, other = threading.Event(), threading.Thread(target=take)
    station.desk.sweep(watch, lock)
    other.join()
    assert turns[0] < len(desk.SWEEPS) == swept
    station.close()


def test_the_tables_name_what_runs_by_itself() -> None:
    names = [name for name, _ in desk.SWEEPS]
    assert names == [
        "thresholds of a new day", "silent devices", "alarms of silent devices",
        "units on their way", "modes that ran out", "alarms put aside for a while",
        "events whose time has come",
    ]  # fmt: skip
    sweeps = [sweep for _, sweep in desk.SWEEPS]
    assert sweeps == [
        sensors.begin_day, sensors.mark_silent, sensors.tell_silent, dispatch.follow, modes.expire,
        shelving.bring_back, event_acts.follow_clock,
    ]  # fmt: skip
