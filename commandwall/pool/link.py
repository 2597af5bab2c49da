"""The link: one station's two-way traffic with the pool, over one connection.

Pull: a page of the feed goes into wall.db (lines of other stations, folded) and mirror.db (rows
and the cursor in one transaction), in that order, so that a kill in between repeats and loses
nothing. Push: own lines in order; the pool says up to where it holds them. Packs: readings and
positions go into the live arrays, readings past the judge.
"""

from __future__ import annotations

import heapq
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from commandwall.clock import Clock
from commandwall.desk import Desk
from commandwall.pool.client import Client, Page, PoolTrouble
from commandwall.pool.packs import Packs
from commandwall.pool.refill import Tell, catch_up, refill
from commandwall.store import lines
from commandwall.store.journal import Line
from commandwall.store.mirror import Mirror
from commandwall.store.store import Refused, Store, Tx
from commandwall.tallies import CONFIRMED, PUSHED

log = logging.getLogger(__name__)
PAGE = 500
"""Rows of one page."""
TURN, PAUSE_S = 10, 0.005
"""Lines of one transaction on wall.db, and the pause after it: an act of a person waits for the
transaction that is under way, and for no other."""


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

    def begin(self) -> None:
        """On each new connection: rows of a stretch that the feed no longer keeps, and lines that
        came before this mirror, or that we have lost.

        Lines come in the order of their clocks, in which none stands before one that it had seen:
        else what was answered would look like a conflict. Also learns how many of ours the pool
        holds: one that was set back gets them again.
        PoolTrouble("epoch") where the pool was set back and its owner did not say so.
        """
        if self.client.head() < int(self.mirror.meta("cursor", "0")):
            raise PoolTrouble("epoch", "the pool was set back: SELECT cw_begin_anew()")
        catch_up(self.client, self.mirror, self.tell)
        self.packs.rearrange()
        here = self.store.read(lambda r: dict(r.rows("SELECT origin, seq FROM head")))
        heads = self.client.heads()
        missing = (self._missing(who, here.get(who, 0), heads[who]) for who in heads)
        self._receive(heapq.merge(*missing, key=lambda line: line.hlc))
        for key in (PUSHED, CONFIRMED):
            self._mark(key, heads.get(self.desk.origin, 0))

    def pull(self) -> bool:
        """Take one page; True where the feed holds more."""
        after = int(self.mirror.meta("cursor", "0"))
        page = self.client.page(after, PAGE)
        if page.last > after:
            self._take(page)
        return page.last - after >= PAGE

    def push(self) -> bool:
        """Send own lines; True where more may wait."""
        after = int(self.store.read(lambda r: r.setting(PUSHED, "0")))
        waiting = self.store.read(lambda r: lines.unsent(r, self.desk.origin, after))
        if not waiting:
            return False
        try:
            self._mark(PUSHED, self.client.push(waiting))
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
        others = [line for line in page.lines if line.origin != self.desk.origin]
        self._receive(others)
        own = [line.seq for line in page.lines if line.origin == self.desk.origin]
        if own:
            self._mark(CONFIRMED, max(own))
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
        """Fold lines of others, a few at a time: a person's act gets its turn in between."""
        waiting = iter(received)
        while some := list(islice(waiting, TURN)):
            try:
                self.desk.run(receive, {"received": some}, local=True)
            except Refused as refused:
                raise PoolTrouble("chain", str(refused)) from refused
            if len(some) == TURN:
                self.clock.pause(PAUSE_S)

    def _mark(self, key: str, seq: int) -> None:
        self.desk.run(mark, {"key": key, "seq": seq}, local=True)


def mark(tx: Tx, key: str, seq: int) -> None:
    """Keep how far the pool has our lines."""
    tx.set(key, str(seq))


def receive(tx: Tx, received: Sequence[Line]) -> None:
    """Fold what other stations did."""
    lines.receive(tx, received)
