"""The guard: keeps a wall on its screen for years.

`commandwall guard` starts the wall and stays. A wall that died is started again, and one whose
screen has stood still for too long is ended and started again; it then opens where it stood. A
wall that a person closed stays closed, and one that was asked wrongly says so once.
"""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
import threading
from pathlib import Path

from commandwall import backoff, codes, platform
from commandwall.clock import Clock
from commandwall.config import BUSY, USAGE, Settings
from commandwall.store import disk
from commandwall.watchdog import BEAT

log = logging.getLogger(__name__)
GUARD_LOCK = "guard.lock"
LOOK_S = 0.5
START_S = 120.0
"""How long a wall may take to its first beat: the map's kernels may have to be compiled."""
SOUND_S = 60.0
"""A wall that lived this long did not fail at its start: the next one starts soon."""
STACKS_S = 3.0
"""Time for a wall to write its stacks before it is killed."""
FINAL = (0, USAGE, BUSY)
"""Exit codes after which another start would end in the same way."""


class Guard:
    """Keeps one wall alive until it is closed; `limit_s`: how long its screen may stand still."""

    def __init__(self, settings: Settings, clock: Clock, limit_s: float) -> None:
        self._settings, self._clock, self._limit_s = settings, clock, limit_s
        self._beat = settings.data_dir / "log" / BEAT
        self._halt = threading.Event()
        self._deaths = 0
        self._began = self._heard = self._looked = clock.monotonic()
        self._mark: int | None = None
        """The wall's last beat, as its file tells."""

    def stop(self) -> None:
        """End the wall and the guard."""
        self._halt.set()

    def run(self) -> int:
        """Stay until the wall is closed; returns its exit code."""
        child = self._start(resume=False)
        while not self._halt.wait(LOOK_S):
            code = child.poll()
            if code in FINAL:
                return int(code)
            if code is None and self._stands():
                _kill(child)
                code = child.returncode
            if code is not None:
                child = self._again(code)
        platform.end(child)
        return 0

    def _start(self, resume: bool) -> subprocess.Popen[bytes]:
        self._began = self._heard = self._looked = self._clock.monotonic()
        self._mark = self._told()
        command = [sys.executable, "-m", "main"]
        resumed = {"COMMANDWALL_RESUME": str(resume)}
        return platform.start_child(command, env={**self._settings.environment(), **resumed})

    def _again(self, code: int) -> subprocess.Popen[bytes]:
        if self._clock.monotonic() - self._began > SOUND_S:
            self._deaths = 0
        pause = backoff.pause(backoff.WALL_S, self._deaths)
        self._deaths += 1
        log.error("the wall ended with %s; starting it again in %.0f s", code, pause)
        self._halt.wait(pause)
        return self._start(resume=True)

    def _stands(self) -> bool:
        """Whether the screen has not been alive for too long. A machine that slept has no such, and
        on a disk that fails no screen can tell that it lives."""
        now, mark = self._clock.monotonic(), self._told()
        slept, self._looked = now - self._looked > self._limit_s / 2, now
        begun = self._heard > self._began
        doubt = begun and now - self._heard > self._limit_s / 2
        if mark != self._mark or slept or (doubt and self._disk_fails()):
            self._mark, self._heard, begun = mark, now, True
        silent = now - self._heard > (self._limit_s if begun else START_S)
        if silent:
            log.error("the screen has stood still for %.0f s; ending the wall", now - self._heard)
        return silent

    def _disk_fails(self) -> bool:
        """A beat needs no room: on a full disk it is told."""
        why = disk.refusal(self._settings.data_dir)
        return why is not None and not disk.no_room(why)

    def _told(self) -> int | None:
        try:
            return self._beat.stat().st_mtime_ns
        except OSError:
            return None


def _kill(child: subprocess.Popen[bytes]) -> None:
    """End a wall that answers nobody; it gets the time to write where it stood."""
    child.send_signal(signal.SIGABRT)
    try:
        child.wait(STACKS_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def run(settings: Settings) -> int:
    """Guard the wall of a data directory; one guard at a time."""
    with platform.lock(settings.data_dir / GUARD_LOCK) as held:
        if not held:
            print(f"commandwall: {settings.data_dir}: guarded already 已有看护", file=sys.stderr)
            return BUSY
        guard = Guard(settings, Clock(), codes.limit("restart_seconds"))
        platform.on_terminate(guard.stop)
        return guard.run()


ENTRY = """[Desktop Entry]
Type=Application
Name=Command wall 指挥大屏
Exec={command}
X-GNOME-Autostart-enabled=true
"""


def at_login(settings: Settings, config_home: Path) -> Path:
    """Have the desktop start the guard with each login; returns the file that says so.

    freedesktop.org Desktop Application Autostart Specification: a .desktop file in `autostart`.
    """
    file = config_home / "autostart" / "commandwall.desktop"
    file.parent.mkdir(parents=True, exist_ok=True)
    given = [f"{name}={value}" for name, value in settings.environment().items()]
    words = ["env", *given, sys.executable, "-m", "main", "guard"]
    platform.write_whole(file, ENTRY.format(command=" ".join(map(_quoted, words))))
    return file


def not_at_login(config_home: Path) -> None:
    """Take that back."""
    (config_home / "autostart" / "commandwall.desktop").unlink(missing_ok=True)


def _quoted(word: str) -> str:
    """A word of an Exec line (Desktop Entry Specification, "The Exec key")."""
    for sign in '\\"`$':
        word = word.replace(sign, "\\" + sign)
    return f'"{word.replace("%", "%%")}"'
