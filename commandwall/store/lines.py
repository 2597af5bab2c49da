"""Write journal lines, and fold the lines of other stations into the records here."""

from __future__ import annotations

import heapq
import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, astuple, replace
from typing import Any, TypeVar

import msgspec

from commandwall.clock import MINUTE, Ms
from commandwall.plain import sound
from commandwall.store.journal import (
    AHEAD_LIMIT_BITS,
    GENESIS,
    Line,
    Version,
    body_text,
    head_hash,
    seal,
    sha256,
    tick,
)  # fmt: skip
from commandwall.store.schema import WALL, kinds, meeting_of, yields
from commandwall.store.store import Records, Refused, Tx
from commandwall.store.tables import Conflict

CLOCK_TOLERANCE = MINUTE
"""A line further ahead of our time than this does not move our clock, until an act here changes
what that line wrote: whoever saw a writing comes after it, however wrong their clocks are."""
ROOM = 1_000_000
"""Characters of the bodies that are sent at once, at most."""


BIGGEST = 1 << 63
LONGEST = 256
"""Characters of what a head names: an origin, an act, a person."""
log = logging.getLogger(__name__)
R = TypeVar("R")
Read = Callable[[str, dict[str, Any]], list[Any]]
"""Rows of a question with its parameters."""


class Body(msgspec.Struct):
    """What a line says: records after the act by kind, and the versions it saw before."""

    records: dict[str, list[dict[str, Any]]] = {}
    seen: dict[str, int] = {}
    by: dict[str, str] = {}

    def saw(self, key: str) -> Version:
        return self.seen.get(key, 0), self.by.get(key, "")


def append(tx: Tx, origin: str, act: str, records: Records) -> Line:
    """One line of this station about what an act wrote, in the act's own transaction. Raises
    ValueError for a record that no other station could take from it."""
    seq, last, prev = _head(tx, origin)
    keys = [key_of(record) for some in records.values() for record in some.values()]
    told = _plain(records)
    body = body_text({kind.__name__.lower(): rows for kind, rows in told.items()}, _seen(tx, keys))
    hlc = tick(tx.now, max(last, _newest(tx), _newest_of(tx, keys)))
    line = seal(
        Line(origin, seq + 1, hlc, _scope(records), act, tx.by, tx.post, "", prev, "", body)
    )
    _keep(tx, line)
    _mark(tx, [(key, line.hlc, line.origin) for key in keys])
    return line


def receive(tx: Tx, lines: Sequence[Line]) -> None:
    """Fold lines of other stations: in order, each once, the later write of a record wins. One
    whose body was withheld counts as one that comes late, once it comes with it."""
    bare = _bare(tx, lines)
    tx.run(_TOLD_NOW, [(line.body, *name) for name, line in bare.items()])
    tx.run(TOLD, [(line.hlc, line.origin, line.body) for line in bare.values()])
    for line in lines:
        if line.seq > _head(tx, line.origin)[0]:
            _verify(tx, line)
            _keep(tx, line)
        elif (line.origin, line.seq) not in bare:
            continue
        for record, seen in contents(line):
            _settle(tx, line, record, seen)


def withheld(reader: Any) -> dict[str, list[int]]:
    """Of each station the numbers of its lines of which only the head is here, in order."""
    found: dict[str, list[int]] = {}
    for origin, seq in reader.rows("SELECT origin, seq FROM journal WHERE body IS NULL ORDER BY 2"):
        found.setdefault(origin, []).append(seq)
    return found


def _bare(tx: Tx, lines: Sequence[Line]) -> dict[tuple[str, int], Line]:
    """Those of which only the head is here, and which bring the body that it names, by origin and
    number."""
    told = {(x.origin, x.seq): x for x in lines if x.body is not None}
    found = tx.rows(_BARE, told=json.dumps([*told]))
    return {(o, n): told[o, n] for o, n, digest in found if sha256(told[o, n].body or "") == digest}


def telling(reader: Any, id: str, acts: Sequence[str]) -> list[Line]:
    """The lines of some acts whose bodies name an id, in the order of their clocks."""
    named = {"id": json.dumps(id, ensure_ascii=False), "acts": json.dumps(acts)}
    return [Line(*row) for row in reader.rows(_TELLING, **named)]


def told_of(
    reader: Any, kind: type[R], event: str, acts: Sequence[str]
) -> Iterator[tuple[Line, list[R]]]:
    """The lines of some acts, each with the records of a kind that it holds of an event."""
    for line in telling(reader, event, acts):
        found = (record for record, _ in contents(line) if isinstance(record, kind))
        yield line, [record for record in found if record.event == event]  # type: ignore[attr-defined]


def unsent(tx: Any, origin: str, after: int, limit: int = 500, room: int = ROOM) -> list[Line]:
    """Lines of this station that the pool has not confirmed, oldest first: as many as have room in
    so many characters of bodies, and at least one."""
    sql = (
        "WITH some AS (SELECT *, sum(coalesce(length(body), 0)) OVER (ORDER BY seq) AS total "
        "FROM (SELECT * FROM journal WHERE origin = :o AND seq > :s ORDER BY seq LIMIT :n)) "
        "SELECT * FROM some WHERE total <= :room OR seq = (SELECT min(seq) FROM some) ORDER BY seq"
    )
    rows = tx.rows(sql, o=origin, s=after, n=limit, room=room)
    return [Line(*row) for *row, _ in rows]


def newest(tx: Any, origin: str) -> int:
    """The number of the newest line of a station here; 0 where there is none."""
    return _head(tx, origin)[0]


def held(read: Read, after: Mapping[str, int] = {}) -> Iterator[Line]:
    """The lines that this station holds now, of each origin those behind a number, in the order of
    their clocks: none stands before one that it had seen."""
    heads = read("SELECT origin, seq FROM head", {})
    parts = (_behind(read, origin, after.get(origin, 0), last) for origin, last in heads)
    return heapq.merge(*parts, key=lambda line: (line.hlc, line.origin, line.seq))


def _behind(read: Read, origin: str, after: int, last: int) -> Iterator[Line]:
    sql = (
        "SELECT * FROM journal WHERE origin = :o AND seq > :s AND seq <= :n ORDER BY seq LIMIT 200"
    )
    while after < last and (rows := read(sql, {"o": origin, "s": after, "n": last})):
        found = [Line(*row) for row in rows]
        yield from found
        after = found[-1].seq


def has_sound_head(line: Line) -> bool:
    """Whether a head has numbers and texts that are kept as they are; a later clock than BIGGEST
    / 2 would leave none for whoever changes what the line wrote."""
    texts = (
        line.origin, line.scope, line.act, line.person, line.post,
        line.body_hash, line.prev, line.hash,
    )  # fmt: skip
    numbers = 0 < line.seq < BIGGEST and 0 <= line.hlc < BIGGEST // 2
    return numbers and all(len(t) <= LONGEST and sound(t) == t for t in texts)


def contents(line: Line) -> Iterator[tuple[Any, Version]]:
    """The records of a line, each with the version it had seen.

    A line that verifies is always kept, or it would block all that follow: what it holds and
    cannot be used is left out.
    """
    known = kinds(WALL)
    try:
        body = said(line.body)
    except (ValueError, RecursionError) as why:
        log.warning("line %s of %s cannot be read: %s", line.seq, line.origin, why)
        return
    for name, rows in body.records.items():
        if name not in known:
            continue  # written by a newer program: kept in the journal, shown after the upgrade
        for row in rows:
            try:
                record = _record(known[name], row)
            except ValueError as why:
                log.warning("a %s of line %s of %s is none: %s", name, line.seq, line.origin, why)
            else:
                yield record, body.saw(f"{name}:{record.id}")


def is_seen(seen: Version, other: Version) -> bool:
    """Whether what a line had seen is that version."""
    return seen[0] == other[0] and seen[1] in ("", other[1])


def said(body: str | None) -> Body:
    """A body's content. Raises ValueError or RecursionError where it has none that can be read."""
    return msgspec.convert(sound(json.loads(body or "{}")), Body)


def _record(kind: type[Any], row: dict[str, Any]) -> Any:
    record = msgspec.convert(row, kind)
    for value in astuple(record):
        if isinstance(value, int | float) and not -BIGGEST <= value < BIGGEST:
            raise ValueError(f"{value} is no number that is kept")
    return record


def _settle(tx: Tx, line: Line, record: Any, seen: Version) -> None:
    key, name = key_of(record), (line.hlc, line.origin)
    rows = tx.rows("SELECT hlc, origin FROM version WHERE record = :r", r=key)
    here = was = tx.get(type(record), record.id)
    writer = rows[0] if rows else (0, "")
    stands, by = record, name
    if here is not None:
        record = _caught_up(here, record)
        here, record, wins = meet(here, record, name > writer)
        stands, by = (record, name) if wins or is_seen(seen, writer) else (here, writer)
        # Where the later writing does not always count, it matters what stood there before it.
        if meeting_of(type(record)).yields and tx.value(_LATER, r=key, h=line.hlc, o=line.origin):
            stands, by = _replayed(tx, key)
        for other, rival in {writer: here, by: stands}.items():
            if other != name and _contradict(rival, record) and _apart(tx, line, key, seen, other):
                first, second = (record, rival) if by == name else (rival, record)
                both = kept_of(first, second), second
                stands = both[0] if stands == first else stands
                _keep_both(tx, key, both, sorted([name, other], reverse=True))
    if stands != was:
        tx.put(stands)
    if by != writer:
        _mark(tx, [(key, *by)])


def _replayed(tx: Tx, key: str) -> tuple[Any, Version]:
    """What all writings of a record make of it, in the order of their clocks, and whose counts:
    no order of arrival changes that."""
    stands, by = None, (0, "")
    for line in (Line(*row) for row in tx.rows(_WRITINGS, r=key)):
        for record, seen in contents(line):
            if key_of(record) == key:
                stands, wins = followed(stands, record, is_seen(seen, by))
                by = (line.hlc, line.origin) if wins else by
    return stands, by


def _keep_both(tx: Tx, key: str, pair: tuple[Any, Any], writers: list[Version]) -> None:
    conflict = _conflict(key, pair, writers)
    if tx.get(Conflict, conflict.id) is None:  # it may be here already, and settled
        tx.put(conflict)


def meet(one: Any, other: Any, is_later: bool) -> tuple[Any, Any, bool]:
    """Two writings of a record with the marks of both, and whether the other one counts: whoever
    went further does, whatever the clocks say, else the later one."""
    one, other = _first_marks(one, other)
    return one, other, yields(one, other) or (is_later and not yields(other, one))


def followed(before: Any, record: Any, saw: bool) -> tuple[Any, bool]:
    """What a record, None where there is none yet, is after a later writing, and whether that
    counts. `saw`: who wrote it had seen what stood there. Then it always counts: what was handed
    back may be raised again, though being handed back goes further than being raised."""
    if before is None:
        return record, True
    one, other, wins = meet(before, record, is_later=True)
    if saw:
        return other, True
    return (kept_of(other, one), True) if wins else (kept_of(one, other), False)


def kept_of(counts: Any, other: Any) -> Any:
    """The writing that counts, with what must not be lost of one that its writer had not seen."""
    keeps = meeting_of(type(counts)).keeps
    return keeps(counts, other) if keeps is not None else counts


def _caught_up(here: Any, record: Any) -> Any:
    """What a line says of a record, with what this station found by itself since."""
    catches_up = meeting_of(type(record)).catches_up
    return catches_up(here, record) if catches_up is not None else record


def _first_marks(one: Any, other: Any) -> tuple[Any, Any]:
    """Both with the earlier of each mark: no order of arrival changes what comes out."""
    marks = meeting_of(type(one)).marks
    told = {m: [at for r in (one, other) if (at := getattr(r, m)) is not None] for m in marks}
    first = {mark: min(moments, default=None) for mark, moments in told.items()}
    return replace(one, **first), replace(other, **first)


def _contradict(one: Any, other: Any) -> bool:
    """Whether two writings say different things, and neither only went further than the other."""
    return not (yields(one, other) or yields(other, one) or _alike(one, other))


def _apart(tx: Tx, line: Line, key: str, seen: Version, here: Version) -> bool:
    """Whether a line and the version `here` of a record were written without seeing each other."""
    if here[1] == line.origin or is_seen(seen, here):
        return False
    if here > seen:
        return not _had_seen(tx, key, here, (line.hlc, line.origin))
    # What went further may stand here over a later line: who saw that one need not have seen it.
    further = bool(meeting_of(kinds(WALL)[key.partition(":")[0]]).yields)
    return further and not _had_seen(tx, key, (line.hlc, line.origin), here)


def _alike(one: Any, other: Any) -> bool:
    """Whether two writings say the same, but for who wrote them and when."""
    beside = meeting_of(type(one)).beside
    return bool(replace(one, **{name: getattr(other, name) for name in beside}) == other)


def _had_seen(tx: Tx, key: str, here: Version, before: Version) -> bool:
    """Whether who wrote the version `here` of a record knew the one `before`: a line that was seen
    may come later, by another way."""
    (hlc, origin), (was, whose) = here, before
    return bool(tx.value(_SAW, k=key, h=hlc, o=origin, b=was, w=whose))


_SAW = """
WITH RECURSIVE saw(hlc, origin) AS (
    SELECT :h, :o
    UNION SELECT s.value, coalesce(w.value, '')
        FROM saw CROSS JOIN (SELECT hlc, origin, iif(json_valid(body), body, '{}') AS body
            FROM journal) j ON j.hlc = saw.hlc AND saw.origin IN ('', j.origin)
        JOIN json_each(j.body, '$.seen') s ON s.key = :k
        LEFT JOIN json_each(j.body, '$.by') w ON w.key = :k
        WHERE saw.hlc > :b
) SELECT 1 FROM saw WHERE hlc = :b AND origin IN ('', :w)
"""
"""Versions of a record that led to one, and that one, newest first."""


def _conflict(key: str, pair: tuple[Any, Any], writers: list[Version]) -> Conflict:
    """The same at both stations: its id names the two writings, the later one first."""
    kept, other = (json.dumps(asdict(r), ensure_ascii=False, sort_keys=True) for r in pair)
    kind, record = key.split(":", 1)
    (hlc, origin), (before, loser) = writers
    name = f"{key}|{hlc}.{origin}|{before}.{loser}"
    at = Ms(hlc >> AHEAD_LIMIT_BITS)
    return Conflict(name, kind, record, kept, other, origin, loser, at)


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
    tx.run(TOLD, [(line.hlc, line.origin, line.body or "")])


TOLD = """
INSERT OR IGNORE INTO told(record, hlc, origin)
SELECT kind.key || ':' || (row.value ->> '$.id'), l.hlc, l.origin
FROM (SELECT ? AS hlc, ? AS origin, ? AS body) l,
    json_each(iif(json_valid(l.body), l.body, '{}'), '$.records') kind,
    json_each(iif(kind.type = 'array', kind.value, '[]')) row
WHERE row.type = 'object' AND typeof(row.value ->> '$.id') = 'text'
"""
"""The records of which a line tells, also those that only a newer program knows."""
_WRITINGS = (
    "SELECT j.* FROM told t JOIN journal j ON j.hlc = t.hlc AND j.origin = t.origin"
    " WHERE t.record = :r ORDER BY t.hlc, t.origin"
)


_TELLING = (
    "SELECT * FROM journal WHERE act IN (SELECT value FROM json_each(:acts)) AND instr(body, :id)"
    " ORDER BY hlc"
)
_BARE = (
    "SELECT j.origin, j.seq, j.body_hash FROM json_each(:told) CROSS JOIN journal j"
    " ON j.origin = value ->> 0 AND j.seq = value ->> 1 WHERE j.body IS NULL"
)
_TOLD_NOW = "UPDATE journal SET body = ? WHERE origin = ? AND seq = ?"
_LATER = "SELECT 1 FROM told WHERE record = :r AND (hlc, origin) > (:h, :o) LIMIT 1"


def _mark(tx: Tx, rows: Sequence[tuple[str, int, str]]) -> None:
    """Of each record the line whose writing counts."""
    tx.run("INSERT OR REPLACE INTO version VALUES (?, ?, ?)", rows)


def _seen(tx: Tx, keys: Sequence[str]) -> dict[str, Version]:
    sql = "SELECT * FROM version WHERE record IN (SELECT value FROM json_each(:k))"
    return {key: (hlc, who) for key, hlc, who in tx.rows(sql, k=json.dumps(keys))}


def _newest_of(tx: Tx, keys: Sequence[str]) -> int:
    """The latest writing of any of these records, also one that does not count."""
    sql = "SELECT max(hlc) FROM told WHERE record IN (SELECT value FROM json_each(:k))"
    return int(tx.value(sql, k=json.dumps(keys)) or 0)


def _plain(records: Records) -> dict[type[Any], list[dict[str, Any]]]:
    told = {kind: [asdict(r) for r in some.values()] for kind, some in records.items()}
    for kind, rows in told.items():
        for row in rows:
            msgspec.convert(row, kind)  # what is no record elsewhere must not stand here as one
    return told


def key_of(record: Any) -> str:
    """kind:id."""
    return f"{type(record).__name__.lower()}:{record.id}"


def _scope(records: Records) -> str:
    """The area a line belongs to: the first one that a record of it names."""
    for some in records.values():
        for record in some.values():
            if area := getattr(record, "area", ""):
                return str(area)
    return ""
