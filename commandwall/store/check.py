"""What is wrong with a file of this station: its pages, and what it says of itself.

Each look opens the file on its own connection. SQLite's own check sees broken pages and indexes;
a changed byte within a row it does not see. In wall.db the chain of hashes covers every line, and
the lines cover the records that acts wrote. A mirror has its counters; its rows are compared with
the pool, whose they are.
"""

from __future__ import annotations

import sys
import zlib
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import replace
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import sqlcipher3.dbapi2 as sqlite

from commandwall import platform
from commandwall.store import database
from commandwall.store.journal import Line, first_bad
from commandwall.store.lines import contents, key_of, said
from commandwall.store.quarantine import Fault
from commandwall.store.schema import WALL, kinds, meeting_of, wall
from commandwall.store.store import writing

FIELDS = ", ".join(Line.__slots__)
PAGE = 4096
WAL_HEAD, WAL_FRAME, INDEX_HEAD = 32, 24 + PAGE, 48
"""Bytes of a page, of the head of SQLite's log, of each page in it with its own head, and of the
head of the index beside it."""
IN_USE = 128
"""The byte of the index that each connection holds (walformat, "WAL Locks")."""
Order = Literal["big", "little"]
NATIVE: Order = sys.byteorder
FIRST = 3
"""Faults of pages that are told of one file."""
_TALLIED = (
    "SELECT state, count(*) FROM event GROUP BY state"
    " EXCEPT SELECT key, n FROM tally WHERE name = 'state'"
)
_BODIES = " UNION ALL ".join(f"SELECT series, body FROM {t}" for t in ("latest", "tail", "chunk"))
_SCHEMA = "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c"
_TEXTS = f"{_SCHEMA} WHERE m.type = 'table' AND c.type = 'TEXT'"
_NEWEST = "SELECT origin, max(seq) FROM journal GROUP BY origin EXCEPT SELECT origin, seq FROM head"
_LINES = f"SELECT {FIELDS} FROM journal ORDER BY hlc, origin, seq"
Name = tuple[int, str]
"""Of a line: its clock and its station."""


def quick(path: Path) -> Fault | None:
    """What a start can afford: pages and the shape of rows, not whether indexes agree."""
    return _first(path, _pages("quick_check"))


def opens(path: Path) -> Fault | None:
    """Whether a file is a database whose tables can be asked for at all."""
    return _first(path, lambda conn: iter(conn.execute(_SCHEMA).fetchall() and ()))


def broken_off(path: Path) -> Fault | None:
    """Whether the log of the newest writings breaks off before a transaction that it still holds.

    Nothing of the database is opened by this: SQLite would read what it can and delete the log.
    A writer that is killed leaves what it had begun in the log, where it is no harm: the index
    beside the log says how far it was ever committed. Without a sound index, as after a power cut,
    what is left may also be of such a writer: it is told all the same. So it is where nobody has
    the file open: the index may be older than the log then.
    """
    index = path.with_name(path.name + "-shm")
    with writing(path.parent, alone=True), suppress(FileNotFoundError):
        held = path.with_name(path.name + "-wal").read_bytes()
        if len(held) > WAL_HEAD:
            return _unread(held, _committed(index, held), platform.holds_byte(index, IN_USE))
    return None


def _unread(held: bytes, committed: int | None, live: bool) -> Fault | None:
    """`committed`: pages of a log by its index, None where it has none that fits. `live`: programs
    go by that index now: what is behind its pages was refused, by a disk that could not sync."""
    read = _read(held)
    known = read == committed or (live and committed is not None)
    left = 0 if known else commits(held, read)
    if left or read < (committed or 0):
        return Fault("wal", f"{max(left, 1)} transactions of the log cannot be read")
    return None


def _committed(index: Path, held: bytes) -> int | None:
    """How many pages of a log were committed, as the index says that all programs share: two
    copies of a head (fileformat2, "The WAL-Index File Format") with the sum of its first 40 bytes,
    and the mark of the log that it is about."""
    try:
        with index.open("rb") as file:
            head, again = file.read(INDEX_HEAD), file.read(INDEX_HEAD)
    except FileNotFoundError:
        return None
    sound = len(head) == INDEX_HEAD and head == again and head[40:] == _sum(head[:40], NATIVE)
    if not sound or head[32:40] != _mark(held):
        return None
    return int.from_bytes(head[16:20], NATIVE)


def _read(held: bytes) -> int:
    """How many pages SQLite would read from a log: it is shown a copy, and says so in its index."""
    with TemporaryDirectory() as folder:
        probe = Path(folder) / "probe.db"
        with closing(database.raw(probe)) as conn:
            conn.executescript("PRAGMA journal_mode=WAL; CREATE TABLE probe(a)")
        probe.with_name("probe.db-wal").write_bytes(held)
        with closing(database.raw(probe)) as conn:
            with suppress(sqlite.DatabaseError):  # pages that only the real file has are missing
                conn.execute("SELECT * FROM sqlite_master").fetchall()
            index = probe.with_name("probe.db-shm").read_bytes()
    return int.from_bytes(index[16:20], NATIVE)


def commits(log: bytes, after: int) -> int:
    """Transactions that end in the frames of a log behind so many, by its present mark."""
    mark = _mark(log)
    starts = range(WAL_HEAD + after * WAL_FRAME, len(log) - WAL_FRAME + 1, WAL_FRAME)
    heads = (log[at : at + 16] for at in starts)
    return sum(head[8:16] == mark and any(head[4:8]) for head in heads)


def _mark(log: bytes) -> bytes:
    """The present mark of a log: its head's, else that of its first page."""
    order: Order = "big" if log[3] & 1 else "little"
    sound = log[24:WAL_HEAD] == _sum(log[:24], order, "big")
    return log[16:24] if sound else log[WAL_HEAD + 8 : WAL_HEAD + 16]


def _sum(head: bytes, order: Order, kept: Order | None = None) -> bytes:
    """The sum over some bytes as SQLite reckons it, read in one order and kept in another."""
    one = two = 0
    for at in range(0, len(head), 8):
        one = (one + int.from_bytes(head[at : at + 4], order) + two) & 0xFFFFFFFF
        two = (two + int.from_bytes(head[at + 4 : at + 8], order) + one) & 0xFFFFFFFF
    return one.to_bytes(4, kept or order) + two.to_bytes(4, kept or order)


def journal(path: Path) -> Fault | None:
    """Everything about wall.db: pages, the chain of each station, heads, records against lines."""
    return _first(path, _pages("integrity_check"), _texts, _chains, _heads, _folds)


def mirror(path: Path) -> Fault | None:
    """A mirror: its pages and indexes, and its counters against its rows."""
    return _first(path, _pages("integrity_check"), _texts, _tallies)


def history(path: Path) -> Fault | None:
    """telemetry.db: its pages, and the sums that its rows carry."""
    return _first(path, _pages("quick_check"), _sums)


def _first(path: Path, *looks: Any) -> Fault | None:
    try:
        with closing(database.raw(path)) as conn:
            conn.execute("BEGIN")  # all that is looked at is of one moment
            return next((fault for look in looks for fault in look(conn)), None)
    except (sqlite.DatabaseError, UnicodeDecodeError) as error:
        told = database.named(str(error))
        # Of a page that was cut off SQLite may say that the disk cannot be read.
        if told == "disk_error" and path.stat().st_size % PAGE:
            return Fault("structure", "the file ends within a page")
        if told in ("locked", "disk_error", "cannot_open"):
            raise
        return Fault("structure", str(error))


def _pages(pragma: str) -> Any:
    def look(conn: Any) -> Iterator[Fault]:
        for (found,) in conn.execute(f"PRAGMA {pragma}({FIRST})"):
            if found != "ok":
                yield Fault("structure", " ".join(found.split()))

    return look


def _texts(conn: Any) -> Iterator[Fault]:
    """A text that is none: SQLite keeps any bytes for one, and whoever reads such a row fails."""
    named: dict[str, list[str]] = {}
    for table, column in conn.execute(_TEXTS):
        named.setdefault(table, []).append(f'"{column}"')
    for table, columns in named.items():
        _read_texts(conn, table, columns)
    yield from ()


def _read_texts(conn: Any, table: str, columns: list[str]) -> None:
    """Every row, for the sake of those that cannot be read."""
    deque(conn.execute(f'SELECT {", ".join(columns)} FROM "{table}"'), maxlen=0)


def _chains(conn: Any) -> Iterator[Fault]:
    """The first line of each station that does not verify: edited, or torn out."""
    found = conn.execute(f"SELECT {FIELDS} FROM journal ORDER BY origin, seq")
    for origin, chain in groupby((Line(*row) for row in found), key=attrgetter("origin")):
        if bad := first_bad(chain):
            line, why = bad
            what = f"{line.act} of {line.post}" if line.post else line.act
            yield Fault("chain", f"line {line.seq} of {origin} {why}: {what}")


def _heads(conn: Any) -> Iterator[Fault]:
    for origin, seq in conn.execute(_NEWEST):
        yield Fault("head", f"the newest line of {origin} is {seq}, its head says otherwise")


def _folds(conn: Any) -> Iterator[Fault]:
    """Records that are not as the line says that wrote them last, or whose line is not here. Left
    out are those that a station also writes by itself, and those of which the file has other
    columns: a backup of an earlier version, or a file that is upgraded only at the next start."""
    every = kinds(WALL)
    known = {
        name for name in every if not wall.tables[name].info["local"] and _is_of_now(conn, name)
    }
    held = {every[name]: _held(conn, name) for name in known}
    written = _written(conn)
    lines = (Line(*row) for row in conn.execute(_LINES))
    for name, some in groupby(lines, key=attrgetter("hlc", "origin")):
        if keys := written.pop(name, None):
            yield from _unlike(list(some), keys, held)
    for keys in written.values():
        yield from map(_unwritten, keys)


def _written(conn: Any) -> dict[Name, list[str]]:
    """Which records each line wrote last. A line is decoded once for all of them: it may be as
    large, and tell of as many, as a pool takes."""
    found: dict[Name, list[str]] = {}
    for key, hlc, origin in conn.execute("SELECT record, hlc, origin FROM version"):
        found.setdefault((hlc, origin), []).append(key)
    return found


def _unlike(lines: list[Line], keys: list[str], held: Mapping[type, Any]) -> Iterator[Fault]:
    """Of the records that a line wrote last those that are otherwise. It is one line, but of a
    station that gave the same clock twice."""
    every = [{key_of(record): record for record, _ in contents(line)} for line in lines]
    unread = set(keys).difference(*every)
    if unread and not any(line.body is None for line in lines):
        yield from map(_unwritten, sorted(unread - _named(lines)))
    for key in keys:
        told = [records[key] for records in every if key in records]
        some, one = held.get(type(told[0])) if told else None, key.partition(":")[2]
        if some is not None and not any(_alike(some.get(one), record) for record in told):
            where = f"line {lines[-1].seq} of {lines[-1].origin}"
            yield Fault("fold", f"{key} is not as {where} says")


def _unwritten(key: str) -> Fault:
    return Fault("fold", f"{key} was not written by the line that it names")


def _is_of_now(conn: Any, name: str) -> bool:
    found = conn.execute("SELECT name FROM pragma_table_info(?)", (name,))
    return {column for (column,) in found} == set(wall.tables[name].columns.keys())


def _alike(held: Any, said: Any) -> bool:
    """Whether a record is as a line says, but for marks, which other lines may have set."""
    if held is None:
        return False
    marks = meeting_of(type(said)).marks
    return bool(replace(said, **{m: getattr(held, m) for m in marks}) == held)


def _named(lines: list[Line]) -> set[str]:
    """The records that bodies tell of, also those that this program cannot read."""
    found: set[str] = set()
    for line in lines:
        with suppress(ValueError, RecursionError):
            records = said(line.body).records
            found |= {f"{name}:{row.get('id')}" for name, rows in records.items() for row in rows}
    return found


def _held(conn: Any, name: str) -> dict[str, Any]:
    kind = kinds(WALL)[name]
    columns = ", ".join(f'"{column.name}"' for column in wall.tables[name].columns)
    found = (kind(*row) for row in conn.execute(f"SELECT {columns} FROM {name}"))
    return {record.id: record for record in found}


def _sums(conn: Any) -> Iterator[Fault]:
    for series, body in conn.execute(_BODIES):
        try:
            zlib.decompress(body)
        except zlib.error as error:
            yield Fault("structure", f"rows of {series}: {error}")


def _tallies(conn: Any) -> Iterator[Fault]:
    for state, n in conn.execute(_TALLIED):
        yield Fault("tally", f"{n} events are {state}, the counter says otherwise")
