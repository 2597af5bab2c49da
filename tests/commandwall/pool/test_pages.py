"""Pages of the feed: small at first, then as large as their time allows, and nothing left out."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from builders import an_event
from station import exchange

from commandwall import events
from commandwall.areas import CITY, Area
from commandwall.clock import Clock
from commandwall.pool.client import Client, Page
from commandwall.pool.loader import load, upsert
from commandwall.pool.pages import LEAST, LONG_S, MOST, SHORT_S, Carrier, FromPool


class Watch(Clock):
    """Durations in the test's hand."""

    spent = 0.0

    def monotonic(self) -> float:
        return self.spent


def read(carrier: Carrier, watch: Watch, after: int, took: float) -> list[int]:
    """Ends of the next six pages behind a position, each of which takes so long."""
    ends = [after]
    for _ in range(6):
        with carrier.pages(ends[-1]) as page:
            watch.spent += took
        ends.append(page.last)
    return ends


def test_pages_double_while_they_are_short_and_halve_when_they_are_long(pool: Any) -> None:
    load(pool.owner, [an_event(id=f"e{i}") for i in range(150 * LEAST)])
    with pool.client() as client:
        watch = Watch()
        carrier = FromPool(client, watch)
        quick = read(carrier, watch, 0, SHORT_S / 2)
        slow = read(carrier, watch, quick[-1], LONG_S * 2)
    grown, shrunk = np.diff(quick), np.diff(slow)
    assert grown[0] == LEAST and (np.diff(grown) >= 0).all()
    assert 8 * LEAST <= grown[-1] <= MOST
    assert shrunk[-1] < shrunk[0]


def test_what_changes_while_the_next_page_is_read_ahead_still_comes(pool: Any) -> None:
    load(pool.owner, [an_event(id=f"e{i}") for i in range(2 * LEAST)])
    held: dict[str, Any] = {}
    with pool.client() as client:
        carrier, after, more = FromPool(client, Clock()), 0, True
        while more:
            with carrier.pages(after) as page:
                if after == 0:
                    pool.owner.execute("UPDATE cw_event SET title = 'neu'")
                held |= {row[0]: row[3] for row in page.rows.get("event", [])}
            after, more = page.last, page.more
    assert set(held.values()) == {"neu"} and len(held) == 2 * LEAST


class FromFolder:
    """A carrier that knows no pool: another station's pages, each in a file by where it begins."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.taken = folder, list[int]()

    def keep(self, client: Client, after: int) -> None:
        """All pages behind a position, three changes in each."""
        while (page := client.page(after, 3)).last > after:
            (self.folder / str(after)).write_bytes(msgspec.msgpack.encode(page))
            after = page.last

    @contextmanager
    def pages(self, after: int) -> Generator[Page]:
        file = self.folder / str(after)
        yield msgspec.msgpack.decode(file.read_bytes(), type=Page) if file.exists() else Page(after)
        self.taken.append(after)


def test_another_carrier_brings_a_station_to_the_same_content(
    pool: Any, station: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(pool.owner, [Area("c", CITY, "临江市", "", 120.2, 31.15, b"\x00\xff", 0)])
    load(pool.owner, [an_event(id=f"e{i}") for i in range(9)])
    back, front = station("back"), station("front")
    (tmp_path / "hall").mkdir()
    relay = FromFolder(tmp_path / "hall")
    with pool.client() as one, pool.client() as two:
        ours = back.meet(one)
        theirs = front.meet(two, relay)
        begun = int(front.mirror.meta("cursor"))
        upsert(pool.owner, [an_event(id=f"e{i}", title="改") for i in range(5)])
        pool.owner.execute("DELETE FROM cw_event WHERE id = 'e8'")
        pool.owner.execute("UPDATE cw_area SET geom = '\\x01fe'")
        back.do(events.accept, event="e1")
        exchange(ours)
        relay.keep(one, begun)
        monkeypatch.setattr(Client, "page", None)
        exchange(theirs)
    assert len(relay.taken) > 3 and front.work() == back.work() and front.work().state == "ACCEPTED"
    for kind in ("event", "area"):
        assert front.mirror.stretch(kind, "", None) == back.mirror.stretch(kind, "", None)
    assert front.mirror.meta("cursor") == back.mirror.meta("cursor")
