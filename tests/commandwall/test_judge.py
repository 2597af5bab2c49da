"""Readings against the rules: delays, dead-bands, silence of broken devices."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commandwall.alarms import Rule
from commandwall.judge import Judge
from commandwall.sensors import BAD, GOOD, Sensor

RULES = [
    Rule(f"GAS-{s}", "GAS", s, False, t, 5.0, 60.0, 3.0, s < 3, 1, "gas", f"燃气 {t}", f"Gas {t}")
    for s, t in ((3, 10.0), (2, 25.0), (1, 50.0))
]
LOW = Rule("WQL-2", "WQL", 2, True, 3.0, 0.0, 0.0, 0.2, False, 3, "water", "溶解氧", "Oxygen")


def a_sensor(cls: str = "GAS") -> Sensor:
    return Sensor("s1", 0, cls, "n", "a", "", 120.0, 31.0, "%LEL", 0.0, 100.0, 1)


def feed(judge: Judge, *readings: tuple[float, float], quality: int = GOOD) -> list[int]:
    """Severities of the crossings that (second, value) pairs make."""
    made = []
    for second, value in readings:
        made += judge.step(
            np.array([0]),
            np.array([value], np.float32),
            np.array([int(second * 1000)]),
            np.array([quality], np.uint8),
        )
    return [c.severity for c in made]


def test_a_value_must_stay_over_its_limit_for_the_on_delay() -> None:
    judge = Judge([a_sensor()], RULES)
    assert feed(judge, (0, 30), (4, 30)) == []
    assert feed(judge, (5, 30)) == [2]


def test_a_spike_shorter_than_the_delay_raises_nothing() -> None:
    judge = Judge([a_sensor()], RULES)
    assert feed(judge, (0, 60), (3, 2), (6, 60), (9, 2)) == []


def test_it_clears_only_below_the_dead_band_and_after_the_off_delay() -> None:
    judge = Judge([a_sensor()], RULES)
    assert feed(judge, (0, 12), (5, 12)) == [3]
    assert feed(judge, (10, 8), (100, 8)) == []  # within the dead-band
    assert feed(judge, (110, 6), (169, 6)) == []
    assert feed(judge, (170, 6)) == [0]


def test_a_worse_value_lifts_the_severity() -> None:
    judge = Judge([a_sensor()], RULES)
    assert feed(judge, (0, 12), (5, 12), (6, 55), (11, 55)) == [3, 1]


def test_the_crossing_carries_the_moment_of_the_reading_that_crossed() -> None:
    judge = Judge([a_sensor()], RULES)
    feed(judge, (0, 2), (7, 30))
    (crossing,) = judge.step(
        np.array([0]), np.array([31.0], np.float32), np.array([12_000]), np.array([GOOD], np.uint8)
    )
    assert crossing.at == 7_000


def test_low_is_bad_where_the_rule_says_so() -> None:
    judge = Judge([a_sensor("WQL")], [LOW])
    assert feed(judge, (0, 6), (1, 2.5)) == [2]
    assert feed(judge, (2, 3.1)) == []
    assert feed(judge, (3, 3.5)) == [0]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_no_number_raises_nothing(value: float) -> None:
    assert feed(Judge([a_sensor()], RULES), (0, value), (9, value)) == []


def test_a_broken_device_raises_no_process_alarm() -> None:
    assert feed(Judge([a_sensor()], RULES), (0, 60), (9, 60), quality=BAD) == []


@given(st.lists(st.floats(0, 100), min_size=1, max_size=60))
def test_two_stations_that_see_the_same_readings_agree(values: list[float]) -> None:
    readings = [(float(i * 3), v) for i, v in enumerate(values)]
    assert feed(Judge([a_sensor()], RULES), *readings) == feed(
        Judge([a_sensor()], RULES), *readings
    )
