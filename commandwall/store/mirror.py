"""mirror.db: the pool's rows on this machine. The agent alone writes it, by `take`."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.schema import CreateTable

from commandwall.clock import HOUR
from commandwall.store import database, fulltext
from commandwall.store.schema import MIRROR, kinds, mirror
from commandwall.store.store import MANY, MIRROR_POINTER, upsert_sql
from commandwall.store.tables import RING

Row = tuple[Any, ...]
CLOSED = ("CLOSED", "ARCHIVED", "REJECTED", "MERGED", "CANCELLED")


def schema_mark() -> str:
    """Short hash of the mirror's tables: another shape means another file."""
    ddl = "".join(str(CreateTable(table)) for table in mirror.sorted_tables)
    return hashlib.sha256(ddl.encode()).hexdigest()[:12]


class Mirror:
    """The writing side of one mirror file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._engine = database.writer(path, "NORMAL")
        with database.troubles(), self._engine.begin() as conn:
            mirror.create_all(conn)
            conn.exec_driver_sql(fulltext.DDL)

    def meta(self, key: str, default: str = "") -> str:
        with database.troubles(), self._engine.begin() as conn:
            query = text("SELECT value FROM mirror_meta WHERE key = :key")
            return conn.execute(query, {"key": key}).scalar() or default

    def note(self, **values: str) -> None:
        """Keep facts of the sync: epoch, city, cursor, moment of the last page."""
        with database.troubles(), self._engine.begin() as conn:
            _note(conn, values)

    def take(
        self,
        rows: Mapping[str, Sequence[Row]],
        gone: Mapping[str, Sequence[str]],
        **values: str,
    ) -> None:
        """One page in one transaction: rows, deletions, counters, full text, cursor."""
        with database.troubles(), self._engine.begin() as conn:
            for name, some in rows.items():
                self._put(conn, name, some)
            for name, keys in gone.items():
                self._drop(conn, name, keys)
            last = conn.exec_driver_sql("SELECT max(seq) FROM mirror_changed").scalar() or 0
            conn.exec_driver_sql("DELETE FROM mirror_changed WHERE seq <= ?", (last - RING,))
            _note(conn, values)

    def fill(self, name: str, rows: Sequence[Row], after: str) -> None:
        """Rows of a first fill up to the key `after`, which is kept with them.

        Nothing reads this file yet, so nothing is announced.
        """
        with database.troubles(), self._engine.begin() as conn:
            conn.exec_driver_sql(upsert_sql(kinds(MIRROR)[name]), list(rows))
            if name == "event":
                _count(conn, Counter(), _marks(rows))
                _index(conn, rows)
            _note(conn, {f"filled.{name}": after})

    def close(self) -> None:
        self._engine.dispose()

    def _put(self, conn: Connection, name: str, rows: Sequence[Row]) -> None:
        if name == "event":
            _count(conn, _marks_of(conn, [row[0] for row in rows]), _marks(rows))
            _index(conn, rows)
        conn.exec_driver_sql(upsert_sql(kinds(MIRROR)[name]), list(rows))
        _announce(conn, name, [row[0] for row in rows])

    def _drop(self, conn: Connection, name: str, keys: Sequence[str]) -> None:
        if name == "event":
            _count(conn, _marks_of(conn, keys), Counter())
        table = mirror.tables[name].name
        conn.exec_driver_sql(f"DELETE FROM {table} WHERE id = ?", [(key,) for key in keys])
        _announce(conn, name, keys)


def use(folder: Path, name: str) -> None:
    """Point the data directory at a mirror file, at once and whole."""
    fresh = folder / (MIRROR_POINTER + ".new")
    fresh.write_text(name)
    fresh.replace(folder / MIRROR_POINTER)


def _announce(conn: Connection, name: str, keys: Iterable[str]) -> None:
    rows = [(name, key) for key in keys]
    if rows:
        conn.exec_driver_sql("INSERT INTO mirror_changed(kind, id) VALUES (?, ?)", rows)


def _note(conn: Connection, values: Mapping[str, str]) -> None:
    if values:
        sql = "INSERT OR REPLACE INTO mirror_meta VALUES (?, ?)"
        conn.exec_driver_sql(sql, list(values.items()))


def _mark(source: str, area: str, reported: int, state: str) -> list[tuple[str, str]]:
    marks = [("hour", f"{source}|{reported // HOUR}"), ("state", state)]
    return marks if state in CLOSED else [*marks, ("open", area)]


@cache
def _position(name: str) -> int:
    return [c.name for c in mirror.tables["event"].columns].index(name)


def _marks(rows: Sequence[Row]) -> Counter[tuple[str, str]]:
    where = [_position(name) for name in ("source", "area", "reported_at", "state")]
    newest = {row[0]: row for row in rows}.values()
    return Counter(mark for row in newest for mark in _mark(*(row[i] for i in where)))


def _marks_of(conn: Connection, keys: Sequence[str]) -> Counter[tuple[str, str]]:
    query = text("SELECT source, area, reported_at, state FROM event WHERE id IN :keys")
    query = query.bindparams(bindparam("keys", expanding=True))
    found: Counter[tuple[str, str]] = Counter()
    unique = list(dict.fromkeys(keys))
    for start in range(0, len(unique), MANY):
        for row in conn.execute(query, {"keys": unique[start : start + MANY]}):
            found.update(_mark(*row))
    return found


def _count(
    conn: Connection, before: Counter[tuple[str, str]], after: Counter[tuple[str, str]]
) -> None:
    after.subtract(before)
    rows = [(*key, n) for key, n in after.items() if n]
    if rows:
        sql = "INSERT INTO tally VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n"
        conn.exec_driver_sql(sql, rows)


def _index(conn: Connection, rows: Sequence[Row]) -> None:
    where = [_position(name) for name in ("title", "body", "address")]
    newest = list({row[0]: row for row in rows}.values())
    conn.exec_driver_sql(
        "INSERT OR IGNORE INTO event_row(id) VALUES (?)", [(row[0],) for row in newest]
    )
    texts = [(" ".join(fulltext.grams(" ".join(r[i] for i in where))), r[0]) for r in newest]
    conn.exec_driver_sql(
        "INSERT OR REPLACE INTO event_fts(rowid, grams) SELECT no, ? FROM event_row WHERE id = ?",
        texts,
    )
