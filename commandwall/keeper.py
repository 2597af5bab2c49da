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
from commandwall.store import disk, pulse, space

log = logging.getLogger(__name__)
AGENT_LOCK, WALL_LOCK = "agent.lock", "wall.lock"
"""Held by the agent of a data directory, and by every wall on it: an agent whose wall was killed
goes on for the next one."""
SILENT_MS, START_MS = 5 * SECOND, 60 * SECOND
"""How long a pulse may be silent, and how long an agent may take to its first beat: a busy machine
needs its time to load it."""
DOUBT_MS = 2 * SECOND
"""Silence after which it is asked whether the disk takes a pulse at all."""
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
        self._clock.follow(self._pulse().offset_s)
        if self._lives():
            return
        age = self._clock.monotonic() - self._began
        if age > SOUND_S:
            self._starts = 0
        if age >= backoff.pause(backoff.AGENT_S, self._starts):
            self._start()

    def _lives(self) -> bool:
        """Whether an agent runs and its pulse beats, or it may still be about to begin. On a disk
        that is full or fails no pulse can be told, and another agent could do no more."""
        if self._child is None or self._child.poll() is not None:
            return platform.is_held(self._settings.data_dir / AGENT_LOCK)
        folder, now = self._settings.data_dir, self._clock.now()
        beat = self._pulse().agent_at
        begun = beat > self._started_at
        # Moments ahead are of a clock that was wrong then.
        told = max((at for at in (self._started_at, beat) if at < now + SILENT_MS), default=0)
        doubt = begun and now - told > DOUBT_MS
        # Whoever did not look himself, asleep or held, has heard nothing of it either.
        held, self._looked = abs(now - self._looked) > SILENT_MS, now
        if held or space.is_full(folder) or (doubt and disk.refusal(folder)):
            self._excused = now
        excused = self._excused if self._excused < now + SILENT_MS else 0
        return now - max(told, excused) < (SILENT_MS if begun else START_MS)

    def _pulse(self) -> pulse.Sync:
        """The newest pulse. OSError where the disk does not give it: then silence is no sign."""
        try:
            return pulse.read(self._settings.data_dir)
        except OSError:
            self._excused = self._clock.now()
            raise

    def _start(self) -> None:
        if self._child is not None:
            platform.end(self._child)
        if self._began:
            log.warning("the agent was gone; starting it again")
        self._starts += 1
        self._began, self._started_at = self._clock.monotonic(), self._clock.now()
        command = [sys.executable, "-m", "main", "agent"]
        self._child = platform.start_child(command, env=self._settings.environment())
