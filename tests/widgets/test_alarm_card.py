"""The alarm card on a real wall: what is chosen, its course with the limits, who is near."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from builders import NOW, a_mode, a_sensor
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from world import an_alarm, told_by

from commandwall import codes
from commandwall.alarms import Alarm, rules
from commandwall.areas import Camera, Person
from commandwall.arrays import FixArrays
from commandwall.clock import MINUTE, SECOND, Ms
from commandwall.modes import Mode
from commandwall.pool.recorder import SERIES
from commandwall.resources import Resource
from commandwall.sensors import GOOD, READING_DTYPE
from commandwall.store.mirror import Mirror, use
from commandwall.store.telemetry import READINGS, Telemetry
from commandwall.unmasking import Unmasking
from commandwall.verifying import Verification
from widgets import alarm_check
from widgets.base import Subject
from widgets.sheet import Sheet

CAMERAS = [
    Camera("C1", "远处", "t1", 120.4, 31.1, 0.0, 60.0, "rtsp://far"),
    Camera("C2", "路口", "t1", 120.0, 31.001, 0.0, 60.0),
]


@pytest.fixture
def town(world: Any) -> Any:
    """Two alarms, one device of which was heard each minute for an hour."""
    mirror = Mirror(world.store.folder / "m1.db")
    person = Person("P1", "t1", "grid_worker", "王小明", "13812345678")
    sensors = [dataclasses.astuple(a_sensor(no, area="t1")) for no in range(5)]
    mirror.take({"sensor": sensors, "person": [dataclasses.astuple(person)]}, {})
    mirror.close()
    use(world.store.folder, "m1.db")
    rows = np.zeros(60, READING_DTYPE)
    rows["no"], rows["at"] = 0, NOW - 60 * MINUTE + MINUTE * np.arange(60)
    rows["value"], rows["quality"] = np.linspace(1, 27, 60), GOOD
    history = Telemetry(world.store.folder, SERIES)
    history.append(READINGS, Ms(NOW), rows)
    history.close()
    alarms = [an_alarm("A1"), an_alarm("A2", sensor="s3", severity=3, rule="GAS-3")]
    world.desk.run(lambda tx: tx.put(*alarms), {}, local=True)
    world.apply({Alarm: alarms, Camera: CAMERAS, Person: [person]})
    return world


@pytest.fixture
def page(make_wall: Callable[..., Any], town: Any, qtbot: Any) -> Any:
    wall = make_wall()
    with qtbot.waitActive(wall):
        wall.activateWindow()
    wall.open_page("alarms")
    return wall


def told(wall: Any) -> str:
    panel = wall.page.panels["alarm_card"]
    panel.grab()
    return str(panel.accessibleDescription())


def test_the_card_tells_the_course_who_answers_and_what_is_near(page: Any, qtbot: Any) -> None:
    assert "选一条告警" in told(page)
    page.choose(Subject(Alarm, "A1"))
    card = page.page.panels["alarm_card"]
    qtbot.waitUntil(lambda: not card._trend.isHidden())
    said = told(page)
    assert "27" in said and "王*" in said and "138****5678" in said and "电话核实" in said
    assert "路口" in said and "未接画面" in said and "远处" not in said
    day = card._trend._day
    assert [limit.value for limit in day.limits] == [10.0, 25.0, 50.0]
    assert day.line[-1][1] == pytest.approx(27) and 50.0 in day.reach  # the next limit is seen


def test_every_kind_of_alarm_says_what_to_do_first() -> None:
    kinds = {rule.cls for rule in rules()}
    assert kinds <= codes.load("alarm_procedure").keys()


def test_the_card_of_a_door_opened_at_night_tells_whom_to_call_first(
    page: Any, town: Any, qtbot: Any
) -> None:
    door = an_alarm("A3", sensor="s4", cls="OPEN", rule="OPEN-3", severity=2, value=0.0, unit="h")
    town.tick({Alarm: [door]})
    page.choose(Subject(Alarm, "A3"))
    qtbot.waitUntil(lambda: page.page.panels["alarm_card"]._device is not None)
    said = told(page)
    assert "夜间开门" in said and "先打本人" in said and "王*" in said and "C 看号码" in said
    page.page.panels["alarm_list"].renew()
    assert "夜间开门" in told_by(page, "alarm_list")


def test_the_card_says_which_limits_are_others_by_the_mode(
    page: Any, town: Any, qtbot: Any
) -> None:
    crowd = {"cls": "CRD", "unit": "count", "rule": "CRD-3-watch", "severity": 3, "value": 850.0}
    town.tick({Alarm: [an_alarm("A4", sensor="s2", **crowd)]})
    page.choose(Subject(Alarm, "A4"))
    card = page.page.panels["alarm_card"]
    qtbot.waitUntil(lambda: card._device is not None)
    assert "人员聚集 ≥ 800 人（急）" in told(page) and "限值" not in told(page)
    card._device = dataclasses.replace(card._device, cls="CRD", unit="count", area="t1")
    town.tick({Mode: [a_mode(area="t1")]})
    assert "因急：Ⅲ ≥ 800" in told(page) and "（平 ≥ 1,000" in told(page)
    assert [limit.value for limit in card._limits(card._device)] == [800.0, 3000.0, 5000.0]
    town.tick({Mode: [a_mode(area="t9")]})
    assert "因急" not in told(page)


def test_the_age_of_the_nearest_unit_goes_on(page: Any, town: Any, qtbot: Any) -> None:
    unit = Resource("U1", 1, "gas", "燃气 1", "燃气公司", 4, "gas", "patrol", 120.0, 31.0, "t1")
    fixes = FixArrays([unit])
    fixes.lon[:], fixes.lat[:], fixes.at[:] = 120.0, 31.009, NOW - 5 * SECOND
    town.tick({Resource: [unit]}, resources=fixes)
    page.choose(Subject(Alarm, "A1"))
    qtbot.waitUntil(lambda: "燃气 1　直线 1.0 km　5 秒前" in told(page))
    fixes.at[:] -= 7 * SECOND
    town.tick({})
    assert "燃气 1　直线 1.0 km　12 秒前" in told(page)


def test_t_goes_through_the_spans(page: Any, qtbot: Any) -> None:
    page.choose(Subject(Alarm, "A1"))
    card = page.page.panels["alarm_card"]
    qtbot.waitUntil(lambda: not card._trend.isHidden())
    assert "近 6 小时" in told(page)
    QTest.keyClick(page, Qt.Key.Key_T)
    assert "近 24 小时" in told(page)
    qtbot.waitUntil(lambda: card._trend._day.hours == 24.0)


def test_a_device_without_readings_says_so(page: Any, town: Any, qtbot: Any) -> None:
    page.choose(Subject(Alarm, "A2"))
    qtbot.waitUntil(lambda: "没有存读数" in told(page))
    assert page.page.panels["alarm_card"]._trend.isHidden()
    town.tick({}, sensors=town.picture.sensors)
    assert "没有存读数" in told(page)


def test_an_answer_for_another_device_is_not_taken(page: Any, qtbot: Any) -> None:
    page.choose(Subject(Alarm, "A1"))
    page.choose(Subject(Alarm, "A2"))
    qtbot.waitUntil(lambda: "没有存读数" in told(page))
    qtbot.wait(50)
    assert page.page.panels["alarm_card"]._device.id == "s3"


def press(wall: Any, key: str) -> None:
    next(c for c in wall.page.panels["alarm_card"].commands() if c.key == key).run()


def sheet_of(wall: Any) -> Sheet:
    return next(s for s in wall.findChildren(Sheet) if s.isVisible())


def test_what_was_found_of_an_alarm_is_asked_kept_and_told(
    page: Any, town: Any, qtbot: Any
) -> None:
    page.choose(Subject(Alarm, "A1"))
    qtbot.waitUntil(lambda: "未核实" in told(page))
    press(page, "V")
    sheet = sheet_of(page)
    sheet._fields["finding"][1].setCurrentIndex(1)
    sheet._fields["words"][1].setText("<b>用户做饭</b>")
    sheet.accept()
    found = lambda: town.store.read(lambda r: r.find(Verification))  # noqa: E731
    qtbot.waitUntil(lambda: len(found()) == 1)
    (one,) = found()
    assert (one.alarm, one.finding, one.way) == ("A1", "false", "phone")
    town.tick({Verification: [one]})
    qtbot.waitUntil(lambda: "误报　电话" in told(page) and "<b>用户做饭</b>" in told(page))
    assert town.store.read(lambda r: r.get(Alarm, "A1")).state == "UNACK"


def test_a_fire_says_until_when_somebody_has_to_have_looked() -> None:
    fire = an_alarm(rule="FIR-1", cls="FIR", raised_at=NOW)
    assert "限" in alarm_check.told(fire, None, Ms(NOW + 59 * SECOND))
    assert "已超 1:00" in alarm_check.told(fire, None, Ms(NOW + 2 * MINUTE))
    assert "限" not in alarm_check.told(an_alarm(cls="WLV"), None, Ms(NOW))


def test_the_number_of_who_answers_for_the_place_is_whole_for_who_rings(
    page: Any, town: Any, qtbot: Any
) -> None:
    town.desk.take_post("p1", "陈").result()
    page.choose(Subject(Alarm, "A1"))
    qtbot.waitUntil(lambda: "138****5678" in told(page))
    press(page, "C")
    sheet_of(page).accept()
    qtbot.waitUntil(lambda: "138 1234 5678" in told(page))
    (look,) = town.store.read(lambda r: r.find(Unmasking))
    assert (look.kind, look.subject, look.whose, look.by) == ("alarm", "A1", "P1", "陈")
    page.choose(Subject(Alarm, "A2"))
    qtbot.waitUntil(lambda: "138****5678" in told(page))
    page.choose(Subject(Alarm, "A1"))
    qtbot.waitUntil(lambda: "138****5678" in told(page))
    assert "138 1234 5678" not in told(page)
