"""The watch over the screen's thread: a stall leaves its stack on disk while it still lasts.

The screen pats the watchdog; a pat that is too old is a stall, and all threads' stacks go into the
log folder at once, since a stall may end with a kill. While a foreign call holds the interpreter
no thread of ours can look: then the dead man's switch writes where the screen's thread is into a
file kept open for it. A machine that slept has no stall: everything stood, not the screen.
"""

from __future__ import annotations

import faulthandler
import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from commandwall.beside import Beside
from commandwall.clock import SECOND, Clock, Ms, from_datetime, to_datetime
from commandwall.deadman import DeadMan

log = logging.getLogger(__name__)
LOOK_S = 0.5
REPORTS = 5
"""So many are kept, the newest."""
HELD = "wall.held"
"""The file that the dead man's switch writes to while nobody else can."""
BEAT, BEAT_S = "wall.beat", 2.0
"""The file whose time tells who guards the wall that its screen lives, and how often it tells."""
AWAKE = 0.05
"""A program that worked for less than this share of a time was not running: the machine slept."""
SINCE, LASTED, ENDED = "stood since ", "lasted ", "ended with the program"
AFTER = "still stands after "


@dataclass(frozen=True, slots=True)
class Stall:
    """A time in which the screen stood still; `lasted_s` None: until the program was ended."""

    since: Ms
    lasted_s: float | None
    report: Path


class Watchdog(Beside):
    """Calls `tell(stall)` on its own thread: after a stall, and of one that ended the last run."""

    def __init__(
        self, folder: Path, clock: Clock, limit_s: float, tell: Callable[[Stall], None]
    ) -> None:
        super().__init__("watchdog")
        self._folder, self._clock, self._limit_s, self._tell = folder, clock, limit_s, tell
        self._patted = self._seen = self._looked = clock.monotonic()
        self._worked = clock.worked()
        self._told = -math.inf
        self._open: tuple[Stall, float] | None = None
        """The stall that lasts, and the pat before it."""
        self._again = math.inf
        """When its stacks are written once more."""

    def pat(self) -> None:
        """The screen lives; called on its thread, well within the limit."""
        self._patted = self._clock.monotonic()

    def run(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        for stall in (*_unfinished(self._folder), *self._held_before()):
            _add(stall.report, ENDED)
            self._tell(stall)
        with (self._folder / HELD).open("ab", buffering=0) as held:
            held.truncate(0)
            switch = DeadMan(held)
            while not self._halt.is_set():
                self._look_at(held)
                switch.wind(self._limit_s)
                self._halt.wait(min(LOOK_S, self._limit_s / 4))
            switch.close()
        for own in (HELD, BEAT):
            (self._folder / own).unlink(missing_ok=True)

    def _look_at(self, held: IO[bytes]) -> None:
        """See how old the pat is; begin or end a report."""
        now, patted = self._clock.monotonic(), self._patted
        if self._slept(now):
            self._patted = patted = self._seen = now
            held.truncate(0)
        if self._open is None and max(now - patted, patted - self._seen) > self._limit_s:
            # The pat may be new again, where nobody could look before.
            began = patted if now - patted > self._limit_s else self._seen
            self._begin(now, began, held)
        if self._open is not None and patted > self._open[1]:
            self._end(patted)
        if self._open is not None and now >= self._again:
            self._write_again(now, *self._open)
        if patted > self._seen and now - self._told > BEAT_S:
            self._told = now
            _touch(self._folder / BEAT)
        self._seen = patted

    def _slept(self, now: float) -> bool:
        """Whether the whole program stood since the last look."""
        gap, worked = now - self._looked, self._clock.worked()
        idle = worked - self._worked < gap * AWAKE
        self._looked, self._worked = now, worked
        return gap > self._limit_s / 2 and idle

    def _begin(self, now: float, began: float, held: IO[bytes]) -> None:
        since = Ms(self._clock.now() - round((now - began) * SECOND))
        stall = Stall(since, None, _report(self._folder, since))
        log.error("the screen stands still since %s: %s", to_datetime(since), stall.report)
        _write(stall, (self._folder / HELD).read_bytes())
        held.truncate(0)
        self._open, self._again = (stall, began), now + now - began

    def _write_again(self, now: float, stall: Stall, began: float) -> None:
        """Where it stands when it has lasted twice as long: a screen that is slow moves on."""
        self._again = now + now - began
        _add(stall.report, f"{AFTER}{now - began:.1f} s")
        _add_stacks(stall.report)

    def _end(self, patted: float) -> None:
        assert self._open is not None
        (stall, began), self._open = self._open, None
        lasted = patted - began
        log.error("the screen stood still for %.1f s and goes on", lasted)
        _add(stall.report, f"{LASTED}{lasted:.1f} s")
        self._tell(Stall(stall.since, lasted, stall.report))

    def _held_before(self) -> list[Stall]:
        """A stall of the last run in which no thread of ours came to write."""
        path = self._folder / HELD
        stacks = path.read_bytes() if path.exists() else b""
        if not stacks:
            return []
        since = Ms(round((path.stat().st_mtime - self._limit_s) * SECOND))
        stall = Stall(since, None, _report(self._folder, since))
        stall.report.write_bytes(_head(stall) + stacks)
        return [stall]


def stalls(folder: Path) -> list[Stall]:
    """The stalls whose reports are kept, the oldest first."""
    found = (_read(path) for path in sorted(folder.glob("stall-*.txt")))
    return [stall for stall in found if stall is not None]


def _unfinished(folder: Path) -> list[Stall]:
    """Stalls of which nobody wrote how they ended."""
    found = [stall for stall in stalls(folder) if stall.lasted_s is None]
    return [s for s in found if not s.report.read_bytes().endswith(f"{ENDED}\n".encode())]


def _read(path: Path) -> Stall | None:
    """What a report says; None where a full disk or another hand left none."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines() or [""]
    try:
        since = from_datetime(datetime.fromisoformat(lines[0].removeprefix(SINCE)))
        lasted = lines[-1].removeprefix(LASTED).removesuffix(" s")
        return Stall(since, float(lasted) if lines[-1].startswith(LASTED) else None, path)
    except ValueError:
        return None


def _report(folder: Path, since: Ms) -> Path:
    return folder / f"stall-{to_datetime(since):%Y-%m-%d_%H%M%S}.txt"


def _head(stall: Stall) -> bytes:
    return f"{SINCE}{to_datetime(stall.since).isoformat()}\n".encode()


def _write(stall: Stall, held: bytes) -> None:
    """Write the stacks of this moment, after what the switch wrote; take old reports away.

    A disk that takes no more must not end the watch.
    """
    try:
        with stall.report.open("wb", buffering=0) as file:
            file.write(_head(stall) + held)
        _add_stacks(stall.report)
        for old in sorted(stall.report.parent.glob("stall-*.txt"))[:-REPORTS]:
            old.unlink()
    except OSError:
        log.exception("the report of a stall could not be written")


def _add_stacks(report: Path) -> None:
    _append(report, faulthandler.dump_traceback)


def _touch(beat: Path) -> None:
    try:
        beat.touch()
    except OSError:
        log.exception("the beat of the screen could not be told")


def _add(report: Path, line: str) -> None:
    _append(report, lambda file: file.write(f"{line}\n".encode()))


def _append(report: Path, write: Callable[[IO[bytes]], object]) -> None:
    try:
        with report.open("ab", buffering=0) as file:
            write(file)
    except OSError:
        log.exception("the report of a stall could not be written")
