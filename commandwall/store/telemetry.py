"""telemetry.db: the newest state of all devices, and the history of readings and tracks.

A file that may be thrown away: one that is damaged, of another shape or of another pool is begun
anew. What comes is kept in `tail`, by lots of 10,000 devices; every ten minutes it becomes chunks
of 250 devices, sorted by device and time and squeezed, so that a device's day is some short reads.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from itertools import groupby, pairwise
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

from commandwall.clock import MINUTE, Ms
from commandwall.store import database, quarantine
from commandwall.store.columns import spread as plain_spread
from commandwall.store.columns import squeeze
from commandwall.store.database import StoreTrouble
from commandwall.store.quarantine import Fault

log = logging.getLogger(__name__)
NAME = "telemetry.db"
READINGS, FIXES = "readings", "fixes"
"""Series of what devices said, and of where units were."""
SHAPE = 3
"""Number of this layout: a file of another one is begun anew."""
SPAN = 10 * MINUTE
SHARE, LOT = 250, 10_000
"""Devices of one chunk, and of one row of the tail; by their numbers."""
DROPPED = 500
"""Chunks that go at a time, where the file holds too much."""
_ADD = 'INSERT INTO chunk(series, share, start, "end", body) VALUES (?, ?, ?, ?, ?)'
_USED = (
    "SELECT (page_count - freelist_count) * page_size"
    " FROM pragma_page_count, pragma_freelist_count, pragma_page_size"
)
Series = Mapping[str, np.dtype[Any]]
"""Name of a series -> its rows, with at least `no` (the device's number) and `at`."""
metadata = MetaData()
about = Table(
    "about",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
    sqlite_strict=True,
)
latest = Table(
    "latest",
    metadata,
    Column("series", Text, primary_key=True),
    Column("at", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    sqlite_strict=True,
)
tail = Table(
    "tail",
    metadata,
    Column("no", Integer, primary_key=True, autoincrement=True),
    Column("series", Text, nullable=False),
    Column("lot", Integer, nullable=False),
    Column("at", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("ix_tail_lot", "series", "lot", "at"),
    sqlite_strict=True,
)
chunk = Table(
    "chunk",
    metadata,
    Column("no", Integer, primary_key=True, autoincrement=True),
    Column("series", Text, nullable=False),
    Column("share", Integer, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("ix_chunk_share", "series", "share", "end"),
    Index("ix_chunk_end", "series", "end"),
    sqlite_strict=True,
)


class Telemetry:
    """The history of one station; the agent alone writes."""

    def __init__(self, folder: Path, series: Series, pool: str = "") -> None:
        self.path, self.series, self._pool = folder / NAME, series, pool
        try:
            self._engine = self._open()
        except StoreTrouble as trouble:
            if trouble.code not in ("damaged", "newer"):
                raise
            self.begin_anew(trouble)

    def begin_anew(self, why: StoreTrouble) -> None:
        """Make an empty file; one that is damaged is kept in quarantine, one that is of no use here
        is thrown away."""
        log.warning("%s is begun anew: %s", self.path.name, why)
        self.close()
        if why.code == "damaged" and self.path.exists():
            quarantine.take(self.path, Fault("structure", why.detail), moved=True)
        for ending in ("", "-wal", "-shm"):
            self.path.with_name(self.path.name + ending).unlink(missing_ok=True)
        self._engine = self._open()

    def append(self, series: str, at: Ms, rows: NDArray[np.void]) -> None:
        """Keep what came up to a moment."""
        sql = "INSERT INTO tail(series, lot, at, body) VALUES (?, ?, ?, ?)"
        lots = [(series, lot, at, squeeze(some, 1)) for lot, some in _parts(rows, LOT)]
        with database.troubles(), self._engine.begin() as conn:
            if lots:
                conn.exec_driver_sql(sql, lots)

    def keep_latest(self, series: str, at: Ms, rows: NDArray[np.void]) -> None:
        """The newest row of every device, in place of what was there."""
        sql = "INSERT OR REPLACE INTO latest VALUES (?, ?, ?)"
        with database.troubles(), self._engine.begin() as conn:
            conn.exec_driver_sql(sql, (series, at, squeeze(rows, 1)))

    def latest(self, series: str) -> NDArray[np.void]:
        """The newest row of every device; none before the first was kept."""
        sql = "SELECT body FROM latest WHERE series = ?"
        with database.troubles(), self._engine.begin() as conn:
            body = conn.exec_driver_sql(sql, (series,)).scalar()
        dtype = self.series[series]
        return np.zeros(0, dtype) if body is None else spread(body, dtype)

    def compact(self, now: Ms) -> None:
        """Turn the tail of each series into chunks once it spans ten minutes."""
        for series in self.series:
            with database.troubles(), self._engine.begin() as conn:
                self._compact(conn, series, now)

    def forget(self, series: str, before: Ms) -> None:
        """Drop what is older than the retention asks for."""
        sql = 'DELETE FROM chunk WHERE series = ? AND "end" < ?'
        with database.troubles(), self._engine.begin() as conn:
            conn.exec_driver_sql(sql, (series, before))

    def average(self, source: str, target: str, width: int, until: Ms) -> None:
        """Means of the good values of each device over each `width` milliseconds, from where the
        last ones ended up to a moment, as rows of another series."""
        until = Ms(until // width * width)
        with database.troubles(), self._engine.begin() as conn:
            begin = self._averaged(conn, source, target)
            if begin is None or until - begin < width:
                return
            sql = (
                'SELECT share, body FROM chunk WHERE series = ? AND "end" >= ? AND start < ?'
                " ORDER BY share"
            )
            found = conn.exec_driver_sql(sql, (source, begin, until))
            made: list[tuple[str, int, int, int, bytes]] = []
            for _, bodies in groupby(found, key=itemgetter(0)):
                rows = np.concatenate([spread(b, self.series[source]) for _, b in bodies])
                rows = rows[(rows["at"] >= begin) & (rows["at"] < until)]
                made += [(target, *p) for p in _chunks(means(rows, width, self.series[target]))]
            if made:
                conn.exec_driver_sql(_ADD, made)
            conn.exec_driver_sql("INSERT OR REPLACE INTO about VALUES (?, ?)", (target, str(until)))

    def trim(self, most: int, order: Sequence[str]) -> None:
        """Keep the file's content below so many bytes: the oldest of the first series go first."""
        for series in order:
            while self._drop_oldest(series, most):
                pass

    def history(self, series: str, no: int, since: Ms) -> NDArray[np.void]:
        """Rows of one device since a moment, oldest first."""
        chunks = 'SELECT body FROM chunk WHERE series = ? AND share = ? AND "end" >= ?'
        with database.troubles(), self._engine.begin() as conn:
            bodies = list(conn.exec_driver_sql(chunks, (series, no // SHARE, since)).scalars())
            tails = "SELECT body FROM tail WHERE series = ? AND lot = ?"
            bodies += conn.exec_driver_sql(tails, (series, no // LOT)).scalars().all()
        found = _of(bodies, self.series[series], no)
        return np.sort(found[found["at"] >= since], order="at")

    def close(self) -> None:
        if engine := getattr(self, "_engine", None):
            engine.dispose()

    def _drop_oldest(self, series: str, most: int) -> bool:
        """Drop some chunks where the file holds too much; True where there may be more to drop."""
        with database.troubles(), self._engine.begin() as conn:
            used = conn.exec_driver_sql(_USED).scalar() or 0
            if used <= most:
                return False
            oldest = 'SELECT no FROM chunk WHERE series = ? ORDER BY "end" LIMIT ?'
            sql = f"DELETE FROM chunk WHERE no IN ({oldest})"
            return conn.exec_driver_sql(sql, (series, DROPPED)).rowcount > 0

    def _averaged(self, conn: Connection, source: str, target: str) -> Ms | None:
        """Up to where there are averages; from the first row on where there are none yet."""
        kept = conn.exec_driver_sql("SELECT value FROM about WHERE key = ?", (target,)).scalar()
        if kept is not None:
            return Ms(int(kept))
        sql = "SELECT min(start) FROM chunk WHERE series = ?"
        found: Ms | None = conn.exec_driver_sql(sql, (source,)).scalar()
        return found

    def _compact(self, conn: Connection, series: str, now: Ms) -> None:
        first = conn.exec_driver_sql("SELECT min(at) FROM tail WHERE series = ?", (series,))
        began = first.scalar()
        if began is None or now - began < SPAN:
            return
        found = conn.exec_driver_sql("SELECT body FROM tail WHERE series = ?", (series,))
        rows = np.concatenate([spread(body, self.series[series]) for body in found.scalars()])
        conn.exec_driver_sql(_ADD, [(series, *part) for part in _chunks(rows)])
        conn.exec_driver_sql("DELETE FROM tail WHERE series = ?", (series,))

    def _open(self) -> Engine:
        engine = database.writer(self.path, "NORMAL")
        self._engine = engine
        with database.troubles(), engine.begin() as conn:
            shape = conn.exec_driver_sql("PRAGMA user_version").scalar()
            made = conn.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar()
            if made and shape != SHAPE:
                raise StoreTrouble("newer", f"its layout is {shape}, not {SHAPE}")
            metadata.create_all(conn)
            conn.exec_driver_sql(f"PRAGMA user_version = {SHAPE}")
            self._check_pool(conn)
        return engine

    def _check_pool(self, conn: Connection) -> None:
        """Numbers of devices mean something in one pool only."""
        sql = "INSERT OR IGNORE INTO about VALUES ('pool', ?)"
        conn.exec_driver_sql(sql, (self._pool,))
        held = conn.exec_driver_sql("SELECT value FROM about WHERE key = 'pool'").scalar()
        if held != self._pool:
            raise StoreTrouble("newer", "it holds the history of another pool")


def since(folder: Path, series: str) -> Ms | None:
    """From when on a series is kept; None where nothing of it is."""
    sql = (
        'SELECT coalesce((SELECT start FROM chunk WHERE series = ? ORDER BY "end" LIMIT 1),'
        " (SELECT min(at) FROM tail WHERE series = ?))"
    )
    found = _ask(folder, sql, (series, series))
    return Ms(found[0][0]) if found and found[0][0] is not None else None


def within(
    folder: Path, series: str, dtype: np.dtype[Any], span: tuple[Ms, int],
    of: NDArray[np.integer[Any]] | None = None,
) -> NDArray[np.void]:  # fmt: skip
    """Rows of a series between so many milliseconds before a moment and that moment, in no order;
    for another program than the one that writes. `of`: of devices with these numbers alone."""
    until, begin = span[0], span[0] - span[1]
    chunks = 'SELECT body FROM chunk WHERE series = ? AND "end" >= ? AND start <= ?'
    tails = "SELECT body FROM tail WHERE series = ? AND at >= ?"
    found = _asked(folder, chunks, (series, begin, until), ("share", SHARE), of)
    found += _asked(folder, tails, (series, begin), ("lot", LOT), of)
    wanted = None if of is None else np.isin(np.arange(int(of.max(initial=-1)) + 2), of)
    parts = []
    for (body,) in found:
        rows = spread(body, dtype)
        inside = (rows["at"] > begin) & (rows["at"] <= until)
        if wanted is not None:  # its last place is for numbers beyond
            inside &= wanted[np.minimum(rows["no"], len(wanted) - 1)]
        parts.append(rows if inside.all() else rows[inside])
    return np.concatenate(parts) if parts else np.zeros(0, dtype)


def _asked(
    folder: Path, sql: str, asked: tuple[Any, ...], part: tuple[str, int],
    of: NDArray[np.integer[Any]] | None,
) -> list[tuple[Any, ...]]:  # fmt: skip
    """What a query finds of the devices with these numbers, which stand in parts of a size."""
    if of is None:
        return _ask(folder, sql, asked)
    column, size = part
    some = json.dumps(np.unique(of // size).tolist())
    sql += f" AND {column} IN (SELECT value FROM json_each(?))"
    return _ask(folder, sql, (*asked, some))


def _ask(folder: Path, sql: str, asked: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    """Nothing where there is no file, or one that is just being made."""
    path = folder / NAME
    if not path.exists():
        return []
    with database.troubles(), closing(database.raw(path)) as conn:
        conn.execute("PRAGMA query_only=ON")
        if not conn.execute("SELECT 1 FROM sqlite_master WHERE name = 'chunk'").fetchone():
            return []
        return list(conn.execute(sql, asked))


def spread(body: bytes, dtype: np.dtype[Any]) -> NDArray[np.void]:
    """Rows that were squeezed; StoreTrouble("damaged") where their own sum says they are not."""
    try:
        return plain_spread(body, dtype)
    except ValueError as why:
        raise StoreTrouble("damaged", str(why)) from why


def means(rows: NDArray[np.void], width: int, dtype: np.dtype[Any]) -> NDArray[np.void]:
    """Mean of `value` of each device over each `width` milliseconds, at their beginning; rows whose
    quality is not good (0) do not count."""
    rows = rows[np.isfinite(rows["value"])]
    if "quality" in (rows.dtype.names or ()):
        rows = rows[rows["quality"] == 0]
    rows = rows[np.lexsort((rows["at"], rows["no"]))]
    at = rows["at"] // width * width
    first = np.flatnonzero((np.diff(at, prepend=-1) != 0) | (np.diff(rows["no"], prepend=-1) != 0))
    found = np.zeros(len(first), dtype)
    if len(first):
        count = np.diff(first, append=len(rows))
        found["no"], found["at"] = rows["no"][first], at[first]
        found["value"] = np.add.reduceat(rows["value"].astype(np.float64), first) / count
    return found


def _of(bodies: list[bytes], dtype: np.dtype[Any], no: int) -> NDArray[np.void]:
    parts = [rows[rows["no"] == no] for rows in (spread(body, dtype) for body in bodies)]
    return np.concatenate(parts) if parts else np.zeros(0, dtype)


def _chunks(rows: NDArray[np.void]) -> list[tuple[int, int, int, bytes]]:
    return [
        (share, int(some["at"].min()), int(some["at"].max()), squeeze(some))
        for share, some in _parts(rows, SHARE)
    ]


def _parts(rows: NDArray[np.void], size: int) -> Iterator[tuple[int, NDArray[np.void]]]:
    """The rows by so many devices each, in the order of their numbers and times."""
    rows = rows[np.lexsort((rows["at"], rows["no"]))]
    part = rows["no"] // size
    edges = [0, *(np.flatnonzero(np.diff(part)) + 1), len(rows)]
    for begin, end in pairwise(edges):
        if end > begin:
            yield int(part[begin]), rows[begin:end]
