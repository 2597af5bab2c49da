"""The pool's tables and functions: the city's kinds as cw_<kind>, and the way in and out of them.

One definition serves both ends: the columns of cw_<kind> are those of the record, with moments as
timestamptz and bytes as bytea, so that a city's own systems write them with plain SQL.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, LiteralString, cast

import psycopg
from sqlalchemy import Column, LargeBinary, Text
from sqlalchemy.types import Double

from commandwall.store.schema import MIRROR, kinds, table_of, times_of

Connection = psycopg.Connection[Any]
SCHEMA = MIN_CLIENT = 1
OWN_SQL = Path(__file__).with_name("schema.sql")
STATION_MAY = ("cw_advance()", "cw_push(jsonb)", "cw_page(bigint, int)")


def city_kinds() -> dict[str, type[Any]]:
    """Table name -> record class of everything the pool owns."""
    return kinds(MIRROR)


def create(conn: Connection, city: str = "") -> None:
    """Make everything in an empty database, in one transaction; nothing where it is there."""
    with conn.transaction():
        held = conn.execute("SELECT to_regclass('cw_meta')").fetchone()
        if held and held[0] is not None:
            return
        run(conn, OWN_SQL.read_text(encoding="utf-8"))
        for name, kind in city_kinds().items():
            run(conn, _table(name, kind))
        run(conn, _page())
        run(conn, "REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC")
        for call in STATION_MAY:
            run(conn, f"GRANT EXECUTE ON FUNCTION {call} TO PUBLIC")
        run(conn, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO PUBLIC")
        conn.execute(
            "INSERT INTO cw_meta(schema, min_client, city) VALUES (%s, %s, %s)",
            (SCHEMA, MIN_CLIENT, city),
        )


def run(conn: Connection, sql: str) -> None:
    """Statements that this module made itself; never text from outside."""
    conn.execute(cast(LiteralString, sql))


def columns(name: str) -> list[str]:
    """Column names of a kind, in the order in which rows travel."""
    return [c.name for c in table_of(city_kinds()[name]).columns]


def out(name: str, alias: str, text: bool) -> str:
    """Select list of a kind: moments as whole milliseconds; `text`: bytes as base64 for JSON."""
    kind = city_kinds()[name]
    return ", ".join(_out(c, alias, c.name in times_of(kind), text) for c in table_of(kind).columns)


def _out(column: Column[Any], alias: str, moment: bool, text: bool) -> str:
    field = f'{alias}."{column.name}"'
    if moment:
        return f"round(extract(epoch FROM {field}) * 1000)::bigint"
    if text and isinstance(column.type, LargeBinary):
        return f"encode({field}, 'base64')"
    return field


def _table(name: str, kind: type[Any]) -> str:
    table, moments = table_of(kind), times_of(kind)
    fields = ",\n    ".join(_field(c, c.name in moments) for c in table.columns)
    head = (kind.__doc__ or name).strip().splitlines()[0].replace("'", "''")
    indexes = "".join(
        f'CREATE INDEX ON cw_{name} ("{index.columns[0].name}");\n'
        for index in table.indexes
        if index.columns[0].name == "area"
    )
    return (
        f"CREATE TABLE cw_{name} (\n    {fields}\n);\n{indexes}"
        f"COMMENT ON TABLE cw_{name} IS '{head}';\n"
        + _trigger(name, "cw_rev", "BEFORE INSERT OR UPDATE", "ROW", "cw_revised()")
        + _trigger(name, "cw_out", "AFTER INSERT OR UPDATE OR DELETE", "ROW", f"cw_changed('{name}')")
        + _trigger(name, "cw_all", "BEFORE TRUNCATE", "STATEMENT", f"cw_emptied('{name}')")
    )


def _trigger(name: str, trigger: str, when: str, each: str, call: str) -> str:
    return (
        f"CREATE TRIGGER {trigger} {when} ON cw_{name} FOR EACH {each} EXECUTE FUNCTION {call};\n"
        f"ALTER TABLE cw_{name} ENABLE ALWAYS TRIGGER {trigger};\n"
    )


def _field(column: Column[Any], moment: bool) -> str:
    if moment:
        kind = "timestamptz"
    elif isinstance(column.type, Text):
        kind = "text"
    elif isinstance(column.type, LargeBinary):
        kind = "bytea"
    else:
        kind = "double precision" if isinstance(column.type, Double) else "bigint"
    if column.primary_key:
        return f'"{column.name}" {kind} PRIMARY KEY'
    if column.name == "rev":
        return '"rev" bigint NOT NULL DEFAULT 0'
    missing = "" if column.nullable else " NOT NULL"
    # A text that a city does not know is an empty one: its engineers need not name every column.
    empty = " DEFAULT ''" if kind == "text" and not column.nullable else ""
    return f'"{column.name}" {kind}{missing}{empty}'


def _page() -> str:
    """cw_page(after, lim): the newest state of what changed, each row once, as JSON arrays."""
    rows = "\n        ".join(
        f"WHEN '{name}' THEN (SELECT jsonb_build_array({out(name, 't', text=True)}) "
        f"FROM cw_{name} t WHERE t.id = f.id)"
        for name in city_kinds()
    )
    return f"""
CREATE FUNCTION cw_page(after bigint, lim int)
RETURNS TABLE(pos bigint, kind text, id text, body jsonb) LANGUAGE sql STABLE SECURITY DEFINER AS $$
    SELECT f.pos, f.kind, f.id, CASE f.kind
        {rows}
        WHEN 'journal' THEN (SELECT to_jsonb(j) FROM cw_journal j
            WHERE j.origin = split_part(f.id, ':', 1) AND j.seq = split_part(f.id, ':', 2)::bigint)
        END
    FROM (SELECT * FROM cw_feed c WHERE c.pos > after ORDER BY c.pos LIMIT lim) f
    ORDER BY f.pos
$$;
"""
