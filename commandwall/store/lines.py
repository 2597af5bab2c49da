"""Write journal lines, and fold the lines of other stations into the records here."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple
from typing import Any

from commandwall.clock import MINUTE
from commandwall.store.journal import GENESIS, Line, body_text, head_hash, seal, sha256, tick
from commandwall.store.schema import WALL, kinds
from commandwall.store.store import Records, Refused, Tx
from commandwall.store.tables import Conflict

CLOCK_TOLERANCE = MINUTE
"""A line further ahead of our time than this does not move our clock."""
ROOM = 1_000_000
"""Characters of bodies after which no further line goes along."""


def append(tx: Tx, origin: str, act: str, records: Records) -> Line:
    """One line of this station about what an act wrote, in the act's own transaction."""
    seq, last, prev = _head(tx, origin)
    body = body_text(_plain(records), _seen(tx, records))
    hlc = tick(tx.now, max(last, _newest(tx)))
    line = seal(
        Line(origin, seq + 1, hlc, _scope(records), act, tx.by, tx.post, "", prev, "", body)
    )
    _keep(tx, line)
    _stamp(tx, line, records)
    return line


def receive(tx: Tx, lines: Sequence[Line]) -> None:
    """Fold lines of other stations: in order, each once, the later write of a record wins."""
    for line in lines:
        if line.seq <= _head(tx, line.origin)[0]:
            continue
        _verify(tx, line)
        _keep(tx, line)
        if line.body is not None:
            _fold(tx, line, json.loads(line.body))


def unsent(tx: Any, origin: str, after: int, limit: int = 500) -> list[Line]:
    """Lines of this station that the pool has not confirmed, oldest first: as many as the pool
    takes in one go, and at least one."""
    sql = (
        "SELECT *, coalesce(sum(length(body)) OVER (ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING "
        "AND 1 PRECEDING), 0) AS before "
        "FROM (SELECT * FROM journal WHERE origin = :o AND seq > :s ORDER BY seq LIMIT :n)"
    )
    rows = tx.rows(sql, o=origin, s=after, n=limit)
    return [Line(*row) for *row, before in rows if before < ROOM]


def _fold(tx: Tx, line: Line, body: Mapping[str, Any]) -> None:
    known = kinds(WALL)
    for name, rows in body["records"].items():
        if name not in known:
            continue  # written by a newer program: kept in the journal, shown after the upgrade
        fields = known[name].__dataclass_fields__
        for row in rows:
            record = known[name](**{k: v for k, v in row.items() if k in fields})
            _settle(tx, line, record, body["seen"].get(f"{name}:{record.id}", 0))


def _settle(tx: Tx, line: Line, record: Any, seen: int) -> None:
    key = _key(record)
    rows = tx.rows("SELECT hlc, origin FROM version WHERE record = :r", r=key)
    here, origin = rows[0] if rows else (0, "")
    wins = (line.hlc, line.origin) > (here, origin)
    mine = tx.get(type(record), record.id)
    if mine is not None and here > seen and origin != line.origin and mine != record:
        kept, other = (record, mine) if wins else (mine, record)
        names = (line.origin, origin) if wins else (origin, line.origin)
        tx.put(_conflict(key, (kept, other), names, line))
    if wins:
        tx.put(record)
        _stamp(tx, line, {type(record): {record.id: record}})


def _conflict(key: str, pair: tuple[Any, Any], origins: tuple[str, str], line: Line) -> Conflict:
    kept, other = (json.dumps(asdict(r), ensure_ascii=False, sort_keys=True) for r in pair)
    kind, record = key.split(":", 1)
    return Conflict(f"{line.origin}:{line.seq}:{key}", kind, record, kept, other, *origins, line.at)


def _verify(tx: Tx, line: Line) -> None:
    seq, _, prev = _head(tx, line.origin)
    bad = line.seq != seq + 1 or line.prev != prev or line.hash != head_hash(line)
    if bad or (line.body is not None and sha256(line.body) != line.body_hash):
        raise Refused("broken_chain", origin=line.origin, seq=line.seq, expected=seq + 1)


def _head(tx: Tx, origin: str) -> tuple[int, int, str]:
    rows = tx.rows("SELECT seq, hlc, hash FROM head WHERE origin = :o", o=origin)
    return rows[0] if rows else (0, 0, GENESIS)


def _newest(tx: Tx) -> int:
    limit = (tx.now + CLOCK_TOLERANCE) << 16
    return int(tx.value("SELECT max(hlc) FROM head WHERE hlc < :n", n=limit) or 0)


def _keep(tx: Tx, line: Line) -> None:
    marks = ", ".join("?" * len(astuple(line)))
    tx.run(f"INSERT INTO journal VALUES ({marks})", [astuple(line)])
    tx.run(
        "INSERT OR REPLACE INTO head VALUES (?, ?, ?, ?)",
        [(line.origin, line.seq, line.hlc, line.hash)],
    )


def _stamp(tx: Tx, line: Line, records: Records) -> None:
    rows = [(_key(r), line.hlc, line.origin) for some in records.values() for r in some.values()]
    tx.run("INSERT OR REPLACE INTO version VALUES (?, ?, ?)", rows)


def _seen(tx: Tx, records: Records) -> dict[str, int]:
    keys = [_key(r) for some in records.values() for r in some.values()]
    marks = ", ".join(f":k{i}" for i in range(len(keys)))
    sql = f"SELECT record, hlc FROM version WHERE record IN ({marks})"
    return dict(tx.rows(sql, **{f"k{i}": key for i, key in enumerate(keys)}))


def _plain(records: Records) -> dict[str, list[dict[str, Any]]]:
    return {
        kind.__name__.lower(): [asdict(r) for r in some.values()] for kind, some in records.items()
    }


def _key(record: Any) -> str:
    return f"{type(record).__name__.lower()}:{record.id}"


def _scope(records: Records) -> str:
    """The area a line belongs to: the first one that a record of it names."""
    for some in records.values():
        for record in some.values():
            if area := getattr(record, "area", ""):
                return str(area)
    return ""
