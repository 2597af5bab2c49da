"""Records become tables: one definition serves the pool (PostgreSQL) and the wall (SQLite)."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, make_dataclass
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from sqlalchemy import (
    REAL,
    BigInteger,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)  # fmt: skip
from sqlalchemy.types import TypeEngine

from commandwall.clock import Ms

R = TypeVar("R")
WALL = "wall"
"""wall.db: what stations did. Written by acts only."""
MIRROR = "mirror"
"""mirror.db: what the city says. Written by `take` only."""

wall = MetaData()
mirror = MetaData()
_HOMES = {WALL: wall, MIRROR: mirror}
# SQLite's strict tables know INTEGER and REAL, both of 64 bits.
WHOLE = BigInteger().with_variant(Integer(), "sqlite")
_COLUMNS: dict[Any, TypeEngine[Any]] = {
    str: Text(),
    int: WHOLE,
    Ms: WHOLE,
    float: Double().with_variant(REAL(), "sqlite"),
    bytes: LargeBinary(),
}


@dataclass(frozen=True, slots=True)
class Meeting:
    """What is no contradiction where two stations wrote one record without seeing each other."""

    marks: tuple[str, ...] = ()
    """Moments that several stations may set; the earliest counts."""
    beside: tuple[str, ...] = ()
    """Fields that only tell of the last writing, as who and when; those of the later count."""
    yields: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """State -> states that went further in the same direction; these count, where who wrote the
    other had not seen them."""
    keeps: Callable[[Any, Any], Any] | None = None
    """(the writing that counts, one that its writer had not seen) -> the first with what must not
    be lost of the other."""
    catches_up: Callable[[Any, Any], Any] | None = None
    """(what stands here, what a line says) -> that with what each station finds by itself, which
    who wrote the line had not found yet; for a kind that is `local`."""


ALONE = Meeting()


def record(
    home: str, index: tuple[str, ...] = (), local: bool = False, meeting: Meeting = ALONE
) -> Callable[[type[R]], type[R]]:
    """Give a frozen dataclass a table of its own name in one of the files; `id` is the key.

    `local`: each station also writes it by itself, without a line of the journal. `meeting`: how
    writings of several stations go together.
    """

    def tie(kind: type[R]) -> type[R]:
        name = kind.__name__.lower()
        columns = [_column(f.name, hint, home) for f, hint in _hints(kind)]
        indexes = [Index(f"ix_{name}_{column}", column) for column in index]
        if home == MIRROR:
            indexes.append(Index(f"ux_{name}", "id", unique=True))
        table = Table(name, _HOMES[home], *columns, *indexes, sqlite_strict=True)
        table.info.update(kind=kind, local=local, meeting=meeting)
        return kind

    return tie


def table_of(kind: type[Any]) -> Table:
    """The table of a record class; KeyError where it has none."""
    name = kind.__name__.lower()
    return wall.tables[name] if name in wall.tables else mirror.tables[name]


def kinds(home: str) -> dict[str, type[Any]]:
    """Table name -> record class of one file."""
    tables = _HOMES[home].tables.items()
    return {name: table.info["kind"] for name, table in tables if "kind" in table.info}


@cache
def maker(kind: type[Any]) -> Callable[..., Any]:
    """What makes a record of all its fields, in their order, in less than half the time that its
    class takes: that carries each field past its own guard against changes. What is made here has
    the same slots and no guard while they are filled, and is of the class from then on."""

    def guard(made: Any) -> None:
        made.__class__ = kind

    names, namespace = [f.name for f in fields(kind)], {"__post_init__": guard}
    return make_dataclass(
        kind.__name__, names, slots=True, eq=False, repr=False, match_args=False,
        namespace=namespace,
    )  # fmt: skip


def meeting_of(kind: type[Any]) -> Meeting:
    """How writings of several stations go together."""
    found: Meeting = table_of(kind).info["meeting"]
    return found


def yields(one: Any, other: Any) -> bool:
    """Whether `other` is of the same record and went further in the same direction."""
    further = meeting_of(type(one)).yields
    return bool(further) and other.state in further.get(one.state, ())


def times_of(kind: type[Any]) -> frozenset[str]:
    """Names of the fields that hold a moment: timestamptz in the pool, milliseconds here."""
    return frozenset(f.name for f, hint in _hints(kind) if Ms in (hint, *get_args(hint)))


def _hints(kind: type[Any]) -> list[tuple[Any, Any]]:
    # The class itself is not yet a name of its module while it is decorated: hints are resolved
    # against the module, which holds everything a field may name.
    hints = get_type_hints(kind)
    return [(f, hints[f.name]) for f in fields(kind)]


def _column(name: str, hint: Any, home: str) -> Column[Any]:
    """A mirror is filled first and indexed afterwards: the key of its tables is an index too."""
    optional = get_origin(hint) in (Union, types.UnionType)
    plain = next(a for a in get_args(hint) if a is not types.NoneType) if optional else hint
    return Column(
        name, _COLUMNS[plain], primary_key=name == "id" and home == WALL, nullable=optional
    )
