"""The real wall with its real agent, pool server and player, on a data directory of this run."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil
from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QObject, Qt, QTimer

import main
from commandwall.clock import Clock
from commandwall.config import Settings
from commandwall.picture import Changes
from widgets import startup
from widgets.wall import Wall

WAIT_S = 120.0


@contextmanager
def living_wall(width: int, height: int) -> Iterator[Wall]:
    """The wall of the small demo city in a window of that size, whose city is drawn."""
    startup.application(offscreen=True)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as parts:
        wall = main.build(Settings(data_dir=Path(folder), demo=True, log_level="WARNING"), parts)
        parts.callback(wall.hide)
        wall.resize(width, height)
        wall.show()
        until(wall.is_drawn)
        yield wall


def until(ready: Callable[[], bool], limit_s: float = WAIT_S) -> None:
    """Let the window live until something holds. Raises TimeoutError."""
    clock, loop = Clock(), QEventLoop()
    timer, end = QTimer(), Clock().monotonic() + limit_s
    timer.timeout.connect(lambda: loop.quit() if ready() or clock.monotonic() > end else None)
    timer.start(10)
    loop.exec()
    if not ready():
        raise TimeoutError(f"not ready after {limit_s:.0f} s")


def drive(step: Callable[[float], None], seconds: float) -> list[float]:
    """Call `step(elapsed)` by a clock of 60 Hz; the milliseconds between its beats."""
    clock, loop, timer, beats = Clock(), QEventLoop(), QTimer(), list[float]()

    def beat() -> None:
        beats.append(clock.monotonic())
        step(beats[-1] - beats[0])
        if beats[-1] - beats[0] > seconds:
            timer.stop()
            loop.quit()

    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(beat)
    timer.start(16)
    loop.exec()
    return [(b - a) * 1000 for a, b in pairwise(beats)]


class Arrivals(QObject):
    """Counts what arrives in the picture: ticks, and readings that are new."""

    def __init__(self, wall: Wall) -> None:
        super().__init__()
        self._picture, self._at = wall.picture, wall.picture.sensors.at
        self.ticks = self.readings = 0
        crossing: Any = wall.crossing
        crossing.shown.connect(self._count)

    def _count(self, changes: Changes) -> None:
        self.ticks += 1
        now = self._picture.sensors.at
        if changes.readings is not None and len(now) == len(self._at):
            self.readings += int((now != self._at).sum())
        self._at = now


def family() -> list[psutil.Process]:
    """The programs that this one started."""
    return psutil.Process(os.getpid()).children(recursive=True)


def forget(widget: QObject) -> None:
    """Delete a window now."""
    widget.deleteLater()
    QCoreApplication.sendPostedEvents(widget, QEvent.Type.DeferredDelete.value)
