"""The only place that asks the computer for the time.

Wall-clock times in this program are UTC in whole milliseconds since 1970 (`Ms`). Durations are
measured with `Clock.monotonic()`, which never jumps.
"""

from __future__ import annotations

import math
import threading
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
    """The computer's time plus the measured offset to the pool: slewed, and never going back but
    where it was wrong by over a minute.

    Where the pool's time is known, a computer whose own is set back changes nothing: time goes on
    evenly. Set forward, or asleep, it counts at once, since nothing may look younger than it is;
    the next measurement says which of the two it was.
    """

    SLEW = 0.05  # at most 5 % faster or slower while an offset is worked in
    STEP_S = 60.0
    """An offset that is wrong by more is not worked in: for hours no age would be true."""
    JUMP_S = 1.0
    """The computer's own time may go back by so much between two looks unnoticed."""
    SETTLE_S = 2.0
    """So long after such a jump another program may still tell an offset from before it."""

    def __init__(self) -> None:
        self._offset = self._target = 0.0  # seconds
        self._known, self._lock = False, threading.Lock()
        self._last = 0
        self._slewed_at = time.monotonic()
        self._apart = self._seen = time.time() - time.monotonic()
        self._jumped_at = -math.inf

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

    def worked_here(self) -> float:
        """Seconds that a processor has worked for this thread."""
        return time.thread_time()

    def pause(self, seconds: float) -> None:
        """Wait; never on the screen's thread."""
        time.sleep(seconds)

    def raw(self) -> Ms:
        """The computer's own time, as it is."""
        return Ms(int(time.time() * 1000))

    def now(self) -> Ms:
        """Pool time as well as it is known."""
        with self._lock:
            self._slew()
            self._last = max(self._last, int((time.time() + self._offset) * 1000))
            return Ms(self._last)

    def measured(self, offset_s: float) -> None:
        """Take a new measurement of pool time minus the computer's time (seconds)."""
        with self._lock:
            self._slew()
            self._target, self._known = offset_s, True
            if abs(offset_s - self._offset) > self.STEP_S:
                self._step(offset_s)

    @property
    def offset(self) -> float:
        """Pool time minus the computer's (seconds), as far as it is worked in."""
        return self._offset

    def follow(self, offset_s: float) -> None:
        """Go by the time of another program of this station, which measures it; 0: not yet."""
        with self._lock:
            self._slew()
            if time.monotonic() - self._jumped_at < self.SETTLE_S:
                return
            self._target, self._known = offset_s, self._known or offset_s != 0.0
            self._step(offset_s)

    @property
    def skew(self) -> float:
        """Seconds that the computer's clock differs from the pool's."""
        return self._target

    def _slew(self) -> None:
        here = time.monotonic()
        self._look_for_jump(time.time() - here, here)
        step = (here - self._slewed_at) * self.SLEW
        self._slewed_at = here
        self._offset += max(-step, min(step, self._target - self._offset))

    def _look_for_jump(self, apart: float, here: float) -> None:
        """Go on evenly where the computer's own time was set back."""
        back, self._seen = self._seen - apart, apart
        if back < self.JUMP_S:
            return
        self._jumped_at = here
        if self._known:
            self._offset += back
            self._target += back
        else:
            self._last = 0

    def _step(self, offset_s: float) -> None:
        """Another offset at once; time may go back where it was grossly wrong."""
        if self._offset - offset_s > self.STEP_S:
            self._last = 0
        self._offset = offset_s


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


def day_start(at: Ms) -> Ms:
    """Midnight in the city before a moment."""
    return _day_start(at // MINUTE)


@lru_cache(maxsize=128)
def _day_start(minute: int) -> Ms:
    at = to_datetime(Ms(minute * MINUTE))
    return from_datetime(at.replace(hour=0, minute=0, second=0, microsecond=0))


def from_datetime(at: datetime) -> Ms:
    """UTC milliseconds of an aware datetime; a naive one raises ValueError."""
    if at.tzinfo is None:
        raise ValueError("a time without its zone")
    return Ms(round(at.timestamp() * 1000))
