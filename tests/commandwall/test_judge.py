"""Readings against the rules: delays, dead-bands, silence of broken devices."""

from __future__ import annotations

from itertools import pairwise

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


def crossed(judge: Judge, *packs: list[tuple[int, int, float]]) -> list[tuple[str, int, int]]:
    """Crossings (sensor, severity, moment) that packs of (row, second, value) make."""
    made = []
    for pack in packs:
        rows, seconds, values = zip(*pack, strict=True)
        for crossings in judge.take(
            np.array(rows, np.intp),
            np.array(values, np.float32),
            np.array(seconds, np.int64) * 1000,
            np.full(len(pack), GOOD, np.uint8),
        ):
            made += [(c.sensor.id, c.severity, c.at) for c in crossings]
    return made


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


def test_what_was_over_its_limit_between_two_readings_of_one_pack_is_not_lost() -> None:
    """A gateway that was cut off hands over a minute at once."""
    judge = Judge([a_sensor()], RULES)
    assert crossed(judge, [(0, 0, 60), (0, 6, 60), (0, 7, 2), (0, 68, 2)]) == [
        ("s1", 1, 0),
        ("s1", 0, 7_000),
    ]


def test_a_delay_begins_with_the_first_reading_of_a_pack_that_crossed() -> None:
    judge = Judge([a_sensor()], RULES)
    assert crossed(judge, [(0, 0, 30), (0, 2, 30)], [(0, 5, 30)]) == [("s1", 2, 0)]


@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.integers(1, 40), st.floats(0, 70, width=32)), max_size=60
    ),
    st.data(),
)
def test_however_readings_are_split_and_repeated_the_crossings_are_the_same(
    steps: list[tuple[int, int, float]], data: st.DataObject
) -> None:
    known, at = [Sensor(f"s{i}", i, "GAS", "", "", "", 0, 0, "", 0, 100, 1) for i in range(3)], 0
    readings = [(row, at := at + wait, value) for row, wait, value in steps]
    alone = crossed(Judge(known, RULES), *([one] for one in readings))
    cuts = sorted(data.draw(st.sets(st.integers(0, len(readings)))) | {0, len(readings)})
    packs = [readings[a:b] for a, b in pairwise(cuts)]
    packs = [[r for r in pack for _ in range(data.draw(st.integers(1, 2)))] for pack in packs]
    together = crossed(Judge(known, RULES), *packs)
    for sensor in known:
        assert [c for c in together if c[0] == sensor.id] == [c for c in alone if c[0] == sensor.id]
