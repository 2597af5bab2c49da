"""Which readings cannot be true: out of range, frozen, or a jump that no thing makes.

It is asked before any rule. Limits are dated rows of the list `sensor_class`; times are the
readings' own, so every station that sees the same readings doubts the same ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commandwall import codes
from commandwall.clock import SECOND
from commandwall.sensors import BAD, GOOD, Sensor

MOST = 255
"""Readings alike are counted up to here."""


class Quality:
    """What each device said last, and whether that could be."""

    def __init__(self, sensors: Sequence[Sensor], on: date | None = None) -> None:
        """The rows of a day, today where none is given; a device's own range, where it has one,
        may be narrower than that of its class. Devices of
        another unit than their class have their own range alone."""
        rows = codes.load("sensor_class", on)
        known = {(id_, row.facts["unit"]): row.facts for id_, row in rows.items()}
        facts = [known.get((s.cls, s.unit), {}) for s in sensors]
        own = np.array([(s.low, s.high) for s in sensors], np.float32).reshape(-1, 2)
        own[own[:, 0] >= own[:, 1]] = -np.inf, np.inf
        self._low = np.maximum(own[:, 0], _column(facts, "low", -np.inf))
        self._high = np.minimum(own[:, 1], _column(facts, "high", np.inf))
        frozen, jump = _column(facts, "frozen", 0), _column(facts, "jump", 0)
        self._frozen = np.where(frozen > 0, np.minimum(frozen, MOST), np.inf)
        self._jump = np.where(jump > 0, jump, np.inf).astype(np.float32)
        periods = codes.limit("silent_periods", on) * SECOND
        self._near = np.array([s.period_s for s in sensors], np.int64) * int(periods)
        n = len(sensors)
        self.value, self.at = np.full(n, np.nan, np.float32), np.full(n, -1, np.int64)
        self.alike, self.verdict = np.zeros(n, np.uint8), np.zeros(n, np.uint8)

    def resume(
        self, rows: NDArray[np.intp], value: NDArray[np.float32], at: NDArray[np.int64]
    ) -> None:
        """Go on after these readings."""
        self.value[rows], self.at[rows], self.alike[rows] = value, at, 1

    def columns(self) -> dict[str, NDArray[Any]]:
        """What is kept of each device, by name."""
        return {
            "value": self.value, "at": self.at, "alike": self.alike, "verdict": self.verdict,
        }  # fmt: skip

    def look(
        self,
        rows: NDArray[np.intp],
        value: NDArray[np.float32],
        at: NDArray[np.int64],
        quality: NDArray[np.uint8],
    ) -> NDArray[np.uint8]:
        """The quality of one reading of each of these devices; what a device itself calls bad
        stays so. A reading that comes again is what it was."""
        fresh, last = at > self.at[rows], self.value[rows]
        low, high = self._low[rows], self._high[rows]
        fit = (value >= low) & (value <= high)  # no number is neither
        near = at - self.at[rows] <= self._near[rows]
        with np.errstate(invalid="ignore"):
            fit &= ~(near & (np.abs(value - last) > self._jump[rows]))
        before = self.alike[rows]
        alike = np.where(value == last, before + (before < MOST), 1).astype(np.uint8)
        fit &= (alike < self._frozen[rows]) | (value == low) | (value == high)
        found = np.where(fit & (quality == GOOD), GOOD, BAD).astype(np.uint8)
        if not fresh.all():
            found = np.where(fresh, found, self.verdict[rows])
            rows, value, at, alike = rows[fresh], value[fresh], at[fresh], alike[fresh]
            self.verdict[rows] = found[fresh]
        else:
            self.verdict[rows] = found
        self.value[rows], self.at[rows], self.alike[rows] = value, at, alike
        return found


def _column(facts: Sequence[codes.Facts], name: str, empty: float) -> NDArray[np.float32]:
    return np.array([row.get(name, empty) for row in facts], np.float32)
