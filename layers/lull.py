"""A lull: a moment for work on the screen's thread in which no frame of the map has to wait.

While a person moves the map a frame is due at every beat of the screen. Work that begins just
before one holds it up, though it be short; begun right after a frame it has the whole beat.
"""

from __future__ import annotations

from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer, Signal

AFTER_MS = 2
"""From a step of the map until its frame is painted."""
STEP_MS = 40
"""A map that took no step for so long stands still."""


class Lull(QObject):
    """`came` once after `want`: soon, or right behind the next frame of a map that moves."""

    came = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._since = QElapsedTimer()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)  # a coarse one comes too early too
        self._timer.timeout.connect(self._come)
        self._near = False  # a step was taken: nothing more puts it off, however fast steps come

    def want(self, pause_ms: int) -> None:
        """Wait for a lull: so long where the map stands still."""
        if not (self._near and self._timer.isActive()):
            self._timer.start(STEP_MS if self.moving else pause_ms)

    @property
    def moving(self) -> bool:
        """Whether the map is being moved."""
        return self._since.isValid() and self._since.elapsed() < STEP_MS

    def moved(self) -> None:
        """The map took a step and paints its frame next."""
        self._since.start()
        if self._timer.isActive() and not self._near:
            self._near = True
            self._timer.start(AFTER_MS)

    def _come(self) -> None:
        self._near = False
        self.came.emit()

    def isActive(self) -> bool:
        return self._timer.isActive()

    def stop(self) -> None:
        self._near = False
        self._timer.stop()
