"""mirror.db: the pool's rows on this machine. The agent alone writes it, by `take`."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from operator import itemgetter
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event, text
from sqlalchemy.schema import CreateTable

from commandwall import codes, platform
from commandwall.clock import HOUR, Clock, day
from commandwall.store import database, fulltext, numbers, undo
from commandwall.store.hot import NAMES, HotColumns, stamp
from commandwall.store.schema import MIRROR, kinds, mirror
from commandwall.store.store import MIRROR_POINTER, upsert_sql
from commandwall.store.tables import RING

Row = tuple[Any, ...]
Numbered = tuple[int, Row]
"""An event's number and its row."""
Held = Mapping[str, Numbered]
"""id -> number and row of the events that are there; behind its columns a row has its number too:
to cut that off took as long as all else that is done with a page's rows here."""
CACHE_KB, CHECKPOINT = 32 << 10, 8_000
"""What the writing side holds of the file, and how many pages of it wait in the log to be put in
their place: as much again."""
STONES, STEP, KEPT = "stones", 1000, 100
"""Milestones: under which name they are kept, after how many positions, and how many."""
UNLOGGED = frozenset({"household", "attachment", "indicatorvalue"})
"""Kinds of which nobody asks how they were: they are not part of the picture, or 927 of them change
every few minutes."""
_LOG = "INSERT INTO mirror_log(at, kind, body) VALUES (?, ?, ?)"
CLOSED = ("CLOSED", "ARCHIVED", "REJECTED", "MERGED", "CANCELLED")


def schema_mark() -> str:
    """Short hash of the mirror's tables: another shape means another file."""
    ddl = "".join(str(CreateTable(table)) for table in mirror.sorted_tables) + fulltext.DDL
    return hashlib.sha256(ddl.encode()).hexdigest()[:12]


def mirror_name(epoch: str, small: bool = False) -> str:
    """The file of one epoch of the pool and one shape of our tables; `small`: without the past."""
    return f"mirror-{epoch[:8]}-{schema_mark()}{'-small' if small else ''}.db"


class Mirror:
    """The writing side of one mirror file."""

    def __init__(self, path: Path, clock: Clock | None = None) -> None:
        """`clock`: that of the station, by which the log of changes is kept."""
        self.path, self._clock, self._logs = path, clock or Clock(), True
        self._engine = database.writer(path, "NORMAL")
        event.listen(self._engine, "connect", _for_large_pages)
        with database.troubles(), self._engine.begin() as conn:
            mirror.create_all(conn)
            for index in (index for table in mirror.sorted_tables for index in table.indexes):
                index.create(conn, checkfirst=True)  # one that an older program did not make yet
            conn.exec_driver_sql(fulltext.DDL)
            self._hot = HotColumns(path, conn)
            if not conn.exec_driver_sql("SELECT 1 FROM mirror_log LIMIT 1").fetchone():
                conn.exec_driver_sql(_LOG, (self._clock.now(), undo.BEGUN, b""))

    def meta(self, key: str, default: str = "") -> str:
        with database.troubles(), self._engine.begin() as conn:
            return _meta(conn, key) or default

    def ids(self, name: str) -> set[str]:
        """The ids of all rows of a kind."""
        table = mirror.tables[name].name
        with database.troubles(), self._engine.begin() as conn:
            return {key for (key,) in conn.exec_driver_sql(f"SELECT id FROM {table}")}

    def stretch(self, name: str, after: str, last: str | None) -> list[Row]:
        """The rows of a kind whose ids lie behind one and up to another (None: to the end)."""
        sql = f"SELECT * FROM {mirror.tables[name].name} WHERE id > ?"
        ends = (after,) if last is None else (after, last)
        with database.troubles(), self._engine.begin() as conn:
            found = conn.exec_driver_sql(sql + " AND id <= ?" * (last is not None), ends)
            return [tuple(row) for row in found]

    def note(self, **values: str) -> None:
        """Keep facts of the sync: epoch, term, city, cursor, moment of the last page."""
        with database.troubles(), self._engine.begin() as conn:
            _note(conn, values)

    def written_behind(self, pos: int) -> dict[str, set[str]] | None:
        """kind -> ids of the rows that were written since the cursor stood at a position, and
        maybe some more; None where that is longer ago than this file remembers."""
        with database.troubles(), self._engine.begin() as conn:
            before = [seq for at, seq in _stones(conn) if at <= pos]
            if not before or stamp(conn) - before[-1] > RING:
                return None
            sql = "SELECT kind, id FROM mirror_changed WHERE seq > ?"
            found: dict[str, set[str]] = {}
            for kind, key in conn.exec_driver_sql(sql, (before[-1],)):
                found.setdefault(kind, set()).add(key)
            return found

    def go_back(self, pos: int, term: str) -> None:
        """Read the feed on from a position, in this term."""
        with database.troubles(), self._engine.begin() as conn:
            stones = [stone for stone in _stones(conn) if stone[0] <= pos]
            _note(conn, {"cursor": str(pos), "term": term, STONES: json.dumps(stones)})

    def take(
        self,
        rows: Mapping[str, Sequence[Row]],
        gone: Mapping[str, Sequence[str]],
        **values: str,
    ) -> None:
        """One page in one transaction: rows, deletions, counters, full text, cursor."""
        with database.troubles(), self._engine.begin() as conn:
            self._hot.begin(conn)
            if "cursor" in values:
                _lay_stone(conn)
            for name, some in rows.items():
                self._put(conn, name, some)
            for name, keys in gone.items():
                self._drop(conn, name, keys)
            last = stamp(conn)
            conn.exec_driver_sql("DELETE FROM mirror_changed WHERE seq <= ?", (last - RING,))
            self._forget_log(conn)
            _note(conn, values)
        if not self._hot.done(last):
            with database.troubles(), self._engine.begin() as conn:
                self._hot.renew(conn)

    def mend(self, name: str, rows: Sequence[Row], gone: Sequence[str]) -> None:
        """Put right rows that went wrong in this file. What is derived of events may tell of them
        as they were, or as they became: it is made anew."""
        if name == "event":
            with database.troubles(), self._engine.begin() as conn:
                conn.exec_driver_sql(_ORPHANS)
        self._logs = False  # the city was never so
        try:
            self.take({name: rows} if rows else {}, {name: gone} if gone else {})
        finally:
            self._logs = True
        if name == "event":
            with database.troubles(), self._engine.begin() as conn:
                _count_anew(conn)
                self._hot.renew(conn)

    def close(self) -> None:
        self._engine.dispose()

    def _put(self, conn: Connection, name: str, rows: Sequence[Row]) -> None:
        if name == "event":
            self._put_events(conn, list({row[0]: row for row in rows}.values()))
        else:
            newest = {row[0]: row for row in rows}
            self._log_change(conn, name, self._rows(conn, name, list(newest)), newest)
            conn.exec_driver_sql(upsert_sql(kinds(MIRROR)[name]), list(newest.values()))
        _announce(conn, name, [row[0] for row in rows])

    def _put_events(self, conn: Connection, rows: Sequence[Row]) -> None:
        """Rows of different events; one that is now reported at another time gets another number:
        it goes and comes anew."""
        held = _held(conn, [row[0] for row in rows])
        at = _columns().index("reported_at")
        known = [(row, held[row[0]]) for row in rows if row[0] in held]
        stays = [row for row, (no, old) in known if old[at] == row[at] or numbers.fits(no, row[at])]
        staying = {row[0] for row in stays}
        self._change_events(conn, stays, held)
        self._add_events(conn, [row for row in rows if row[0] not in staying], held)

    def _change_events(self, conn: Connection, rows: list[Row], held: Held) -> None:
        olds = _change(conn, rows, held)
        before = [held[row[0]] for row in rows]
        after = [(no, row) for (no, _), row in zip(before, rows, strict=True)]
        self._recount(conn, before, after, olds)
        if self._logs:
            self._log(conn, "event", undo.of_columns([row[0] for row in rows], olds, []))

    def _add_events(self, conn: Connection, rows: Sequence[Row], held: Held) -> None:
        moved = [(held[row[0]], row) for row in rows if row[0] in held]
        _remove(conn, [one for one, _ in moved])
        self._recount(conn, [one for one, _ in moved], _add(conn, rows))
        if self._logs:
            pairs = [(old[:-1], new) for (_, old), new in moved]
            made = [row[0] for row in rows if row[0] not in held]
            self._log(conn, "event", undo.of_change(_columns(), pairs, made))

    def _drop(self, conn: Connection, name: str, keys: Sequence[str]) -> None:
        self._log_removal(conn, name, keys)
        if name == "event":
            held = _held(conn, keys)
            self._recount(conn, list(held.values()), [])
            _forget_words(conn, [no for no, _ in held.values()])
        table = mirror.tables[name].name
        conn.exec_driver_sql(f"DELETE FROM {table} WHERE id = ?", [(key,) for key in keys])
        _announce(conn, name, keys)

    def _log_change(
        self, conn: Connection, name: str, before: Sequence[Row], after: Mapping[str, Row]
    ) -> None:
        if self._logs and name not in UNLOGGED:
            pairs = [(row, after[row[0]]) for row in before]
            made = sorted(after.keys() - {row[0] for row in before})
            self._log(conn, name, undo.of_change(mirror.tables[name].columns.keys(), pairs, made))

    def _log_removal(self, conn: Connection, name: str, keys: Sequence[str]) -> None:
        if self._logs and name not in UNLOGGED:
            rows = self._rows(conn, name, keys)
            self._log(conn, name, undo.of_removal(mirror.tables[name].columns.keys(), rows))

    def _log(self, conn: Connection, name: str, body: bytes) -> None:
        if body:
            conn.exec_driver_sql(_LOG, (self._clock.now(), name, body))

    def _forget_log(self, conn: Connection) -> None:
        now = self._clock.now()
        before = undo.cutoff(now, codes.limit("log_days", day(now)))
        conn.exec_driver_sql("DELETE FROM mirror_log WHERE at < ?", (before,))

    def _rows(self, conn: Connection, name: str, keys: Sequence[str]) -> list[Row]:
        """The rows of a kind that are there, where they are logged at all."""
        if not self._logs or name in UNLOGGED:
            return []
        sql = (
            f"SELECT * FROM {mirror.tables[name].name} WHERE id IN (SELECT value FROM json_each(?))"
        )
        raw = conn.connection.driver_connection
        assert raw is not None
        return list(raw.execute(sql, (json.dumps(list(keys)),)))

    def _recount(
        self, conn: Connection, before: Sequence[Numbered], after: Sequence[Numbered],
        columns: Container[str] | None = None,
    ) -> None:  # fmt: skip
        """Events that were so are now so; `columns`: the only ones in which any of them differs."""
        were, are = [row for _, row in before], [row for _, row in after]

        def differ(names: tuple[str, ...]) -> bool:
            return columns is None or any(name in columns for name in names)

        for name, (names, _) in COUNTERS.items():
            if differ(names):
                _count(conn, name, _changes(were, are, names))
        if differ(NAMES):
            self._hot.change(conn, *_apart(_facts(before), _facts(after)))


def _for_large_pages(raw: Any, _: object) -> None:
    """A page of the feed touches more of the file than SQLite holds by itself, which would write it
    before it is done, and read it again; and what several pages touch is put in place once."""
    raw.execute(f"PRAGMA cache_size = -{CACHE_KB}")
    raw.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT}")


def use(folder: Path, name: str) -> None:
    """Point the data directory at a mirror file, at once and whole."""
    platform.write_whole(folder / MIRROR_POINTER, name)


def forget_others(folder: Path, name: str) -> None:
    """Delete every mirror but one: those of other epochs and shapes, and the small one."""
    for file in folder.glob("mirror-*"):
        if not file.name.startswith(name):
            with suppress(OSError):  # another program may still have it open
                file.unlink()


def _announce(conn: Connection, name: str, keys: Iterable[str]) -> None:
    sql = "INSERT INTO mirror_changed(kind, id) SELECT ?, value FROM json_each(?)"
    conn.exec_driver_sql(sql, (name, json.dumps(list(keys))))


def _stones(conn: Connection) -> list[list[int]]:
    """Milestones, oldest first: a position of the cursor, and the ring's newest number then."""
    return list(json.loads(_meta(conn, STONES) or "[]"))


def _lay_stone(conn: Connection) -> None:
    """Where the cursor came far since the last one; before anything of its page is written."""
    stones, at = _stones(conn), int(_meta(conn, "cursor") or 0)
    if not stones or at >= stones[-1][0] + STEP:
        _note(conn, {STONES: json.dumps([*stones, [at, stamp(conn)]][-KEPT:])})


def _meta(conn: Connection, key: str) -> str:
    query = text("SELECT value FROM mirror_meta WHERE key = :key")
    return conn.execute(query, {"key": key}).scalar() or ""


def _note(conn: Connection, values: Mapping[str, str]) -> None:
    if values:
        sql = "INSERT OR REPLACE INTO mirror_meta VALUES (?, ?)"
        conn.exec_driver_sql(sql, list(values.items()))


def _hour(at: int | None, *more: str) -> str | None:
    """Key of a counter by the hour since 1970 (six digits until 2084, so keys are in order)."""
    return None if at is None else "|".join((f"{at // HOUR:06}", *more))


COUNTERS: Mapping[str, tuple[tuple[str, ...], Callable[..., str | None]]] = {
    "hour": (("reported_at", "source"), _hour),
    "state": (("state",), str),
    "closed": (("closed_at",), _hour),
    "open": (("area", "state"), lambda area, state: None if state in CLOSED else area),
}
"""Counter -> the columns of an event it looks at, and its key; None: it does not count."""


def _changes(before: Iterable[Row], after: Iterable[Row], names: tuple[str, ...]) -> Counter[Row]:
    """How many events more there are with these columns so; nothing of events that stay so."""
    part = _part(names)
    found = Counter(map(part, after))
    found.subtract(Counter(map(part, before)))
    return found


def _facts(events: Iterable[Numbered]) -> list[Row]:
    """What the hot columns keep of each."""
    part = _part(NAMES)
    return [(*part(row), no) for no, row in events]


def _apart(gone: list[Row], came: list[Row]) -> tuple[list[Row], list[Row]]:
    """Without events that stay so; what has another number is another one anyway."""
    if len(gone) != len(came):
        return gone, came
    pairs = [(a, b) for a, b in zip(gone, came, strict=True) if a != b]
    return [a for a, _ in pairs], [b for _, b in pairs]


def _count(conn: Connection, name: str, facts: Counter[Row]) -> None:
    """Add to a counter: of its columns how often each, more or less."""
    _, key = COUNTERS[name]
    found: Counter[str] = Counter()
    for columns, n in facts.items():
        if n and (mark := key(*columns)) is not None:
            found[mark] += n
    rows = [(name, mark, n) for mark, n in found.items() if n]
    if rows:
        sql = "INSERT INTO tally VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n"
        conn.exec_driver_sql(sql, rows)


_ORPHANS = (
    "DELETE FROM event_fts WHERE rowid IN "
    "(SELECT id FROM event_fts_docsize WHERE id NOT IN (SELECT rowid FROM event))"
)
"""Words of events that are not there: another event may get their number."""


def _count_anew(conn: Connection) -> None:
    """All counters from the events themselves."""
    conn.exec_driver_sql("DELETE FROM tally")
    for name, (columns, _) in COUNTERS.items():
        cut = ", ".join(_whole_hour(c) if c.endswith("_at") else c for c in columns)
        groups = f"SELECT {cut}, count(*) FROM event GROUP BY {cut}"
        found = {tuple(facts): n for *facts, n in conn.exec_driver_sql(groups)}
        _count(conn, name, Counter(found))


def _whole_hour(column: str) -> str:
    return f"{column} - ({column} % {HOUR} + {HOUR}) % {HOUR}"


@cache
def _columns() -> list[str]:
    """The columns of an event."""
    return list(mirror.tables["event"].columns.keys())


@cache
def _part(names: tuple[str, ...]) -> Callable[[Row], Row]:
    """What takes these columns out of an event's row."""
    first, *more = (_columns().index(name) for name in names)
    return itemgetter(first, *more) if more else itemgetter(slice(first, first + 1))


def _held(conn: Connection, keys: Iterable[str]) -> Held:
    """Those of these events that the mirror has."""
    sql = "SELECT e.*, e.rowid FROM json_each(?) CROSS JOIN event e ON e.id = value"
    raw = conn.connection.driver_connection
    assert raw is not None
    found = raw.execute(sql, (json.dumps(sorted(set(keys))),)).fetchall()
    return {row[0]: (row[-1], row) for row in found}


def _remove(conn: Connection, events: Sequence[Numbered]) -> None:
    if events:
        _forget_words(conn, [no for no, _ in events])
        sql = "DELETE FROM event WHERE rowid = ?"
        conn.exec_driver_sql(sql, [(no,) for no, _ in events])


def _change(conn: Connection, rows: list[Row], held: Held) -> dict[str, tuple[Any, ...]]:
    """Newer rows of events that keep their number: the columns that differ anywhere among them,
    which are few, in the order of the file, into which the rows are brought. Most say the same
    words as before. Returns what those columns held."""
    pairs = sorted((*held[row[0]], row) for row in rows)
    rows[:] = [row for _, _, row in pairs]
    news, olds = (zip(*(pair[i] for pair in pairs), strict=True) for i in (2, 1))
    named = zip(_columns(), news, olds, strict=False)
    before = {name: old for name, new, old in named if new != old}
    names = tuple(before)
    if not names:
        return before
    part, places = _part(names), ", ".join(f'"{name}" = ?' for name in names)
    changed = [(*part(row), no) for no, _, row in pairs]
    conn.exec_driver_sql(f"UPDATE event SET {places} WHERE rowid = ?", changed)
    if not before.keys().isdisjoint(fulltext.TEXTS):
        texts = _part(fulltext.TEXTS)
        told = [(no, row) for no, old, row in pairs if texts(row) != texts(old)]
        _forget_words(conn, [no for no, _ in told])
        _keep_words(conn, told)
    return before


def _add(conn: Connection, rows: Sequence[Row]) -> list[Numbered]:
    """Rows of new events; returns them with the numbers that they got."""
    if not rows:
        return []
    at = _columns().index("reported_at")
    rows = sorted(rows, key=lambda row: (row[at], row[0]))
    free = numbers.free(conn, [row[at] for row in rows])
    names = ", ".join(f'"{name}"' for name in _columns())
    sql = f"INSERT INTO event(rowid, {names}) VALUES (?{', ?' * len(rows[0])})"
    added = list(zip(free, rows, strict=True))
    conn.exec_driver_sql(sql, [(no, *row) for no, row in added])
    _keep_words(conn, added)
    return added


def _keep_words(conn: Connection, rows: Sequence[Numbered]) -> None:
    if rows:
        texts = fulltext.grams(map(" ".join, map(_part(fulltext.TEXTS), (row for _, row in rows))))
        sql = "INSERT INTO event_fts(rowid, grams) VALUES (?, ?)"
        both = [(no, words) for (no, _), words in zip(rows, texts, strict=True)]
        conn.exec_driver_sql(sql, sorted(both))


def _forget_words(conn: Connection, numbers: Sequence[int]) -> None:
    if numbers:
        sql = "DELETE FROM event_fts WHERE rowid = ?"
        conn.exec_driver_sql(sql, [(no,) for no in sorted(numbers)])
