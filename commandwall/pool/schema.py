"""The pool's tables and functions: the city's kinds as cw_<kind>, and the way in and out of them.

One definition serves both ends: the columns of cw_<kind> are those of the record, with moments as
timestamptz and bytes as bytea, so that a city's own systems write them with plain SQL.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import MISSING, fields
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Column, LargeBinary, Text
from sqlalchemy.types import Double

from commandwall import codes
from commandwall.store.schema import MIRROR, kinds, table_of, times_of

Connection = psycopg.Connection[Any]
SCHEMA, MIN_CLIENT, NEEDS = 2, 1, "0.1"
"""Of the pool, of the oldest program that it serves, and that program's version."""
OLDEST_SERVER = 15
"""PostgreSQL before this has not all that the functions use."""
STATION = "station"
"""The role of all stations: it reads the city and hands over lines, nothing else."""
TOWN = "town"
"""The role of stations that see and write one area only; cw_station says which. It has no right on
any table that holds rows of the city, and may not move the outbox: whoever may can hold it up."""
TOWN_CALLS = (
    "cw_scope()", "cw_kinds()", "cw_page(bigint, int)", "cw_packs(bigint, int)", "cw_push(jsonb)",
    "cw_lines(text, bigint, int)", "cw_heads()", "cw_hello(text, jsonb)", "cw_sight()",
    "cw_give(text, bigint, bytea)", "cw_get(text, bigint, int)", "cw_give_thumb(text, bytea)",
    "cw_thumbs(text[])", "cw_terms()",
)  # fmt: skip
STATION_CALLS = ("cw_advance()", *TOWN_CALLS)
TOWN_READS = ("cw_meta", "cw_head", "cw_tail")
CITYWIDE = frozenset({"road", "feature", "credit", "indicator"})
"""Kinds that are of the whole city and that everyone sees."""
STATION_READS = ("cw_meta", "cw_head", "cw_tail", "cw_journal", "cw_work")
_IN_BATCH = "ROW WHEN (current_setting('cw.batch', true) <> '')"
TRIGGERS = {
    "cw_rev": ("BEFORE INSERT OR UPDATE", "ROW", "cw_revised"),
    "cw_out": ("AFTER INSERT OR UPDATE OR DELETE", "ROW", "cw_changed"),
    "cw_kept": ("AFTER INSERT OR UPDATE OR DELETE", _IN_BATCH, "cw_kept"),
    "cw_all": ("BEFORE TRUNCATE", "STATEMENT", "cw_emptied"),
}
"""Of each kind's table: when they fire, for what, and which function."""
MOVED = {
    "cw_followed": (
        "AFTER UPDATE OF area", "ROW WHEN (OLD.area IS DISTINCT FROM NEW.area)", "cw_followed"
    )
}  # fmt: skip
PLACED = {"cw_placed": ("BEFORE INSERT OR UPDATE", "ROW", "cw_placed")}
"""Of kinds that lie in an area: files attached to them go along. Of attachments: where they lie."""
RECENT = {"cw_recent": ("BEFORE INSERT OR UPDATE", "ROW", "cw_recent")}
"""Of values of indicators: the ones before stay with the newest. By its name it comes before
`cw_rev`, which sees what there is to tell."""
BY_BYTES = """
SELECT CASE datlocprovider WHEN 'c' THEN datcollate IN ('C', 'POSIX', 'C.UTF-8', 'C.utf8')
    ELSE datlocprovider = 'b' END FROM pg_database WHERE datname = current_database()
"""
"""Whether this database orders texts by their bytes, as a mirror does."""
ORDERS = "SELECT relname FROM pg_class WHERE relname ~ '^cw_.*_order$' AND relkind = 'i'"
KIND_MODULES = ("areas", "attachments", "sensors", "indicators", "events", "resources", "conflicts")
_FOLDER = Path(__file__).parent
_LOCK = "SELECT pg_advisory_xact_lock(4711, 1)"
_LEAVE = f"""
DO $$ DECLARE one text; BEGIN
    FOR one IN SELECT rolname FROM pg_roles WHERE rolname IN ('{STATION}', '{TOWN}') LOOP
        EXECUTE format('REVOKE ALL ON SCHEMA public FROM %I', one);
    END LOOP;
END $$
"""
"""The rights that `_grants` gives in the schema itself: else nobody could drop the roles."""


@cache
def city_kinds() -> dict[str, type[Any]]:
    """Table name -> record class of everything the pool owns."""
    for module in KIND_MODULES:
        import_module(f"commandwall.{module}")
    return dict(sorted(kinds(MIRROR).items()))


def create(conn: Connection, city: str = "", again: bool = False) -> None:
    """Make everything, or bring what an older program made up to date, in one transaction.

    Tables and their rows stay; nothing happens where a newer program made the pool, or this one
    did, except `again`: then triggers, functions and rights that were changed are mended. Needs
    the owner's login.
    """
    with conn.transaction():
        run(conn, _LOCK)
        number, mark = made(conn)
        if number <= SCHEMA and (again or mark != current()):
            run(conn, script(city))


def drop(conn: Connection) -> None:
    """Remove all of the pool and nothing else; psycopg.Error where something else leans on it."""
    tables = ", ".join((*own_tables(), *(f"cw_{name}" for name in city_kinds())))
    # First what takes rows of the tables; the triggers, which lean on functions, go along.
    routines = "".join(f"DROP ROUTINE IF EXISTS {name} CASCADE;\n" for name in sources())
    with conn.transaction():
        run(conn, _LOCK)
        run(conn, f"{routines}DROP TABLE IF EXISTS {tables};")
        run(conn, _LEAVE)


def script(city: str = "") -> str:
    """The SQL that makes or upgrades a pool, for `create` and for engineers who run it by hand."""
    return _tables() + _functions() + _sign(city)


def run(conn: Connection, sql: str) -> None:
    """Statements that this module made itself; never text from outside."""
    conn.execute(sql)


def columns(name: str) -> list[str]:
    """Column names of a kind, in the order in which rows travel."""
    return [c.name for c in table_of(city_kinds()[name]).columns]


def out(name: str, alias: str, text: bool, only: Sequence[str] = ()) -> str:
    """Select list of a kind: moments as whole milliseconds; `text`: bytes as base64 for JSON."""
    kind = city_kinds()[name]
    wanted = [c for c in table_of(kind).columns if not only or c.name in only]
    return ", ".join(_out(c, alias, c.name in times_of(kind), text) for c in wanted)


@cache
def default(name: str, column: str) -> Any:
    """What a column says where the pool has no such column yet; MISSING where nobody can know."""
    kind = city_kinds()[name]
    given = next(f.default for f in fields(kind) if f.name == column)
    held = table_of(kind).columns[column]
    if given is MISSING and held.nullable:
        return None
    return "" if given is MISSING and isinstance(held.type, Text) and column != "id" else given


def own_tables() -> list[str]:
    """The tables that are the pool's own, beside the city's."""
    return re.findall(r"^CREATE TABLE IF NOT EXISTS (\w+)", _text("tables") + _own(), re.MULTILINE)


def sources() -> dict[str, str]:
    """Name -> text of each function, as PostgreSQL keeps it."""
    found = re.findall(r"^CREATE OR REPLACE FUNCTION (\w+).*?AS \$\$(.*?)\$\$", _own(), re.M | re.S)
    return dict(found)


def types(name: str) -> dict[str, str]:
    """Column -> type of a kind's table."""
    kind = city_kinds()[name]
    moments = times_of(kind)
    return {c.name: _type(c, c.name in moments) for c in table_of(kind).columns}


def made(conn: Connection) -> tuple[int, str]:
    """Schema and mark of the program that made the pool; 0 and "" for an empty database."""
    held = conn.execute(
        "SELECT 1 FROM pg_attribute WHERE attrelid = to_regclass('cw_meta') AND attname = 'made'"
    ).fetchone()
    row = conn.execute("SELECT schema, made FROM cw_meta").fetchone() if held else None
    return (int(row[0]), str(row[1])) if row else (0, "")


def current() -> str:
    """The mark of a pool that this program makes."""
    return hashlib.sha256((_tables() + _functions()).encode()).hexdigest()


def _sign(city: str) -> str:
    order = json.dumps({name: columns(name) for name in city_kinds()})
    named = city.replace("'", "''")
    return f"""
INSERT INTO cw_meta(schema, min_client) SELECT 0, 0 WHERE NOT EXISTS (SELECT FROM cw_meta);
UPDATE cw_meta SET schema = {SCHEMA}, min_client = {MIN_CLIENT}, needs = '{NEEDS}',
    made = '{current()}', columns = '{order}', city = coalesce(nullif('{named}', ''), city),
    feed_days = {codes.limit("feed_days")}, files = '{json.dumps(_limits())}';
SELECT cw_recount('-');
SELECT pos FROM cw_head FOR UPDATE;
SELECT cw_note_term();
"""


def _limits() -> dict[str, float]:
    """Limits of attached files, in bytes and days; how many values of an indicator are kept."""
    return {
        "most": codes.limit("file_mb") * (1 << 20),
        "part": codes.limit("part_kb") * (1 << 10),
        "thumb": codes.limit("thumb_kb") * (1 << 10),
        "all": codes.limit("pool_files_gb") * (1 << 30),
        "days": codes.limit("pool_files_days"),
        "idle_days": codes.limit("file_idle_days"),
        "values": codes.limit("values_kept"),
    }


def _tables() -> str:
    tables = "".join(map(_table, city_kinds()))
    # A first fill asks for events in this order.
    by_time = "CREATE INDEX IF NOT EXISTS cw_event_reported ON cw_event (reported_at, id);\n"
    return _text("tables") + tables + by_time + _orders()


def _orders() -> str:
    made = "".join(
        f'    CREATE INDEX IF NOT EXISTS {order_index(name)} ON cw_{name} (id COLLATE "C");\n'
        for name in city_kinds()
    )
    return f"DO $$ BEGIN IF NOT ({BY_BYTES.strip()}) THEN\n{made}END IF; END $$;\n"


@cache
def _functions() -> str:
    """Replaced, not made anew: what rights the city gave on them stays."""
    closed = "".join(f"REVOKE EXECUTE ON ROUTINE {name} FROM PUBLIC;\n" for name in sources())
    return _own() + "".join(map(_triggers, city_kinds())) + closed + _grants()


def _own() -> str:
    seen = "".join(_seen(name) for name in city_kinds() if scoped(name, "t", ""))
    texts = "".join(map(_text, ("functions", "ways", "sight", "files")))
    return _subject_area() + texts + _page() + seen


def _text(name: str) -> str:
    return (_FOLDER / f"{name}.sql").read_text(encoding="utf-8")


def scoped(name: str, alias: str, area: str) -> str:
    """The condition on a row of a kind to lie in an area (SQL); "" for kinds no town sees."""
    if name in CITYWIDE:
        return "true"
    if name == "area":  # those above too: their names and outlines
        return f"(starts_with({alias}.id, {area}) OR starts_with({area}, {alias}.id))"
    return f"starts_with({alias}.area, {area})" if place_of(name) else ""


def _subject_area() -> str:
    """cw_subject_area(kind, id): where a row of the city or a record of a station lies."""
    placed = [name for name in city_kinds() if "area" in columns(name) and name != "attachment"]
    cases = "\n        ".join(
        f"WHEN '{name}' THEN (SELECT t.area FROM cw_{name} t WHERE t.id = which)" for name in placed
    )
    return f"""
CREATE OR REPLACE FUNCTION cw_subject_area(what text, which text) RETURNS text LANGUAGE sql STABLE
SET search_path = public, pg_temp AS $$
    SELECT CASE what WHEN 'area' THEN (SELECT t.id FROM cw_area t WHERE t.id = which)
        {cases}
        ELSE (SELECT o.area FROM cw_own o WHERE o.kind = what AND o.id = which) END
$$;
"""


def _seen(name: str) -> str:
    """cw_<kind>_seen(): the rows of a kind that the session's login may see."""
    return f"""
CREATE OR REPLACE FUNCTION cw_{name}_seen() RETURNS SETOF cw_{name} LANGUAGE sql STABLE
SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT t.* FROM (SELECT cw_scope() AS area, cw_kinds() AS kinds) s, cw_{name} t
    WHERE s.area IS NOT NULL AND (s.kinds IS NULL OR '{name}' = ANY(s.kinds))
        AND {scoped(name, "t", "s.area")}
$$;
"""


def _grants() -> str:
    seen = ", ".join(f"cw_{name}_seen()" for name in city_kinds() if scoped(name, "t", ""))
    reads = ", ".join((*STATION_READS, *(f"cw_{name}" for name in city_kinds())))
    return f"""
DO $$ BEGIN
    IF to_regrole('{STATION}') IS NULL THEN CREATE ROLE {STATION} NOLOGIN; END IF;
    IF to_regrole('{TOWN}') IS NULL THEN CREATE ROLE {TOWN} NOLOGIN; END IF;
END $$;
GRANT USAGE ON SCHEMA public TO {STATION}, {TOWN};
GRANT SELECT ON {", ".join(TOWN_READS)} TO {TOWN};
GRANT EXECUTE ON FUNCTION {", ".join(TOWN_CALLS)}, {seen} TO {TOWN};
GRANT SELECT ON {reads} TO {STATION};
GRANT EXECUTE ON FUNCTION {", ".join(STATION_CALLS)} TO {STATION};
"""


@cache
def _table(name: str) -> str:
    kind = city_kinds()[name]
    table, moments = table_of(kind), times_of(kind)
    given = {f.name: f.default for f in fields(kind) if f.default is not MISSING}
    key, *rest = (_field(c, c.name in moments, given.get(c.name)) for c in table.columns)
    more = "".join(f"ALTER TABLE cw_{name} ADD COLUMN IF NOT EXISTS {f};\n" for f in rest)
    told = (kind.__doc__ or "").strip().splitlines()[0]
    if told.startswith(f"{kind.__name__}("):  # what dataclass writes where nobody did
        told = f"One {name} in each row."
    head = told.replace("'", "''")
    indexes = "".join(
        f'CREATE INDEX IF NOT EXISTS cw_{name}_area ON cw_{name} ("area");\n'
        for index in table.indexes
        if index.columns[0].name == "area"
    )
    created = f"CREATE TABLE IF NOT EXISTS cw_{name} ({key});\n"
    return f"{created}{more}{indexes}COMMENT ON TABLE cw_{name} IS '{head}';\n"


def _triggers(name: str) -> str:
    return "".join(_trigger(name, trigger, *how) for trigger, how in triggers(name).items())


def triggers(name: str) -> dict[str, tuple[str, str, str]]:
    """Of a kind's table: trigger -> when it fires, for what, and which function."""
    if name == "attachment":
        return TRIGGERS | PLACED
    if name == "indicatorvalue":
        return TRIGGERS | RECENT
    return TRIGGERS | (MOVED if "area" in columns(name) else {})


def order_index(name: str) -> str:
    """The index of a kind by the bytes of its ids, where the database orders them otherwise."""
    return f"cw_{name}_order"


def place_of(name: str) -> str:
    """The column that says in which area a row of a kind lies; "" where none does."""
    if name == "area":
        return "id"
    return "area" if "area" in columns(name) else ""


def _trigger(name: str, trigger: str, when: str, each: str, function: str) -> str:
    call = f"{function}('{name}', '{place_of(name)}')"
    return (
        f"CREATE OR REPLACE TRIGGER {trigger} {when} ON cw_{name} FOR EACH {each} "
        f"EXECUTE FUNCTION {call};\n"
        f"ALTER TABLE cw_{name} ENABLE ALWAYS TRIGGER {trigger};\n"
    )


def _field(column: Column[Any], moment: bool, given: Any) -> str:
    """Name, type and rule of a column, so that it may be added to a table with rows too.

    A text that a city does not know is empty, and what the record itself gives needs no naming.
    A number or moment that JSON cannot carry would stop every station, so it does not get in.
    """
    name, kind = f'"{column.name}"', _type(column, moment)
    if column.name == "id":
        return f"{name} {kind} PRIMARY KEY"
    if given is None and kind == "text":
        given = ""
    default = "" if column.nullable or given is None else f" DEFAULT {given!r}"
    rule = "" if column.nullable else f" NOT NULL{default}"
    if moment:
        rule += f" CHECK (isfinite({name}))"
    if kind == "double precision":
        rule += f" CHECK ({name} > '-Infinity' AND {name} < 'Infinity')"
    return f"{name} {kind}{rule}"


def _type(column: Column[Any], moment: bool) -> str:
    if moment:
        return "timestamptz"
    if isinstance(column.type, Text):
        return "text"
    if isinstance(column.type, LargeBinary):
        return "bytea"
    return "double precision" if isinstance(column.type, Double) else "bigint"


def _out(column: Column[Any], alias: str, moment: bool, text: bool) -> str:
    field = f'{alias}."{column.name}"'
    if moment:
        return f"round(extract(epoch FROM {field}) * 1000)::bigint"
    if text and isinstance(column.type, LargeBinary):
        return f"encode({field}, 'base64')"
    return field


def _page() -> str:
    """cw_page(after, lim): one row for each position; what changed several times comes last only.

    op: U with the newest row as a JSON array, D where it is gone, R repeated further down, A where
    all rows of the kind are to be copied anew. A town gets D for what left its area, and R without
    a name for what never lay there, as every login gets for kinds that it does not take. OFFSET
    keeps the planner from reading a row once for each time that its body is asked for. The body is
    json: jsonb would be put in order and written out again, a fifth of what a page costs; an older
    pool's function gives way.
    """
    rows = "\n        ".join(
        f"WHEN '{name}' THEN (SELECT json_build_array({out(name, 't', text=True)}) "
        f"FROM cw_{name} t WHERE t.id = f.id "
        f"AND (s.area = '' OR {scoped(name, 't', 's.area') or 'false'}))"
        for name in city_kinds()
    )
    everywhere = ", ".join(f"'{name}'" for name in sorted(CITYWIDE))
    wanted = "(f.kind = 'journal' OR s.kinds IS NULL OR f.kind = ANY(s.kinds))"
    return f"""
DO $$ BEGIN
    IF pg_get_function_result(to_regprocedure('cw_page(bigint, int)')) LIKE '%jsonb%' THEN
        DROP FUNCTION cw_page(bigint, int);
    END IF;
END $$;
CREATE OR REPLACE FUNCTION cw_page(after bigint, lim int)
RETURNS TABLE(pos bigint, kind text, id text, op text, body json) LANGUAGE sql STABLE
SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT g.pos, CASE WHEN NOT g.hidden THEN g.kind ELSE '' END,
        CASE WHEN NOT g.hidden THEN g.id ELSE '' END,
        CASE WHEN g.op = 'A' THEN 'A'
            WHEN g.hidden OR (g.repeated AND (g.city OR g.body IS NOT NULL)) THEN 'R'
            WHEN g.body IS NULL THEN 'D' ELSE 'U' END, g.body
    FROM (SELECT h.*, h.op <> 'A' AND (NOT h.wanted OR (NOT h.city AND h.body IS NULL
            AND NOT coalesce(
            h.kind IN ({everywhere}) OR starts_with(h.was, h.area)
            OR (h.kind = 'area' AND starts_with(h.area, h.was)), false))) AS hidden
    FROM (SELECT f.*, s.area, coalesce(s.area = '', false) AS city, {wanted} AS wanted,
        CASE WHEN (NOT f.repeated OR s.area <> '') AND {wanted} THEN CASE f.kind
        {rows}
        WHEN 'journal' THEN (SELECT cw_line(j, s.area)::json FROM cw_journal j
            WHERE s.area IS NOT NULL
            AND j.origin = left(f.id, -1 - length(split_part(f.id, ':', -1)))
            AND j.seq = split_part(f.id, ':', -1)::bigint)
        END END AS body
        FROM (SELECT c.*, count(*) OVER later > 1 AS repeated
            FROM (SELECT * FROM cw_feed WHERE cw_feed.pos > after ORDER BY cw_feed.pos LIMIT lim) c
            WINDOW later AS (PARTITION BY c.kind, c.id ORDER BY c.pos
                ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)) f,
            (SELECT cw_scope() AS area, cw_kinds() AS kinds OFFSET 0) s OFFSET 0) h OFFSET 0) g
    ORDER BY g.pos
$$;
"""
