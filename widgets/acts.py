"""A bar of acts: one button each with the letter that does the same; the first one is white."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from widgets.base import Command
from widgets.i18n import tr
from widgets.keys import key_name


class ActBar(QWidget):
    """Buttons for commands, which the wall binds to their keys; `allow` greys the others."""

    def __init__(self, commands: Sequence[Command], parent: QWidget) -> None:
        super().__init__(parent)
        self._buttons: dict[str, QPushButton] = {}
        self._names: dict[str, str] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for command in commands:
            row.addWidget(self._button(command))
        row.addStretch(1)
        self.wear()

    def wear(self) -> None:
        """Words anew, in the language of the interface."""
        for key, button in self._buttons.items():
            button.setText(f"{tr(self._names[key])}   {key_name(key)}")
            button.setAccessibleName(tr(self._names[key]))

    def allow(self, keys: Sequence[str]) -> None:
        """What can be done now; the first of it is the default act."""
        for key, button in self._buttons.items():
            button.setEnabled(key in keys)
            button.setDefault(key in keys[:1])

    def button(self, key: str) -> QPushButton:
        return self._buttons[key]

    def _button(self, command: Command) -> QPushButton:
        button = QPushButton(self)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(lambda: command.run())
        self._buttons[command.key], self._names[command.key] = button, command.name
        return button
