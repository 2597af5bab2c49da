"""From judged rows into the pool: what it holds is known, the rest is written and booked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from commandwall.pool.imports.pool_rows import PoolRows, Word, aside
from commandwall.pool.imports.report import MERGED, QUARANTINED, Ledger, Outcome

BATCH = 500
Progress = Callable[[int, int], None]
"""Called with rows done and rows in all; 0 while nobody knows how many there are."""


class Judged(NamedTuple):
    """A row's end, what it said (needed of a refused one), and the record that it became."""

    outcome: Outcome
    original: Any
    record: Any = None


class File(NamedTuple):
    """What is imported: the kind of record, where the file is from, its name.

    `keep` makes the record that the pool should hold of the file's and the held one.
    """

    kind: type[Any]
    source: str
    name: str
    keep: Callable[[Any, Any], Any]


class Weighed(NamedTuple):
    """Judged rows beside what the pool has: how they end, and what is kept of their source."""

    ended: Sequence[Judged]
    word: Word | None = None


Weigh = Callable[[PoolRows, Sequence[Judged], File], Weighed]


def beside_held(pool: PoolRows, judged: Sequence[Judged], file: File) -> Weighed:
    """Rows that the pool already holds are known or changed."""
    held = pool.held(file.kind, [j.record.id for j in judged if j.record is not None])
    return Weighed([_known(one, held, file) for one in judged])


def close(
    pool: PoolRows,
    ledger: Ledger,
    judged: Sequence[Judged],
    file: File,
    weigh: Weigh = beside_held,
) -> list[Outcome]:
    """Write a batch and the account of it; how its rows ended."""
    ended, word = weigh(pool, judged, file)
    ends, kind = [j.outcome for j in ended], file.kind.__name__.lower()
    kept = [
        aside(j.outcome, file.source, file.name, j.original, kind)
        for j in ended
        if j.outcome.outcome == QUARANTINED
    ]
    pool.put([j.record for j in ended if j.record is not None], kept, word=word)
    ledger.write(ends, kept)
    return ends


def known(one: Judged, reason: str = "known") -> Judged:
    """A row that brings the pool nothing."""
    return Judged(one.outcome._replace(outcome=MERGED, reason=reason), one.original)


def _known(one: Judged, held: Mapping[str, Any], file: File) -> Judged:
    there = held.get(one.record.id) if one.record is not None else None
    if there is None:
        return one
    record = file.keep(one.record, there)
    if record == there:
        return known(one)
    return Judged(one.outcome._replace(reason="changed"), one.original, record)
