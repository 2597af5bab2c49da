"""A bar of acts: one button each with the letter that does the same; the first one is white."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QPushButton,
    QStyle,
    QStyleOptionButton,
    QStylePainter,
    QWidget,
)

from widgets.base import Command
from widgets.i18n import tr
from widgets.keys import key_name
from widgets.text import tooltip

PAD, APART, IN_CAP = 0.7, 0.5, 0.3
"""Of a line's height: at the ends of a button, between word and cap, beside the letter in a cap."""
TIGHT = 0.3
"""The least share of the air in its buttons that a bar keeps; with less room caps go."""


class ActBar(QWidget):
    """Buttons for commands, which the wall binds to their keys; `allow` greys the others, or hides
    them where a bar is `spare`."""

    def __init__(self, commands: Sequence[Command], parent: QWidget, spare: bool = False) -> None:
        super().__init__(parent)
        self._spare = spare
        self._buttons: dict[str, KeyButton] = {}
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
            button.setText(tr(self._names[key]))
            button.setAccessibleName(tr(self._names[key]))
            button.updateGeometry()
        self._fit()

    def allow(self, keys: Sequence[str], why: Mapping[str, str] = {}) -> None:
        """What can be done now, and why the rest cannot; the first of it is the default act."""
        for key, button in self._buttons.items():
            button.setEnabled(key in keys)
            button.setDefault(key in keys[:1])
            button.setVisible(key in keys or key in why or not self._spare)
            tooltip(button, why.get(key, ""))
            button.setAccessibleDescription(why.get(key, ""))
        self._fit()

    def sizeHint(self) -> QSize:
        """What it would like, whatever it has now."""
        shown = self._shown()
        wide = sum(b.wide(1.0, True) + self._apart() for b in shown)
        return QSize(round(wide), max((b.sizeHint().height() for b in shown), default=0))

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit()

    def _shown(self) -> list[KeyButton]:
        return [b for b in self._buttons.values() if b.isVisibleTo(self)]

    def _apart(self) -> int:
        row = self.layout()
        return row.spacing() if row is not None else 0

    def _fit(self) -> None:
        """Give the buttons the air that there is: no word ever runs into its cap. What cannot be
        done now loses its cap first."""
        shown, air = self._shown(), 1.0
        room = self.width() - self._apart() * len(shown)
        for capped in (shown, [b for b in shown if b.isEnabled()], []):
            least, most = (sum(b.wide(air, b in capped) for b in shown) for air in (0.0, 1.0))
            air = min(1.0, (room - least) / max(1.0, most - least))
            if air >= TIGHT:
                break
        for button in shown:
            button.loosen(max(TIGHT, air), button in capped)

    def name(self, names: Mapping[str, str]) -> None:
        """Other Chinese names for some keys, as what they do depends on what is chosen."""
        if names.items() - self._names.items():
            self._names.update(names)
            self.wear()

    def button(self, key: str) -> QPushButton:
        return self._buttons[key]

    def _button(self, command: Command) -> QPushButton:
        button = KeyButton(command.key, self)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(lambda: command.run())
        self._buttons[command.key], self._names[command.key] = button, command.name
        return button


class KeyButton(QPushButton):
    """A button that shows its key in an outlined cap after its word."""

    def __init__(self, key: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._key, self._air, self._capped = key, 1.0, True

    def sizeHint(self) -> QSize:
        high = round(self.fontMetrics().height() * 1.75)
        return QSize(round(self.wide(self._air, self._capped)), high)

    def wide(self, air: float, capped: bool) -> float:
        """How wide it is with a share of its usual air, with or without its cap."""
        high = self.fontMetrics().height()
        words = self.fontMetrics().horizontalAdvance(self.text())
        cap = self._cap() + APART * high * air if capped else 0.0
        return words + cap + 2 * PAD * high * air

    def loosen(self, air: float, capped: bool) -> None:
        """Take that much air."""
        if (air, capped) != (self._air, self._capped):
            self._air, self._capped = air, capped
            self.updateGeometry()
            self.update()

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """A key that is held presses once: Enter may have been held since the field before."""
        if not event.isAutoRepeat():
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, option = QStylePainter(self), QStyleOptionButton()
        self.initStyleOption(option)
        option.text = ""
        painter.drawControl(QStyle.ControlElement.CE_PushButton, option)
        self._write(painter)
        painter.end()

    def _write(self, painter: QPainter) -> None:
        painter.setPen(self._ink())
        box, high, flags = QRectF(self.rect()), self.fontMetrics().height(), Qt.AlignmentFlag
        air = PAD * high * self._air
        painter.drawText(
            box.adjusted(air, 0, 0, 0), flags.AlignVCenter | flags.AlignLeft, self.text()
        )
        if not self._capped:
            return
        width, tall = self._cap(), high * 1.15
        cap = QRectF(box.right() - 0.7 * air - width, 0, width, tall)
        cap.moveCenter(QPointF(cap.center().x(), box.center().y()))
        painter.drawText(cap, flags.AlignCenter, key_name(self._key))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setOpacity(0.5)
        painter.drawRoundedRect(cap, 3, 3)

    def _ink(self) -> QColor:
        if not self.isEnabled():
            return self.palette().color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.ButtonText)
        role = QPalette.ColorRole.Base if self.isDefault() else QPalette.ColorRole.WindowText
        return self.palette().color(role)

    def _cap(self) -> float:
        high = self.fontMetrics().height()
        letters = self.fontMetrics().horizontalAdvance(key_name(self._key))
        return float(max(high * 1.15, letters + 2 * IN_CAP * high))
