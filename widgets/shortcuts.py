"""The keys of one window."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from widgets.base import Command


class Shortcuts:
    """Binds commands to their keys: of several with one key the first has it."""

    def __init__(self, window: QWidget) -> None:
        self._window, self._bound = window, list[QShortcut]()

    def bind(self, commands: Iterable[Command]) -> None:
        """These from now on, and no others."""
        for shortcut in self._bound:
            shortcut.setEnabled(False)
            shortcut.deleteLater()
        first = {c.key: c for c in reversed(list(commands)) if c.key}
        self._bound = [self._shortcut(command) for command in first.values()]

    def _shortcut(self, command: Command) -> QShortcut:
        shortcut = QShortcut(QKeySequence(command.key), self._window)
        # PySide never lets go of what it notes of a method of an object that is not Qt's.
        shortcut.activated.connect(lambda: command.run())
        return shortcut
