"""Peers: the agent's thread that keeps the lines to the other stations of the hall.

One event loop: it listens where the settings say so, calls whom they name, and knows the stations
whose cards were accepted. A stranger gets no further than the handshake and is named in the log.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from commandwall import backoff, codes
from commandwall.beside import Beside
from commandwall.clock import SECOND, Clock, Ms
from commandwall.config import Settings, addresses
from commandwall.desk import Desk
from commandwall.peers.identity import Card, Identity, fingerprint
from commandwall.peers.session import Here, Session, Standing
from commandwall.peers.wire import PeerTrouble
from commandwall.store import pulse
from commandwall.store.database import StoreTrouble
from commandwall.store.pulse import NEVER
from commandwall.store.store import Store

log = logging.getLogger(__name__)
POLL_S, LOOK_S, ROOM_S = 0.05, 1.0, 10.0
"""Between two looks for new lines, and at the cards; between two tries to make a key."""
AT_ONCE = 32
"""Connections that have not shown a key yet: further ones wait."""
QUIET_S = 60.0
"""A stranger is named once in so long; how often others came meanwhile is said with the next."""
TROUBLES = (PeerTrouble, StoreTrouble, OSError, EOFError)
Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(slots=True)
class Call:
    """An address of the settings; `known`: fingerprint of who answered there last."""

    host: str
    port: int
    known: str = ""
    tries: int = 0
    next_at: Ms = NEVER
    trouble: str = ""

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}"


class Peers(Beside):
    """Does nothing where the settings name nobody."""

    def __init__(self, settings: Settings, store: Store, desk: Desk, clock: Clock) -> None:
        super().__init__("peers")
        self._identity, self._clock = Identity(settings.data_dir), clock
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="peer-take")
        self._readers = ThreadPoolExecutor(2, thread_name_prefix="peer-ask")
        self._here = Here(store, desk, clock, self._writer, self._readers)
        self._door = next(iter(addresses(settings.peer_listen)), None)
        self._calls = [Call(*one) for one in addresses(settings.peers)]
        self._own = ""
        self._mark: tuple[tuple[str, int], ...] | None = None
        self._cards: dict[str, Card] = {}
        self._standings: dict[str, Standing] = {}
        self._sessions: dict[str, Session] = {}
        self._unheard = ""
        """Why nobody can reach this station."""
        self._named_at, self._unnamed = -QUIET_S, 0
        self._heads: dict[str, int] = {}
        self._lines = 0
        """How many lines of its own this station has."""

    def __enter__(self) -> Peers:
        return super().__enter__() if self._door or self._calls else self

    def stop(self) -> None:
        super().stop()
        self._readers.shutdown()
        self._writer.shutdown()

    def seen(self) -> tuple[pulse.Peer, ...]:
        """How it stands with each, for the pulse; from any thread."""
        calls = {call.known: call for call in list(self._calls) if call.known}
        found = [self._seen(print_, card, calls.get(print_)) for print_, card in
                 list(self._cards.items())]  # fmt: skip
        found += [_nobody(call) for call in self._calls if call.known not in self._cards]
        if self._unheard:
            found.append(pulse.Peer(address="{}:{}".format(*self._door or ()), trouble="listen"))
        return tuple(found)

    def _seen(self, print_: str, card: Card, call: Call | None) -> pulse.Peer:
        now, session = self._standings.get(print_, Standing()), self._sessions.get(print_)
        joined = session is not None and session.greeted
        made = pulse.Peer(
            card.name, now.origin, "", now.at, joined, trouble=now.trouble, has=now.has,
            lacks=max(0, self._lines - now.has) if now.gives else 0,
            refused=now.refused, gives=now.gives, fingerprint=print_,
        )  # fmt: skip
        return made if call is None else _with_call(made, call)

    # The loop.

    def run(self) -> None:
        asyncio.run(self._border(self._live()))

    async def _live(self) -> None:
        self._own = await self._myself()
        self._strangers = asyncio.Semaphore(AT_ONCE)
        self._look_at_cards()
        works = [self._dial(call) for call in self._calls]
        if self._door:
            works.append(self._listen(*self._door))
        self._tasks = {asyncio.ensure_future(self._border(work)) for work in works}
        await self._watch()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _border(self, work: Coroutine[Any, Any, None]) -> None:
        """What fails ends nothing else."""
        try:
            await work
        except Exception:
            log.exception("a line to another station failed")
            await asyncio.sleep(LOOK_S)

    async def _myself(self) -> str:
        """This station's own fingerprint; its key may have to wait for room on the disk."""
        while not self._halt.is_set():
            try:
                return fingerprint_of(self._identity)
            except OSError as why:
                log.error("no key can be made or read, other stations are not called: %s", why)
                await asyncio.sleep(ROOM_S)
        return ""

    async def _watch(self) -> None:
        """Wake the sessions when there are new lines; look at the cards now and then."""
        looked = self._clock.monotonic()
        while not self._halt.is_set():
            await asyncio.sleep(POLL_S)
            await self._border(self._tell_news())
            if self._clock.monotonic() - looked > LOOK_S:
                looked = self._clock.monotonic()
                self._look_at_cards()

    async def _tell_news(self) -> None:
        with suppress(StoreTrouble):
            loop = asyncio.get_running_loop()
            if await loop.run_in_executor(self._readers, self._has_news):
                for session in self._sessions.values():
                    session.wake()

    def _has_news(self) -> bool:
        heads = self._here.heads()
        if heads == self._heads:
            return False
        self._heads, self._lines = heads, heads.get(self._here.desk.origin, 0)
        return True

    def _look_at_cards(self) -> None:
        """Take what was accepted or removed since; a line to who is another now ends."""
        with suppress(OSError):  # one is being written
            mark = self._identity.mark()
            if mark == self._mark:
                return
            self._cards, self._mark = self._identity.cards(), mark
            for print_, session in self._sessions.items():
                if self._cards.get(print_) != session.card:
                    session.end()

    # Being called.

    async def _listen(self, host: str, port: int) -> None:
        failed = 0
        while True:
            try:
                family = socket.AF_INET6 if ":" in host else socket.AF_INET
                door = socket.create_server((host, port), family=family, backlog=AT_ONCE)
                failed, self._unheard = 0, ""
                with door:
                    await self._open(door)
            except OSError as why:
                self._unheard = str(why)
                pause = backoff.pause(backoff.LINE_S, failed, backoff.JITTER)
                failed += 1
                log.warning("nobody can call %s:%d: %s; again in %.0f s", host, port, why, pause)
                await asyncio.sleep(pause)

    async def _open(self, door: socket.socket) -> None:
        door.setblocking(False)
        log.info("other stations may call %s:%d", *door.getsockname()[:2])
        while True:
            await self._strangers.acquire()
            came = None
            try:
                came = await asyncio.get_running_loop().sock_accept(door)
            finally:
                if came is None:
                    self._strangers.release()
            task = asyncio.ensure_future(self._border(self._called(came[0], str(came[1][0]))))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _called(self, end: socket.socket, where: str) -> None:
        try:
            stream = await self._shaken(end)
            print_ = self._print(stream)
        except TROUBLES as why:
            end.close()
            self._turn_away(where, why)
            return
        finally:
            self._strangers.release()
        with suppress(*TROUBLES):
            await self._meet(stream, print_, print_)

    async def _shaken(self, end: socket.socket) -> Stream:
        """The stream of one who called, after the handshake."""
        loop, reader = asyncio.get_running_loop(), asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader)
        transport, _ = await loop.connect_accepted_socket(
            lambda: protocol, end, ssl=self._identity.context(True, self._cards.values()),
            ssl_handshake_timeout=codes.limit("connect_seconds"),
        )  # fmt: skip
        return reader, asyncio.StreamWriter(transport, protocol, reader, loop)

    def _turn_away(self, where: str, why: BaseException) -> None:
        """Say who was turned away, not for each of many."""
        now = self._clock.monotonic()
        if now - self._named_at < QUIET_S:
            self._unnamed += 1
            return
        more = f" ({self._unnamed} others since the last)" if self._unnamed else ""
        self._named_at, self._unnamed = now, 0
        log.warning("a stranger at %s was turned away: %s%s", where, why, more)

    # Calling.

    async def _dial(self, call: Call) -> None:
        while True:
            while call.known in self._sessions:  # it called us, or another address leads there
                await asyncio.sleep(LOOK_S)
            await self._border(self._try(call))
            call.tries += 1
            pause = backoff.pause(backoff.LINE_S, call.tries - 1, backoff.JITTER)
            call.next_at = Ms(self._clock.now() + int(pause * SECOND))
            log.info("%s: %s; try %d in %.0f s", call.address, call.trouble, call.tries, pause)
            await asyncio.sleep(pause)

    async def _try(self, call: Call) -> None:
        """One call, to the end of the line."""
        try:
            stream = await self._reach(call)
            call.known = self._print(stream)
            await self._meet(stream, call.known, self._own, call)
        except TROUBLES as why:
            call.trouble = _code(why)

    async def _reach(self, call: Call) -> Stream:
        context = self._identity.context(False, self._cards.values())
        within = codes.limit("connect_seconds")
        async with asyncio.timeout(within):  # raises TimeoutError, which is an OSError
            return await asyncio.open_connection(
                call.host, call.port, ssl=context, ssl_handshake_timeout=within
            )

    # Joined.

    def _print(self, stream: Stream) -> str:
        """Fingerprint of who is at the other end, whom we know."""
        shown = stream[1].get_extra_info("ssl_object").getpeercert(True)
        print_ = fingerprint(shown or b"")
        if print_ not in self._cards:
            stream[1].transport.abort()
            raise PeerTrouble("stranger", print_)
        return print_

    async def _meet(
        self, stream: Stream, print_: str, dialer: str, call: Call | None = None
    ) -> None:
        """Keep a line to its end. Where two called each other at once one line stays: that of
        whose fingerprint is the lower, which both know."""
        old = self._sessions.get(print_)
        if old is not None and old.dialer < dialer:
            stream[1].transport.abort()
            raise PeerTrouble("twice")
        if old is not None:
            old.end()
        card, standing = self._cards[print_], self._standings.setdefault(print_, Standing())
        session = Session(self._here, card, dialer, stream, standing)
        self._sessions[print_] = session
        try:
            await session.run()
        except TROUBLES as why:
            code = _code(why)
            if self._sessions.get(print_) is session:
                standing.trouble = code
            log.warning("the line to %s ended: %s", card.name, why if str(why) else code)
            raise PeerTrouble(code) from why
        finally:
            stream[1].transport.abort()
            if self._sessions.get(print_) is session:
                del self._sessions[print_]
            if call is not None and session.greeted:
                call.tries = 0


def fingerprint_of(identity: Identity) -> str:
    """This station's own."""
    return identity.card("", "", "").fingerprint


def _code(why: BaseException) -> str:
    if isinstance(why, PeerTrouble | StoreTrouble):
        return why.code
    if isinstance(why, EOFError | ConnectionError):
        return "unreachable" if isinstance(why, ConnectionRefusedError) else "closed"
    # An alert of TLS: one of the two does not know the other's key.
    return "stranger" if type(why).__module__ == "ssl" else "unreachable"


def _nobody(call: Call) -> pulse.Peer:
    return _with_call(pulse.Peer(), call)


def _with_call(peer: pulse.Peer, call: Call) -> pulse.Peer:
    if peer.joined:
        return replace(peer, address=call.address)
    trouble = call.trouble or peer.trouble
    return replace(
        peer, address=call.address, tries=call.tries, next_try_at=call.next_at, trouble=trouble
    )
