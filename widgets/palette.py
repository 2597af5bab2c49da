"""The palette, Ctrl K: every command by its name."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from widgets.base import Command
from widgets.i18n import tr
from widgets.keys import key_name
from widgets.look import Look
from widgets.paper import Paper
from widgets.text import plain

WIDTH, HEIGHT = 640, 520


class Palette(QWidget):
    """A field and the commands whose names hold what is typed; Enter does the chosen one."""

    def __init__(self, look: Look, commands: Sequence[Command], parent: QWidget) -> None:
        super().__init__(parent)
        self._look, self._commands = look, list(commands)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAccessibleName(tr("命令"))
        self.field, self.list = QLineEdit(self), QListWidget(self)
        self._dress()
        width, height = look.px(WIDTH), look.px(HEIGHT)
        self.setGeometry((parent.width() - width) // 2, look.px(120), width, height)
        self.field.textChanged.connect(self._filter)
        self.field.returnPressed.connect(self._run)
        self.field.installEventFilter(self)
        self.list.itemActivated.connect(lambda item: self._run())
        self.setFocusProxy(self.field)
        self._filter("")

    def _dress(self) -> None:
        margin = self._look.px(16)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(margin, margin, margin, margin)
        layout.addWidget(self.field)
        layout.addWidget(self.list)
        for part, name in ((self.field, tr("找命令")), (self.list, tr("命令"))):
            part.setFont(self._look.font("body"))
            part.setAccessibleName(name)
        self.field.setPlaceholderText(tr("找命令"))

    def _filter(self, typed: str) -> None:
        self.list.clear()
        wanted = typed.strip().casefold()
        for command in self._commands:
            if wanted in command.name.casefold():
                key = f"    {key_name(command.key)}" if command.key else ""
                item = QListWidgetItem(plain(command.name) + key)
                item.setData(Qt.ItemDataRole.UserRole, command)
                self.list.addItem(item)
        self.list.setCurrentRow(0)

    def showEvent(self, event: QShowEvent) -> None:
        """No lower edge cuts a row in two."""
        layout, row = self.layout(), self.list.sizeHintForRow(0)
        if layout is not None and row > 0:
            layout.activate()
            self.resize(self.width(), self.height() - self.list.viewport().height() % row)
        super().showEvent(event)

    def _run(self) -> None:
        item = self.list.currentItem()
        self.close()
        if item is not None:
            item.data(Qt.ItemDataRole.UserRole).run()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
            if step is not None:
                row = min(max(0, self.list.currentRow() + step), self.list.count() - 1)
                self.list.setCurrentRow(row)
                return True
            if event.key() == Qt.Key.Key_Escape:
                self.close()
                return True
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        paper = Paper(self, self._look)
        paper.face("p")
        paper.end()
