"""The demo city: one invented city from a seed, and the player that keeps it alive."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psycopg

from commandwall import platform
from commandwall.pool import schema
from commandwall.pool.demo.seed import Tell, seed_pool, seeded
from commandwall.pool.server import PoolServer


def prepare(server: PoolServer, scale: str, tell: Tell) -> None:
    """See that the server's pool holds a demo city; an empty one gets a city of this scale."""
    password = Path(server.owner_secret).read_text().strip()
    with psycopg.connect(server.owner_url, password=password, autocommit=True) as conn:
        schema.create(conn)
        if seeded(conn) is None:
            seed_pool(conn, scale, tell=tell)


def start_player(server: PoolServer) -> subprocess.Popen[bytes]:
    """Start the player as a child of this program."""
    command = [sys.executable, "-m", "commandwall.pool.demo.player"]
    env = {"COMMANDWALL_POOL": server.owner_url, "COMMANDWALL_SECRET_FILE": server.owner_secret}
    return platform.start_child(command, env=env)
