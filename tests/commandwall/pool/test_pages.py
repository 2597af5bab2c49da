"""Pages of the feed: small at first, then as large as their time allows, and nothing left out."""

from __future__ import annotations

from typing import Any

import numpy as np
from builders import an_event

from commandwall.clock import Clock
from commandwall.pool.loader import load
from commandwall.pool.pages import LEAST, LONG_S, MOST, SHORT_S, Pages


class Watch(Clock):
    """Durations in the test's hand."""

    spent = 0.0

    def monotonic(self) -> float:
        return self.spent


def read(pages: Pages, watch: Watch, after: int, took: float) -> list[int]:
    """Ends of the next six pages behind a position, each of which takes so long."""
    ends = [after]
    for _ in range(6):
        with pages.next(ends[-1]) as page:
            watch.spent += took
        ends.append(page.last)
    return ends


def test_pages_double_while_they_are_short_and_halve_when_they_are_long(pool: Any) -> None:
    load(pool.owner, [an_event(id=f"e{i}") for i in range(150 * LEAST)])
    with pool.client() as client:
        watch = Watch()
        pages = Pages(client, watch)
        quick = read(pages, watch, 0, SHORT_S / 2)
        slow = read(pages, watch, quick[-1], LONG_S * 2)
    grown, shrunk = np.diff(quick), np.diff(slow)
    assert grown[0] == LEAST and (np.diff(grown) >= 0).all()
    assert 8 * LEAST <= grown[-1] <= MOST
    assert shrunk[-1] < shrunk[0]


def test_what_changes_while_the_next_page_is_read_ahead_still_comes(pool: Any) -> None:
    load(pool.owner, [an_event(id=f"e{i}") for i in range(2 * LEAST)])
    held: dict[str, Any] = {}
    with pool.client() as client:
        pages, after, more = Pages(client, Clock()), 0, True
        while more:
            with pages.next(after) as page:
                if after == 0:
                    pool.owner.execute("UPDATE cw_event SET title = 'neu'")
                held |= {row[0]: row[3] for row in page.rows.get("event", [])}
            after, more = page.last, page.more
    assert set(held.values()) == {"neu"} and len(held) == 2 * LEAST
