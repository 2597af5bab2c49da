"""What makes an alarm one severity worse beside its value: how fast it rises, a second device."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from commandwall.clock import HOUR
from commandwall.sensors import Sensor


class Rates:
    """How fast a value rises, by the first reading of the stretch of time before."""

    def __init__(self, count: int, width_ms: int) -> None:
        self._width = width_ms
        self._value, self._at = np.full((2, count), np.nan, np.float32), np.zeros((2, count))

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

    def __init__(self, sensors: Sequence[Sensor]) -> None:
        self._sensors = sensors
        self._noted = np.zeros(len(sensors), np.bool_)
        self._begun: dict[tuple[str, str], dict[int, int]] = {}

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
        some = np.flatnonzero(beyond | self._noted[rows])
        for i in some[np.argsort(at[some], kind="stable")]:
            if beyond[i]:
                found[i] = self._note(int(rows[i]), int(at[i]), float(within_ms[i]))
            else:
                self._begun[self._place(int(rows[i]))].pop(int(rows[i]), None)
        self._noted[rows[some]] = beyond[some]
        return found

    def _place(self, row: int) -> tuple[str, str]:
        """A device in no building is alone."""
        sensor = self._sensors[row]
        return sensor.cls, sensor.building or sensor.id

    def _note(self, row: int, at: int, within_ms: float) -> bool:
        here = self._begun.setdefault(self._place(row), {})
        own = here.setdefault(row, at)
        others = (begun for other, begun in here.items() if other != row and begun <= at)
        return within_ms > 0 and any(abs(own - begun) <= within_ms for begun in others)
