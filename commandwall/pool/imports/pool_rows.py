"""What an import needs of the pool."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple, Protocol, TypeVar

from commandwall.clock import Ms
from commandwall.conflicts import Dispute
from commandwall.pool.imports.report import Outcome, Quarantined
from commandwall.pool.imports.tables import text_of

R = TypeVar("R")


class Claim(NamedTuple):
    """What a source says of a record, as a mark; "" where it is to be asked again."""

    source: str
    mark: str
    at: Ms | None = None


class Word(NamedTuple):
    """What one source says of records of one kind, for the pool to keep."""

    kind: type[Any]
    source: str
    marks: Mapping[str, str]  # id -> mark
    dropped: Sequence[str] = ()  # ids of which it no longer says anything
    disputes: Sequence[Dispute] = ()  # what it says otherwise than others


class PoolRows(Protocol):
    """The pool as the importers see it. Each call is one transaction, safe to repeat."""

    def all(self, kind: type[R]) -> list[R]:
        """All records of a kind."""

    def held(self, kind: type[R], ids: Sequence[str]) -> dict[str, R]:
        """Those of these records that the pool holds, by id."""

    def claims(self, kind: type[Any], ids: Sequence[str]) -> dict[str, list[Claim]]:
        """What sources say of these records, by id; nothing for those that nobody claims."""

    def disputes(self, kind: type[Any], ids: Sequence[str]) -> list[Dispute]:
        """All disputes of these records, also those that ended."""

    def owed(self, source: str, events: Sequence[str]) -> frozenset[str]:
        """Those of these events on which stations did what the source has not confirmed."""

    def unsaid(self, kind: type[Any], source: str, ids: Iterable[str]) -> tuple[list[str], int]:
        """Ids that the source once claimed and that are not among `ids`; how many it claims."""

    def put(
        self,
        records: Sequence[Any],
        kept: Sequence[Quarantined],
        gone: Sequence[Any] = (),
        word: Word | None = None,
    ) -> None:
        """Insert or replace records, keep quarantined rows, delete `gone`; each of one kind."""


def aside(outcome: Outcome, source: str, file: str, cells: Any, kind: str = "") -> Quarantined:
    """A refused row with its original; the same row of the same source has the same id."""
    original = json.dumps(cells, ensure_ascii=False, default=text_of)
    storable = original.encode("utf-8", "backslashreplace").decode()
    key = sha256(f"{source}\0{storable}".encode()).hexdigest()[:32]
    row, field, reason = outcome.row, outcome.field, outcome.reason
    return Quarantined(key, source, file, row, field, reason, storable, kind)
