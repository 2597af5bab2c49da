"""Beside the flow on the card and in the list: who is urged and answers, units that help, tags, and
what a caller may be told; each by a key."""

from __future__ import annotations

from typing import Any

import pytest
from builders import an_event
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QListWidget
from world import an_area, told_by

from commandwall import event_watch, events
from commandwall.areas import TOWN
from commandwall.clock import MINUTE
from commandwall.co_handling import CoHandling
from commandwall.events import Event
from commandwall.saved_views import ALL, Filter
from commandwall.tagging import EventTag
from commandwall.urging import Urge
from widgets.base import Subject
from widgets.sheet import Sheet

E = "e1"
KINDS = (Urge, CoHandling, EventTag)


@pytest.fixture
def wall(make_wall: Any, world: Any) -> Any:
    """The events page, on it an event that 供水公司 leads and two others help with."""
    world.copied(an_event(id=E, area="t1"), an_area("t1", TOWN, "石塘镇", "c"))
    world.desk.take_post("chief", "陈").result()
    told = {"event": E, "unit": "供水公司", "co": "住建局,街道办"}
    world.desk.do(events.dispatch, **told).result()
    made = make_wall()
    made.open_page("events")
    heard(world)
    made.page.panels["event_card"].open(Subject(Event, E))
    return made


def heard(world: Any) -> None:
    """What the store holds comes to the screen."""
    found = {kind: world.store.read(lambda r, k=kind: r.find(k)) for kind in KINDS}
    view = world.store.read(lambda r: events.view(r, E))
    world.tick({**found, Event: [view]})


def press(wall: Any, key: str) -> Sheet:
    before = set(wall.findChildren(Sheet))
    next(c for c in wall.all_commands() if c.key == key).run()
    (sheet,) = set(wall.findChildren(Sheet)) - before
    return sheet


def done(world: Any, qtbot: Any, sheet: Sheet, kind: type[Any], many: int, **given: Any) -> None:
    for name, said in given.items():
        field = sheet._fields[name][1]
        if hasattr(field, "findData"):
            field.setCurrentIndex(field.findData(said))
        else:
            field.setText(said)
    sheet.accept()
    qtbot.waitUntil(lambda: len(world.store.read(lambda r: r.find(kind))) >= many)
    heard(world)


def card(wall: Any, qtbot: Any, wanted: str) -> str:
    qtbot.waitUntil(lambda: wanted in told_by(wall, "event_card"))
    return told_by(wall, "event_card")


def test_who_is_urged_is_marked_counted_and_answers(wall: Any, world: Any, qtbot: Any) -> None:
    card(wall, qtbot, "供水公司")
    sheet = press(wall, "Shift+I")
    assert [sheet._fields["unit"][1].itemData(i) for i in range(3)] == [
        "供水公司", "住建局", "街道办",
    ]  # fmt: skip
    assert "还没有催过" in sheet._told.text()
    done(world, qtbot, sheet, Urge, 1, unit="住建局", text="居民又来电")
    told = card(wall, qtbot, "住建局 待答复 余")
    assert "催办 1 次" in told
    queue = wall.page.panels["event_queue"]
    queue.apply(Filter(ALL))
    assert "催 1" in told_by(wall, "event_queue") and "催办未答 1" in told_by(wall, "event_queue")
    sheet = press(wall, "Shift+A")
    done(world, qtbot, sheet, Urge, 1, result="五点前到")
    qtbot.waitUntil(lambda: world.store.read(lambda r: r.find(Urge, state="ANSWERED")) != [])
    heard(world)
    card(wall, qtbot, "住建局 14:00:00 答复 五点前到")
    assert "催 1" not in told_by(wall, "event_queue")
    queue.refused("")
    next(c for c in wall.all_commands() if c.key == "Shift+A").run()
    card(wall, qtbot, "没有待答复的催办")


def test_what_finds_no_room_is_counted_and_stands_on_a_key(
    wall: Any, world: Any, qtbot: Any
) -> None:
    wall.resize(1920, 1080)
    many = ",".join(f"第{n}协助单位办公室" for n in range(9))
    world.desk.do(event_watch.share, event=E, co=many).result()
    heard(world)
    told = card(wall, qtbot, "第0协助单位办公室 待签收")
    assert "还有 " in told and "家" in told and "坐标" in told
    assert "第8协助单位办公室" not in told
    for _ in range(9):
        world.desk.do(events.note, event=E, text="再看一次").result()
    world.clock.at += MINUTE
    heard(world)
    assert "全看 Shift R" in card(wall, qtbot, "大事记 13 条")
    shown = press(wall, "Shift+R")._told.text()
    assert "承办：供水公司" in shown and shown.count("再看一次") == 9


def test_what_changes_while_the_card_still_reads_it_is_read_again(
    wall: Any, world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel, asked = wall.page.panels["event_card"], list[Any]()
    panel.view = None
    monkeypatch.setattr(panel, "ask", lambda query, take: asked.append((query, take)))
    panel.open(Subject(Event, E))
    old = world.store.read(asked[0][0])
    world.desk.do(event_watch.share, event=E, co="城管局").result()
    heard(world)
    asked[0][1](old)
    views = [world.store.read(query) for query, take in asked if take == panel._take]
    assert len(views) == 2 and views[1].units == ("供水公司", "城管局")


def test_each_unit_that_helps_has_a_lamp_of_its_own(wall: Any, world: Any, qtbot: Any) -> None:
    card(wall, qtbot, "住建局 待签收 余")
    sheet = press(wall, "Shift+X")
    ways = [sheet._fields["way"][1].itemText(i) for i in range(4)]
    assert ways == ["住建局 签收", "住建局 反馈", "街道办 签收", "街道办 反馈"]
    done(world, qtbot, sheet, CoHandling, 2, way="feed_back:住建局", result="已封路")
    qtbot.waitUntil(lambda: world.store.read(lambda r: r.find(CoHandling, state="DONE")) != [])
    world.clock.at += 3 * MINUTE
    heard(world)
    assert "街道办 待签收" in card(wall, qtbot, "住建局 已反馈 14:00")
    assert "已封路" in card(wall, qtbot, "协办反馈")


def test_tags_are_ticked_shown_and_asked_for(wall: Any, world: Any, qtbot: Any) -> None:
    card(wall, qtbot, "供水公司")
    sheet = press(wall, "Shift+G")
    ticks: QListWidget = sheet._fields["tags"][1]
    for row in range(ticks.count()):
        if ticks.item(row).text() in ("涉众", "媒体关注"):
            ticks.item(row).setCheckState(Qt.CheckState.Checked)
    done(world, qtbot, sheet, EventTag, 2)
    card(wall, qtbot, "涉众、媒体关注")
    card(wall, qtbot, "＋涉众")
    queue = wall.page.panels["event_queue"]
    queue.apply(Filter(ALL, tag="group"))
    assert queue.keys == [E] and "只看 涉众" in told_by(wall, "event_queue")
    queue.apply(Filter(ALL, tag="minor"))
    assert queue.keys == []


def test_what_a_caller_may_be_told_stands_on_the_card(wall: Any, world: Any, qtbot: Any) -> None:
    told = card(wall, qtbot, "已派承办单位，")
    assert "前答复" in told and "对外进度" in told
