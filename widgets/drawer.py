"""A drawer over the page: shows a panel for which the window has no room, until Esc."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QCloseEvent, QKeyEvent, QPaintEvent
from PySide6.QtWidgets import QWidget

from widgets.base import Panel
from widgets.i18n import tr
from widgets.look import Look
from widgets.paper import RIGHT, Ink, Paper

WIDTH, MARGIN, FOOT = 560, 32, 48


class Drawer(QWidget):
    """Holds a panel of a page and gives it back when it closes; then `closed()` is called."""

    def __init__(
        self, panel: Panel, top: int, closed: Callable[[], object], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.panel, self._page, self._closed = panel, panel.parentWidget(), closed
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAccessibleName(panel.accessibleName())
        self.setFocusProxy(panel)
        self._settle(panel.look, top, parent)

    def _settle(self, look: Look, top: int, parent: QWidget) -> None:
        wide = min(look.px(WIDTH), parent.width())
        self.setGeometry(parent.width() - wide, top, wide, parent.height() - top)
        margin, foot = look.px(MARGIN), look.px(FOOT)
        self.panel.setParent(self)
        self.panel.setGeometry(margin, margin, wide - 2 * margin, self.height() - margin - foot)
        self.panel.show()

    def paintEvent(self, event: QPaintEvent) -> None:
        paper = Paper(self, self.panel.look)
        paper.fill(QRectF(0, 0, paper.width, paper.height), "bg")
        paper.line(0.5, 0, 0.5, paper.height, "ln2")
        paper.write(paper.width - MARGIN, paper.height - 16, tr("Esc 关闭"), Ink("age"), RIGHT)
        paper.end()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.panel.parentWidget() is self:  # else the page has found room for it
            self.panel.hide()
            self.panel.setParent(self._page)
        super().closeEvent(event)
        self._closed()
