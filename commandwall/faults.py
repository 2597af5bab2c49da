"""Alarms about devices themselves: one whose readings cannot be true, one that is silent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commandwall.alarms import BROKEN, SILENT, Crossing, Rule
from commandwall.clock import SECOND, Ms
from commandwall.sensors import GOOD, Sensor


class Faults:
    """Which devices have such an alarm. Without a row for a class there are none of it."""

    def __init__(self, sensors: Sequence[Sensor], rules: Sequence[Rule]) -> None:
        self._sensors = sensors
        self._rules = {rule.cls: rule for rule in rules if rule.cls in (BROKEN, SILENT)}
        self.broken, self.silent = (np.zeros(len(sensors), np.bool_) for _ in range(2))
        self._good = np.zeros(len(sensors), np.int64)
        """Since when a broken device says again what can be; 0 while it does not."""

    def restore(self, row: int, cls: str) -> None:
        """Begin with an alarm that is already known."""
        (self.broken if cls == BROKEN else self.silent)[row] = True

    def columns(self) -> dict[str, NDArray[Any]]:
        """What is kept of each device from one reading to the next, by name. Silence is no part of
        it: nobody reads it off readings."""
        return {"broken": self.broken, "good": self._good}

    def speak(self, row: int, value: float, at: int) -> list[Crossing]:
        """This device was heard: it is not silent."""
        if not self.silent[row]:
            return []
        self.silent[row] = False
        return [self._crossing(SILENT, row, value, at, over=True)]

    def take(
        self,
        rows: NDArray[np.intp],
        value: NDArray[np.float32],
        at: NDArray[np.int64],
        quality: NDArray[np.uint8],
    ) -> list[Crossing]:
        """One reading of each of these devices, with its quality: a fault begins with the first
        bad one, and ends after so long of good ones (off_s); whoever speaks is not silent."""
        touched = (quality != GOOD) | self.broken[rows] | self.silent[rows]
        made = [
            self._look(int(rows[i]), float(value[i]), int(at[i]), int(quality[i]))
            for i in np.flatnonzero(touched)
        ]
        return [crossing for some in made for crossing in some]

    def hush(
        self, rows: NDArray[np.intp], value: NDArray[np.float32], at: NDArray[np.int64]
    ) -> list[Crossing]:
        """These devices are silent since these moments, after having said these values."""
        if SILENT not in self._rules:
            return []
        fresh = ~self.silent[rows]
        self.silent[rows] = True
        return [
            self._crossing(SILENT, int(rows[i]), float(value[i]), int(at[i]))
            for i in np.flatnonzero(fresh)
        ]

    def _look(self, row: int, value: float, at: int, quality: int) -> list[Crossing]:
        made = self.speak(row, value, at)
        if quality != GOOD:
            self._good[row] = 0
            if not self.broken[row] and BROKEN in self._rules:
                self.broken[row] = True
                made.append(self._crossing(BROKEN, row, value, at))
        elif self.broken[row]:
            made += self._mended(row, value, at)
        return made

    def _mended(self, row: int, value: float, at: int) -> list[Crossing]:
        since = self._good[row] = self._good[row] or at
        if BROKEN in self._rules and at - since < self._rules[BROKEN].off_s * SECOND:
            return []
        self.broken[row], self._good[row] = False, 0
        return [self._crossing(BROKEN, row, value, int(since), over=True)]

    def _crossing(self, cls: str, row: int, value: float, at: int, over: bool = False) -> Crossing:
        rule = self._rules[cls]
        shown = value if np.isfinite(value) else 0.0
        return Crossing(self._sensors[row], rule, 0 if over else rule.severity, shown, Ms(at))
