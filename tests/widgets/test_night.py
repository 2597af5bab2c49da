"""A duty officer's night at the wall: after each act it is plain what was done and what is next."""

from __future__ import annotations

from typing import Any

from builders import NOW, an_event
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from world import an_alarm, told_by

from commandwall.alarms import ACKED, Alarm
from commandwall.clock import MINUTE, Ms
from commandwall.events import Event, EventView
from widgets.sheet import Sheet


def late(**kw: Any) -> EventView:
    """An urgent event that nobody accepted in time."""
    facts = {"id": "E9", "title": "燃气泄漏", "cls": "gas", "urgency": 1, "area": "t1"}
    return EventView(an_event(received_at=Ms(NOW - 30 * MINUTE), **{**facts, **kw}), None)


def press(wall: Any, key: Qt.Key) -> None:
    QTest.keyClick(wall, key)


def seated(make_wall: Any, qtbot: Any) -> Any:
    wall = make_wall()
    with qtbot.waitActive(wall):
        wall.activateWindow()
    return wall


def at_the_late_event(make_wall: Any, world: Any, qtbot: Any) -> Any:
    """A wall on which the one event that is late is chosen."""
    wall = seated(make_wall, qtbot)
    world.tick({Event: [late()]})
    press(wall, Qt.Key.Key_J)
    return wall


def test_after_the_acknowledgement_the_event_that_it_filed_is_chosen(
    make_wall: Any, world: Any, qtbot: Any
) -> None:
    wall = seated(make_wall, qtbot)
    other = late(id="E1", title="停水")
    world.tick({Event: [late(), other], Alarm: [an_alarm(event="E9", severity=1)]})
    for _ in range(2):
        press(wall, Qt.Key.Key_J)
    world.tick({Alarm: [an_alarm(event="E9", severity=1, state=ACKED)]})
    press(wall, Qt.Key.Key_E)
    (sheet,) = wall.findChildren(Sheet)
    assert sheet._fields["title"][1].text() == "燃气泄漏"


def test_the_key_of_alarms_says_of_an_event_that_it_is_none(
    make_wall: Any, world: Any, qtbot: Any
) -> None:
    wall = at_the_late_event(make_wall, world, qtbot)
    press(wall, Qt.Key.Key_Space)
    assert "不是告警，回车打开" in told_by(wall, "exceptions")
    press(wall, Qt.Key.Key_J)
    assert "不是告警" not in told_by(wall, "exceptions")


def test_an_event_says_what_kind_of_incident_it_becomes(
    make_wall: Any, world: Any, qtbot: Any
) -> None:
    wall = at_the_late_event(make_wall, world, qtbot)
    press(wall, Qt.Key.Key_E)
    (sheet,) = wall.findChildren(Sheet)
    assert sheet._fields["kind"][1].currentText() == "燃气泄漏"
    assert "燃气泄漏预案" in sheet._fields["plan"][1].currentText()
