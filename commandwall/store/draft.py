"""A mirror in the making: Arrow tables go into a file that nobody else has open.

ADBC carries a SQLite of its own, so this runs in a child program only, and the file is closed
before any other library opens it. What arrived stays, with the key up to which it did; what is
made of it (counters, full text, indexes) comes at the end in one transaction.
"""

from __future__ import annotations

import queue
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from operator import attrgetter
from pathlib import Path
from typing import Any

import adbc_driver_sqlite.dbapi as adbc
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from commandwall.clock import HOUR, Clock
from commandwall.store import fulltext, numbers
from commandwall.store.mirror import COUNTERS
from commandwall.store.schema import MIRROR, kinds, mirror

CACHE_KB, HASH_BYTES, WAITING, EVERY_S = 400_000, 64 << 20, 4, 1.0
"""Memory for pages of the file and for words; batches that may wait for their words; seconds
after which what arrived is on disk."""
_SETTING = "INSERT INTO event_fts(event_fts, rank) VALUES"
_PARTS = "SELECT block FROM event_fts_data WHERE id = ?"
_LIFT = "UPDATE event_fts_data SET block = ? WHERE id = ?"
_SHADOWS = ("data", "idx", "docsize")
"""The tables in which FTS5 keeps an index (its settings apart)."""


class Draft:
    """One mirror file that is being made; `finish` makes it whole."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._conn = _connect(path)
        self._cursor = self._conn.cursor()
        if not self._rows("SELECT 1 FROM sqlite_master WHERE name = 'mirror_meta'"):
            for table in mirror.sorted_tables:
                self._run(str(CreateTable(table).compile(dialect=sqlite.dialect())))
            self._run(fulltext.DDL)
            self._conn.commit()
        self._last = int(self._rows("SELECT coalesce(max(rowid), -1) FROM event")[0][0])
        self._words: Words | None = None
        self._groups: dict[str, list[pa.Table]] | None = {} if self._last < 0 else None
        """Events by what the counters tell apart, so many of each; None: not of all in the file."""
        self._clock = Clock()
        self._kept = self._clock.monotonic()

    @property
    def made(self) -> bool:
        """Whether it was finished."""
        return bool(self.meta("made"))

    def meta(self, key: str) -> str:
        """A fact that `note` kept, or ""."""
        found = self._rows("SELECT value FROM mirror_meta WHERE key = ?", key)
        return str(found[0][0]) if found else ""

    def note(self, **values: str) -> None:
        self._note(**values)
        self.keep()

    def rows(self) -> int:
        """Rows of all kinds that arrived so far."""
        found = [self._rows(f"SELECT count(*) FROM {kind}") for kind in kinds(MIRROR)]
        return sum(int(rows[0][0]) for rows in found)

    def clear(self, kind: str) -> None:
        """Forget the rows of a kind, before its words were written."""
        self._run(f"DELETE FROM {kind}")
        self._last, self._groups = -1, {}
        self.keep()

    def take(self, kind: str, rows: pa.Table, after: str) -> None:
        """Keep rows of a kind, and the key up to which they came."""
        speller = self._speller() if kind == "event" else None
        if speller:
            rows = self._numbered(rows)
        self._cursor.adbc_ingest(kind, rows, mode="append")
        if kind == "event" and self._groups is not None:
            _group(rows, self._groups)
        self._note(**{f"filled.{kind}": after})
        if self._clock.monotonic() - self._kept > EVERY_S:
            self.keep()
        if speller:
            speller.put(rows)

    def finish(self, tell: Callable[[float], None] = lambda share: None) -> None:
        """Counters, full text and indexes: from here on only `Mirror.take` changes the file.
        `tell`: hears what share is done."""
        self.keep()
        try:
            self._index(tell)
        except adbc.IntegrityError:
            self._conn.rollback()
            self._drop_twins()
            self._index(tell)
        self._cursor.adbc_ingest("tally", self._count(), mode="append")
        self._keep_words()
        self.note(made="1")
        tell(1.0)

    def close(self) -> None:
        """What `keep` did not keep is undone; words are written anew next time."""
        if self._words is not None:
            self._words.end()
        self._conn.rollback()
        self._cursor.close()
        self._conn.close()
        self.path.with_suffix(".words").unlink(missing_ok=True)

    def keep(self) -> None:
        """See that what arrived is on disk."""
        self._conn.commit()
        self._kept = self._clock.monotonic()

    def _index(self, tell: Callable[[float], None]) -> None:
        by_name = attrgetter("name")
        indexes = [i for table in mirror.sorted_tables for i in sorted(table.indexes, key=by_name)]
        for n, index in enumerate(indexes, 1):
            self._run(str(CreateIndex(index).compile(dialect=sqlite.dialect())))
            tell(n / (len(indexes) + 1))  # the words are the last step

    def _keep_words(self) -> None:
        """Copy the index that was made beside as it is: FTS5 keeps it in plain tables."""
        speller = self._speller()
        speller.finish()
        self._run("ATTACH ? AS words", str(speller.path))
        for shadow in _SHADOWS:
            self._run(f"DELETE FROM event_fts_{shadow}")
            self._run(f"INSERT INTO event_fts_{shadow} SELECT * FROM words.event_fts_{shadow}")

    def _drop_twins(self) -> None:
        """An event whose time was changed while it was copied may have come twice: the later stays,
        and the feed says what is true."""
        twins = "SELECT id FROM event GROUP BY id HAVING count(*) > 1"
        newest = f"SELECT max(rowid) FROM event WHERE id IN ({twins}) GROUP BY id"
        self._run(f"DELETE FROM event WHERE id IN ({twins}) AND rowid NOT IN ({newest})")
        self.keep()
        self._groups = None
        if self._words is not None:
            self._words.end()
            self._words = None

    def _numbered(self, rows: pa.Table) -> pa.Table:
        given = numbers.run(rows.column("reported_at").to_numpy(), self._last)
        self._last = int(given[-1])
        return rows.append_column("rowid", pa.array(given))

    def _speller(self) -> Words:
        """Who writes the full text; at first everything that the file holds already."""
        if self._words is None:
            self._words = Words(self.path.with_suffix(".words"))
            upto = self._last
            self._words.start()
            names = ", ".join(fulltext.TEXTS)
            for batch in self._batches(f"SELECT rowid, {names} FROM event WHERE rowid <= {upto}"):
                self._words.put(pa.Table.from_batches([batch]))
        return self._words

    def _count(self) -> pa.Table:
        """Rows of the table `tally` for all events."""
        groups = self._grouped() if self._groups is None else self._groups
        found: Counter[tuple[str, str]] = Counter()
        for name, (columns, key) in COUNTERS.items() if groups else ():
            whole = pa.concat_tables(groups[name]).group_by([*columns]).aggregate([("n", "sum")])
            for group in whole.select([*columns, "n_sum"]).to_pylist():
                *facts, n = group.values()
                if (mark := key(*facts)) is not None:
                    found[name, mark] += n
        rows = [{"name": name, "key": key, "n": n} for (name, key), n in found.items()]
        kinds = {"name": pa.string(), "key": pa.string(), "n": pa.int64()}
        return pa.Table.from_pylist(rows, pa.schema(kinds))

    def _grouped(self) -> dict[str, list[pa.Table]]:
        """The groups of events that an earlier run left in the file."""
        wanted = sorted({column for columns, _ in COUNTERS.values() for column in columns})
        found: dict[str, list[pa.Table]] = {}
        for batch in self._batches(f"SELECT {', '.join(wanted)} FROM event"):
            _group(pa.Table.from_batches([batch]), found)
        return found

    def _batches(self, sql: str) -> Iterator[pa.RecordBatch]:
        with self._conn.cursor() as cursor:
            cursor.execute(sql)
            yield from cursor.fetch_record_batch()

    def _note(self, **values: str) -> None:
        for key, value in values.items():
            self._run("INSERT OR REPLACE INTO mirror_meta VALUES (?, ?)", key, value)

    def _rows(self, sql: str, *params: Any) -> list[tuple[Any, ...]]:
        self._run(sql, *params)
        return list(self._cursor.fetchall())

    def _run(self, sql: str, *params: Any) -> None:
        self._cursor.execute(sql, params or None)


class Words(threading.Thread):
    """Writes the full text into a file beside, on the second core, while rows still arrive."""

    def __init__(self, path: Path) -> None:
        super().__init__(name="words", daemon=True)
        self.path = path
        path.unlink(missing_ok=True)
        path.with_name(path.name + "-journal").unlink(missing_ok=True)
        self._waiting: queue.Queue[pa.Table | None] = queue.Queue(WAITING)
        self._failed: Exception | None = None
        self._ended = False

    def put(self, rows: pa.Table) -> None:
        """Events with their numbers; waits while many wait."""
        while True:
            self._check()
            with suppress(queue.Full):
                self._waiting.put(rows.select(["rowid", *fulltext.TEXTS]), timeout=1.0)
                return

    def finish(self) -> None:
        """Until every word is in the file. Raises what went wrong."""
        self.end()
        self._check()

    def end(self) -> None:
        """Write what waits, and end."""
        while self.is_alive():
            with suppress(queue.Full):
                self._waiting.put(None, timeout=1.0)
                self.join()

    def run(self) -> None:
        try:
            with _connect(self.path) as conn, conn.cursor() as cursor:
                cursor.execute(fulltext.DDL)
                # Parts of the index are merged as it is used, not while it is made.
                cursor.execute(_SETTING + f"('hashsize', {HASH_BYTES})")
                cursor.execute(_SETTING + "('automerge', 0)")
                cursor.execute(_SETTING + "('crisismerge', 999)")
                while (rows := self._waiting.get()) is not None:
                    spelled = pa.table([rows["rowid"], _grams(rows)], ["rowid", "grams"])
                    cursor.adbc_ingest("event_fts", spelled, mode="append")
                conn.commit()
                cursor.execute(_PARTS, (fulltext.STRUCTURE,))
                ((parts,),) = cursor.fetchall()
                cursor.execute(_LIFT, (fulltext.lifted(parts), fulltext.STRUCTURE))
                conn.commit()
            self._ended = True
        except adbc.Error as error:
            self._failed = error

    def _check(self) -> None:
        if self._failed is not None:
            raise self._failed
        if not self.is_alive() and not self._ended:
            raise RuntimeError("the words are not written any more")


def _connect(path: Path) -> adbc.Connection:
    conn = adbc.connect(str(path))
    with conn.cursor() as cursor:
        cursor.execute(f"PRAGMA cache_size = -{CACHE_KB}")
        cursor.execute("PRAGMA threads = 2")
    return conn


def _grams(rows: pa.Table) -> pa.Array:
    """The words of events as `fulltext.cut` gives them, without a Python object for each."""
    texts = [rows[name].combine_chunks() for name in fulltext.TEXTS]
    ended = pc.binary_join_element_wise(pc.binary_join_element_wise(*texts, " "), "", fulltext.END)
    span = _span(ended)
    raw = memoryview(ended.buffers()[2])[span.start : span.stop]
    spelled = fulltext.cut(str(raw, "utf-8")).encode()
    ends = np.flatnonzero(np.frombuffer(spelled, np.uint8) == 0) + 1
    offsets = np.concatenate([[0], ends]).astype(np.int32)
    parts = [None, pa.py_buffer(offsets.tobytes()), pa.py_buffer(spelled)]
    return pa.Array.from_buffers(pa.string(), len(ends), parts)


def _span(texts: pa.Array) -> range:
    """Bytes of an array's texts within its buffer."""
    offsets = np.frombuffer(texts.buffers()[1], np.int32)[texts.offset :]
    return range(int(offsets[0]), int(offsets[len(texts)]))


def _group(events: pa.Table, into: dict[str, list[pa.Table]]) -> None:
    """Add how many of these events are alike for each counter."""
    events = _by_hour(events)
    for name, (columns, _) in COUNTERS.items():
        found = events.group_by([*columns], use_threads=False).aggregate([([], "count_all")])
        into.setdefault(name, []).append(
            found.select([*columns, "count_all"]).rename_columns([*columns, "n"])
        )


def _by_hour(events: pa.Table) -> pa.Table:
    """Moments cut down to their hour: what the counters tell apart."""
    for i, name in enumerate(events.column_names):
        if name in ("reported_at", "closed_at"):
            column = events[name].cast(pa.int64())
            hours = np.asarray(column.fill_null(0)) // HOUR * HOUR
            kept = pa.array(hours, mask=np.asarray(column.is_null()))
            events = events.set_column(i, name, kept)
    return events
