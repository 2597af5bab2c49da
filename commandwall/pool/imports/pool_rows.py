"""What an import needs of the pool."""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Protocol

from commandwall.areas import Area
from commandwall.events import Event
from commandwall.pool.imports.report import Outcome, Quarantined
from commandwall.pool.imports.tables import text_of


class PoolRows(Protocol):
    """The pool as the importers see it. Each call is one transaction, safe to repeat."""

    def areas(self) -> list[Area]:
        """All areas, with their outlines."""

    def events(self, ids: Sequence[str]) -> dict[str, Event]:
        """Those of these events that the pool holds, by id."""

    def put(
        self, records: Sequence[Any], kept: Sequence[Quarantined], gone: Sequence[str] = ()
    ) -> None:
        """Insert or replace records of one kind, keep quarantined rows, delete areas `gone`."""


def aside(outcome: Outcome, source: str, file: str, cells: Any) -> Quarantined:
    """A refused row with its original; the same row of the same source has the same id."""
    original = json.dumps(cells, ensure_ascii=False, default=text_of)
    storable = original.encode("utf-8", "backslashreplace").decode()
    key = sha256(f"{source}\0{storable}".encode()).hexdigest()[:32]
    return Quarantined(key, source, file, outcome.row, outcome.field, outcome.reason, storable)
