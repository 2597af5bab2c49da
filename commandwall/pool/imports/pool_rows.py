"""What an import needs of the pool."""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Protocol, TypeVar

from commandwall.pool.imports.report import Outcome, Quarantined
from commandwall.pool.imports.tables import text_of

R = TypeVar("R")


class PoolRows(Protocol):
    """The pool as the importers see it. Each call is one transaction, safe to repeat."""

    def all(self, kind: type[R]) -> list[R]:
        """All records of a kind."""

    def held(self, kind: type[R], ids: Sequence[str]) -> dict[str, R]:
        """Those of these records that the pool holds, by id."""

    def put(
        self, records: Sequence[Any], kept: Sequence[Quarantined], gone: Sequence[Any] = ()
    ) -> None:
        """Insert or replace records, keep quarantined rows, delete `gone`; each of one kind."""


def aside(outcome: Outcome, source: str, file: str, cells: Any) -> Quarantined:
    """A refused row with its original; the same row of the same source has the same id."""
    original = json.dumps(cells, ensure_ascii=False, default=text_of)
    storable = original.encode("utf-8", "backslashreplace").decode()
    key = sha256(f"{source}\0{storable}".encode()).hexdigest()[:32]
    return Quarantined(key, source, file, outcome.row, outcome.field, outcome.reason, storable)
