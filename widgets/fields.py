"""Fields for what a person types or chooses, in the type and space of a look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractScrollArea,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QSpinBox,
    QWidget,
)

from widgets.look import Look
from widgets.own_keys import OwnKeys
from widgets.text import plain


class Ticks(QListWidget):
    """Lines that are ticked one by one: Space ticks the one it stands on and goes to the next."""

    valueChanged = Signal()
    LINES = 8

    def __init__(self, lines: Mapping[str, str]) -> None:
        super().__init__()
        self.setWordWrap(True)
        for key, told in lines.items():
            item = QListWidgetItem(told, self)
            item.setData(Qt.ItemDataRole.UserRole, key)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Unchecked)
        self.setCurrentRow(0)
        self.itemChanged.connect(self._go_on)

    def value(self) -> list[str]:
        """The keys of what is ticked."""
        items = [self.item(i) for i in range(self.count())]
        ticked = (item for item in items if item.checkState() == Qt.CheckState.Checked)
        return [str(item.data(Qt.ItemDataRole.UserRole)) for item in ticked]

    def tick(self, keys: Sequence[str]) -> None:
        """Tick those of these that it has, and stand on the first that is left."""
        items = [self.item(i) for i in range(self.count())]
        for item in items:
            if item.data(Qt.ItemDataRole.UserRole) in keys:
                item.setCheckState(Qt.CheckState.Checked)
        left = (i for i in items if i.checkState() != Qt.CheckState.Checked)
        self.setCurrentRow(self.row(next(left, items[-1])) if items else -1)

    def sizeHint(self) -> QSize:
        row = self.fontMetrics().height() * 1.5
        return QSize(super().sizeHint().width(), round(row * min(max(1, self.count()), self.LINES)))

    def _go_on(self, item: QListWidgetItem) -> None:
        if item.checkState() == Qt.CheckState.Checked:
            self.setCurrentRow(min(self.row(item) + 1, self.count() - 1))
        self.valueChanged.emit()


class Lines(QPlainTextEdit):
    """A text of several lines: Enter begins the next one, Tab leaves it."""

    HIGH = 4

    def __init__(self, shown: str = "") -> None:
        super().__init__(shown)
        self.setTabChangesFocus(True)

    def text(self) -> str:
        return self.toPlainText()

    def setText(self, shown: str) -> None:
        self.setPlainText(shown)

    def sizeHint(self) -> QSize:
        row = self.fontMetrics().lineSpacing()
        return QSize(super().sizeHint().width(), row * self.HIGH + 2 * SIDE)


Field = QLineEdit | QComboBox | QSpinBox | Ticks | Lines
BUILT = QAbstractScrollArea, QAbstractSpinBox, QComboBox
"""What Qt builds of other widgets."""
SPACE, SIDE = 5, 10
"""Design pixels between a field's border and its text."""


def words(text: str = "", limit: int = 200) -> QLineEdit:
    """A field for a line of text; what stands in it at first may come from outside."""
    field = QLineEdit()
    field.setMaxLength(limit)
    field.setText(plain(text, limit))
    return field


def choice(rows: Mapping[Any, str]) -> QComboBox:
    """A field for one of several values, each with what is shown for it."""
    field = QComboBox()
    for value, shown in rows.items():
        field.addItem(shown, value)
    return field


def number(most: int, step: int, unit: str) -> QSpinBox:
    """A field for a whole number from 0."""
    field = QSpinBox()
    field.setRange(0, most)
    field.setSingleStep(step)
    field.setSuffix(f" {unit}")
    return field


def value(field: Field) -> Any:
    """What a field holds."""
    if isinstance(field, QLineEdit | Lines):
        return field.text().strip()
    return field.currentData() if isinstance(field, QComboBox) else field.value()


def changed(field: Field) -> Any:
    """The signal of a field that holds something else now."""
    if isinstance(field, QLineEdit | Lines):
        return field.textChanged
    return field.currentIndexChanged if isinstance(field, QComboBox) else field.valueChanged


def dress(parent: QWidget, look: Look, keys: OwnKeys) -> None:
    """Let the fields and buttons of a part write in its type, and keep the keys that work them."""
    px, font, children = look.px, look.font("label"), parts(parent)
    if any(isinstance(child, QLineEdit | QComboBox) for child in children):
        # A sheet knows pixels only, not the scale of a wall.
        sheet = f"QLineEdit, QComboBox, QSpinBox {{ padding: {px(SPACE)}px {px(SIDE)}px; }}"
        sheet += "QSpinBox QLineEdit { border: 0; padding: 0; }"  # the one inside has no frame
        if parent.styleSheet() != sheet:
            parent.setStyleSheet(sheet)
    for child in children:
        child.installEventFilter(keys)
        if child.font() != font:
            child.setFont(font)
        if isinstance(child, QSpinBox):
            child.lineEdit().setTextMargins(px(SIDE), 0, 0, 0)


def parts(parent: QWidget) -> list[QWidget]:
    """The widgets in a part that somebody put there, and not what Qt builds those of: PySide keeps
    what it once knew of these (viewports, scroll bars) after they are gone."""
    found: list[QWidget] = []
    for child in parent.children():
        if isinstance(child, QWidget):
            found.append(child)
            found += [] if isinstance(child, BUILT) else parts(child)
    return found
