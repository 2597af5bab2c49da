"""Public warnings on the screen: seen in word, shape and colour, and made into an incident."""

from __future__ import annotations

import dataclasses
from typing import Any

import cap as said
import pytest
from builders import NOW
from world import City, told_by

from commandwall.clock import HOUR, MINUTE, Ms
from commandwall.extents import Extent
from commandwall.feeds import cap, warned
from commandwall.incidents import CommandPost, Incident
from commandwall.picture import SyncState
from commandwall.public_warnings import PublicWarning, take_warnings
from commandwall.store.pulse import Lamp
from widgets import lamp_words
from widgets.sheet import Sheet


def taken(world: City, *files: bytes) -> list[PublicWarning]:
    """What a folder brought, as the wall hears of it."""
    found = [w for data in files for w in warned.records(cap.read(data), world.clock.now())]
    world.desk.run(take_warnings, {"warnings": found})
    world.tick({PublicWarning: found})
    return found


def press(wall: Any, key: str) -> None:
    next(c for c in wall.all_commands() if c.key == key).run()


def sheet_of(wall: Any) -> Sheet:
    return next(s for s in wall.findChildren(Sheet) if s.isVisible())


def kept(world: City, kind: type) -> list[Any]:
    return world.store.read(lambda reader: reader.find(kind))


def test_a_calm_wall_has_no_strip_and_a_warning_has_its_own_line(make_wall, world) -> None:
    wall = make_wall()
    world.tick()
    strip, panels = wall.page.panels["warning_strip"], wall.page.panels
    assert strip.height() == 0
    top = panels["exceptions"].y()
    taken(world, said.alert(NOW - 3 * MINUTE))
    assert strip.height() > 20 and panels["exceptions"].y() > top
    told = told_by(wall, "warning_strip")
    assert "橙色预警 暴雨" in told and "临江市气象台" in told and "至" in told and "3 分前" in told
    world.clock.at += 7 * HOUR  # it has run out
    world.tick({}, sync=world.sync())
    assert strip.height() == 0 and panels["exceptions"].y() == top


def test_without_a_warning_the_desk_has_room_for_how_its_alarms_do(make_wall, world) -> None:
    """A warning takes the room that is its own, the figures of alarms go into their drawer."""
    wall = make_wall()
    wall.open_page("alarms")
    world.tick()
    panels = wall.page.panels
    low = panels["warnings"].height()
    assert panels["alarm_figures"].isVisible() and "没有生效的预警" in told_by(wall, "warnings")
    taken(world, said.alert(NOW - 3 * MINUTE))
    assert panels["warnings"].height() > 2 * low and not panels["alarm_figures"].isVisible()
    world.clock.at += 7 * HOUR
    world.tick({}, sync=world.sync())
    assert panels["warnings"].height() == low and panels["alarm_figures"].isVisible()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_list_says_level_issuer_and_times_and_names_a_drill(make_wall, world, lang) -> None:
    wall = make_wall(lang=lang)
    wall.open_page("alarms")
    world.tick()
    none, drill = {"zh": ("没有生效的预警", "演练"), "en": ("No warning is in force", "Exercise")}[
        lang
    ]
    assert none in told_by(wall, "warnings")
    taken(world, said.alert(NOW), said.alert(NOW, identifier="D-1", status="Exercise"))
    told = told_by(wall, "warnings")
    level = {"zh": "橙色预警 暴雨", "en": "Orange warning: 暴雨"}[lang]
    assert level in told and f"{drill} {level}" in told and "临江市气象台" in told
    panel = wall.page.panels["warnings"]
    assert len(panel.keys) == 2
    panel.choose(panel.keys[1])
    press(wall, "Shift+E")  # a drill opens nothing
    assert not [s for s in wall.findChildren(Sheet) if s.isVisible()]


def test_a_refused_file_and_a_folder_that_is_gone_are_told(make_wall, world) -> None:
    wall = make_wall()
    wall.open_page("alarms")
    for more, told in (({"refused": 2}, "隔离 2 份"), ({"trouble": "gone"}, "预警文件夹不可用")):
        lamp = Lamp("warnings", NOW, an_hour=0, **more)
        sync = dataclasses.replace(world.sync(), lamps={"warnings": lamp})
        world.tick({}, sync=sync, markers=frozenset({SyncState}))
        assert told in told_by(wall, "warnings")


def test_feeds_that_flow_make_room_for_the_counts_and_the_pulse(make_wall, world) -> None:
    wall = make_wall()
    flowing, silent = [f"flowing feed {n} of the city" for n in range(6)], "silent"
    lamps = {name: Lamp(name, NOW) for name in flowing} | {silent: Lamp(silent, NOW - HOUR)}
    sync = dataclasses.replace(world.sync(), lamps=lamps)
    world.tick({}, sync=sync, markers=frozenset({SyncState}))
    told = told_by(wall, "header")
    assert "采集" in told and silent in told and flowing[0] not in told


def test_one_key_opens_an_incident_with_kind_level_and_area(make_wall, world, qtbot) -> None:
    wall = make_wall()
    (warning,) = taken(world, said.alert(NOW))
    press(wall, "W")  # from the great screen to the page of warnings
    assert wall._open == "alarms"
    press(wall, "Shift+E")
    sheet = sheet_of(wall)
    fields = {key: field for key, (_, field) in sheet._fields.items()}
    assert fields["kind"].currentData() == "flood" and fields["warning"].currentData() == 2
    assert fields["title"].text() == warning.headline
    sheet.accept()
    qtbot.waitUntil(lambda: kept(world, Incident) != [])
    (found,) = kept(world, Incident)
    assert (found.warning, found.warned, found.area) == (2, warning.id, "t1")
    assert 120.1 < found.lon < 120.3 and 31.08 < found.lat < 31.22
    assert [e.shape for e in kept(world, Extent)] == ["warning"]


def test_an_incident_says_how_its_warning_stands(make_wall, world, qtbot) -> None:
    wall = make_wall()
    taken(world, said.alert(NOW - MINUTE))
    press(wall, "Shift+E")
    sheet_of(wall).accept()
    qtbot.waitUntil(lambda: kept(world, Incident) != [])
    qtbot.waitUntil(lambda: wall._open == "command")
    world.tick({k: kept(world, k) for k in (Incident, CommandPost, Extent)})
    assert "据橙色预警 暴雨" in told_by(wall, "incident_strip")
    red = said.info(NOW, headline="红色")
    taken(world, said.after(NOW, "Update", "LJ-2", "LJ-1", infos=red))
    assert "所据预警已更新：红色预警 暴雨" in told_by(wall, "incident_strip")
    world.clock.at += MINUTE
    taken(world, said.after(NOW + MINUTE, "Cancel", "LJ-3", "LJ-1", "LJ-2", infos=""))
    told = told_by(wall, "incident_strip")
    assert "已解除" in told and "预警级别（已解除）" in told


def test_the_area_lies_on_the_map_while_the_warning_holds(make_wall, world) -> None:
    from layers.warnings import WarningsLayer

    layer, scene = WarningsLayer(), make_wall().map.scene
    world.tick()
    layer.refresh(world.picture, world.apply({}), scene)
    assert layer.count == 0
    taken(world, said.alert(NOW))
    layer.refresh(world.picture, world.apply({}), scene)
    assert layer.count == 1 and layer.at == NOW
    world.clock.at += 7 * HOUR
    layer.refresh(world.picture, world.apply({}), scene)
    assert layer.count == 0


def test_a_feed_that_rarely_brings_anything_is_not_old() -> None:
    lamp = Lamp("warnings", NOW, 1, newest=Ms(NOW - 5 * HOUR), lag_s=1.2, an_hour=0)
    told = lamp_words.told(lamp, Ms(NOW + 1000), 60)
    assert "5 时前" in told and "隔离 1" in told and not lamp_words.is_loud(lamp, NOW, 60)
    assert lamp_words.is_loud(dataclasses.replace(lamp, trouble="gone"), NOW, 60)
    assert lamp_words.is_loud(lamp, Ms(NOW + 61_000), 60)
