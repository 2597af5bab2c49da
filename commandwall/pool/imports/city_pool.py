"""The importers' way into a real pool: PostgreSQL by the login of its owner."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg

from commandwall import secret
from commandwall.areas import CITY, Area
from commandwall.config import Settings
from commandwall.pool import loader, schema
from commandwall.pool.imports.report import Quarantined
from commandwall.pool.imports.trouble import ImportTrouble
from commandwall.pool.server import PoolServer, ServerTrouble

R = TypeVar("R")
CONNECT_S = 5
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

    def put(
        self, records: Sequence[Any], kept: Sequence[Quarantined], gone: Sequence[Any] = ()
    ) -> None:
        with self._conn.transaction(), self._conn.cursor() as cursor:
            loader.remove(self._conn, gone)
            loader.upsert(self._conn, records)
            if names := [r.name for r in records if isinstance(r, Area) and r.level == CITY]:
                cursor.execute("UPDATE cw_meta SET city = %s WHERE city = ''", names[:1])
            if kept:
                cursor.executemany(KEEP, kept)

    def _select(self, kind: type[R], where: str, values: tuple[Any, ...]) -> list[Any]:
        name = kind.__name__.lower()
        fields = schema.out(name, "t", text=False)
        query = f"SELECT {fields} FROM cw_{name} t WHERE {where}"
        with self._conn.transaction():
            return [kind(*row) for row in self._conn.execute(query.encode(), values)]


KEEP = b"""
INSERT INTO cw_quarantine(id, source, file, row, field, reason, original)
VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (id) DO UPDATE SET file = excluded.file, row = excluded.row,
    field = excluded.field, reason = excluded.reason
"""


@contextmanager
def opened(settings: Settings) -> Generator[CityPool]:
    """The pool of the settings: the city's own, or the one in the data directory.

    A local server that does not run is started for as long as the import takes. Raises
    ImportTrouble where the pool cannot be reached or does not let this login write.
    """
    try:
        with _connection(settings) as conn:
            schema.create(conn)
            # Also waits for what the pool still does for an import that was killed.
            conn.execute("SELECT pg_advisory_lock(%s)", (ONE_IMPORT,))
            yield CityPool(conn)
    except (psycopg.Error, ServerTrouble, OSError) as error:
        raise ImportTrouble("pool", why=str(error).strip()) from error


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
    return psycopg.connect(url, password=password, autocommit=True, connect_timeout=CONNECT_S)
