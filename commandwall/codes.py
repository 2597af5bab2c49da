"""Code lists: names, limits, thresholds and posts as dated rows in assets/codelists/*.toml, and
those that a city adds in a folder of its own (own_lists.py)."""

from __future__ import annotations

import os
import tomllib
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from commandwall.clock import today
from commandwall.config import ASSETS, PREFIX

Facts = Mapping[str, Any]
"""What a row states beside its key, names and days."""
OWN = PREFIX + "CODELISTS"
"""The variable that names the folder of the city's own rows, in this program and its children."""
DAY = timedelta(days=1)
FIXED = frozenset({"id", "zh", "en", "valid_from", "valid_to"})


@dataclass(frozen=True, slots=True)
class Code:
    """One row of a code list: its key, its names, and whatever else the row states."""

    id: str
    zh: str
    en: str
    facts: Mapping[str, Any]

    def name(self, lang: str = "zh") -> str:
        return self.en if lang == "en" else self.zh


def load(name: str, on: date | None = None) -> dict[str, Code]:
    """Rows of a list valid on a day, in file order; of two rows with one id the later counts.

    Who decides hands in the day of its own clock; where none is given it is today, or the first
    day of the list for a computer whose clock stands before it.
    Raises FileNotFoundError for an unknown list and KeyError, naming the list, for a broken row.
    """
    turns = _turns(name)
    return _since(name, turns[bisect_right(turns, on or max(today(), _first(name))) - 1])


def once(name: str, id_: str) -> Code | None:
    """The row of an id that holds today, else the one that held last: what was written while it
    held still names it. None for an id that no list ever had."""
    found = load(name).get(id_)
    if found is not None:
        return found
    over = [row for row in _rows(name) if row["id"] == id_ and row["valid_from"] <= today()]
    last = max(over, key=lambda row: row.get("valid_to", date.max), default=None)
    return Code(id_, last["zh"], last["en"], _facts(last)) if last is not None else None


def ever(name: str) -> frozenset[str]:
    """Every id that the list has or had: what was written while a row held still names it."""
    return frozenset(row["id"] for row in _rows(name))


def limit(name: str, on: date | None = None) -> float:
    """The value of a row of the list `limit`; on a day before it began, of a clock that is wrong or
    a matter that is old, that of its first day."""
    row = load("limit", on).get(name) or load("limit", _began(name))[name]
    return float(row.facts["value"])


@cache
def _since(name: str, on: date) -> dict[str, Code]:
    """The rows of a list from one of its turns to the next: of each day of years they would be many
    copies of the same."""
    valid = [row for row in _rows(name) if row["valid_from"] <= on <= row.get("valid_to", date.max)]
    newest = {row["id"]: row for row in sorted(valid, key=lambda row: row["valid_from"])}
    return {
        row["id"]: Code(row["id"], row["zh"], row["en"], _facts(row))
        for row in valid
        if newest[row["id"]] is row
    }


@cache
def _turns(name: str) -> list[date]:
    """The days on which a row begins, or first no longer holds, after the first day of all."""
    rows, last = _rows(name), date.max
    ends = {row["valid_to"] + DAY for row in rows if row.get("valid_to", last) < last}
    return sorted({date.min, *(row["valid_from"] for row in rows), *ends})


@cache
def _first(name: str) -> date:
    return min((row["valid_from"] for row in _rows(name)), default=date.min)


@cache
def _began(name: str) -> date:
    return min((r["valid_from"] for r in _rows("limit") if r["id"] == name), default=date.max)


def _facts(row: Mapping[str, Any]) -> Mapping[str, Any]:
    return {key: value for key, value in row.items() if key not in FIXED}


@cache
def _rows(name: str) -> tuple[Mapping[str, Any], ...]:
    rows = _read(ASSETS / "codelists" / f"{name}.toml")
    if folder := os.environ.get(OWN):
        # A folder that is gone raises: else what was decided there would end without a word.
        own = [file for file in Path(folder).iterdir() if file.name == f"{name}.toml"]
        rows += [row for file in own for row in _read(file)]
    for row in rows:
        if missing := {"id", "zh", "en", "valid_from"} - row.keys():
            raise KeyError(f"{name}: row {row.get('id', '?')} lacks {', '.join(sorted(missing))}")
    return tuple(rows)


def _read(file: Path) -> list[dict[str, Any]]:
    return list(tomllib.loads(file.read_text("utf-8-sig"))["row"])


@cache
def edition() -> object:
    """Another one whenever the lists were read again: who keeps what he made of them keeps it for
    one edition."""
    return object()


def forget() -> None:
    """Read the lists again when they are next asked for: somebody changed the files."""
    for cached in (_since, _turns, _first, _began, _rows, edition):
        cached.cache_clear()
