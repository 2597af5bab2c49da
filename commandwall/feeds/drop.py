"""A folder into which others put files: each is taken once, and moved to `done` or `refused`.

What a file is, and when it is refused, says whoever watches (`WarningFolder`, `MentionFolder`). A
refused one has a file `.reason` beside it. What was taken and not yet moved when the program ended
is taken once more, which changes nothing.
"""

from __future__ import annotations

import logging
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG

from commandwall import codes, platform
from commandwall.beside import Beside
from commandwall.clock import MINUTE, Clock, Ms, to_datetime
from commandwall.store.database import StoreTrouble
from commandwall.store.pulse import NEVER, Lamp

log = logging.getLogger(__name__)
DONE, REFUSED, REASON = "done", "refused", ".reason"
LOOK_S = 0.5
AT_ONCE = 20
"""Files that are taken in one look: the rest is taken in the next."""


@dataclass(slots=True)
class Waiting:
    """A file that is not whole, or that could not be moved: as it was, and since when."""

    stamp: tuple[int, int]  # bytes, and when it was written
    since: float
    handled: bool = False


class DropFolder(Beside):
    """Watches a folder. `settle`: the limit of how many seconds nobody has touched a file that is
    whole; `own`: it is in the data directory, and made where it is not there."""

    every_s, at_once = LOOK_S, True

    def __init__(self, name: str, folder: Path, own: bool, settle: str, clock: Clock) -> None:
        super().__init__(name)
        self.folder, self._own, self._settle, self._clock = folder, own, settle, clock
        self._waiting: dict[str, Waiting] = {}
        self._taken: deque[Ms] = deque()
        """When each piece of the last hour was taken."""
        self._counted: tuple[int, int] = (-1, 0)
        """When the folder of refused ones changed last, and how many lay there then."""
        self._looked_at = self._newest = NEVER
        self._lag_s: float | None = None
        self._trouble = ""

    # What a watch gives.

    def take(self, file: Path) -> None:
        """Take a file, then `move` it or `refuse` it; one that is to wait stays."""
        raise NotImplementedError

    def recall(self) -> None:
        """What was brought last, before this agent began."""

    # What it does.

    def lamp(self) -> Lamp:
        """How it flows; from any thread."""
        hour = self._clock.now() - 60 * MINUTE
        rate = sum(at > hour for at in tuple(self._taken))
        return Lamp(
            self.name, self._looked_at, self._counted[1], newest=self._newest, lag_s=self._lag_s,
            an_hour=rate, trouble=self._trouble,
        )  # fmt: skip

    def run(self) -> None:
        self.recall()
        super().run()

    def look(self) -> None:
        """Take what lies there. What the disk or the journal refuses stays, and keeps nothing else
        from being taken."""
        troubles: list[str] = []
        try:
            for name in ("", DONE, REFUSED):
                self._make(self.folder / name)
            files = self._files()
            troubles += (f"{n}: cannot be moved" for n, w in self._waiting.items() if w.handled)
            for file in files:
                try:
                    self.take(file)
                except (OSError, StoreTrouble) as why:
                    troubles.append(f"{file.name}: {why}")
            self._count()
            self._looked_at = self._clock.now()
        except OSError as why:
            troubles.append(str(why))
        self._tell(next(iter(troubles), ""))

    def _tell(self, trouble: str) -> None:
        if trouble != self._trouble:
            level = logging.ERROR if trouble else logging.INFO
            log.log(level, "%s: %s", self.name, trouble or "all well again")
        self._trouble = trouble

    def _make(self, folder: Path) -> None:
        """Our own folder is made; one of the city's that is not there is a trouble, not an empty
        one."""
        if self._own or folder != self.folder:
            folder.mkdir(exist_ok=True)

    def _files(self) -> list[Path]:
        """Those that wait, the oldest first; links and hidden files are none."""
        found: dict[Path, tuple[int, int]] = {}
        for entry in self.folder.iterdir():
            with suppress(FileNotFoundError):
                seen = entry.lstat()
                if S_ISREG(seen.st_mode) and not entry.name.startswith("."):
                    found[entry] = seen.st_size, seen.st_mtime_ns
        names = {file.name for file in found}
        self._waiting = {name: w for name, w in self._waiting.items() if name in names}
        fit = [f for f in found if self._is_due(f.name, found[f])]
        due = sorted(fit, key=lambda f: (found[f][1], f.name))[:AT_ONCE]
        for file in due:
            before = self._waiting.get(file.name)
            if before is None or before.stamp != found[file]:
                self._waiting[file.name] = Waiting(found[file], self._clock.monotonic())
        return due

    def _is_due(self, name: str, stamp: tuple[int, int]) -> bool:
        """Whether a file is new, was written on, or has not been touched for long enough."""
        before = self._waiting.get(name)
        if before is None or before.stamp != stamp:
            return True
        return not before.handled and self.settled(name)

    def settled(self, name: str) -> bool:
        since = self._waiting[name].since
        return self._clock.monotonic() - since >= codes.limit(self._settle)

    def took(self, now: Ms, many: int = 1) -> None:
        """So many pieces were brought now."""
        self._newest = now
        self._taken.extend([now] * many)
        while self._taken[0] < now - 60 * MINUTE:
            self._taken.popleft()

    def refuse(self, file: Path, lines: list[str], now: Ms) -> None:
        """The reason first: a file that lies in `refused` always has one."""
        log.warning("%s is refused: %s", file.name, lines[0])
        told = [*lines, to_datetime(now).isoformat(timespec="seconds"), ""]
        name = self._free(file, REFUSED)
        platform.write_whole(name.with_name(name.name + REASON), "\n".join(told))
        self.move(file, REFUSED, name)

    def move(self, file: Path, into: str, name: Path | None = None) -> None:
        """A folder in which nothing can be moved is a trouble; what lies there is taken once."""
        self._waiting[file.name].handled = True
        with suppress(FileNotFoundError):
            file.replace(name or self._free(file, into))

    def _free(self, file: Path, into: str) -> Path:
        """A name in that folder under which nothing lies."""
        place, n = self.folder / into / file.name, 2
        while place.exists():
            place, n = place.with_name(f"{file.stem}-{n}{file.suffix}"), n + 1
        return place

    def _count(self) -> None:
        """How many lie refused, counted anew where that folder changed."""
        refused = self.folder / REFUSED
        changed = refused.stat().st_mtime_ns
        if changed != self._counted[0]:
            lying = sum(1 for f in refused.iterdir() if f.suffix != REASON)
            self._counted = changed, lying
