"""The importers' way into a real pool: PostgreSQL by the login of its owner."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator, Iterable, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import psycopg

from commandwall import secret
from commandwall.areas import CITY, Area
from commandwall.config import Settings
from commandwall.conflicts import OPEN, Dispute
from commandwall.pool import connection, loader, schema
from commandwall.pool.imports.pool_rows import Claim, Word
from commandwall.pool.imports.report import Quarantined
from commandwall.pool.imports.trouble import ImportTrouble, limit
from commandwall.pool.server import PoolServer, ServerTrouble

R = TypeVar("R")
ONE_IMPORT = 4713
"""The advisory lock: one import into a pool at a time, or two would both write the same row."""


class CityPool:
    """`PoolRows` over one connection; each call is one transaction."""

    def __init__(self, conn: schema.Connection) -> None:
        self._conn = conn

    def all(self, kind: type[R]) -> list[R]:
        return self._select(kind, "TRUE", ())

    def held(self, kind: type[R], ids: Sequence[str]) -> dict[str, R]:
        return {r.id: r for r in self._select(kind, "t.id = ANY(%s)", (list(ids),))}

    def claims(self, kind: type[Any], ids: Sequence[str]) -> dict[str, list[Claim]]:
        found: dict[str, list[Claim]] = defaultdict(list)
        for key, *claim in self._conn.execute(CLAIMS, (kind.__name__.lower(), list(ids))):
            found[key].append(Claim(*claim))
        return found

    def disputes(self, kind: type[Any], ids: Sequence[str]) -> list[Dispute]:
        of = (kind.__name__.lower(), list(ids))
        return self._select(Dispute, "t.kind = %s AND t.record = ANY(%s)", of)

    def undecided(self) -> list[Dispute]:
        """Disputes that wait for a person, oldest first."""
        found: list[Dispute] = self._select(Dispute, "t.state = %s", (OPEN,))
        return sorted(found, key=lambda d: (d.said_at, d.id))

    def decide(self, dispute: str, keep: str, by: str) -> None:
        """A person says which of two values counts. ImportTrouble where that cannot be."""
        try:
            self._conn.execute("SELECT cw_verdict(%s, %s, %s)", (dispute, keep, by))
        except psycopg.errors.RaiseException as error:
            code = "moved_on" if "cw_moved_on" in str(error) else "no_dispute"
            raise ImportTrouble(code, dispute=dispute) from error

    def owed(self, source: str, events: Sequence[str]) -> frozenset[str]:
        found = self._conn.execute(OWED, (source, list(events)))
        return frozenset(key for (key,) in found)

    def unsaid(self, kind: type[Any], source: str, ids: Iterable[str]) -> tuple[list[str], int]:
        with self._conn.transaction(), self._conn.cursor() as cursor:
            cursor.execute("CREATE TEMP TABLE cw_said (id text) ON COMMIT DROP")
            with cursor.copy("COPY cw_said FROM STDIN") as copy:
                for key in ids:
                    copy.write_row((key,))
            cursor.execute("ANALYZE cw_said")  # or the join below would be one row by another
            cursor.execute(UNSAID, (source, kind.__name__.lower()))
            rows = cursor.fetchall()
        return [key for key, said in rows if not said], len(rows)

    def put(
        self,
        records: Sequence[Any],
        kept: Sequence[Quarantined],
        gone: Sequence[Any] = (),
        word: Word | None = None,
    ) -> None:
        with self._conn.transaction(), self._conn.cursor() as cursor:
            loader.remove(self._conn, gone)
            loader.upsert(self._conn, records)
            if names := [r.name for r in records if isinstance(r, Area) and r.level == CITY]:
                cursor.execute("UPDATE cw_meta SET city = %s WHERE city = ''", names[:1])
            if kept:
                cursor.executemany(KEEP, kept)
            if word is not None:
                name = word.kind.__name__.lower()
                marks = list(word.marks), list(word.marks.values())
                cursor.execute(CLAIM, (name, word.source, name, word.source, *marks))
                loader.upsert(self._conn, word.disputes)
                cursor.execute(UNCLAIM, (name, word.source, list(word.dropped)))

    @contextmanager
    def batch(self, source: str, file: str, digest: str, department: str = "") -> Generator[Batch]:
        """Everything that is put meanwhile belongs to one batch; one that was killed goes on.
        `department`: whose system the source is, "" where this load does not say."""
        self._conn.execute("SELECT cw_forget_batches(%s)", (limit("batch_days"),))
        try:
            found = self._conn.execute("SELECT cw_begin_batch(%s, %s, %s)", (source, file, digest))
        except psycopg.errors.RaiseException as error:
            raise ImportTrouble("source_off", why=error.diag.message_primary) from error
        batch = Batch(int(_one(found)))
        if department:
            self._conn.execute(OF, (source, department))
        try:
            yield batch
        except ImportTrouble:
            self._conn.execute(REFUSED, (batch.summary, batch.number))
            raise
        self._conn.execute("SELECT cw_end_batch(%s)", (batch.summary,))

    def batches(self, most: int) -> list[tuple[Any, ...]]:
        """The newest batches, newest first: number, begun, source, file, state, rows, summary."""
        return self._conn.execute(BATCHES, (most,)).fetchall()

    def withdraw(self, batch: int) -> dict[str, int]:
        """Take a batch back: how many rows are undone, restored, or left as changed later."""
        try:
            with self._conn.transaction():
                found = self._conn.execute("SELECT * FROM cw_withdraw(%s)", (batch,))
                return dict(found.fetchall())
        except psycopg.errors.RaiseException as error:
            raise ImportTrouble("no_batch", batch=batch) from error

    def withdrawn(self, batch: int, most: int) -> list[tuple[str, str, str]]:
        """Rows of a withdrawn batch that a person should look at: kind, id, why."""
        return self._conn.execute(NAMED, (batch, batch, most)).fetchall()

    def quarantine(self, source: str, batch: int | None) -> list[tuple[Any, ...]]:
        """Rows kept aside, newest first: at, batch, source, file, row, field, reason, original."""
        return self._conn.execute(ASIDE, (source, source, batch, batch)).fetchall()

    def mended(self, source: str, file: str, kind: str) -> None:
        """What a whole table no longer has in it, or has mended, is no longer kept aside, under
        whatever name it came before."""
        self._conn.execute(MENDED, (source, file, kind))

    def forget_aside(self, batch: int) -> int:
        """A person says that the rows a batch kept aside need nobody; how many they were."""
        return self._conn.execute(FORGET, (batch,)).rowcount

    def _select(self, kind: type[R], where: str, values: tuple[Any, ...]) -> list[Any]:
        name = kind.__name__.lower()
        fields = schema.out(name, "t", text=False)
        query = f"SELECT {fields} FROM cw_{name} t WHERE {where}"
        with self._conn.transaction():
            return [kind(*row) for row in self._conn.execute(query.encode(), values)]


@dataclass(slots=True)
class Batch:
    """A load that runs; `summary`, or why it was refused, is kept with it."""

    number: int
    summary: str = ""


def _one(cursor: psycopg.Cursor[tuple[Any, ...]]) -> Any:
    row = cursor.fetchone()
    return row[0] if row else None


KEEP = b"""
INSERT INTO cw_quarantine(id, source, file, row, field, reason, original, kind, batch)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, nullif(current_setting('cw.batch', true), '')::bigint)
ON CONFLICT (id) DO UPDATE SET file = excluded.file, row = excluded.row,
    field = excluded.field, reason = excluded.reason, kind = excluded.kind, batch = excluded.batch
"""
CLAIMS = b"""
SELECT record, source, mark, round(extract(epoch FROM at) * 1000)::bigint FROM cw_claim
WHERE kind = %s AND record = ANY(%s) ORDER BY at, source
"""
CLAIM = b"""
INSERT INTO cw_claim AS c (id, kind, record, source, mark)
SELECT concat_ws('/', %s::text, %s::text, record), %s, record, %s, mark
FROM unnest(%s::text[], %s::text[]) said(record, mark)
ON CONFLICT (id) DO UPDATE SET mark = excluded.mark, at = excluded.at WHERE c.mark <> excluded.mark
"""
UNCLAIM = b"DELETE FROM cw_claim WHERE kind = %s AND source = %s AND record = ANY(%s)"
OWED = b"""
SELECT DISTINCT a.event FROM cw_act a LEFT JOIN cw_source s ON s.source = %s
WHERE a.event = ANY(%s) AND (a.pos IS NULL OR a.pos > coalesce(s.confirmed, 0))
"""
UNSAID = b"""
SELECT c.record, s.id IS NOT NULL FROM cw_claim c
LEFT JOIN (SELECT DISTINCT id FROM cw_said) s ON s.id = c.record
WHERE c.source = %s AND c.kind = %s ORDER BY c.record
"""
BATCHES = b"""
SELECT b.batch, b.begun_at, b.source, b.file, b.state, b.summary,
    (SELECT count(*) FROM cw_batch_row r WHERE r.batch = b.batch AND r.kind <> 'claim')
FROM cw_batch b ORDER BY b.batch DESC LIMIT %s
"""
OF = b"""
INSERT INTO cw_source(source, department) VALUES (%s, %s)
ON CONFLICT (source) DO UPDATE SET department = excluded.department
"""
REFUSED = b"UPDATE cw_batch SET summary = %s WHERE batch = %s"
NAMED = b"""
SELECT r.kind, r.id, r.ended FROM cw_batch_row r WHERE r.batch = %s AND r.kind <> 'claim'
    AND r.ended = 'later'
UNION ALL
SELECT r.kind, r.id, 'worked' FROM cw_batch_row r JOIN cw_work w ON w.id = r.id
WHERE r.batch = %s AND r.kind = 'event' AND r.ended <> 'later' ORDER BY 1, 2 LIMIT %s
"""
ASIDE = b"""
SELECT at, batch, source, file, row, field, reason, original FROM cw_quarantine
WHERE (%s = '' OR source = %s) AND (%s::bigint IS NULL OR batch = %s)
ORDER BY batch DESC NULLS LAST, row
"""
MENDED = b"""
DELETE FROM cw_quarantine WHERE source = %s AND (file = %s OR kind = %s)
    AND batch < current_setting('cw.batch')::bigint
"""
FORGET = b"DELETE FROM cw_quarantine WHERE batch = %s"


@contextmanager
def opened(settings: Settings) -> Generator[CityPool]:
    """The pool of the settings: the city's own, or the one in the data directory.

    A local server that does not run is started for as long as the import takes. Raises
    ImportTrouble where the pool cannot be reached or does not let this login write.
    """
    with ExitStack() as stack:
        try:
            conn = stack.enter_context(_connection(settings))
            if settings.pool and not schema.made(conn)[0]:  # mistyped, or dropped
                raise ImportTrouble("no_pool", name=conn.info.dbname)
            schema.create(conn)
            # Also waits for what the pool still does for an import that was killed.
            conn.execute("SELECT pg_advisory_lock(%s)", (ONE_IMPORT,))
        except (psycopg.Error, ServerTrouble, OSError) as error:
            raise _trouble(error) from error
        try:
            yield CityPool(conn)
        except psycopg.Error as error:
            raise _trouble(error) from error


def _trouble(error: Exception) -> ImportTrouble:
    why = str(error).strip()
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        return ImportTrouble("no_owner", why=why)
    return ImportTrouble("no_password" if "no password supplied" in why else "pool", why=why)


@contextmanager
def _connection(settings: Settings) -> Generator[schema.Connection]:
    if settings.pool:
        with _connect(settings.pool, settings.secret_file) as conn:
            yield conn
        return
    server = PoolServer(settings.data_dir / "pool")
    try:
        conn = _connect(server.owner_url, server.owner_secret)
    except (psycopg.OperationalError, FileNotFoundError):
        with server, _connect(server.owner_url, server.owner_secret) as conn:
            yield conn
        return
    with conn:
        yield conn


def _connect(url: str, secret_file: str) -> schema.Connection:
    password = secret.password(url, secret_file)
    return connection.owner(url, password)
