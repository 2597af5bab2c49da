"""Half-typed text survives a crash: kept as it is typed, through a callable that main gives.

The callable must not wait; `Desk.keep` is one: it hands the text to the writer's thread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit

PAUSE_MS = 400
PREFIX = "draft/"


class Drafts(QObject):
    """All half-typed texts of one window, by key."""

    def __init__(
        self, keep: Callable[[str, str], object] | None = None,
        kept: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        """`keep(key, text)` stores one, an empty text drops it; `kept` are those of the last run,
        both with keys that begin with PREFIX."""
        super().__init__()
        self._keep = keep
        self._texts = dict(kept or {})
        self._waiting: set[str] = set()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE_MS)
        self._timer.timeout.connect(self.flush)

    def text(self, key: str) -> str:
        """What was half typed under a key."""
        return self._texts.get(PREFIX + key, "")

    def follow(self, field: QLineEdit | QPlainTextEdit, key: str) -> None:
        """Fill a field with its draft, and keep what is typed into it from now on."""
        if isinstance(field, QLineEdit):
            field.setText(self.text(key))
            field.textEdited.connect(lambda text: self.typed(key, text))
        else:
            field.setPlainText(self.text(key))
            field.textChanged.connect(lambda: self.typed(key, field.toPlainText()))

    def typed(self, key: str, text: str) -> None:
        """Remember a text; it is stored after a short pause in typing."""
        if text == self.text(key):
            return
        self._texts[PREFIX + key] = text
        self._waiting.add(PREFIX + key)
        self._timer.start()

    def done(self, key: str) -> None:
        """The text was used: forget it."""
        self.typed(key, "")
        self.flush()

    def flush(self) -> None:
        """Store what waits, now."""
        waiting, self._waiting = self._waiting, set()
        for key in sorted(waiting):
            if self._keep is not None:
                self._keep(key, self._texts.get(key, ""))
