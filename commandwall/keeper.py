"""The keeper: the wall's watch over its agent.

Starts an agent unless one holds the lock of the data directory, and starts it again, with
back-off, when its pulse has been silent for five seconds.
"""

from __future__ import annotations

import logging
import subprocess
import sys
import threading

from commandwall import platform
from commandwall.clock import SECOND, Clock
from commandwall.config import Settings
from commandwall.store import pulse

log = logging.getLogger(__name__)
SILENT_MS = 5 * SECOND
LOOK_S = 0.5
BACK_OFF_S = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)


class Keeper(threading.Thread):
    """Keeps one agent alive for as long as the wall is."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        super().__init__(name="keeper", daemon=True)
        self._settings, self._clock = settings, clock
        self._halt = threading.Event()
        self._child: subprocess.Popen[bytes] | None = None
        self._starts = 0
        self._began = 0.0

    def run(self) -> None:
        while not self._halt.is_set():
            self._look()
            self._halt.wait(LOOK_S)

    def stop(self) -> None:
        """End the agent with the wall."""
        self._halt.set()
        if self.is_alive():
            self.join()
        if self._child is not None:
            platform.end(self._child)

    def _look(self) -> None:
        now = self._clock.now()
        if now - pulse.read(self._settings.data_dir).agent_at < SILENT_MS:
            if self._clock.monotonic() - self._began > BACK_OFF_S[-1]:
                self._starts = 0
            return
        pause = BACK_OFF_S[min(self._starts, len(BACK_OFF_S) - 1)]
        if self._starts and self._clock.monotonic() - self._began < SILENT_MS / 1000 + pause:
            return
        self._start()

    def _start(self) -> None:
        if self._child is not None:
            platform.end(self._child)
        self._starts += 1
        self._began = self._clock.monotonic()
        if self._starts > 1:
            log.warning("the agent was silent; start %d", self._starts)
        command = [sys.executable, "-m", "main", "agent"]
        self._child = platform.start_child(command, env=self._settings.environment())
