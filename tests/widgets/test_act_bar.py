"""A bar of acts keeps its words readable, however little room there is."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtWidgets import QWidget

from widgets.acts import ActBar
from widgets.base import Command

KEYS = {"Ctrl+Return": "下达", "X": "取消", "G": "执行", "Shift+A": "预计", "Ctrl+S": "存草稿"}


@pytest.fixture
def page(qtbot: Any) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    return made


def bar(page: QWidget, share: float) -> ActBar:
    """One with that share of the room that it would like."""
    made = ActBar([Command(key, name, lambda: None) for key, name in KEYS.items()], page)
    made.allow(list(KEYS))
    page.show()
    made.resize(int(made.sizeHint().width() * share), 44)
    return made


@pytest.mark.parametrize("share", [1.2, 1.0, 0.8, 0.6])
def test_no_word_of_a_button_runs_into_its_key(page: QWidget, share: float) -> None:
    made = bar(page, share)
    made.layout().activate()
    buttons = [made.button(key) for key in KEYS]
    for button in buttons:
        assert button.width() >= button.wide(0.0, button._capped), button.text()
    assert max(b.geometry().right() for b in buttons) < made.width()


def test_with_room_the_keys_come_back(page: QWidget) -> None:
    made = bar(page, 0.6)
    assert not made.button("X")._capped
    made.resize(2000, 44)
    assert made.button("X")._capped


def test_what_can_be_done_keeps_its_key_the_longest(page: QWidget) -> None:
    made = bar(page, 0.75)
    made.allow(["Ctrl+Return"])
    assert made.button("Ctrl+Return")._capped and not made.button("X")._capped
