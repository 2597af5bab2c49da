"""What makes an alarm one severity worse beside its value: how fast it rises, a second device."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commandwall.clock import HOUR
from commandwall.sensors import Sensor


class Rates:
    """How fast a value rises, by the first reading of the stretch of time before."""

    def __init__(self, count: int, width_ms: int) -> None:
        self._width = width_ms
        self._value, self._at = np.full((2, count), np.nan, np.float32), np.zeros((2, count))

    def columns(self) -> dict[str, NDArray[Any]]:
        """What is kept of each device, by name."""
        return {
            "rate_value": self._value[0], "rate_at": self._at[0],
            "rate_next": self._value[1], "rate_next_at": self._at[1],
        }  # fmt: skip

    def look(
        self, rows: NDArray[np.intp], value: NDArray[np.float32], at: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Units per hour; 0 while too little is known."""
        new = at // self._width != self._at[1][rows] // self._width
        turned = rows[new]
        self._value[0][turned], self._at[0][turned] = self._value[1][turned], self._at[1][turned]
        self._value[1][turned], self._at[1][turned] = value[new], at[new]
        apart = at - self._at[0][rows]
        known = (self._at[0][rows] > 0) & (apart <= 3 * self._width) & (apart > 0)
        rate = np.zeros(len(rows))
        np.divide((value - self._value[0][rows]) * HOUR, apart, out=rate, where=known)
        return rate


class Pairs:
    """Devices of one building that crossed within a while of each other."""

    def __init__(self, sensors: Sequence[Sensor], some: NDArray[np.bool_]) -> None:
        """`some`: the devices that have a rule which asks for a second one."""
        self.noted, self._begun = np.zeros(len(sensors), np.bool_), np.zeros(len(sensors), np.int64)
        self.place = np.arange(len(sensors))
        """Row of the first device of its class and building; its own for one in no building."""
        self._members: dict[int, list[int]] = defaultdict(list)
        first: dict[tuple[str, str], int] = {}
        for row in np.flatnonzero(some).tolist():
            sensor = sensors[row]
            self.place[row] = first.setdefault((sensor.cls, sensor.building or sensor.id), row)
            self._members[int(self.place[row])].append(row)

    def columns(self) -> dict[str, NDArray[Any]]:
        """What is kept of each device, by name."""
        return {"noted": self.noted, "begun": self._begun}

    def look(
        self,
        rows: NDArray[np.intp],
        at: NDArray[np.int64],
        beyond: NDArray[np.bool_],
        within_ms: NDArray[np.float64],
    ) -> NDArray[np.bool_]:
        """Note which devices are beyond their limit at a moment; True where another one of its
        class and building came to be so within such a time of it."""
        found = np.zeros(len(rows), np.bool_)
        some = np.flatnonzero(beyond | self.noted[rows])
        for i in some[np.argsort(at[some], kind="stable")]:
            row = int(rows[i])
            found[i] = beyond[i] and self._note(row, int(at[i]), float(within_ms[i]))
            self.noted[row] = beyond[i]
        return found

    def _note(self, row: int, at: int, within_ms: float) -> bool:
        if not self.noted[row]:
            self._begun[row] = at
        if within_ms <= 0:
            return False
        here = np.array([r for r in self._members[int(self.place[row])] if r != row], np.intp)
        begun = self._begun[here[self.noted[here]]]
        return bool(np.any((begun <= at) & (np.abs(begun - self._begun[row]) <= within_ms)))
