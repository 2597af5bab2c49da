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
FLAGS = ("low_bad", "files_event")
"""True or false."""
FIELDS = frozenset((*NUMBERS, *WHOLE, *TEXTS, *DEFAULTS, *FLAGS, "cls"))


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a field of a row."""

    row: str  # id of the row
    field: str
    en: str  # why
    zh: str

    def __str__(self) -> str:
        return f"{self.row}: {self.field}: {self.en} {self.zh}"


Why = tuple[str, str]
"""In English and Chinese; twice "" where nothing is wrong."""
FINE: Why = ("", "")


def faults(rows: Mapping[str, Mapping[str, Any]]) -> list[Fault]:
    """By id of the row and its facts (codes.Code.facts); nothing where all can be judged by."""
    found = [Fault(id_, *why) for id_, row in rows.items() for why in _row(row)]
    spoilt = {fault.row for fault in found}
    fit = {k: row for k, row in rows.items() if k not in spoilt}
    return found + list(dict.fromkeys(_among(fit)))


def _row(row: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    given = {**DEFAULTS, **row}
    yield from ((field, "unknown", "没有此项") for field in sorted(given.keys() - FIELDS))
    yield from ((field, "missing", "缺少") for field in sorted(FIELDS - given.keys()))
    for field in sorted(FIELDS & given.keys()):
        if (why := _field(field, given[field])) != FINE:
            yield field, *why


def _field(field: str, value: Any) -> Why:
    if field in NUMBERS:
        why = _number(value, field != "threshold")
        return _hour(field, value) if why == FINE else why
    if field in WHOLE:
        least, most = WHOLE[field]
        fit = isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
        told = (f"{value!r} is no whole number from {least} to {most}",
                f"应为 {least} 至 {most} 的整数")  # fmt: skip
        return FINE if fit else told
    if field in FLAGS:
        fit = isinstance(value, bool)
        return FINE if fit else (f"{value!r} is neither true nor false", "应为真或假")
    if not isinstance(value, str):
        return f"{value!r} is no text", "应为文字"
    named = _names(field)
    listed = named is None or value in named
    return FINE if listed else (f"{value!r} is none of {', '.join(named or ())}", "不在可选之列")


def _number(value: Any, positive: bool) -> Why:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return f"{value!r} is no number", "应为数"
    return (f"{value!r} is below 0", "不可小于零") if positive and value < 0 else FINE


def _hour(field: str, value: float) -> Why:
    most = DAY // HOUR
    over = field in HOURS and value > most
    return (f"{value!r} is no hour up to {most}", f"应为 0 至 {most} 时") if over else FINE


def _names(field: str) -> Sequence[str] | None:
    """What a field may be; None for any text."""
    if field == "cls":
        lists = ("sensor_class", "device_fault", "device_deed")
        return [cls for name in lists for cls in codes.load(name)]
    if field == "light":
        return ["", "day", "night"]
    return ["", *modes()] if field == "mode" else None


def modes() -> list[str]:
    """The modes from which on a rule may be another one, the mildest first: all but the ordinary
    one, of which rules that name no mode tell."""
    ranks = {id_: int(row.facts["rank"]) for id_, row in codes.load("mode").items()}
    return sorted((id_ for id_, rank in ranks.items() if rank), key=lambda id_: ranks[id_])


def _among(rows: Mapping[str, Mapping[str, Any]]) -> Iterator[Fault]:
    """Two rows for one thing, rows of a class that look the other way, and graver ones that are
    reached before milder ones."""
    met: dict[tuple[Any, ...], str] = {}
    low: dict[str, tuple[str, bool]] = {}
    for id_, facts in rows.items():
        row = {**DEFAULTS, **facts}
        thing = tuple(row[key] for key in ("cls", "unit", "light", "mode", "severity"))
        if (other := met.setdefault(thing, id_)) != id_:
            yield Fault(id_, "severity", f"{other} has the same", f"与 {other} 重复")
        first, way = low.setdefault(row["cls"], (id_, row["low_bad"]))
        if way != row["low_bad"]:
            told = f"{first} is worse the other way", f"与 {first} 方向相反"
            yield Fault(id_, "low_bad", *told)
    yield from _order({id_: {**DEFAULTS, **facts} for id_, facts in rows.items()})


def _order(rows: Mapping[str, Mapping[str, Any]]) -> Iterator[Fault]:
    """In each mode: of a severity the row of the gravest mode up to it."""
    things = dict.fromkeys(_kind(row) for row in rows.values())
    for thing in things:
        own: dict[int, str] = {}
        for mode in ("", *modes()):
            fit = (id_ for id_, r in rows.items() if _kind(r) == thing and r["mode"] == mode)
            own |= {rows[id_]["severity"]: id_ for id_ in fit}
            yield from _steps({own[severity]: rows[own[severity]] for severity in sorted(own)})


def _kind(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[key] for key in ("cls", "unit", "light", "low_bad"))


def _steps(rows: Mapping[str, Mapping[str, Any]]) -> Iterator[Fault]:
    """Of the graver ones of these, the gravest first, those that are reached before a milder."""
    graver, edge = "", math.inf
    for id_, row in rows.items():
        at = (-1 if row["low_bad"] else 1) * row["threshold"]
        if at > edge:
            told = f"{graver} is graver, and is reached before {id_}"
            yield Fault(id_, "threshold", told, f"{graver} 更重，却比 {id_} 先到")
        graver, edge = id_, at
