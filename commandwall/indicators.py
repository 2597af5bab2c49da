"""Indicators 体征指标: the 927 vital signs of a city."""

from __future__ import annotations

from dataclasses import dataclass

from commandwall import codes
from commandwall.clock import SECOND, Ms
from commandwall.store.schema import MIRROR, record


@record(MIRROR)
@dataclass(frozen=True, slots=True)
class Indicator:
    """The definition of one indicator."""

    id: str
    domain: str  # code list indicator_domain
    name: str
    name_en: str
    unit: str
    direction: str  # high_bad, low_bad, band
    lo2: float | None  # red below
    lo1: float | None  # yellow below
    hi1: float | None  # yellow from
    hi2: float | None  # red from
    period_s: int
    owner: str
    source: str
    decimals: int = 0
    pinned: int = 0  # 1..12: place among the twelve on the wall
    rev: int = 0


@record(MIRROR)
@dataclass(frozen=True, slots=True)
class IndicatorValue:
    """The newest value of an indicator; `id` is the indicator."""

    id: str
    at: Ms
    value: float | None  # None: missing, which is not zero
    num: float | None
    den: float | None
    today: str  # JSON list of this day's values, one each hour from 00:00
    usual: str  # JSON list of 24 pairs [low, high]: the same hour of the last four weeks
    rev: int = 0


def fresh_for(definition: Indicator, periods: float | None = None) -> Ms:
    """How long a value of it counts as new: some of its periods, by the list `limit`.

    Who asks for many hands in what the list says today.
    """
    periods = codes.limit("old_periods") if periods is None else periods
    return Ms(int(periods * definition.period_s * SECOND))


NORMAL, YELLOW, RED, UNKNOWN = "normal", "yellow", "red", "unknown"


def judge(definition: Indicator, value: float | None) -> str:
    """normal, yellow, red or unknown (domain/spec 5.13: high-bad, low-bad and band types)."""
    if value is None:
        return UNKNOWN
    d = definition
    if (d.hi2 is not None and value >= d.hi2) or (d.lo2 is not None and value <= d.lo2):
        return RED
    if (d.hi1 is not None and value >= d.hi1) or (d.lo1 is not None and value <= d.lo1):
        return YELLOW
    return NORMAL
