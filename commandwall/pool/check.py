"""`commandwall pool check`: what is wrong with a pool, in words, with what to do about it.

Triggers fire always, so nobody gets past them by a setting; who owns the tables can still switch
them off. Then it is seen here: by the trigger, and by the sums that the feed keeps of every table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from commandwall import codes
from commandwall.finding import BAD, OK, WARN, Finding
from commandwall.pool import schema
from commandwall.pool.schema import Connection

Found = tuple[str, str, Mapping[str, Any]]
"""Row of the list pool_check, state, and the facts that its words need."""
_FULL = {"timestamptz": "timestamp with time zone"}
SAID = 60
"""Characters of a wrong value that are told."""
Check = Callable[[Connection], Iterator[Found]]


def examine(conn: Connection, lang: str) -> Iterator[Finding]:
    """Every finding, in the order of what rests on what; needs the owner's login."""
    words = codes.load("pool_check")
    for name, check in CHECKS.items():
        found = list(check(conn))
        for code, state, facts in found:
            mend = words[code].facts.get(f"mend_{lang}", "")
            fact = words[code].name(lang).format(**facts)
            yield Finding(words[name].name(lang), state, fact, mend.format(**facts))
        if not found:
            yield Finding(words[name].name(lang), OK, words["ok"].name(lang))
        if name in BASIS and any(state == BAD for _, state, _ in found):
            return


def server(conn: Connection) -> Iterator[Found]:
    """The version of PostgreSQL."""
    version = conn.info.server_version // 10_000
    if version < schema.OLDEST_SERVER:
        yield "server_old", BAD, {"version": version, "oldest": schema.OLDEST_SERVER}


def _pool(conn: Connection) -> Iterator[Found]:
    number, mark = schema.made(conn)
    facts = {"number": number, "ours": schema.SCHEMA}
    if number == 0:
        yield "pool_none", BAD, facts
    elif number > schema.SCHEMA:
        yield "pool_newer", BAD, facts
    elif mark != schema.current():
        yield "pool_older", BAD, facts


def _columns(conn: Connection) -> Iterator[Found]:
    sql = (
        "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute"
        " WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped"
    )
    for kind in schema.city_kinds():
        held = dict(conn.execute(sql, (f"cw_{kind}",)).fetchall())
        if not held:
            yield "table_missing", BAD, {"table": f"cw_{kind}"}
            continue
        for column, wanted in schema.types(kind).items():
            there = held.get(column, "")
            facts = {"table": f"cw_{kind}", "column": column, "there": there, "wanted": wanted}
            if not there:
                yield "column_missing", BAD, facts
            elif there != _FULL.get(wanted, wanted):
                yield "column_type", BAD, facts


def _triggers(conn: Connection) -> Iterator[Found]:
    sql = (
        "SELECT t.tgname, t.tgenabled::text, p.proname FROM pg_trigger t"
        " JOIN pg_proc p ON p.oid = t.tgfoid WHERE t.tgrelid = to_regclass(%s)"
    )
    for kind in schema.city_kinds():
        rows = conn.execute(sql, (f"cw_{kind}",)).fetchall()
        held = {name: (enabled, function) for name, enabled, function in rows}
        for trigger, (_, _, function) in schema.triggers(kind).items():
            facts = {"table": f"cw_{kind}", "trigger": trigger, "kind": kind}
            if trigger not in held:
                yield "trigger_missing", BAD, facts
            elif held[trigger][1] != function:
                yield "trigger_other", BAD, {**facts, "function": held[trigger][1]}
            elif held[trigger][0] != "A":
                yield "trigger_off", BAD, facts


def _functions(conn: Connection) -> Iterator[Found]:
    held = dict(conn.execute("SELECT proname, prosrc FROM pg_proc WHERE proname ~ '^cw_'"))
    for name, source in schema.sources().items():
        if held.get(name) != source:
            yield "function_other", BAD, {"function": name}


def _feed(conn: Connection) -> Iterator[Found]:
    sql = (
        "SELECT h.pos, h.tail, (SELECT count(*) FROM cw_feed f WHERE f.pos > h.tail) FROM cw_head h"
    )
    heads = conn.execute(sql).fetchall()
    if len(heads) != 1 or heads[0][0] - heads[0][1] != heads[0][2]:
        yield "feed_gap", BAD, {}


def _backlog(conn: Connection) -> Iterator[Found]:
    waiting = _one(conn, "SELECT count(*) FROM cw_outbox")
    if waiting >= codes.limit("pool_waiting"):
        yield "backlog", WARN, {"n": waiting}


def _sums(conn: Connection) -> Iterator[Found]:
    """What the feed knows of each table, beside what the table holds, at one moment."""
    for kind in schema.city_kinds():
        sql = _SUMS.format(kind=kind)
        row = conn.execute(sql.encode()).fetchone() or (False, 0, 0, 0, 0)
        alike, known, there, mark, held = row
        facts = {"table": f"cw_{kind}", "kind": kind, "known": known, "there": there}
        if not alike:
            yield "sum_shape", WARN, facts
        elif (known, mark) != (there, held):
            yield "sum_other", BAD, facts


def _rights(conn: Connection) -> Iterator[Found]:
    reads = [*schema.STATION_READS, *(f"cw_{kind}" for kind in schema.city_kinds())]
    role = schema.STATION
    if _one(conn, "SELECT to_regrole(%s) IS NULL", role):
        yield "role_missing", BAD, {"role": role}
        return
    for table in reads:
        if not _one(conn, "SELECT has_table_privilege(%s, %s, 'SELECT')", role, table):
            yield "right_missing", BAD, {"role": role, "what": f"SELECT, {table}"}
    for call in schema.STATION_CALLS:
        if not _one(conn, "SELECT has_function_privilege(%s, %s, 'EXECUTE')", role, call):
            yield "right_missing", BAD, {"role": role, "what": f"EXECUTE, {call}"}
    yield from _strangers(conn)


def _strangers(conn: Connection) -> Iterator[Found]:
    """Who may write what only the pool's functions write, and who may call all of them."""
    for table, role in conn.execute(_WRITERS, (schema.own_tables(),)).fetchall():
        yield "right_too_many", BAD, {"role": role, "table": table}
    for (call,) in conn.execute(_OPEN, (list(schema.sources()),)).fetchall():
        yield "call_open", BAD, {"call": call}


def _files(conn: Connection) -> Iterator[Found]:
    """Whether each file is what its name says; all bytes are read."""
    for sha256, size, there in conn.execute(_OTHER).fetchall():
        facts = {"sha256": sha256, "size": size, "there": there}
        yield ("file_short" if there != size else "file_other"), BAD, facts
    late = _one(conn, _LATE)
    if late:
        yield "files_late", WARN, {"n": late}


def _transactions(conn: Connection) -> Iterator[Found]:
    for gid, database, age in conn.execute(_PREPARED, (codes.limit("pool_prepared_minutes"),)):
        quoted = gid.replace("'", "''")
        yield "prepared", WARN, {"gid": quoted, "database": database, "n": age}
    for pid, role, database, age in conn.execute(_IDLE, (codes.limit("pool_idle_minutes"),)):
        yield "idle", WARN, {"pid": pid, "role": role, "database": database, "n": age}


def _codes(conn: Connection) -> Iterator[Found]:
    """Ids that no list has: a wall shows such rows by their id, in no class and no colour."""
    for row in codes.load("pool_code").values():
        kind, column = row.id.split(".")
        known = sorted(codes.ever(row.facts["list"]))
        sql = _UNKNOWN.format(kind=kind, column=column)
        for value, n in conn.execute(sql.encode(), (known,)).fetchall():
            facts = {"table": f"cw_{kind}", "column": column, "list": row.facts["list"]}
            yield "code_unknown", WARN, {**facts, "value": value[:SAID], "n": n}


def _areas(conn: Connection) -> Iterator[Found]:
    """Codes of areas that are none: such rows count in no town, and a town never sees them."""
    for kind in schema.city_kinds():
        if "area" in schema.types(kind):
            for value, n in conn.execute(_NOWHERE.format(kind=kind).encode()).fetchall():
                yield "area_unknown", WARN, {"table": f"cw_{kind}", "value": value[:SAID], "n": n}


_OTHER = """
SELECT f.sha256, f.size, p.there FROM cw_file f CROSS JOIN LATERAL (
    SELECT coalesce(sum(length(body)), 0) AS there, cw_file_hash(f.sha256, f.login) AS hash
    FROM cw_file_part WHERE sha256 = f.sha256 AND login = f.login) p
WHERE f.kept AND (p.there <> f.size OR p.hash <> f.sha256) ORDER BY 1
"""
_LATE = """
SELECT count(*) FROM cw_attachment
WHERE held = 0 AND login <> '' AND at < clock_timestamp() - interval '1 day'
"""
_SUMS = """
SELECT s.shape = cw_shape(s.kind), s.n + o.n, t.n, s.mark + o.mark, t.mark
FROM cw_sum s,
    (SELECT coalesce(sum(n), 0) AS n, coalesce(sum(mark), 0) AS mark FROM cw_outbox
        WHERE kind = '{kind}') o,
    (SELECT count(*) AS n, coalesce(sum(hash_record(r)), 0) AS mark FROM cw_{kind} r) t
WHERE s.kind = '{kind}'
"""
_WRITERS = """
SELECT DISTINCT c.relname, coalesce(r.rolname, 'PUBLIC') FROM pg_class c
CROSS JOIN LATERAL aclexplode(c.relacl) a LEFT JOIN pg_roles r ON r.oid = a.grantee
WHERE c.oid = ANY(%s::regclass[]) AND a.grantee <> c.relowner
    AND a.privilege_type IN ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER')
ORDER BY 1, 2
"""
_OPEN = """
SELECT p.oid::regprocedure::text FROM pg_proc p WHERE p.proname = ANY(%s) AND EXISTS (
    SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) WHERE grantee = 0)
"""
_PREPARED = """
SELECT gid, database, round(extract(epoch FROM clock_timestamp() - prepared) / 60)::bigint
FROM pg_prepared_xacts WHERE prepared < clock_timestamp() - %s * interval '1 minute'
"""
_IDLE = """
SELECT pid, usename, datname,
    round(extract(epoch FROM clock_timestamp() - state_change) / 60)::bigint
FROM pg_stat_activity WHERE state LIKE 'idle in transaction%%' AND backend_xid IS NOT NULL
    AND state_change < clock_timestamp() - %s * interval '1 minute'
"""


_UNKNOWN = """
SELECT {column}, count(*) FROM cw_{kind} WHERE {column} <> ALL(%s) GROUP BY 1
ORDER BY 2 DESC, 1 LIMIT 5
"""
_NOWHERE = """
SELECT area, count(*) FROM cw_{kind} t
WHERE area <> '' AND NOT EXISTS (SELECT FROM cw_area a WHERE a.id = t.area) GROUP BY 1
ORDER BY 2 DESC, 1 LIMIT 5
"""


def _one(conn: Connection, sql: str, *params: Any) -> Any:
    row = conn.execute(sql.encode(), params or None).fetchone()
    return row[0] if row else None


CHECKS: Mapping[str, Check] = {
    "server": server,
    "pool": _pool,
    "columns": _columns,
    "triggers": _triggers,
    "functions": _functions,
    "feed": _feed,
    "waiting": _backlog,
    "sums": _sums,
    "rights": _rights,
    "files": _files,
    "codes": _codes,
    "areas": _areas,
    "transactions": _transactions,
}
BASIS = frozenset({"server", "pool", "columns"})
"""Where one of these is bad, the others cannot be looked at."""
