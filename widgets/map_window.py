"""The map in a window of its own, for a second screen: the same board, another view."""

from __future__ import annotations

import logging
from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QVBoxLayout, QWidget

from layers.map import MapView
from widgets import standing

log = logging.getLogger(__name__)
SIZE = (1280, 800)


class MapWindow(QWidget):
    """Moves by itself; what is shown, chosen and coloured is that of the wall. `closed`: gone."""

    closed = Signal()

    def __init__(self, beside: MapView, picked: Callable[[str, str], object]) -> None:
        super().__init__()
        self.home = ""
        """The screen that it was asked to fill."""
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.view = MapView(beside=beside, parent=self)
        self.view.picked.connect(beside.select)
        self.view.picked.connect(picked)
        beside.chose.connect(self.view.select)
        room = QVBoxLayout(self)
        room.setContentsMargins(0, 0, 0, 0)
        room.setSizeConstraint(QVBoxLayout.SizeConstraint.SetNoConstraint)
        room.addWidget(self.view)
        for key, act in (("F11", self.toggle_full_screen), ("Esc", self.close)):
            QShortcut(QKeySequence(key), self).activated.connect(act)
        self.resize(*SIZE)

    def place(self, screen: str) -> bool:
        """Fill a screen of that name; False where there is none."""
        self.home = screen
        if not standing.fill(self, screen):
            log.warning("there is no screen %s for a map", screen)
            return False
        return True

    def toggle_full_screen(self) -> None:
        if self.isFullScreen():
            self.showNormal()
        else:
            self.showFullScreen()

    def closeEvent(self, event: QCloseEvent) -> None:
        self.view.shut()
        self.closed.emit()
        super().closeEvent(event)
