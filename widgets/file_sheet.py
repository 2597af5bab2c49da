"""The files of one directive or incident, in a sheet over the page: Esc leaves it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeyEvent, QPaintEvent
from PySide6.QtWidgets import QWidget

from widgets.base import Context, Subject
from widgets.fields import dress
from widgets.files import HEAD, LINES, TALL, FileStrip
from widgets.own_keys import OwnKeys
from widgets.paper import Ink, Paper
from widgets.sheet import HEAD as TITLE
from widgets.sheet import MARGIN, WIDTH


class FileSheet(QWidget):
    """`title` says of what; a person adds, fetches and looks as on the card of an event."""

    def __init__(self, context: Context, title: str, of: Subject, parent: QWidget) -> None:
        super().__init__(parent)
        self._look, self._title = context.look, title
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAccessibleName(title)
        self.setAcceptDrops(True)
        self.strip = FileStrip(context, of.kind.__name__.lower(), lambda: None, self)
        px, tall = context.look.px, TITLE + HEAD + TALL + LINES + MARGIN
        self.setGeometry((parent.width() - px(WIDTH)) // 2, px(160), px(WIDTH), px(tall))
        self.strip.setGeometry(
            px(MARGIN), px(TITLE), px(WIDTH - 2 * MARGIN), px(HEAD + TALL + LINES)
        )
        dress(self, context.look, OwnKeys(self))
        self.setFocusProxy(self.strip)
        self.strip.wear()
        self.strip.show_files(of.id)
        self._timer = self.startTimer(1000)

    def timerEvent(self, event: object) -> None:
        self.strip.look_again()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        elif event.key() == Qt.Key.Key_F:
            self.strip.choose_file()
        elif (
            event.key() == Qt.Key.Key_V and event.modifiers() & Qt.KeyboardModifier.ControlModifier
        ):
            self.strip.paste()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        self.strip.dragEnterEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        self.strip.dropEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        paper = Paper(self, self._look)
        paper.face("bg")
        paper.write(MARGIN, 48, self._title, Ink("item"), room=paper.width - 2 * MARGIN)
        paper.end()
