"""How a pool stands, as facts: for `commandwall pool status` and for other programs."""

from __future__ import annotations

from typing import Any

from commandwall.pool.schema import Connection

FACTS = """
SELECT m.city, m.epoch::text, m.schema, m.min_client, m.needs, m.feed_days, h.pos, h.tail,
    (SELECT count(*) FROM cw_outbox),
    (SELECT at FROM cw_feed ORDER BY pos DESC LIMIT 1),
    (SELECT at FROM cw_pack ORDER BY seq DESC LIMIT 1),
    (SELECT count(*) FROM cw_journal), (SELECT max(received_at) FROM cw_journal),
    (SELECT count(*) FROM cw_quarantine), pg_database_size(current_database()),
    (SELECT count(*) FROM cw_file WHERE kept),
    (SELECT coalesce(sum(size), 0)::bigint FROM cw_file WHERE kept),
    (SELECT count(*) FROM cw_attachment WHERE held = 0 AND login <> ''),
    (SELECT count(*) FROM cw_attachment WHERE held = -1)
FROM cw_meta m, cw_head h
"""
NAMES = (
    "city", "epoch", "schema", "min_client", "needs", "feed_days", "feed_head", "feed_tail",
    "waiting", "newest_change", "newest_pack", "lines", "newest_line", "quarantined", "bytes",
    "files", "file_bytes", "files_coming", "files_gone",
)  # fmt: skip
STATIONS = """
SELECT o.login, o.origin, o.since, max(j.seq), max(j.received_at)
FROM cw_origin o LEFT JOIN cw_journal j USING (origin) GROUP BY 1, 2, 3 ORDER BY 1, 2
"""


def status(conn: Connection) -> dict[str, Any]:
    """Facts by the rows of the list pool_status; moments as ISO 8601 text, None: never."""
    row = conn.execute(FACTS.encode()).fetchone()
    assert row is not None, "a pool has one row of cw_meta and of cw_head"
    found = {name: _plain(value) for name, value in zip(NAMES, row, strict=True)}
    found["server"] = conn.info.parameter_status("server_version")
    # As the feed counts them: at once, however many there are.
    found["rows"] = dict(conn.execute("SELECT kind, n FROM cw_sum ORDER BY kind").fetchall())
    found["stations"] = {
        f"{login} {origin}": {"since": _plain(since), "lines": lines or 0, "newest": _plain(at)}
        for login, origin, since, lines, at in conn.execute(STATIONS.encode()).fetchall()
    }
    return found


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value
