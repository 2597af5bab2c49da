"""What a theme's colours make of the ordinary controls."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QCheckBox, QWidget

from widgets import theme


@pytest.mark.parametrize("name", theme.names())
def test_a_ticked_box_shows_a_tick_and_not_only_another_colour(name: str, qtbot: Any) -> None:
    look, parent = theme.load(name), QWidget()
    qtbot.addWidget(parent)
    parent.setStyleSheet(look.qss())
    box = QCheckBox(parent)
    box.setChecked(True)
    box.resize(20, 20)
    image = box.grab().toImage()
    seen = [image.pixelColor(x, y) for x in range(2, 12) for y in range(5, 15)]
    filled, tick = QColor(look.colour("t1")), QColor(look.colour("bg"))
    assert seen.count(filled) > 40 and any(_near(one, tick) for one in seen)


def _near(one: QColor, other: QColor) -> bool:
    return abs(one.lightness() - other.lightness()) < 60
