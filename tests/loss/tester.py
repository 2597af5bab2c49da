"""A tester at one wall, as a process of its own: gives acts, reads what is acknowledged.

`python tests/loss/tester.py LOG FLAGS...` starts the wall with these flags. What counts is the
log: each acknowledgement is written and fsynced there before anything else happens. Orders come on
stdin as JSON lines and go on to the wall; `busy` makes the tester work without a pause as a person
of one side would, and start a killed wall again. Everything read from the wall goes on to stdout.
"""

from __future__ import annotations

import itertools
import json
import os
import selectors
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from loss.officer import Officer
from loss.recorder import recording

PROGRAM = "LOSS_PROGRAM"
"""Variable that names what the tester drives, where it is not the wall: door.py."""
WALL = [sys.executable, str(Path(__file__).with_name(os.environ.get(PROGRAM, "wall.py")))]
PAUSE = "LOSS_PAUSE_S"
"""Variable that says how long a tester waits between two acts."""
PAUSE_S = float(os.environ.get(PAUSE, "0.01"))
TRACE = "LOSS_TRACE"
"""Variable that names a file: what the wall and its agent write to the disk is recorded there."""


class Log:
    """Lines on disk: `keep` returns when the disk has them."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab")

    def keep(self, fact: dict[str, Any]) -> None:
        self._file.write(json.dumps(fact, ensure_ascii=False).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())


class Tester:
    """One person at one wall; at most one order is under way."""

    def __init__(self, log: Log, flags: list[str]) -> None:
        self.log, self.flags = log, flags
        self.side = flags[flags.index("--side") + 1]
        self.officer = Officer(self.side, flags[flags.index("--data-dir") + 1].rpartition("/")[2])
        self.numbers = itertools.count(1)
        self.asked: dict[int, dict[str, Any]] = {}
        self.busy, self.over, self.ready, self.gone = False, False, False, False
        self.resting: int | None = None
        """The order to rest, which is answered once what was under way is over."""
        self.select = selectors.DefaultSelector()
        self.select.register(0, selectors.EVENT_READ, self._from_conductor)
        self.rest = {0: b""}

    def run(self) -> None:
        self.start()
        while not self.over:
            for key, _ in self.select.select(0.05):
                key.data(key.fd)
            if self.busy and self.ready and not self.asked:
                self._work()
            if self.resting is not None and not self.asked:
                self._tell({"at": time.monotonic(), "no": self.resting})
                self.resting = None
        self._end()

    def start(self) -> None:
        trace = os.environ.get(TRACE)
        before = recording(Path(trace)) if trace else []
        self.wall = subprocess.Popen(
            [*before, *WALL, *self.flags], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            cwd=Path(__file__).resolve().parents[2],
        )  # fmt: skip
        fd = self.wall.stdout.fileno()
        self.rest[fd], self.ready, self.gone = b"", False, False
        self.select.register(fd, selectors.EVENT_READ, self._from_wall)
        self._tell({"at": time.monotonic(), "wall": self.wall.pid})

    def give(self, do: str, no: int | None = None, **facts: Any) -> None:
        """Hand an order to the wall."""
        no = next(self.numbers) if no is None else no
        order = {"no": no, "do": do, **facts}
        self.asked[no] = order
        if do == "post":
            self.officer.post, self.officer.person = facts["post"], facts["person"]
        if do not in ("look", "sight"):
            self.log.keep({"at": time.monotonic(), "sent": order})
        try:
            handed = {**order, "handed": time.monotonic()}
            self.wall.stdin.write(json.dumps(handed).encode() + b"\n")
            self.wall.stdin.flush()
        except BrokenPipeError:
            pass  # it was killed just now; its end is heard on the other pipe

    def _work(self) -> None:
        time.sleep(PAUSE_S)
        act = self.officer.next()
        if act is None:
            self.give("sight")
        else:
            self.give(act[0], facts=act[1])

    def _from_wall(self, fd: int) -> None:
        for fact in self._read(fd):
            self.asked.pop(fact.get("no"), None)
            if "ack" in fact or "refused" in fact:
                self.log.keep(fact)
            if "sight" in fact:
                self.officer.look(fact.pop("sight"))
                continue
            if "says" in fact:
                self.ready = fact["says"]["city"]
            self._tell(fact)

    def _from_conductor(self, fd: int) -> None:
        for order in self._read(fd):
            if order["do"] == "busy":
                self.busy = order["busy"]
                self.resting = None if self.busy else order["no"]
            elif order["do"] == "start":
                self.start()
            else:
                if self.gone and order["do"] == "look":
                    self.start()  # it was killed while nobody worked
                self.give(**order)

    def _read(self, fd: int) -> list[dict[str, Any]]:
        found = os.read(fd, 1 << 20)
        if not found:
            self._ended(fd)
            return []
        *whole, self.rest[fd] = (self.rest[fd] + found).split(b"\n")
        return [json.loads(line) for line in whole]

    def _ended(self, fd: int) -> None:
        """The wall was killed, or the conductor wants us to end."""
        self.select.unregister(fd)
        if fd == 0:
            self.over = True
            return
        self.wall.wait()
        asked, self.asked = self.asked, {}
        lost = list(asked)
        self.log.keep({"at": time.monotonic(), "killed": self.wall.pid, "lost": lost})
        self._tell({"at": time.monotonic(), "killed": self.wall.pid})
        unseen = [o for o in asked.values() if o["do"] == "look"]
        self.gone = True
        if self.busy or unseen:
            self.start()
        for order in unseen:  # the conductor waits for it
            self.give(**order)

    def _end(self) -> None:
        self.wall.terminate()
        try:
            self.wall.wait(20)
        except subprocess.TimeoutExpired:
            self.wall.kill()

    def _tell(self, fact: dict[str, Any]) -> None:
        rest = json.dumps(fact).encode() + b"\n"
        while rest:
            rest = rest[os.write(1, rest) :]


if __name__ == "__main__":
    Tester(Log(Path(sys.argv[1])), sys.argv[2:]).run()
