"""One SQLite file: opened in the one safe way, with its troubles named in plain words."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlcipher3.dbapi2 as sqlite
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

BUSY_S = 5.0
SAFE_VERSION = (3, 51, 3)
_TROUBLES = {
    "database or disk is full": "disk_full",
    "disk i/o error": "disk_error",
    "database is locked": "locked",
    "attempt to write a readonly": "read_only",
    "malformed": "damaged",
    "not a database": "damaged",
    "unable to open": "cannot_open",
}


class StoreTrouble(Exception):
    """The disk or the file is at fault, not the program: tell the officer.

    `code` is disk_full, disk_error, locked, read_only, damaged, cannot_open, newer or network.
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code, self.detail = code, detail


def writer(path: Path, synchronous: str) -> Engine:
    """The one writing connection of this process to a file; each transaction is IMMEDIATE."""
    engine = _engine(path, "BEGIN IMMEDIATE", size=1)

    @event.listens_for(engine, "connect")
    def configure(raw: Any, _: object) -> None:
        raw.execute("PRAGMA journal_mode=WAL")
        raw.execute(f"PRAGMA synchronous={synchronous}")
        raw.execute("PRAGMA cell_size_check=ON")

    return engine


def reader(path: Path, beside: Path | None, empty: Sequence[str]) -> Engine:
    """Connections that never write, with the mirror attached as `mirror`.

    Before the first fill there is no mirror: an empty one stands in, made by the statements
    `empty`, so that a query needs no second form.
    """
    engine = _engine(path, "BEGIN", size=3)

    @event.listens_for(engine, "connect")
    def configure(raw: Any, _: object) -> None:
        raw.execute("ATTACH ? AS mirror", (":memory:" if beside is None else str(beside),))
        for statement in empty if beside is None else ():
            raw.execute(statement)
        raw.execute("PRAGMA query_only=ON")

    return engine


def _engine(path: Path, begin: str, size: int) -> Engine:
    def connect() -> Any:
        raw = sqlite.connect(
            str(path), timeout=BUSY_S, isolation_level=None, check_same_thread=False
        )
        raw.execute("PRAGMA trusted_schema=OFF")
        raw.execute("PRAGMA mmap_size=0")
        return raw

    engine = create_engine(
        "sqlite://",
        module=sqlite,
        creator=connect,
        poolclass=QueuePool,
        pool_size=size,
        max_overflow=2 if size > 1 else 0,
        hide_parameters=True,  # rows hold people's data; an error is logged
    )
    event.listen(engine, "begin", lambda conn: conn.exec_driver_sql(begin))
    return engine


@contextmanager
def troubles() -> Generator[None]:
    """Turn a fault of the disk or the file into StoreTrouble; everything else is a bug."""
    try:
        yield
    except (DBAPIError, sqlite.Error) as error:
        said = str(getattr(error, "orig", error))
        for sign, code in _TROUBLES.items():
            if sign in said.lower():
                raise StoreTrouble(code, said) from error
        raise


def check_version() -> None:
    """Refuse a SQLite with the WAL-reset fault (3.7.0 to 3.51.2)."""
    if sqlite.sqlite_version_info < SAFE_VERSION:
        raise StoreTrouble("cannot_open", f"SQLite {sqlite.sqlite_version} may damage a WAL file")
