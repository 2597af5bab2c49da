"""Makes a demo city in an empty pool: a program of its own, which may be killed at any moment.

`python -m commandwall.pool.demo.seed` takes the pool's address and secret, and the scale, from the
settings (environment). The city is written in parts, each with the cursor in one transaction; one
that was broken off goes on after the last part. Until all is there the pool lets no station in.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from commandwall import errand, platform
from commandwall.clock import Clock, Ms
from commandwall.config import ASSETS, Settings
from commandwall.events import Event
from commandwall.pool import schema
from commandwall.pool.demo.city import City, generate
from commandwall.pool.demo.land import asset
from commandwall.pool.demo.made import has, seeded
from commandwall.pool.loader import Columns, columns_of, load_columns

Connection = psycopg.Connection[Any]
Connect = Callable[[], Connection]
Tell = Callable[[float], None]
SEED = 20260101
MAKING, FINISHING = 0.22, 0.05
"""Parts of the time that the city itself takes, and the indexes at the end."""
DAYS = 10
"""Days of events in one part."""
FEW = 5_000
"""About so many rows have the kinds of which no scale says a number."""
ONE_SEEDER = 4713
"""The advisory lock: one seeder for one pool."""


def seed_pool(
    conn: Connection,
    scale: str,
    tell: Tell = lambda share: None,
    seed: int = SEED,
    now: Ms | None = None,
) -> None:
    """Make a city in a pool (tables there, no rows), or the rest of one.

    `tell` gets 0..1, `now` is the moment of a new one. The feed stays empty: the pool gets a new
    epoch, and every station that looks at it copies it whole. Needs the owner's login.
    """
    conn.execute("SELECT pg_advisory_lock(%s)", (ONE_SEEDER,))
    if seeded(conn) is not None:
        return
    conn.execute("SET synchronous_commit = off")  # a lost part is made again
    with conn.transaction():
        moment, done, share = _begin(conn, scale, seed, now)
    tell(share)
    city = generate(seed, scale, now=moment)
    _write(conn, city, done, tell)
    conn.execute("VACUUM (FREEZE, ANALYZE)")
    conn.execute("SET synchronous_commit = on")
    with conn.transaction():
        _finish(conn, city)
    tell(1.0)


def _begin(conn: Connection, scale: str, seed: int, now: Ms | None) -> tuple[Ms, int, float]:
    """The moment of the city, how many of its parts are there, and which share of the work that is.

    What was begun otherwise is dropped, and all begins anew.
    """
    for kind in schema.city_kinds():
        conn.execute(_on_table("ALTER TABLE {} DISABLE TRIGGER USER", kind))  # the feed stays empty
    wanted = (seed, scale, _mark())
    found = None
    if has(conn, "cw_making"):
        query = "SELECT seed, scale, mark, at, done, share FROM cw_making"
        found = conn.execute(query).fetchone()
    if found and found[:3] == wanted:
        return Ms(found[3]), int(found[4]), float(found[5])
    _clear(conn)
    conn.execute(
        "CREATE TABLE cw_making (seed bigint NOT NULL, scale text NOT NULL, mark text NOT NULL,"
        " at bigint NOT NULL, done int NOT NULL, share float8 NOT NULL)"
    )
    at = Clock().now() if now is None else now
    conn.execute("INSERT INTO cw_making VALUES (%s, %s, %s, %s, 0, 0)", (*wanted, at))
    _let_in(conn, False)
    return at, 0, 0.0


def _write(conn: Connection, city: City, done: int, tell: Tell) -> None:
    """Every part that is not there yet, each in one transaction with the cursor."""
    parts = list(_parts(city))
    total, written = sum(part.rows for part in parts), sum(part.rows for part in parts[:done])
    for number, part in enumerate(parts[done:], done + 1):
        written += part.rows
        share = MAKING + (1 - MAKING - FINISHING) * written / total
        with conn.transaction():
            load_columns(conn, part.kind, part.make())
            conn.execute("UPDATE cw_making SET done = %s, share = %s", (number, share))
        tell(share)


@dataclass(frozen=True, slots=True)
class _Part:
    """What one transaction writes: about so many rows of a kind."""

    kind: type[Any]
    rows: int
    make: Callable[[], Columns]


def _parts(city: City) -> Iterator[_Part]:
    sizes = asset("scales")[city.scale]
    for kind in city.makers:
        size = sizes.get(f"{kind.__name__.lower()}s")
        yield _Part(kind, size if isinstance(size, int) else FEW, _maker(city, kind))
    for start in range(0, len(city.days), DAYS):
        some = city.days[start : start + DAYS]
        yield _Part(Event, len(some) * sizes["events_per_day"], _teller(city, some))


def _maker(city: City, kind: type[Any]) -> Callable[[], Columns]:
    return lambda: columns_of(city.makers[kind]())


def _teller(city: City, days: Sequence[date]) -> Callable[[], Columns]:
    def tell() -> Columns:
        columns: list[list[Any]] = []
        for day in days:
            fresh = city.book.columns(day, city.now)
            columns = [a + b for a, b in zip(columns, fresh, strict=True)] if columns else fresh
        return columns

    return tell


def _finish(conn: Connection, city: City) -> None:
    """Indexes, triggers, the pool's name and new epoch, and which city the player continues."""
    schema.run(conn, schema.script(city.name))
    conn.execute("SELECT cw_begin_anew()")
    conn.cursor().executemany(
        "INSERT INTO cw_source(source, department) VALUES (%s, %s)", asset("departments").items()
    )
    conn.execute("CREATE TABLE cw_demo AS SELECT seed, scale, at FROM cw_making")
    conn.execute("DROP TABLE cw_making")
    _let_in(conn, True)


def _clear(conn: Connection) -> None:
    """No rows, no indexes but the keys: the schema makes them at the end, when that is cheap."""
    for kind in schema.city_kinds():
        conn.execute(_on_table("TRUNCATE {}", kind))
    conn.execute("DROP TABLE IF EXISTS cw_making")
    rows = conn.execute(
        "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisprimary"
        " AND indrelid = ANY(%s::regclass[])",
        ([f"cw_{kind}" for kind in schema.city_kinds()],),
    ).fetchall()
    for (index,) in rows:
        conn.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(index)))


def _let_in(conn: Connection, stations: bool) -> None:
    """Whether anyone but the owner, whom no limit binds, may come into this database."""
    name = sql.Identifier(conn.info.dbname)
    limit = sql.Literal(-1 if stations else 0)
    conn.execute(sql.SQL("ALTER DATABASE {} CONNECTION LIMIT {}").format(name, limit))


def _mark() -> str:
    """What makes a city as it is: a newer program does not go on with an older one's."""
    files = [*Path(__file__).parent.glob("*.py"), *(ASSETS / "demo").glob("*.toml")]
    whole = hashlib.sha256()
    for file in sorted(files):
        whole.update(file.read_bytes())
    return whole.hexdigest()


def connector(settings: Settings) -> Connect:
    """How to reach the pool of the settings."""
    secret = Path(settings.secret_file).read_text().strip() if settings.secret_file else None

    def connect() -> Connection:
        return psycopg.connect(settings.pool, password=secret, autocommit=True, connect_timeout=5)

    return connect


def _on_table(statement: str, kind: str) -> sql.Composed:
    return sql.SQL(statement).format(sql.Identifier(f"cw_{kind}"))


def main() -> int:
    logging.basicConfig(level=logging.INFO)
    settings = Settings.load({})
    platform.be_nice(10)
    errand.end_with_starter()
    with connector(settings)() as conn:
        seed_pool(conn, settings.scale, errand.Report(Clock()))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
