"""A sheet of fields over the page: asks for what an act needs, does it, or is left with Esc."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QFormLayout, QVBoxLayout, QWidget

from widgets.acts import ActBar
from widgets.base import Command
from widgets.courier import Courier
from widgets.fields import Field, changed, dress, value
from widgets.look import Look
from widgets.own_keys import OwnKeys
from widgets.paper import Ink, Paper
from widgets.text import ParagraphLabel, PlainLabel

WIDTH, MARGIN, HEAD = 720, 24, 72
OWN = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape)
Answers = dict[str, Any]


def later(
    shown: Callable[[], QWidget | None], show: Callable[[QWidget], None]
) -> Callable[[QWidget], None]:
    """For a sheet that is asked for now and comes when something was read: `show`, unless another
    one than is `shown` now was opened meanwhile, in which a person may be typing."""
    before = shown()

    def when_read(sheet: QWidget) -> None:
        if shown() in (None, before):
            show(sheet)
        else:
            sheet.deleteLater()

    return when_read


class Sheet(QWidget):
    """`done(answers)` is called with the value of each field by its key.

    Ctrl Enter asks for it, as its button says; Enter alone goes to the next field and at last to
    that button, so that a stray one does nothing. Where `done` answers with what the desk is asked,
    the sheet goes once that is on disk: what was typed outlives a refusal.
    """

    beside = 0
    """Design pixels kept free at the right of the fields, for what helps to fill them."""
    waits = False
    """Whether the desk is asked already: what is pressed twice is asked once."""

    def __init__(
        self, look: Look, title: str, act: str, fields: Mapping[str, tuple[str, Field]],
        parent: QWidget,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._look, self._title, self._fields = look, title, fields
        self._done: Callable[[Answers], object] = lambda answers: None
        self._courier = Courier(self, self._refused)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAccessibleName(title)
        if look.px(WIDTH + self.beside) > parent.width():
            self.beside = 0
        self._lay_out(act)
        self._settle(parent)
        first = next(iter(fields.values()), None)
        if first is not None:
            self.setFocusProxy(first[1])
        else:  # it has the keyboard itself: a stray Enter goes to the button and does nothing yet
            self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def then(self, done: Callable[[Answers], object]) -> Sheet:
        self._done = done
        return self

    def telling(self, tell: Callable[[Answers], str]) -> Sheet:
        """A line under the fields that follows what they hold."""
        self._told.show()
        for _, field in self._fields.values():
            changed(field).connect(lambda *_: self._tell(tell(self._answers())))
        self._tell(tell(self._answers()))
        return self

    def _tell(self, line: str) -> None:
        """Write the line under the fields; the sheet grows to hold all of it."""
        self._told.setText(line)
        if (parent := self.parentWidget()) is not None:
            self._settle(parent)

    def _settle(self, parent: QWidget) -> None:
        look, whole = self._look, self._look.px(WIDTH + self.beside)
        left = (parent.width() - whole) // 2
        self.adjustSize()
        column, wide = self.layout(), whole
        assert column is not None
        tall = max(self.sizeHint().height(), column.totalHeightForWidth(wide))
        tall = min(tall, parent.height())
        top = max(0, min(look.px(160), (parent.height() - tall) // 2))
        self.setGeometry(left, top, whole, tall)

    def _lay_out(self, act: str) -> None:
        px = self._look.px
        column, form = QVBoxLayout(self), QFormLayout()
        column.setContentsMargins(px(MARGIN), px(HEAD), px(MARGIN + self.beside), px(MARGIN))
        column.setSpacing(px(20))
        form.setVerticalSpacing(px(12))
        form.setHorizontalSpacing(px(20))
        for name, field in self._fields.values():
            label = PlainLabel(name)
            field.setAccessibleName(name)
            form.addRow(label, field)
        column.addLayout(form)  # before the buttons are made, which the keyboard reaches last
        commands = [Command("Ctrl+Return", act, self._press), Command("Esc", "取消", self.close)]
        self.bar = ActBar(commands, self)
        self.bar.allow([command.key for command in commands])
        self._told = ParagraphLabel()
        self._told.hide()
        column.addWidget(self._told)
        column.addWidget(self.bar)
        dress(self, self._look, OwnKeys(self))

    def _press(self) -> None:
        if not self.waits:
            self.accept()

    def accept(self) -> None:
        """Hand over what the fields hold, and go, at once where nothing is asked of the desk."""
        asked = self._done(self._answers())
        if isinstance(asked, Future):
            self.waits = True
            self._courier.follow(asked, lambda done: self.close())
        else:
            self.close()

    def _refused(self, why: str) -> None:
        """Nothing was done: say why over what was typed."""
        self.waits = False
        self._told.show()
        self._tell(why)

    def say(self, words: str) -> None:
        """Another title: what is being done, or why it was not."""
        self._title = words
        self.setAccessibleName(words)
        self.update()

    def _answers(self) -> Answers:
        return {key: value(field) for key, (_, field) in self._fields.items()}

    def event(self, event: QEvent) -> bool:
        """Its keys are its own, also where the page below has an act for them."""
        asked = event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent)
        if asked and event.key() in OWN:  # type: ignore[attr-defined]
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        elif event.key() in OWN and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._press()
        elif event.key() in OWN and not event.isAutoRepeat():
            self._go_on()

    def _go_on(self) -> None:
        """Press the button that has the keyboard; from a field go to the next one."""
        here = self.focusWidget()
        if isinstance(here, QAbstractButton) and here.hasFocus():
            here.click()
        else:
            self.focusNextChild()

    def paintEvent(self, event: QPaintEvent) -> None:
        paper = Paper(self, self._look)
        paper.face("p")
        paper.write(MARGIN, 48, self._title, Ink("item"), room=paper.width - 2 * MARGIN)
        paper.end()
