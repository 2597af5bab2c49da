"""Warnings from a folder: each CAP file that lies in it is taken, and moved to `done` or `refused`.

A file is read as soon as it is whole XML; one that is not yet may still be written, and waits
until nobody has touched it for a while. A refused one has a file `.reason` beside it. What was
taken and not yet moved when the program ended is taken once more, which changes nothing.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG

from commandwall import codes, platform
from commandwall.clock import MINUTE, SECOND, Clock, Ms, day, to_datetime
from commandwall.config import Settings
from commandwall.desk import Desk
from commandwall.feeds import cap, warned
from commandwall.feeds.cap import ACK, ERROR, CapTrouble, Message
from commandwall.feeds.mailbox import NAME, folder_of
from commandwall.public_warnings import take_warnings
from commandwall.store.database import StoreTrouble
from commandwall.store.pulse import NEVER, Lamp
from commandwall.store.store import Refused

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


class WarningFolder(threading.Thread):
    """Watches the folder of the settings on a thread of its own, as long as the block lasts."""

    def __init__(self, settings: Settings, desk: Desk, clock: Clock) -> None:
        super().__init__(name="warnings", daemon=True)
        self.folder = folder_of(settings)
        self._own = not settings.warnings_folder
        self._senders = frozenset(filter(None, map(str.strip, settings.warnings_from.split(","))))
        self._desk, self._clock = desk, clock
        self._halt = threading.Event()
        self._waiting: dict[str, Waiting] = {}
        self._taken: deque[Ms] = deque()
        """When each message of the last hour was taken."""
        self._counted: tuple[int, int] = (-1, 0)
        """When the folder of refused ones changed last, and how many lay there then."""
        self._looked_at = self._newest = NEVER
        self._lag_s: float | None = None
        self._trouble = ""

    def __enter__(self) -> WarningFolder:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._halt.set()
        self.join()

    def lamp(self) -> Lamp:
        """How it flows; from any thread."""
        hour = self._clock.now() - 60 * MINUTE
        rate = sum(at > hour for at in tuple(self._taken))
        return Lamp(
            NAME, self._looked_at, self._counted[1], newest=self._newest, lag_s=self._lag_s,
            an_hour=rate, trouble=self._trouble,
        )  # fmt: skip

    def run(self) -> None:
        self.recall()
        while not self._halt.is_set():
            try:
                self.look()
            except Exception:
                log.exception("the folder of warnings could not be looked at")
            self._halt.wait(LOOK_S)

    def recall(self) -> None:
        """What was brought last, before this agent began."""
        sql = "SELECT max(received_at) FROM publicwarning"
        try:
            self._newest = self._desk.ask(lambda r: r.value(sql)).result() or NEVER
        except StoreTrouble as why:
            log.warning("the newest warning is not known: %s", why)

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
                    self._take(file)
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
            log.log(level, "warnings: %s", trouble or "all well again")
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
        return not before.handled and self._settled(name)

    def _take(self, file: Path) -> None:
        now = self._clock.now()
        try:
            with file.open("rb") as opened:
                data = opened.read(int(codes.limit("cap_bytes")) + 1)
            self._keep(cap.read(data), now)
        except FileNotFoundError:
            return  # whoever wrote it took it back
        except CapTrouble as why:
            if why.why != "xml" or self._settled(file.name):
                self._refuse(file, why, now)
            return
        self._move(file, DONE)

    def _settled(self, name: str) -> bool:
        since = self._waiting[name].since
        return self._clock.monotonic() - since >= codes.limit("cap_settle_seconds")

    def _keep(self, message: Message, now: Ms) -> None:
        """The records of a message on disk; an answer to a message warns of nothing."""
        if self._senders and message.sender not in self._senders:
            raise CapTrouble("alert/sender", "sender", message.sender)
        if message.sent - now > codes.limit("cap_ahead_minutes", day(now)) * MINUTE:
            raise CapTrouble("alert/sent", "ahead", to_datetime(message.sent).isoformat())
        if message.kind in (ACK, ERROR):
            return
        try:
            done = self._desk.run(take_warnings, {"warnings": warned.records(message, now)})
        except Refused as why:
            raise CapTrouble("alert/identifier", "differs", message.identifier) from why
        if done.records:
            self._newest, self._lag_s = now, max(0, now - message.sent) / SECOND
            self._taken.append(now)
            while self._taken[0] < now - 60 * MINUTE:
                self._taken.popleft()

    def _refuse(self, file: Path, why: CapTrouble, now: Ms) -> None:
        """The reason first: a file that lies in `refused` always has one."""
        log.warning("%s is refused: %s", file.name, why)
        row = codes.load("cap_fault")[why.why]
        told = [f"{why.where}: {said} {why.value}".strip() for said in (row.zh, row.en)]
        text = "\n".join([*told, to_datetime(now).isoformat(timespec="seconds"), ""])
        name = self._free(file, REFUSED)
        platform.write_whole(name.with_name(name.name + REASON), text)
        self._move(file, REFUSED, name)

    def _move(self, file: Path, into: str, name: Path | None = None) -> None:
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
