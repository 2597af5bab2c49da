"""A dry run of a rule over the readings of a week: how long, in how much memory, how soon it ends.

`python -m benchmarks.dry_run [--quick] [--kept DIR]` makes the history of the gas devices of a city
of 132,000 (others are not read: a dry run asks the devices of the class that is changed), tries a
lower threshold on it as the sheet of a rule does, in a child program, and gives a second one up.
`--kept`: a folder in which that history is made once and stays. The last line is JSON.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.report import figures, table
from commandwall import alarms
from commandwall.clock import DAY, HOUR, SECOND, Clock
from commandwall.dry_run import DryRun, Outcome
from commandwall.pool.recorder import SERIES
from commandwall.sensors import READING_DTYPE, Sensor
from commandwall.store import database
from commandwall.store.columns import squeeze
from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror, use
from commandwall.store.telemetry import NAME, READINGS, SHARE, SPAN, Telemetry

SEED = 6
PERIOD = 30 * SECOND
SIZES = {True: (2_900, 6 * HOUR), False: (29_040, 7 * DAY)}
"""By `quick`: devices of the class, and how far back. 29,040 are those of gas among 132,000."""
LEAKS = 40
"""Devices that are beyond the limit for a while, in each ten minutes."""
PATIENCE_S = 1800
ADD = 'INSERT INTO chunk(series, share, start, "end", body) VALUES (?, ?, ?, ?, ?)'


def gas(no: int) -> Sensor:
    area = f"3202810010{no % 90:02d}"
    name = f"GAS-{no:06d}"
    return Sensor(name, no, "GAS", name, area, "", 120.3, 31.5, "%LEL", 0.0, 100.0, 30)


def readings(devices: int, begin: int, rng: np.random.Generator) -> NDArray[np.void]:
    """Ten minutes of all devices, by number and moment: calm, and a few that leak."""
    each = SPAN // PERIOD
    rows = np.zeros(devices * each, READING_DTYPE)
    no = np.arange(devices)
    rows["no"] = np.repeat(no, each)
    phase = no * 7919 % PERIOD
    rows["at"] = (begin + phase[:, None] + np.arange(each) * PERIOD).ravel()
    value = rng.normal(0.6, 0.35, (devices, each)).clip(0)
    value[rng.choice(devices, min(LEAKS, devices // 20)), 5:9] += rng.uniform(7, 30)
    rows["value"] = value.round(1).ravel()
    return rows


def fill(folder: Path, devices: int, back: int) -> None:
    """A station that knows these devices, with their history up to now."""
    mirror = Mirror(folder / "m1.db")
    mirror.take({"sensor": [tuple(getattr(gas(n), f) for f in gas(n).__slots__)
                            for n in range(devices)]}, {})  # fmt: skip
    mirror.close()
    use(folder, "m1.db")
    open_store(folder).close()
    Telemetry(folder, SERIES).close()
    rng, now = np.random.default_rng(SEED), Clock().now()
    with closing(database.raw(folder / NAME)) as conn:
        for begin in range(now - back, now - SPAN, SPAN):
            rows = readings(devices, begin, rng)
            edges = np.searchsorted(rows["no"], np.arange(0, devices + SHARE, SHARE))
            conn.execute("BEGIN")
            conn.executemany(ADD, (_chunk(rows[a:b]) for a, b in pairwise(edges)))
            conn.execute("COMMIT")


def _chunk(rows: NDArray[np.void]) -> tuple[Any, ...]:
    at = rows["at"]
    return READINGS, int(rows["no"][0]) // SHARE, int(at.min()), int(at.max()), squeeze(rows, 1)


@contextmanager
def history(kept: Path | None, devices: int, back: int) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="cw-") as held:
        folder = kept or Path(held)
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "m1.db").exists():
            fill(folder, devices, back)
        yield folder


def tried(folder: Path) -> tuple[float, float, Outcome]:
    """Seconds until its first share is told and until its answer, and that."""
    rule = next(rule for rule in alarms.rules() if rule.id == "GAS-3")
    began = time.monotonic()
    run = DryRun(folder, replace(rule, threshold=8.0))
    while not run.share and not run.answer.done():
        time.sleep(0.01)
    first = time.monotonic() - began
    found = run.answer.result(PATIENCE_S)
    return first, time.monotonic() - began, found


def given_up(folder: Path) -> float:
    """Seconds until the child of one that is given up in the middle is gone."""
    rule = next(rule for rule in alarms.rules() if rule.id == "GAS-3")
    run = DryRun(folder, replace(rule, threshold=8.0))
    while not run.share and not run.answer.done():
        time.sleep(0.01)
    began = time.monotonic()
    run.stop()
    run.ended.wait(PATIENCE_S)
    return time.monotonic() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--kept", type=Path)
    asked = parser.parse_args()
    devices, back = SIZES[asked.quick]
    with history(asked.kept, devices, back) as folder:
        first, whole, found = tried(folder)
        ended = given_up(folder)
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    count = devices * back // PERIOD
    table("dry run", ("devices", "days", "readings", "first share s", "whole s", "MB", "ends s"),
          [(devices, found.days, count, first, whole, most, ended)])  # fmt: skip
    figures("dry_run", devices=devices, days=round(found.days, 2), readings=count,
            first_s=round(first, 2), whole_s=round(whole, 1), mb=round(most),
            ended_s=round(ended, 2), raised=found.tried.raised, now=found.tried.now)  # fmt: skip


if __name__ == "__main__":
    main()
