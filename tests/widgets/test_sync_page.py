"""The page 同步: who is there and how far, which sources there are, what the comparison found."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import pytest
from builders import NOW
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from commandwall.clock import HOUR, SECOND, Ms
from commandwall.picture import Channel, Counters, SyncState, Tallies
from commandwall.sources import SourceSwitch
from commandwall.store.pulse import Compared, Difference, Feed, Peer
from commandwall.store.sight import OFF, Said, Sight, Source, Station
from widgets import age

MARKERS = frozenset({SyncState, Tallies})


def a_station(n: int, ago: int = 2 * SECOND, **said: Any) -> Station:
    facts = {"cursor": 1000, **said}
    return Station(f"o{n:03}", f"wall_{n:03}", "", NOW, Ms(NOW - ago), 7, NOW, Said(**facts))


def a_sight(*stations: Station, **more: Any) -> Sight:
    return dataclasses.replace(Sight(NOW, 1000, stations=stations), **more)


def words_of(wall: Any, panel: str) -> str:
    """What a person who listens hears of a panel."""
    shown = wall.page.panels[panel]
    shown.grab()
    return str(shown.accessibleDescription())


def opened(world: Any, make_wall: Any, sight: Sight, **more: Any) -> Any:
    wall = make_wall(**{k: more.pop(k) for k in ("width", "height", "lang") if k in more})
    wall.open_page("sync")
    world.tick({}, sight=sight, markers=MARKERS, **more)
    return wall


def test_a_slow_line_is_told_with_its_age_and_stations_stay_known(
    world: Any, make_wall: Any
) -> None:
    wall = opened(world, make_wall, a_sight(a_station(1)))
    world.clock.at += 5 * SECOND
    world.tick({}, sync=world.sync(pool_at=Ms(NOW), slow=True), markers=MARKERS)
    assert "线路慢，5 秒前" in words_of(wall, "stations")
    assert "未知" not in words_of(wall, "stations")
    world.tick({}, sync=world.sync(), markers=MARKERS)
    assert "线路慢" not in words_of(wall, "stations")


@pytest.mark.parametrize("size", [(1920, 1080), (3840, 2160)])
def test_126_stations_stand_on_the_page_at_once(world: Any, make_wall: Any, size: Any) -> None:
    sight = a_sight(*(a_station(n) for n in range(126)))
    wall = opened(world, make_wall, sight, width=size[0], height=size[1])
    panel = wall.page.panels["stations"]
    boxes = [panel._box(i, *panel._grid(panel.height() / panel.look.unit)) for i in range(126)]
    assert len(panel._shown()) == 126
    assert all(box.right() <= panel.width() / panel.look.unit for box in boxes)
    assert min(box.height() for box in boxes) >= 29 and min(box.width() for box in boxes) >= 150
    assert not any(a.intersects(b) for a, b in itertools.pairwise(boxes))
    gone = world.sync(pool_at=Ms(NOW - 60 * SECOND), tries=4)
    world.tick({}, sync=gone, markers=MARKERS)  # the banner takes room
    assert len(panel._shown()) == 126
    assert "在线与否未知" in words_of(wall, "stations") and "断开" in words_of(wall, "stations")


def test_what_is_out_of_order_is_said_in_words(world: Any, make_wall: Any) -> None:
    sight = a_sight(
        a_station(0), a_station(1, ago=20 * SECOND), a_station(2, ago=HOUR, backlog=12),
        dataclasses.replace(a_station(3), at=Ms(0)), a_station(4, skew_s=-3.5, conflicts=2),
        a_station(5, cursor=1),
    )  # fmt: skip
    wall = opened(world, make_wall, sight)
    told = words_of(wall, "stations")
    for words in (
        "6 台　在线 3",
        "不在线 3",
        "待传 12",
        "从未连接",
        "钟差 -3.5 秒",
        "冲突 2",
        "落后 999",
    ):
        assert words in told
    assert [c.link for c in wall.page.panels["stations"]._cells] == [
        "joined", "late", "cut", "cut", "joined", "joined",
    ]  # fmt: skip


def test_a_page_without_stations_says_so_and_the_own_one_is_marked(
    world: Any, make_wall: Any
) -> None:
    wall = opened(world, make_wall, a_sight())
    assert "尚未告知台站" in words_of(wall, "stations")
    own = dataclasses.replace(a_station(0, ago=HOUR), origin=world.desk.origin)
    world.tick({}, sight=a_sight(own), markers=MARKERS)
    assert "本台" in words_of(wall, "stations") and "不在线 0" in words_of(wall, "stations")


def test_keys_lead_to_each_station_and_to_the_next_that_is_away(world: Any, make_wall: Any) -> None:
    some = [a_station(n, ago=HOUR if n == 30 else SECOND) for n in range(40)]
    wall = opened(world, make_wall, a_sight(*some))
    panel = wall.page.panels["stations"]
    keys = {c.key: c.run for c in panel.commands()}
    keys["J"](), keys["J"]()
    assert panel._choice() == some[1]
    keys["N"]()
    assert panel._choice() == some[30]
    rows = panel._grid(panel.height() / panel.look.unit)[0]
    QTest.keyClick(panel, Qt.Key.Key_Left)
    assert panel._choice() == some[30 - rows]


def test_more_stations_than_fit_are_counted_and_reached(world: Any, make_wall: Any) -> None:
    some = [a_station(n) for n in range(400)]
    wall = opened(world, make_wall, a_sight(*some), width=1280, height=800)
    panel = wall.page.panels["stations"]
    shown = len(panel._shown())
    panel._step(1)
    assert f"另有 {400 - shown} 台" in words_of(wall, "stations")
    panel._step(399)
    assert some[399] in [cell.station for cell in panel._shown()]


def test_lines_that_need_no_pool_are_told_with_what_is_wrong_with_them(
    world: Any, make_wall: Any
) -> None:
    peers = (
        Peer("前指", "o001", "10.0.0.5:7420", NOW, True, has=12, gives=True),
        Peer("镇街", "o002", at=NOW, joined=True),
        Peer("后勤", "o003", "10.0.0.6:7420", Ms(NOW - HOUR), tries=4, trouble="stranger"),
        Peer(address="10.0.0.7:7420", tries=2, trouble="unreachable"),
    )
    gone = world.sync(pool_at=Ms(NOW - 60 * SECOND), tries=4, peers=peers)
    wall = opened(world, make_wall, a_sight(*(a_station(n, ago=HOUR) for n in range(4))), sync=gone)
    panel, told = wall.page.panels["stations"], words_of(wall, "stations")
    for words in (
        "前指 在线",
        "镇街 在线 只收不发",
        "后勤 钥匙不被认",
        "10.0.0.7:7420 连不上 第 2 次重连",
    ):
        assert words in told
    assert [panel._shape(cell) for cell in panel._cells] == ["cut", "joined", "joined", "cut"]
    panel._choose(panel._cells[1].station)
    assert "已收本台" in words_of(wall, "stations") and "12 条" in words_of(wall, "stations")
    world.tick({}, sight=a_sight(), markers=MARKERS)
    assert "前指 在线" in words_of(wall, "stations")  # also where no pool told of stations


def test_markup_from_a_station_is_shown_as_it_stands(world: Any, make_wall: Any) -> None:
    bad = dataclasses.replace(a_station(1), login="<b>x</b>\u202e", area="<img src='/dev/zero'>")
    wall = opened(world, make_wall, a_sight(bad))
    assert "<img" in words_of(wall, "stations") and "\u202e" not in words_of(wall, "stations")


def test_a_source_is_switched_off_with_a_reason_and_on_again(
    world: Any, make_wall: Any, qtbot: Any
) -> None:
    sight = a_sight(a_station(0), sources=(Source("grid", 930_112, 12, 3, NOW, NOW, "done"),))
    channels = {"12345": Channel(55, NOW)}
    wall = opened(world, make_wall, sight, channels=channels,
                  counters=Counters({"12345": [9] * 24}))  # fmt: skip
    panel = wall.page.panels["source_list"]
    assert "930,112" in words_of(wall, "source_list") and "(216)" in words_of(wall, "source_list")
    panel.choose("12345")
    panel.turn()
    assert "不经导入" in words_of(wall, "source_list")
    panel.choose("grid")
    panel.turn()
    sheet = wall._overlay
    sheet._fields["reason"][1].setText("重复上报")
    sheet.accept()
    qtbot.waitUntil(lambda: _switch(world) is not None)
    assert _switch(world).state == OFF
    world.tick({SourceSwitch: [_switch(world)]}, unsent=frozenset({"sourceswitch:grid"}))
    assert "重复上报　未送达中心池" in words_of(wall, "source_list")
    panel.turn()
    qtbot.waitUntil(lambda: _switch(world).state == "on")


def test_a_clock_that_is_right_is_not_told_as_late(world: Any, make_wall: Any) -> None:
    wall = opened(
        world, make_wall, a_sight(a_station(0, skew_s=-0.04)), sync=world.sync(skew_s=-0.04)
    )
    assert "本台钟差 +0.0 秒" in words_of(wall, "stations")
    assert age.number(-0.04, 1) == "0.0"


def test_sources_are_summed_up_by_department_with_its_share(world: Any, make_wall: Any) -> None:
    police = Source("police", 300, 5, 1, NOW, NOW, "done", department="公安局")
    cameras = Source("cameras", 100, 0, 0, NOW, NOW, "done", OFF, "搬迁", NOW, department="公安局")
    written = Source("12345", counted_at=NOW, department="数据局")
    sight = a_sight(a_station(0), sources=(police, cameras, written, Source("areas", 20, 7)))
    channels = {"12345": Channel(580, NOW), "110": Channel(0, NOW)}
    counters = Counters({"12345": [2] * 24, "110": [0] * 24})
    wall = opened(world, make_wall, sight, channels=channels, counters=counters)
    panel, told = wall.page.panels["source_list"], words_of(wall, "source_list")
    assert panel.keys == [
        "\0公安局", "cameras", "police", "\0数据局", "12345", "\0", "110", "areas",
    ]  # fmt: skip
    assert "公安局 400" in told and "2 个来源　占全部行数 40.0\u2009%　停用 1" in told
    assert "占全部行数 58.0" in told and "未归部门 20" in told and "隔离 12 条" in told
    panel.choose("\0公安局")
    panel.turn()
    assert "停用要选其下的来源" in words_of(wall, "source_list")
    panel.choose("12345")  # a department was named, but it comes by no load
    panel.turn()
    assert "不经导入" in words_of(wall, "source_list") and wall._overlay is None


def test_a_broker_is_switched_off_like_a_source_and_its_lamp_says_why(
    world: Any, make_wall: Any, qtbot: Any
) -> None:
    feed = Feed("mqtts://wall@broker.city:8883", True, NOW, 2200.0, withheld=12, refused=3)
    wall = opened(world, make_wall, a_sight(a_station(0)), sync=world.sync(feeds=(feed,)))
    panel, name = wall.page.panels["source_list"], "mqtts://broker.city:8883"
    assert f"{name} 2,200 条/秒" in words_of(wall, "source_list")
    panel.choose(name)
    panel.turn()
    sheet = wall._overlay
    sheet._fields["reason"][1].setText("网关串号")
    sheet.accept()
    qtbot.waitUntil(lambda: _switch(world, name) is not None)
    switch = _switch(world, name)
    world.tick({SourceSwitch: [switch]}, sync=world.sync(feeds=(feed,)), markers=MARKERS)
    for told in (words_of(wall, "source_list"), words_of(wall, "stations")):
        assert "已停用" in told and switch.by in told and "网关串号" in told
    assert "停用中来 12 条，未收" in words_of(wall, "stations")
    panel.turn()
    qtbot.waitUntil(lambda: _switch(world, name).state == "on")
    wall.open_page("overview")
    assert "MQTT 停用" in words_of(wall, "header")


def test_what_the_comparison_put_right_is_named(world: Any, make_wall: Any) -> None:
    wall = opened(world, make_wall, a_sight(a_station(0)))
    assert "首轮对账尚未完成" in words_of(wall, "compared")
    one = Difference(NOW, "event", "e4", "e6", 2, 1, 0)
    found = Compared(NOW, 4_012_334, (one,))
    world.tick({}, sync=world.sync(compared=found), markers=MARKERS)
    told = words_of(wall, "compared")
    assert "4,012,334" in told and "修复 3 行" in told and "事件" in told and "e4 … e6" in told


def test_how_old_the_pool_is_stands_on_the_page_once(world: Any, make_wall: Any) -> None:
    wall = opened(world, make_wall, a_sight(a_station(0)), sync=world.sync(pool_at=Ms(NOW - 1000)))
    assert "中心池 1 秒前" in words_of(wall, "desk_header")
    assert "1 秒前" not in words_of(wall, "stations")


def test_a_click_on_the_links_leads_here(world: Any, make_wall: Any) -> None:
    wall = make_wall()
    world.tick()
    QTest.mouseClick(wall.page.panels["links"], Qt.MouseButton.LeftButton)
    assert wall.page.info.id == "sync"


def _switch(world: Any, name: str = "grid") -> SourceSwitch | None:
    return world.store.read(lambda r: r.get(SourceSwitch, name))


def test_brokers_have_a_lamp_each_and_one_that_is_gone_is_said(world: Any, make_wall: Any) -> None:
    here = Feed(
        "mqtts://wall@broker.city:8883", True, Ms(NOW - SECOND), 2200.0, 0.2, 3, 2, 4, limited=7
    )
    gone = Feed("mqtt://10.0.0.7", at=Ms(NOW - 60 * SECOND), tries=3, trouble="unreachable")
    sync = world.sync(feeds=(here, gone))
    wall = opened(world, make_wall, a_sight(a_station(0)), sync=sync)
    told = words_of(wall, "stations")
    for words in (
        "broker.city:8883 在线　2,200 条/秒　滞后 0.2 秒　1 秒前　拒收 3　未知设备 2　缺 4 包"
        "　设备超频，略去 7 条",
        "10.0.0.7 断开　第 3 次重连",
    ):
        assert words in told
    wall.open_page("overview")
    assert "MQTT 断开" in words_of(wall, "header")
    world.tick({}, sync=world.sync(feeds=(here,)), markers=MARKERS)
    assert "MQTT 断开" not in words_of(wall, "header") and "MQTT" in words_of(wall, "header")
