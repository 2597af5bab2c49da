"""Tiles that were fetched once, in one file that may be deleted at any time.

Where it cannot be written or is broken, the map goes on without it.
"""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import Any, NamedTuple

import sqlcipher3.dbapi2 as sqlite

from commandwall.clock import Clock
from commandwall.tiles.grid import TileId
from commandwall.tiles.origin import Pace

log = logging.getLogger(__name__)
FILE = "tiles.db"
_SHAPE = """
CREATE TABLE IF NOT EXISTS tile (
    map TEXT, z INTEGER, x INTEGER, y INTEGER, at INTEGER NOT NULL, data BLOB,
    UNIQUE (map, z, x, y)
);
CREATE INDEX IF NOT EXISTS tile_at ON tile (at);
"""
_TRIM = "DELETE FROM tile WHERE at <= (SELECT at FROM tile ORDER BY at LIMIT 1 OFFSET ?)"


class Found(NamedTuple):
    """What is kept of a tile; `data` None: the server had none."""

    data: bytes | None
    fresh: bool


class Kept:
    """The kept tiles of one map. Used by several threads."""

    def __init__(self, folder: Path, mark: str, pace: Pace, clock: Clock) -> None:
        self._mark, self._pace, self._clock = mark, pace, clock
        self._turn = threading.Lock()
        self._conn: sqlite.Connection | None = None
        try:
            self._conn = self._open(folder / FILE)
        except sqlite.Error as error:
            log.warning("Tiles of the base map cannot be kept: %s", error)

    def _open(self, path: Path) -> sqlite.Connection:
        conn = sqlite.connect(str(path), check_same_thread=False, isolation_level=None)
        try:
            conn.execute("PRAGMA journal_mode=WAL")
            conn.execute("PRAGMA synchronous=OFF")  # the server has them still
            conn.executescript(_SHAPE)
        except sqlite.Error:
            conn.close()
            raise
        return conn

    def find(self, tile: TileId) -> Found | None:
        """What is kept, and whether it is young enough to be used without asking."""
        asked = "SELECT data, at FROM tile WHERE map=? AND z=? AND x=? AND y=?"
        row = self._do(asked, (self._mark, *tile))
        if row is None:
            return None
        longest = self._pace.missing_ms if row[0] is None else self._pace.kept_ms
        # A clock that was set back makes nothing fresh for years.
        return Found(row[0], 0 <= self._clock.raw() - row[1] < longest)

    def put(self, tile: TileId, data: bytes | None) -> None:
        """Keep a tile, or (None) that there is none."""
        kept = "INSERT OR REPLACE INTO tile (map, z, x, y, at, data) VALUES (?, ?, ?, ?, ?, ?)"
        self._do(kept, (self._mark, *tile, self._clock.raw(), data))
        if self._size() > self._pace.kept_bytes:
            count = self._do("SELECT count(*) FROM tile", ()) or (0,)
            self._do(_TRIM, (count[0] // 10,))  # the oldest tenth

    def _size(self) -> int:
        """Bytes in use; pages of what was deleted are used again."""
        pages = (
            "SELECT (page_count - freelist_count) * page_size"
            " FROM pragma_page_count, pragma_freelist_count, pragma_page_size"
        )
        row = self._do(pages, ())
        return int(row[0]) if row else 0

    def _do(self, statement: str, values: tuple[Any, ...]) -> tuple[Any, ...] | None:
        """The first row of an answer; None, too, where the file cannot be used (any more)."""
        with self._turn:
            if self._conn is None:
                return None
            try:
                row: tuple[Any, ...] | None = self._conn.execute(statement, values).fetchone()
            except sqlite.Error as error:
                log.warning("Tiles of the base map are no longer kept: %s", error)
                self._conn.close()
                self._conn = None
                return None
        return row

    def close(self) -> None:
        with self._turn:
            if self._conn is not None:
                self._conn.close()
            self._conn = None
