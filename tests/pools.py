"""Empty pools: their tables and functions are made once for each server, and copied."""

from __future__ import annotations

from typing import Any

import psycopg

from commandwall.pool import schema
from commandwall.pool.server import PoolServer

TEMPLATE = "made"


def make_pool(server: PoolServer, name: str, city: str) -> psycopg.Connection[Any]:
    """A database with a pool in it as `schema.create` leaves one, and its owner's connection."""
    with server.owner() as conn:
        if not conn.execute("SELECT FROM pg_database WHERE datname = %s", (TEMPLATE,)).rowcount:
            conn.execute(f"CREATE DATABASE {TEMPLATE}")
            with server.owner(TEMPLATE) as made:
                schema.create(made)
        conn.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    owner = server.owner(name)
    # What no two pools share: their life, whose they are, and that this database wrote the feed.
    owner.execute("UPDATE cw_meta SET epoch = gen_random_uuid(), city = %s", (city,))
    owner.execute("DELETE FROM cw_term")
    owner.execute("SELECT cw_note_term()")
    return owner
