"""Enter in a field goes on; what a sheet does is done by the key that its button names."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from commandwall.posts import roster
from widgets.fields import Ticks, choice, number, words
from widgets.post_choice import PostChoice
from widgets.seat import SignInSheet
from widgets.sheet import Sheet

CTRL = Qt.KeyboardModifier.ControlModifier


class Asked:
    """A sheet with a field of each kind over the first page, and what it handed over."""

    def __init__(self, wall: Any, qtbot: Any) -> None:
        with qtbot.waitActive(wall):
            wall.activateWindow()
        post = PostChoice()
        post.fill(roster().sections)
        self.fields: dict[str, tuple[str, Any]] = {
            "title": ("名称", words()), "kind": ("种类", choice({1: "火灾", 2: "泄漏"})),
            "size": ("半径", number(900, 50, "m")), "post": ("岗位", post),
            "units": ("力量", Ticks({"a": "一", "b": "二"})),
        }  # fmt: skip
        self.done: list[Any] = []
        self.sheet = Sheet(wall.context.look, "转突发", "开设", self.fields, wall)
        wall.context.over(self.sheet.then(self.done.append))
        qtbot.waitUntil(lambda: self.fields["title"][1].hasFocus())


@pytest.fixture
def asked(make_wall: Any, qtbot: Any) -> Asked:
    return Asked(make_wall(), qtbot)


def enter(held: bool = False) -> None:
    """As the keyboard sends it, to where it is; `held`: it was down before."""
    there = QApplication.focusWidget()
    assert there is not None
    down = QKeyEvent(
        QEvent.Type.KeyPress, Qt.Key.Key_Return, Qt.KeyboardModifier.NoModifier, "\r", held
    )
    QApplication.sendEvent(there, down)


def test_enter_goes_from_field_to_field_and_at_last_presses_the_button(asked: Asked) -> None:
    for name, field in asked.fields.values():
        assert field.hasFocus(), name
        enter()
    assert asked.done == [] and asked.sheet.bar.button("Ctrl+Return").hasFocus()
    enter()
    assert len(asked.done) == 1


def test_an_enter_that_is_held_stops_where_it_is(asked: Asked) -> None:
    enter(held=True)
    assert asked.fields["title"][1].hasFocus()
    asked.sheet.bar.button("Ctrl+Return").setFocus()
    enter(held=True)
    assert asked.done == []


def test_ctrl_enter_does_it_from_any_field_and_enter_on_cancel_leaves(asked: Asked) -> None:
    asked.sheet.bar.button("Esc").setFocus()
    enter()
    assert asked.done == [] and not asked.sheet.isVisible()
    asked.sheet.show()
    for _, field in asked.fields.values():
        QTest.keyClick(field, Qt.Key.Key_Return, CTRL)
    assert len(asked.done) == len(asked.fields)


def test_who_signs_in_types_the_secret_last(make_wall: Any, world: Any, qtbot: Any) -> None:
    wall = make_wall()
    with qtbot.waitActive(wall):
        wall.activateWindow()
    wall.seat.open()
    opened = wall.findChild(SignInSheet)
    enter()
    enter()
    assert opened.bar.button("Ctrl+Return").hasFocus() and world.desk.here is None
