"""Base maps in one file: PMTiles and MBTiles. Read only; never mapped into memory.

A file that is mapped and then vanishes (a stick is pulled out, a share goes away) ends the whole
program without a word; one that is read gives an error.
"""

from __future__ import annotations

import json
import threading
import zlib
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlcipher3.dbapi2 as sqlite
from pmtiles import tile as format

from commandwall.tiles.decode import unpacked
from commandwall.tiles.grid import TileId
from commandwall.tiles.origin import About, Trouble
from commandwall.tiles.source import said

HEADER = 127
"""Bytes of a PMTiles header."""
FOLDERS = 64
"""Directories of a PMTiles file that are kept unpacked."""
_DEPTH = 4
_BROKEN = (
    ValueError, LookupError, EOFError, OverflowError, AttributeError, zlib.error,
    format.MagicNumberNotFound, format.SpecVersionUnsupported,
)  # fmt: skip


def open_archive(path: Path) -> Pmtiles | Mbtiles:
    """The reader of a file, by its name. Raises Trouble."""
    return Pmtiles(path) if path.suffix.lower() == ".pmtiles" else Mbtiles(path)


class Pmtiles:
    """A PMTiles file of version 3."""

    def __init__(self, path: Path) -> None:
        self._turn = threading.Lock()
        try:
            self._file = path.open("rb")
        except OSError as error:
            raise Trouble("cannot_open", f"{path}: {error.strerror}") from error
        self._folder = lru_cache(maxsize=FOLDERS)(self._read_folder)
        try:
            self.about = self._open()
        except (OSError, *_BROKEN) as error:
            self._file.close()
            raise Trouble("cannot_open", f"{path} is no PMTiles file") from error

    def _open(self) -> About:
        self._header = head = format.deserialize_header(self._bytes(0, HEADER))
        packing = head["tile_compression"]
        if packing not in (format.Compression.NONE, format.Compression.GZIP):
            raise ValueError(f"tiles packed by {packing.name}")
        told = json.loads(unpacked(self._bytes(head["metadata_offset"], head["metadata_length"])))
        vector = head["tile_type"] == format.TileType.MVT
        zooms = head["min_zoom"], head["max_zoom"]
        return About(zooms, said(str(told.get("attribution", ""))), vector)

    def _bytes(self, offset: int, length: int) -> bytes:
        with self._turn:
            self._file.seek(offset)
            return self._file.read(length)

    def _read_folder(self, offset: int, length: int) -> list[format.Entry]:
        return format.deserialize_directory(self._bytes(offset, length))

    def get(self, tile: TileId) -> bytes | None:
        try:
            return self._find(format.zxy_to_tileid(*tile))
        except (OSError, *_BROKEN) as error:
            raise Trouble("cannot_open", str(error)) from error

    def _find(self, number: int) -> bytes | None:
        head = self._header
        offset, length = head["root_offset"], head["root_length"]
        for _ in range(_DEPTH):
            entry = format.find_tile(self._folder(offset, length), number)
            if entry is None:
                return None
            if entry.run_length:
                return self._bytes(head["tile_data_offset"] + entry.offset, entry.length)
            offset, length = head["leaf_directory_offset"] + entry.offset, entry.length
        return None

    def reject(self, tile: TileId) -> None:
        """A file stays as it is."""

    def close(self) -> None:
        with self._turn:
            self._file.close()


class Mbtiles:
    """An MBTiles file: rows are counted from the south."""

    def __init__(self, path: Path) -> None:
        self._turn = threading.Lock()
        try:
            self._conn = sqlite.connect(
                f"file:{quote(str(path))}?mode=ro", uri=True, check_same_thread=False
            )
        except sqlite.Error as error:
            raise Trouble("cannot_open", f"{path}: {error}") from error
        try:
            self.about = self._open()
        except (sqlite.Error, ValueError) as error:
            self._conn.close()
            raise Trouble("cannot_open", f"{path}: {error}") from error

    def _open(self) -> About:
        told: dict[str, Any] = dict(self._conn.execute("SELECT name, value FROM metadata"))
        found = self._conn.execute("SELECT min(zoom_level), max(zoom_level) FROM tiles").fetchone()
        if found[0] is None:
            raise ValueError("there is no tile in it")
        zooms = int(told.get("minzoom", found[0])), int(told.get("maxzoom", found[1]))
        vector = str(told.get("format", "")) in ("pbf", "mvt")
        return About(zooms, said(str(told.get("attribution", ""))), vector)

    def get(self, tile: TileId) -> bytes | None:
        row = 2**tile.z - 1 - tile.y
        asked = "SELECT tile_data FROM tiles WHERE zoom_level=? AND tile_column=? AND tile_row=?"
        try:
            with self._turn:
                found = self._conn.execute(asked, (tile.z, tile.x, row)).fetchone()
        except sqlite.Error as error:
            raise Trouble("cannot_open", str(error)) from error
        return bytes(found[0]) if found and found[0] else None

    def reject(self, tile: TileId) -> None:
        """A file stays as it is."""

    def close(self) -> None:
        with self._turn:
            self._conn.close()
