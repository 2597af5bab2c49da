"""Half-typed text survives a crash: kept as it is typed, through the callables of the desk.

Neither callable waits: both hand their work to the desk's threads.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit

from widgets.courier import Courier

PAUSE_MS = 400
PREFIX = "draft/"
Keep = Callable[[str, str], object]
Ask = Callable[[Callable[..., str]], "Future[Any]"]
Field = QLineEdit | QPlainTextEdit


class Drafts(QObject):
    """All half-typed texts of one window, by key."""

    def __init__(self, keep: Keep, ask: Ask, parent: QObject | None = None) -> None:
        """`keep(key, text)` stores a setting, `ask(query)` reads one: those of the desk."""
        super().__init__(parent)
        self._keep, self._ask = keep, ask
        self._texts: dict[str, str] = {}
        self._of: dict[Field, str] = {}
        self._waiting: set[str] = set()
        self._courier = Courier(self, lambda why: None)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE_MS)
        self._timer.timeout.connect(self.flush)

    def follow(self, field: Field, key: str) -> None:
        """From now on the field is that of `key`: it shows its draft, and keeps what is typed.

        What was typed for the key before stays that key's draft.
        """
        if field not in self._of:
            field.textChanged.connect(lambda *_: self._typed(self._of[field], _text(field)))
        self._of[field] = key
        _put(field, self._texts.get(key, ""))
        kept = self._ask(lambda reader: reader.setting(PREFIX + key))
        self._courier.follow(kept, lambda text: self._fill(field, key, text))

    def done(self, key: str) -> None:
        """The text was used: forget it."""
        self._typed(key, "")
        self.flush()

    def used(self, key: str, text: str) -> None:
        """An act with this text is on disk: empty its fields. What was typed since then stays."""
        if self._texts.get(key, "") != text:
            return
        for field in [field for field, its in self._of.items() if its == key]:
            _put(field, "")
        self.done(key)

    def flush(self) -> None:
        """Store what waits, now."""
        waiting, self._waiting = self._waiting, set()
        for key in sorted(waiting):
            self._keep(PREFIX + key, self._texts[key])

    def _fill(self, field: Field, key: str, text: str) -> None:
        if not text or key in self._texts or self._of[field] != key:
            return  # typed since, or the field is another's by now
        self._texts[key] = text  # it is on disk already
        _put(field, text)

    def _typed(self, key: str, text: str) -> None:
        if text == self._texts.get(key, ""):
            return
        self._texts[key] = text
        self._waiting.add(key)
        self._timer.start()


def _text(field: Field) -> str:
    return field.text() if isinstance(field, QLineEdit) else field.toPlainText()


def _put(field: Field, text: str) -> None:
    if isinstance(field, QLineEdit):
        field.setText(text)
    else:
        field.setPlainText(text)
