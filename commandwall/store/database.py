"""One SQLite file: opened in the one safe way, with its troubles named in plain words."""

from __future__ import annotations

import errno
from collections.abc import Generator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import sqlcipher3.dbapi2 as sqlite
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

from commandwall import codes, platform
from commandwall.clock import Clock
from commandwall.store import disk

BUSY_S, TURN_S = 5.0, 0.002
SAFE_VERSION = (3, 51, 3)
FULL = "disk_full"
FULL_WORDS = "; 请先删除或移走文件 delete or move files first"
_FAULTS = {errno.EIO: "disk_error", errno.EROFS: "read_only"}
"""What a disk says that is broken, and one that the system has locked for that."""
_TROUBLES = {
    "database or disk is full": FULL,
    "disk i/o error": "disk_error",
    "database is locked": "locked",
    "attempt to write a readonly": "read_only",
    "malformed": "damaged",
    "not a database": "damaged",
    "could not decode to utf-8": "damaged",
    "unable to open": "cannot_open",
}


class StoreTrouble(Exception):
    """The disk or the file is at fault, not the program: tell the officer.

    `code` is disk_full, disk_error, locked, read_only, damaged, cannot_open, newer or network.
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}{FULL_WORDS if code == FULL else ''}")
        self.code, self.detail = code, detail


def writer(path: Path, synchronous: str) -> Engine:
    """The one writing connection of this process to a file; each transaction is IMMEDIATE."""
    engine = _engine(path, size=1)

    @event.listens_for(engine, "connect")
    def configure(raw: Any, _: object) -> None:
        raw.execute("PRAGMA journal_mode=WAL")
        raw.execute(f"PRAGMA synchronous={synchronous}")
        raw.execute("PRAGMA cell_size_check=ON")

    event.listen(engine, "begin", _begin_immediate)
    return engine


def _begin_immediate(conn: Connection) -> None:
    """Take the one turn to write, soon after the other program gave it back: SQLite's own waiting
    sleeps for up to 100 ms between two looks."""
    raw = conn.connection.driver_connection
    assert raw is not None
    clock = Clock()
    until = clock.monotonic() + BUSY_S
    raw.execute("PRAGMA busy_timeout=0")
    while True:
        try:
            raw.execute("BEGIN IMMEDIATE")
            return
        except sqlite.OperationalError as error:
            if "locked" not in str(error) or clock.monotonic() > until:
                raise
        clock.pause(TURN_S)


def reader(path: Path, beside: Path | None, empty: Sequence[str]) -> Engine:
    """Connections that never write, with the mirror attached as `mirror`.

    Before the first fill there is no mirror: an empty one stands in, made by the statements
    `empty`, so that a query needs no second form.
    """
    engine = _engine(path, size=3)
    event.listen(engine, "begin", lambda conn: conn.exec_driver_sql("BEGIN"))

    @event.listens_for(engine, "connect")
    def configure(raw: Any, _: object) -> None:
        raw.execute("ATTACH ? AS mirror", (":memory:" if beside is None else str(beside),))
        for statement in empty if beside is None else ():
            raw.execute(statement)
        raw.execute("PRAGMA query_only=ON")

    return engine


def shape(path: Path) -> set[tuple[str, str]]:
    """Each (table, column) of a file."""
    query = "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c"
    engine = _engine(path, size=1)
    try:
        with troubles(), engine.connect() as conn:
            return {(table, column) for table, column in conn.exec_driver_sql(query)}
    finally:
        engine.dispose()


def raw(path: Path) -> Any:
    """A connection that follows no rule of ours, to look at a file as it is; whoever asks closes
    it."""
    conn = sqlite.connect(str(path), timeout=BUSY_S, isolation_level=None)
    conn.execute("PRAGMA trusted_schema=OFF")
    conn.execute("PRAGMA mmap_size=0")
    conn.execute("PRAGMA cell_size_check=ON")
    return conn


def looking(path: Path) -> Any:
    """A connection that can write nothing, not even when it is closed; whoever asks closes it."""
    where = f"{path.absolute().as_uri()}?mode=ro"
    conn = sqlite.connect(where, timeout=BUSY_S, isolation_level=None, uri=True)
    conn.execute("PRAGMA trusted_schema=OFF")
    return conn


def copy(source: Path, target: Path) -> None:
    """A whole copy of a database as it is at one moment, while others write it."""
    with closing(raw(source)) as here, closing(raw(target)) as there:
        here.backup(there)


def named(said: str) -> str:
    """Code of a trouble by SQLite's words; "" where they name none of the disk or the file."""
    said = said.lower()
    return next((code for sign, code in _TROUBLES.items() if sign in said), "")


def _engine(path: Path, size: int) -> Engine:
    def connect() -> Any:
        raw = sqlite.connect(
            str(path), timeout=BUSY_S, isolation_level=None, check_same_thread=False
        )
        raw.execute("PRAGMA trusted_schema=OFF")
        raw.execute("PRAGMA mmap_size=0")
        return raw

    return create_engine(
        "sqlite://",
        module=sqlite,
        creator=connect,
        poolclass=QueuePool,
        pool_size=size,
        max_overflow=2 if size > 1 else 0,
        hide_parameters=True,  # rows hold people's data; an error is logged
    )


@contextmanager
def troubles() -> Generator[None]:
    """Turn a fault of the disk or the file into StoreTrouble; everything else is a bug."""
    try:
        yield
    except (DBAPIError, sqlite.Error) as error:
        said = str(getattr(error, "orig", error))
        if code := named(said):
            raise StoreTrouble(code, said) from error
        raise
    except OSError as error:
        code = FULL if disk.no_room(error) else _FAULTS.get(error.errno or 0, "")
        if not code:
            raise
        raise StoreTrouble(code, str(error)) from error


def network_file_system(folder: Path, mounts: str | None = None) -> str:
    """Type of the network file system that a folder lies on, or "" for a disk of this machine.

    Locks and memory maps, by which two programs share a file, do not hold on such a one.
    """
    kind = platform.file_system(folder, mounts)
    return kind if kind in codes.load("network_file_system") else ""


def check_version() -> None:
    """Refuse a SQLite with the WAL-reset fault (3.7.0 to 3.51.2)."""
    if sqlite.sqlite_version_info < SAFE_VERSION:
        raise StoreTrouble("cannot_open", f"SQLite {sqlite.sqlite_version} may damage a WAL file")
