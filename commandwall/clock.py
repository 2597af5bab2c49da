"""The only place that asks the computer for the time.

Wall-clock times in this program are UTC in whole milliseconds since 1970 (`Ms`). Durations are
measured with `Clock.monotonic()`, which never jumps.
"""

from __future__ import annotations

import time
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import NewType
from zoneinfo import ZoneInfo

Ms = NewType("Ms", int)
"""UTC, milliseconds since 1970-01-01."""

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


class Clock:
    """The computer's time plus the measured offset to the pool: slewed, and never going back."""

    SLEW = 0.05  # at most 5 % faster or slower while an offset is worked in

    def __init__(self) -> None:
        self._offset = self._target = 0.0  # seconds
        self._last = 0
        self._slewed_at = time.monotonic()
        self._apart = time.time() - time.monotonic()

    def slept(self) -> float:
        """Seconds by which the computer's time has gone ahead of the monotonic clock since this
        was last asked: it was suspended, which that clock may not count, or its time was set."""
        before, self._apart = self._apart, time.time() - time.monotonic()
        return self._apart - before

    def monotonic(self) -> float:
        """Seconds from an arbitrary start, for durations only."""
        return time.monotonic()

    def worked(self) -> float:
        """Seconds that processors have worked for this program."""
        return time.process_time()

    def pause(self, seconds: float) -> None:
        """Wait; never on the screen's thread."""
        time.sleep(seconds)

    def raw(self) -> Ms:
        """The computer's own time, as it is."""
        return Ms(int(time.time() * 1000))

    def now(self) -> Ms:
        """Pool time as well as it is known."""
        self._slew()
        self._last = max(self._last, int((time.time() + self._offset) * 1000))
        return Ms(self._last)

    def measured(self, offset_s: float) -> None:
        """Take a new measurement of pool time minus the computer's time (seconds)."""
        self._target = offset_s

    @property
    def offset(self) -> float:
        """Pool time minus the computer's (seconds), as far as it is worked in."""
        return self._offset

    def follow(self, offset_s: float) -> None:
        """Go by the time of another program of this station, which measures it."""
        self._offset = self._target = offset_s

    @property
    def skew(self) -> float:
        """Seconds that the computer's clock differs from the pool's."""
        return self._target

    def _slew(self) -> None:
        here = time.monotonic()
        step = (here - self._slewed_at) * self.SLEW
        self._slewed_at = here
        self._offset += max(-step, min(step, self._target - self._offset))


def today() -> date:
    """The computer's day in the city; where a clock is at hand, `day(clock.now())` is truer."""
    return _day(int(time.time()) // 60)


def day(at: Ms) -> date:
    """The day of a moment in the city."""
    return _day(at // MINUTE)


@lru_cache(maxsize=64)
def _day(minute: int) -> date:
    return to_datetime(Ms(minute * MINUTE)).date()


def to_datetime(at: Ms, zone: str = "Asia/Shanghai") -> datetime:
    """The moment as an aware datetime in a city's time zone."""
    return datetime.fromtimestamp(at / 1000, UTC).astimezone(ZoneInfo(zone))


def from_datetime(at: datetime) -> Ms:
    """UTC milliseconds of an aware datetime; a naive one raises ValueError."""
    if at.tzinfo is None:
        raise ValueError("a time without its zone")
    return Ms(round(at.timestamp() * 1000))
