"""What calls is seen without a sound, and a desk at which nobody answers says so."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from builders import NOW
from PySide6.QtCore import Qt
from world import an_alarm, an_area, told_by

from commandwall import bell, codes
from commandwall.alarms import ACKED, Alarm
from commandwall.areas import TOWN, Area
from commandwall.bell import Ring
from commandwall.clock import MINUTE, SECOND, Ms
from commandwall.picture import SyncState
from commandwall.sounder import Sounder, tones
from commandwall.store.sight import Said, Sight, Station
from widgets import caller


class Sounds:
    """Stands for the sounds of a machine."""

    def __init__(self, heard: bool = True) -> None:
        self.heard, self.played = heard, list[Ring]()

    def play(self, ring: Ring) -> None:
        self.played.append(ring)


def calling(world: Any, make_wall: Any, sounds: Sounds, severity: int = 1) -> Any:
    world.apply({Area: [an_area("t1", TOWN, "石塘镇", "c")]})
    wall = make_wall(1920, 1080)
    wall.caller.begin(sounds)
    began = Ms(world.clock.at)
    world.tick({Alarm: [an_alarm(severity=severity, raised_at=began, changed_at=began)]})
    return wall


def wait(world: Any, seconds: int) -> None:
    """A tick each second, as a wall has them."""
    for _ in range(seconds):
        world.clock.at += SECOND
        world.tick(sync=world.sync())


def marked(world: Any) -> Ms:
    world.desk.ask(lambda r: r).result()
    world.desk.keep("probe", "").result()  # after what the wall asked before
    return bell.since(world.store.read(lambda r: r.setting(bell.UNATTENDED)))


def test_the_head_of_every_page_shows_what_calls(world: Any, make_wall: Any) -> None:
    wall = calling(world, make_wall, Sounds())
    wait(world, 31)
    for page in wall.file.pages:
        wall.open_page(page.id)
        head = next(n for n in ("header", "desk_header") if n in wall.page.panels)
        said = told_by(wall, head)
        assert "燃气 27\u2009%LEL　石塘镇" in said and "第 2 次叫" in said, page.id


def test_what_calls_is_told_with_its_newest_value_on_every_page(world: Any, make_wall: Any) -> None:
    wall = calling(world, make_wall, Sounds())
    alarm = next(iter(world.picture.alarms.values()))
    world.picture.sensors.value[world.picture.sensors.row_of[alarm.sensor]] = 61.4
    wait(world, 1)
    for panel, page in {"exceptions": "overview", "header": "map", "desk_header": "alarms"}.items():
        wall.open_page(page)
        assert "燃气 61\u2009%LEL" in told_by(wall, panel), panel
    assert "燃气 61.4\u2009%LEL" in told_by(wall, "alarm_list")


def test_of_what_calls_a_number_is_whole_or_not_there(world: Any, make_wall: Any) -> None:
    wall = calling(world, make_wall, Sounds())
    wait(world, 31)
    wall.set_language("en")
    for width in range(1280, 1930, 80):
        wall.resize(width, 1080)
        said = told_by(wall, "header")
        assert "call 2" in said or "call" not in said
        assert "for 30 s" in said or "for 3" not in said, width


def test_each_call_is_one_sound_and_one_second_of_the_inverted_sign(
    world: Any, make_wall: Any
) -> None:
    from widgets import call_sign

    sounds = Sounds()
    wall = calling(world, make_wall, sounds)
    rings, struck = wall.context.live.needs.bell, []
    for second in range(1, 62):
        wait(world, 1)
        if call_sign.is_struck(rings, world.picture.now):
            struck.append(second)
    assert struck == [30, 60]
    assert [(r.at - NOW) // SECOND for r in sounds.played] == [0, 30, 60]


def test_what_is_only_seen_makes_no_sound(world: Any, make_wall: Any) -> None:
    sounds = Sounds()
    calling(world, make_wall, sounds, severity=3)
    wait(world, 3)
    assert sounds.played == []


def test_a_machine_without_sound_says_so(world: Any, make_wall: Any) -> None:
    wall = calling(world, make_wall, Sounds(heard=False))
    wait(world, 1)
    assert "本机无声，只有画面" in told_by(wall, "header")


EAR = """
import pathlib, shutil, sys
ear = pathlib.Path(sys.argv[2])
shutil.copy(sys.argv[1], ear / f"{len(list(ear.iterdir()))}.wav")
"""


def test_the_sound_of_its_severity_reaches_the_player_as_it_calls_and_grows_unattended(
    world: Any, make_wall: Any, qtbot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No ear is here: a program of this machine takes the files that it is to play."""
    ear, beeps = tmp_path / "ear", list[bool]()
    ear.mkdir()
    desktop = SimpleNamespace(beep=lambda: beeps.append(True))
    monkeypatch.setattr(caller, "QApplication", desktop)
    sounder = Sounder(tmp_path, [sys.executable, "-c", EAR, "{file}", str(ear)])

    def heard(n: int, row: str, loud: bool = False) -> None:
        """The nth file is there, whole, and no other one."""
        qtbot.waitUntil(lambda: sounder._playing is None)
        assert len(list(ear.iterdir())) == n
        told = tones(codes.load("alarm_sound")[row], loud)
        assert (ear / f"{n - 1}.wav").read_bytes() == told

    wall = calling(world, make_wall, sounder, severity=2)
    heard(1, "2")
    wait(world, 59)
    heard(1, "2")
    wait(world, 1)
    heard(2, "2")
    began = Ms(world.clock.at)
    world.tick({Alarm: [an_alarm("W", severity=1, raised_at=began, changed_at=began)]})
    heard(3, "1")
    for second in (30, 60, 90, 120):
        wait(world, 30)
        heard(3 + second // 30, "1", loud=second > 90)
    assert beeps == [] and "本机无声" not in told_by(wall, "header")

    deaf = Sounder(tmp_path, [sys.executable, "-c", "raise SystemExit(1)"])
    wall.caller.begin(deaf)
    wall.context.live.needs.bell.somebody(Ms(world.clock.at))
    wait(world, 30)
    qtbot.waitUntil(lambda: deaf._playing is None)
    wait(world, 1)
    assert "本机无声，只有画面" in told_by(wall, "header") and "次叫" in told_by(wall, "header")
    wait(world, 30)
    assert beeps == [True]


def test_a_person_mutes_by_key_and_the_wall_says_until_when(
    world: Any, make_wall: Any, qtbot: Any
) -> None:
    sounds = Sounds()
    wall = calling(world, make_wall, sounds, severity=2)
    qtbot.keyClick(wall.windowHandle(), Qt.Key.Key_F7, Qt.KeyboardModifier.ShiftModifier)
    wait(world, 61)
    assert len(sounds.played) == 1, "the first, before it was muted"
    assert "静音至" in told_by(wall, "header") and "Ⅰ 级仍响" in told_by(wall, "header")
    world.tick({Alarm: [an_alarm(severity=1)]})
    assert [r.severity for r in sounds.played] == [2, 1]


def test_an_unattended_desk_grows_is_marked_and_ends_by_a_touch(
    world: Any, make_wall: Any, qtbot: Any
) -> None:
    sounds = Sounds()
    wall = calling(world, make_wall, sounds)
    wait(world, 119)
    assert told_by(wall, "banner") == "" and not marked(world)
    wait(world, 2)
    banner = wall.page.panels["banner"]
    assert "无人应答" in told_by(wall, "banner") and "燃气 27\u2009%LEL" in told_by(wall, "banner")
    assert banner.height() > 56 * wall.context.look.unit, "larger than what says the pool is gone"
    assert sounds.played[-1].loud and not sounds.played[-2].loud
    assert marked(world) == NOW + 120 * SECOND
    wall.seat.look()
    qtbot.keyClick(wall.windowHandle(), Qt.Key.Key_J)
    wait(world, 1)
    assert told_by(wall, "banner") == "" and not marked(world)


def test_a_screen_that_only_shows_is_never_unattended(world: Any, make_wall: Any) -> None:
    world.desk.take_post("s_display").result()
    sounds = Sounds()
    wall = calling(world, make_wall, sounds)
    wait(world, 130)
    assert told_by(wall, "banner") == "" and not marked(world)
    assert "第 5 次叫" in told_by(wall, "header") and not sounds.played[-1].loud


def test_an_unattended_desk_still_says_that_the_pool_is_gone(world: Any, make_wall: Any) -> None:
    wall = calling(world, make_wall, Sounds())
    wait(world, 121)
    gone = replace(world.picture.sync, pool_at=Ms(NOW - MINUTE))
    world.tick(markers=frozenset({SyncState}), sync=gone)
    assert "无人应答" in told_by(wall, "banner") and "中心池已断开" in told_by(wall, "banner")


def test_what_is_acknowledged_ends_the_mark_too(world: Any, make_wall: Any) -> None:
    wall = calling(world, make_wall, Sounds())
    wait(world, 121)
    world.tick({Alarm: [an_alarm(severity=1, state=ACKED, acked_at=Ms(world.clock.at))]})
    assert told_by(wall, "banner") == "" and "次叫" not in told_by(wall, "header")
    assert not marked(world)


def test_other_stations_see_that_nobody_answers_there(world: Any, make_wall: Any) -> None:
    said = Said(unattended=Ms(NOW - 125 * SECOND))
    town = Station("o1", "wall_t1", "t1", Ms(NOW), Ms(NOW), 1, Ms(NOW), said)
    wall = make_wall(1920, 1080)
    world.tick(sight=Sight(Ms(NOW), stations=(town,)))
    wall.open_page("sync")
    assert "无人应答 2 分" in told_by(wall, "stations")
    world.tick({Alarm: [an_alarm(severity=3, raised_at=Ms(NOW), changed_at=Ms(NOW))]})
    wall.open_page("alarms")
    assert "镇台无人应答" in told_by(wall, "alarm_list"), "its alarms call the city at once"
