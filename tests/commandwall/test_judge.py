"""Readings against the rules: delays, dead-bands, silence of broken devices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from builders import NOW, a_mode
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from commandwall import alarms, codes, rulecheck, sun
from commandwall.alarms import Crossing, Rule
from commandwall.clock import HOUR, MINUTE, SECOND, Ms
from commandwall.judge import Judge
from commandwall.modes import OVER
from commandwall.rulebook import Stretch, stretches
from commandwall.sensors import BAD, GOOD, Sensor
from commandwall.silence import HEARD, Hearing
from commandwall.store.live import LiveArrays, live_name

RULES = [
    Rule(f"GAS-{s}", "GAS", s, False, t, 5.0, 60.0, 3.0, s < 3, 1, "gas", f"燃气 {t}", f"Gas {t}")
    for s, t in ((3, 10.0), (2, 25.0), (1, 50.0))
]
LOW = Rule("WQL-2", "WQL", 2, True, 3.0, 0.0, 0.0, 0.2, False, 3, "water", "溶解氧", "Oxygen")


def a_sensor(cls: str = "GAS") -> Sensor:
    return Sensor("s1", 0, cls, "n", "a", "", 120.0, 31.0, "%LEL", 0.0, 100.0, 1)


def crossings(
    judge: Judge, readings: Sequence[tuple[float, float]], quality: int = GOOD
) -> list[Crossing]:
    """What (second, value) pairs make."""
    made = []
    for second, value in readings:
        made += judge.step(
            np.array([0]),
            np.array([value], np.float32),
            np.array([int(second * 1000)]),
            np.array([quality], np.uint8),
        )
    return made


def feed(judge: Judge, *readings: tuple[float, float], quality: int = GOOD) -> list[int]:
    """Severities of the crossings that (second, value) pairs make."""
    return [c.severity for c in crossings(judge, readings, quality)]


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


# What cannot be true, and who says nothing.

FAULT = Rule("BAD-4", "BAD", 4, False, 0.0, 0.0, 600.0, 0.0, False, 5, "facility", "坏", "Bad")
HUSH = Rule("STALE-4", "STALE", 4, False, 0.0, 0.0, 0.0, 0.0, False, 5, "facility", "失", "Mute")


def told(judge: Judge, *readings: tuple[float, float]) -> list[tuple[str, int, int]]:
    """(class of the rule, severity, second) of the crossings that (second, value) pairs make."""
    made = crossings(judge, readings)
    return [(c.rule.cls, c.severity, c.at // SECOND) for c in made]


@pytest.mark.parametrize("value", [-0.5, 100.5, 3e38, float("nan"), float("-inf")])
def test_what_is_out_of_range_is_a_fault_of_the_device_and_no_gas(value: float) -> None:
    judge = Judge([a_sensor()], [*RULES, FAULT])
    assert told(judge, (0, value), (30, value)) == [("BAD", 4, 0)]
    assert told(judge, (60, 1.0), (90, 1.1), (659, 1.0)) == []
    assert told(judge, (660, 1.2)) == [("BAD", 0, 60)]


def test_twenty_readings_alike_are_no_measuring_where_values_have_grain() -> None:
    judge = Judge([a_sensor()], [FAULT])
    assert told(judge, *((30 * n, 4.2) for n in range(19))) == []
    assert told(judge, (30 * 19, 4.2)) == [("BAD", 4, 30 * 19)]


@pytest.mark.parametrize(("cls", "value"), [("GAS", 0.0), ("GAS", 100.0), ("RWL", 3.0)])
def test_at_rest_at_an_end_of_the_range_or_without_grain_values_may_be_alike(
    cls: str, value: float
) -> None:
    judge = Judge([a_sensor(cls)], [FAULT])
    assert told(judge, *((30 * n, value) for n in range(60))) == []


def test_water_that_jumps_by_a_metre_within_a_minute_is_not_believed_once() -> None:
    sensor = Sensor("s1", 0, "WLV", "n", "a", "", 120.0, 31.0, "m", -8.0, 5.0, 60)
    rule = Rule("WLV-1", "WLV", 1, False, 1.0, 0, 0, 0.05, True, 1, "flood", "水", "Water")
    judge = Judge([sensor], [rule, FAULT])
    assert told(judge, (0, -1.5), (60, 1.2)) == [("BAD", 4, 60)]
    assert told(judge, (120, 1.25)) == [("WLV", 1, 120)]  # it stayed: it is so
    calm = Judge([sensor], [rule, FAULT])
    assert told(calm, (0, -1.5), (6000, 1.2)) == [("WLV", 1, 6000)]  # much can happen in between


def test_a_reading_that_comes_again_is_judged_as_it_was() -> None:
    sensor = Sensor("s1", 0, "WLV", "n", "a", "", 120.0, 31.0, "m", -8.0, 5.0, 60)
    judge = Judge([sensor], [FAULT])
    assert told(judge, (0, -1.5), (60, 1.2), (60, 1.2)) == [("BAD", 4, 60)]
    assert told(judge, (120, 1.2), (660, 1.2), (719, 1.2)) == []


def test_the_quality_that_was_found_goes_on_with_the_reading() -> None:
    judge, quality = Judge([a_sensor()], RULES), np.full(3, GOOD, np.uint8)
    given = np.zeros(3, np.intp), np.array([1, 200, 2], np.float32), np.array([1, 2, 3])
    assert list(judge.take(*given, quality)) == []
    assert quality.tolist() == [GOOD, BAD, GOOD]


def hourly(no: int, cls: str = "GAS", period: int = 30) -> Sensor:
    return Sensor(f"s{no}", no, cls, "n", "a", "", 120.0, 31.0, "", 0.0, 100.0, period)


@pytest.fixture
def heard(tmp_path: Path) -> LiveArrays:
    """Of a station that heard nothing so far."""
    return LiveArrays(tmp_path / live_name("heard", 1), HEARD, 1, create=True)


def silent(hearing: Hearing, at: NDArray[np.int64]) -> list[int]:
    """After a pack that brought these."""
    hearing.hear(int(at.max()))
    return hearing.silent(at).tolist()


def test_a_device_is_silent_after_the_time_of_its_class_while_others_are_heard(
    heard: LiveArrays,
) -> None:
    hearing = Hearing([hourly(0), hourly(1), hourly(2, "FIR", 3600)], heard)
    begin = 1_000_000 * SECOND
    at = np.full(3, begin, np.int64)
    fell = {}
    for second in range(0, 400, 10):
        at[1] = begin + second * SECOND
        fell[second] = silent(hearing, at)
    assert fell[300] == []
    assert fell[310] == [0]  # GAS: five minutes; FIR tells of itself once a day
    assert hearing.due(at)[0] == begin + 300 * SECOND


def test_while_nothing_is_heard_nobody_falls_silent_and_after_a_gap_all_have_time(
    heard: LiveArrays,
) -> None:
    hearing = Hearing([hourly(no) for no in range(3)], heard)
    at = np.full(3, 1_000_000 * SECOND, np.int64)
    assert silent(hearing, at) == []
    assert silent(hearing, at) == []  # however long the pool is away
    at[1] += 7200 * SECOND
    assert silent(hearing, at) == []
    at[1] += 80 * SECOND
    assert silent(hearing, at) == []
    at[1] += 20 * SECOND
    assert silent(hearing, at) == [0, 2]


def test_whose_agent_began_anew_and_caught_up_has_heard_without_a_gap(heard: LiveArrays) -> None:
    devices = [hourly(no) for no in range(3)]
    at = np.full(3, 1_000_000 * SECOND, np.int64)
    for _ in range(3):
        at[1] += 200 * SECOND  # longer than it takes, and each shorter than a gap
        found = silent(Hearing(devices, heard), at)
    assert found == [0, 2]


def test_very_many_at_once_have_one_cause(
    heard: LiveArrays,
) -> None:
    hearing = Hearing([hourly(no) for no in range(200)], heard)
    at = np.full(200, 1_000_000 * SECOND, np.int64)
    silent(hearing, at)
    for _ in range(3):
        at[30:] += 120 * SECOND
        found = silent(hearing, at)
    assert found == list(range(30))
    for _ in range(3):
        at[60:] += 120 * SECOND
        found = silent(hearing, at)
    assert found == []


def test_whoever_speaks_again_is_silent_no_more() -> None:
    judge = Judge([a_sensor()], [*RULES, HUSH])
    told(judge, (0, 1.0))
    row, value, at = np.array([0]), np.array([1.0], np.float32), np.array([300_000])
    (fallen,) = judge.faults.hush(row, value, at)
    assert (fallen.rule.cls, fallen.severity, fallen.at) == ("STALE", 4, 300_000)
    assert judge.faults.hush(row, value, at) == []
    assert told(judge, (400, 1.0)) == [("STALE", 0, 400)]


# Rules by the sun, by the mode, by how often, how fast, and who else.


def rules_at(cls: str, *edges: tuple[int, float], **more: object) -> list[Rule]:
    """Rules of a class by (severity, threshold), without delays."""
    return [
        Rule(f"{cls}-{s}", cls, s, False, t, 0.0, 0.0, 0.0, False, 1, "x", "规", "r", **more)  # type: ignore[arg-type]
        for s, t in edges
    ]


def test_a_value_that_wavers_between_two_severities_is_beyond_both_of_them() -> None:
    judge = Judge([a_sensor()], RULES)
    assert feed(judge, (0, 45), (3, 55), (6, 45), (9, 55)) == [2]
    assert feed(judge, (14, 56)) == [1]


def test_so_many_readings_one_after_another_are_needed() -> None:
    judge = Judge([a_sensor()], rules_at("GAS", (2, 25.0), samples=3))
    assert feed(judge, (0, 30), (5, 30), (10, 3), (15, 30), (20, 30.5)) == []
    assert feed(judge, (25, 30)) == [2]
    assert feed(judge, (30, 3)) == [0]


def test_smoke_counts_by_day_and_heat_by_night() -> None:
    """In Suzhou the sun rises at 22:53 and sets at 9:03 (UTC) around the shortest day."""
    begin = 1_797_724_800  # 2026-12-20 00:00 UTC
    smoke = Sensor("s1", 0, "FOR", "n", "a", "", 120.6, 31.3, "", 0.0, 1.0, 60)
    heat = Sensor("s1", 0, "FOR", "n", "a", "", 120.6, 31.3, "°C", -40.0, 500.0, 60)
    rules = [r for r in alarms.rules() if r.cls == "FOR"]

    def seen(sensor: Sensor, hour: float, values: list[float]) -> list[int]:
        judge, start = Judge([sensor], rules), begin + hour * 3600
        return feed(judge, *((start + 60 * n, v) for n, v in enumerate(values)))

    assert seen(smoke, 4, [0.9, 0.91, 0.9]) == [2]
    assert seen(smoke, 12, [0.9, 0.91, 0.9]) == []
    assert seen(heat, 4, [120, 121]) == []
    assert seen(heat, 12, [120, 121]) == [2]


def test_a_second_smoke_detector_of_the_building_makes_it_worse_within_three_minutes() -> None:
    known = [
        Sensor(f"s{i}", i, "FIR", "", "a", b, 120, 31, "", 0, 3, 3600)
        for i, b in enumerate(["b1", "b1", "b2", ""])
    ]
    rules = rules_at("FIR", (3, 1.0), lift_pair_s=180.0) + rules_at("FIR", (2, 2.0))
    judge = Judge(known, rules)
    assert crossed(judge, [(0, 0, 1.0), (2, 10, 1.0), (3, 20, 1.0), (1, 170, 1.0)]) == [
        ("s0", 3, 0), ("s2", 3, 10_000), ("s3", 3, 20_000), ("s1", 2, 170_000),
    ]  # fmt: skip
    assert crossed(judge, [(0, 180, 1.0)]) == [("s0", 2, 180_000)]
    late = Judge(known, rules)
    assert crossed(late, [(0, 0, 1.0), (1, 181, 1.0)]) == [("s0", 3, 0), ("s1", 3, 181_000)]
    over = Judge(known, rules)
    assert crossed(over, [(0, 0, 1.0), (0, 60, 0.0), (1, 90, 1.0)])[-1] == ("s1", 3, 90_000)


def test_water_that_rises_fast_is_one_severity_worse() -> None:
    sensor = Sensor("s1", 0, "WLV", "n", "a", "", 120.0, 31.0, "m", -8.0, 5.0, 60)
    rules = rules_at("WLV", (3, 0.0), lift_rate=0.3) + rules_at("WLV", (2, 0.5))

    def seen(per_hour: float) -> list[int]:
        judge = Judge([sensor], rules)
        return feed(judge, *((900_000 + 60 * n, -0.3 + per_hour * n / 60) for n in range(200)))

    assert seen(0.2)[0] == 3
    assert seen(0.4)[0] == 2
    assert seen(-0.4) == []


def test_a_rule_that_names_a_mode_counts_where_and_while_it_holds() -> None:
    known = [
        Sensor(f"s{i}", i, "GAS", "", area, "", 120, 31, "%LEL", 0, 100, 30)
        for i, area in enumerate(["3201", "3202"])
    ]
    rules = rules_at("GAS", (3, 10.0))
    judge = Judge(known, [*rules, replace(rules[0], id="GAS-W3", threshold=5.0, mode="watch")])
    judge.book.hold([Stretch("3201", "watch", 1, Ms(100_000), Ms(200_000))])
    assert crossed(judge, [(0, 50, 7), (1, 50, 7), (0, 100, 7.1), (1, 100, 7.1)]) == [
        ("s0", 3, 100_000)
    ]
    assert crossed(judge, [(0, 200, 7)]) == [("s0", 0, 200_000)]
    judge.book.hold([])
    assert crossed(judge, [(0, 210, 7.2)]) == []


def test_a_rule_of_a_mode_counts_in_graver_ones_too_unless_they_have_their_own() -> None:
    known = [replace(a_sensor(), id=area, no=no, area=area) for no, area in enumerate("abc")]
    (calm,) = rules_at("GAS", (3, 10.0))
    watch = replace(calm, id="GAS-3-watch", threshold=8.0, mode="watch")
    war = replace(calm, id="GAS-3-emergency", threshold=6.0, mode="emergency")

    def raised(*rules: Rule) -> list[str]:
        judge = Judge(known, rules)
        end = Ms(10**13)
        held = [Stretch("b", "watch", 1, Ms(0), end), Stretch("c", "emergency", 2, Ms(0), end)]
        judge.book.hold(held)
        told = np.array([7.0, 8.5, 8.5], np.float32), np.full(3, 5), np.zeros(3, np.uint8)
        found = judge.take(np.arange(3), *told)
        return [c.rule.id for crossings in found for c in crossings]

    assert raised(calm) == []
    assert raised(calm, watch) == ["GAS-3-watch", "GAS-3-watch"]
    assert raised(calm, watch, war) == ["GAS-3-watch", "GAS-3-emergency"]


def test_a_mode_holds_where_there_are_no_devices_yet() -> None:
    """The agent of a city without devices ended at each start while a mode held."""
    (calm,) = rules_at("GAS", (3, 10.0))
    judge = Judge([], [calm, replace(calm, id="GAS-3-watch", threshold=8.0, mode="watch")])
    judge.book.hold([Stretch("", "watch", 1, Ms(0), Ms(10**13))])
    rows, at = np.zeros(0, np.intp), np.zeros(0, np.int64)
    assert list(judge.take(rows, np.zeros(0, np.float32), at, np.zeros(0, np.uint8))) == []


def test_limits_follow_a_mode_a_little_later_so_that_all_stations_judge_alike() -> None:
    lead, end = int(codes.limit("mode_lead_seconds")) * SECOND, Ms(NOW + HOUR)
    mode = a_mode(until=end)
    left = replace(mode, state=OVER, ended_at=Ms(NOW + MINUTE))
    ran_out = replace(mode, state=OVER, ended_at=end)
    assert [(s.since, s.until) for s in stretches([mode, left, ran_out])] == [
        (NOW + lead, end), (NOW + lead, NOW + MINUTE + lead), (NOW + lead, end),
    ]  # fmt: skip


def test_no_rule_names_the_ordinary_mode_and_none_is_graver_than_what_comes_first() -> None:
    rows = {id_: dict(code.facts) for id_, code in codes.load("alarm_rules").items()}
    rows["CRD-3-watch"]["mode"] = "peace"
    assert [(f.row, f.field) for f in rulecheck.faults(rows)] == [("CRD-3-watch", "mode")]
    rows["CRD-3-watch"] |= {"mode": "watch", "threshold": 3500.0}
    (fault,) = rulecheck.faults(rows)
    assert fault.row == "CRD-3-watch" and "CRD-2 is graver, and is reached before" in fault.en


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("threshold", "ten", "'ten' is no number"),
        ("threshold", float("nan"), "nan is no number"),
        ("severity", 5, "5 is no whole number from 1 to 4"),
        ("samples", 0, "0 is no whole number from 1 to 255"),
        ("on_s", -1, "-1 is below 0"),
        ("cls", "GASS", "'GASS' is none of"),
        ("light", "dusk", "'dusk' is none of"),
        ("mode", "war", "'war' is none of"),
        ("low_bad", 1, "1 is neither true nor false"),
        ("treshold", 1, "unknown"),
    ],
)
def test_a_row_that_cannot_be_judged_by_is_named_with_field_and_reason(
    field: str, value: object, reason: str
) -> None:
    rows = {id_: dict(code.facts) for id_, code in codes.load("alarm_rules").items()}
    assert rulecheck.faults(rows) == []
    rows["GAS-2"][field] = value
    (fault,) = rulecheck.faults(rows)
    assert (fault.row, fault.field) == ("GAS-2", field) and reason in str(fault)


def test_two_rows_for_one_thing_and_rows_that_look_two_ways_are_named() -> None:
    rows = {id_: dict(code.facts) for id_, code in codes.load("alarm_rules").items()}
    rows["GAS-X"] = dict(rows["GAS-2"])
    rows["WLV-1"]["low_bad"] = True
    told_of = {(fault.row, fault.field) for fault in rulecheck.faults(rows)}
    assert told_of == {("GAS-X", "severity"), ("WLV-1", "low_bad")}


def test_the_sun_stands_as_high_as_the_almanac_says() -> None:
    """Suzhou: noon at midsummer and midwinter, sunset at the equinox."""
    here = np.full(3, 120.6), np.full(3, 31.3)
    when = ["2026-06-21T04:00", "2026-12-21T03:56", "2026-03-20T10:08:30"]
    at = np.array(when, "datetime64[ms]").astype(np.int64)
    assert sun.elevation(at, *here) == pytest.approx([82.1, 35.3, -0.8], abs=0.4)
