"""What people said by the steps of an event is read on its card, and before a decision on it."""

from __future__ import annotations

from typing import Any

import pytest
from builders import NOW, an_event
from PySide6.QtGui import QFontMetricsF
from world import told_by

from commandwall import event_acts, events
from commandwall.clock import DAY, HOUR
from widgets import event_course, event_facts, event_steps
from widgets.sheet import Sheet

E = "e1"


@pytest.fixture
def card(make_wall: Any, world: Any) -> Any:
    """The card of an event that was dispatched to 供水公司; the chief sits there."""
    world.copied(an_event(id=E, area="t1"))
    world.desk.take_post("chief", "陈").result()
    world.desk.do(events.dispatch, event=E, unit="供水公司").result()
    wall = make_wall()
    wall.open_page("events")
    return wall.page.panels["event_card"]


def does(world: Any, act: Any, person: str = "陈", **args: Any) -> None:
    world.desk.run(act, {"event": E, **args}, person, "p3")


def read(card: Any, world: Any, qtbot: Any) -> str:
    """What the card says once it has asked for all."""
    world.tick()
    now = world.store.read(lambda r: events.view(r, E))
    card._look(E)
    qtbot.waitUntil(lambda: card.view is not None and card.view.work == now.work)
    card._told = ()
    card._look(E)
    qtbot.waitUntil(lambda: bool(card._told))
    return told_by(card.window(), "event_card")


def asked(card: Any, action: str) -> Sheet:
    before = set(card.window().findChildren(Sheet))
    event_steps.begin(card, card.view, action)
    (sheet,) = set(card.window().findChildren(Sheet)) - before
    return sheet


def test_a_return_is_decided_by_its_reason_and_basis(card: Any, world: Any, qtbot: Any) -> None:
    does(world, event_acts.send_back, reason="张三家属地下管网", basis="三定方案第五条")
    told = read(card, world, qtbot)
    assert "退单原因" in told and told.count("三定方案第五条") == 2, "a fact, and a step"
    assert "属地下管网" in told and "张三" not in told, "his name is hidden in what others wrote"
    sheet = asked(card, "approve_return")
    said = sheet._told.text()
    for words in ("供水公司", "家属地下管网", "三定方案第五条", "仍在走"):
        assert words in said
    assert world.store.read(lambda r: events.view(r, E)).state == "RETURNED", "nothing is done yet"
    sheet.accept()
    qtbot.waitUntil(lambda: world.store.read(lambda r: events.view(r, E)).state == "ACCEPTED")
    assert "退单 1 次" in read(card, world, qtbot)


def test_an_extension_tells_how_long_why_and_until_when(card: Any, world: Any, qtbot: Any) -> None:
    does(world, event_acts.sign)
    does(world, event_acts.ask_extension, reason="等配件", hours=6)
    told = read(card, world, qtbot)
    assert "申请延期" in told and told.count("6 小时　等配件") == 2
    said = asked(card, "grant_extension")._told.text()
    assert "6 小时　等配件" in said and "同意后到" in said
    assert "同意后到" not in asked(card, "refuse_extension")._told.text()


def test_all_that_was_said_until_the_end_stands_in_the_course(
    card: Any, world: Any, qtbot: Any
) -> None:
    does(world, event_acts.sign)
    does(world, event_acts.suspend, reason="等天气", days=3)
    assert "挂起原因" in read(card, world, qtbot)
    does(world, event_acts.put_on_list, plan="列入明年改造", days=30)
    told = read(card, world, qtbot)
    assert "办理计划" in told and told.count("列入明年改造") == 2 and "复核日" in told
    does(world, event_acts.feed_back, result="已修复", evidence="回执 12 号")
    world.clock.at = NOW + DAY
    does(world, event_acts.miss_call)
    said = asked(read(card, world, qtbot) and card, "verify")._told.text()
    for words in ("已修复", "回执 12 号", "未接通"):
        assert words in said
    world.clock.at += HOUR
    does(world, event_acts.verify, "李", solved="partly", content="fairly")
    told = read(card, world, qtbot)
    assert told.count("部分解决　基本满意") == 2 and "原因" not in told, "that is over"
    card.read_course()
    told = next(s for s in card.window().findChildren(Sheet) if s.isVisible())._told.text()
    for words in ("等天气", "列入明年改造", "凭据：回执 12 号", "部分解决　基本满意", "上报"):
        assert words in told, "all of it, however little room the card has"


def test_what_was_done_is_asked_with_what_shows_it(card: Any, world: Any, qtbot: Any) -> None:
    does(world, event_acts.sign)
    read(card, world, qtbot)
    card._words.setText("已修复")
    card.step("X")
    sheet = next(s for s in card.window().findChildren(Sheet) if s.isVisible())
    assert sheet._fields["result"][1].text() == "已修复", "what was typed begins it"
    sheet.accept()
    qtbot.waitUntil(lambda: "反馈须写明凭据" in sheet._told.text())
    sheet._fields["evidence"][1].setText("验收单 7 号")
    sheet.accept()
    qtbot.waitUntil(lambda: world.store.read(lambda r: events.view(r, E)).state == "FEEDBACK")
    assert "验收单 7 号" in read(card, world, qtbot) and card._words.text() == ""


def test_who_reported_what_was_merged_is_called_back_too(card: Any, world: Any, qtbot: Any) -> None:
    world.copied(
        an_event(id=E, area="t1"),
        an_event(id="e2", source_id="1127-00012", area="t1", person="李四", phone="13900002222"),
    )
    world.desk.run(event_acts.merge, {"event": "e2", "main": E}, "陈", "p3")
    does(world, event_acts.sign)
    does(world, event_acts.feed_back, result="已修复", evidence="回执")
    read(card, world, qtbot)
    qtbot.waitUntil(lambda: len(card._merged) == 1)
    told = told_by(card.window(), "event_card")
    assert "并入本单" in told and "1 件　1127-00012" in told
    assert "另一件并入本单" in event_course.lines(card._told, NOW)
    card.step("A")
    said = next(s for s in card.window().findChildren(Sheet) if s.isVisible())._told.text()
    assert "还须回访：1127-00012" in said and "李" in said
    assert "李四" not in said and "13900002222" not in said


def test_in_english_too_the_facts_stand_in_the_column_of_the_flow(
    card: Any, world: Any, qtbot: Any
) -> None:
    read(card, world, qtbot)
    card.window().set_language("en")
    facts = event_facts.of(card, card.view, card._reading, card._merged)
    told = dict(facts)
    assert "To callers" in told and "Source" in told
    font = QFontMetricsF(card.look.font("label"))
    widest = max(font.horizontalAdvance(name) for name in told) / card.look.unit
    assert widest + 12 <= event_facts.LABEL
