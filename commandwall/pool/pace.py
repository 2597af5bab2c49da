"""How quick the line to the pool is. A thin one is slow, and not gone: it still brings data."""

from __future__ import annotations

import math
from typing import Protocol

from commandwall import codes
from commandwall.clock import SECOND, Clock, Ms
from commandwall.store.pulse import NEVER


class Line(Protocol):
    """What brings bytes, and says when it last did (s, monotonic)."""

    @property
    def heard(self) -> float: ...

    @property
    def moved(self) -> float:
        """When it last brought or took bytes, or was asked."""
        ...

    @property
    def asking(self) -> bool:
        """Whether somebody waits for an answer on it."""
        ...


class Pace:
    """The looks at the pool, one after the other, over one line after the other.

    A line that still brings bytes of an answer later than the list `limit` lets be is slow, and one
    on which answers came and another is waited for until then: what is asked may take its time to
    get there. It stays so until all looks were quick for as long as that list says: what is told of
    it must not come and go. What a connection begins with may be long, and is nothing to remember.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._line: Line | None = None
        self._asked, self._follows = math.inf, False
        self._slow_until = -math.inf

    def hear(self, line: Line) -> None:
        """Go by another connection."""
        self._line, self._asked, self._follows = line, self._clock.monotonic(), False

    def lose(self) -> None:
        """The connection is over, or brought a refusal alone: what was heard on it tells nothing of
        a pool that is there."""
        self._line = None

    def looked(self) -> None:
        """A look is over, and the next one begins."""
        self.is_slow()
        self._asked, self._follows = self._clock.monotonic(), True

    def is_slow(self) -> bool:
        now, heard, most = self._clock.monotonic(), self._heard(), codes.limit("slow_line_seconds")
        waits = self._line is not None and self._line.asking and heard > self._asked
        is_late = (now if waits else heard) - self._asked > most
        if is_late and self._follows:
            self._slow_until = now + codes.limit("slow_settle_seconds")
        return is_late or now < self._slow_until

    @property
    def heard_at(self) -> Ms:
        """Since when the line, which brought bytes, stands still: as long as the agent waits for an
        answer, which may be asked for seconds after the last one, it is not gone to others."""
        if self._line is None or self._line.heard == -math.inf:
            return NEVER
        return Ms(self._clock.now() - int((self._clock.monotonic() - self._line.moved) * SECOND))

    def _heard(self) -> float:
        return -math.inf if self._line is None else self._line.heard
