"""What is wrong in a file of a scenario: all of it at once, each with its line, row and field."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import time
from difflib import get_close_matches
from typing import Any

from commandwall import codes
from commandwall.drill.toml_lines import Path, nearest
from commandwall.plain import clean

NUMBER = float
"""In a shape: a whole number or a fraction, and finite."""
Shape = Mapping[str, type[Any]]
"""Field -> what it holds."""
_TYPES: Mapping[type[Any], tuple[str, str]] = {
    str: ("a text", "文字"),
    int: ("a whole number", "整数"),
    float: ("a number", "数"),
    list: ("a list", "列表"),
    dict: ("a table", "表"),
    time: ("a time of day like 09:10:00", "时刻，如 09:10:00"),
}
_TOLD = 60
"""Characters of a wrong value that are told."""


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """Why a scenario cannot be used. `line` from 1; 0 where there is no file."""

    line: int
    row: str
    field: str
    en: str
    zh: str

    def __str__(self) -> str:
        parts = (str(self.line), self.row, self.field, f"{self.en} {self.zh}")
        return ": ".join(part for part in parts if part)


class Faults:
    """Gathers what is wrong; a path leads from the top of the file to the field."""

    def __init__(self, lines: dict[Path, int], data: Mapping[str, Any]) -> None:
        self.found: list[Fault] = []
        self._lines, self._data = lines, data

    def wrong(self, path: Path, field: str, en: str, zh: str) -> None:
        line = nearest(self._lines, (*path, field) if field else path)
        told = (clean(text) for text in (self._row(path), field, en, zh))
        self.found.append(Fault(line, *told))

    def shaped(self, path: Path, data: Any, has: Shape, may: Shape) -> dict[str, Any]:
        """The fields of a table that are sound by themselves; the others are told."""
        if not isinstance(data, dict):
            self.wrong(path, "", *_no(dict, data))
            return {}
        for field in data.keys() - has.keys() - may.keys():
            self.unknown(path, field, field, [*has, *may], "there is no such field", "没有此项")
        for field in has.keys() - data.keys():
            self.wrong(path, field, "missing", "缺少")
        fields = [f for f in {**has, **may} if f in data]
        return {f: data[f] for f in fields if self._fits(path, f, data[f], {**has, **may}[f])}

    def coded(self, path: Path, field: str, value: Any, name: str) -> bool:
        """Whether a code list has a value."""
        return self.among(path, field, value, codes.load(name))

    def among(self, path: Path, field: str, value: Any, known: Collection[str]) -> bool:
        if isinstance(value, str) and value in known:
            return True
        told = f"{shown(value)} is not known", f"没有 {shown(value)}"
        self.unknown(path, field, str(value), known, *told)
        return False

    def unknown(
        self, path: Path, field: str, value: str, known: Collection[str], en: str, zh: str
    ) -> None:
        """Told with the name that is most like it."""
        like = get_close_matches(value[:_TOLD], list(known), 1, 0.5)
        hint = (f"; {like[0]}?", f"；是否 {like[0]}？") if like else ("", "")
        self.wrong(path, field, en + hint[0], zh + hint[1])

    def _fits(self, path: Path, field: str, value: Any, kind: type[Any]) -> bool:
        if kind is NUMBER:
            fit = type(value) is int or (type(value) is float and math.isfinite(value))
        else:
            fit = type(value) is kind  # true is an int
        if not fit:
            self.wrong(path, field, *_no(kind, value))
            return False
        if kind is str and not value.strip():
            self.wrong(path, field, "empty", "空白")
            return False
        if kind is str and len(value) > codes.limit("drill_text"):
            most = int(codes.limit("drill_text"))
            self.wrong(path, field, f"longer than {most} characters", f"超过 {most} 字")
            return False
        return True

    def _row(self, path: Path) -> str:
        """`inject 4 (leak)`: the array, which of it, and its own name where it has one."""
        at: Any = self._data
        words: list[str] = []
        for part in path:
            at = at[part] if isinstance(part, int) else at.get(part, {})
            words.append(str(part + 1) if isinstance(part, int) else clean(part, _TOLD))
            if isinstance(part, int) and isinstance(at, dict):
                name = at.get("id", at.get("post"))
                words += [f"({clean(name, _TOLD)})"] if isinstance(name, str) and name else []
        return " ".join(words)


def shown(value: Any) -> str:
    """A wrong value, short and without anything that a terminal obeys."""
    try:
        return repr(value)[:_TOLD]
    except (ValueError, RecursionError):  # a whole number with thousands of digits
        return "…"


def _no(kind: type[Any], value: Any) -> tuple[str, str]:
    en, zh = _TYPES[kind]
    return f"{shown(value)} is not {en}", f"应为{zh}"
