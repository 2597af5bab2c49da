"""Trend: the place of a chart in a panel, before it is drawn and after."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from widgets.chart import Day
from widgets.look import Look
from widgets.settled import Settled

if TYPE_CHECKING:
    from widgets.plot import Plot


class Trend(QWidget):
    """Where one trend stands. Its plot comes with the first day that is shown, and not before
    `settled`: it brings a library, and no first picture needs it."""

    def __init__(self, look: Look, settled: Settled, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.look, self._settled = look, settled
        self._day: Day | None = None
        self.plot: Plot | None = None

    def wear(self, look: Look) -> None:
        """Take the colours and sizes of a look."""
        self.look = look
        if self.plot is not None:
            self.plot.wear(look)

    def show_day(self, day: Day) -> None:
        """Take another day."""
        first, self._day = self._day is None, day
        if self.plot is not None:
            self.plot.show_day(day)
        elif first:
            self._settled.then(self._make)

    def resizeEvent(self, event: QResizeEvent) -> None:
        if self.plot is not None:
            self.plot.resize(self.size())

    def _make(self) -> None:
        from widgets.plot import Plot  # brings pyqtgraph: a quarter of a second

        assert self._day is not None
        self.plot = Plot(self.look, self)
        self.plot.resize(self.size())
        self.plot.show_day(self._day)
        self.plot.show()
