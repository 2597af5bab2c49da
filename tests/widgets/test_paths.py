"""The paths of a duty officer and of two command posts through the real window."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from builders import NOW, a_sensor, an_event, an_opening
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from world import an_alarm, told_by

from commandwall import directives, incidents
from commandwall.alarms import Alarm
from commandwall.arrays import SensorArrays
from commandwall.clock import DAY, HOUR, MINUTE, SECOND, Ms
from commandwall.directives import DONE, EXECUTING, VERIFIED, Directive
from commandwall.events import Event, EventNote, EventView, EventWork
from commandwall.incidents import Incident
from commandwall.picture import Tick
from commandwall.store.mirror import Mirror, use
from commandwall.store.store import Reason
from commandwall.store.tables import Conflict
from layers.alarms import look_of
from layers.marks import FILLED, UNKNOWN
from widgets import chart, startup, words
from widgets.base import Subject
from widgets.palette import Palette
from widgets.reasons import sentence
from widgets.sheet import Sheet


def read(panel: Any) -> str:
    panel.grab()
    return str(panel.accessibleDescription())


def on_disk(world: Any, kind: type) -> list[Any]:
    return world.store.read(lambda reader: reader.find(kind))


@pytest.fixture
def two_events(world: Any) -> list[str]:
    """Two events that lie in the mirror's place: folded rows as the agent would bring them."""
    views = [
        EventView(an_event(id=i, title=f"停水 {i}", area="t1", source_id=i), None) for i in "ab"
    ]
    world.apply({Event: views})
    return ["a", "b"]


def open_card(wall: Any, qtbot: Any, key: str) -> Any:
    wall.open_page("events")
    card = wall.page.panels["event_card"]
    card._take(wall.picture.events[key])
    return card


def test_a_half_typed_note_stays_with_its_event(make_wall, two_events, world, qtbot) -> None:
    wall = make_wall()
    card = open_card(wall, qtbot, "a")
    QTest.keyClicks(card._words, "call back")
    card._take(wall.picture.events["b"])
    assert card._words.text() == ""
    QTest.keyClicks(card._words, "other")
    card._take(wall.picture.events["a"])
    assert card._words.text() == "call back"
    wall.context.drafts.flush()
    qtbot.waitUntil(lambda: kept(world, "event/b") == "other")
    assert kept(world, "event/a") == "call back"


def test_a_note_that_is_still_written_takes_nothing_from_the_next_event(
    make_wall, world, qtbot
) -> None:
    both = [an_event(id=key, title=f"停水 {key}", source_id=key) for key in "ab"]
    mirror = Mirror(world.store.folder / "m1.db")
    mirror.take({"event": [tuple(getattr(e, n) for n in e.__slots__) for e in both]}, {})
    mirror.close()
    use(world.store.folder, "m1.db")
    world.tick({Event: [EventView(event, None) for event in both]})
    wall = make_wall()
    card = open_card(wall, qtbot, "a")
    card._words.setText("已回访")
    card.note()
    card.note()  # pressed twice is written once
    card._take(wall.picture.events["b"])
    card._words.setText("等电力")
    qtbot.waitUntil(lambda: on_disk(world, EventNote) != [])
    qtbot.waitUntil(lambda: kept(world, "event/b") == "等电力")
    assert (card.view.event.id, card._words.text()) == ("b", "等电力")
    assert len(on_disk(world, EventNote)) == 1
    card._take(wall.picture.events["a"])
    assert card._words.text() == ""


def kept(world: Any, key: str) -> str:
    return str(world.store.read(lambda reader: reader.setting(f"draft/{key}")))


def test_a_half_typed_order_is_there_after_a_crash(make_wall, world, qtbot) -> None:
    first = make_wall()
    first.open_page("command")
    QTest.keyClicks(first.page.panels["order_form"]._words, "close the road")
    qtbot.waitUntil(lambda: kept(world, "directive") == "close the road")
    again = make_wall()  # the first one never said good-bye
    again.open_page("command")
    field = again.page.panels["order_form"]._words
    qtbot.waitUntil(lambda: field.text() == "close the road")


def test_space_on_a_button_presses_that_button(make_wall, world, qtbot) -> None:
    wall = make_wall()
    world.desk.do(incidents.open_incident, opening=an_opening()).result()
    wall.open_page("command")
    form = wall.page.panels["order_form"]
    pressed: list[str] = []
    form.issue = lambda: pressed.append("issued")
    button = form._bar.button("Ctrl+Return")
    button.clicked.disconnect()
    button.clicked.connect(form.issue)
    button.setEnabled(True)
    wall.activateWindow()
    button.setFocus()
    qtbot.waitUntil(button.hasFocus)
    QTest.keyClick(button, Qt.Key.Key_Space)
    assert pressed == ["issued"]


def test_the_right_button_finds_every_command(make_wall, qtbot) -> None:
    wall = make_wall()
    at = QPoint(300, 300)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, wall.mapToGlobal(at))
    QApplication.sendEvent(wall, event)
    palette = wall.findChild(Palette)
    shown = [palette.list.item(i).text() for i in range(palette.list.count())]
    room, row = palette.list.viewport().height(), palette.list.sizeHintForRow(0)
    assert palette.list.count() * row > room and room % row == 0, "no row is cut in two"
    assert any("换主题" in line for line in shown)
    assert any("确认告警" in line for line in shown)


def test_a_click_on_a_key_of_the_foot_does_what_the_key_does(make_wall, two_events) -> None:
    wall = make_wall()
    wall.open_page("events")
    queue, foot = wall.page.panels["event_queue"], wall.page.panels["key_line"]
    foot.grab()
    start, end, command = foot._places[0]
    assert command.key == "J"
    x = round((start + end) / 2 * wall.context.look.unit)
    QTest.mouseClick(foot, Qt.MouseButton.LeftButton, pos=QPoint(x, foot.height() // 2))
    assert queue.current


def test_an_alarm_is_acknowledged_with_the_mouse_alone(make_wall, world, qtbot) -> None:
    wall = make_wall()
    alarm = an_alarm()
    with world.store.write(world.clock.now(), "", "") as tx:
        tx.put(alarm)
    world.tick({Alarm: [alarm]})
    panel = wall.page.panels["exceptions"]
    QTest.mouseClick(panel, Qt.MouseButton.LeftButton, pos=QPoint(120, round(panel.top) + 30))
    button = panel._bar.button("Space")
    assert button.isVisible()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: on_disk(world, Alarm)[0].state == "ACKED")


def test_a_wall_that_nobody_touches_shows_no_buttons(make_wall, world) -> None:
    wall = make_wall()
    world.tick({Alarm: [an_alarm()]})
    assert not wall.page.panels["exceptions"]._bar.isVisible()


def test_the_queue_orders_by_the_column_that_is_pressed(make_wall, world) -> None:
    late = an_event(id="x", urgency=1, area="t1", source="grid", received_at=Ms(NOW - HOUR))
    soon = an_event(id="y", urgency=5, area="t1", source="12345", received_at=Ms(NOW - MINUTE))
    world.apply({Event: [EventView(late, None), EventView(soon, None)]})
    wall = make_wall()
    wall.open_page("events")
    queue = wall.page.panels["event_queue"]
    queue.sort_by("编号")
    assert queue.keys.index("y") < queue.keys.index("x")
    queue.sort_by("急")
    assert queue.keys.index("x") < queue.keys.index("y")
    queue.apply(replace(queue.filter, source="grid"))
    assert "x" in queue.keys
    assert "y" not in queue.keys
    assert "只看" in read(queue)


def test_what_a_post_may_not_do_is_grey_and_says_who_may(
    make_wall, two_events, world, qtbot
) -> None:
    wall = make_wall()
    world.desk.take_post("s_display").result()
    card = open_card(wall, qtbot, "a")
    button = card._bar.button("D")
    assert not button.isEnabled() and "展示屏 无权派单" in button.toolTip()
    card._unit.setCurrentText("水务")
    card.dispatch()  # by its key
    qtbot.waitUntil(lambda: "可由" in card._said)
    assert on_disk(world, EventWork) == []
    world.desk.take_post("p3").result()
    card._take(wall.picture.events["a"])
    assert button.isEnabled() and button.toolTip() == ""


def test_a_found_event_shows_what_stations_did_and_goes_on_with_them(
    make_wall, world, qtbot
) -> None:
    numbers = {"f1": "1121-00216", "f2": "1121-00217"}
    rows = [an_event(id=key, title="停水", source_id=no) for key, no in numbers.items()]
    mirror = Mirror(world.store.folder / "m1.db")
    mirror.take({"event": [tuple(getattr(e, n) for n in e.__slots__) for e in rows]}, {})
    mirror.close()
    use(world.store.folder, "m1.db")
    work = EventWork("f1", "CLOSED", "供水", "已修复", Ms(NOW), "陈", "p3", closed_at=Ms(NOW))
    world.desk.run(lambda tx: tx.put(work), {}, local=True)
    wall = make_wall()
    wall.open_page("events")
    queue = wall.page.panels["event_queue"]
    queue._field.setText("1121-00218")
    queue.search()
    qtbot.waitUntil(lambda: queue.filter.words == "1121-00218")
    assert "没有这样的事件" in told_by(wall, "event_queue")
    queue._field.setText("1121-00216")
    queue.search()
    qtbot.waitUntil(lambda: queue.keys == ["f1"])
    assert "编号 1121-00216" in told_by(wall, "event_queue")
    queue._field.setText("停水")
    queue.search()
    qtbot.waitUntil(lambda: len(queue.keys) == 2)
    assert [queue.view(key).state for key in ("f1", "f2")] == ["CLOSED", "NEW"]
    world.tick({Event: [EventView(rows[1], replace(work, id="f2"))]})
    assert queue.view("f2").state == "CLOSED"


def test_an_incident_is_opened_with_its_gradings_and_closed_with_a_reason(
    make_wall, two_events, world, qtbot
) -> None:
    wall = make_wall()
    open_card(wall, qtbot, "a").open_incident()
    sheet = wall.findChild(Sheet)
    fields = {key: field for key, (_, field) in sheet._fields.items()}
    fields["grade"].setCurrentIndex(3)
    fields["response"].setCurrentIndex(2)
    fields["radius_m"].setValue(300)
    QTest.keyClick(sheet, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: on_disk(world, Incident) != [] and wall.findChild(Sheet) is None)
    (found,) = on_disk(world, Incident)
    assert (found.grade, found.warning, found.response, found.radius_m) == (3, None, 2, 300)
    world.tick({Incident: [found]})
    wall.open_page("command")
    assert "较大" in read(wall.page.panels["incident_strip"])
    next(c for c in wall.all_commands() if c.key == "Shift+X").run()
    qtbot.waitUntil(
        lambda: any("reason" in s._fields and s.isVisible() for s in wall.findChildren(Sheet))
    )
    sheet = next(s for s in wall.findChildren(Sheet) if "reason" in s._fields and s.isVisible())
    assert "未到恢复阶段" in sheet._told.text()
    sheet._fields["reason"][1].setText("水已恢复")
    sheet.accept()
    qtbot.waitUntil(lambda: on_disk(world, Incident)[0].state == "CLOSED")
    assert on_disk(world, Incident)[0].reason == "水已恢复"


def test_a_city_with_an_open_incident_is_not_called_calm(make_wall, world) -> None:
    wall = make_wall()
    world.desk.do(incidents.open_incident, opening=an_opening()).result()
    world.tick({Incident: on_disk(world, Incident)})
    line = words.sentence(world.picture, wall.context.needs, wall.context.trust)
    assert "突发事件 1 起" in line
    assert "全城平稳" not in line


def test_what_was_done_is_shown_and_may_be_sent_back(make_wall, world, qtbot) -> None:
    wall = make_wall()
    desk = world.desk
    desk.take_post("chief").result()
    desk.do(incidents.open_incident, opening=an_opening()).result()
    (incident,) = on_disk(world, Incident)
    desk.do(directives.issue, order=directives.Order(incident.id, "front", "设置警戒")).result()
    (order,) = on_disk(world, Directive)
    desk.take_post("front").result()
    for act, more in (
        (directives.acknowledge, {}),
        (directives.complete, {"evidence": "路口已封"}),
    ):
        desk.do(act, directive=order.id, **more).result()
    world.tick({Incident: [incident], Directive: on_disk(world, Directive)})
    wall.open_page("command")
    assert "路口已封" in read(wall.page.panels["directives"])
    desk.take_post("chief").result()
    form = wall.page.panels["order_form"]
    form.open(Subject(Directive, order.id))
    form._words.setText("北侧还通车")
    QTest.mouseClick(form._bar.button("U"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: on_disk(world, Directive)[0].state == EXECUTING)
    world.tick({Directive: on_disk(world, Directive)})
    assert "北侧还通车" in read(wall.page.panels["directives"])
    assert on_disk(world, Directive)[0].state not in (DONE, VERIFIED)


def test_a_directive_is_marked_as_seen_once_a_person_there_chooses_it(
    make_wall, world, qtbot
) -> None:
    wall, desk = make_wall(), world.desk
    desk.take_post("chief").result()
    desk.do(incidents.open_incident, opening=an_opening()).result()
    (incident,) = on_disk(world, Incident)
    desk.do(directives.issue, order=directives.Order(incident.id, "front", "设置警戒")).result()
    desk.take_post("front").result()
    wall.open_page("command")
    world.tick({Incident: [incident], Directive: on_disk(world, Directive)})
    panel = wall.page.panels["directives"]
    assert on_disk(world, Directive)[0].seen_at is None  # shown, and nobody has looked yet
    panel.setFocus()
    QTest.keyClick(panel, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: on_disk(world, Directive)[0].seen_at is not None)
    world.tick({Directive: on_disk(world, Directive)})
    assert "未接令" in read(panel)


def test_the_history_of_an_event_begins_with_the_city(make_wall, two_events, qtbot) -> None:
    card = open_card(make_wall(), qtbot, "a")
    qtbot.waitUntil(lambda: card._told != ())
    assert "上报" in read(card)


def test_a_figure_read_before_midnight_is_not_drawn_into_the_day_ahead() -> None:
    midnight = Ms(NOW - (NOW + 8 * HOUR) % DAY)
    now = Ms(midnight + 6 * MINUTE)
    day = chart.day_of_values([5.0] * 24, [(4.0, 6.0)] * 24, 5.0, Ms(midnight - HOUR), now)
    assert max(hour for hour, _ in day.line) <= chart.hour_of(now)


def test_what_was_shown_whole_is_whole_in_a_smaller_window(make_wall) -> None:
    wall = make_wall()
    navigator = wall.map.navigator
    navigator.resize(1000, 600, 1.0)
    navigator.fit((0.0, 0.0, 10_000.0, 6_000.0))
    navigator.resize(500, 200, 1.0)
    left, top, right, bottom = navigator.view.bounds
    assert left <= 0.0 and right >= 10_000.0 and top <= 0.0 and bottom >= 6_000.0
    navigator.pan(50, 0)
    before = navigator.view.mpp
    navigator.resize(400, 300, 1.0)
    assert navigator.view.mpp == before


def test_an_hour_without_news_is_not_old_news(world) -> None:
    world.clock.at = NOW + HOUR
    world.tick(sync=world.sync(), markers=frozenset({Tick}))
    assert world.picture.ages["events"] == NOW + HOUR


def test_map_and_banner_doubt_the_pool_at_the_same_moment(make_wall, world) -> None:
    wall = make_wall()
    alarm = an_alarm()
    world.tick({Alarm: [alarm]})
    assert look_of(alarm, world.picture, wall.map.scene) == FILLED
    world.clock.at = NOW + 3 * SECOND
    world.tick(sync=world.sync(pool_at=NOW, agent_at=NOW + 3 * SECOND))
    assert wall.context.trust.stopped is not None
    assert look_of(alarm, world.picture, wall.map.scene) == UNKNOWN


def test_a_picture_to_a_file_says_what_it_lacks(make_wall, world, qtbot) -> None:
    wall = make_wall()
    looked = startup.Looked(wall)
    assert "no city" in looked.lacks()
    world.tick(sync=world.sync())
    qtbot.waitUntil(wall.is_drawn, timeout=60_000)
    assert looked.lacks() == ""
    world.tick(sync=world.sync(pool_at=Ms(NOW - HOUR)))
    assert "did not answer" in looked.lacks() and "doctor" not in looked.lacks()
    world.tick(sync=world.sync(pool_at=Ms(NOW - HOUR), trouble="login"))
    assert "login" in looked.lacks() and "doctor" in looked.lacks()
    world.tick(sensors=SensorArrays.of([a_sensor(1)]), sync=world.sync())
    assert "no device said anything" in looked.lacks()  # a first start showed all of them as lost


def test_two_stations_that_disagree_are_shown_and_a_person_decides(
    make_wall, two_events, world, qtbot
) -> None:
    here, there = (a_work(unit) for unit in ("城管局", "水务局"))
    quarrel = Conflict("k1", "eventwork", "a", here, there, "o1", "o2", NOW)
    with world.store.write(world.clock.now(), "", "") as tx:
        tx.put(EventWork(**json.loads(here)))
        tx.put(quarrel)
    wall = make_wall()
    world.tick({Conflict: [quarrel]})
    panel = wall.page.panels["exceptions"]
    assert "两处改动不一致" in read(panel)
    assert "停水 a" in read(panel)
    panel.go()
    qtbot.waitUntil(lambda: wall.findChild(Sheet) is not None)
    sheet = wall.findChild(Sheet)
    field = sheet._fields["keep"][1]
    shown = [field.itemText(i) for i in range(field.count())]
    assert "城管局" in shown[0] and "水务局" in shown[1]
    field.setCurrentIndex(1)
    QTest.keyClick(sheet, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: on_disk(world, EventWork)[0].unit == "水务局")
    world.tick({Conflict: on_disk(world, Conflict)})
    assert "两处改动不一致" not in read(panel)


def a_work(unit: str) -> str:
    return json.dumps(asdict(EventWork("a", "DISPATCHED", unit, "", NOW, "", "p3")))


def test_every_refusal_is_a_sentence() -> None:
    """No person ever reads a code of the program."""
    source = "\n".join(path.read_text() for path in Path("commandwall").rglob("*.py"))
    for code in set(re.findall(r'Refused\(\s*"(\w+)"', source)) - {"broken_chain"}:
        facts: dict[str, Any] = {"kind": "event", "state": "CLOSED", "field": "title", "id": "x"}
        facts |= {"until": NOW, "least": 8, "most": 200, "name": "陈一", "post": "p1"}
        facts |= {"limit": 200, "issuer": "p1", "addressee": "p1", "by": "p1", "numbers": [1]}
        told = sentence(Reason(code, facts))
        assert code not in told
        assert "CLOSED" not in told


def test_an_event_that_an_alarm_filed_has_a_number_that_can_be_said() -> None:
    key = "b465b589-1d05-58d2-bef4-d23ae86bcff6"
    assert EventView(an_event(id=key, source_id=key), None).number == "B465B589"
    assert EventView(an_event(source_id="1125-00665"), None).number == "1125-00665"
