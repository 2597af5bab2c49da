"""Settled: from when on the first picture stands. What a start does without waits for it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

LATEST_MS = 5_000
"""A city that does not come holds nothing back for longer."""


class Settled(QObject):
    """One for a window; it comes once."""

    _came = Signal()

    def __init__(self, latest_ms: int = LATEST_MS) -> None:
        super().__init__()
        self._here = False
        QTimer.singleShot(latest_ms, self, self.come)

    def then(self, work: Callable[[], None]) -> None:
        """Do it once the first picture stands: at once where it does."""
        if self._here:
            work()
        else:
            self._came.connect(work)

    def come(self) -> None:
        """The first picture stands, or nobody waits for it."""
        if not self._here:
            self._here = True
            self._came.emit()
