"""What rows were before they changed, so that the past can be shown.

One entry of a log for all rows of a kind that changed at one moment: of each row only the fields
in which any of them differs, squeezed. Read from the newest back, entries turn the rows of now
into those of any moment since the log began.
"""

from __future__ import annotations

import math
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

import msgspec

from commandwall.clock import DAY, Ms

Row = tuple[Any, ...]
Fields = dict[str, Any]
BEGUN = ""
"""The kind of the entry with which a log begins: from there on it is known what changed."""
Happened = Callable[[Fields | None, Fields | None, Ms], Ms]
"""When a change happened: of the row before it, the row after, and when it was written here."""


class Entry(msgspec.Struct, array_like=True):
    """Rows that changed: id and the values of `names` before; those that were made; those that
    went, whole."""

    names: list[str]
    changed: list[list[Any]]
    made: list[str]
    columns: list[str]
    gone: list[list[Any]]

    def ids(self) -> list[str]:
        return [*(row[0] for row in self.changed), *self.made, *(row[0] for row in self.gone)]

    def before(self) -> Iterable[tuple[str, Fields | None]]:
        """Of each row what to put in place to have it as it was; None where it was not there."""
        for key, *values in self.changed:
            yield key, dict(zip(self.names, values, strict=True))
        for key in self.made:
            yield key, None
        for row in self.gone:
            yield row[0], dict(zip(self.columns, row, strict=True))


_ENCODER, _DECODER = msgspec.msgpack.Encoder(), msgspec.msgpack.Decoder(Entry)


def of_change(columns: Sequence[str], pairs: Sequence[tuple[Row, Row]], made: list[str]) -> bytes:
    """An entry for rows that were so and are now so, and for new ones; b"" where nothing differs.
    The first column is the id."""
    pairs = [(old, new) for old, new in pairs if old != new]
    differing = {}
    if pairs:
        olds, news = (zip(*rows, strict=True) for rows in zip(*pairs, strict=True))
        named = zip(columns, olds, news, strict=True)
        differing = {name: old for name, old, new in named if old != new}
    return of_columns([old[0] for old, _ in pairs], differing, made)


def of_columns(ids: Sequence[str], olds: Mapping[str, Sequence[Any]], made: list[str]) -> bytes:
    """The same for what columns held before in the rows of these ids."""
    if not (olds or made):
        return b""
    changed: Any = list(zip(ids, *olds.values(), strict=True)) if olds else []  # tuples as lists
    return _squeezed(Entry([*map(str, olds)], changed, made, [], []))


def of_removal(columns: Sequence[str], rows: Sequence[Row]) -> bytes:
    """An entry for rows that went; b"" where there are none."""
    gone: Any = rows
    return _squeezed(Entry([], [], [], [*map(str, columns)], gone)) if rows else b""


def read(body: bytes) -> Entry:
    """An entry of a log; ValueError where the body is none."""
    try:
        return _DECODER.decode(zlib.decompress(body))
    except zlib.error as why:
        raise ValueError("no entry of a log") from why


class Withdrawn:
    """When rows went: entries are read from the newest back, no further than is asked."""

    def __init__(self, entries: Iterable[tuple[Ms, Entry]]) -> None:
        self._entries, self._reached = enumerate(entries), math.inf
        self._of: dict[str, list[tuple[int, Ms]]] = defaultdict(list)

    def since(self, at: Ms, key: str, place: int) -> bool:
        """Whether a row went at a moment or later, by an entry older than the one at a place."""
        while self._reached >= at and (found := next(self._entries, None)):
            n, (written, entry) = found
            self._reached = written
            for row in entry.gone:
                self._of[row[0]].append((n, written))
        return any(n > place and went >= at for n, went in self._of.get(key, ()))


def rewind(
    now: dict[str, Fields], entries: Sequence[tuple[Ms, Entry]], at: Ms, happened: Happened,
    older: Iterable[tuple[Ms, Entry]] = (),
) -> dict[str, Fields | None]:  # fmt: skip
    """The rows of `now`, which are all that the entries name and that are there, as they were at a
    moment; entries come from the newest back, each with the moment it was written here; `older`:
    those before them, of which as many are read as it takes to know which rows had been withdrawn.

    A change counts from when it happened: the last one of a row that did by then decides. What
    comes again after it was withdrawn counts from when that was written: it was away meanwhile.
    """
    rows: dict[str, Fields | None] = dict(now)
    settled: set[str] = set()
    withdrawn = Withdrawn(chain(entries, older))
    for place, (written, entry) in enumerate(entries):
        for key, before in entry.before():
            after = rows.get(key)
            if key in settled:
                continue
            if before is not None:
                before = {**(after or {}), **before}
            when = happened(before, after, written)
            if when > at or (before is None and withdrawn.since(when, key, place)):
                rows[key] = before
            else:
                settled.add(key)
    return rows


def cutoff(now: Ms, days: float) -> Ms:
    """Entries before it are given up."""
    return Ms(int(now - days * DAY))


def _squeezed(entry: Entry) -> bytes:
    return zlib.compress(_ENCODER.encode(entry), 1)
