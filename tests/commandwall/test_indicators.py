"""How an indicator stands: by its row, its newest value, and those that the pool kept before it."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from builders import NOW
from hypothesis import given
from hypothesis import strategies as st
from world import an_indicator

from commandwall import codes
from commandwall.clock import DAY, HOUR, MINUTE, Ms, day_start
from commandwall.indicators import (
    NORMAL,
    RED,
    UNKNOWN,
    YELLOW,
    Indicator,
    IndicatorValue,
    Stand,
    fresh_for,
    notice,
    renew,
    stand,
)

TEN = 10 * MINUTE  # the period of `an_indicator`; yellow from 80, red from 95
USUAL = [[40.0, 60.0]] * 24


def valued(*values: float | None, step: int = TEN, **more: Any) -> IndicatorValue:
    """The newest of some values, which came one period after the other, and those before it."""
    at = [NOW - step * back for back in range(len(values) - 1, -1, -1)]
    kept = json.dumps([list(pair) for pair in zip(at, values, strict=True)][:-1])
    facts = {"num": None, "den": None, "today": "", "usual": "", "recent": kept, **more}
    return IndicatorValue("x", Ms(at[-1]), values[-1], **facts)


def state(definition: Indicator, *values: float | None, **more: Any) -> str:
    return stand(definition, valued(*values, **more)).state


@pytest.mark.parametrize(
    ("direction", "value", "told"),
    [
        ("high_bad", 79.9, NORMAL), ("high_bad", 80, YELLOW), ("high_bad", 95, RED),
        ("high_bad", 1, NORMAL), ("low_bad", 20.1, NORMAL), ("low_bad", 20, YELLOW),
        ("low_bad", 5, RED), ("low_bad", 99, NORMAL), ("band", 50, NORMAL), ("band", 85, YELLOW),
        ("band", 96, RED), ("band", 15, YELLOW), ("band", 4, RED), ("category", 4, UNKNOWN),
    ],
)  # fmt: skip
def test_each_direction_has_its_limits(direction: str, value: float, told: str) -> None:
    sign = an_indicator("x", direction=direction, lo2=5.0, lo1=20.0, hi1=80.0, hi2=95.0)
    assert state(sign, value) == told


def test_worse_at_once_and_milder_after_two_periods() -> None:
    sign = an_indicator("x")
    assert state(sign, 50, 50, 96) == RED
    assert state(sign, 50, 96, 50) == RED
    assert state(sign, 50, 96, 50, 50) == RED
    assert state(sign, 50, 96, 50, 50, 50) == NORMAL
    assert state(sign, 96, 50, 96, 50, 50) == RED  # the time begins anew
    assert state(sign, 96, 85, 50, 50) == YELLOW  # as bad as the worst of that time
    late = stand(sign, valued(96, 50, 50))
    assert late.held and late.since == NOW - 2 * TEN  # and it says that the value is milder


def test_a_value_that_trembles_at_a_limit_is_told_once() -> None:
    sign = an_indicator("x")  # 5 % of 80..95 is 0.75
    trembling = [79.5, 80.1] * 6
    states = [state(sign, 70, *trembling[:n]) for n in range(len(trembling) + 1)]
    assert sum(a != b for a, b in pairwise(states)) == 1
    assert state(sign, 80, 79.5, 79.5, 79.5, 79.5) == YELLOW
    assert state(sign, 80, 79.2, 79.2, 79.2) == NORMAL


def test_the_row_may_name_its_own_hysteresis() -> None:
    wide = an_indicator("x", hysteresis=10.0)
    assert state(wide, 80, 71, 71, 71) == YELLOW
    assert state(an_indicator("x", hysteresis=0.0), 80, 79.9, 79.9, 79.9) == NORMAL


def test_what_is_missing_is_not_zero() -> None:
    low = an_indicator("x", direction="low_bad", lo2=5.0, lo1=20.0)
    assert state(low, 50, None) == UNKNOWN
    assert state(low, 50, 0) == RED
    assert stand(low, None).state == UNKNOWN
    assert state(low, 5, None, 50) == RED  # a gap makes nothing milder
    assert state(low, float("nan")) == UNKNOWN


def test_the_hours_of_the_day_go_before_what_is_kept() -> None:
    """A source that writes seldom: after a first fill nothing is kept but the day."""
    sign, midnight = an_indicator("x", period_s=3600), day_start(NOW)
    hours = (NOW - HOUR - midnight) // HOUR
    day: list[Any] = [50.0] * hours + [96.0]
    bad = valued(50, today=json.dumps(day))
    assert stand(sign, bad).state == RED
    assert stand(sign, bad).since == midnight + hours * HOUR
    assert state(sign, 50, today=json.dumps([None] * 5)) == NORMAL


@pytest.mark.parametrize("text", ["", "x", "{}", "[1]", '[["a", 1]]', "[[1]]", "[null]"])
def test_rows_that_hold_anything_harm_nothing(text: str) -> None:
    value = valued(96, recent=text, today=text, usual=text)
    assert stand(an_indicator("x"), value).state == RED
    assert stand(an_indicator("x", direction="trend"), value).state == UNKNOWN


@pytest.mark.parametrize(
    ("definition", "value"),
    [
        (an_indicator("x", period_s=0), valued(96, 50)),
        (an_indicator("x", direction="trend", decimals=-999), valued(5, usual=json.dumps(USUAL))),
        (an_indicator("x"), valued(96, 50, recent="[[1e300, 5]]")),
        (an_indicator("x"), IndicatorValue("x", Ms(10**17), 96.0, None, None, "", "")),
    ],
)
def test_a_row_that_nobody_can_reckon_with_stops_no_other(
    definition: Indicator, value: IndicatorValue
) -> None:
    stands: dict[str, Stand] = {}
    good = an_indicator("y")
    renew(stands, "xy", {"x": definition, "y": good}, {"x": value, "y": valued(96)})
    assert stands["y"].state == RED and "x" in stands
    renew(stands, "x", {}, {})
    assert list(stands) == ["y"]


def test_a_trend_is_judged_by_what_is_usual() -> None:
    """40..60 are the quantiles 0.2 and 0.8: a robust deviation of 11.9 around 50."""
    sign, usual = an_indicator("x", direction="trend", decimals=0), json.dumps(USUAL)
    tell = {"usual": usual}
    assert state(sign, 50, 73, **tell) == NORMAL  # 1.9
    assert state(sign, 50, 75, **tell) == YELLOW  # 2.1
    assert state(sign, 50, 95, **tell) == YELLOW  # 3.8, once
    assert state(sign, 50, 95, 95, **tell) == RED
    assert state(sign, 50, 5, 5, **tell) == RED  # too few is as odd as too many
    assert state(sign, 95, **tell) == YELLOW
    assert stand(sign, valued(50, 5, **tell)).deviation == pytest.approx(-3.787, abs=0.001)


def test_a_trend_that_never_varied_is_measured_by_its_last_digit() -> None:
    sign, still = an_indicator("x", direction="trend", decimals=1), json.dumps([[3.0, 3.0]] * 24)
    assert state(sign, 3.0, 3.0, usual=still) == NORMAL
    assert state(sign, 3.0, 3.1, usual=still) == YELLOW
    assert state(sign, 9.0, 9.0, usual=still) == RED


def test_old_is_after_two_and_a_half_periods() -> None:
    assert fresh_for(an_indicator("x")) == 25 * MINUTE
    assert fresh_for(an_indicator("x", period_s=86_400)) == 2.5 * DAY


@given(st.lists(st.sampled_from([50.0, 79.6, 81.0, 96.0, None]), min_size=1, max_size=12))
def test_it_is_never_milder_than_its_newest_value(values: list[float | None]) -> None:
    sign, found = an_indicator("x"), stand(an_indicator("x"), valued(*values))
    alone = state(sign, values[-1])
    order = [UNKNOWN, NORMAL, YELLOW, RED]
    assert order.index(found.state) >= order.index(alone)
    assert isinstance(found, Stand) and found.held == (found.state not in (alone, UNKNOWN))


WATER = an_indicator("x", direction="category", formula="water", unit="")


@pytest.mark.parametrize(
    ("value", "told"),
    [(1, NORMAL), (3, NORMAL), (4, YELLOW), (6, RED), (7, UNKNOWN), (3.5, UNKNOWN)],
)
def test_a_category_stands_as_its_row_says_and_one_that_no_row_knows_is_unknown(
    value: float, told: str
) -> None:
    assert state(WATER, value) == told
    assert state(WATER, 9, value) == told  # what was unknown before spoils nothing


def test_a_milder_category_counts_after_two_periods_as_any_value_does() -> None:
    assert state(WATER, 3, 5) == RED
    assert state(WATER, 5, 3, 3) == RED
    assert state(WATER, 5, 3, 3, 3) == NORMAL
    assert state(WATER, 5, 4, 3, 4) == YELLOW


def test_each_row_of_categories_names_a_level_and_each_scale_a_value_once() -> None:
    rows = codes.load("indicator_category").values()
    assert {row.facts["level"] for row in rows} <= {NORMAL, YELLOW, RED}
    pairs = [(row.facts["scale"], row.facts["value"]) for row in rows]
    assert len(set(pairs)) == len(pairs)


def noticed(value: IndicatorValue) -> str:
    return notice(value, stand(an_indicator("x"), value), NOW)


def test_what_a_value_is_to_be_known_for() -> None:
    assert noticed(valued(40, 41)) == ""
    assert noticed(valued(41)) == "new"
    assert noticed(valued(40, 41, notice="manual")) == "manual"
    assert noticed(valued(40, 41, notice="rumour")) == ""  # no row of the list says that
    ahead = replace(valued(40, 41), at=Ms(NOW + HOUR))
    assert noticed(ahead) == "forecast"
    assert noticed(replace(ahead, notice="manual")) == "manual"
    assert noticed(replace(ahead, value=None)) == ""
