"""The warden: has a station's files looked at each hour, and its journal copied each day.

A program of its own does it (store/guard.py): a broken page harms nobody there, and nobody waits.
What it finds in the files that the agent has open waits here until the agent puts them away.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from commandwall import codes, platform
from commandwall.beside import Beside
from commandwall.clock import HOUR, MINUTE, SECOND, Clock, day
from commandwall.store import backup, copies, guard, quarantine, space
from commandwall.store.pulse import Copies
from commandwall.store.quarantine import Fault, Harm

log = logging.getLogger(__name__)
LOOK_S = 2.0
FIRST_S = 20.0
"""After the start of an agent, which has other things to do at first."""
AGAIN_S = 10.0
"""From one look to the next that somebody asks for who could not read a file."""


class Warden(Beside):
    """It has each backup copied to a second folder, where one is named. `faults` names damaged
    files that wait to be put away, `newest` the last harm of all, `copies` how the backups stand
    once they were looked at."""

    every_s = LOOK_S

    def __init__(self, folder: Path, clock: Clock, backup_to: str = "") -> None:
        super().__init__("warden")
        self._folder, self._clock, self._elsewhere = folder, clock, backup_to
        self._due = clock.monotonic() + FIRST_S
        self._history_due = self._again = 0.0
        self._child: subprocess.Popen[bytes] | None = None
        self._bringer: subprocess.Popen[bytes] | None = None
        self.faults: dict[str, Fault] = {}
        self.newest: Harm | None = None
        self.copies: Copies | None = None

    def look(self) -> None:
        if self._clock.monotonic() >= self._again and quarantine.heard(self._folder):
            self.hurry()
        self.newest = next(reversed(quarantine.harms(self._folder)), None)
        if self.copies is not None:
            self.copies = copies.standing(self._folder, self._elsewhere)
        if self._clock.monotonic() >= self._due and not space.is_full(self._folder):
            self.look_at_files()

    def hurry(self) -> None:
        """Something cannot be read: look now."""
        self._due = 0.0

    def look_at_files(self) -> None:
        """Look once, and wait for what is found."""
        on, now = day(self._clock.now()), self._clock.monotonic()
        self._due = now + codes.limit("guard_minutes", on) * MINUTE / SECOND
        wanted = list(self._wanted(on, now))
        command = [sys.executable, "-m", "commandwall.store.guard", str(self._folder), *wanted]
        self._child = platform.start_child(command, stdout=subprocess.PIPE)
        assert self._child.stdout is not None
        with self._child.stdout as found:
            for line in found:
                told = json.loads(line)
                self.faults[told["file"]] = Fault(told["code"], told["detail"])
        self._again = self._clock.monotonic() + AGAIN_S
        if self._child.wait() and not self._halt.is_set():
            log.warning("the look at the files ended with %d", self._child.returncode)
        self._bring()

    def stop(self) -> None:
        self._halt.set()
        for child in filter(None, (self._child, self._bringer)):
            platform.end(child)
        super().stop()

    def _bring(self) -> None:
        """Have the newest backup copied elsewhere. Nobody waits: a share that is gone may hold the
        copier up for as long as it likes, and the next look says so and starts no other."""
        if self._bringer is not None and self._bringer.poll() is None:
            copies.failed(self._folder, f"{self._elsewhere} does not answer")
        elif self._elsewhere:
            words = ("-m", "commandwall.store.copies", str(self._folder), self._elsewhere)
            self._bringer = platform.start_child([sys.executable, *words])
        self.copies = copies.standing(self._folder, self._elsewhere)

    def _wanted(self, on: date, now: float) -> Iterator[str]:
        """What is due besides: the history, which may be large, a backup, and an hour later its
        trial: neither a start nor the backup is held up by it."""
        if now >= self._history_due:
            self._history_due = now + codes.limit("guard_history_hours", on) * HOUR / SECOND
            yield guard.HISTORY
        newest = next(iter(backup.files(self._folder)), None)
        every = int(codes.limit("backup_hours", on) * HOUR)
        if newest is None or abs(self._clock.raw() - backup.made_at(newest)) >= every:
            yield guard.BACKUP
        elif not copies.tried(self._folder, newest):
            yield guard.TRIAL
