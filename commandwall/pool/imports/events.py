"""Events of a table: what one row says, and rows that say the same again."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Container
from typing import NamedTuple

from commandwall.clock import SECOND, Ms
from commandwall.events import Event
from commandwall.pool.imports import text
from commandwall.pool.imports.judged import Judged
from commandwall.pool.imports.report import IMPORTED, MERGED, QUARANTINED, Outcome
from commandwall.pool.imports.rows import RowReader
from commandwall.pool.imports.tables import Row
from commandwall.pool.imports.trouble import RowFault, limit


class EventJudge:
    """Decides the end of each row as far as the table itself can tell."""

    def __init__(self, reader: RowReader) -> None:
        self.reader, self._merger = reader, Merger(limit("merge_s") * SECOND)

    def __call__(self, number: int, cells: Row) -> Judged:
        try:
            event = self.reader.event(cells)
            twin = self._merger.twin(event)
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

    The same number with the same text is the same row; the same text of the same person, with the
    same telephone and address, within `near` milliseconds is the same matter: many people share a
    name, and one person may tell the same of two streets. The same number with another text is
    refused, so that neither text is lost.
    """

    def __init__(self, near: int) -> None:
        self._near = near
        self._told: dict[str, tuple[str, str]] = {}  # id -> what it said, the event it became
        self._texts: dict[tuple[str, ...], list[tuple[Ms, str]]] = defaultdict(list)

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
        others = self._texts[event.person, event.phone, event.address, told]
        for at, other in others:
            if abs(event.reported_at - at) <= self._near:
                return other
        others.append((event.reported_at, event.id))
        return ""


UNTOLD = frozenset(
    {"grade", "address", "person", "phone", "occurred_at", "state", "unit", "closed_at"}
)
"""Fields that stay as the pool has them where the table has no column for them."""


def keep_work(event: Event, held: Event, told: Container[str]) -> Event:
    """The row as the pool should hold it: what the table does not tell stays as the pool has it."""
    fields = {"received_at", "rev"} | {name for name in UNTOLD if name not in told}
    return dataclasses.replace(event, **{name: getattr(held, name) for name in fields})
