"""Does the mirror hold what the pool holds? Asked in the background, a stretch of ids at a time.

Counts and sums of marks are compared; where they differ, the rows' marks. What differs is looked at
again once the mirror has all that the feed brought until then: a row that was only on its way is in
order by that time. What is left is named and put right, without copying anything else anew.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace

from commandwall import codes
from commandwall.clock import MINUTE, SECOND, Clock
from commandwall.pool import marks
from commandwall.pool.client import Client
from commandwall.store.mirror import Mirror
from commandwall.store.pulse import Compared, Difference

log = logging.getLogger(__name__)
KEPT, NOTED = 20, "differences"
"""Differences that are remembered, and under which name the mirror does."""
SHARE = 0.05
"""Of the time that a comparison may take."""
Marks = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Ids of one kind behind the first up to the last; None: to the end."""

    kind: str
    first: str
    last: str | None


@dataclass(frozen=True, slots=True)
class Doubt:
    """Rows that differed at a first look, with their marks in the pool (None: not there)."""

    stretch: Stretch
    rows: Mapping[str, int | None]
    head: int  # of the feed: the mirror must have come so far before the second look
    due: float


@dataclass(slots=True)
class Comparison:
    """Walks all kinds again and again; `step` is one look, or nothing where none is due."""

    client: Client
    mirror: Mirror
    clock: Clock
    found: Compared = field(default_factory=Compared)
    _kinds: list[str] = field(default_factory=list)  # that are left, in this round
    _after: str = ""  # which id of the first of them
    _doubt: Doubt | None = None
    _rows: int = 0
    _began: float = 0.0
    _due: float = 0.0

    def __post_init__(self) -> None:
        with suppress(ValueError, TypeError):
            kept = json.loads(self.mirror.meta(NOTED, "[]"))
            self.found = Compared(differences=tuple(Difference(**one) for one in kept))

    def step(self) -> None:
        """At most a few questions to the pool and to the mirror."""
        began = self.clock.monotonic()
        if began < self._due:
            return
        if self._doubt is not None:
            self._look_again(self._doubt)
        elif self._kinds:
            self._look(self._kinds[0])
        else:
            self._kinds, self._rows, self._began = self.client.comparable(), 0, began
        now = self.clock.monotonic()
        self._due = max(self._due, now + max(codes.limit("compare_seconds"), (now - began) / SHARE))

    def _look(self, kind: str) -> None:
        """The next stretch of a kind; where it differs: which rows, and how far the feed is."""
        last, count, total = self.client.stretch(
            kind, self._after, int(codes.limit("compare_rows"))
        )
        stretch = Stretch(kind, self._after, last)
        here = self._here(stretch)
        if (count, total) != (len(here), sum(here.values())):
            rows, due = (
                self._differ(stretch),
                self.clock.monotonic() + codes.limit("heartbeat_seconds"),
            )
            self._doubt = Doubt(stretch, rows, self.client.head(), due) if rows else None
        self._rows, self._after = self._rows + count, last or ""
        if last is None:
            self._kinds.pop(0)
        if not self._kinds:
            self.found = replace(self.found, at=self.clock.now(), rows=self._rows)
            self._due = self._began + codes.limit("compare_minutes") * MINUTE / SECOND

    def _look_again(self, doubt: Doubt) -> None:
        behind = int(self.mirror.meta("cursor", "0")) < doubt.head
        if behind or self.clock.monotonic() < doubt.due:
            return
        self._doubt = None
        there = self._differ(doubt.stretch)
        sure = [key for key, mark in doubt.rows.items() if key in there and there[key] == mark]
        if sure:
            self._mend(doubt.stretch, sorted(sure), there)

    def _differ(self, stretch: Stretch) -> dict[str, int | None]:
        """id -> mark in the pool of each row that is not alike."""
        here = self._here(stretch)
        there = self.client.marks(stretch.kind, stretch.first, stretch.last)
        return {k: there.get(k) for k in here.keys() | there.keys() if here.get(k) != there.get(k)}

    def _here(self, stretch: Stretch) -> Marks:
        held = self.client.columns[stretch.kind]
        rows = self.mirror.stretch(stretch.kind, stretch.first, stretch.last)
        return {row[0]: marks.of(stretch.kind, row, held) for row in rows}

    def _mend(self, stretch: Stretch, keys: list[str], there: Mapping[str, int | None]) -> None:
        held = self._here(stretch)
        extra = [key for key in keys if there[key] is None]
        missing = sum(key not in held for key in keys)
        rows = self.client.some(stretch.kind, [key for key in keys if there[key] is not None])
        self.mirror.mend(stretch.kind, rows, extra)
        one = Difference(
            self.clock.now(), stretch.kind, keys[0], keys[-1], missing,
            len(keys) - missing - len(extra), len(extra),
        )  # fmt: skip
        log.warning("the mirror was put right: %s", one)
        self.found = replace(self.found, differences=(*self.found.differences, one)[-KEPT:])
        self.mirror.note(**{NOTED: json.dumps([asdict(d) for d in self.found.differences])})
