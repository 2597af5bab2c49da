"""The account of an import: every row ends once, and the counts add up."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from commandwall import codes

IMPORTED, MERGED, QUARANTINED = OUTCOMES = ("imported", "merged", "quarantined")
SHOWN = 20
"""Quarantined rows that the printed report names; the file beside it names all."""


class Outcome(NamedTuple):
    """How one row ended: `id` is the record it became or was merged into."""

    row: int
    outcome: str
    id: str
    field: str
    reason: str  # code list import_reason


class Quarantined(NamedTuple):
    """A row kept aside with everything it said."""

    id: str
    source: str
    file: str
    row: int
    field: str
    reason: str
    original: str  # JSON list of the cells, or JSON object
    kind: str = ""  # of record that it was to become


@dataclass(slots=True)
class Report:
    """Counts of one file. `rows` were read; each of them is in exactly one of the counts."""

    file: str
    rows: int = 0
    ground: str = ""  # the coordinates that were believed, so that a wrong label is seen
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)  # outcome, reason
    notes: Counter[str] = field(default_factory=Counter)
    refused: list[Outcome] = field(default_factory=list)

    def add(self, outcomes: Sequence[Outcome]) -> None:
        self.counts.update((o.outcome, o.reason) for o in outcomes)
        room = SHOWN - len(self.refused)
        self.refused += [o for o in outcomes if o.outcome == QUARANTINED][:room]

    def total(self, outcome: str) -> int:
        return sum(n for (name, _), n in self.counts.items() if name == outcome)

    @property
    def balanced(self) -> bool:
        """Whether every row that was read ended."""
        return self.rows == sum(self.counts.values())

    def lines(self, lang: str = "zh", batch: int = 0) -> list[str]:
        """The report as lines for a person; the batch is what `import withdraw` takes back."""
        words = codes.load("import_reason")
        names = [f"{words[o].name(lang)} {self.total(o)}" for o in OUTCOMES]
        told = [f"{self.file}: {words['rows'].name(lang)} {self.rows} = {' + '.join(names)}"]
        told += [f"  {words['batch'].name(lang)}: {batch}"] if batch else []
        told += [f"  {words['ground'].name(lang)}: {self.ground}"] if self.ground else []
        for (outcome, reason), n in sorted(self.counts.items()):
            told.append(f"  {words[outcome].name(lang)} · {words[reason].name(lang)}: {n}")
        told += [f"  ({words[note].name(lang)}: {n})" for note, n in sorted((+self.notes).items())]
        for o in self.refused:
            where = f"{words['row'].name(lang)} {o.row}, {o.field}"
            told.append(f"  ! {where}: {words[o.reason].name(lang)}")
        if self.total(QUARANTINED) > len(self.refused):
            told.append(f"  … {words['more_aside'].name(lang)}")
        return told


class Ledger:
    """Two JSONL files: how every row ended, and the quarantined ones in full.

    The originals hold people's data: the files are readable by their owner only.
    """

    def __init__(self, folder: Path, stem: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.rows, self.quarantine = (folder / f"{stem}.{n}.jsonl" for n in ("rows", "quarantine"))
        self._rows, self._quarantine = private(self.rows), private(self.quarantine)

    def write(self, outcomes: Iterable[Outcome], kept: Iterable[Quarantined]) -> None:
        for stream, tuples in ((self._rows, outcomes), (self._quarantine, kept)):
            for item in tuples:
                stream.write(json.dumps(item._asdict(), ensure_ascii=False) + "\n")
            stream.flush()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._rows.close()
        self._quarantine.close()


def private(path: Path) -> TextIOWrapper:
    """A file to write that only its owner may read."""
    number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    return open(number, "w", encoding="utf-8", errors="backslashreplace")  # noqa: PTH123
