"""Code lists: names, limits, thresholds and posts as dated rows in assets/codelists/*.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from commandwall.config import ASSETS

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


@cache
def load(name: str, on: date | None = None) -> dict[str, Code]:
    """Rows of a list valid on a day (today's rows where no day is given), in file order.

    Raises FileNotFoundError for an unknown list and KeyError, naming the list, for a broken row.
    """
    return {
        row["id"]: Code(row["id"], row["zh"], row["en"], _facts(row))
        for row in _rows(name)
        if (on is None and "valid_to" not in row) or (on is not None and _valid(row, on))
    }


def _valid(row: Mapping[str, Any], on: date) -> bool:
    return bool(row["valid_from"] <= on and on <= row.get("valid_to", date.max))


def _facts(row: Mapping[str, Any]) -> Mapping[str, Any]:
    return {key: value for key, value in row.items() if key not in FIXED}


@cache
def _rows(name: str) -> tuple[Mapping[str, Any], ...]:
    with (ASSETS / "codelists" / f"{name}.toml").open("rb") as file:
        rows = tomllib.load(file)["row"]
    for row in rows:
        if missing := {"id", "zh", "en", "valid_from"} - row.keys():
            raise KeyError(f"{name}: row {row.get('id', '?')} lacks {', '.join(sorted(missing))}")
    return tuple(rows)
