"""Focused controls keep the keys that work them; the letters of the page are for the rest."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
)

from layers.map import MapView

_PRESS = (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter)
_HELD = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier


class OwnKeys(QObject):
    """Installed on a control: a shortcut of the page never takes from it what it uses itself.

    Space on a button presses that button, letters in a combo box choose in it, Enter in a line of
    text is at most for that line.
    """

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        asked = event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent)
        if asked and uses(watched, event):  # type: ignore[arg-type]
            event.accept()
            return True
        return False


def uses(control: QObject, event: QKeyEvent) -> bool:
    """Whether a control has a meaning of its own for a key."""
    if event.modifiers() & _HELD:
        return False
    if isinstance(control, QAbstractButton):
        return event.key() in _PRESS
    if isinstance(control, QLineEdit | QAbstractSpinBox):
        return event.key() in _PRESS[1:]
    if isinstance(control, MapView):
        return control.chosen[0] == "area" and event.key() in _PRESS[1:]
    if isinstance(control, QComboBox | QAbstractItemView):
        return bool(event.text().strip()) or event.key() in _PRESS
    return False
