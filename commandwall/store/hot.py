"""Hot columns: what panels count events by, as small numbers in a file that programs share.

17 bytes for an event, mapped into memory by whoever counts. The agent only ever adds rows: an event
that changed or went is added once more with weight -1, so nobody reads a torn row, and a sum
of weights is a count. Each knows the number of its event, so that what fits a filter is found
without reading the mirror's rows. The file belongs to one state of the mirror, by the number of
its last change; one that belongs to another is made anew from the mirror.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray
from sqlalchemy import Connection

from commandwall import platform
from commandwall.clock import HOUR
from commandwall.store import numbers

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
"""Linux: drawn at each start."""
MAGIC = 0x4357_484F_5430_3033  # "CWHOT003"
COLUMNS = (
    ("area", "u2"), ("cls", "u2"), ("unit", "u2"), ("source", "u1"), ("state", "u1"),
    ("hour", "i4"), ("no", "u4"), ("weight", "i1"),
)  # fmt: skip
"""`no`: how far an event's number lies behind the first of its hour."""
CODED = ("area", "cls", "unit", "source", "state")
NAMES = (*CODED, "reported_at")
"""Columns of an event that are kept: five as numbers of the table `code`, the last as hours."""
HEAD, SPARE, BATCH = 5, 200_000, 50_000
_COUNT, _STAMP = 2, 3
Facts = tuple[Any, ...]
"""Values of NAMES, and the number of the event."""


class HotColumns:
    """The file beside one mirror; `conn` is the mirror's writing connection, in a transaction."""

    def __init__(self, mirror: Path, conn: Connection) -> None:
        self._path = hot_path(mirror)
        self._codes = _codes(conn)
        self._waiting: list[Facts] = []
        self._weights: list[int] = []
        if not self._open() or self._head[_STAMP] != stamp(conn):
            self._make(conn)

    def begin(self, conn: Connection) -> None:
        """Forget what a transaction that was undone has noted."""
        if self._waiting:
            self._waiting, self._weights, self._codes = [], [], _codes(conn)

    def change(self, conn: Connection, before: Iterable[Facts], after: Iterable[Facts]) -> None:
        """Note a change; what is new gets its number within the same transaction."""
        gone, came = list(before), list(after)
        self._name(conn, came)  # what goes has had its numbers since it came
        self._waiting += gone + came
        self._weights += [-1] * len(gone) + [1] * len(came)

    def done(self, last: int) -> bool:
        """After the mirror's commit, whose last change has this number: add the rows. False where
        there is no number for what goes."""
        facts, weights = self._waiting, self._weights
        self._waiting, self._weights = [], []
        try:
            rows = self._rows(facts, weights)
        except KeyError:
            return False
        more = len(rows["hour"])
        if int(self._head[_COUNT]) + more > self._room:
            self._pack(more)
        count = int(self._head[_COUNT])
        for name, values in rows.items():
            self._columns[name][count : count + more] = values
        self._head[_COUNT] = count + more
        self._head[_STAMP] = last
        return True

    def renew(self, conn: Connection) -> None:
        """Make the file anew from the mirror."""
        self._waiting, self._weights = [], []
        self._make(conn)

    def _open(self) -> bool:
        try:
            self._head, self._columns = _map(self._path, "r+")
        except (OSError, ValueError):
            return False
        self._room = len(self._columns["hour"])
        return int(self._head[4]) == boot()

    def _make(self, conn: Connection) -> None:
        (total,) = conn.exec_driver_sql("SELECT count(*) FROM event").fetchone() or (0,)
        with self._anew(total):
            found = conn.exec_driver_sql(f"SELECT {', '.join(NAMES)}, rowid FROM event")
            count = 0
            while some := [tuple(row) for row in found.fetchmany(BATCH)]:
                self._name(conn, some)
                for name, values in self._rows(some, [1] * len(some)).items():
                    self._columns[name][count : count + len(some)] = values
                count += len(some)
            self._head[_COUNT], self._head[_STAMP] = count, stamp(conn)

    def _pack(self, more: int) -> None:
        """Make room for so many: what cancels out goes. The last row of an event says whether it is
        there, and how; to read the mirror instead would take seconds for millions."""
        count, last = int(self._head[_COUNT]), self._head[_STAMP]
        held = {name: column[:count] for name, column in self._columns.items()}
        numbered = number(held["hour"], held["no"])
        order = np.argsort(numbered, kind="stable")
        ends = order[np.flatnonzero(np.diff(numbered[order], append=-1))]
        kept = np.sort(ends[held["weight"][ends] > 0])
        with self._anew(len(kept) + more):
            for name, column in held.items():
                self._columns[name][: len(kept)] = column[kept]
            self._head[_COUNT], self._head[_STAMP] = len(kept), last

    @contextmanager
    def _anew(self, total: int) -> Generator[None]:
        """Another file with room for so many rows and more; it takes the place of the present one
        once the block, which fills it, is over."""
        self._room = total + total // 4 + SPARE
        fresh = self._path.with_suffix(".new")
        size = 8 * HEAD + sum(np.dtype(kind).itemsize for _, kind in COLUMNS) * self._room
        fresh.write_bytes(np.array([MAGIC, self._room, 0, 0, boot()], np.int64).tobytes())
        platform.allocate(fresh, size)
        self._head, self._columns = _map(fresh, "r+")
        yield
        fresh.replace(self._path)

    def _name(self, conn: Connection, facts: Sequence[Facts]) -> None:
        """Give a number to every value that has none yet; those beyond its width share the last."""
        new: list[tuple[str, str, int]] = []
        for column, values in zip(CODED, zip(*facts, strict=True), strict=False):
            known, most = self._codes[column], int(np.iinfo(dict(COLUMNS)[column]).max)
            for key in set(values) - known.keys():
                known[key] = min(len(known), most)
                new.append((column, key, known[key]))
        if new:
            conn.exec_driver_sql("INSERT OR IGNORE INTO code VALUES (?, ?, ?)", new)

    def _rows(self, facts: Sequence[Facts], weights: list[int]) -> dict[str, NDArray[Any]]:
        columns: list[Facts] = list(zip(*facts, strict=True)) or [()] * (len(NAMES) + 1)
        *coded, reported, numbered = columns
        made: dict[str, NDArray[Any]] = {
            column: np.array([*map(self._codes[column].__getitem__, values)], dict(COLUMNS)[column])
            for column, values in zip(CODED, coded, strict=True)
        }
        hours = np.array(reported, np.int64) // HOUR
        made["hour"] = hours.astype(np.int32)
        made["no"] = (np.array(numbered, np.int64) - _first(hours)).astype("u4")
        return made | {"weight": np.array(weights, np.int8)}


def hot_path(mirror: Path) -> Path:
    """The file of a mirror."""
    return mirror.with_name(mirror.name + ".hot")


def read_hot(mirror: Path) -> tuple[dict[str, NDArray[Any]], int]:
    """The columns as they are now, without a copy, and the number of a change of the mirror up to
    which they hold all; nothing where there is no file."""
    try:
        head, columns = _map(hot_path(mirror), "r")
    except (OSError, ValueError):
        return {name: np.zeros(0, kind) for name, kind in COLUMNS}, 0
    last, count = int(head[_STAMP]), int(head[_COUNT])  # in this order: they are written in turn
    return {name: column[:count].view(np.ndarray) for name, column in columns.items()}, last


def number(hours: NDArray[Any], behind: NDArray[Any]) -> NDArray[np.int64]:
    """The numbers of events by their columns `hour` and `no`."""
    found: NDArray[np.int64] = _first(hours) + behind
    return found


def _first(hours: NDArray[Any]) -> NDArray[np.int64]:
    """The lowest number of an hour since 1970."""
    found: NDArray[np.int64] = np.maximum(hours, 0).astype(np.int64) * numbers.first(HOUR)
    return found


def _map(path: Path, mode: Any) -> tuple[NDArray[np.int64], dict[str, NDArray[Any]]]:
    whole = np.memmap(path, np.uint8, mode)
    head = whole[: 8 * HEAD].view(np.int64)
    if len(head) < HEAD or int(head[0]) != MAGIC:
        raise ValueError(f"{path.name} is no file of hot columns")
    start, columns = 8 * HEAD, {}
    for name, kind in COLUMNS:
        end = start + np.dtype(kind).itemsize * int(head[1])
        columns[name] = whole[start:end].view(kind)
        start = end
    return head, columns


def stamp(conn: Connection) -> int:
    """Number of the last change of a mirror."""
    sql = "SELECT seq FROM sqlite_sequence WHERE name = 'mirror_changed'"
    return int(conn.exec_driver_sql(sql).scalar() or 0)


def _codes(conn: Connection) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {column: {} for column in CODED}
    for column, key, no in conn.exec_driver_sql("SELECT name, key, no FROM code"):
        found[column][key] = no
    return found


def boot() -> int:
    """Another number after each start of this machine: after a power cut nothing in a map is
    certain. The moment of the start will not do where there is better: who sets the clock moves
    it, and files in use would be made anew under those who read them."""
    try:
        return int(BOOT_ID.read_text().replace("-", "")[:15], 16)
    except OSError:
        return int(psutil.boot_time() // 600)
