"""The wall as a person meets it: every page at every size, cut off, in both languages."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from typing import Any

import numpy as np
import pytest
from builders import NOW, an_event
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from world import an_alarm

from commandwall.alarms import ACKED, NORM, Alarm
from commandwall.clock import HOUR, SECOND, Ms
from commandwall.events import Event, EventView
from commandwall.picture import Changes, Picture, Tick
from commandwall.plugins import PANELS
from commandwall.sensors import STALE
from commandwall.store.pulse import NO_POOL
from widgets.base import Panel, Subject
from widgets.drawer import Drawer
from widgets.i18n import tr
from widgets.keys import KeySheet
from widgets.palette import Palette
from widgets.startup import Looked

SIZES = [(1920, 1080, 2.5), (3840, 2160, 1.25), (6656, 1792, 1.25), (1080, 1920, 2.5)]


class Broken(Panel):
    id, title, shows = "broken", "坏", frozenset({Tick})

    def refresh(self, picture: Picture, changes: Changes) -> None:
        raise ValueError("a fault of this panel")


class Plain(Panel):
    """A foreign panel: what a city's own people write."""

    id, title, shows = "plain", "本市", frozenset({Tick})

    def refresh(self, picture: Picture, changes: Changes) -> None:
        self.at = picture.now


def point(name: str, cls: str) -> EntryPoint:
    return EntryPoint(name, f"{__name__}:{cls}", PANELS)


def read(panel: Any) -> str:
    panel.grab()
    return str(panel.accessibleDescription())


@pytest.mark.parametrize(("width", "height", "pitch"), SIZES)
def test_every_page_stands_at_every_size(
    make_wall: Any, width: int, height: int, pitch: float
) -> None:
    wall = make_wall(width, height, pitch_mm=pitch)
    for info in wall.file.pages:
        wall.open_page(info.id)
        wall.snapshot(width, height)
        panels = list(wall.page.shown())
        assert panels
        assert [p.id for p in panels if p.failures] == []
        boxes = [p.geometry() for p in panels]
        assert all(wall.rect().contains(box) for box in boxes)
        pairs = [(a, b) for i, a in enumerate(boxes) for b in boxes[:i]]
        assert not [(a, b) for a, b in pairs if a.intersects(b)]


def test_a_list_that_has_no_room_yet_names_nothing_and_fails_not(make_wall: Any) -> None:
    soon = make_wall().page.panel("soon")
    soon.resize(300, 4)
    soon.grab()
    assert not soon.failures


def test_a_picture_waits_until_the_city_was_drawn_once(make_wall: Any, qtbot: Any) -> None:
    """A map stood there before its areas did: the first picture on a machine was an empty one."""
    wall = make_wall()
    looked = Looked(wall)
    assert not wall.is_drawn() and "地图还没有画好" in looked.lacks()
    qtbot.waitUntil(wall.is_drawn, timeout=60_000)
    assert looked.lacks() == ""
    wall.set_theme("day")  # of a city that lives something is always left to draw
    assert not wall.is_drawn() and looked.lacks() == ""


def test_an_ultra_wide_wall_gets_more_columns_and_the_same_type(make_wall: Any) -> None:
    small, wide = make_wall(3840, 2160, pitch_mm=1.25), make_wall(6656, 1792, pitch_mm=1.25)
    assert small.context.look.unit == wide.context.look.unit
    assert "towns" in {p.id for p in wide.page.shown()}
    assert "towns" not in {p.id for p in small.page.shown()}


def test_panels_may_come_in_while_others_are_walked_through(make_wall: Any) -> None:
    """A person's step at one panel may lead to a page or a size that brings others in."""
    wall = make_wall(1920, 1080)
    before = len(wall.page.panels)
    for _ in wall.page.shown():
        wall.snapshot(6656, 1792)
    assert len(wall.page.panels) > before


def test_a_portrait_screen_has_the_right_column_under_the_map(make_wall: Any) -> None:
    wall = make_wall(1080, 1920)
    assert wall.page.panels["exceptions"].y() > wall.map.geometry().bottom()


def test_a_calm_city_says_so_and_is_without_hue(make_wall: Any) -> None:
    wall = make_wall()
    assert "无事需要人，全城平稳" in read(wall.page.panels["header"])
    assert hued_share(wall.snapshot(1920, 1080)) < 0.005


def test_a_city_whose_devices_are_silent_is_not_called_calm(world: Any, make_wall: Any) -> None:
    quality = world.picture.sensors.quality
    quality[: len(quality) // 2] = STALE
    wall = make_wall()
    line = read(wall.page.panels["header"])
    assert f"但 {len(quality) // 2} 个设备失联" in line and "平稳" not in line
    world.tick({Alarm: [an_alarm()]})
    line = read(wall.page.panels["header"])
    assert "1 件需要人" in line and "失联" in line and "平稳" not in line
    quality[:] = 0
    assert "其余平稳" in read(wall.page.panels["header"])


def test_an_alarm_is_named_and_one_of_level_one_ends_the_calm(world: Any, make_wall: Any) -> None:
    wall = make_wall()
    world.tick({Alarm: [an_alarm()]})
    assert "1 件需要人，其余平稳" in read(wall.page.panels["header"])
    assert "燃气 27\u2009%LEL" in read(wall.page.panels["exceptions"])
    assert "石塘镇" in read(wall.page.panels["exceptions"])
    world.tick({Alarm: [an_alarm(), an_alarm("A2", severity=1)]})
    assert "平稳" not in read(wall.page.panels["header"])


def test_never_calm_while_an_acknowledged_level_one_goes_on(world: Any, make_wall: Any) -> None:
    wall = make_wall()
    world.tick({Alarm: [an_alarm(severity=1, state=ACKED)]})
    assert "平稳" not in read(wall.page.panels["header"])
    world.tick({Alarm: [an_alarm(severity=1, state=NORM)]})
    assert "平稳" in read(wall.page.panels["header"])


def test_the_worst_stands_first(world: Any, make_wall: Any) -> None:
    wall = make_wall()
    late = EventView(an_event(id="e2", title="停水", urgency=2, received_at=Ms(NOW - HOUR)), None)
    world.tick({Alarm: [an_alarm(severity=3, value=12.0), an_alarm("A2", severity=1)],
                Event: [late]})  # fmt: skip
    needs = wall.context.needs.open
    assert [n.id for n in needs] == ["A2", "e2", "A1"]
    assert "停水" in read(wall.page.panels["exceptions"])


def test_a_late_small_matter_stays_at_the_desk(world: Any, make_wall: Any) -> None:
    wall = make_wall()
    late = EventView(an_event(id="e2", urgency=4, received_at=Ms(NOW - 24 * HOUR)), None)
    world.tick({Event: [late]})
    assert wall.context.needs.overdue == {"e2"}
    assert not wall.context.needs.open


def test_space_acknowledges_the_worst_alarm_and_writes_it_down(
    world: Any, make_wall: Any, qtbot: Any
) -> None:
    wall = make_wall()
    alarm = an_alarm()
    world.desk.run(lambda tx: tx.put(alarm), {}, local=True)
    world.tick({Alarm: [alarm]})
    be_active(wall, qtbot)
    qtbot.keyClick(wall, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: world.store.read(lambda r: r.get(Alarm, "A1")).state == ACKED)


def test_a_key_for_an_alarm_that_is_gone_acknowledges_no_other(
    world: Any, make_wall: Any, qtbot: Any
) -> None:
    """Pressed twice, or acknowledged elsewhere in that moment: nobody has read the next one."""
    wall, alarms = make_wall(), [an_alarm("A1"), an_alarm("A2", severity=3)]
    world.desk.run(lambda tx: tx.put(*alarms), {}, local=True)
    world.tick({Alarm: alarms})
    panel = wall.page.panels["exceptions"]
    panel.open(Subject(Alarm, "A1"))
    world.tick({Alarm: [an_alarm("A1", state=ACKED)]})
    panel.acknowledge()
    world.desk.keep("after", "1").result()
    state = lambda: world.store.read(lambda r: r.get(Alarm, "A2")).state  # noqa: E731
    assert state() != ACKED and "选中的一行已不在" in read(panel)
    qtbot.waitUntil(lambda: not panel._top.new)
    panel.acknowledge()
    qtbot.waitUntil(lambda: state() == ACKED)


@pytest.mark.parametrize("page, name", [("overview", "exceptions"), ("alarms", "alarm_list")])
def test_an_alarm_that_came_to_the_top_just_now_is_not_acknowledged_unread(
    world: Any, make_wall: Any, qtbot: Any, monkeypatch: Any, page: str, name: str
) -> None:
    """A tick between the eye and the key, where nobody chose a row."""
    wall, alarms = make_wall(), [an_alarm("A1"), an_alarm("A2", severity=3)]
    world.desk.run(lambda tx: tx.put(*alarms), {}, local=True)
    wall.open_page(page)
    world.tick({Alarm: alarms})
    panel, now = wall.page.panels[name], [0.0]
    monkeypatch.setattr(panel._top, "_seconds", lambda: now[0])
    world.tick({Alarm: alarms[1:]}, whole=frozenset({Alarm}))
    panel.acknowledge()
    world.desk.keep("after", "1").result()
    state = lambda: world.store.read(lambda r: r.get(Alarm, "A2")).state  # noqa: E731
    assert state() != ACKED and "刚换，看过再按" in read(panel)
    now[0] += 1
    panel.acknowledge()
    qtbot.waitUntil(lambda: state() == ACKED)


def test_a_refusal_becomes_a_sentence(world: Any, make_wall: Any, qtbot: Any) -> None:
    wall = make_wall()
    world.tick({Alarm: [an_alarm()]})  # shown here, but unknown to the store
    panel = wall.page.panels["exceptions"]
    panel.acknowledge()
    qtbot.waitUntil(lambda: "找不到 A1" in read(panel))


def test_the_banner_stands_within_three_seconds_and_nothing_stays_filled(
    world: Any, make_wall: Any
) -> None:
    wall = make_wall()
    world.tick({Alarm: [an_alarm()]})
    assert "banner" not in wall.page.panels or wall.page.panels["banner"].isHidden()
    world.clock.at += 3 * SECOND
    world.tick(sync=world.sync(pool_at=Ms(NOW), backlog=37, tries=25))
    assert "中心池已断开" in read(wall.page.panels["banner"])
    assert "37" in read(wall.page.panels["banner"])
    assert "此后未知" in read(wall.page.panels["header"])
    assert "停于" in read(wall.page.panels["hotline"])
    assert filled(wall.page.panels["exceptions"], wall, "s2") < 0.002


def test_a_wall_that_is_too_old_for_the_pool_names_the_version_and_goes_on(
    world: Any, make_wall: Any
) -> None:
    wall = make_wall()
    world.clock.at += 5 * SECOND
    world.tick(sync=world.sync(pool_at=Ms(NOW), trouble="outdated", needs="0.9", backlog=2))
    assert "中心池需要 0.9 版" in read(wall.page.panels["banner"])
    assert "受理、派单、记录照常" in read(wall.page.panels["banner"])
    world.tick(sync=world.sync())
    assert wall.page.panels["banner"].isHidden()


def test_y_halves_the_banner_but_does_not_close_it(world: Any, make_wall: Any) -> None:
    wall = make_wall()
    world.clock.at += 5 * SECOND
    world.tick(sync=world.sync(pool_at=Ms(NOW)))
    banner = wall.page.panels["banner"]
    whole = banner.height()
    wall.know()
    assert banner.isVisible()
    assert banner.height() < whole


def test_the_banner_goes_when_the_pool_is_back(world: Any, make_wall: Any) -> None:
    wall = make_wall()
    world.clock.at += 5 * SECOND
    world.tick(sync=world.sync(pool_at=Ms(NOW)))
    world.tick(sync=world.sync())
    assert wall.page.panels["banner"].isHidden()


def test_a_line_that_still_brings_data_is_slow_and_not_gone(world: Any, make_wall: Any) -> None:
    wall = make_wall()
    world.clock.at += 5 * SECOND
    world.tick(sync=world.sync(pool_at=Ms(NOW), heard_at=Ms(NOW + 4 * SECOND)))
    assert "banner" not in wall.page.panels or wall.page.panels["banner"].isHidden()
    assert "中心池 线路慢，5 秒前" in read(wall.page.panels["header"])
    assert "此后未知" not in read(wall.page.panels["header"])
    world.tick(sync=world.sync())
    assert "线路慢" not in read(wall.page.panels["header"])


def test_a_pool_that_was_not_heard_yet_is_not_called_slow(world: Any, make_wall: Any) -> None:
    """A first start: the line brings the first picture, and nothing is there that could be old."""
    wall = make_wall()
    world.picture.ages.clear()
    world.tick(sync=world.sync(pool_at=Ms(0), heard_at=Ms(NOW)))
    assert "线路慢" not in read(wall.page.panels["header"])


def test_a_dead_agent_is_told_apart_from_a_dead_pool(world: Any, make_wall: Any) -> None:
    wall = make_wall()
    world.clock.at += 5 * SECOND
    world.tick(sync=world.sync(agent_at=Ms(NOW)))
    assert "采集程序已停" in read(wall.page.panels["banner"])


def test_a_wall_without_a_pool_says_what_to_do(world: Any, make_wall: Any) -> None:
    wall = make_wall()
    world.clock.at += 5 * SECOND
    world.tick(sync=world.sync(pool_at=Ms(0), trouble=NO_POOL))
    told = read(wall.page.panels["banner"])
    assert "没有设中心池" in told and "--demo" in told and "commandwall import" in told
    assert "重连" not in told
    assert "接通" not in read(wall.page.panels["header"])
    wall.set_language("en")
    told = read(wall.page.panels["banner"])
    assert "No pool is configured" in told and "--demo" in told and "commandwall import" in told
    world.tick(sync=world.sync(agent_at=Ms(NOW), pool_at=Ms(0), trouble=NO_POOL))
    assert "No pool" not in read(wall.page.panels["banner"])  # nobody is there who says so


def test_a_wall_whose_city_is_made_says_how_far_and_how_long_yet(
    world: Any, make_wall: Any
) -> None:
    wall = make_wall()
    world.picture.areas.clear()
    world.tick(sync=world.sync(pool_at=Ms(0), filling=0.416, making=True))
    assert "正在生成演示城市 41 %" in read(wall.page.panels["header"])
    world.tick(sync=world.sync(pool_at=Ms(0), filling=0.5, making=True, left_s=83.4))
    assert "正在生成演示城市 50 %，约余 1:23" in read(wall.page.panels["header"])
    world.tick(sync=world.sync(pool_at=Ms(0), filling=0.02, left_s=140.0))
    assert "首次装载 2 %，约余 2:20" in read(wall.page.panels["header"])


def test_a_broken_panel_keeps_its_place_and_the_others_live(world: Any, make_wall: Any) -> None:
    wall = make_wall(more=[point("broken", "Broken"), point("plain", "Plain")])
    wall.open_page("others")
    world.tick()
    assert "出错" in read(wall.page.panels["broken"])
    assert "坏" in read(wall.page.panels["broken"])
    assert wall.page.panels["plain"].failures == 0


def test_a_foreign_panel_gets_a_page_of_its_own(make_wall: Any) -> None:
    wall = make_wall(more=[point("plain", "Plain")])
    assert wall.file.pages[-1].id == "others"
    wall.open_page("others")
    assert "本市" in read(wall.page.panels["plain"])


def test_a_missing_panel_is_said(make_wall: Any) -> None:
    wall = make_wall(more=[point("nowhere", "Nowhere")])
    wall.open_page("others")
    assert "nowhere" in read(wall.page.panels["nowhere"])


def test_language_and_theme_switch_while_it_runs(make_wall: Any) -> None:
    wall = make_wall()
    header = wall.page.panels["header"]
    assert "平稳" in read(header)
    wall.set_language("en")
    assert "the city is calm" in read(header)
    dark = wall.snapshot(1920, 1080).pixelColor(1, 1)
    wall.set_theme("day")
    assert wall.snapshot(1920, 1080).pixelColor(1, 1).lightness() > dark.lightness() + 100


def test_keys_open_pages(make_wall: Any, qtbot: Any) -> None:
    wall = make_wall()
    be_active(wall, qtbot)
    for number, info in enumerate(wall.file.pages[:10], 1):
        qtbot.keyClick(wall, Qt.Key(Qt.Key.Key_0 + number % 10), Qt.KeyboardModifier.AltModifier)
        assert wall.page.info.id == info.id
    for origin in ("overview", "vitals"):  # the eleventh page has a letter where it belongs
        wall.open_page(origin)
        qtbot.keyClick(wall, Qt.Key.Key_I)
        assert wall.page.info.id == wall.file.pages[10].id == "board"


def test_every_panel_is_named_for_those_who_listen(make_wall: Any) -> None:
    wall = make_wall()
    for info in wall.file.pages:
        wall.open_page(info.id)
        assert [p.id for p in wall.page.shown() if not p.accessibleName()] == []


def be_active(wall: Any, qtbot: Any) -> None:
    wall.activateWindow()
    qtbot.waitUntil(wall.isActiveWindow)


def hued_share(image: QImage) -> float:
    """The share of pixels that have a hue."""
    rgb = pixels(image).astype(int)
    spread = rgb[..., :3].max(axis=2) - rgb[..., :3].min(axis=2)
    return float((spread > 90).mean())


def filled(panel: Any, wall: Any, token: str) -> float:
    """The share of a panel's pixels that are exactly a severity's colour."""
    colour = wall.context.look.colour(token)
    rgb = pixels(panel.grab().toImage())[..., :3]
    wanted = np.array([colour.blue(), colour.green(), colour.red()])
    return float((rgb == wanted).all(axis=2).mean())


def pixels(image: QImage) -> np.ndarray:
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    flat = np.frombuffer(image.constBits(), np.uint8)
    # The image goes when this returns, and its bytes with it.
    return flat.reshape(image.height(), image.bytesPerLine() // 4, 4)[:, : image.width()].copy()


def test_sheets_that_are_opened_one_over_the_other_do_not_pile_up(
    make_wall: Any, qtbot: Any
) -> None:
    wall = make_wall()
    for _ in range(4):
        for open_ in (wall.open_palette, wall.open_keys):
            open_()
            qtbot.wait(20)
    sheets = [*wall.findChildren(Palette), *wall.findChildren(KeySheet)]
    assert [type(sheet) for sheet in sheets] == [KeySheet]


def test_a_panel_without_room_is_a_key_away(make_wall: Any, qtbot: Any) -> None:
    wall = make_wall()
    wall.resize(1920, 1080)
    wall.open_page("command")
    key, name = wall.page.drawers()[0]
    panel = wall.page.panel(name)
    assert panel.isHidden() and tr(panel.heading()) in read(wall.page)
    next(c for c in wall.all_commands() if c.key == key).run()
    assert not panel.isHidden() and panel.width() > 300
    assert panel in wall.page.shown()  # it goes on with the picture
    assert {c.key for c in panel.commands()} <= {c.key for c in wall.all_commands()}
    qtbot.keyClick(panel, Qt.Key.Key_Escape)
    assert panel.isHidden() and panel.parentWidget() is wall.page


def test_the_key_of_a_drawer_that_is_open_leaves_it_open(make_wall: Any, qtbot: Any) -> None:
    wall = make_wall()
    wall.resize(1920, 1080)
    wall.open_page("command")
    key, name = wall.page.drawers()[0]
    for _ in range(2):
        next(c for c in wall.all_commands() if c.key == key).run()
    panel = wall.page.panel(name)
    qtbot.keyClick(panel, Qt.Key.Key_Escape)
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    assert panel.isHidden() and panel.parentWidget() is wall.page


def test_a_drawer_gives_its_panel_back_where_room_is_found(make_wall: Any, qtbot: Any) -> None:
    wall = make_wall()
    wall.resize(1920, 1080)
    wall.open_page("command")
    key, name = wall.page.drawers()[0]
    next(c for c in wall.all_commands() if c.key == key).run()
    wall.resize(5760, 2160)
    panel = wall.page.panel(name)
    assert panel.parentWidget() is wall.page and not panel.isHidden()
    assert not [w for w in wall.findChildren(Drawer) if w.isVisible()]


def test_a_small_window_has_all_pages_and_readable_titles(make_wall: Any, world: Any) -> None:
    wall = make_wall(1366, 768)
    wall.open_page("events")
    title = "路灯不亮约三盏"
    world.tick({Event: [EventView(an_event(title=title), None)]})
    assert title in read(wall.page.panel("event_queue"))
    rail = wall.page.panel("rail")
    QTest.mouseClick(rail, Qt.MouseButton.LeftButton, pos=QPoint(10, rail.height() - 4))
    assert wall.page.info is wall.file.pages[-1]


def test_the_rail_says_the_whole_key_of_a_page(make_wall: Any) -> None:
    wall = make_wall()
    wall.open_page("events")  # where 4 alone chooses a unit
    said = read(wall.page.panel("rail"))
    assert "Alt 4" in said and "Alt 0" in said and "Alt C" in said


def test_keys_in_a_row_stand_under_what_all_of_them_do(make_wall: Any) -> None:
    wall = make_wall()
    for page, keys in (("calls", "1–5 结果 R 应答"), ("doubts", "1–2 选 V 定夺")):
        wall.open_page(page)
        assert keys in " ".join(read(wall.page.panel("key_line")).replace("…", "").split())


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_key_of_all_keys_stands_in_every_line_of_keys(make_wall: Any, lang: str) -> None:
    wall = make_wall()
    wall.set_language(lang)
    wall.resize(1920, 1080)
    for info in wall.file.pages:
        wall.open_page(info.id)
        line = wall.page.panels.get("key_line")
        assert line is None or tr("全部按键") in read(line), info.id
