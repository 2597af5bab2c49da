"""The doors of elders who live alone: each opening is told at once, by whom to call beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from builders import NOW, a_sensor
from world import an_alarm, told_by

from commandwall.alarms import Alarm
from commandwall.areas import Person
from commandwall.arrays import SensorArrays
from commandwall.clock import MINUTE, SECOND, Ms
from commandwall.picture import Readings
from commandwall.sensors import STALE

DOORS = [
    a_sensor(n, cls="DOR" if n < 4 else "GAS", unit="h", area="t1", name=f"{n} 号门", high=200.0)
    for n in range(5)
]


@pytest.fixture
def wall(world: Any, make_wall: Callable[..., Any]) -> Any:
    """Doors opened 12 minutes ago, just now, five hours ago; one that nobody hears; no door."""
    arrays = world.picture.sensors = SensorArrays.of(DOORS)
    arrays.value[:] = (0.2, 0.0, 5.0, 0.0, 0.0)
    arrays.at[:], arrays.quality[:] = NOW - 3 * SECOND, (0, 0, 0, STALE, 0)
    world.apply({Person: [Person("P1", "t1", "grid_worker", "王小明", "13812345678")]})
    made = make_wall(3840, 1080)
    made.open_page("alarms")
    world.tick()
    return made


def test_openings_stand_newest_first_with_whom_to_call(wall: Any) -> None:
    panel = wall.page.panels["doors"]
    assert panel.keys == ["s1", "s0"]
    told = told_by(wall, "doors")
    assert "独居开门 2" in panel.heading() and "网格员 王*" in told and "138****5678" in told
    assert "1 号门" in told and "12 分前" in told and "13812345678" not in told


def test_one_more_stands_on_top_at_once_and_leaves_after_an_hour(wall: Any, world: Any) -> None:
    panel, arrays = wall.page.panels["doors"], world.picture.sensors
    arrays.value[2], arrays.at[2] = 0.0, NOW
    world.tick(markers=frozenset({Readings}))
    assert panel.keys == ["s2", "s1", "s0"]
    world.clock.at = Ms(NOW + 55 * MINUTE)
    world.tick()
    assert panel.keys == ["s2", "s1"]


def test_one_of_which_an_alarm_stands_says_so_and_a_row_opens_the_card(
    wall: Any, world: Any
) -> None:
    panel = wall.page.panels["doors"]
    chosen: list[Any] = []
    panel.chosen.connect(chosen.append)
    next(command for command in panel.commands() if command.key == "B").run()
    assert [subject.id for subject in chosen] == ["s1"]
    before = panel.grab().toImage()
    world.tick({Alarm: [an_alarm("A1", sensor="s0", cls="OPEN", rule="OPEN-3", severity=3)]})
    assert panel.grab().toImage() != before


def test_without_doors_it_says_so(world: Any, make_wall: Callable[..., Any]) -> None:
    made = make_wall(3840, 1080)
    made.open_page("alarms")
    world.tick()
    assert "没有独居门磁" in told_by(made, "doors")
