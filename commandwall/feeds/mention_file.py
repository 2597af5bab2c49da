"""A file of mentions: CSV with a row of names, or JSON lines, read into plain records.

Pure: bytes in; what they hold, and of each bad row its number, the field and why, out. Names of the
fields are rows of the list `mention_field`; troubles of `mention_fault`.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from math import isfinite
from typing import Any

from commandwall import codes
from commandwall.clock import MINUTE, Ms, day, from_datetime, to_datetime
from commandwall.mentions import Mention, key_of
from commandwall.plain import clean, kept
from commandwall.store.written import TEXT_LIMIT, TITLE_LIMIT

JSON_LINES = (".jsonl", ".ndjson", ".json")
TOLD = 80
"""Characters of a wrong value that are told."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is not taken: the number of its row (0: the file), the field, a row of the list
    `mention_fault`, and what stands there."""

    row: int
    field: str
    why: str
    value: str = ""


class _Bad(Exception):
    def __init__(self, field: str, why: str, value: object = "") -> None:
        self.field, self.why, self.value = field, why, clean(value, TOLD)
        super().__init__(why)


@dataclass(slots=True)
class Held:
    """What a file holds."""

    mentions: list[Mention] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def read(data: bytes, name: str, now: Ms) -> Held:
    """All that is good of a file, and what is not; `name` says by its ending which form it has."""
    held, most = Held(), int(codes.limit("mention_rows", day(now)))
    try:
        if len(data) > codes.limit("mention_bytes", day(now)):
            raise _Bad("", "size", len(data))
        text = _decoded(data)
        rows = _lines(text) if name.lower().endswith(JSON_LINES) else _table(text)
        for n, row in rows:
            if n > most:
                raise _Bad("", "rows", most)
            _take(held, n, row, now)
    except _Bad as why:
        held.faults.append(Fault(0, why.field, why.why, why.value))
    return held


def _take(held: Held, n: int, row: Mapping[str, Any] | _Bad, now: Ms) -> None:
    try:
        if isinstance(row, _Bad):
            raise row
        held.mentions.append(_mention(row, now))
    except _Bad as why:
        held.faults.append(Fault(n, why.field, why.why, why.value))


def _decoded(data: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise _Bad("", "encoding")


def _table(text: str) -> Iterator[tuple[int, Mapping[str, Any] | _Bad]]:
    """Rows of a CSV, numbered as a table shows them: the names are row 1."""
    rows = csv.reader(io.StringIO(text, newline=""))
    known = _names()
    try:
        names = [known.get(cell.strip().lower(), "") for cell in next(rows, [])]
        for needed in ("time", "text"):
            if needed not in names:
                raise _Bad(needed, "header")
        for n, cells in enumerate(rows, 2):
            if any(cell.strip() for cell in cells):
                yield n, dict(zip(names, cells, strict=False))
    except csv.Error as why:
        raise _Bad("", "csv", why) from why


def _lines(text: str) -> Iterator[tuple[int, Mapping[str, Any] | _Bad]]:
    known = _names()
    for n, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as why:
            yield n, _Bad("", "json", why)
            continue
        if isinstance(row, dict):
            yield n, {known.get(key.strip().lower(), ""): value for key, value in row.items()}
        else:
            yield n, _Bad("", "json", row)


def _mention(row: Mapping[str, Any], now: Ms) -> Mention:
    at = _moment(_told(row, "time"), now)
    text = kept(_told(row, "text")).strip()
    if not text:
        raise _Bad("text", "missing")
    lon, lat = _degrees(row, "lon", 180), _degrees(row, "lat", 90)
    if (lon is None) != (lat is None):
        raise _Bad("lat" if lat is None else "lon", "missing")
    place, source, url = (clean(_told(row, key), TITLE_LIMIT) for key in ("place", "source", "url"))
    text = text[:TEXT_LIMIT]
    return Mention(key_of(at, text, source, url), at, text, place, lon, lat, source, url)


def _told(row: Mapping[str, Any], key: str) -> str:
    value = row.get(key)
    return "" if value is None else str(value).strip()


def _moment(told: str, now: Ms) -> Ms:
    """ISO 8601; without a zone it is the city's. Not ahead of the clock by more than a little."""
    if not told:
        raise _Bad("time", "missing")
    try:
        moment = datetime.fromisoformat(told.replace("/", "-"))
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=to_datetime(now).tzinfo)
        at = from_datetime(moment)
    except (ValueError, OverflowError) as why:
        raise _Bad("time", "time", told) from why
    if at - now > codes.limit("mention_ahead_minutes", day(now)) * MINUTE:
        raise _Bad("time", "ahead", told)
    return at


def _degrees(row: Mapping[str, Any], key: str, most: float) -> float | None:
    told = _told(row, key)
    if not told:
        return None
    try:
        value = float(told)
    except ValueError as why:
        raise _Bad(key, "number", told) from why
    if not isfinite(value) or abs(value) > most:
        raise _Bad(key, "range", told)
    return value


def _names() -> dict[str, str]:
    """What a field may be called -> what we call it."""
    rows: Iterable[codes.Code] = codes.load("mention_field").values()
    return {word.lower(): row.id for row in rows for word in (row.id, row.zh, *row.facts["words"])}
