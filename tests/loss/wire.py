"""The line between a station and the pool, in the conductor's hand: open, slow, thin, cut, or a
hole.

A relay of bytes between two Unix sockets, on a thread of its own. The station logs in at `url`.
"""

from __future__ import annotations

import asyncio
import random
import threading
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from commandwall.pool.server import DATABASE, PORT, STATION, PoolServer

OPEN, SLOW, THIN, CUT, HOLE = "open", "slow", "thin", "cut", "hole"
"""What goes through: all; all, each piece late; packet by packet, late, no faster than THIN_RATE,
with one of twenty lost at first; nothing, and whoever is connected learns it at once; nothing, and
nobody learns it."""
LATE_S, PIECE, PACKET = 0.15, 1 << 16, 1400
THIN_RATE, LOST, AGAIN_S = 8000, 0.05, 0.5
"""Bytes a second each way; the share of pieces that are lost, and after how long they come."""
NAME = f".s.PGSQL.{PORT}"


class Wire(threading.Thread):
    """One such line, open at first; as a context manager."""

    def __init__(self, folder: Path, server: PoolServer) -> None:
        super().__init__(daemon=True)
        folder.mkdir()
        self._here, self._there = folder / NAME, server.socket / NAME
        self.url = f"postgresql://{STATION}@/{DATABASE}?host={quote(str(folder))}&port={PORT}"
        self.state = OPEN
        self.connections = self.passed = 0
        """How many there were, and the bytes that came through, both ways."""
        self._ends: set[asyncio.StreamWriter] = set()
        self._relays: set[asyncio.Task[None]] = set()
        self._ready = threading.Event()

    def __enter__(self) -> Wire:
        self.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self.join()

    def run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._passes, self._over = asyncio.Event(), asyncio.Event()
        self._passes.set()
        async with await asyncio.start_unix_server(self._meet, self._here):
            self._ready.set()
            await self._over.wait()
        self._turn(CUT)
        await asyncio.gather(*self._relays)

    def turn(self, state: str) -> None:
        """Make the line one of the four."""
        self._loop.call_soon_threadsafe(self._turn, state)

    def _turn(self, state: str) -> None:
        self.state = state
        if state == CUT:
            self._hang_up()
        if state == HOLE:
            self._passes.clear()
        else:
            self._passes.set()

    def _hang_up(self) -> None:
        for end in self._ends:
            end.transport.abort()

    def _meet(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        self.connections += 1
        relay = asyncio.ensure_future(self._relay(near, back))
        self._relays.add(relay)
        relay.add_done_callback(self._relays.discard)

    async def _relay(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        self._ends.add(back)
        with suppress(OSError):  # the pool is gone, or either end went
            if self.state != CUT:
                far, on = await asyncio.open_unix_connection(self._there)
                self._ends.add(on)
                both = [
                    asyncio.ensure_future(self._pump(*way)) for way in ((near, on), (far, back))
                ]
                await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
                on.transport.abort()
                back.transport.abort()
                for way in both:
                    way.cancel()
                await asyncio.wait(both)
                self._ends.discard(on)
        back.transport.abort()
        self._ends.discard(back)

    async def _pump(self, near: asyncio.StreamReader, far: asyncio.StreamWriter) -> None:
        ended = -LATE_S
        with suppress(OSError):
            while piece := await near.read(PACKET if self.state == THIN else PIECE):
                follows = self._loop.time() - ended < LATE_S
                await asyncio.sleep(self._late(len(piece), follows))
                await self._passes.wait()
                self.passed += len(piece)
                far.write(piece)
                await far.drain()
                ended = self._loop.time()

    def _late(self, size: int, follows: bool) -> float:
        """Seconds until so many bytes are there; of packets that follow each other only the first
        pays the way."""
        if self.state == THIN:
            again = AGAIN_S if random.random() < LOST else 0.0
            return LATE_S * (not follows) + size / THIN_RATE + again
        return LATE_S if self.state == SLOW else 0.0
