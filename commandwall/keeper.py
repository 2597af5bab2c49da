"""The keeper: the wall's watch over its agent.

Starts an agent unless one holds the lock of the data directory, and starts it again, with
back-off, when it has ended or when its pulse has been silent for five seconds.
"""

from __future__ import annotations

import logging
import subprocess
import sys
import threading

from commandwall import backoff, platform
from commandwall.beside import Beside
from commandwall.clock import SECOND, Clock, Ms
from commandwall.config import Settings
from commandwall.store import pulse, space

log = logging.getLogger(__name__)
AGENT_LOCK, WALL_LOCK = "agent.lock", "wall.lock"
"""Held by the agent of a data directory, and by every wall on it: an agent whose wall was killed
goes on for the next one."""
SILENT_MS, START_MS = 5 * SECOND, 60 * SECOND
"""How long a pulse may be silent, and how long an agent may take to its first beat: a busy machine
needs its time to load it."""
LOOK_S = 0.25
DRAWN_S = 3.0
"""How long the first agent waits for the picture at most, where there is one to draw already: both
at once would need the processors twice."""
SOUND_S = 10.0
"""An agent that lived this long did not fail at its start: the next one starts at once."""


class Keeper(Beside):
    """Keeps one agent alive for as long as the wall is; a patient one begins at `drawn`."""

    every_s, at_once = LOOK_S, True

    def __init__(self, settings: Settings, clock: Clock, patient: bool = False) -> None:
        super().__init__("keeper")
        self._first = threading.Event()
        if not patient:
            self._first.set()
        self._settings, self._clock = settings, clock
        self._child: subprocess.Popen[bytes] | None = None
        self._starts = 0
        self._began = 0.0
        self._looked = Ms(0)
        self._started_at = self._excused = Ms(0)
        """When it was started, and when its silence was last nothing to wonder at."""

    def run(self) -> None:
        with platform.lock(self._settings.data_dir / WALL_LOCK, wait=True, shared=True):
            self._first.wait(DRAWN_S)
            super().run()

    def drawn(self) -> None:
        """The city that was stored is on the screen."""
        self._first.set()

    def stop(self) -> None:
        """End the agent with the wall."""
        self._halt.set()
        self._first.set()
        super().stop()
        if self._child is not None:
            platform.end(self._child)

    def look(self) -> None:
        self._clock.follow(pulse.read(self._settings.data_dir).offset_s)
        if self._lives():
            return
        age = self._clock.monotonic() - self._began
        if age > SOUND_S:
            self._starts = 0
        if age >= backoff.pause(backoff.AGENT_S, self._starts):
            self._start()

    def _lives(self) -> bool:
        """Whether an agent runs and its pulse beats, or it may still be about to begin. On a full
        disk no pulse can be told, and another agent could do no more."""
        if self._child is None or self._child.poll() is not None:
            return platform.is_held(self._settings.data_dir / AGENT_LOCK)
        beat = pulse.read(self._settings.data_dir).agent_at
        limit, now = SILENT_MS if beat > self._started_at else START_MS, self._clock.now()
        # Whoever did not look himself, asleep or held, has heard nothing of it either.
        held, self._looked = abs(now - self._looked) > SILENT_MS, now
        if held or space.is_full(self._settings.data_dir):
            self._excused = now
        # Moments ahead are of a clock that was wrong then.
        told = (self._started_at, beat, self._excused)
        return now - max((at for at in told if at < now + SILENT_MS), default=0) < limit

    def _start(self) -> None:
        if self._child is not None:
            platform.end(self._child)
        if self._began:
            log.warning("the agent was gone; starting it again")
        self._starts += 1
        self._began, self._started_at = self._clock.monotonic(), self._clock.now()
        command = [sys.executable, "-m", "main", "agent"]
        self._child = platform.start_child(command, env=self._settings.environment())
