"""Records become readings of the pool's devices; packs that never came are counted."""

from __future__ import annotations

import json
from typing import Any

import pytest
from builders import a_sensor

from commandwall.feeds import senml
from commandwall.feeds.devices import Devices, Found, by_name, readings
from commandwall.feeds.gaps import Gaps
from commandwall.sensors import GOOD

NOW = 1_700_000_000.0


def devices(prefix: str = "") -> Devices:
    made = Devices()
    made.names = by_name(
        [
            a_sensor(1), a_sensor(2, cls="WLV", unit="cm"), a_sensor(3, unit=""),
            a_sensor(4, unit="mg/L"),
        ],
        prefix,
    )  # fmt: skip
    return made


def take(made: Devices, *records: dict[str, Any]) -> Found:
    return made.take("topic", senml.read(json.dumps(records).encode(), NOW, 10_000))


def numbers(found: Found) -> list[int]:
    return found.rows["no"].tolist()  # type: ignore[no-any-return]


def values(found: Found) -> list[float]:
    return found.rows["value"].tolist()  # type: ignore[no-any-return]


def test_a_record_becomes_a_reading_of_its_device() -> None:
    found = take(devices("urn:dev:"), {"n": "urn:dev:s1", "u": "%LEL", "v": 12.5, "t": -2})
    assert readings([found]).tolist() == [(1, 1_699_999_998_000, 12.5, GOOD)]


@pytest.mark.parametrize(
    ("device", "unit", "given", "taken"),
    [
        ("s2", "m", 0.25, 25.0), ("s2", "mm", 250.0, 25.0), ("s2", "cm", 25.0, 25.0),
        ("s3", "/", 1.0, 1.0), ("s1", "", 7.0, 7.0), ("s4", "kg/m3", 0.002, 2.0),
    ],
)  # fmt: skip
def test_a_value_is_taken_in_the_unit_of_its_device(
    device: str, unit: str, given: float, taken: float
) -> None:
    found = take(devices(), {"n": device, "u": unit, "v": given})
    assert values(found) == [pytest.approx(taken)]


@pytest.mark.parametrize(
    ("record", "field", "reason"),
    [
        ({"n": "s1", "u": "m", "v": 1}, "u", "unit"), ({"n": "s1", "u": "?", "v": 1}, "u", "unit"),
        ({"n": "s1", "vs": "high"}, "vs", "no_number"),
        ({"n": "s1", "vd": "aGk"}, "vd", "no_number"),
        ({"n": "s1", "s": 5}, "s", "no_number"), ({"n": "s1", "v": 1e300}, "v", "range"),
        ({"n": "seq", "v": 1.5}, "v", "no_count"), ({"n": "seq", "vs": "1"}, "v", "no_count"),
    ],
)  # fmt: skip
def test_what_is_no_reading_is_named(record: dict[str, Any], field: str, reason: str) -> None:
    found = take(devices(), record, {"n": "s1", "v": 3})
    assert [(r.field, r.reason, r.name) for r in found.refused] == [(field, reason, record["n"])]
    assert values(found) == [3.0]


def test_a_switch_is_one_or_nothing() -> None:
    found = take(devices(), {"n": "s3", "vb": True}, {"n": "s3", "vb": False, "t": 1})
    assert values(found) == [1.0, 0.0]


def test_a_device_that_the_pool_does_not_know_is_named() -> None:
    found = take(
        devices("urn:"), {"n": "s1", "v": 1}, {"n": "urn:s9", "v": 1}, {"n": "urn:s1", "v": 2}
    )
    assert found.unknown == ["s1", "urn:s9"]
    assert (numbers(found), values(found)) == ([1], [2.0])


def test_a_count_among_values_and_a_value_beyond_all_are_no_readings() -> None:
    made = devices()
    found = take(made, {"n": "s1", "v": 1}, {"n": "seq", "v": 7}, {"n": "s2", "v": 1e300},
                 {"n": "s4", "v": 4, "t": -1})  # fmt: skip
    take(made, {"n": "seq", "v": 9})
    assert (numbers(found), values(found)) == ([1, 4], [1.0, 4.0])
    assert found.rows["at"].tolist() == [NOW * 1000, (NOW - 1) * 1000]
    assert [(r.field, r.reason, r.name) for r in found.refused] == [("v", "range", "s2")]
    assert made.lost == 1


def test_what_a_broker_sends_twice_is_one_reading() -> None:
    one = take(devices(), {"n": "s1", "v": 1}, {"n": "s2", "v": 2}, {"n": "s1", "v": 3})
    assert readings([one, one])["value"].tolist() == [1.0, 2.0, 3.0]


def test_packs_that_never_came_are_counted_by_gateway() -> None:
    made = devices()
    for gateway, numbers in (("a/", [7, 8, 11]), ("b/", [1, 2, 3]), ("a/", [12, 10])):
        for no in numbers:
            take(made, {"bn": gateway, "n": "seq", "v": no})
    assert made.lost == 1  # 9 of the first


def test_a_pack_that_comes_late_is_not_lost() -> None:
    gaps = Gaps(10)
    assert [gaps.take(no) for no in (1, 2, 5, 5, 3, 3, 4, 6)] == [
        True, True, True, False, True, False, True, True,
    ]  # fmt: skip
    assert gaps.lost == 0


def test_a_gateway_that_counts_anew_lost_nothing() -> None:
    gaps = Gaps(10)
    for no in (500, 501, 0, 1, 2):
        gaps.take(no)
    assert gaps.lost == 0


def test_a_leap_costs_no_memory() -> None:
    gaps = Gaps(10)
    gaps.take(0)
    gaps.take(10**15)
    assert gaps.lost == 10**15 - 1
    assert len(gaps._missing) <= 10
