"""Files of a real station, damaged one at a time, and opened as the programs open them."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlcipher3.dbapi2 as sqlite
from loss.power import living_pool
from loss.stations import Station

from commandwall.clock import Clock
from commandwall.pool.client import Client
from commandwall.pool.fill import fill

from commandwall.store import backup, check, database, guard, quarantine, telemetry
from commandwall.store.database import StoreTrouble
from commandwall.store.journal import Line
from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror
from commandwall.store.salvage import is_sound
from commandwall.store.store import WALL_DB, pointed

PAGE = 4096
Damage = Callable[[Path, random.Random], None]
Content = dict[str, list[Any]]
FIELDS = ", ".join(Line.__slots__)


def _bit(file: Path, rng: random.Random) -> None:
    raw = bytearray(file.read_bytes())
    at = rng.randrange(len(raw) * 8)
    raw[at // 8] ^= 1 << at % 8
    file.write_bytes(raw)


def _zeros(file: Path, rng: random.Random) -> None:
    _page(file, rng, bytes(PAGE))


def _rubbish(file: Path, rng: random.Random) -> None:
    _page(file, rng, rng.randbytes(PAGE))


def _page(file: Path, rng: random.Random, page: bytes) -> None:
    raw = bytearray(file.read_bytes())
    at = rng.randrange(-(-len(raw) // PAGE)) * PAGE
    raw[at : at + PAGE] = page[: len(raw) - at]
    file.write_bytes(raw)


def _cut(file: Path, rng: random.Random) -> None:
    raw = file.read_bytes()
    file.write_bytes(raw[: rng.randrange(len(raw))])


def _gone(file: Path, rng: random.Random) -> None:
    file.unlink()


DAMAGES: dict[str, Damage] = {
    "bit": _bit, "zeros": _zeros, "rubbish": _rubbish, "cut": _cut, "gone": _gone,
}  # fmt: skip


def content(file: Path, scratch: Path) -> Content | None:
    """All rows of all tables of a database, read on a copy; None where they cannot be read."""
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    for part in file.parent.glob(f"{file.name}*"):
        if part.name in (file.name, f"{file.name}-wal"):
            shutil.copyfile(part, scratch / part.name)
    try:
        with closing(database.raw(scratch / file.name)) as conn:
            if conn.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
                return None
            tables = conn.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'")
            return {
                name: sorted(conn.execute(f"SELECT * FROM {name}"), key=repr)
                for name, sql in tables.fetchall()
                if not sql.startswith("CREATE VIRTUAL")
            }
    except sqlite.Error:
        return None


def lines_in(found: Content | None) -> list[Line]:
    return [Line(*row) for row in (found or {}).get("journal", ())]
