"""A pipe under the pointer: which device says how it stands, how old that is, and its card."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
import shapely
from builders import NOW, a_sensor
from world import told_by

from commandwall.areas import Pipe
from commandwall.arrays import SensorArrays
from commandwall.clock import MINUTE, SECOND
from commandwall.picture import Readings
from commandwall.sensors import STALE
from commandwall.store.mirror import Mirror, use
from widgets import facts

HERE = bytes(shapely.to_wkb(shapely.LineString([(120.19, 31.1), (120.21, 31.1)])))
AWAY = bytes(shapely.to_wkb(shapely.LineString([(120.19, 31.2), (120.21, 31.2)])))


@pytest.fixture
def wall(world: Any, make_wall: Callable[..., Any]) -> Any:
    """Two devices on one gas main, of which the second is beyond a limit; none on the other."""
    sensors = [a_sensor(n, area="t1", lon=120.2 + n / 1000, lat=31.1, name=f"阀井 {n}")
               for n in range(2)]  # fmt: skip
    mirror = Mirror(world.store.folder / "m1.db")
    mirror.take({"sensor": [dataclasses.astuple(sensor) for sensor in sensors]}, {})
    mirror.close()
    use(world.store.folder, "m1.db")
    arrays = world.picture.sensors = SensorArrays.of(sensors)
    arrays.value[:], arrays.at[:] = (1.0, 27.0), (NOW - 5 * SECOND, NOW - 40 * SECOND)
    arrays.quality[:], arrays.severity[:] = 0, (0, 2)
    world.apply({Pipe: [Pipe("T1", "gas", "人民路燃气管线", "t1", HERE),
                        Pipe("T2", "gas", "", "t1", AWAY)]})  # fmt: skip
    made = make_wall()
    made.open_page("alarms")
    return made


def said(wall: Any, pipe: str) -> facts.Facts:
    found = facts.of("pipe", pipe, wall.context)
    assert found is not None
    return found


def test_a_pipe_tells_the_worst_of_its_devices_with_value_and_age(wall: Any) -> None:
    found = said(wall, "T1")
    told = "\n".join(found.lines)
    assert found.title == "人民路燃气管线" and "燃气管线" in told
    assert "Ⅱ 级超限" in told and "27" in told and "阀井 1" in told and "共 2 台" in told
    assert found.at == NOW - 40 * SECOND and not found.old


def test_silence_is_told_as_such_and_no_device_too(wall: Any, world: Any) -> None:
    sensors = world.picture.sensors
    sensors.quality[:], sensors.severity[:] = STALE, 0
    sensors.at[0] -= 30 * MINUTE
    found = said(wall, "T1")
    assert found.old and found.at == sensors.at[0] and "失联" in "".join(found.lines)
    assert "没有设备监测这一段" in said(wall, "T2").lines
    assert facts.of("pipe", "T9", wall.context) is None


def test_a_click_on_a_pipe_opens_the_card_of_that_device(wall: Any, world: Any, qtbot: Any) -> None:
    wall._picked("pipe", "T1")
    world.tick(markers=frozenset({Readings}))
    qtbot.waitUntil(lambda: "阀井 1" in told_by(wall, "alarm_card"))
    wall._picked("pipe", "T2")  # nobody watches it: the card stays
    assert "阀井 1" in told_by(wall, "alarm_card")
