"""The feed as pages, and who brings them: the pool itself, or one day something in between.

A page is as large as can be written at once: sized by the time that the last one took. The first
is small, for a thin line. While one is written the pool reads the next.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from commandwall.clock import Clock
from commandwall.pool.client import Client, Page

LEAST, MOST = 50, 10_000
"""Rows of a page."""
SHORT_S, LONG_S = 0.1, 0.25
"""A full page that took less is followed by one twice as large, one that took more by half of it:
what a person did here waits as long until it is sent."""


class Carrier(Protocol):
    """What brings a station the feed: the seam at which a relay in the hall or a broker goes in.

    It brings the pool's own pages whole and in order; everything else that a station asks and says
    goes to the pool.
    """

    def pages(self, after: int) -> AbstractContextManager[Page]:
        """The page that follows a position, an empty one that ends there where nothing is new yet;
        the block is left once it is on disk. PoolTrouble where none can be had now, "epoch" where
        positions are missing."""
        ...


class FromPool:
    """The carrier without anything between: the station's own connection."""

    def __init__(self, client: Client, clock: Clock) -> None:
        self._client, self._clock, self._size = client, clock, LEAST

    @contextmanager
    def pages(self, after: int) -> Generator[Page]:
        """The time until the block is left says how large the next page is."""
        began = self._clock.monotonic()
        page = self._client.page(after, self._size)
        if page.more:
            self._client.ahead(page.last, self._size)
        yield page
        if page.more:
            took = self._clock.monotonic() - began
            self._size = min(max(resized(self._size, took), LEAST), MOST)


def resized(size: int, took: float) -> int:
    """How much is moved next, by the time that so much took."""
    return 2 * size if took < SHORT_S else size // 2 if took > LONG_S else size
