"""Bulk ways into the pool: COPY of records, for the generator, imports and tests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

import psycopg
from psycopg import sql

from commandwall.clock import Ms, to_datetime
from commandwall.store.schema import table_of, times_of

Connection = psycopg.Connection[Any]


def load(conn: Connection, records: Sequence[Any]) -> None:
    """COPY new records of one kind into its table. Raises psycopg.Error for a double key."""
    if records:
        _copy(conn, _table(records[0]), records)


def upsert(conn: Connection, records: Sequence[Any]) -> None:
    """Insert or replace records of one kind, in one statement; of one id the last counts."""
    if not records:
        return
    records = list({record.id: record for record in records}.values())
    table, names = _table(records[0]), _names(records[0])
    with conn.transaction():
        fresh = sql.Identifier("cw_fresh")
        conn.execute(
            sql.SQL("CREATE TEMP TABLE {} (LIKE {} INCLUDING DEFAULTS) ON COMMIT DROP").format(
                fresh, table
            )
        )
        _copy(conn, fresh, records)
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
        query = sql.SQL("DELETE FROM {} WHERE id = ANY(%s)").format(_table(records[0]))
        conn.execute(query, ([record.id for record in records],))


def _copy(conn: Connection, table: sql.Composable, records: Iterable[Any]) -> None:
    first, *_ = records
    names, moments = _names(first), times_of(type(first))
    columns = sql.SQL(", ").join(map(sql.Identifier, names))
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(table, columns)
    values, times = attrgetter(*names), [i for i, name in enumerate(names) if name in moments]
    with conn.cursor() as cursor, cursor.copy(statement) as copy:
        for record in records:
            row = list(values(record))
            for i in times:
                row[i] = _moment(row[i])
            copy.write_row(row)


def _moment(at: Ms | None) -> datetime | None:
    return None if at is None else to_datetime(at, "UTC")


def _names(record: Any) -> list[str]:
    return [c.name for c in table_of(type(record)).columns if c.name != "rev"]


def _table(record: Any) -> sql.Identifier:
    return sql.Identifier(f"cw_{type(record).__name__.lower()}")
