"""One station's connection to the pool. Everything has a time limit: nothing hangs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import MISSING, asdict, dataclass, field
from typing import Any

import msgspec
import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.types.json import Jsonb, set_json_loads

from commandwall import secret
from commandwall.clock import Clock, Ms
from commandwall.plain import sound
from commandwall.pool import connection, marks, schema, stations
from commandwall.pool.rows import Places, Row, reader, shape
from commandwall.store.journal import Line
from commandwall.store.sight import Said, Sight

PAGE = "SELECT pos, kind, id, op, body FROM cw_page(%s, %s)"
PACKS, LINES = 200, 500


class PoolTrouble(Exception):
    """The pool cannot be used now.

    `code`: unreachable, login (or a right is missing), schema (the pool is too old for this
    program), outdated (this program for the pool, which `needs` that version), epoch (the pool was
    set back), chain (it refuses our lines), again (this once: another station was at it), fill,
    world (of the real one and a drill's).
    """

    def __init__(self, code: str, detail: str, needs: str = "") -> None:
        super().__init__(f"{code}: {detail}")
        self.code, self.needs = code, needs


@dataclass(frozen=True, slots=True)
class Meta:
    """Which pool this is."""

    epoch: str
    schema: int
    min_client: int
    city: str
    needs: str = ""  # version of the program that knows min_client


@dataclass(slots=True)
class Page:
    """One stretch of the feed: the newest state of every row that changed within it."""

    last: int
    more: bool = False  # as many as were asked for: more may follow
    rows: dict[str, list[Row]] = field(default_factory=dict)
    gone: dict[str, list[str]] = field(default_factory=dict)
    anew: list[str] = field(default_factory=list)  # kinds that are to be copied anew
    lines: list[Line] = field(default_factory=list)


class Client:
    """A login at the pool; use as a context manager."""

    def __init__(self, url: str, secret_file: str, first: int = 0) -> None:
        """`first`: which server of the address is tried first, counted round and round."""
        with _troubles():
            password = secret.password(url, secret_file)
            self._conn = connection.station(url, password, first)
        self._clock, self._pack, self._schema = Clock(), 0, 0
        set_json_loads(msgspec.json.decode, self._conn)
        self._places: dict[str, Places] = {}
        self._bytes, self._bounds = "", False
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="page")
        self._ahead: tuple[int, int, Future[list[Row]]] | None = None
        self.area: str | None = ""
        """Of this login; "" for the whole city."""
        self.kinds: frozenset[str] | None = None
        """The only ones of which this login takes rows; None: all."""
        self.columns: dict[str, list[str]] = {}
        """Kinds that the pool has, and those of our columns that it has of each; from `meta`."""

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._reader.shutdown()
        self._conn.close()

    @property
    def heard(self) -> float:
        """When the line last brought anything (s), by the monotonic clock."""
        return self._conn.heard

    @property
    def moved(self) -> float:
        """When it last brought or took bytes, or was asked."""
        return self._conn.moved

    @property
    def asking(self) -> bool:
        """Whether an answer is waited for."""
        return self._conn.asking

    @property
    def dsn(self) -> str:
        """All that another connection of this login needs, its password too."""
        return make_conninfo(self._conn.info.dsn, password=self._conn.info.password)

    def meta(self) -> Meta:
        """Epoch, schema and city, as they are now.

        PoolTrouble("outdated") where the pool no longer serves this program; "schema" where it is
        more than one schema older.
        """
        held = self._one("SELECT to_jsonb(m) FROM cw_meta m")
        meta = Meta(**{name: held[name] for name in Meta.__slots__ if name in held})
        if meta.min_client > schema.SCHEMA:
            told = f"the pool serves schema {meta.min_client} and newer, ours is {schema.SCHEMA}"
            raise PoolTrouble("outdated", told, meta.needs or str(meta.min_client))
        if meta.schema < schema.SCHEMA - 1:
            told = f"the pool has schema {meta.schema}, ours is {schema.SCHEMA}"
            raise PoolTrouble("schema", f"{told}: commandwall pool upgrade")
        if not self._schema:
            self._bounds = self._one("SELECT to_regprocedure('cw_kinds()') IS NOT NULL")
        self._schema, self._places = meta.schema, dict(_places(held["columns"]))
        self.area = "" if meta.schema == 1 else self._one("SELECT cw_scope()")
        if self.area is None:
            raise PoolTrouble("login", "this login has no area in this pool")
        if self.area:
            seen = [kind for kind in self._places if schema.scoped(kind, "t", "")]
            self._places = {kind: self._places[kind] for kind in seen}
        self.kinds = self._wanted()
        if self.kinds is not None:
            self._places = {kind: self._places[kind] for kind in self._places if kind in self.kinds}
        self.columns = {
            kind: [name for name in schema.columns(kind) if name in held["columns"][kind]]
            for kind in self._places
        }
        return meta

    @property
    def scope(self) -> str:
        """What this login takes of the city, area and kinds; "" for all; after `meta`."""
        if not self.area and self.kinds is None:
            return ""
        return f"{self.area}/{','.join(sorted(self.kinds or ()))}"

    def _wanted(self) -> frozenset[str] | None:
        if not self._bounds:  # an older pool; asked again on the next connection
            return None
        kinds = self._one("SELECT cw_kinds()")
        return None if kinds is None else frozenset(kinds)

    def check_world(self, drill: bool) -> None:
        """PoolTrouble("world") where a station of the real world meets the pool of a drill, or the
        other way: nothing of one may ever come into the other, by whatever settings."""
        if self._one("SELECT to_regclass('cw_injected') IS NOT NULL") != drill:
            raise PoolTrouble("world", "one is of a drill and the other of the real world")

    def change_password(self, password: str) -> None:
        """Of this login: the one before opens nothing any more."""
        with _troubles():
            stations.change(self._conn, password)

    def head(self) -> int:
        """Newest position of the feed, after moving what waits."""
        if not self._places:
            self.meta()
        while not self.area and self._one("SELECT cw_advance()"):
            pass
        return int(self._one("SELECT pos FROM cw_head"))

    def page(self, after: int, limit: int) -> Page:
        """What follows a position; PoolTrouble("epoch") where positions are missing.

        At most `limit` rows, or as many as `ahead` was told.
        """
        if not self._places:
            self.meta()
        if not self.area:
            self._rows("SELECT cw_advance()")
        asked, self._ahead = self._ahead, None
        if asked is not None and asked[0] == after:
            limit, found = asked[1], asked[2].result()
        else:
            found = self._found(after, limit)
        if [row[0] for row in found] != list(range(after + 1, after + 1 + len(found))):
            raise PoolTrouble("epoch", f"the feed does not go on after {after}")
        return self._page(after + len(found), found, more=len(found) == limit)

    def ahead(self, after: int, limit: int) -> None:
        """Let the pool read what follows a position, while its caller writes what came before."""
        self._ahead = after, limit, self._reader.submit(self._found, after, limit)

    def tails(self) -> tuple[int, dict[str, int]]:
        """Newest position that the feed no longer keeps, and the newest such of each kind."""
        if self._schema == 1:  # that one kept all
            return 0, {}
        kinds: dict[str, int] = dict(self._rows("SELECT kind, pos FROM cw_tail"))
        return int(self._one("SELECT tail FROM cw_head")), kinds

    def terms(self) -> list[tuple[str, int]]:
        """The servers that wrote this feed, oldest first: a name for each one's term, and the
        position behind which it began. None where the pool is too old to know."""
        if not self._one("SELECT to_regprocedure('cw_terms()') IS NOT NULL"):
            return []
        rows = self._rows("SELECT id::text, pos, here FROM cw_terms()")
        if not rows or not rows[-1][2]:
            told = "this server is new, and no station of the whole city has met it yet"
            raise PoolTrouble("unreachable", told)
        return [(name, int(pos)) for name, pos, _ in rows]

    def count(self, kind: str) -> int:
        """How many rows of a kind the pool has."""
        return int(self._one(f"SELECT count(*) FROM {self.table(kind)}"))

    def table(self, kind: str) -> str:
        """What the rows of a kind are read from: a town gets those in its area."""
        return f"cw_{kind}_seen()" if self.area else f"cw_{kind}"

    def rows(self, kind: str, after: str, limit: int) -> list[Row]:
        """The rows of a kind behind an id, in the pool's order of ids."""
        held = self.columns[kind]
        fields = schema.out(kind, "t", text=True, only=held)
        sql = (
            f"SELECT {fields} FROM {self.table(kind)} t WHERE t.id > %s ORDER BY t.id LIMIT {limit}"
        )
        return self._ours(kind, self._rows(sql, after))

    def some(self, kind: str, ids: Sequence[str]) -> list[Row]:
        """The rows of a kind with these ids."""
        fields = schema.out(kind, "t", text=True, only=self.columns[kind])
        sql = f"SELECT {fields} FROM {self.table(kind)} t WHERE t.id = ANY(%s)"
        return self._ours(kind, self._rows(sql, list(ids)))

    def comparable(self) -> list[str]:
        """Kinds whose ids the pool can give in the order of their bytes, as the mirror has them."""
        if self.area or self._one(schema.BY_BYTES):
            self._bytes = ""
            return list(self.columns)
        self._bytes = ' COLLATE "C"'
        ordered = {name for (name,) in self._rows(schema.ORDERS)}
        return [kind for kind in self.columns if schema.order_index(kind) in ordered]

    def stretch(self, kind: str, after: str, limit: int) -> tuple[str | None, int, int]:
        """Of the next rows behind an id: the last id (None: the table ends), their number, and the
        sum of their marks. A town gets all at once: its rows are found by their area."""
        inner = self._marked(kind, f"t.id{self._bytes} > %s ORDER BY 1 LIMIT %s")
        sql = f"SELECT max(id{self._bytes}), count(*), coalesce(sum(mark), 0) FROM ({inner}) x"
        most = None if self.area else limit
        last, count, total = self._rows(sql, after, most)[0]
        return (last if count == most else None), int(count), int(total)

    def marks(self, kind: str, after: str, last: str | None) -> dict[str, int]:
        """id -> mark of the rows behind an id up to another (None: to the end)."""
        where = f"t.id{self._bytes} > %s"
        if last is None:
            return dict(self._rows(self._marked(kind, where), after))
        return dict(
            self._rows(self._marked(kind, f"{where} AND t.id{self._bytes} <= %s"), after, last)
        )

    def _marked(self, kind: str, where: str) -> str:
        mark = marks.in_pool(kind, "t", self.columns[kind])
        named = f"t.id{self._bytes} AS id, {mark} AS mark"
        return f"SELECT {named} FROM {self.table(kind)} t WHERE {where}"

    def _ours(self, kind: str, rows: Sequence[Row]) -> list[Row]:
        held = self.columns[kind]
        places = tuple(held.index(n) if n in held else None for n in schema.columns(kind))
        return list(map(shape(kind, places), rows))

    def packs(self) -> list[tuple[str, Ms, bytes]]:
        """Packs since the last call: kind, moment, body; at first those of the last minutes."""
        rows = self._rows("SELECT seq, kind, at, body FROM cw_packs(%s, %s)", self._pack, PACKS)
        if rows:
            self._pack = rows[-1][0]
        return [(kind, Ms(at), body) for _, kind, at, body in rows]

    def heads(self) -> dict[str, int]:
        """Newest line that the pool holds of each station."""
        if self._schema < 2:
            return dict(self._rows("SELECT origin, max(seq) FROM cw_journal GROUP BY origin"))
        return dict(self._rows("SELECT origin, seq FROM cw_heads()"))

    def lines(self, origin: str, after: int, most: int = LINES) -> list[Line]:
        """The next lines of a station, in order; none where the pool holds no more."""
        sql = f"SELECT * FROM cw_lines(%s, %s, {most})"
        if self._schema < 2:
            sql = (
                "SELECT to_jsonb(j) FROM cw_journal j WHERE origin = %s AND seq > %s "
                f"ORDER BY seq LIMIT {most}"
            )
        return [_line(body) for (body,) in self._rows(sql, origin, after)]

    def push(self, lines: Sequence[Line]) -> int:
        """Hand over lines of one origin in order; the last sequence that the pool now holds.

        PoolTrouble("chain") where one does not verify, does not follow, contradicts a line held
        under its number, or speaks for another login's station: then none is taken.
        """
        return int(self._one("SELECT cw_push(%s)", Jsonb([asdict(line) for line in lines])))

    @property
    def greets(self) -> bool:
        """Whether the pool is new enough to listen to signs of life."""
        return bool(self._one("SELECT to_regprocedure('cw_hello(text, jsonb)') IS NOT NULL"))

    def hello(self, origin: str, facts: dict[str, Any]) -> None:
        """A sign of life of a station, with what it says of itself."""
        self._rows("SELECT cw_hello(%s, %s)", origin, Jsonb(facts))

    def sight(self) -> Sight:
        """What the pool sees of its stations and sources, as far as this login may."""
        told = self._one("SELECT cw_sight()")
        for station in told["stations"]:
            station["said"] = _said(station.pop("facts"))
        return msgspec.convert(told, Sight)

    @property
    def takes_files(self) -> bool:
        """Whether the pool is new enough to hold files; after `meta`."""
        return "held" in self.columns.get("attachment", ())

    def give(self, sha256: str, at: int, part: bytes) -> int:
        """Hand over the next bytes of a file; how many of ours the pool has, which is where to go
        on. -1: all came, and they are not what they should be.

        PoolTrouble("chain") for a file that no act of ours names.
        """
        return int(self._one("SELECT cw_give(%s, %s, %s)", sha256, at, part))

    def get(self, sha256: str, at: int, most: int) -> bytes:
        """The next bytes of a file; none where it is not there, or not for us."""
        return bytes(self._one("SELECT cw_get(%s, %s, %s)", sha256, at, most) or b"")

    def give_thumb(self, attachment: str, body: bytes) -> bool:
        """Hand over the small picture of an attachment; whether it was taken."""
        return bool(self._one("SELECT cw_give_thumb(%s, %s)", attachment, body))

    def thumbs(self, attachments: Sequence[str]) -> dict[str, bytes]:
        """Those small pictures that the pool has and this login may see."""
        return dict(self._rows("SELECT id, body FROM cw_thumbs(%s)", list(attachments)))

    def time_offset(self) -> float:
        """Pool time minus the computer's time, in seconds, to half a round trip."""
        start = self._clock.monotonic()
        at = self._clock.raw()
        pool = self._one("SELECT extract(epoch FROM clock_timestamp())::float8")
        return float(pool) - at / 1000 - (self._clock.monotonic() - start) / 2

    def _one(self, sql: str, *params: Any) -> Any:
        return self._rows(sql, *params)[0][0]

    def _rows(self, sql: str, *params: Any) -> list[Row]:
        with _troubles():
            return self._conn.execute(sql, params or None).fetchall()

    def _found(self, after: int, limit: int) -> list[Row]:
        """A page with its bodies unread: whose they are says how each is read."""
        with _troubles(), self._conn.cursor() as cursor:
            set_json_loads(_unread, cursor)
            return cursor.execute(PAGE, (after, limit)).fetchall()

    def _page(self, last: int, found: Sequence[Row], more: bool) -> Page:
        page, bodies = Page(last, more), defaultdict[str, list[bytes]](list)
        for _, kind, key, op, body in found:
            if kind == "journal":
                page.lines.append(_line(msgspec.json.decode(body)))
            elif op == "A":
                page.anew.append(kind)
            elif kind in self._places and op == "U":
                bodies[kind].append(body)
            elif kind in self._places and op == "D":
                page.gone.setdefault(kind, []).append(key)
        for kind, some in bodies.items():
            page.rows[kind] = reader(kind, self._places[kind])(some)
        return page


def _places(columns: dict[str, list[str]]) -> Iterator[tuple[str, Places]]:
    """Where the pool, which may be newer, has each of our columns in the rows of its pages; None
    for one that it does not have yet."""
    for kind in schema.city_kinds():
        if kind not in columns:
            continue
        for name in schema.columns(kind):
            if name not in columns[kind] and schema.default(kind, name) is MISSING:
                raise PoolTrouble("schema", f"the pool is too old: it has no {kind}.{name}")
        held = columns[kind]
        yield kind, tuple(held.index(n) if n in held else None for n in schema.columns(kind))


def _said(facts: Any) -> Said:
    """What another station says of itself; nothing where it cannot be read."""
    try:
        return msgspec.convert(sound(facts), Said)
    except ValueError:
        return Said()


def _unread(body: str | bytes) -> str | bytes:
    return body


def _line(body: dict[str, Any]) -> Line:
    return Line(**{name: body[name] for name in Line.__slots__})


@contextmanager
def _troubles() -> Generator[None]:
    """Name what is wrong by its cause."""
    try:
        yield
    except (OSError, psycopg.Error) as error:
        first = (str(error).splitlines() or [""])[0]
        raise PoolTrouble(_code(error, first), first) from error


def _code(error: Exception, text: str) -> str:
    if isinstance(error, OSError | psycopg.errors.InsufficientPrivilege):
        return "login"
    if isinstance(error, psycopg.errors.DeadlockDetected):
        return "again"
    if isinstance(error, _REFUSED):
        return "chain"
    if isinstance(error, psycopg.ProgrammingError):
        return "schema"
    return "login" if any(sign in text for sign in _NO_LOGIN) else "unreachable"


_NO_LOGIN = ("password", "no pg_hba.conf entry", "does not exist")
# While it connects, psycopg tells failures apart by their text alone.
_REFUSED = (psycopg.errors.RaiseException, psycopg.DataError, psycopg.IntegrityError)
