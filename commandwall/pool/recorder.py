"""The recorder: writes telemetry.db on a thread of its own, so that no reading waits for a disk."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from commandwall import codes
from commandwall.beside import Beside
from commandwall.clock import DAY, HOUR, MINUTE, Clock, Ms, day
from commandwall.resources import FIX_DTYPE
from commandwall.sensors import READING_DTYPE
from commandwall.store import space
from commandwall.store.database import StoreTrouble
from commandwall.store.telemetry import FIXES, READINGS, Telemetry

log = logging.getLogger(__name__)
MINUTES, HOURS = "minutes", "hours"
MEAN_DTYPE = np.dtype([("no", "<u4"), ("at", "<i8"), ("value", "<f4")])
"""Mean of a device over the minute or hour that begins at `at`."""
SERIES = {READINGS: READING_DTYPE, FIXES: FIX_DTYPE, MINUTES: MEAN_DTYPE, HOURS: MEAN_DTYPE}
KEPT = {
    READINGS: "readings_days", MINUTES: "minutes_days", FIXES: "tracks_days", HOURS: "hours_days",
}  # fmt: skip
"""Series -> the row of the list `limit` that says how long it is kept; where the disk may hold no
more, the first goes first."""
EVERY_S = 10.0
LATE = 20 * MINUTE
"""Readings of a moment are in chunks by then."""
WAITING = 20_000
"""Packs that wait for a disk that does not take them; the oldest is given up first."""
State = Callable[[], Mapping[str, NDArray[np.void]]]


class Recorder(Beside):
    """Takes what the packs brought; every ten seconds it is on disk with the newest state, and once
    more when it is over."""

    every_s = EVERY_S

    def __init__(self, folder: Path, clock: Clock, pool: str = "") -> None:
        super().__init__("recorder")
        self._clock = clock
        self._folder, self._telemetry = folder, Telemetry(folder, SERIES, pool)
        self._fresh = {series: deque[NDArray[np.void]](maxlen=WAITING) for series in SERIES}
        self._state: State = dict
        self._hour = 0
        self._broken: StoreTrouble | None = None
        self._doubts = 0
        """How often in a row the file was said to be damaged: once says so also a disk that could
        not read a page just then."""

    def take(self, series: str, rows: NDArray[np.void]) -> None:
        """Keep these rows; costs the caller nothing."""
        if len(rows):
            self._fresh[series].append(rows)

    def follow(self, state: State) -> None:
        """Where the newest state of every device is to be had from now on."""
        self._state = state

    def latest(self, series: str) -> NDArray[np.void]:
        """The newest state that was on disk when this agent began."""
        return self._telemetry.latest(series)

    def doubt(self, trouble: StoreTrouble) -> None:
        """The file was found damaged: it is put away before the next writing."""
        self._broken = trouble

    def look(self) -> None:
        self.step()

    def step(self) -> None:
        """Write down what came since; a disk that refuses gets it again, and nothing else stops."""
        try:
            broken, self._broken = self._broken, None
            if broken is not None:
                self._telemetry.begin_anew(broken)
            space.finish(self._folder, lambda: self._write(self._clock.now()))
            self._doubts = 0
        except (StoreTrouble, TimeoutError) as trouble:
            log.warning("the history is not written: %s", trouble)
            if isinstance(trouble, StoreTrouble) and trouble.code == "damaged":
                self._doubts += 1
                self._broken = trouble if self._doubts > 1 else None

    def stop(self) -> None:
        """Write the last and end."""
        super().stop()
        self.step()
        self._state = dict  # else it and whom it follows hold each other, with open files
        self._telemetry.close()

    def _write(self, now: Ms) -> None:
        for series, waiting in self._fresh.items():
            rows = list(waiting)
            if rows:
                self._telemetry.append(series, now, np.concatenate(rows))
            for _ in rows:
                waiting.popleft()
        for series, newest in self._state().items():
            self._telemetry.keep_latest(series, now, newest)
        self._telemetry.compact(now)
        if now // HOUR != self._hour:
            self._thin(now)
            self._hour = now // HOUR

    def _thin(self, now: Ms) -> None:
        """Once an hour, and at each start: averages of what is old, then the old itself goes."""
        on, telemetry = day(now), self._telemetry
        telemetry.average(READINGS, MINUTES, MINUTE, Ms(now - LATE))
        telemetry.average(MINUTES, HOURS, HOUR, Ms(now - LATE))
        for series, name in KEPT.items():
            telemetry.forget(series, Ms(int(now - codes.limit(name, on) * DAY)))
        telemetry.trim(int(codes.limit("history_gb", on) * 1e9), list(KEPT))
