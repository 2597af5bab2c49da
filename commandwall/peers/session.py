"""One line to another station: what each has, what the other lacks, then what is new at once.

The same operation as taking a stick (carry.py): lines in the order of `held`, each once, verified
by its chain. Runs in the event loop of `Peers`; whatever touches the disk is done on its workers.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from commandwall import codes
from commandwall.clock import Clock, Ms
from commandwall.desk import Desk
from commandwall.peers import wire
from commandwall.peers.identity import Card, covers
from commandwall.peers.sieve import Sieve
from commandwall.peers.wire import Bye, Heads, Hello, Lines, Message, PeerTrouble
from commandwall.plain import clean
from commandwall.store import lines, sight, space
from commandwall.store.journal import Line
from commandwall.store.pulse import NEVER
from commandwall.store.store import Reader, Refused, Store

log = logging.getLogger(__name__)
T = TypeVar("T")
ROOM_S = 0.5
"""Between two looks whether a full disk has room again."""
MOST = 500
"""Lines of one message."""
STATIONS, LIES = 10_000, 100
"""Stations that another may name, and those whose lines do not fit in which it may believe: what
is kept of a line that must be held back has an end, whoever sends."""
HEADS = "SELECT origin, seq, hash FROM head"
LINE = "SELECT hash FROM journal WHERE origin = :o AND seq = :s"


@dataclass(frozen=True, slots=True)
class Here:
    """This station, as its sessions need it. Lines are taken by one worker; others read."""

    store: Store
    desk: Desk
    clock: Clock
    writer: ThreadPoolExecutor
    readers: ThreadPoolExecutor

    def heads(self) -> dict[str, int]:
        return {origin: seq for origin, seq, _ in self.store.read(lambda r: r.rows(HEADS))}

    def hello(self) -> Hello:
        heads = {origin: (seq, hash_) for origin, seq, hash_ in
                 self.store.read(lambda r: r.rows(HEADS))}  # fmt: skip
        return Hello(wire.FORMAT, self.desk.origin, self.city(), heads)

    def city(self) -> str:
        """Its name; "" while there is no mirror."""
        return self.store.read(Reader.city)

    def area(self) -> str:
        """What this station sees of the city, as the pool told it; "" for all of it."""
        return sight.read(self.store.folder).area

    def held(self, after: Mapping[str, int]) -> Any:
        return lines.held(
            lambda sql, values: self.store.read(lambda r: r.rows(sql, **values)), after
        )

    def judge(self, hello: Hello) -> str:
        """Why nothing can be exchanged with who says this; "" where nothing speaks against it."""
        if hello.format != wire.FORMAT:
            return "format"
        city = self.city()
        if city and hello.city and city != hello.city:
            return "city"
        known, hash_ = hello.heads.get(self.desk.origin, (0, ""))
        ours = self.store.read(lambda r: r.value(LINE, o=self.desk.origin, s=known))
        return "set_back" if known and ours != hash_ else ""


@dataclass(slots=True)
class Standing:
    """How it stands with one station."""

    origin: str = ""
    at: Ms = NEVER
    trouble: str = ""
    has: int = 0
    """Lines of ours that it has on its disk."""
    refused: int = 0
    """Lines of it that were not taken."""
    gives: bool = False
    """Whether it is given lines: it sees all that we see."""


class Session:
    """One connection whose other end has shown the key of `card`; `dialer`: fingerprint of who
    asked for it."""

    def __init__(
        self, here: Here, card: Card, dialer: str,
        stream: tuple[asyncio.StreamReader, asyncio.StreamWriter], standing: Standing,
    ) -> None:  # fmt: skip
        self.card, self.dialer, self.standing = card, dialer, standing
        self._here = here
        self._reader, self._writer = stream
        self.greeted = False
        self._news = asyncio.Event()
        self._at: dict[str, int] = {}
        """Of each station, the last line that needs no look: it is there, or was looked at."""
        self._out, self._in = Sieve(), Sieve()

    async def run(self) -> None:
        """Until the line ends, which is a PeerTrouble."""
        await self._greet()
        works = (self._hear(), self._give(), self._beat())
        tasks = [asyncio.ensure_future(work) for work in works]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            task.result()

    def end(self) -> None:
        """Have `run` come to its end."""
        self._writer.transport.abort()

    def wake(self) -> None:
        """There are new lines here."""
        self._news.set()

    async def _greet(self) -> None:
        await self._send(await self._ask(self._here.hello))
        hello = await self._next()
        if isinstance(hello, Bye):
            raise PeerTrouble(clean(hello.code))
        if not isinstance(hello, Hello):
            raise PeerTrouble("garbled", "it did not say hello")
        if code := await self._ask(lambda: self._here.judge(hello)):
            await self._send(Bye(code))
            raise PeerTrouble(code)
        ours = await self._ask(self._here.area)
        now = self.standing
        now.origin, now.trouble, self.greeted = hello.origin, "", True
        now.gives = covers(self.card.area, ours)
        await self._told({origin: seq for origin, (seq, _) in hello.heads.items()})

    # What comes.

    async def _hear(self) -> None:
        while True:
            said = await self._next()
            if isinstance(said, Lines):
                if len(said.lines) > MOST:
                    raise PeerTrouble("garbled", f"{len(said.lines)} lines in one message")
                await self._room()
                await self._ask(partial(self._take, said.lines), self._here.writer)
                if len(self._in.held) > LIES:
                    raise PeerTrouble("garbled", f"no lines of {len(self._in.held)} stations fit")
                await self._send(Heads(await self._ask(self._here.heads)))
            elif isinstance(said, Heads):
                await self._told(said.heads)
            elif isinstance(said, Bye):
                raise PeerTrouble(clean(said.code))

    async def _room(self) -> None:
        """While the disk is full nothing is taken that could not be kept; ours still goes out."""
        while space.is_full(self._here.store.folder):
            await asyncio.sleep(ROOM_S)

    async def _told(self, heads: Mapping[str, int]) -> None:
        """What the other has is not sent; where it got what was held back for it, look again."""
        self.standing.has = heads.get(await self._ask(lambda: self._here.desk.origin), 0)
        if any(heads.get(origin, 0) >= seq for origin, seq in self._out.held.items()):
            self._out, self._at = Sieve(), {}
            self.wake()
        for origin, seq in heads.items():
            self._at[origin] = max(self._at.get(origin, 0), seq)
        if len(self._at) > STATIONS:
            raise PeerTrouble("garbled", f"it names {len(self._at)} stations")

    def _take(self, came: Sequence[Line]) -> None:
        """Fold what can be taken: a line that cannot is named, and does not stop the rest."""
        known, own = self._here.heads(), self._here.desk.origin
        area = self._here.area()
        fresh = [n for n in came if n.origin != own and n.seq > known.get(n.origin, 0)]
        waiting = [line for line in fresh if self._may_come(line, area)]
        while waiting:
            try:
                self._here.desk.receive(waiting)
                return
            except Refused as why:
                if why.reason.code != "broken_chain":
                    raise
                bad = self._named(waiting, why.reason.facts)
                self._refuse(bad, why.reason.code)
                waiting = [n for n in waiting if n is not bad and self._in.passes(n)]

    def _may_come(self, line: Line, area: str) -> bool:
        """A line without its body is taken only from who sees as much as we do: else its text
        would never come."""
        if not self._in.passes(line):
            self.standing.refused += 1
            return False
        if why := self._unfit(line, area):
            self._refuse(line, why)
        return not why

    def _unfit(self, line: Line, area: str) -> str:
        if not lines.has_sound_head(line):
            return "unsound"
        if not covers(area, self.card.area):
            return "outside_our_area"
        return "bare" if line.body is None and area != self.card.area else ""

    def _named(self, waiting: Sequence[Line], facts: Mapping[str, Any]) -> Line:
        named = (facts["origin"], facts["seq"])
        return next(line for line in waiting if (line.origin, line.seq) == named)

    def _refuse(self, line: Line, why: str) -> None:
        first = line.origin not in self._in.held
        self._in.hold(line)
        self.standing.refused += 1
        if first:  # those behind it are of no news
            name, origin = self.card.name, clean(line.origin, 40)
            log.warning("%s sent line %d of %s, not taken: %s", name, line.seq, origin, why)

    # What goes.

    async def _give(self) -> None:
        while True:
            self._news.clear()
            batch = await self._ask(self._batch) if self.standing.gives else []
            if batch:
                await self._send(Lines(batch))
            else:
                await self._news.wait()

    def _batch(self) -> list[Line]:
        """The next lines that the other lacks, as many as go into one message."""
        batch: list[Line] = []
        room, at, ours = wire.room(), self._at, self._here.area()
        for line in self._here.held(dict(at)):
            room -= wire.size(line)
            if batch and (room < 0 or len(batch) == MOST):
                break
            at[line.origin] = max(at.get(line.origin, 0), line.seq)
            if self._may_go(line, ours):
                batch.append(line)
        return batch

    def _may_go(self, line: Line, ours: str) -> bool:
        """A body that we were not given goes only to who is not given it either."""
        if line.body is None and self.card.area != ours:
            self._out.hold(line)
            return False
        if wire.size(line) > wire.room():
            log.error("line %d of %s is too long to be sent", line.seq, line.origin)
            self._out.hold(line)
            return False
        return self._out.passes(line)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(codes.limit("heartbeat_seconds") / 2)
            await self._send(Heads(await self._ask(self._here.heads)))

    # The line.

    async def _next(self) -> Message:
        try:
            async with asyncio.timeout(codes.limit("silence_seconds")):
                said = await wire.take(self._reader)
        except TimeoutError as why:
            raise PeerTrouble("silent") from why
        self.standing.at = self._here.clock.now()
        return said

    async def _send(self, message: Message) -> None:
        self._writer.write(wire.pack(message))
        await self._writer.drain()

    async def _ask(self, work: Callable[[], T], whom: ThreadPoolExecutor | None = None) -> T:
        """What a worker answers: one that reads, where none is named."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(whom or self._here.readers, work)
