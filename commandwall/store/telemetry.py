"""telemetry.db: the history of readings. A file that may be thrown away.

Packs are kept as they come in `tail`; every ten minutes they become chunks of 1,000 sensors,
sorted by sensor and time and compressed, so that one sensor's hour is one short read.
"""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Column, Engine, Index, Integer, LargeBinary, MetaData, Table

from commandwall.clock import MINUTE, Ms
from commandwall.sensors import READING_DTYPE, unpack
from commandwall.store import database

SPAN = 10 * MINUTE
SHARE = 1000
metadata = MetaData()
tail = Table(
    "tail",
    metadata,
    Column("no", Integer, primary_key=True, autoincrement=True),
    Column("at", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    sqlite_strict=True,
)
chunk = Table(
    "chunk",
    metadata,
    Column("no", Integer, primary_key=True, autoincrement=True),
    Column("share", Integer, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("ix_chunk_share", "share", "end"),
    sqlite_strict=True,
)


class Telemetry:
    """The history of one station; the agent writes, the wall reads."""

    def __init__(self, folder: Path) -> None:
        path = folder / "telemetry.db"
        self._engine: Engine = database.writer(path, "NORMAL")
        with database.troubles(), self._engine.begin() as conn:
            metadata.create_all(conn)

    def append(self, at: Ms, body: bytes) -> None:
        """Keep one pack of readings."""
        with database.troubles(), self._engine.begin() as conn:
            conn.exec_driver_sql("INSERT INTO tail(at, body) VALUES (?, ?)", (at, body))

    def compact(self, now: Ms) -> None:
        """Turn the tail into chunks once it spans ten minutes."""
        with database.troubles(), self._engine.begin() as conn:
            first = conn.exec_driver_sql("SELECT min(at) FROM tail").scalar()
            if first is None or now - first < SPAN:
                return
            bodies = conn.exec_driver_sql("SELECT body FROM tail").scalars().all()
            rows = _chunks(np.concatenate([unpack(body) for body in bodies]))
            sql = 'INSERT INTO chunk(share, start, "end", body) VALUES (?, ?, ?, ?)'
            conn.exec_driver_sql(sql, rows)
            conn.exec_driver_sql("DELETE FROM tail")

    def forget(self, before: Ms) -> None:
        """Drop what is older than the retention asks for."""
        with database.troubles(), self._engine.begin() as conn:
            conn.exec_driver_sql('DELETE FROM chunk WHERE "end" < ?', (before,))

    def history(self, no: int, since: Ms) -> NDArray[np.void]:
        """Readings of one sensor since a moment, oldest first (READING_DTYPE)."""
        chunks = 'SELECT body FROM chunk WHERE share = ? AND "end" >= ?'
        with database.troubles(), self._engine.begin() as conn:
            bodies = list(conn.exec_driver_sql(chunks, (no // SHARE, since)).scalars())
            bodies += conn.exec_driver_sql("SELECT body FROM tail").scalars().all()
        parts = [rows[rows["no"] == no] for rows in map(unpack, bodies)]
        found = np.concatenate(parts) if parts else np.zeros(0, READING_DTYPE)
        return np.sort(found[found["at"] >= since], order="at")

    def close(self) -> None:
        self._engine.dispose()


def _chunks(readings: NDArray[np.void]) -> list[tuple[int, int, int, bytes]]:
    readings = np.sort(readings, order=["no", "at"])
    share = readings["no"] // SHARE
    rows = []
    for value in np.unique(share):
        part = readings[share == value]
        body = zlib.compress(part.tobytes(), 6)
        rows.append((int(value), int(part["at"].min()), int(part["at"].max()), body))
    return rows
