"""One station's connection to the pool. Everything has a time limit: nothing hangs."""

from __future__ import annotations

import base64
from collections import defaultdict
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg.types.json import Jsonb
from sqlalchemy import LargeBinary

from commandwall.clock import Clock, Ms
from commandwall.pool import schema
from commandwall.store.journal import Line
from commandwall.store.schema import table_of

Row = tuple[Any, ...]
CONNECT_S, STATEMENT_MS = 3, 5_000
LIVENESS = {
    "keepalives_idle": 5,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
FIRST_PACKS = "10 minutes"
PACKS = 200


class PoolTrouble(Exception):
    """The pool cannot be used now. `code`: unreachable, login, schema, gap, chain, fill."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code


@dataclass(frozen=True, slots=True)
class Meta:
    """Which pool this is."""

    epoch: str
    schema: int
    min_client: int
    city: str


@dataclass(slots=True)
class Page:
    """One stretch of the feed: the newest state of every row that changed within it."""

    last: int
    rows: dict[str, list[Row]] = field(default_factory=dict)
    gone: dict[str, list[str]] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)


class Client:
    """A login at the pool; use as a context manager."""

    def __init__(self, url: str, secret_file: str) -> None:
        password = Path(secret_file).read_text().strip() if secret_file else None
        with _troubles():
            self._conn: psycopg.Connection[Any] = psycopg.connect(
                url,
                password=password,
                autocommit=True,
                connect_timeout=CONNECT_S,
                options=f"-c statement_timeout={STATEMENT_MS}",
                **LIVENESS,
            )
        self._clock, self._pack = Clock(), 0

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._conn.close()

    def meta(self) -> Meta:
        """Epoch, schema and city; PoolTrouble("schema") where this program is too old for it."""
        rows = self._rows("SELECT epoch::text, schema, min_client, city FROM cw_meta")
        meta = Meta(*rows[0])
        if meta.min_client > schema.SCHEMA:
            raise PoolTrouble("schema", f"the pool asks for schema {meta.min_client}")
        return meta

    def head(self) -> int:
        """Newest position of the feed, after moving what waits."""
        self._rows("SELECT cw_advance()")
        return int(self._rows("SELECT pos FROM cw_head")[0][0])

    def count(self, kind: str) -> int:
        return int(self._rows(f"SELECT count(*) FROM cw_{kind}")[0][0])

    def fill(self, kind: str, after: str, limit: int) -> list[Row]:
        """Rows of a kind with keys after one, in order of the key, as the mirror keeps them."""
        fields = schema.out(kind, "t", text=False)
        sql = f"SELECT {fields} FROM cw_{kind} t WHERE t.id > %s ORDER BY t.id LIMIT {limit}"
        return self._rows(sql, after)

    def page(self, after: int, limit: int) -> Page:
        """What follows a position. Raises PoolTrouble("gap") where positions are missing."""
        self._rows("SELECT cw_advance()")
        found = self._rows("SELECT pos, kind, id, body FROM cw_page(%s, %s)", after, limit)
        if [row[0] for row in found] != list(range(after + 1, after + 1 + len(found))):
            raise PoolTrouble("gap", f"the feed does not go on densely after {after}")
        return _page(after, {(kind, key): body for _, kind, key, body in found}, len(found))

    def packs(self) -> list[tuple[str, Ms, bytes]]:
        """Packs since the last call: kind, moment, body; at first those of the last minutes."""
        if not self._pack:
            first = f"SELECT min(seq) FROM cw_pack WHERE at > now() - interval '{FIRST_PACKS}'"
            self._pack = (self._rows(first)[0][0] or 1) - 1
        sql = (
            "SELECT seq, kind, round(extract(epoch FROM at) * 1000)::bigint, body FROM cw_pack "
            f"WHERE seq > %s ORDER BY seq LIMIT {PACKS}"
        )
        rows = self._rows(sql, self._pack)
        if rows:
            self._pack = rows[-1][0]
        return [(kind, Ms(at), body) for _, kind, at, body in rows]

    def push(self, lines: Sequence[Line]) -> int:
        """Hand over lines of one origin in order; the last sequence that the pool now holds."""
        answer = self._rows("SELECT cw_push(%s)", Jsonb([asdict(line) for line in lines]))
        return int(answer[0][0])

    def time_offset(self) -> float:
        """Pool time minus the computer's time, in seconds, to half a round trip."""
        start = self._clock.monotonic()
        at = self._clock.raw()
        (pool,) = self._rows("SELECT extract(epoch FROM clock_timestamp())::float8")[0]
        return float(pool) - at / 1000 - (self._clock.monotonic() - start) / 2

    def _rows(self, sql: str, *params: Any) -> list[Row]:
        with _troubles():
            return self._conn.execute(sql, params or None).fetchall()  # type: ignore[call-overload,no-any-return]


def _page(after: int, bodies: dict[tuple[str, str], Any], covered: int) -> Page:
    rows: dict[str, list[Row]] = defaultdict(list)
    gone: dict[str, list[str]] = defaultdict(list)
    page = Page(after + covered)
    for (kind, key), body in bodies.items():
        if kind == "journal":
            page.lines.append(_line(body))
        elif body is None:
            gone[kind].append(key)
        else:
            rows[kind].append(_row(kind, body))
    page.rows, page.gone = dict(rows), dict(gone)
    page.lines.sort(key=lambda line: (line.origin, line.seq))
    return page


def _line(body: dict[str, Any]) -> Line:
    return Line(**{name: body[name] for name in Line.__slots__})


def _row(kind: str, values: list[Any]) -> Row:
    table = table_of(schema.city_kinds()[kind])
    return tuple(
        base64.b64decode(value) if isinstance(column.type, LargeBinary) else value
        for column, value in zip(table.columns, values, strict=True)
    )


@contextmanager
def _troubles() -> Generator[None]:
    """Name what is wrong by its cause."""
    try:
        yield
    except psycopg.errors.InvalidPassword as error:
        raise PoolTrouble("login", str(error)) from error
    except psycopg.errors.RaiseException as error:
        raise PoolTrouble("chain", str(error).splitlines()[0]) from error
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedFunction) as error:
        raise PoolTrouble("schema", str(error).splitlines()[0]) from error
    except psycopg.Error as error:
        raise PoolTrouble("unreachable", str(error).splitlines()[0] if str(error) else "") from error
