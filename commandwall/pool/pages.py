"""Pages of the feed, as large as can be written at once: sized by the time that the last one took.

The first is small, for a thin line. While one is written the pool reads the next.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from commandwall.clock import Clock
from commandwall.pool.client import Client, Page

LEAST, MOST = 50, 10_000
"""Rows of a page."""
SHORT_S, LONG_S = 0.1, 0.25
"""A full page that took less is followed by one twice as large, one that took more by half of it:
what a person did here waits as long until it is sent."""


class Pages:
    """What follows a position, page by page."""

    def __init__(self, client: Client, clock: Clock) -> None:
        self._client, self._clock, self._size = client, clock, LEAST

    @contextmanager
    def next(self, after: int) -> Generator[Page]:
        """The page behind a position; the time until it is left says how large the next one is."""
        began = self._clock.monotonic()
        page = self._client.page(after, self._size)
        if page.more:
            self._client.ahead(page.last, self._size)
        yield page
        if page.more:
            self._resize(self._clock.monotonic() - began)

    def _resize(self, took: float) -> None:
        if took < SHORT_S:
            self._size = min(2 * self._size, MOST)
        elif took > LONG_S:
            self._size = max(self._size // 2, LEAST)
