"""The store's own tables, beside those of the records."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Column, Index, Integer, LargeBinary, MetaData, Table, Text

from commandwall.clock import Ms
from commandwall.store.schema import WALL, mirror, record, wall

setting = Table(
    "setting",
    wall,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
    sqlite_strict=True,
)
"""What this station keeps for itself: its origin, post, drafts, cursors. Never journaled."""

head = Table(
    "head",
    wall,
    Column("origin", Text, primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("hlc", Integer, nullable=False),
    Column("hash", Text, nullable=False),
    sqlite_strict=True,
)
"""The newest journal line held of each origin."""

version = Table(
    "version",
    wall,
    Column("record", Text, primary_key=True),  # kind:id
    Column("hlc", Integer, nullable=False),
    Column("origin", Text, nullable=False),
    sqlite_strict=True,
)
"""Which line last wrote a record: the fold takes the later, and sees what was concurrent."""

changed = Table(
    "changed",
    wall,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("kind", Text, nullable=False),
    Column("id", Text, nullable=False),
    sqlite_autoincrement=True,
    sqlite_strict=True,
)
mirror_changed = Table(
    "mirror_changed",
    mirror,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("kind", Text, nullable=False),
    Column("id", Text, nullable=False),
    sqlite_autoincrement=True,
    sqlite_strict=True,
)
RING = 100_000
"""Rows kept in the two rings; a reader behind the tail reads its kinds anew."""


def _log(name: str, home: MetaData) -> Table:
    """Before-images (`store.undo`) of rows of a file, oldest first; the entry of no kind says from
    when on there are any."""
    return Table(
        name,
        home,
        Column("seq", Integer, primary_key=True, autoincrement=True),
        Column("at", Integer, nullable=False),
        Column("kind", Text, nullable=False),
        Column("body", LargeBinary, nullable=False),
        Index(f"ix_{name}_at", "at"),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )


wall_log, mirror_log = _log("wall_log", wall), _log("mirror_log", mirror)
"""Moments are those at which this station wrote; kept `log_days` of the list `limit`."""

told = Table(
    "told",
    wall,
    Column("record", Text, primary_key=True),  # kind:id
    Column("hlc", Integer, primary_key=True),
    Column("origin", Text, primary_key=True),
    Index("ix_told_hlc", "hlc"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)
"""Every line that tells of a record, also those that a later one overtook."""

mirror_meta = Table(
    "mirror_meta",
    mirror,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
    sqlite_strict=True,
)
"""Feed cursor, epoch, term, city, moment of the last page."""

tally = Table(
    "tally",
    mirror,
    Column("name", Text, primary_key=True),  # hour, state, closed, open
    Column("key", Text, primary_key=True),
    Column("n", Integer, nullable=False),
    sqlite_strict=True,
)
"""Counters kept as rows arrive, so that no figure needs a scan of the pool."""


code = Table(
    "code",
    mirror,
    Column("name", Text, primary_key=True),  # area, cls, source, state
    Column("key", Text, primary_key=True),
    Column("no", Integer, nullable=False),
    sqlite_strict=True,
)
"""Small numbers for what events are counted by, as the hot columns hold them."""


@record(WALL, local=True)
@dataclass(frozen=True, slots=True)
class Conflict:
    """Two stations wrote one record without seeing each other: both are kept, a person decides."""

    id: str
    kind: str
    record: str
    kept: str  # JSON of the record that is shown
    other: str  # JSON of the one that is not
    kept_origin: str
    other_origin: str
    at: Ms
    settled_by: str = ""
