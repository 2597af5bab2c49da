"""The door of an elder who lives alone: its opening is told at once, no movement by another."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from builders import NOW, a_sensor

from commandwall import alarms, codes, openings, rulecheck
from commandwall.alarms import OPENED, Rule
from commandwall.clock import HOUR, Ms, day_start
from commandwall.judge import Judge
from commandwall.sensors import GOOD, Sensor

DOOR = a_sensor(0, cls="DOR", unit="h", low=0.0, high=200.0, period_s=1800)
MIDNIGHT = day_start(Ms(1_790_000_000_000))
ROWS = alarms.rules()
AT_NIGHT = next(rule for rule in ROWS if rule.cls == OPENED)


def told(
    rules: list[Rule], *readings: tuple[float, float], door: Sensor = DOOR
) -> list[tuple[str, int, float]]:
    """(rule, severity, hour of the day) of what (hour of the day, hours since an opening) make."""
    judge, made = Judge([door], rules), []
    for hour, since in readings:
        at = np.array([MIDNIGHT + int(hour * HOUR)])
        quality = np.array([GOOD], np.uint8)
        made += judge.step(np.array([0]), np.array([since], np.float32), at, quality)
    return [(c.rule.id, c.severity, round((c.at - MIDNIGHT) / HOUR, 2)) for c in made]


def test_an_opening_at_night_is_told_by_its_first_reading_and_lasts_until_the_next() -> None:
    night = ((2.0, 6.0), (2.5, 6.5), (2.75, 0.0), (3.0, 0.3), (3.5, 0.8))
    assert told(ROWS, *night) == [("OPEN-3", 3, 2.75), ("OPEN-3", 0, 3.0)]


def test_by_day_nothing_is_raised_unless_a_row_says_so() -> None:
    day = ((9.0, 1.0), (9.5, 1.5), (9.7, 0.0), (10.2, 0.5))
    assert told(ROWS, *day) == []
    always = replace(AT_NIGHT, from_h=0.0, until_h=0.0)
    assert told([always], *day) == [("OPEN-3", 3, 9.7), ("OPEN-3", 0, 10.2)]


def test_the_hours_of_a_row_go_over_midnight_and_end_where_it_says() -> None:
    for hour, raised in ((21.9, 0), (22.0, 1), (23.9, 1), (4.9, 1), (5.0, 0)):
        found = told([AT_NIGHT], (hour - 1, 3.0), (hour, 0.0))
        assert len(found) == raised, hour


def test_openings_within_minutes_are_one_and_a_heartbeat_is_none() -> None:
    restless = ((1.0, 5.0), (2.0, 0.0), (2.05, 0.0), (2.1, 0.0), (2.6, 0.6), (3.1, 1.1))
    assert [severity for _, severity, _ in told([AT_NIGHT], *restless)] == [3, 0]
    again = ((1.0, 5.0), (2.0, 0.0), (2.5, 0.0))
    assert [severity for _, severity, _ in told([AT_NIGHT], *again)] == [3, 3]


def test_the_first_word_of_a_door_and_one_at_the_end_of_its_range_tell_of_no_opening() -> None:
    assert told([AT_NIGHT], (2.0, 0.0), (2.5, 0.5)) == []
    assert told([AT_NIGHT], (1.0, 200.0), (2.0, 200.0), (3.0, 200.0)) == []


def test_one_that_opened_while_nobody_heard_it_is_told_at_the_hour_it_was_opened() -> None:
    assert told([AT_NIGHT], (0.5, 4.0), (7.0, 4.0))[0] == ("OPEN-3", 3, 3.0)


def test_an_opening_ends_that_nobody_moved() -> None:
    rows = [rule for rule in ROWS if rule.cls in ("DOR", OPENED)]
    found = told(rows, (1.0, 23.9), (1.5, 24.4), (2.0, 0.0), (2.5, 0.5))
    assert found == [
        ("DOR-3", 3, 1.5), ("OPEN-3", 3, 2.0), ("DOR-3", 0, 2.0), ("OPEN-3", 0, 2.5),
    ]  # fmt: skip


def test_a_door_that_measures_something_else_has_no_openings() -> None:
    assert told([AT_NIGHT], (1.0, 1.0), (2.0, 0.0), door=replace(DOOR, unit="mV")) == []


def test_hours_that_cannot_be_are_named() -> None:
    row = dict(codes.load("alarm_rules")["OPEN-3"].facts)
    assert rulecheck.faults({"OPEN-3": row}) == []
    (fault,) = rulecheck.faults({"OPEN-3": {**row, "from_h": 25.0}})
    assert fault.field == "from_h" and "24" in fault.en


def test_rubbish_of_a_damaged_file_is_no_moment_and_no_fault() -> None:
    value = np.array([2.5e35, -3.8e24, np.nan, np.inf, 2.0], np.float32)
    found = openings.opened(value, np.full(5, NOW, np.int64))
    assert found[-1] == NOW - 2 * HOUR and len(found) == 5
