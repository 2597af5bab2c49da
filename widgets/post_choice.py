"""A field for one post of the roster: grouped by section, found by typing any part of its name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QComboBox, QCompleter, QLineEdit, QWidget

from commandwall.posts import Section
from widgets.i18n import language, named

SHOWN = 24
"""Rows of the list that is opened."""


class PostChoice(QComboBox):
    """Holds the id of a post. Names of sections stand between the posts and cannot be chosen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setEditable(True)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.setMaxVisibleItems(SHOWN)
        self._rows = QStandardItemModel(self)
        self.setModel(self._rows)
        self._typed = QLineEdit(self)
        self.setLineEdit(self._typed)
        completer = QCompleter(self._rows, self)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.setCompleter(completer)
        self._typed.editingFinished.connect(self._settle)
        self._typed.installEventFilter(self)

    def fill(self, sections: Iterable[Section], none: str = "", chosen: str | None = None) -> None:
        """The posts of these sections; `none`: what stands first for no post. What is chosen
        stays."""
        kept = self.currentData() if chosen is None else chosen
        self._rows.clear()
        if none:
            self.addItem(none, "")
        for section in sections:
            head = QStandardItem(section.code.name(language()))
            head.setFlags(Qt.ItemFlag.NoItemFlags)
            self._rows.appendRow(head)
            for post in section.posts:
                self.addItem(named("post", post.id, "full"), post.id)
        first = next((i for i in range(self.count()) if self.itemData(i) is not None), 0)
        found = self.findData(kept) if kept is not None else -1
        self.setCurrentIndex(found if found >= 0 else first)
        self._typed.setCursorPosition(0)

    def currentData(self, role: int = Qt.ItemDataRole.UserRole) -> Any:
        """The post, by what is typed where somebody types still."""
        if self._typed.hasFocus():
            self._settle()
        return super().currentData(role)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Who comes here types anew; what is chosen stays until something is found."""
        if event.type() == QEvent.Type.FocusIn:
            QTimer.singleShot(0, self._typed, self._typed.selectAll)
        return super().eventFilter(watched, event)

    def _settle(self) -> None:
        """The first post in whose name the typed words stand; what was chosen where none does."""
        typed = self._typed.text().strip().casefold()
        posts = [i for i in range(self.count()) if self.itemData(i) is not None]
        if typed != self.itemText(self.currentIndex()).casefold():
            fits = (i for i in posts if typed and typed in self.itemText(i).casefold())
            self.setCurrentIndex(next(fits, self.currentIndex()))
        self.setEditText(self.itemText(self.currentIndex()))
        self._typed.setCursorPosition(0)
