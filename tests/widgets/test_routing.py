"""What the wall of a town and the wall of the city say of one alarm, as time passes."""

from __future__ import annotations

from typing import Any

from builders import NOW
from world import an_alarm, an_area, told_by

from commandwall.alarms import Alarm
from commandwall.areas import TOWN, Area
from commandwall.clock import MINUTE, SECOND, Ms
from commandwall.store.sight import Sight, Station
from widgets import age


def a_sight(now: int, area: str, silent_s: int = 0) -> Sight:
    heard = Ms(now - silent_s * SECOND)
    town = Station("o-town", "wall_t1", "t1", Ms(NOW), heard, 0, Ms(0))
    return Sight(Ms(now), area=area, stations=(town,))


def pass_to(world: Any, minutes: float, area: str, silent_s: int = 0, **more: Any) -> None:
    world.clock.at = int(NOW + minutes * MINUTE)
    world.tick(sight=a_sight(world.clock.at, area, silent_s), sync=world.sync(), **more)


def opened(world: Any, make_wall: Any, area: str, **more: Any) -> Any:
    world.apply({Area: [an_area("t1", TOWN, "石塘镇", "c")]})
    world.apply({Alarm: [an_alarm(severity=3, raised_at=Ms(NOW), changed_at=Ms(NOW), **more)]})
    wall = make_wall(1920, 1080)
    pass_to(world, 0, area)
    wall.open_page("alarms")
    pass_to(world, 1, area)
    return wall


def test_the_city_shows_what_its_town_has_and_is_called_when_nobody_takes_it(
    world: Any, make_wall: Any
) -> None:
    wall = opened(world, make_wall, "")
    listed = told_by(wall, "alarm_list")
    assert f"镇先处置至 {age.clock(Ms(NOW + 15 * MINUTE))}" in listed
    assert "需要人 0" in listed and "镇先处置 1" in listed
    assert wall.context.needs.alarms == 0
    pass_to(world, 15, "")
    listed = told_by(wall, "alarm_list")
    assert "镇先处置" not in listed and "需要人 1" in listed
    assert wall.context.needs.alarms == 1


def test_the_town_is_called_at_once(world: Any, make_wall: Any) -> None:
    wall = opened(world, make_wall, "t1")
    assert "需要人 1" in told_by(wall, "alarm_list")
    assert "镇先处置" not in told_by(wall, "alarm_list")


def test_the_wall_says_why_the_city_is_called_at_once(world: Any, make_wall: Any) -> None:
    wall = opened(world, make_wall, "")
    pass_to(world, 2, "", silent_s=120)
    assert "镇台不在线" in told_by(wall, "alarm_list")
    assert wall.context.needs.alarms == 1
