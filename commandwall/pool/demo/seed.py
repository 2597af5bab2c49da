"""Fills an empty pool with a demo city, all of it or nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql

from commandwall.clock import Ms, to_datetime
from commandwall.events import Event
from commandwall.pool.demo.city import City
from commandwall.pool.demo.land import asset
from commandwall.pool.loader import load
from commandwall.store.schema import times_of

Connection = psycopg.Connection[Any]
Tell = Callable[[float], None]
SEED = 20260101
MAKING = 0.4
"""Part of the time that making the city takes; the rest is writing it down."""
TRIGGERS = ("cw_rev", "cw_out", "cw_all")
"""The triggers of every table, which stand still while an empty pool is filled."""


def seed_pool(conn: Connection, city: City, tell: Tell = lambda share: None) -> None:
    """Write a city into an empty pool (tables there, no rows) in one transaction.

    `tell` gets 0..1. The feed stays empty: the pool gets a new epoch, and every station that
    looks at it copies it whole. Needs the owner's login.
    """
    tell(MAKING)
    with conn.transaction():
        tables = sorted(kind.__name__.lower() for kind in (*city.records, Event))
        for table in tables:
            conn.execute(_on_table("ALTER TABLE {} DISABLE TRIGGER USER", table))
        _write(conn, city, tell)
        for table in tables:
            for trigger in TRIGGERS:
                statement = f"ALTER TABLE {{}} ENABLE ALWAYS TRIGGER {trigger}"
                conn.execute(_on_table(statement, table))
        _sign(conn, city)
    conn.execute("ANALYZE")
    tell(1.0)


def seeded(conn: Connection) -> tuple[int, str] | None:
    """Seed and scale of the demo city in a pool; None where there is none."""
    row = conn.execute("SELECT to_regclass('cw_demo')").fetchone()
    if row is None or row[0] is None:
        return None
    found = conn.execute("SELECT seed, scale FROM cw_demo").fetchone()
    return (int(found[0]), str(found[1])) if found else None


def _write(conn: Connection, city: City, tell: Tell) -> None:
    scale = asset("scales")[city.scale]
    events = scale["history_days"] * scale["events_per_day"]
    total = events + sum(len(rows) for rows in city.records.values())
    done = 0
    for rows in (*city.records.values(), *city.history()):
        load(conn, rows)
        done += len(rows)
        tell(min(1.0, MAKING + (1 - MAKING) * done / total))


def insert(conn: Connection, records: Sequence[Any]) -> None:
    """Add records of one kind; those whose id is there already stay as they are."""
    if not records:
        return
    kind = type(records[0])
    names = [field.name for field in fields(kind) if field.name != "rev"]
    statement = sql.SQL("INSERT INTO {} ({}) VALUES ({}) ON CONFLICT (id) DO NOTHING").format(
        sql.Identifier(f"cw_{kind.__name__.lower()}"),
        sql.SQL(", ").join(map(sql.Identifier, names)),
        sql.SQL(", ").join(sql.Placeholder() * len(names)),
    )
    times = times_of(kind)
    rows = [
        [moment(getattr(r, n)) if n in times else getattr(r, n) for n in names] for r in records
    ]
    with conn.cursor() as cursor:
        cursor.executemany(statement, rows)


def moment(at: Ms | None) -> datetime | None:
    """UTC ms as PostgreSQL wants it."""
    return None if at is None else to_datetime(at, "UTC")


def _sign(conn: Connection, city: City) -> None:
    """The pool's name, its new epoch, and which city the player has to continue."""
    conn.execute("UPDATE cw_meta SET city = %s, epoch = gen_random_uuid()", (city.name,))
    conn.execute("CREATE TABLE cw_demo (seed bigint NOT NULL, scale text NOT NULL)")
    conn.execute("INSERT INTO cw_demo VALUES (%s, %s)", (city.seed, city.scale))


def _on_table(statement: str, table: str) -> sql.Composed:
    return sql.SQL(statement).format(sql.Identifier(f"cw_{table}"))
