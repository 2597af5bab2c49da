"""What is wrong with rows of rules: of the list `alarm_rules`, or of a file that somebody tries."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from commandwall import codes
from commandwall.clock import DAY, HOUR

NUMBERS = (
    "threshold", "on_s", "off_s", "deadband", "lift_rate", "lift_pair_s", "from_h", "until_h",
)  # fmt: skip
HOURS = ("from_h", "until_h")
WHOLE = {"severity": (1, 4), "urgency": (1, 5), "samples": (1, 255)}
"""Field -> its least and its most."""
TEXTS = ("event_class", "unit")
DEFAULTS = {
    "unit": "", "light": "", "mode": "", "samples": 1, "lift_rate": 0, "lift_pair_s": 0,
    "from_h": 0, "until_h": 0,
}  # fmt: skip
"""What a row need not state."""
FIELDS = frozenset(
    (*NUMBERS, *WHOLE, *TEXTS, *DEFAULTS, "cls", "low_bad", "files_event"),
)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a field of a row."""

    row: str  # id of the row
    field: str
    reason: str

    def __str__(self) -> str:
        return f"{self.row}: {self.field}: {self.reason}"


def faults(rows: Mapping[str, Mapping[str, Any]]) -> list[Fault]:
    """By id of the row and its facts (codes.Code.facts); nothing where all can be judged by."""
    found = [Fault(id_, *why) for id_, row in rows.items() for why in _row(row)]
    spoilt = {fault.row for fault in found}
    return found + list(_among({k: row for k, row in rows.items() if k not in spoilt}))


def _row(row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    given = {**DEFAULTS, **row}
    yield from ((field, "unknown 没有此项") for field in sorted(given.keys() - FIELDS))
    yield from ((field, "missing 缺少") for field in sorted(FIELDS - given.keys()))
    for field in sorted(FIELDS & given.keys()):
        if why := _field(field, given[field]):
            yield field, why


def _field(field: str, value: Any) -> str:
    if field in NUMBERS:
        return _number(value, field != "threshold") or _hour(field, value)
    if field in WHOLE:
        least, most = WHOLE[field]
        fit = isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
        return (
            "" if fit else f"{value!r} is no whole number from {least} to {most} 应为此范围的整数"
        )
    if field in ("low_bad", "files_event"):
        return "" if isinstance(value, bool) else f"{value!r} is neither true nor false 应为真或假"
    if not isinstance(value, str):
        return f"{value!r} is no text 应为文字"
    named = _names(field)
    return "" if named is None or value in named else f"{value!r} is none of {', '.join(named)}"


def _number(value: Any, positive: bool) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return f"{value!r} is no number 应为数"
    return f"{value!r} is below 0 不可小于零" if positive and value < 0 else ""


def _hour(field: str, value: float) -> str:
    most = DAY // HOUR
    over = field in HOURS and value > most
    return f"{value!r} is no hour up to {most} 应为 0 至 {most} 时" if over else ""


def _names(field: str) -> Sequence[str] | None:
    """What a field may be; None for any text."""
    if field == "cls":
        lists = ("sensor_class", "device_fault", "device_deed")
        return [cls for name in lists for cls in codes.load(name)]
    if field == "light":
        return ["", "day", "night"]
    return ["", *codes.load("mode")] if field == "mode" else None


def _among(rows: Mapping[str, Mapping[str, Any]]) -> Iterator[Fault]:
    """Two rows for one thing, and rows of a class that look the other way."""
    met: dict[tuple[Any, ...], str] = {}
    low: dict[str, tuple[str, bool]] = {}
    for id_, facts in rows.items():
        row = {**DEFAULTS, **facts}
        thing = tuple(row[key] for key in ("cls", "unit", "light", "mode", "severity"))
        if (other := met.setdefault(thing, id_)) != id_:
            yield Fault(id_, "severity", f"{other} has the same 与此行重复")
        first, way = low.setdefault(row["cls"], (id_, row["low_bad"]))
        if way != row["low_bad"]:
            yield Fault(id_, "low_bad", f"{first} is worse the other way 与此行方向相反")
