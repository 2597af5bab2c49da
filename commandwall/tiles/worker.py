"""The workers of a base map: they fetch and make ready what the screen wishes, and tell it.

The screen wishes with `want` and collects with `take`; neither ever waits for a disk or a server.
A later wish replaces the one before: what the view has left behind is not fetched any more. A tile
that is not there, or is broken, is not asked for again before its time; one that failed waits
twice as long each time.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from commandwall import platform
from commandwall.clock import SECOND, Clock
from commandwall.tiles.archive import open_archive
from commandwall.tiles.decode import BadTile
from commandwall.tiles.grid import TileId
from commandwall.tiles.kept import Kept
from commandwall.tiles.online import Online
from commandwall.tiles.origin import About, Origin, Pace, Trouble
from commandwall.tiles.source import Source

log = logging.getLogger(__name__)
NICE = 5
"""How much nicer than the screen the workers are."""
READING = 2
"""Workers on a file: one reads while the other makes ready."""
ENOUGH = 10_000
"""Tiles of which it is remembered that they are not there, beside those on the screen."""
Make = Callable[[TileId, bytes], object]
"""Makes the bytes of a tile ready, on a worker's thread. May raise BadTile."""


@dataclass(frozen=True, slots=True)
class News:
    """What there is since it was last asked, and how things stand."""

    ready: dict[TileId, object]
    gone: frozenset[TileId]
    """Of the tiles that are wished, those that are not there."""
    waiting: int
    trouble: str
    """Code of a Trouble, or ""."""


@dataclass(slots=True)
class _Books:
    """What the workers share; touched only by who holds the door."""

    wishes: dict[TileId, Make] = field(default_factory=dict)
    busy: set[TileId] = field(default_factory=set)
    ready: dict[TileId, object] = field(default_factory=dict)
    again: dict[TileId, float] = field(default_factory=dict)  # not before this moment
    pause: dict[TileId, float] = field(default_factory=dict)
    gone: dict[TileId, float] = field(default_factory=dict)  # until this moment
    trouble: str = ""
    told: bool = False

    def forget(self, enough: int) -> None:
        """Of tiles that nobody wishes any more only so much is remembered."""
        for book in (self.again, self.pause, self.gone):
            if len(book) > enough + len(self.wishes):
                for tile in book.keys() - self.wishes.keys():
                    del book[tile]


class Tiles:
    """The tiles of one base map. `announce` is called on a worker's thread when there is news."""

    def __init__(
        self, source: Source, folder: Path, clock: Clock | None = None, pace: Pace | None = None
    ) -> None:
        self.source = source
        self.about: About | None = None
        self.announce: Callable[[], None] = lambda: None
        self._folder, self._clock = folder, clock or Clock()
        self._pace = pace or Pace.of_the_city()
        self._origin: Origin | None = None
        self._books, self._closed = _Books(), False
        self._door = threading.Condition()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        self._begin(self._open_and_run)

    def want(self, tiles: Sequence[TileId], make: Make) -> None:
        """Wish these, the first most; nothing else is wished any more."""
        with self._door:
            self._books.wishes = dict.fromkeys(tiles, make)
            self._books.forget(ENOUGH)
            self._door.notify_all()

    def take(self) -> News:
        """What has come since; it is handed over once."""
        with self._door:
            books, now = self._books, self._clock.monotonic()
            books.told, ready = False, books.ready
            books.ready = {}
            for tile in ready:  # wished anew after it had come, before it was taken
                books.wishes.pop(tile, None)
            gone = frozenset(t for t in books.wishes if books.gone.get(t, 0.0) > now)
            waiting = len(books.wishes) - len(gone)
            return News(ready, gone, waiting, books.trouble)

    def close(self, wait_s: float = 1.0) -> None:
        """Ask for nothing more. A worker that hangs on a server ends with the program."""
        with self._door:
            self._closed = True
            self._door.notify_all()
        until = self._clock.monotonic() + wait_s
        for thread in self._threads:
            thread.join(max(0.0, until - self._clock.monotonic()))
        if self._origin is not None and not any(t.is_alive() for t in self._threads):
            self._origin.close()

    # -- on the workers' threads -----------------------------------------------------------------

    def _begin(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, name="map-tiles", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _open_and_run(self) -> None:
        while not self._closed and not self._open():
            with self._door:
                self._door.wait_for(lambda: self._closed, self._pace.pause_most_s)
        others = self._pace.at_once if self.source.online else READING
        for _ in range(others - 1):
            self._begin(self._run)
        self._run()

    def _open(self) -> bool:
        """Whether the origin is there; where it is not, it may come: a disk, a key."""
        source, pace = self.source, self._pace
        kept = None
        try:
            if source.online:
                kept = Kept(self._folder, source.mark, pace, self._clock)
                self._origin = Online(source, kept, pace, self._clock)
            else:
                self._origin = open_archive(Path(source.place))
        except Trouble as trouble:
            if kept is not None:
                kept.close()
            if self._books.trouble != trouble.code:
                log.warning("The base map %s: %s", source.name, trouble)
            self._tell(trouble.code)
            return False
        self.about = self._origin.about
        self._tell("")
        return True

    def _run(self) -> None:
        platform.be_nice(NICE, thread=True)
        while (job := self._next()) is not None:
            self._do(*job)

    def _next(self) -> tuple[TileId, Make] | None:
        with self._door:
            while not self._closed:
                now = self._clock.monotonic()
                for tile, make in self._books.wishes.items():
                    if self._may(tile, now):
                        self._books.busy.add(tile)
                        return tile, make
                self._door.wait(self._until(now))
        return None

    def _may(self, tile: TileId, now: float) -> bool:
        books = self._books
        waits = max(books.again.get(tile, 0.0), books.gone.get(tile, 0.0))
        return waits <= now and tile not in books.busy and tile not in books.ready

    def _until(self, now: float) -> float | None:
        """Seconds until a wish may be tried again; None where only a new wish helps."""
        books = self._books
        waits = [w for t in books.wishes if (w := max(books.again.get(t, 0), books.gone.get(t, 0)))]
        return max(0.05, min(waits) - now) if waits else None

    def _do(self, tile: TileId, make: Make) -> None:
        assert self._origin is not None
        try:
            data = self._origin.get(tile)
            made = None if data is None else make(tile, data)
        except Trouble as trouble:
            self._failed(tile, trouble)
        except BadTile as bad:
            log.warning("The base map %s: tile %s is broken: %s", self.source.name, tile, bad)
            self._origin.reject(tile)
            self._came(tile, None)
        except Exception:  # a tile that nobody foresaw must not end the map's workers
            log.exception("The base map %s: tile %s", self.source.name, tile)
            self._came(tile, None)
        else:
            self._came(tile, made)

    def _came(self, tile: TileId, made: object | None) -> None:
        with self._door:
            books = self._books
            books.busy.discard(tile)
            books.again.pop(tile, None)
            books.pause.pop(tile, None)
            books.trouble = ""
            if made is None:
                pause = self._pace.missing_ms / SECOND
                books.gone[tile] = self._clock.monotonic() + pause
            else:
                books.ready[tile] = made
                books.wishes.pop(tile, None)
        self._tell("")

    def _failed(self, tile: TileId, trouble: Trouble) -> None:
        with self._door:
            books, pace = self._books, self._pace
            books.busy.discard(tile)
            pause = min(max(pace.pause_s, books.pause.get(tile, 0.0) * 2), pace.pause_most_s)
            if not trouble.wait_s:
                books.pause[tile] = pause
            books.again[tile] = self._clock.monotonic() + (trouble.wait_s or pause)
            known = books.trouble == trouble.code
        if not known:
            log.warning("The base map %s: %s", self.source.name, trouble)
        self._tell(trouble.code)

    def _tell(self, trouble: str) -> None:
        with self._door:
            told = self._books.told and self._books.trouble == trouble
            self._books.trouble, self._books.told = trouble, True
        if not told:
            self.announce()
