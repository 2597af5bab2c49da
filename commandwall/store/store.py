"""Store: the files of one city on this machine, read by everyone, written through `Tx`."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Double,
    Engine,
    LargeBinary,
    Table,
    func,
    literal_column,
    select,
    text,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateTable

from commandwall import codes, platform
from commandwall.clock import Ms, day
from commandwall.store import database, fulltext, quarantine, undo
from commandwall.store.quarantine import Fault
from commandwall.store.schema import maker, mirror, table_of
from commandwall.store.tables import RING, setting

R = TypeVar("R")
Records = dict[type[Any], dict[str, Any]]
Mark = tuple[str, int]
"""Name of a mirror, and which file of that name it is."""
WALL_DB = "wall.db"
MIRROR_POINTER = "mirror.current"
PART, MANY = 5_000, 500
"""Rows that are turned into records at once; of more than these a maker is worth its making."""
FEW = 50
"""More rows than these are told as text: SQLite gives Python's lock away before each row, and gets
it back from a busy screen after 5 ms."""
_VALUE: ColumnElement[Any] = literal_column("value")
LOG = "INSERT INTO wall_log(at, kind, body) VALUES (?, ?, ?)"
TRIM = f"DELETE FROM changed WHERE seq <= (SELECT max(seq) FROM changed) - {RING}"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an act is refused: a code, and the facts its sentence needs."""

    code: str
    facts: dict[str, Any] = field(default_factory=dict)


class Refused(Exception):
    """An act that the rules do not allow; the screen turns the reason into a sentence."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(f"{code} {facts}")
        self.reason = Reason(code, facts)


class Reader:
    """One read transaction over wall.db with mirror.db beside it."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    @property
    def folder(self) -> Path:
        """The data directory: what lies beside the database is found there."""
        return Path(self.value("SELECT file FROM pragma_database_list WHERE name = 'main'")).parent

    def _of(self, table: Table) -> Connection:
        """The connection that reads a table."""
        return self._conn

    def find(self, kind: type[R], **equals: Any) -> list[R]:
        """All records of a kind whose fields equal (or, for a list, are among) the values."""
        table = table_of(kind)
        where = [
            _among(table.c[name], value) if isinstance(value, list) else table.c[name] == value
            for name, value in equals.items()
        ]
        some = max((len(v) for v in equals.values() if isinstance(v, list)), default=0)
        if some > FEW and _is_text(table):
            columns = self._columns(table, table.columns.keys(), where)
            return _records(kind, [list(zip(*columns.values(), strict=True))])
        return _records(kind, self._of(table).execute(select(table).where(*where)).partitions(PART))

    def columns(self, kind: type[Any], names: Sequence[str]) -> dict[str, list[Any]]:
        """Some fields of all rows of a kind, each as a column: where a record for each would be
        too much.

        SQLite makes one text of each column, while all other threads go on: of a hundred thousand
        rows one by one each would hold them up, and would wait for them.
        """
        return self._columns(table_of(kind), names)

    def _columns(
        self, table: Table, names: Sequence[str], where: Sequence[ColumnElement[bool]] = ()
    ) -> dict[str, list[Any]]:
        query = select(*(_as_text(table.c[name]) for name in names)).where(*where)
        found = self._of(table).execute(query).one()
        return {name: _column(table.c[name], text) for name, text in zip(names, found, strict=True)}

    def get(self, kind: type[R], key: str) -> R | None:
        return next(iter(self.find(kind, id=key)), None)

    def many(self, kind: type[R], keys: Sequence[str], field: str = "id", **equals: Any) -> list[R]:
        """The records with these ids (or values of another field), in no order."""
        return self.find(kind, **{field: list(keys)}, **equals) if keys else []

    def rows(self, sql: str, **params: Any) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self._conn.execute(text(sql), params)]

    def records(self, kind: type[R], sql: str, **params: Any) -> list[R]:
        """The records of what a query selects: all fields of a kind, in their order."""
        return _records(kind, self._conn.execute(text(sql), params).partitions(PART))

    def each(self, sql: str, **params: Any) -> Iterator[tuple[Any, ...]]:
        """The same one by one, read no further than somebody takes them."""
        with self._conn.execute(text(sql), params) as found:
            for row in found:
                yield tuple(row)

    def value(self, sql: str, **params: Any) -> Any:
        """First column of the first row, or None."""
        return self._conn.execute(text(sql), params).scalar()

    def setting(self, key: str, default: str = "") -> str:
        query = select(setting.c.value).where(setting.c.key == key)
        return self._conn.scalar(query) or default

    def city(self) -> str:
        """Name of the city that the mirror holds; "" while there is no mirror."""
        return str(self.value("SELECT value FROM mirror_meta WHERE key = 'city'") or "")

    def epoch(self) -> str:
        """Which life of which pool that mirror is of; "" as above."""
        return str(self.value("SELECT value FROM mirror_meta WHERE key = 'epoch'") or "")


class Tx(Reader):
    """One transaction on wall.db: the first argument of every act.

    The mirror is read on a connection of its own (`city`): a transaction that begins IMMEDIATE
    would lock every attached file.
    """

    def __init__(self, conn: Connection, city: Connection, now: Ms, by: str, post: str) -> None:
        super().__init__(conn)
        self._city = city
        self.now, self.by, self.post = now, by, post
        self._written_at = now  # what is told as of a past moment is known only from now on
        self.touched: Records = {}

    def _of(self, table: Table) -> Connection:
        return self._city if table.metadata is mirror else self._conn

    def put(self, *records: Any) -> None:
        """Insert or replace records, all of one kind, in one statement."""
        if not records:
            return
        kind, rows = type(records[0]), {r.id: _values(r) for r in records}
        self._log(kind, rows)
        self.run(upsert_sql(kind), list(rows.values()))
        name = kind.__name__.lower()
        self.run("INSERT INTO changed(kind, id) VALUES (?, ?)", [(name, r.id) for r in records])
        self._conn.exec_driver_sql(TRIM)
        self.touched.setdefault(kind, {}).update((r.id, r) for r in records)

    def put_in_turn(self, *states: Any) -> None:
        """Put records of one kind, of which one may stand here several times: the log holds each
        of its states, in this order."""
        turns: list[list[Any]] = []
        turn_of: Counter[str] = Counter()
        for state in states:
            if turn_of[state.id] == len(turns):
                turns.append([])
            turns[turn_of[state.id]].append(state)
            turn_of[state.id] += 1
        for turn in turns:
            self.put(*turn)

    def _log(self, kind: type[Any], rows: Mapping[str, tuple[Any, ...]]) -> None:
        """Keep what these records were, so that the past can be shown."""
        table = table_of(kind)
        # By name: a column that a later edition added stands last in an older file.
        names = ", ".join(f'"{c.name}"' for c in table.columns)
        sql = f"SELECT {names} FROM {table.name} WHERE id IN (SELECT value FROM json_each(?))"
        before = [tuple(row) for row in self._conn.exec_driver_sql(sql, (json.dumps([*rows]),))]
        made = sorted(rows.keys() - {row[0] for row in before})
        pairs = [(row, rows[row[0]]) for row in before]
        if body := undo.of_change(table.columns.keys(), pairs, made):
            now = self._written_at
            self.run(LOG, [(now, table.name, body)])
            days = codes.limit("log_days", day(now))
            self.run("DELETE FROM wall_log WHERE at < ?", [(undo.cutoff(now, days),)])

    def begin_log(self) -> None:
        """From now on it is known what changed; what was logged so far is forgotten."""
        self.run("DELETE FROM wall_log WHERE at <= ?", [(1 << 62,)])
        self.run(LOG, [(self.now, undo.BEGUN, b"")])

    def set(self, key: str, value: str) -> None:
        """Keep a setting of this station."""
        self.run("INSERT OR REPLACE INTO setting VALUES (?, ?)", [(key, value)])

    def run(self, sql: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """One statement for many rows."""
        if rows:
            self._conn.exec_driver_sql(sql, list(rows))


class Store:
    """wall.db and mirror.db of one data directory (telemetry and live arrays stand beside)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._writer: Engine = database.writer(folder / WALL_DB, "FULL")
        self._beside: Mark = ("", 0)
        self._fit: tuple[Mark, bool] = (("", 0), False)
        self._reader: Engine | None = None
        self.commits = 0
        """Transactions that were committed through this; others' are not among them."""

    @contextmanager
    def write(self, now: Ms, by: str = "", post: str = "") -> Generator[Tx]:
        """One transaction on wall.db; nothing is told to anyone before it is on disk."""
        with (
            writing(self.folder),
            self._troubles(),
            self.reader().connect() as city,
            self._writer.begin() as conn,
        ):
            yield Tx(conn, city, now, by, post)
        self.commits += 1

    def read(self, query: Callable[[Reader], R]) -> R:
        with self._troubles(), self.reader().connect() as conn:
            return query(Reader(conn))

    @contextmanager
    def _troubles(self) -> Generator[None]:
        """As `database.troubles`; who looks after the files hears of one that cannot be read."""
        try:
            with database.troubles():
                yield
        except database.StoreTrouble as trouble:
            if trouble.code == "damaged":
                quarantine.suspect(self.folder)
            raise

    def reader(self) -> Engine:
        """Read-only connections; anew when there is another mirror."""
        mark = self.mirror_mark()
        if self._reader is None or mark != self._beside:
            self._beside, old = mark, self._reader
            beside = self.folder / mark[0] if mark[0] else None
            self._reader = database.reader(self.folder / WALL_DB, beside, empty_mirror())
            if old is not None:
                old.dispose()
        return self._reader

    def mirror_name(self) -> str:
        """File name of the mirror in use, or "" before the first fill.

        One that another edition of the program filled has not all we would ask it for: it counts
        as none, and the agent fills a new one.
        """
        return self.mirror_mark()[0]

    def mirror_mark(self) -> Mark:
        """The mirror in use; a damaged one is replaced by another of the same name."""
        mark = _mark(self.folder)
        if mark != self._fit[0]:
            self._fit = (mark, bool(mark[0]) and _fits(self.folder / mark[0]))
        return mark if self._fit[1] else ("", 0)

    def origin(self, now: Ms) -> str:
        """This station's name in the journal: drawn once, kept for ever."""
        with self.write(now) as tx:
            if not (origin := tx.setting("origin")):
                origin = uuid.uuid4().hex[:16]
                tx.set("origin", origin)
            if not tx.rows("SELECT 1 FROM wall_log LIMIT 1"):
                tx.begin_log()
            return origin

    def close(self) -> None:
        self._writer.dispose()
        if self._reader is not None:
            self._reader.dispose()


def _among(column: Column[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    """Whether a column has one of these: as one value, of which there may be any number."""
    return column.in_(select(_VALUE).select_from(func.json_each(json.dumps(values))))


@cache
def _is_text(table: Table) -> bool:
    """Whether all that a table holds can be told as text."""
    return not any(isinstance(column.type, LargeBinary) for column in table.columns)


def _records(kind: type[Any], parts: Iterable[Sequence[Any]]) -> list[Any]:
    """Records of rows, in which equal values of a column are one object: a city has few kinds,
    areas, ranges and colours, and a hundred thousand things that name them."""
    make: Callable[..., Any] = kind
    held: list[dict[Any, Any] | None] = []
    records: list[Any] = []
    for rows in filter(None, parts):
        columns = list(zip(*rows, strict=True))
        held = held or [{} if _repeats(c) else None for c in columns]
        if len(rows) > MANY:
            make = maker(kind)  # type: ignore[arg-type]  # mypy holds no class for hashable
        records.extend(map(make, *map(_shared, columns, held)))
    return records


def _as_text(column: Column[Any]) -> ColumnElement[str]:
    """A column as one text: JSON, in which broken numbers have all their digits, without its
    brackets where they are broken numbers."""
    if not isinstance(column.type, Double):
        return func.json_group_array(column)
    return func.group_concat(func.iif(column.is_(None), "null", func.printf("%!.17g", column)))


def _column(column: Column[Any], text: str | None) -> list[Any]:
    """The values of such a text; there is none of no rows."""
    if isinstance(column.type, Double):
        text = f"[{text or ''}]"
        if "Inf" in text:  # which only Python's own reader knows; it takes five times as long
            return list(json.loads(text.replace("Inf", "Infinity")))
    return msgspec.json.decode(text or "[]", type=list[Any])


def _repeats(column: Sequence[Any]) -> bool:
    """Whether keeping one of each costs less than keeping all."""
    return isinstance(column[0], str) or len(set(column)) * 2 < len(column)


def _shared(column: Sequence[Any], held: dict[Any, Any] | None) -> Sequence[Any]:
    return column if held is None else list(map(held.setdefault, column, column))


@contextmanager
def writing(folder: Path, alone: bool = False) -> Generator[None]:
    """Held by each transaction on wall.db, and alone by who puts another content in its place."""
    with platform.lock(folder / "write.lock", wait=True, shared=not alone):
        yield


def pointed(folder: Path) -> str:
    """File name of the mirror that a data directory uses; "" where it names none that is there."""
    try:
        name = (folder / MIRROR_POINTER).read_text(encoding="utf-8").strip()
    except (FileNotFoundError, UnicodeDecodeError):
        return ""
    is_name = name.isprintable() and Path(name).name == name  # a file name, and no way to one
    return name if is_name and (folder / name).is_file() else ""


def put_away(folder: Path, name: str, fault: Fault) -> None:
    """A damaged mirror goes into quarantine; nobody points at the one that is made in its place
    before it is whole."""
    (folder / MIRROR_POINTER).unlink(missing_ok=True)
    quarantine.take(folder / name, fault, moved=True)


def _mark(folder: Path) -> Mark:
    try:
        name = pointed(folder)
        return (name, (folder / name).stat().st_ino) if name else ("", 0)
    except FileNotFoundError:
        return "", 0


def _fits(path: Path) -> bool:
    """Whether a mirror has every table and column that this program knows.

    Of one that cannot be read whoever uses it tells what is wrong with it.
    """
    known = {(table.name, column.name) for table in mirror.tables.values() for column in table.c}
    try:
        return known <= database.shape(path)
    except database.StoreTrouble:
        return True


@cache
def empty_mirror() -> tuple[str, ...]:
    """Statements that make an empty mirror in an attached database of that name."""
    made = [
        str(CreateTable(table).compile(dialect=sqlite.dialect())) for table in mirror.sorted_tables
    ]
    made.append(fulltext.DDL.replace("EXISTS ", "EXISTS mirror."))
    return tuple(sql.replace("CREATE TABLE ", "CREATE TABLE mirror.") for sql in made)


def upsert_sql(kind: type[Any]) -> str:
    """INSERT that replaces the row of the same id, with positional parameters."""
    return _upsert_sql(table_of(kind))


@cache
def _upsert_sql(table: Table) -> str:
    names = [c.name for c in table.columns]
    marks = ", ".join("?" * len(names))
    news = ", ".join(f'"{n}"=excluded."{n}"' for n in names if n != "id")
    columns = ", ".join(f'"{n}"' for n in names)
    into = f"INSERT INTO {table.name} ({columns}) VALUES ({marks})"
    return f"{into} ON CONFLICT(id) DO UPDATE SET {news}"


def _values(record: Any) -> tuple[Any, ...]:
    return tuple(getattr(record, name) for name in record.__slots__)


def ids(records: Iterable[Any]) -> list[str]:
    return [r.id for r in records]
