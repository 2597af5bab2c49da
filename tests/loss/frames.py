"""The frame clock: how long a program's screen thread lets each frame wait.

`python tests/loss/frames.py` is a program that does nothing but keep such a clock: it begins at
once and tells its waits as one JSON list once its stdin is closed. Beside a wall it shows what of
the wall's waits is the machine's.
"""

from __future__ import annotations

import json
import sys
import time

from PySide6.QtCore import QCoreApplication, QObject, QSocketNotifier, Qt, QTimer

FRAME_MS = 16


class Frames(QTimer):
    """The frame clock: how long the screen's thread let each frame wait, in ms, once asked."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.setTimerType(Qt.TimerType.PreciseTimer)
        self.timeout.connect(self._frame)
        self._gaps: list[float] = []
        self._last = 0.0

    def take(self) -> list[float]:
        """Those since the last call; begins to count with the first."""
        gaps, self._gaps, self._last = self._gaps, [], time.perf_counter()
        self.start(FRAME_MS)
        return gaps

    def _frame(self) -> None:
        now = time.perf_counter()
        self._gaps.append(1000 * (now - self._last))
        self._last = now


def main() -> None:
    app = QCoreApplication([])
    clock = Frames(app)
    clock.take()
    ended = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read, app)
    ended.activated.connect(app.quit)
    app.exec()
    print(json.dumps(clock.take()))


if __name__ == "__main__":
    main()
