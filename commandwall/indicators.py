"""Indicators 体征指标: the 927 vital signs of a city, and how each stands by its values.

How one stands is a pure function of two rows that the pool gives every station alike: its
definition, and its newest value with those before (decision 0064).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Any, NamedTuple

from commandwall import codes
from commandwall.clock import HOUR, SECOND, Ms, day_start, to_datetime
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
    direction: str  # code list indicator_direction: high_bad, low_bad, band, trend, category
    lo2: float | None  # red below
    lo1: float | None  # yellow below
    hi1: float | None  # yellow from
    hi2: float | None  # red from
    period_s: int
    owner: str
    source: str
    decimals: int = 0
    pinned: int = 0  # 1..12: place among the twelve on the wall
    area: str = ""  # the area that it tells of; "": all of the city
    weight: float = 1.0  # in the mean of an area
    hysteresis: float | None = None  # in its unit; None: the share of the list `limit`
    formula: str = ""  # "aqi": the index of aqi.py; the row of the list aqi_node that it measures;
    # of the direction category the scale of the list indicator_category
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
    recent: str = ""  # JSON list of [at, value], oldest first: those before; the pool keeps it
    notice: str = ""  # code list indicator_notice, where its source says so; "": as measured
    rev: int = 0


def fresh_for(definition: Indicator, periods: float | None = None) -> Ms:
    """How long a value of it counts as new: some of its periods, by the list `limit`.

    Who asks for many hands in what the list says today.
    """
    periods = codes.limit("old_periods") if periods is None else periods
    return Ms(int(periods * definition.period_s * SECOND))


NORMAL, YELLOW, RED, UNKNOWN = "normal", "yellow", "red", "unknown"
LEVELS = (NORMAL, YELLOW, RED)
"""From mild to bad."""
NEW, FORECAST = "new", "forecast"
NUMBERS = (int, float)
Course = Sequence[tuple[Ms, float]]
"""Values with their moments, oldest first."""


@dataclass(frozen=True, slots=True)
class Stand:
    """How an indicator stands."""

    state: str
    since: Ms  # when it came to stand so, as far as its values tell
    held: bool = False
    """Its newest value alone is milder: it has not yet been so for long enough, or by enough."""
    deviation: float | None = None
    """Of the direction `trend`: how many robust deviations it is from what is usual."""
    first: bool = False
    """Whether no value of it is known before this one."""


NOTHING = Stand(UNKNOWN, Ms(0))


class Limits(NamedTuple):
    """Where yellow and red begin, on both sides; None where they do not."""

    lo2: float | None
    lo1: float | None
    hi1: float | None
    hi2: float | None

    def level(self, value: float, ease: float = 0.0) -> int:
        """0 normal, 1 yellow, 2 red; with the limits drawn in by `ease`."""
        if _over(value, self.hi2, ease) or _under(value, self.lo2, ease):
            return 2
        return int(_over(value, self.hi1, ease) or _under(value, self.lo1, ease))

    def ease(self, share: float) -> float:
        """A share of the span: from the outermost limit to the one furthest from it, or to zero."""
        given = [limit for limit in self if limit is not None]
        ends = given if len(given) > 1 else [*given, 0.0]
        return share * (max(ends) - min(ends))


def stand(definition: Indicator, newest: IndicatorValue | None) -> Stand:
    """How an indicator stands by its values (domain/spec 5.13): worse at once; milder only by more
    than the hysteresis, and after the dwell. What is missing is unknown and no zero.

    Whether it is too old is another question: `fresh_for`. A value that names no known direction
    is unknown.
    """
    row = codes.load("indicator_direction").get(definition.direction)
    if row is None or newest is None or not _known(newest.value):
        return NOTHING if newest is None else Stand(UNKNOWN, newest.at)
    course = _course(newest)
    found = _judged(definition, newest, course, row)
    return replace(found, first=len(course) == 1)


def _judged(
    definition: Indicator, newest: IndicatorValue, course: Course, way: codes.Code
) -> Stand:
    if way.facts["deviation"]:
        return _by_deviation(definition, newest, course)
    if way.facts["category"]:
        return _by_category(definition, course)
    return _fold(definition, course, limits_of(definition), hysteresis(definition))


def notice(value: IndicatorValue, found: Stand, now: Ms) -> str:
    """What a value is to be known for (list `indicator_notice`); "" for nothing. What its source
    says counts, else its moment, which may be to come, and whether it is the first."""
    if value.notice in codes.load("indicator_notice"):
        return value.notice
    if value.value is None:
        return ""
    if value.at > now + codes.limit("ahead_seconds") * SECOND:
        return FORECAST
    return NEW if found.first else ""


def category(definition: Indicator, value: float | None) -> codes.Code | None:
    """What a value of the direction `category` means; None where no row of its scale says so."""
    return next((row for row in scale(definition) if row.facts["value"] == value), None)


def scale(definition: Indicator) -> list[codes.Code]:
    """The categories of an indicator, in the order of the list; none for other directions."""
    way = codes.load("indicator_direction").get(definition.direction)
    if way is None or not way.facts["category"]:
        return []
    known = codes.load("indicator_category").values()
    return [row for row in known if row.facts["scale"] == definition.formula]


def renew(
    stands: dict[str, Stand], keys: Iterable[str], definitions: Mapping[str, Indicator],
    values: Mapping[str, IndicatorValue],
) -> None:  # fmt: skip
    """Judge anew the indicators of which the definition or the value came or went.

    A row that nobody can reckon with (a period of zero, a year beyond the calendar) is unknown.
    """
    for key in keys:
        if (definition := definitions.get(key)) is None:
            stands.pop(key, None)
            continue
        stands[key] = NOTHING
        with suppress(ArithmeticError, ValueError, OSError):
            stands[key] = stand(definition, values.get(key))


def limits_of(definition: Indicator) -> Limits:
    """Those limits of its row that count for its direction."""
    d, row = definition, codes.load("indicator_direction").get(definition.direction)
    low, high = (row is not None and row.facts[side] for side in ("low", "high"))
    return Limits(
        d.lo2 if low else None, d.lo1 if low else None,
        d.hi1 if high else None, d.hi2 if high else None,
    )  # fmt: skip


def hysteresis(definition: Indicator) -> float:
    """How far back over a limit a value must be, in the unit of the indicator."""
    if definition.hysteresis is not None:
        return definition.hysteresis
    return limits_of(definition).ease(codes.limit("hysteresis_share"))


def _by_category(definition: Indicator, course: Course) -> Stand:
    """By the level of its category; one that no row knows is unknown. There is nothing between two
    categories to come back over: only the dwell holds it."""
    levels = {row.facts["value"]: str(row.facts["level"]) for row in scale(definition)}
    at, newest = course[-1]
    if newest not in levels:
        return Stand(UNKNOWN, at)
    judged = [(at, float(LEVELS.index(levels[v]))) for at, v in course if v in levels]
    return _fold(definition, judged, Limits(None, None, 1.0, 2.0), 0.0)


def _by_deviation(definition: Indicator, newest: IndicatorValue, course: Course) -> Stand:
    """How far it is from the same hour of the last four weeks; red is told by several in a row."""
    usual = [pair for pair in _pairs(newest.usual) if _known(pair[1])]
    if len(usual) != 24:
        return Stand(UNKNOWN, newest.at)
    share, times = codes.limit("hysteresis_share"), int(codes.limit("deviation_times"))
    watch, act = codes.limit("deviation_watch"), codes.limit("deviation_act")
    limits = Limits(None, None, watch, math.nextafter(act, math.inf))
    scores = [(at, abs(_deviation(definition, usual, at, value))) for at, value in course]
    meek = math.nextafter(act, 0)
    judged = [
        (at, z if all(past > act for _, past in scores[max(0, i - times + 1) : i + 1])
         and i + 1 >= times else min(z, meek))
        for i, (at, z) in enumerate(scores)
    ]  # fmt: skip
    found = _fold(definition, judged, limits, share * (act - watch))
    at, value = course[-1]
    return Stand(found.state, found.since, found.held, _deviation(definition, usual, at, value))


def _deviation(definition: Indicator, usual: Sequence[Any], at: Ms, value: float) -> float:
    """From the middle of what is usual at that hour, in deviations as the two quantiles tell them
    of a normal distribution; they are robust where a few days were not. Never less than half the
    last digit that is shown: what never varied has no deviation to measure by."""
    low, high = usual[to_datetime(at).hour]
    bell = NormalDist()
    reach = bell.inv_cdf(codes.limit("usual_high")) - bell.inv_cdf(codes.limit("usual_low"))
    deviation = max((high - low) / reach, 10.0**-definition.decimals / 2)
    return float((value - (low + high) / 2) / deviation)


def _fold(definition: Indicator, course: Course, limits: Limits, ease: float) -> Stand:
    """Through all values, oldest first; most were never near a limit, and need no going through."""
    reached = [value for _, value in course]
    if not (limits.level(max(reached)) or limits.level(min(reached))):
        return Stand(NORMAL, course[0][0])
    level, since, plain = 0, Ms(0), 0
    milder: list[tuple[Ms, int]] = []
    dwell = codes.limit("dwell_periods")
    for at, value in course:
        plain = limits.level(value)
        eased = max(plain, min(level, limits.level(value, ease)))
        since = since or at
        if eased >= level:
            level, since, milder = eased, at if eased > level else since, []
            continue
        milder.append((at, eased))
        # A value comes a little before or after its time: whole periods count.
        if round((at - milder[0][0]) / (definition.period_s * SECOND)) >= dwell:
            level, since, milder = max(worst for _, worst in milder), at, []
    return Stand(LEVELS[level], since, plain < level)


def _course(newest: IndicatorValue) -> list[tuple[Ms, float]]:
    """What is known of its values, oldest first: hours of the day, those kept, the newest;
    what is missing is left out."""
    kept = [(Ms(int(at)), value) for at, value in _pairs(newest.recent) if at < newest.at]
    first, midnight = (kept[0][0] if kept else newest.at), day_start(newest.at)
    day = listed(newest.today)[: max(0, -(-(first - midnight) // HOUR))]
    hours = [(Ms(midnight + hour * HOUR), value) for hour, value in enumerate(day)]
    return [pair for pair in (*hours, *kept, (newest.at, newest.value)) if _known(pair[1])]


def _pairs(text: str) -> list[tuple[float, Any]]:
    """Pairs of a list that begin with a number; anybody may have written the row."""
    pairs = (pair for pair in listed(text) if isinstance(pair, list) and len(pair) == 2)
    return [(first, second) for first, second in pairs if _known(first)]


def listed(text: str) -> list[Any]:
    """A JSON list of a row; empty where it is none."""
    with suppress(ValueError, RecursionError):
        found = json.loads(text or "[]")
        return found if isinstance(found, list) else []
    return []


def _known(value: Any) -> bool:
    return isinstance(value, NUMBERS) and math.isfinite(value)


def _over(value: float, limit: float | None, ease: float) -> bool:
    return limit is not None and value >= limit - ease


def _under(value: float, limit: float | None, ease: float) -> bool:
    return limit is not None and value <= limit + ease
