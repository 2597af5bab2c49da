"""From an alarm to the first unit sent, on a real wall: proposals, keys, what comes of it."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable
from typing import Any

import pytest
import shapely
from builders import NOW, an_event, an_opening
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from world import an_alarm, told_by

from commandwall import dispatch, incidents
from commandwall.alarms import Alarm
from commandwall.answers import Answer
from commandwall.areas import Road
from commandwall.arrays import FixArrays
from commandwall.clock import MINUTE, SECOND, Ms
from commandwall.dispatch import ARRIVED, Assignment, AssignmentStep, Sending
from commandwall.events import Event, EventView
from commandwall.incidents import Incident
from commandwall.picture import Fixes, Tick
from commandwall.resources import Resource
from commandwall.store.mirror import Mirror, use
from widgets import tasks
from widgets.base import Subject
from widgets.sheet import Sheet

PLACE = (120.2, 31.1)
STEP = 0.01


def a_unit(no: int, **kw: Any) -> Resource:
    row = Resource(f"U{no}", no, "gas", f"燃气 {no}", "燃气公司", 4, "gas,repair", "patrol",
                   120.2, 31.1, "t1")  # fmt: skip
    return dataclasses.replace(row, **kw)


UNITS = [
    a_unit(0),
    a_unit(1),
    a_unit(2),
    a_unit(3),
    a_unit(4, kind="police", capabilities="police"),
]


def roads() -> list[Road]:
    """A street from west to east over the place; a unit two steps west drives 1.9 km."""
    found = []
    for i in range(8):
        west = PLACE[0] + (i - 4) * STEP
        line = shapely.LineString([(west, PLACE[1]), (west + STEP, PLACE[1])])
        found.append(Road(f"R{i}", "street", "", i, i + 1, 954.0, 36.0, shapely.to_wkb(line)))
    return found


@pytest.fixture
def town(world: Any) -> Any:
    """An alarm, the event it filed, five units with positions of now, in picture and mirror."""
    event = an_event(
        id="E9", title="燃气泄漏", cls="gas", urgency=1, area="t1", lon=120.2, lat=31.1
    )
    mirror = Mirror(world.store.folder / "m1.db")
    rows = {"resource": UNITS, "event": [event]}
    mirror.take({k: [dataclasses.astuple(r) for r in some] for k, some in rows.items()}, {})
    mirror.close()
    use(world.store.folder, "m1.db")
    fixes = FixArrays(UNITS)
    fixes.lon[:] = [PLACE[0] + n * STEP for n in (2, 1, 3, -3.5, 0)]
    fixes.lat[:], fixes.at[:] = PLACE[1], NOW - 5 * SECOND
    world.apply(
        {Resource: UNITS, Road: roads(), Event: [EventView(event, None)],
         Alarm: [an_alarm(event="E9", severity=1)]},
        resources=fixes,
    )  # fmt: skip
    return world


@pytest.fixture
def alarm_to(make_wall: Callable[..., Any], town: Any, qtbot: Any) -> Any:
    """A wall that stands on its first page, its streets looked at."""
    wall = make_wall()
    with qtbot.waitActive(wall):
        wall.activateWindow()
    town.tick({Road: roads()})
    return wall


def press(wall: Any, *keys: tuple[Qt.Key, Qt.KeyboardModifier]) -> int:
    for key, held in keys:
        QTest.keyClick(wall, key, held)
    return len(keys)


NONE, ALT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.AltModifier


def proposed(wall: Any, qtbot: Any) -> Any:
    panel = wall.page.panels["units"]
    qtbot.waitUntil(lambda: len(panel._fit) == 3)
    return panel


def told(panel: Any) -> str:
    panel.grab()
    return str(panel.accessibleDescription())


def sent(world: Any) -> list[Assignment]:
    return list(world.store.read(lambda reader: reader.find(Assignment, outcome="")))


def test_from_an_alarm_to_the_first_unit_in_three_strokes(
    alarm_to: Any, town: Any, qtbot: Any
) -> None:
    strokes = press(alarm_to, (Qt.Key.Key_5, ALT), (Qt.Key.Key_J, NONE))
    panel = proposed(alarm_to, qtbot)
    assert [p.unit.resource.id for p in panel._fit] == ["U1", "U0", "U2"]
    strokes += press(alarm_to, (Qt.Key.Key_U, NONE))
    qtbot.waitUntil(lambda: len(sent(town)) == 1)
    assert strokes == 3
    (one,) = sent(town)
    assert (one.kind, one.subject, one.resource, one.basis) == ("event", "E9", "U1", "road")
    assert one.eta_s == pytest.approx(95, abs=2) and one.urgency == 1


def test_a_digit_chooses_another_and_the_reasons_are_told(
    alarm_to: Any, town: Any, qtbot: Any
) -> None:
    press(alarm_to, (Qt.Key.Key_5, ALT), (Qt.Key.Key_J, NONE))
    panel = proposed(alarm_to, qtbot)
    line = told(panel)
    assert "燃气 1" in line and "按路网" in line and "1:35" in line and "燃气抢险" in line
    assert "不荐：能力不符" in line and "定位 0:05 前" in line
    press(alarm_to, (Qt.Key.Key_2, NONE), (Qt.Key.Key_U, NONE))
    qtbot.waitUntil(lambda: len(sent(town)) == 1)
    assert sent(town)[0].resource == "U0"


def test_what_was_chosen_is_meant_wherever_it_stands_by_then(
    alarm_to: Any, town: Any, qtbot: Any
) -> None:
    """Units move and others send: the key still means the unit that was chosen, or none."""
    press(alarm_to, (Qt.Key.Key_5, ALT), (Qt.Key.Key_J, NONE))
    panel = proposed(alarm_to, qtbot)
    press(alarm_to, (Qt.Key.Key_3, NONE))
    town.picture.fixes.lon[2] = PLACE[0]  # the third comes first
    town.clock.at += 6 * SECOND
    town.picture.fixes.at[:] = town.clock.at
    town.tick(markers=frozenset({Fixes}))
    qtbot.waitUntil(lambda: panel._fit[0].unit.resource.id == "U2", timeout=20_000)
    press(alarm_to, (Qt.Key.Key_U, NONE))
    qtbot.waitUntil(lambda: len(sent(town)) == 1, timeout=20_000)
    assert sent(town)[0].resource == "U2"
    qtbot.waitUntil(lambda: panel._current == "", timeout=20_000)
    town.tick({Assignment: sent(town)})
    qtbot.waitUntil(lambda: panel._fit[0].unit.resource.id != "U2", timeout=20_000)
    press(alarm_to, (Qt.Key.Key_1, NONE))
    gone = panel._current
    busy = dataclasses.replace(sent(town)[0], id="other", resource=gone, subject="E8")
    town.tick({Assignment: [busy]})  # another station sends it elsewhere
    qtbot.waitUntil(lambda: gone not in [p.unit.resource.id for p in panel._fit], timeout=20_000)
    press(alarm_to, (Qt.Key.Key_U, NONE))
    assert "选中的一行已不在" in told(panel) and len(sent(town)) == 1


def test_of_several_on_their_way_the_chosen_one_is_called_back(
    alarm_to: Any, town: Any, qtbot: Any
) -> None:
    press(alarm_to, (Qt.Key.Key_5, ALT), (Qt.Key.Key_J, NONE))
    panel = proposed(alarm_to, qtbot)
    for n in (1, 2):
        qtbot.waitUntil(lambda: not panel._top.new)  # the next one is read before it is sent
        press(alarm_to, (Qt.Key.Key_U, NONE))
        qtbot.waitUntil(lambda n=n: len(sent(town)) == n, timeout=20_000)
        town.tick({Assignment: sent(town)})
        engaged = {a.resource for a in sent(town)}
        qtbot.waitUntil(lambda e=engaged: not e & {p.unit.resource.id for p in panel._fit},
                        timeout=20_000)  # fmt: skip
    press(alarm_to, (Qt.Key.Key_Q, NONE))
    assert "先按数字选一行" in told(panel)
    places = {t.assignment.resource: n for n, t in enumerate(panel._rows()) if hasattr(t, "steps")}
    press(alarm_to, (Qt.Key(Qt.Key.Key_1 + places["U1"]), NONE), (Qt.Key.Key_B, NONE))
    sheet = next(s for s in alarm_to.findChildren(Sheet) if s.isVisible())
    assert "燃气 1" in sheet._title
    sheet._fields["reason"][1].setText("误报")
    sheet.accept()
    qtbot.waitUntil(lambda: [a.resource for a in sent(town)] == ["U0"], timeout=20_000)


def test_who_was_sent_is_followed_and_the_next_is_offered(
    alarm_to: Any, town: Any, qtbot: Any
) -> None:
    press(alarm_to, (Qt.Key.Key_5, ALT), (Qt.Key.Key_J, NONE))
    panel = proposed(alarm_to, qtbot)
    press(alarm_to, (Qt.Key.Key_U, NONE))
    qtbot.waitUntil(lambda: len(sent(town)) == 1)
    town.tick({Assignment: sent(town)}, markers=frozenset({Tick}))
    qtbot.waitUntil(lambda: [p.unit.resource.id for p in panel._fit] == ["U0", "U2", "U3"])
    assert "已派" in told(panel) and "预计 1:35" in told(panel)
    town.clock.at += 61 * SECOND
    town.tick()
    assert "未接令，可改派下一个" in told(panel)
    press(alarm_to, (Qt.Key.Key_O, NONE))
    steps = lambda: list(town.store.read(lambda r: r.find(AssignmentStep)))  # noqa: E731
    qtbot.waitUntil(lambda: len(steps()) == 1)
    town.clock.at += 5 * MINUTE
    town.tick({AssignmentStep: steps()})
    assert "超过 5 分钟未到场" in told(panel)
    seen = AssignmentStep("s2", sent(town)[0].id, "", ARRIVED, Ms(town.clock.at), "", "", "", "")
    town.tick({AssignmentStep: [seen]})
    assert "6:01 到场" in told(panel) and "24 时内 5 分钟到场 0/1" in told(panel)
    press(alarm_to, (Qt.Key.Key_Q, NONE))
    qtbot.waitUntil(lambda: not sent(town))


def test_the_event_tells_who_was_sent_and_how_far_they_came(
    alarm_to: Any, town: Any, qtbot: Any
) -> None:
    sending = Sending("event", "E9", "U1", *PLACE, 1)
    town.desk.do(dispatch.send, sending=sending).result()
    (one,) = sent(town)
    alarm_to.open_page("events")
    alarm_to.choose(Subject(Event, "E9"))
    town.tick({Assignment: [one]})
    card = alarm_to.page.panels["event_card"]
    qtbot.waitUntil(lambda: "已派　燃气 1" in told(card))
    town.clock.at += MINUTE
    seen = AssignmentStep("s2", one.id, "", ARRIVED, Ms(town.clock.at), "", "", "", "")
    town.tick({AssignmentStep: [seen]})
    qtbot.waitUntil(lambda: "到场　燃气 1" in told(card))


def test_without_roads_a_straight_line_is_said_to_be_one(
    make_wall: Callable[..., Any], town: Any, qtbot: Any
) -> None:
    town.picture.roads.clear()
    wall = make_wall()
    with qtbot.waitActive(wall):
        wall.activateWindow()
    town.tick()
    press(wall, (Qt.Key.Key_5, ALT), (Qt.Key.Key_J, NONE))
    assert "按直线估算" in told(proposed(wall, qtbot))


def test_a_position_that_is_old_counts_less_and_then_not_at_all(
    alarm_to: Any, town: Any, qtbot: Any
) -> None:
    town.picture.fixes.at[1] = NOW - 200 * SECOND
    town.picture.fixes.at[0] = NOW - 400 * SECOND
    town.tick(markers=frozenset({Fixes}))
    press(alarm_to, (Qt.Key.Key_5, ALT), (Qt.Key.Key_J, NONE))
    panel = proposed(alarm_to, qtbot)
    assert [p.unit.resource.id for p in panel._fit] == ["U2", "U1", "U3"]
    assert "不荐：定位过旧" in told(panel)


def test_the_command_page_says_who_is_out_and_an_arrival_is_written_down_by_radio(
    make_wall: Callable[..., Any], town: Any, qtbot: Any
) -> None:
    """The strip counts, the list names each with its clock, `Shift+C` keeps what was said."""
    town.desk.do(incidents.open_incident, opening=an_opening()).result()
    (incident,) = town.store.read(lambda r: r.find(Incident))
    for unit in ("U1", "U2"):
        sending = Sending("incident", incident.id, unit, *PLACE, 1, eta_s=95)
        town.desk.do(dispatch.send, sending=sending).result()
    one = next(a for a in sent(town) if a.resource == "U1")
    town.desk.do(dispatch.report_moving, assignment=one.id).result()
    wall = make_wall()
    wall.open_page("command")

    def brought() -> None:
        kinds = (Incident, Assignment, AssignmentStep)
        town.tick({kind: town.store.read(lambda r, kind=kind: r.find(kind)) for kind in kinds})

    town.clock.at += 61 * SECOND
    brought()
    strip, listed = told_by(wall, "incident_strip"), told_by(wall, "on_task")
    assert "力量 途中 1　已派 1" in strip and "超时 1 项" in strip and "燃气 2 欠接令" in strip
    assert "燃气 2" in listed and "已派 欠接令" in listed and "超 0:01" in listed
    assert "燃气 1" in listed and "途中 预计" in listed
    next(c for c in wall.all_commands() if c.key == "Shift+C").run()
    sheet = next(s for s in wall.findChildren(Sheet) if s.isVisible())
    fields = {key: field for key, (_, field) in sheet._fields.items()}
    assert "燃气 2" in sheet.accessibleName()
    fields["step"].setCurrentIndex(fields["step"].findData(ARRIVED))
    fields["person"].setText("王建国")
    fields["channel"].setCurrentIndex(fields["channel"].findData("radio"))
    sheet.accept()
    qtbot.waitUntil(lambda: bool(town.store.read(lambda r: r.find(Answer, channel="radio"))))
    brought()
    assert "到场 1　途中 1" in told_by(wall, "incident_strip")


def test_more_units_are_sent_from_the_command_page_with_reasons(
    make_wall: Callable[..., Any], town: Any, qtbot: Any
) -> None:
    """Shift F, Space, Ctrl Return: the nearest of three; nobody is sent without a tick."""
    town.desk.do(incidents.open_incident, opening=an_opening(kind="gas", lat=PLACE[1])).result()
    (incident,) = town.store.read(lambda r: r.find(Incident))
    wall = make_wall()
    with qtbot.waitActive(wall):
        wall.activateWindow()
    wall.open_page("command")
    town.tick({Incident: [incident], Road: roads()})

    def asked() -> Any:
        next(c for c in wall.all_commands() if c.key == "Shift+F").run()
        sheets = lambda: [s for s in wall.findChildren(Sheet) if s.isVisible()]  # noqa: E731
        qtbot.waitUntil(lambda: sheets() != [])
        return sheets()[0]

    asked().accept()
    assert "没有选力量" in told_by(wall, "on_task") and sent(town) == []
    sheet = asked()
    near = sheet._fields["units"][1]
    assert near.count() == 3 and "燃气" in near.item(0).text() and "按路网" in near.item(0).text()
    QTest.keyClick(near, Qt.Key.Key_Space)
    QTest.keyClick(near, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: sent(town) != [])
    (found,) = sent(town)
    assert (found.kind, found.subject) == ("incident", incident.id)
    assert found.eta_s is not None and found.basis == "road"


def test_where_all_positions_are_old_that_is_said_and_a_unit_can_be_sent_all_the_same(
    make_wall: Callable[..., Any], town: Any, qtbot: Any
) -> None:
    """As in the first seconds after a start: the feed has not come up to now yet."""
    town.desk.do(incidents.open_incident, opening=an_opening(kind="gas", lat=PLACE[1])).result()
    (incident,) = town.store.read(lambda r: r.find(Incident))
    town.picture.fixes.at[:] = NOW - 10 * MINUTE
    wall = make_wall()
    wall.open_page("command")
    town.tick({Incident: [incident], Road: roads()}, markers=frozenset({Fixes}))
    more = next(c for c in wall.all_commands() if c.key == "Shift+F")
    more.run()
    sheets = lambda: [s for s in wall.findChildren(Sheet) if s.isVisible()]  # noqa: E731
    qtbot.waitUntil(lambda: sheets() != [])
    (sheet,) = sheets()
    assert "定位都过旧，最新 10:00 前" in sheet._told.text() and "电台" in sheet._told.text()
    near = sheet._fields["units"][1]
    assert near.count() == 3 and "不荐：定位过旧" in near.item(0).text()
    near.item(0).setCheckState(Qt.CheckState.Checked)
    sheet.accept()
    qtbot.waitUntil(lambda: len(sent(town)) == 1)
    town.picture.fixes.at[:] = 0
    more.run()
    qtbot.waitUntil(lambda: "5 个力量都还没有定位" in told_by(wall, "on_task"))


def test_what_a_unit_has_done_already_is_said_where_its_key_is_pressed(
    alarm_to: Any, town: Any, qtbot: Any
) -> None:
    press(alarm_to, (Qt.Key.Key_5, ALT), (Qt.Key.Key_J, NONE))
    panel = proposed(alarm_to, qtbot)
    town.desk.do(dispatch.send, sending=Sending("event", "E9", "U1", *PLACE, 1)).result()
    (one,) = sent(town)
    moves = AssignmentStep("s2", one.id, "", dispatch.MOVING, town.clock.at, "", "", "", "")
    town.tick({Assignment: [one], AssignmentStep: [moves]})
    press(alarm_to, (Qt.Key.Key_O, NONE))
    assert "燃气 1 已是途中，不用再记已接令" in told(panel)
    row = next(n for n, r in enumerate(panel._rows()) if hasattr(r, "steps"))
    press(alarm_to, (Qt.Key(Qt.Key.Key_1 + row), NONE), (Qt.Key.Key_O, NONE))
    assert "不用再记已接令" in told(panel)
    town.desk.keep("after", "1").result()
    assert town.store.read(lambda r: r.find(AssignmentStep)) == []


def test_a_unit_that_came_to_the_top_just_now_is_not_sent_unread(
    alarm_to: Any, town: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tick between the eye and the key: the key acts once the new first row has stood there."""
    press(alarm_to, (Qt.Key.Key_5, ALT), (Qt.Key.Key_J, NONE))
    panel, now = proposed(alarm_to, qtbot), [0.0]
    monkeypatch.setattr(panel._top, "_seconds", lambda: now[0])
    town.picture.fixes.lon[2] = PLACE[0]
    town.clock.at += 6 * SECOND
    town.picture.fixes.at[:] = town.clock.at
    town.tick(markers=frozenset({Fixes}))
    qtbot.waitUntil(lambda: panel._fit[0].unit.resource.id == "U2", timeout=20_000)
    press(alarm_to, (Qt.Key.Key_U, NONE))
    assert "最上一行刚换" in told(panel)
    town.desk.keep("after", "1").result()
    assert sent(town) == []
    now[0] += 1
    press(alarm_to, (Qt.Key.Key_U, NONE))
    qtbot.waitUntil(lambda: len(sent(town)) == 1, timeout=20_000)
    assert sent(town)[0].resource == "U2"


def test_who_goes_through_a_list_asks_the_roads_of_what_he_stays_at(
    alarm_to: Any, town: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The roads are slow, and five alarms are chosen meanwhile: nobody waits for those passed."""
    town.tick({Alarm: [an_alarm(f"L{i}", sensor=f"L{i}", severity=1) for i in range(5)]})
    press(alarm_to, (Qt.Key.Key_5, ALT))
    panel, asked, gate = alarm_to.page.panels["units"], [], threading.Event()

    def answer(task: Any, *told: Any) -> Any:
        asked.append(task.subject)
        gate.wait(20)
        return real(task, *told)

    real = tasks.answer
    monkeypatch.setattr(tasks, "answer", answer)
    for i in range(5):
        alarm_to.choose(Subject(Alarm, f"L{i}"))
        qtbot.waitUntil(lambda: len(asked) == 1)
    gate.set()
    qtbot.waitUntil(lambda: asked[-1] == "L4" and panel._known)
    assert asked == ["L0", "L4"]
