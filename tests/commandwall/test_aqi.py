"""The air quality index has the figures of table 1 of HJ 633-2012."""

from __future__ import annotations

import math

import pytest

from commandwall import codes
from commandwall.aqi import Air, air, iaqi

CLEAN = {
    "pm25_24h": 20.0, "pm10_24h": 40.0, "so2_24h": 8.0, "no2_24h": 28.0, "co_24h": 0.6,
    "o3_8h": 92.0,
}  # fmt: skip
TABLE = {
    "so2_24h": (50, 150, 475, 800, 1600, 2100, 2620), "so2_1h": (150, 500, 650, 800),
    "no2_24h": (40, 80, 180, 280, 565, 750, 940),
    "no2_1h": (100, 200, 700, 1200, 2340, 3090, 3840),
    "pm10_24h": (50, 150, 250, 350, 420, 500, 600), "co_24h": (2, 4, 14, 24, 36, 48, 60),
    "co_1h": (5, 10, 35, 60, 90, 120, 150), "o3_1h": (160, 200, 300, 400, 800, 1000, 1200),
    "o3_8h": (100, 160, 215, 265, 800), "pm25_24h": (35, 75, 115, 150, 250, 350, 500),
}  # fmt: skip
INDEX = (50, 100, 150, 200, 300, 400, 500)


@pytest.mark.parametrize("node", list(TABLE))
def test_at_its_nodes_it_is_the_standards(node: str) -> None:
    found = [iaqi(node, limit) for limit in TABLE[node]]
    assert found == list(INDEX[: len(found)])
    assert iaqi(node, 0) == 0
    assert set(TABLE) == set(codes.load("aqi_node"))


@pytest.mark.parametrize(
    ("node", "value", "index"),
    [
        ("pm25_24h", 36, 52),  # 50 + 50/40 = 51.25: always up
        ("pm25_24h", 35.1, 51), ("pm25_24h", 55, 75), ("pm25_24h", 0.1, 1),
        ("co_24h", 1.9, 48), ("co_24h", 3.5, 88),  # a known library has 25 and 51
        ("pm25_24h", 501, 500), ("pm10_24h", 9999, 500),
        ("o3_8h", 104, 54), ("o3_8h", 800, 300), ("o3_8h", 801, None), ("so2_1h", 801, None),
        ("pm25_24h", -1, None), ("pm25_24h", math.nan, None), ("pm25_24h", math.inf, None),
    ],
)  # fmt: skip
def test_between_and_beyond_its_nodes(node: str, value: float, index: int | None) -> None:
    assert iaqi(node, value) == index


def test_the_index_is_the_greatest_and_names_its_pollutant() -> None:
    found = air({**CLEAN, "pm25_24h": 90.0})
    assert (found.index, found.primary, found.lacking) == (119, ("pm25_24h",), ())
    assert air(CLEAN).index == 46 and air(CLEAN).primary == ()  # none up to 50
    both = air({**CLEAN, "pm25_24h": 75.0, "pm10_24h": 150.0})
    assert (both.index, both.primary) == (100, ("pm25_24h", "pm10_24h"))


def test_ozone_beyond_its_eight_hours_is_told_by_its_hour() -> None:
    assert air({**CLEAN, "o3_8h": 900.0}).lacking == ("o3",)
    assert air({**CLEAN, "o3_8h": 900.0, "o3_1h": 1000.0}).index == 400


def test_too_few_pollutants_have_no_index_but_a_least_one() -> None:
    found = air({**CLEAN, "pm25_24h": 200.0, "co_24h": None})
    assert found == Air(None, 250, found.parts, found.means, ("pm25_24h",), ("co",))
    nothing = air({})
    assert (nothing.index, nothing.least, len(nothing.lacking)) == (None, None, 6)
    assert air({**CLEAN, "unheard_of": 3.0}).index == 46


def test_each_level_has_the_standards_name() -> None:
    names = [row.zh for row in codes.load("aqi_level").values()]
    assert names == ["优", "良", "轻度污染", "中度污染", "重度污染", "严重污染"]
    assert [row.facts["to"] for row in codes.load("aqi_level").values()][:5] == [
        50,
        100,
        150,
        200,
        300,
    ]
