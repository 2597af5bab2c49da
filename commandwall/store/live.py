"""Live arrays: memory-mapped columns that one program writes and many read without waiting.

Rows stand in blocks of 1,024 under an odd/even counter: a writer makes it odd, writes, makes it
even; a reader that saw an odd or a changed counter reads the block again. A cache that may be
thrown away, never the truth of an alarm: one that was written before the machine last began is made
anew, since after a power cut nothing in it is certain.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commandwall import platform
from commandwall.store.hot import boot

BLOCK = 1024
MAGIC = 0x4357_4C49_5645_3032  # "CWLIVE02"
HEAD = 24
"""Bytes before the counters: the mark, the rows, and when the machine began."""
TRIES = 10_000
READING = (("at", "i8"), ("value", "f4"), ("quality", "u1"), ("severity", "u1"))
FIX = (("at", "i8"), ("lon", "f8"), ("lat", "f8"))
Columns = tuple[tuple[str, str], ...]


class LiveArrays:
    """Columns of `rows` rows; `create` where this program is the writer."""

    def __init__(self, path: Path, columns: Columns, rows: int, create: bool = False) -> None:
        self.path, self.blocks = path, -(-rows // BLOCK)
        self.rows = self.blocks * BLOCK
        sizes = [np.dtype(kind).itemsize * self.rows for _, kind in columns]
        total = HEAD + 8 * self.blocks + sum(sizes)
        self.made = create and not _is_whole(path, total, self.rows)
        """Whether it was begun anew: nothing is in it."""
        if self.made:
            _make(path, total, self.rows)
        self._map = np.memmap(path, np.uint8, "r+" if create else "r", shape=(total,))
        head = self._map[:HEAD].view(np.int64)
        if int(head[0]) != MAGIC or int(head[1]) != self.rows:
            raise ValueError(f"{path.name} is not a live file of {self.rows} rows")
        self._counter = self._map[HEAD : HEAD + 8 * self.blocks].view(np.int64)
        self._columns = self._cut(columns, HEAD + 8 * self.blocks)
        self.torn = np.flatnonzero(self._counter % 2)
        """Blocks within which a writer died, where this program is the writer."""
        if create:
            self._counter += self._counter % 2

    def write(self, rows: NDArray[np.intp], **values: NDArray[Any]) -> None:
        """Set columns of these rows."""
        touched = np.zeros(self.blocks, np.bool_)
        touched[rows // BLOCK] = True
        self._counter[touched] += 1
        for name, some in values.items():
            self._columns[name][rows] = some
        self._counter[touched] += 1

    def own(self) -> Mapping[str, NDArray[Any]]:
        """The columns themselves, for the program that writes them: to read alone."""
        return self._columns

    def counters(self) -> NDArray[np.int64]:
        """A copy of the block counters: where they differ, something was written."""
        return np.array(self._counter)

    def read(self) -> dict[str, NDArray[Any]]:
        """A copy of every column in which no block is torn. Blocks are of different moments where
        a writer is at work; a writer that begins anew at once keeps nobody from any of them."""
        before = self.counters()
        copy = {name: np.array(column) for name, column in self._columns.items()}
        left = np.flatnonzero((before % 2 == 1) | (before != self._counter))
        for _ in range(TRIES):
            if not len(left):
                return copy
            before = self._counter[left]
            for name, column in self._columns.items():
                copy[name].reshape(-1, BLOCK)[left] = column.reshape(-1, BLOCK)[left]
            left = left[(before % 2 == 1) | (before != self._counter[left])]
        raise TimeoutError(f"{self.path.name}: its writer never rests")

    def _cut(self, columns: Columns, start: int) -> dict[str, NDArray[Any]]:
        cut = {}
        for name, kind in columns:
            end = start + np.dtype(kind).itemsize * self.rows
            cut[name] = self._map[start:end].view(kind)
            start = end
        return cut


def newest(folder: Path, what: str) -> Path | None:
    """The file in use, of those of several sizes; its name ends with its rows. None without one."""
    found = sorted(folder.glob(f"{what}-*.live"), key=lambda path: path.stat().st_mtime)
    return found[-1] if found else None


def _head(rows: int) -> bytes:
    return np.array([MAGIC, rows, boot()], np.int64).tobytes()


def _is_whole(path: Path, total: int, rows: int) -> bool:
    if not path.exists() or path.stat().st_size != total:
        return False
    with path.open("rb") as file:
        return file.read(HEAD) == _head(rows)


def _make(path: Path, total: int, rows: int) -> None:
    """An empty file, there at once and whole: readers watch for its name."""
    fresh = path.with_suffix(".new")
    fresh.write_bytes(_head(rows))
    platform.allocate(fresh, total)
    fresh.replace(path)


def live_name(what: str, rows: int) -> str:
    """File name: another size is another file."""
    return f"{what}-{-(-rows // BLOCK) * BLOCK}.live"
