"""Indicators of a domain or an area as one, with how many are red and how old the oldest is."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from builders import NOW
from world import a_value, an_indicator

from commandwall.clock import DAY, HOUR, MINUTE, Ms
from commandwall.indicators import NORMAL, RED, UNKNOWN, YELLOW, Indicator, stand
from commandwall.rollups import Rollup, Signs, air_of, by_key, roll_up


def signs_of(rows: list[tuple[Indicator, Any]]) -> Signs:
    values = {d.id: v for d, v in rows}
    stands = {d.id: stand(d, v) for d, v in rows}
    return Signs(values, stands, Ms(NOW))


def rolled(domain: str, *values: float | None, **more: Any) -> Rollup:
    rows = [
        (an_indicator(f"{domain}.{i}", domain=domain, **more), a_value(f"{domain}.{i}", value))
        for i, value in enumerate(values)
    ]
    return roll_up([d for d, _ in rows], signs_of(rows))


def test_safety_is_as_bad_as_its_worst() -> None:
    found = rolled("gas", 40, 40, 40, 40, 96)
    assert (found.state, found.red, found.yellow, found.all) == (RED, 1, 0, 5)


@pytest.mark.parametrize(
    ("values", "told"),
    [((40, 40, 40, 96), YELLOW), ((40, 40, 40, 40, 96), NORMAL), ((96, 96, 96, 85), RED)],
)
def test_a_service_is_as_its_mean(values: tuple[float, ...], told: str) -> None:
    """Of 0 green, 1 yellow, 2 red: yellow from 0.5, red from 1.5."""
    assert rolled("voice", *values).state == told


def test_a_weight_counts_in_the_mean() -> None:
    heavy = an_indicator("voice.1", domain="voice", weight=9.0), a_value("voice.1", 96)
    light = [(an_indicator(f"voice.{i}", domain="voice"), a_value(f"voice.{i}")) for i in "234"]
    rows = [heavy, *light]
    assert roll_up([d for d, _ in rows], signs_of(rows)).state == RED


def test_what_is_missing_or_old_is_told_apart_and_is_no_green() -> None:
    late = a_value("gas.0", 96, at=NOW - DAY)
    rows = [(an_indicator(f"gas.{i}", domain="gas"), a_value(f"gas.{i}", None)) for i in (1, 2)]
    rows.append((an_indicator("gas.0", domain="gas"), late))
    found = roll_up([d for d, _ in rows], signs_of(rows))
    assert (found.state, found.unknown, found.red) == (UNKNOWN, 3, 0)
    assert found.oldest == NOW - DAY
    assert roll_up([], signs_of([])) == Rollup(UNKNOWN, 0, 0, 0, 0, None)


def test_where_most_is_unknown_nothing_is_called_normal() -> None:
    assert rolled("gas", 40, 40, None, None).state == NORMAL
    assert rolled("gas", 40, None, None, None).state == UNKNOWN
    assert rolled("gas", 96, None, None, None).state == RED


def test_an_area_is_as_bad_as_its_worst_domain() -> None:
    gas = an_indicator("gas.1", domain="gas", area="t1"), a_value("gas.1", 96)
    fine = an_indicator("voice.1", domain="voice", area="t1"), a_value("voice.1")
    other = (
        an_indicator("gas.2", domain="gas", area="t2"),
        a_value("gas.2", 85, at=NOW - 9 * MINUTE),
    )
    rows = [gas, fine, other]
    found = by_key(((d.area, d) for d, _ in rows), signs_of(rows))
    assert {area: (r.state, r.red, r.all) for area, r in found.items()} == {
        "t1": (RED, 1, 2), "t2": (YELLOW, 0, 1),
    }  # fmt: skip
    assert found["t2"].oldest == NOW - 9 * MINUTE


def test_the_air_of_an_area_is_told_by_the_means_of_its_stations() -> None:
    clean = {"pm25_24h": 20.0, "pm10_24h": 40.0, "so2_24h": 8.0, "no2_24h": 28.0, "co_24h": 0.6}
    ozone = {"a": 100.0, "b": 108.0}
    rows = [
        (an_indicator(f"{at}.{node}", area=f"t{at}", formula=node, direction="high_bad",
                      hi1=None, hi2=None), a_value(f"{at}.{node}", value))
        for at, more in ozone.items() for node, value in {**clean, "o3_8h": more}.items()
    ]  # fmt: skip
    city, town = an_indicator("i", formula="aqi"), an_indicator("j", formula="aqi", area="ta")
    signs, definitions = signs_of(rows), [d for d, _ in rows]
    told, there = air_of(city, definitions, signs), air_of(town, definitions, signs)
    assert told is not None and there is not None
    assert (told.index, told.primary) == (54, ("o3_8h",))  # of 104
    assert (there.index, there.primary) == (50, ())
    late = dataclasses.replace(signs, now=Ms(NOW + HOUR))
    assert air_of(city, definitions, late) is None
    assert air_of(an_indicator("k"), definitions, signs) is None
