"""Readings against the alarm rules: severity of each sensor, with delays and dead-bands, in numpy.

Times are the readings' own, so every station that sees the same readings comes to the same
crossings at the same moments.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from commandwall.alarms import BROKEN, SILENT, Crossing, Rule
from commandwall.clock import Ms
from commandwall.faults import Faults
from commandwall.quality import Quality
from commandwall.sensors import GOOD, Sensor

SEVERITIES = (1, 2, 3, 4)
CALM = 5
"""Stands for no severity while severities are compared: a smaller number is worse."""


class Judge:
    """Keeps the severity of every sensor and says which ones cross."""

    def __init__(
        self, sensors: Sequence[Sensor], rules: Sequence[Rule], on: date | None = None
    ) -> None:
        """`on`: the day whose rows say what readings can be, today where none is given."""
        self.sensors = sensors
        self.quality, self.faults = Quality(sensors, on), Faults(sensors, rules)
        self._rules = {(r.cls, r.severity): r for r in rules}
        classes = sorted({s.cls for s in sensors})
        index = {cls: i for i, cls in enumerate(classes)}
        self._cls = np.array([index[s.cls] for s in sensors], np.intp)
        self._threshold = self._table(classes, "threshold", np.nan)
        self._deadband = self._table(classes, "deadband", 0.0)
        self._on = self._table(classes, "on_s", 0.0) * 1000
        self._off = self._table(classes, "off_s", 0.0) * 1000
        self._sign = np.array([self._low_bad(c) for c in classes])
        self._no_rule = np.asarray(np.isnan(self._threshold).all(axis=1))
        n = len(sensors)
        self.severity = np.full(n, CALM, np.int8)
        self._pending = np.full(n, CALM, np.int8)
        self._since = np.zeros(n, np.int64)

    def restore(self, row: int, severity: int, cls: str) -> None:
        """Begin with an alarm that is already known."""
        if cls in (BROKEN, SILENT):
            self.faults.restore(row, cls)
        else:
            self.severity[row] = self._pending[row] = severity

    def doubts(self, rows: NDArray[np.intp]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """The severity that each of these would change to, and since when: a delay that runs."""
        return self._pending[rows].astype(np.uint8), self._since[rows]

    def resume(
        self, rows: NDArray[np.intp], pending: NDArray[np.uint8], since: NDArray[np.int64]
    ) -> None:
        """Go on with delays that ran before."""
        self._pending[rows], self._since[rows] = pending, since

    def take(
        self,
        rows: NDArray[np.intp],
        value: NDArray[np.float32],
        at: NDArray[np.int64],
        quality: NDArray[np.uint8],
    ) -> Iterator[list[Crossing]]:
        """Take readings, those of one sensor in their order: they count as if each came alone.
        Sets `quality` to what is found of each. Yields crossings, never two of one sensor under
        the rules of one class at once."""
        for turn in _turns(rows):
            found = quality[turn]
            crossings = self.step(rows[turn], value[turn], at[turn], found)
            quality[turn] = found
            if crossings:
                yield crossings

    def step(
        self,
        rows: NDArray[np.intp],
        value: NDArray[np.float32],
        at: NDArray[np.int64],
        quality: NDArray[np.uint8],
    ) -> list[Crossing]:
        """Take one reading of each of these sensors; the crossings they make.

        Sets `quality`. Readings that are not good are left out: a broken device raises no process
        alarm, but one of its own.
        """
        quality[:] = self.quality.look(rows, value, at, quality)
        faults = self.faults.take(rows, value, at, quality)
        fit = (quality == GOOD) & ~self._no_rule[self._cls[rows]]
        rows, value, at = rows[fit], value[fit], at[fit]
        return [*faults, *self._ruled(rows, value, at)]

    def _ruled(
        self, rows: NDArray[np.intp], value: NDArray[np.float32], at: NDArray[np.int64]
    ) -> list[Crossing]:
        wanted = self._wanted(rows, value)
        self._since[rows] = np.where(wanted != self._pending[rows], at, self._since[rows])
        self._pending[rows] = wanted
        due = (wanted != self.severity[rows]) & (at - self._since[rows] >= self._wait(rows, wanted))
        crossing = [
            self._crossing(int(row), int(wanted[i]), float(value[i]))
            for i, row in zip(np.flatnonzero(due), rows[due], strict=True)
        ]
        self.severity[rows[due]] = wanted[due]
        return crossing

    def _wanted(self, rows: NDArray[np.intp], value: NDArray[np.float32]) -> NDArray[np.int8]:
        cls = self._cls[rows]
        sign = self._sign[cls]
        wanted = np.full(len(rows), CALM, np.int8)
        for severity in reversed(SEVERITIES):
            edge = sign * self._threshold[cls, severity - 1]
            held = self.severity[rows] <= severity  # leaving needs to pass the dead-band
            edge = edge - np.where(held, self._deadband[cls, severity - 1], 0.0)
            wanted[sign * value >= edge] = severity
        return wanted

    def _wait(self, rows: NDArray[np.intp], wanted: NDArray[np.int8]) -> NDArray[np.float64]:
        cls, now = self._cls[rows], self.severity[rows]
        worse = wanted < now
        delay = np.where(worse, wanted, now) - 1
        table = np.where(worse, self._on[cls, delay % 4], self._off[cls, delay % 4])
        return np.asarray(table, np.float64)

    def _crossing(self, row: int, wanted: int, value: float) -> Crossing:
        sensor = self.sensors[row]
        worst = min(wanted, int(self.severity[row]))
        severity = 0 if wanted == CALM else wanted
        at = Ms(int(self._since[row]))
        return Crossing(sensor, self._rules[(sensor.cls, severity or worst)], severity, value, at)

    def _table(self, classes: Sequence[str], field: str, empty: float) -> NDArray[np.float64]:
        found = [[self._rules.get((c, s)) for s in SEVERITIES] for c in classes]
        table = [[empty if r is None else getattr(r, field) for r in row] for row in found]
        return np.array(table, np.float64).reshape(-1, len(SEVERITIES))

    def _low_bad(self, cls: str) -> float:
        return -1.0 if any(r.low_bad for (c, _), r in self._rules.items() if c == cls) else 1.0


def _turns(rows: NDArray[np.intp]) -> Iterator[NDArray[np.intp] | slice]:
    """Where the first reading of each sensor stands, then where the second of those that have one
    does, and so on."""
    if np.bincount(rows, minlength=1).max() <= 1:
        yield slice(None)
        return
    order = np.argsort(rows, kind="stable")
    begins = np.flatnonzero(np.diff(rows[order], prepend=-1))
    counts = np.diff(begins, append=len(rows))
    for turn in range(int(counts.max())):
        yield order[begins[counts > turn] + turn]
