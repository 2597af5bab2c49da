"""A machine whose clocks a test moves: the calendar, and the steady one that sleep stops."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from commandwall import clock

BEGAN = 1_795_500_000.0


class Machine:
    """Stands in for the module `time` in clock.py, the only place that asks for it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calendar, self.steady = BEGAN, 1_000.0
        asked = {name: getattr(time, name) for name in ("process_time", "thread_time", "sleep")}
        moved = {"time": lambda: self.calendar, "monotonic": lambda: self.steady}
        monkeypatch.setattr(clock, "time", SimpleNamespace(**asked, **moved))

    def run(self, seconds: float) -> None:
        self.calendar += seconds
        self.steady += seconds

    def sleep(self, seconds: float) -> None:
        """Suspended."""
        self.calendar += seconds

    def set(self, seconds: float) -> None:
        """Somebody sets its time, forward or back."""
        self.calendar += seconds
