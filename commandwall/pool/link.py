"""The link: one station's two-way traffic with the pool, over one connection.

Pull: a page of the feed goes into wall.db (lines of other stations, folded) and mirror.db (rows
and the cursor in one transaction), in that order, so that a kill in between repeats and loses
nothing. Push: own lines in order; the pool says up to where it holds them. Packs: readings and
positions go into the live arrays, readings past the judge.
"""

from __future__ import annotations

import heapq
import logging
from bisect import bisect
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from commandwall.clock import Clock
from commandwall.desk import Desk
from commandwall.pool.client import Client, Page, PoolTrouble
from commandwall.pool.packs import Packs
from commandwall.pool.pages import Carrier, FromPool
from commandwall.pool.refill import Tell, catch_up, refill
from commandwall.store import lines, quarantine
from commandwall.store.journal import Line
from commandwall.store.mirror import Mirror
from commandwall.store.origin import part
from commandwall.store.quarantine import Fault, Span
from commandwall.store.store import WALL_DB, Refused, Store, Tx
from commandwall.tallies import CONFIRMED, PUSHED

log = logging.getLogger(__name__)
OWN = "SELECT seq, hash FROM journal WHERE origin = :o"


@dataclass(slots=True)
class Link:
    """What one look at the pool needs."""

    store: Store
    desk: Desk
    clock: Clock
    client: Client
    mirror: Mirror
    packs: Packs
    tell: Tell = lambda share: None
    carrier: Carrier | None = None
    """What brings the feed; the connection itself where nothing else is named."""
    _pages: Carrier = field(init=False)

    def __post_init__(self) -> None:
        self._pages = self.carrier or FromPool(self.client, self.clock)

    def begin(self) -> None:
        """On each new connection: rows of a stretch that the feed no longer keeps, and lines that
        came before this mirror, or that we have lost: then we go on under a new name.

        Lines come in the order of their clocks, in which none stands before one that it had seen:
        else what was answered would look like a conflict. Also learns how many of ours the pool
        holds: one that was set back gets them again.
        PoolTrouble("epoch") where the pool was set back and its owner did not say so.
        """
        catch_up(self.client, self.mirror, self.tell)
        self.packs.rearrange()
        heads = self.client.heads()
        self._part(heads)
        here = self.store.read(lambda r: dict(r.rows("SELECT origin, seq FROM head")))
        missing = (self._missing(who, here.get(who, 0), heads[who]) for who in heads)
        self._receive(heapq.merge(*missing, key=lambda line: line.hlc))
        origin = self.desk.origin
        held = heads.get(origin, 0)
        if held < int(self.store.read(lambda r: r.setting(PUSHED, "0"))):
            log.warning("the pool lost our lines behind %d: it gets them again", held)
        for key in (PUSHED, CONFIRMED):
            self._mark(key, held, origin)

    def _part(self, heads: Mapping[str, int]) -> None:
        """Go on under a new name where the pool holds more lines of ours than we do, or others: we
        were set back, and numbers that are known there must not be given again."""
        origin = self.desk.origin
        mine = self.store.read(lambda r: dict(r.rows(OWN, o=origin)))
        ours, theirs = len(mine), heads.get(origin, 0)
        common = self._common(origin, mine, min(ours, theirs))
        if theirs == common:
            return
        self.desk.run(part, {"after": common}, local=True)
        told = f"the pool holds lines {common + 1} to {theirs} of {origin} that were not here"
        quarantine.tell(
            self.store.folder / WALL_DB, Fault("fork", told), (Span(origin, common + 1, theirs),)
        )

    def _common(self, origin: str, mine: Mapping[int, str], most: int) -> int:
        """How many lines of ours the pool holds as we do; where one is alike, all before it are."""

        def other(seq: int) -> bool:
            (line,) = self.client.lines(origin, seq - 1, 1)
            return mine[seq] != line.hash

        return most if not most or not other(most) else bisect(range(1, most), False, key=other)

    def pull(self) -> bool:
        """Take one page; True where the feed holds more."""
        after = int(self.mirror.meta("cursor", "0"))
        with self._pages.pages(after) as page:
            if page.last > after:
                self._take(page)
        return page.more

    def push(self) -> bool:
        """Send own lines; True where more may wait."""
        origin = self.desk.origin
        after = int(self.store.read(lambda r: r.setting(PUSHED, "0")))
        waiting = self.store.read(lambda r: lines.unsent(r, origin, after))
        if not waiting:
            return False
        try:
            self._mark(PUSHED, self.client.push(waiting), origin)
        except PoolTrouble as trouble:
            if trouble.code != "again":
                raise
            log.info("another station was at the same records: %s", trouble)
        return True

    def take_packs(self) -> None:
        """Readings and positions since the last look; a body that is none is left out."""
        for kind, at, body in self.client.packs():
            try:
                self.packs.take(kind, at, body)
            except ValueError as why:
                log.warning("a pack of %s is left out: %s", kind, why)

    def _take(self, page: Page) -> None:
        origin = self.desk.origin
        others = [line for line in page.lines if line.origin != origin]
        self._receive(others)
        own = [line.seq for line in page.lines if line.origin == origin]
        if own:
            self._mark(CONFIRMED, max(own), origin)
        refill(self.client, self.mirror, page.anew, self.tell)
        now = str(self.clock.now())
        self.mirror.take(page.rows, page.gone, cursor=str(page.last), taken_at=now)
        if "sensor" in (*page.rows, *page.gone, *page.anew):
            self.packs.rearrange()

    def _missing(self, origin: str, after: int, newest: int) -> Iterator[Line]:
        """Lines of a station behind a number, up to another: what came since may have seen lines
        of others which came since."""
        while after < newest:
            some = self.client.lines(origin, after)
            yield from (line for line in some if line.seq <= newest)
            after = some[-1].seq

    def _receive(self, received: Iterable[Line]) -> None:
        try:
            self.desk.receive(received)
        except Refused as refused:
            raise PoolTrouble("chain", str(refused)) from refused

    def _mark(self, key: str, seq: int, origin: str) -> None:
        self.desk.run(mark, {"key": key, "seq": seq, "origin": origin}, local=True)


def mark(tx: Tx, key: str, seq: int, origin: str) -> None:
    """Keep how far the pool has our lines of this name, if it still is ours."""
    if tx.setting("origin") == origin:
        tx.set(key, str(seq))
