"""Events of a table: read, judged row by row, merged, and written in batches.

An import may be killed and run again: a row is known by its source and number, and one that the
pool already holds is counted as known.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from functools import partial
from itertools import islice
from typing import NamedTuple

from commandwall.areas import Area
from commandwall.clock import SECOND, Ms
from commandwall.events import Event
from commandwall.pool.imports import text
from commandwall.pool.imports.judged import BATCH, File, Judged, Progress, close
from commandwall.pool.imports.mapping import Mapping
from commandwall.pool.imports.places import Gazetteer
from commandwall.pool.imports.pool_rows import PoolRows
from commandwall.pool.imports.report import (
    IMPORTED,
    MERGED,
    QUARANTINED,
    Ledger,
    Outcome,
    Report,
)
from commandwall.pool.imports.rows import RowReader
from commandwall.pool.imports.tables import Row, Table
from commandwall.pool.imports.trouble import RowFault, limit


class Source(NamedTuple):
    """One file to import: its name, its table, what its columns mean, and when."""

    name: str
    table: Table
    mapping: Mapping
    now: Ms


def run(pool: PoolRows, source: Source, ledger: Ledger, progress: Progress) -> Report:
    """Import a whole file; what was done before a failure stays done."""
    rows = list(source.table.numbered())
    report = Report(source.name, len(rows))
    places = Gazetteer(pool.all(Area), source.mapping.places)
    reader = RowReader(source.mapping, source.table.header, places, source.now)
    keep = partial(keep_work, mapping=source.mapping)
    file = File(Event, source.mapping.source, source.name, keep)
    merger, waiting = Merger(limit("merge_s") * SECOND), iter(rows)
    while batch := list(islice(waiting, BATCH)):
        judged = [judge(number, cells, reader, merger) for number, cells in batch]
        report.add(close(pool, ledger, judged, file))
        progress(sum(report.counts.values()), report.rows)
    report.notes = reader.notes
    return report


def judge(number: int, cells: Row, reader: RowReader, merger: Merger) -> Judged:
    """How a row ends as far as the file itself can tell."""
    try:
        event = reader.event(cells)
        twin = merger.twin(event)
    except RowFault as fault:
        return Judged(Outcome(number, QUARANTINED, "", fault.field, fault.reason), cells)
    if twin is not None:
        return Judged(Outcome(number, MERGED, twin.id, "", twin.reason), cells)
    return Judged(Outcome(number, IMPORTED, event.id, "", "new"), cells, event)


class Twin(NamedTuple):
    """The event that a row repeats, and by what one sees it."""

    id: str
    reason: str


class Merger:
    """Rows that say again what an earlier row of the file said.

    The same number with the same text is the same row; the same text of the same person within
    `near` milliseconds is the same matter. The same number with another text is refused, so that
    neither text is lost.
    """

    def __init__(self, near: int) -> None:
        self._near = near
        self._told: dict[str, tuple[str, str]] = {}  # id -> what it said, the event it became
        self._texts: dict[tuple[str, str], list[tuple[Ms, str]]] = defaultdict(list)

    def twin(self, event: Event) -> Twin | None:
        """The earlier event that this one repeats, or None; remembers this one. RowFault."""
        told = text.core(event.body or event.title)
        if event.id in self._told:
            before, became = self._told[event.id]
            if before != told:
                raise RowFault("source_id", "id_reused")
            return Twin(became, "same_id")
        found = self._near_twin(event, told)
        self._told[event.id] = told, found or event.id
        return Twin(found, "same_text") if found else None

    def _near_twin(self, event: Event, told: str) -> str:
        if not event.person:
            return ""
        others = self._texts[event.person, told]
        for at, other in others:
            if abs(event.reported_at - at) <= self._near:
                return other
        others.append((event.reported_at, event.id))
        return ""


def keep_work(event: Event, held: Event, mapping: Mapping) -> Event:
    """The row as the pool should hold it: what the file does not tell stays as the pool has it."""
    fields = {"received_at", "rev"} | {"state", "unit", "closed_at"} - mapping.columns.keys()
    return dataclasses.replace(event, **{name: getattr(held, name) for name in fields})
