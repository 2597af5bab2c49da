"""A person registers an event by keys: types or pastes, sees where it is put, and it is there."""

from __future__ import annotations

from typing import Any

from PySide6.QtTest import QTest
from world import an_area, told_by

from commandwall import place_codes
from commandwall.areas import CITY, TOWN, Area, Place
from commandwall.events import NOWHERE, POINT, EventWork, FiledEvent
from commandwall.store.mirror import Mirror, use
from widgets.registering import RegisterSheet

SCHOOL = Place("p1", "school", "澄湖实验小学", "t1", 120.115, 31.812, 900, "", "", "")


def press(wall: Any, key: str) -> None:
    next(command for command in wall.all_commands() if command.key == key).run()


def begin(wall: Any, key: str = "Ctrl+N") -> RegisterSheet:
    press(wall, key)
    return wall.findChildren(RegisterSheet)[-1]


def filed(world: Any) -> list[FiledEvent]:
    return world.store.read(lambda r: r.find(FiledEvent))


def a_city(world: Any) -> None:
    """The mirror knows a town and a school in it."""
    mirror = Mirror(world.store.folder / "m1.db")
    rows = {"area": an_area("t1", TOWN, "澄湖街道", ""), "place": SCHOOL}
    mirror.take({k: [tuple(getattr(r, n) for n in r.__slots__)] for k, r in rows.items()}, {})
    mirror.close()
    use(world.store.folder, "m1.db")


def test_what_is_typed_is_placed_by_its_words_and_registered(make_wall, world, qtbot) -> None:
    a_city(world)
    world.desk.take_post("p3", "陈").result()
    wall = make_wall()
    sheet = begin(wall)
    sheet._field("title").setText("楼道燃气异味")
    sheet._field("cls").setCurrentIndex(sheet._field("cls").findData("gas"))
    assert sheet._field("urgency").currentData() == 1, "as urgent as such events are"
    sheet._field("address").setText("澄湖实验小学东门")
    qtbot.waitUntil(lambda: "澄湖实验小学　场所　±50" in sheet._field("place").currentText())
    sheet.accept()
    qtbot.waitUntil(lambda: len(filed(world)) == 1)
    (one,) = filed(world)
    assert (one.title, one.urgency, one.address) == ("楼道燃气异味", 1, "澄湖实验小学东门")
    assert (one.lon, one.lat, one.area, one.placed) == (120.115, 31.812, "t1", POINT)
    qtbot.waitUntil(lambda: wall.context.page == "events")
    qtbot.waitUntil(lambda: "楼道燃气异味" in told_by(wall, "event_card"))


def test_the_answer_card_stands_beside_the_form(make_wall, world, qtbot) -> None:
    sheet = begin(make_wall())
    assert "什么事、在哪里" in sheet.accessibleDescription(), "what to ask before anything is told"
    sheet._field("cls").setCurrentIndex(sheet._field("cls").findData("gas"))
    told = sheet.accessibleDescription()
    assert "应答卡　燃气泄漏" in told and "先问　气味在屋里" in told and "回话　关阀、开窗" in told
    assert "承办　燃气公司" in told and "受理 30 秒" in told, "the limits of the urgency it has"
    sheet._field("urgency").setCurrentIndex(2)
    assert "受理 15 分" in sheet.accessibleDescription()
    assert sheet.width() > sheet._look.px(1100)
    sheet.close()
    narrow = begin(make_wall(1100, 1000))
    assert narrow.width() <= 1100, "where there is no room the form is what stands"


def test_a_scanned_code_says_the_place_and_the_source(make_wall, world, qtbot) -> None:
    a_city(world)
    world.desk.take_post("p3", "陈").result()
    sheet = begin(make_wall())
    field = sheet._field("body")
    QTest.keyClicks(field, "CW1:P:p1:000000")
    assert field.text() == "" and "再扫一次" in sheet._told.text()
    QTest.keyClicks(field, place_codes.written("place", "nowhere"))
    qtbot.waitUntil(lambda: "没有这个地点码" in sheet._told.text())
    field.insert("路灯不亮 ")
    QTest.keyClicks(field, place_codes.written("place", "p1"))
    qtbot.waitUntil(lambda: "扫码所在　澄湖实验小学" in sheet._field("place").currentText())
    assert field.text() == "路灯不亮" and sheet._field("source").currentData() == "qr"
    sheet._field("way").setCurrentIndex(sheet._field("way").findData("spot"))
    sheet.accept()
    qtbot.waitUntil(lambda: len(filed(world)) == 1)
    (one,) = filed(world)
    assert (one.source, one.area, one.address, one.placed) == ("qr", "t1", SCHOOL.name, POINT)
    assert world.store.read(lambda r: r.get(EventWork, one.id)).way == "spot"
    qtbot.waitUntil(lambda: "办理方式 现场解决" in told_by(world.walls[-1], "event_card"))


def test_a_pasted_order_fills_what_is_empty_and_nothing_else(make_wall, world, qtbot) -> None:
    world.desk.take_post("p3", "陈").result()
    sheet = begin(make_wall())
    sheet._field("person").setText("李")
    sheet._field("body").setText("标题：停水 内容：六点起 联系人：王强 电话：13800000044")
    told = sheet._answers()
    assert (told["title"], told["person"], told["phone"]) == ("停水", "李", "13800000044")
    assert told["place"] is None and sheet._field("place").currentText() == "不定位"
    sheet.accept()
    qtbot.waitUntil(lambda: len(filed(world)) == 1)
    assert filed(world)[0].lon is None and filed(world)[0].placed == NOWHERE


def test_a_refusal_leaves_what_was_typed(make_wall, world, qtbot) -> None:
    world.desk.take_post("s_display").result()
    sheet = begin(make_wall())
    sheet._field("body").setText("三楼漏水")
    sheet.accept()
    qtbot.waitUntil(lambda: "无权" in sheet._told.text())
    assert sheet.isVisible() and sheet._field("body").text() == "三楼漏水"
    assert filed(world) == []


def test_a_click_on_the_map_is_the_place(make_wall, world, qtbot) -> None:
    world.desk.take_post("p3", "陈").result()
    wall = make_wall()
    world.tick({Area: [an_area("c", CITY, "临江市", "")]})
    press(wall, "Ctrl+Shift+N")
    assert wall.map.aiming
    wall.map.hit_aim(120.1, 31.8)
    sheet = wall.findChildren(RegisterSheet)[-1]
    assert sheet._field("place").currentText().startswith("图上所点")
    sheet._field("body").setText("三楼漏水")
    sheet.accept()
    qtbot.waitUntil(lambda: len(filed(world)) == 1)
    (one,) = filed(world)
    assert (one.title, one.lon, one.lat, one.placed) == ("三楼漏水", 120.1, 31.8, POINT)
