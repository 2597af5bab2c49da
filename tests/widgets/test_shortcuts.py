"""The keys of a window."""

from __future__ import annotations

import gc
import weakref
from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtWidgets import QWidget

from widgets.base import Command
from widgets.shortcuts import Shortcuts


class Part:
    """Not of Qt, as most that have commands."""

    pressed = 0

    def press(self) -> None:
        self.pressed += 1


def references() -> int:
    gc.collect()
    return sum(type(one) is weakref.ReferenceType for one in gc.get_objects())


def test_keys_that_are_bound_anew_leave_nothing_and_work(qtbot: Any) -> None:
    """With each page that was opened some references stayed for ever."""
    window, part, held = QWidget(), Part(), []
    qtbot.addWidget(window)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    keys = Shortcuts(window)
    for _ in range(12):
        keys.bind([Command("F6", "按", part.press)])
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        held.append(references())
    assert held[-1] - held[1] < 5  # of ten; what tests before left may come and go meanwhile
    qtbot.keyClick(window, Qt.Key.Key_F6)
    assert part.pressed == 1
