"""A table of any other database, by its SQLAlchemy address: read only, as a stream."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Engine, Executable, TableClause, create_engine, func, select, table, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from commandwall.pool.imports.mapping import Mapping
from commandwall.pool.imports.tables import Row, Table
from commandwall.pool.imports.trouble import ImportTrouble

AT_ONCE = 5_000
"""Rows that wait here while the database sends on."""
_USUAL = {"postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql"}
"""The driver where an address names none: one that comes with this program or that pip can put
beside it without a compiler."""


def is_address(said: str) -> bool:
    """Whether this names a database, not a file."""
    return "://" in said


def name_of(said: str, mapping: Mapping) -> str:
    """How a load from there is called: never with a password in it."""
    database = Path(_url(said).database or "").name  # SQLite's is the path of a file
    return f"{database}-{mapping.table or digest(mapping.query)[:8]}".strip("-")


def digest(said: str) -> str:
    return hashlib.sha256(said.encode()).hexdigest()


def read(said: str, secret_file: str, mapping: Mapping) -> Table:
    """The table or query that the mapping names. Raises ImportTrouble where it cannot be read."""
    if not (mapping.table or mapping.query):
        raise ImportTrouble("no_table")
    rows = Rows(_engine(_with_secret(_url(said), secret_file)), mapping)
    return Table(rows.header(), rows, rows.count(), first=1)


class Rows:
    """Each walk over it asks the database anew. Raises ImportTrouble where that fails."""

    def __init__(self, engine: Engine, mapping: Mapping) -> None:
        self._engine, self._mapping = engine, mapping

    def header(self) -> tuple[str, ...]:
        with Asking(self._engine), self._engine.connect() as conn:
            limited = conn.execution_options(stream_results=True)
            with limited.execute(self._query()) as result:
                return tuple(result.keys())

    def count(self) -> int:
        if self._mapping.query:
            return 0
        with Asking(self._engine), self._engine.connect() as conn:
            return int(conn.execute(select(func.count()).select_from(self._table())).scalar_one())

    def __iter__(self) -> Iterator[Row]:
        with Asking(self._engine), self._engine.connect() as conn:
            streamed = conn.execution_options(stream_results=True, yield_per=AT_ONCE)
            with streamed.execute(self._query()) as result:
                for row in result:
                    yield tuple(row)

    def _query(self) -> Executable:
        if self._mapping.query:
            return text(self._mapping.query)
        return select(text("*")).select_from(self._table())

    def _table(self) -> TableClause:
        *schema, name = self._mapping.table.rsplit(".", 1)
        return table(name, schema=schema[0] if schema else None)


class Asking:
    """What a database says when it fails becomes a sentence."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, at: object) -> None:
        if isinstance(error, SQLAlchemyError):
            where = self._engine.url.render_as_string(hide_password=True)
            why = str(getattr(error, "orig", None) or error).strip()
            raise ImportTrouble("database", where=where, why=why) from error


def _url(said: str) -> URL:
    try:
        url = make_url(said)
    except (ArgumentError, ValueError) as error:
        raise ImportTrouble("address") from error
    return url.set(drivername=_USUAL.get(url.drivername, url.drivername))


def _with_secret(url: URL, secret_file: str) -> URL:
    if not secret_file:
        return url
    try:
        return url.set(password=Path(secret_file).read_text(encoding="utf-8").strip())
    except OSError as error:
        raise ImportTrouble("unreadable", file=secret_file, why=error.strerror) from error


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        raise ImportTrouble("unreadable", file=url.database, why="no such file")
    try:
        return create_engine(url, poolclass=NullPool, hide_parameters=True)
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        package = getattr(error, "name", None) or url.drivername.partition("+")[2] or url.drivername
        facts = {"driver": url.drivername, "why": str(error), "package": package}
        raise ImportTrouble("driver", **facts) from error
