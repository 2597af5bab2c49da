"""What a pool tells of the demo city in it; apart from what makes one, which brings much."""

from __future__ import annotations

from typing import Any

import psycopg

Connection = psycopg.Connection[Any]


def seeded(conn: Connection) -> tuple[int, str] | None:
    """Seed and scale of the demo city in a pool; None where there is none, or not all of one."""
    if not has(conn, "cw_demo"):
        return None
    found = conn.execute("SELECT seed, scale FROM cw_demo").fetchone()
    return (int(found[0]), str(found[1])) if found else None


def unfinished(conn: Connection) -> str:
    """The scale of a city that was broken off; "" where there is none."""
    if not has(conn, "cw_making"):
        return ""
    found = conn.execute("SELECT scale FROM cw_making").fetchone()
    return str(found[0]) if found else ""


def has(conn: Connection, table: str) -> bool:
    return conn.execute("SELECT to_regclass(%s)", (table,)).fetchone() != (None,)
