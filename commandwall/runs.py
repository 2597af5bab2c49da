"""Runs of readings that want the same: what the delays of rules count by."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST = 255
"""Readings of a run are counted up to here."""
CALM = 5
"""Stands for no severity while severities are compared: a smaller number is worse."""


class Runs:
    """Of each device what its last readings want, since when, and how many they are."""

    def __init__(self, count: int, name: str) -> None:
        """`name`: what its columns are called."""
        self._name = name
        self.wanted = np.full(count, CALM, np.int8)
        self.since, self.times = np.zeros(count, np.int64), np.zeros(count, np.uint8)

    def follow(
        self,
        rows: NDArray[np.intp],
        wanted: NDArray[np.int8],
        at: NDArray[np.int64],
        begun: NDArray[np.bool_],
    ) -> None:
        """These want so much at these moments; where they have `begun`, a new run."""
        times = self.times[rows]
        self.wanted[rows] = wanted
        self.since[rows] = np.where(begun, at, self.since[rows])
        self.times[rows] = np.where(begun, 1, times + (times < MOST))

    def take(self, rows: NDArray[np.intp], other: Runs) -> None:
        """Be what the other runs are."""
        self.wanted[rows], self.since[rows] = other.wanted[rows], other.since[rows]
        self.times[rows] = other.times[rows]

    def begin(self, rows: NDArray[np.intp], wanted: NDArray[np.int8]) -> None:
        """These want so much, and nobody knows since when."""
        self.wanted[rows], self.since[rows], self.times[rows] = wanted, 0, 0

    def columns(self) -> dict[str, NDArray[Any]]:
        """What is kept of each device, by name."""
        return {
            self._name: self.wanted,
            f"{self._name}_since": self.since, f"{self._name}_times": self.times,
        }  # fmt: skip
