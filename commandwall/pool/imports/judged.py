"""From judged rows into the pool: what it holds is known, the rest is written and booked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from commandwall.pool.imports.pool_rows import PoolRows, aside
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


def close(pool: PoolRows, ledger: Ledger, judged: Sequence[Judged], file: File) -> list[Outcome]:
    """Write a batch and the account of it; how its rows ended."""
    held = pool.held(file.kind, [j.record.id for j in judged if j.record is not None])
    ended = list(_known(judged, held, file))
    ends = [j.outcome for j in ended]
    kept = [
        aside(j.outcome, file.source, file.name, j.original)
        for j in ended
        if j.outcome.outcome == QUARANTINED
    ]
    pool.put([j.record for j in ended if j.record is not None], kept)
    ledger.write(ends, kept)
    return ends


def _known(judged: Sequence[Judged], held: Mapping[str, Any], file: File) -> Iterator[Judged]:
    """The same rows, those that the pool already holds marked as known or changed."""
    for one in judged:
        there = held.get(one.record.id) if one.record is not None else None
        if there is None:
            yield one
            continue
        record = file.keep(one.record, there)
        if record == there:
            yield Judged(one.outcome._replace(outcome=MERGED, reason="known"), one.original)
        else:
            yield Judged(one.outcome._replace(reason="changed"), one.original, record)
