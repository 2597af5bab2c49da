"""Rows of a source beside what the pool holds, what it said before, and what stations did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from hashlib import sha256
from typing import Any

from commandwall.clock import Ms
from commandwall.conflicts import AGREED, OPEN
from commandwall.events import Event
from commandwall.pool.imports.disputes import UNSAID, Disputes
from commandwall.pool.imports.judged import BATCH, File, Judged, Weighed, known
from commandwall.pool.imports.pool_rows import Claim, PoolRows, Word
from commandwall.pool.imports.trouble import ImportTrouble, limit

STATIONS = ("state", "unit", "closed_at")
"""Fields of an event that stations change too: theirs count until the source confirms an act."""


class Weigher:
    """Weighs the rows of one load, batch by batch. `notes` counts what it held back.

    A row that says what its source said before brings nothing, whatever became of it in the pool.
    """

    def __init__(self, source: str, now: Ms, notes: Counter[str]) -> None:
        self._source, self._notes = source, notes
        self._disputes = Disputes(source, now)

    def __call__(self, pool: PoolRows, judged: Sequence[Judged], file: File) -> Weighed:
        ids = [j.record.id for j in judged if j.record is not None]
        held, claims = pool.held(file.kind, ids), pool.claims(file.kind, ids)
        owed = pool.owed(self._source, ids) if file.kind is Event else frozenset()
        self._disputes.begin(pool, file.kind, [key for key in ids if self._others(claims, key)])
        ended, marks = [], {}
        for one in judged:
            if one.record is None or (there := held.get(one.record.id)) is None:
                done, mark = one, mark_of(one.record) if one.record is not None else ""
            else:
                said = claims.get(there.id, ())
                done, mark = self._beside(one, there, said, file, there.id in owed)
            ended.append(done)
            if one.record is not None:
                marks[one.record.id] = mark
        disputes = self._disputes.fresh
        self._notes["disputed"] += sum(d.state == OPEN for d in disputes)
        return Weighed(ended, Word(file.kind, self._source, marks, disputes=disputes))

    def _others(self, claims: Mapping[str, Sequence[Claim]], key: str) -> list[Claim]:
        return [c for c in claims.get(key, ()) if c.source != self._source]

    def _beside(
        self, one: Judged, there: Any, said: Sequence[Claim], file: File, owed: bool
    ) -> tuple[Judged, str]:
        """How a row ends that the pool holds, and the mark that is kept of it."""
        mark = mark_of(one.record)
        if any(c.source == self._source and c.mark == mark for c in said):
            return known(one), mark
        record = file.keep(one.record, there)
        if others := self._others({there.id: said}, there.id):
            record = self._disputes.settled(record, there, others)
        if owed:
            ours = replace(record, **{name: getattr(there, name) for name in STATIONS})
            if ours != record:
                self._notes["unconfirmed"] += 1
                record, mark = ours, ""  # asked again, until the source has confirmed
        if record == there:
            return known(one), mark
        return Judged(one.outcome._replace(reason="changed"), one.original, record), mark


class Gone:
    """What a whole table no longer has. Raises ImportTrouble where that is too much to believe."""

    def __init__(
        self, pool: PoolRows, file: File, said: Sequence[str], now: Ms, sure: bool
    ) -> None:
        self._pool, self._file, self._now = pool, file, now
        self._ids, of = pool.unsaid(file.kind, file.source, said)
        gone = len(self._ids)
        much = gone > limit("gone_rows") and gone * 100 > limit("gone_percent") * of
        if not sure and gone and (much or not said):
            raise ImportTrouble("many_gone", gone=gone, of=of, percent=limit("gone_percent"))

    def remove(self, notes: Counter[str]) -> None:
        """Take these rows out of the pool, but for those that others or stations still need."""
        for start in range(0, len(self._ids), BATCH):
            self._remove(self._ids[start : start + BATCH], notes)

    def _remove(self, ids: Sequence[str], notes: Counter[str]) -> None:
        kind, source = self._file.kind, self._file.source
        held, claims = self._pool.held(kind, ids), self._pool.claims(kind, ids)
        owed = self._pool.owed(source, ids) if kind is Event else frozenset()
        others = {key for key, some in claims.items() if any(c.source != source for c in some)}
        gone = [held[key] for key in ids if key in held and key not in owed | others]
        dropped = [key for key in ids if key not in owed]
        left = [d for d in self._pool.disputes(kind, dropped) if d.state == OPEN]
        ended = [
            replace(d, state=AGREED, at=self._now)
            for d in left
            if d.record not in others or d.said_source == source
        ]
        self._pool.put([], [], gone, Word(kind, source, {}, dropped, ended))
        notes["gone"] += len(gone)
        notes["gone_held"] += len(owed)


def mark_of(record: Any) -> str:
    """What a source says of a record, short: the same words make the same mark."""
    said = [getattr(record, f.name) for f in fields(record) if f.name not in UNSAID]
    return sha256(repr(said).encode("utf-8", "backslashreplace")).hexdigest()[:32]
