"""The pool's rows as Arrow tables, for a first fill: by ADBC, in order, in ranges.

A range is one short question, so the pool keeps no old rows for a long copy. It may take as long
as a thin line needs; one that brings nothing at all for a while counts as broken off.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from typing import Any

import adbc_driver_postgresql.dbapi as adbc
import pyarrow as pa
import pyarrow.compute as pc
from psycopg.conninfo import make_conninfo
from psycopg.sql import Literal

from commandwall.events import IS_OPEN
from commandwall.pool import schema
from commandwall.pool.client import Client, PoolTrouble
from commandwall.store.schema import times_of

RANGE, AHEAD, SILENCE_S = 200_000, 2, 120.0
# Rows lie in the pool as they came, mostly in order of time: an index is the short way to a range.
OPTIONS = "-c random_page_cost=1.1 -c statement_timeout=0"
NEWEST = f"t.{IS_OPEN} OR t.reported_at >= to_timestamp({{since}} / 1000.0)"
Piece = tuple[pa.Table, str]
"""Rows, and the key of the last of them."""


class Source:
    """A reading connection to the pool; use as a context manager. Raises PoolTrouble."""

    def __init__(self, client: Client) -> None:
        """A second connection of the same login, without its limit for one statement."""
        try:
            self._conn = adbc.connect(make_conninfo(client.dsn, options=OPTIONS), autocommit=True)
        except adbc.Error as error:
            raise PoolTrouble("unreachable", str(error).splitlines()[0]) from error
        client.meta()
        self._held, self._table = client.columns, client.table

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *_: object) -> None:
        self._conn.close()

    def count(self, kind: str) -> int:
        """How many rows of a kind the pool has."""
        if kind not in self._held:
            return 0
        with self._conn.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {self._table(kind)}")
            return int(cursor.fetchall()[0][0])

    def rows(self, kind: str, after: str) -> Iterator[Piece]:
        """All rows of a kind after a key, in order of the key ("": from the first)."""
        return _ahead(self._ranges(kind, after))

    def newest(self, since: int) -> Iterator[Piece]:
        """Events that are open, or were reported since a moment."""
        where = NEWEST.format(since=since)
        return _ahead(self._range("event", where, ""))

    def _ranges(self, kind: str, after: str) -> Iterator[Piece]:
        count = RANGE
        while count >= RANGE:
            count = 0
            where = _after(kind, after)
            for rows, after in self._range(kind, where, f"LIMIT {RANGE}"):
                count += rows.num_rows
                yield rows, after

    def _range(self, kind: str, where: str, limit: str) -> Iterator[Piece]:
        if kind not in self._held:
            return
        names = ", ".join(f't."{name}"' for name in self._held[kind])
        order = ", ".join(f"t.{name}" for name in _key(kind))
        sql = f"SELECT {names} FROM {self._table(kind)} t WHERE {where} ORDER BY {order} {limit}"
        with self._conn.cursor() as cursor:
            cursor.execute(sql)
            for batch in cursor.fetch_record_batch():
                if batch.num_rows:
                    rows = pa.Table.from_batches([batch])
                    yield _whole(kind, _as_kept(kind, rows)), _last(kind, rows)


def _key(kind: str) -> tuple[str, ...]:
    """What a kind is ordered by: events by their time, as the mirror numbers them."""
    return ("reported_at", "id") if kind == "event" else ("id",)


def _after(kind: str, after: str) -> str:
    if not after:
        return "true"
    if kind != "event":
        return f"t.id > {Literal(after).as_string()}"
    micros, _, key = after.partition("|")
    at = f"timestamptz 'epoch' + {int(micros)} * interval '1 microsecond'"
    return f"(t.reported_at, t.id) > ({at}, {Literal(key).as_string()})"


def _last(kind: str, rows: pa.Table) -> str:
    last = rows.slice(rows.num_rows - 1)
    key = str(last["id"][0].as_py())
    if kind != "event":
        return key
    return f"{last['reported_at'].cast(pa.int64())[0].as_py()}|{key}"


def _as_kept(kind: str, rows: pa.Table) -> pa.Table:
    """Moments as milliseconds since 1970, rounded as the feed rounds them."""
    for i, name in enumerate(rows.column_names):
        if name in times_of(schema.city_kinds()[kind]):
            micros = rows[name].cast(pa.int64())
            half = pc.multiply(pc.if_else(pc.less(micros, 0), -1, 1), 500)
            rows = rows.set_column(i, name, pc.divide(pc.add(micros, half), 1000))
    return rows


def _whole(kind: str, rows: pa.Table) -> pa.Table:
    """With the columns that an older pool does not have yet, in our order."""
    for name in schema.columns(kind):
        if name not in rows.column_names:
            rows = rows.append_column(name, pa.array([schema.default(kind, name)] * len(rows)))
    return rows.select(schema.columns(kind))


def _ahead(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """The same pieces, asked for by a thread of its own while earlier ones are written."""
    waiting: queue.Queue[Any] = queue.Queue(AHEAD)

    def fetch() -> None:
        try:
            for piece in pieces:
                waiting.put(piece)
            waiting.put(None)
        except adbc.Error as error:
            waiting.put(PoolTrouble("unreachable", str(error).splitlines()[0]))

    threading.Thread(target=fetch, name="source", daemon=True).start()
    while (piece := _next(waiting)) is not None:
        yield piece


def _next(waiting: queue.Queue[Any]) -> Piece | None:
    try:
        piece: Piece | PoolTrouble | None = waiting.get(timeout=SILENCE_S)
    except queue.Empty as empty:
        raise PoolTrouble("unreachable", "the pool sends nothing any more") from empty
    if isinstance(piece, PoolTrouble):
        raise piece
    return piece
