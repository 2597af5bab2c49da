"""Stands in for the agent of a data directory: every value is new each second, and units move.

`python -m benchmarks.values FOLDER [--alarms]` writes what an agent writes, where it writes it:
the live arrays, the pulse and, with `--alarms`, now and then an alarm of the worst severity, whose
id ends in the nanosecond of the machine's monotonic clock at which it was on disk.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import uuid
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commandwall import platform
from commandwall.alarms import UNACK, Alarm
from commandwall.clock import Clock
from commandwall.keeper import AGENT_LOCK
from commandwall.resources import Resource
from commandwall.store import live, pulse
from commandwall.store.migrate import open_store
from commandwall.store.store import Store

BEAT_S, ALARM_S = 0.5, 0.7
MARK = "bench-"
"""How the ids of these alarms begin."""


class Writer:
    """The live files of one data directory, and its journal's records of alarms."""

    def __init__(self, folder: Path) -> None:
        self._store: Store = open_store(folder)
        self._folder, self._clock, self._rng = folder, Clock(), np.random.default_rng(4)
        last = self._store.read(lambda r: r.value("SELECT max(no) FROM sensor"))
        self._sensors = self._arrays("sensors", live.READING, int(last or 0) + 1)
        units = self._store.read(lambda r: r.find(Resource))
        self._no = np.array([u.no for u in units], np.intp)
        self._at = np.array([(u.lon, u.lat) for u in units], np.float64).reshape(-1, 2)
        self._fixes = self._arrays("fixes", live.FIX, int(self._no.max(initial=0)) + 1)
        grid = "SELECT id, lon, lat FROM area WHERE level = 3 ORDER BY id"
        self._places = self._store.read(lambda r: r.rows(grid))

    def _arrays(self, what: str, columns: live.Columns, rows: int) -> live.LiveArrays:
        return live.LiveArrays(
            self._folder / live.live_name(what, rows), columns, rows, create=True
        )

    def values(self) -> None:
        """All sensors and all units anew."""
        n, now = self._sensors.rows, self._clock.now()
        draw: NDArray[Any] = self._rng.random(n, np.float32)
        self._sensors.write(
            np.arange(n), at=np.full(n, now), value=draw * 100,
            quality=np.where(draw < 0.01, 2, 0), severity=np.where(draw > 0.998, 4, 0),
        )  # fmt: skip
        self._at += self._rng.normal(0, 4e-5, self._at.shape)
        fixed = np.full(len(self._no), now)
        self._fixes.write(self._no, at=fixed, lon=self._at[:, 0], lat=self._at[:, 1])

    def beat(self) -> None:
        now = self._clock.now()
        pulse.write(self._folder, pulse.Sync(agent_at=now, pool_at=now))

    def alarm(self) -> None:
        """One more alarm of the worst severity, somewhere in the city."""
        area, lon, lat = self._places[int(self._rng.integers(len(self._places)))]
        now, key = self._clock.now(), f"{MARK}{uuid.uuid4().hex[:8]}"
        alarm = Alarm(key, "", "GAS-1", "GAS", 1, UNACK, 60.0, "%LEL", area, lon, lat, now, now)
        with self._store.write(now) as tx:
            tx.put(alarm)
        print(key, time.monotonic_ns(), flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--alarms", action="store_true")
    asked, parent = parser.parse_args(), os.getppid()
    with platform.lock(asked.folder / AGENT_LOCK) as held:
        if not held:
            print("another agent holds this data directory", file=sys.stderr)
            return 1
        platform.be_nice(10)
        writer, clock = Writer(asked.folder), Clock()
        due = dict.fromkeys(("values", "beat", "alarm"), clock.monotonic())
        every = {"values": 1.0, "beat": BEAT_S, "alarm": ALARM_S if asked.alarms else 1e9}
        due["alarm"] += every["alarm"]
        while os.getppid() == parent:
            for name in due:
                if clock.monotonic() >= due[name]:
                    due[name] += every[name]
                    getattr(writer, name)()
            time.sleep(0.01)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
