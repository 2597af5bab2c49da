"""The link: one station's two-way traffic with the pool, over one connection.

Pull: a page of the feed goes into wall.db (lines of other stations, folded) and mirror.db (rows
and the cursor in one transaction), in that order, so that a kill in between repeats and loses
nothing. Push: own lines in order; the pool says up to where it holds them. Packs: readings and
positions go into the live arrays, readings past the judge.
"""

from __future__ import annotations

import heapq
import logging
import math
from bisect import bisect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from commandwall.clock import Clock
from commandwall.desk import Desk
from commandwall.pool.client import Client, Page, PoolTrouble
from commandwall.pool.packs import Packs
from commandwall.pool.pages import Carrier, FromPool, resized
from commandwall.pool.refill import Tell, catch_up, refill
from commandwall.store import lines, origin, quarantine
from commandwall.store.journal import Line, Version
from commandwall.store.mirror import Mirror
from commandwall.store.quarantine import Fault, Span
from commandwall.store.store import WALL_DB, Reader, Refused, Store, Tx

log = logging.getLogger(__name__)
TOLD, WHOLE = "told", "all"
"""Setting: of which scope the bodies of lines were taken; the whole city."""
ARRANGE_S, LEAST_ROOM = 10.0, 4 << 10
"""So often devices that change on are taken up; as many characters of lines go at once at least."""
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
    came: bool = False
    """Whether the last page brought anything: more is likely to follow."""
    _pages: Carrier = field(init=False)
    _moved: bool = False
    """Whether devices changed since readings were last arranged by them: for each page of a whole
    city of new ones that took longer than the pages."""
    _arranged: float = -math.inf
    """When they last were."""
    _room: int = LEAST_ROOM
    """Characters of lines that are sent at once: a storm of alarms files thousands of events, and
    what takes the pool longer than a question may would be sent again and again."""

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
        for name in self._names():
            self._part(name, heads.get(name, 0))
        here = self.store.read(lambda r: dict(r.rows("SELECT origin, seq FROM head")))
        missing = (self._missing(who, here.get(who, 0), heads[who]) for who in heads)
        self._receive(heapq.merge(*missing, key=_clock))
        self._reveal()
        for name, pushed in self._names().items():
            self._count(name, pushed, heads.get(name, 0))

    def _names(self) -> dict[str, int]:
        """Our names, and how far the pool took the lines of each."""
        return self.store.read(origin.names)

    def _count(self, name: str, pushed: int, held: int) -> None:
        """Note how many lines of one of our names the pool holds."""
        if held < pushed:
            log.warning("the pool lost lines of %s behind %d: it gets them again", name, held)
        for key in origin.COUNTED:
            self._mark(key, held, name)

    def _part(self, name: str, theirs: int) -> None:
        """Go on under a new name where the pool holds more lines of ours than we do, or others: we
        were set back, and numbers that are known there must not be given again. Of a name that we
        had before it may hold more, which come to us like anybody's."""
        mine = self.store.read(lambda r: dict(r.rows(OWN, o=name)))
        shared = min(len(mine), theirs)
        common = self._common(name, mine, shared)
        if common == (theirs if name == self.desk.origin else shared):
            return
        self.desk.run(origin.part, {"old": name, "after": common}, local=True)
        told = f"the pool holds lines {common + 1} to {theirs} of {name} that were not here"
        quarantine.tell(
            self.store.folder / WALL_DB, Fault("fork", told), (Span(name, common + 1, theirs),)
        )

    def _common(self, name: str, mine: Mapping[int, str], most: int) -> int:
        """How many lines of ours the pool holds as we do; where one is alike, all before it are."""

        def other(seq: int) -> bool:
            (line,) = self.client.lines(name, seq - 1, 1)
            return mine[seq] != line.hash

        return most if not most or not other(most) else bisect(range(1, most), False, key=other)

    def pull(self) -> bool:
        """Take one page; True where the feed holds more."""
        after = int(self.mirror.meta("cursor", "0"))
        with self._pages.pages(after) as page:
            self.came = page.last > after
            if self.came:
                self._take(page)
        self._arrange(page.more)
        return page.more

    def push(self) -> bool:
        """Send own lines, those of former names first, as much at once as goes quickly; True where
        more may wait."""
        waiting = self.store.read(partial(_waiting, room=self._room))
        if not waiting:
            return False
        began = self.clock.monotonic()
        try:
            self._mark(origin.PUSHED, self.client.push(waiting), waiting[0].origin)
            took = self.clock.monotonic() - began
            sent = sum(len(line.body or "") for line in waiting)
            self._room = min(max(resized(sent, took), LEAST_ROOM), lines.ROOM)
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
        name = self.desk.origin
        others = [line for line in page.lines if line.origin != name]
        self._receive(others)
        own = [line.seq for line in page.lines if line.origin == name]
        if own:
            self._mark(origin.CONFIRMED, max(own), name)
        refill(self.client, self.mirror, page.anew, self.tell)
        now = str(self.clock.now())
        self.mirror.take(page.rows, page.gone, cursor=str(page.last), taken_at=now)
        self._moved |= "sensor" in (*page.rows, *page.gone, *page.anew)

    def _arrange(self, more: bool) -> None:
        """Take readings by the devices as they are now: at the end of what the feed holds, and now
        and then on the way."""
        late = self.clock.monotonic() - self._arranged > ARRANGE_S
        if self._moved and (late or not more):
            self.packs.rearrange()
            self._moved, self._arranged = False, self.clock.monotonic()

    def _missing(self, who: str, after: int, newest: int) -> Iterator[Line]:
        """Lines of a station behind a number, up to another: what came since may have seen lines
        of others which came since."""
        while after < newest:
            some = self.client.lines(who, after)
            yield from (line for line in some if line.seq <= newest)
            after = some[-1].seq

    def _reveal(self) -> None:
        """Take the bodies that were withheld while this login had another area."""
        scope = self.client.scope or WHOLE
        if self.store.read(lambda r: r.setting(TOLD)) == scope:
            return
        bare = self.store.read(lines.withheld)
        self._receive(heapq.merge(*(self._bodies(*some) for some in bare.items()), key=_clock))
        self.desk.run(_note_told, {"scope": scope}, local=True)

    def _bodies(self, who: str, bare: Sequence[int]) -> Iterator[Line]:
        """Those of these lines of a station, with what lies between, that the pool tells us now."""
        behind = 0
        for seq in bare:
            if seq > behind:
                some = self.client.lines(who, seq - 1)
                yield from (line for line in some if line.seq <= bare[-1] and line.body is not None)
                behind = some[-1].seq if some else bare[-1]

    def _receive(self, received: Iterable[Line]) -> None:
        try:
            self.desk.receive(received)
        except Refused as refused:
            raise PoolTrouble("chain", str(refused)) from refused

    def _mark(self, key: str, seq: int, name: str) -> None:
        self.desk.run(origin.mark, {"key": key, "seq": seq, "origin": name}, local=True)


def _clock(line: Line) -> Version:
    return line.hlc, line.origin


def _note_told(tx: Tx, scope: str) -> None:
    tx.set(TOLD, scope)


def _waiting(reader: Reader, room: int) -> list[Line]:
    """Lines of the oldest of our names that has some which the pool has not, as many as fit."""
    names = origin.names(reader).items()
    every = (lines.unsent(reader, name, after, room=room) for name, after in names)
    return next((some for some in every if some), [])
