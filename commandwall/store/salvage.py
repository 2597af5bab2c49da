"""What can still be read of a damaged wall.db: on a copy, row by row, past the broken pages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlcipher3.dbapi2 as sqlite

from commandwall.store import database
from commandwall.store.journal import Line, head_hash, sha256
from commandwall.store.schema import WALL, kinds, wall

FIXED = b"SQLite format 3\0" + bytes((16, 0, 2, 2, 0, 64, 32, 32))
"""The first bytes of each file of ours: pages of 4,096 bytes, in WAL mode."""
HEAD = FIXED + bytes(20) + bytes((0, 0, 0, 4)) + bytes(8) + bytes((0, 0, 0, 1)) + bytes(40)
"""A whole head: schema of format 4, text as UTF-8, no free pages, as long as the file is."""
STEPS = 24
"""So often a step past a broken page is doubled: a million rows and more."""
BROKEN = 500
"""Broken places of a table after which the rest is given up."""
Row = tuple[Any, ...]


@dataclass(slots=True)
class Salvage:
    """Rows that could be read; a line is one only where its hashes say so."""

    lines: dict[str, dict[int, Line]] = field(default_factory=dict)
    heads: dict[str, int] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    records: dict[type[Any], dict[str, Any]] = field(default_factory=dict)
    is_cut: bool = False
    """Whether there may have been lines of which nothing is left."""

    def add(self, line: Line) -> None:
        self.lines.setdefault(line.origin, {}).setdefault(line.seq, line)


def salvage(copy: Path) -> Salvage:
    """Everything that a copy, which this changes, still says."""
    patch(copy)
    found = Salvage()
    with closing(database.raw(copy)) as conn:
        conn.text_factory = bytes
        # A file that is shorter than it says is read as far as it goes.
        conn.execute("PRAGMA writable_schema=ON")
        for row in _rows(conn, "journal", Line.__slots__):
            line = Line(*row)
            if is_sound(line):
                found.add(line)
        found.heads = {row[0]: row[1] for row in _rows(conn, "head", ("origin", "seq"))}
        found.settings = dict(_rows(conn, "setting", ("key", "value")))
        for name, kind in kinds(WALL).items():
            rows = _rows(conn, name, [column.name for column in wall.tables[name].columns])
            found.records[kind] = {row[0]: kind(*row) for row in rows}
    return found


def is_sound(line: Line) -> bool:
    """Whether a line is as it was written, by its own hashes."""
    try:
        whole = line.body is None or sha256(line.body) == line.body_hash
        return whole and head_hash(line) == line.hash
    except (TypeError, AttributeError):
        return False


def patch(file: Path) -> None:
    """Give a file whose head no longer opens the plain one that all files of ours could have."""
    with file.open("r+b") as raw:
        head = raw.read(len(HEAD))
        whole = head[: len(FIXED)] == FIXED and head[44:48] == HEAD[44:48]
        if len(head) == len(HEAD) and not (whole and head[56:60] == HEAD[56:60]):
            raw.seek(0)
            raw.write(HEAD)


def begin_as(file: Path, other: Path) -> None:
    """Give a file the first page of another one."""
    with file.open("r+b") as raw, other.open("rb") as like:
        raw.write(like.read(4096))


def _rows(conn: Any, table: str, names: Sequence[str]) -> Iterator[Row]:
    """Rows in the order of their numbers, from wherever they can be read again."""
    columns = ", ".join(f'"{name}"' for name in names)
    sql = f"SELECT rowid, {columns} FROM {table} NOT INDEXED WHERE rowid > ? ORDER BY rowid"
    last = tried = 0
    for _ in range(BROKEN):
        step = 0
        try:
            for no, *row in conn.execute(sql, (last + tried,)):
                last, tried = no, 0
                if (text := _text(row)) is not None:
                    yield text
            return
        except (sqlite.DatabaseError, OverflowError):
            step = tried.bit_length() + 1
        if step > STEPS:
            return
        tried = 1 << (step - 1)


def _text(row: Sequence[Any]) -> Row | None:
    try:
        return tuple(v.decode() if isinstance(v, bytes) else v for v in row)
    except UnicodeDecodeError:
        return None
