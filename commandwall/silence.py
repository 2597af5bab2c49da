"""Which devices fell silent while others were heard.

A silence is measured by the time up to which the feed was heard, not by the clock on the wall:
while the pool, or the line to it, is away no device falls silent, since that has one cause and a
lamp of its own. After such a gap every device has a few periods to speak again. How far it was
heard is kept in a live file: to a station whose agent began anew the same devices are silent.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from commandwall import codes
from commandwall.clock import SECOND
from commandwall.sensors import Sensor
from commandwall.store.live import LiveArrays

HEARD = (("since", "i8"), ("at", "i8"))
"""Since when and up to when the feed was heard without a gap (UTC ms), in one row."""
FIRST = np.zeros(1, np.intp)


class Hearing:
    """How long each device may be silent, and how far the feed was heard without a gap."""

    def __init__(
        self, sensors: Sequence[Sensor], heard: LiveArrays, on: date | None = None
    ) -> None:
        """By the rows of a day, today where none is given; `heard` has the columns of HEARD."""
        rows = codes.load("sensor_class", on)
        stale = [rows[s.cls].facts.get("stale_s", 0) if s.cls in rows else 0 for s in sensors]
        period = np.array([s.period_s for s in sensors], np.int64) * SECOND
        self._grace = (codes.limit("silent_periods", on) * period).astype(np.int64)
        self._stale = np.maximum(np.array(stale, np.int64) * SECOND, self._grace)
        self._hole = int(codes.limit("hearing_hole_seconds", on) * SECOND)
        self._share, self._least = codes.limit("silent_share", on), codes.limit("silent_least", on)
        self._heard = heard
        columns = heard.read()
        self._since, self._until = int(columns["since"][0]), int(columns["at"][0])

    def due(self, at: NDArray[np.int64]) -> NDArray[np.int64]:
        """The moments at which devices that spoke last at these are silent: the same at every
        station."""
        return at + self._stale

    def silent(self, at: NDArray[np.int64]) -> NDArray[np.intp]:
        """Rows of the devices that are silent, by the moments (UTC ms) of their newest readings.
        None of those that were never heard; none at all where so many are that one cause lies
        behind it."""
        since = np.maximum(self.due(at), self._since + self._grace)
        found = np.flatnonzero((at > 0) & (since < self._until))
        most = max(self._least, self._share * np.count_nonzero(at))
        return found if len(found) <= most else found[:0]

    def hear(self, newest: int) -> None:
        """Readings up to a moment came, one pack after the other: what comes late at once, after
        a time without the pool, is no gap."""
        if newest - self._until > self._hole:
            self._since = newest
        self._until = max(self._until, newest)
        self._heard.write(FIRST, since=np.array([self._since]), at=np.array([self._until]))
