"""Bulk ways into the pool: COPY of records, for the generator, imports and tests."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

import numpy as np
import psycopg
from psycopg import sql

from commandwall.clock import Ms
from commandwall.store.schema import table_of, times_of

Connection = psycopg.Connection[Any]
Columns = Sequence[Sequence[Any]]


def load(conn: Connection, records: Sequence[Any]) -> None:
    """COPY new records of one kind into its table. Raises psycopg.Error for a double key."""
    if records:
        load_columns(conn, type(records[0]), columns_of(records))


def load_columns(conn: Connection, kind: type[Any], columns: Columns) -> None:
    """The same for one column of values for each field of a kind but `rev`, in their order."""
    _copy(conn, _table(kind), kind, columns)


def upsert(conn: Connection, records: Sequence[Any]) -> None:
    """Insert or replace records of one kind, in one statement; of one id the last counts."""
    if not records:
        return
    records = list({record.id: record for record in records}.values())
    kind = type(records[0])
    table, names = _table(kind), _names(kind)
    with conn.transaction():
        fresh = sql.Identifier(f"cw_fresh_{type(records[0]).__name__.lower()}")
        conn.execute(
            sql.SQL("CREATE TEMP TABLE {} (LIKE {} INCLUDING DEFAULTS) ON COMMIT DROP").format(
                fresh, table
            )
        )
        _copy(conn, fresh, kind, columns_of(records))
        columns = sql.SQL(", ").join(map(sql.Identifier, names))
        news = sql.SQL(", ").join(
            sql.SQL("{0} = excluded.{0}").format(sql.Identifier(n)) for n in names if n != "id"
        )
        conn.execute(
            sql.SQL(
                "INSERT INTO {table} ({columns}) SELECT {columns} FROM {fresh} "
                "ON CONFLICT (id) DO UPDATE SET {news}"
            ).format(table=table, columns=columns, fresh=fresh, news=news)
        )


def remove(conn: Connection, records: Sequence[Any]) -> None:
    """Delete records of one kind by their ids, in one statement."""
    if records:
        query = sql.SQL("DELETE FROM {} WHERE id = ANY(%s)").format(_table(type(records[0])))
        conn.execute(query, ([record.id for record in records],))


def _copy(conn: Connection, table: sql.Composable, kind: type[Any], columns: Columns) -> None:
    names, moments = _names(kind), times_of(kind)
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        table, sql.SQL(", ").join(map(sql.Identifier, names))
    )
    written = [
        _moments(column) if name in moments else column
        for name, column in zip(names, columns, strict=True)
    ]
    with conn.cursor() as cursor, cursor.copy(statement) as copy:
        for row in zip(*written, strict=True):
            copy.write_row(row)


def _moments(column: Sequence[Ms | None]) -> list[str | None]:
    """UTC ms as PostgreSQL reads them; all at once, since a datetime for each takes much longer."""
    texts = np.datetime_as_string(np.array(column, "M8[ms]"), timezone="UTC").tolist()
    return [None if text == "NaT" else text for text in texts]


def columns_of(records: Sequence[Any]) -> Columns:
    """Records of one kind, at least one, as `load_columns` takes them."""
    values = attrgetter(*_names(type(records[0])))
    return list(zip(*map(values, records), strict=True))


def _names(kind: type[Any]) -> list[str]:
    return [c.name for c in table_of(kind).columns if c.name != "rev"]


def _table(kind: type[Any]) -> sql.Identifier:
    return sql.Identifier(f"cw_{kind.__name__.lower()}")
