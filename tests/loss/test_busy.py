"""Another program takes all the processors: an alarm is on the wall within a second all the same.
R-25 of the list of faults (docs/reliability.md). It would slow every other test, so only `make
long` runs it.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import a_sensor
from loss.power import DEVICES, living_pool
from loss.stations import Station

from commandwall import alarms
from commandwall.clock import SECOND, Clock
from commandwall.pool.loader import load
from commandwall.pool.server import PoolServer
from commandwall.sensors import GOOD, READING_DTYPE, pack

ALARMS, SHOWN_S, PAUSE_S, NEWS_S = 40, 1.0, 0.3, 1.0
BUSY = "while True: pass"
pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]


def test_an_alarm_is_shown_within_a_second_beside_a_program_that_takes_all(
    tmp_path: Path,
) -> None:
    with living_pool(tmp_path, NEWS_S) as server:
        with server.owner() as conn:
            rows = [a_sensor(DEVICES + no, area="c", period_s=3600) for no in range(2 * ALARMS)]
            load(conn, rows)
        station = Station(tmp_path / "station", "back", "--join", str(tmp_path))
        try:
            station.wait_well()
            alone = took(station, server, DEVICES)
            with busy(2 * (os.cpu_count() or 1)):
                beside = took(station, server, DEVICES + ALARMS)
        finally:
            station.end()
    print(f"\nfrom the pool to the wall: alone {said(alone)}, beside a busy program {said(beside)}")
    assert np.percentile(beside, 95) <= SHOWN_S


def took(station: Station, server: PoolServer, first: int) -> list[float]:
    """Seconds from the commit of a reading in the pool until the wall shows its alarm, of so many
    devices one after another."""
    found, dice = [], random.Random(first)
    with server.owner() as conn:
        for no in range(first, first + ALARMS):
            time.sleep(dice.uniform(0, PAUSE_S))
            conn.execute("SELECT cw_put_pack('readings', %s)", (over(no),))
            at = time.monotonic()
            told = station.wait("the alarm", lambda heard, n=f"s{no}": _raised(heard, n))
            found.append(told["at"] - at)
    return found


def over(no: int) -> bytes:
    """Two readings of a device above its worst limit, as far apart as the rule waits."""
    rule = next(r for r in alarms.rules() if (r.cls, r.severity) == (a_sensor().cls, 1))
    rows, now = np.zeros(2, READING_DTYPE), Clock().now()
    rows["no"], rows["quality"], rows["value"] = no, GOOD, rule.threshold
    rows["at"] = now - int((rule.on_s + 1) * SECOND), now
    return pack(rows)


def _raised(heard: list[Any], sensor: str) -> Any:
    return next((f for f in reversed(heard) if sensor in f.get("alarms", ())), None)


def said(seconds: list[float]) -> str:
    p50, p95, most = np.percentile(seconds, (50, 95, 100))
    return f"p50 {1000 * p50:.0f} ms, p95 {1000 * p95:.0f} ms, longest {1000 * most:.0f} ms"


@contextmanager
def busy(programs: int) -> Iterator[None]:
    """So many that never rest."""
    some = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(programs)]
    try:
        yield
    finally:
        for one in some:
            one.kill()
            one.wait()
