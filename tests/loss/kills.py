"""Kills from outside, at moments drawn from a seed, and what each one hit.

A program is frozen first and killed frozen: between the two one can look whether it stood in the
middle of a write. For SQLite the kernel tells who holds the write lock of a WAL file; a server is
in the middle of a write when a session works while lines are on their way to it.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

WAL_WRITE_LOCK = 120
"""Byte of a -shm file that a SQLite connection locks while it writes (walformat, "WAL locks")."""
WAIT_S, AIMED = 1.2, 0.7
"""A moment lies within so many seconds; this share of the kills is aimed."""
AIM_S, STEP_S = 4.0, 0.02
"""How long a kill is aimed, and how long the program runs on between two looks at most."""
Writes = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Hit:
    """One kill: what, when (monotonic), and whether in the middle of a write."""

    what: str
    at: float
    in_write: bool


class Killer:
    """Draws moments from a seed. Many kills are aimed: from its moment on, such a one looks
    again and again, at moments drawn too, until it finds the program in a write."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def kill(self, what: str, processes: Sequence[int], writes: Writes) -> Hit:
        """Kill -9 all of these at the next moment."""
        time.sleep(self.random.uniform(0, WAIT_S))
        aimed = self.random.random() < AIMED
        end = time.monotonic() + (AIM_S if aimed else 0.0)
        while True:
            send(processes, signal.SIGSTOP)
            in_write = writes()
            if in_write or time.monotonic() >= end:
                hit = Hit(what, time.monotonic(), in_write)
                send(processes, signal.SIGKILL)
                return hit
            send(processes, signal.SIGCONT)
            time.sleep(self.random.uniform(0, STEP_S))


def send(processes: Sequence[int], sign: signal.Signals) -> None:
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process, sign)


def writes_sqlite(process: int) -> bool:
    """Whether a process holds the write lock of a SQLite file."""
    for line in Path("/proc/locks").read_text().splitlines():
        words = line.split()
        if words[1:2] == ["POSIX"] and "WRITE" in words and words[-4] == str(process):
            first, last = int(words[-2]), words[-1]
            if first <= WAL_WRITE_LOCK and (last == "EOF" or int(last) >= WAL_WRITE_LOCK):
                return True
    return False


def family(process: int) -> list[int]:
    """A server with the sessions it runs."""
    try:
        return [process, *(c.pid for c in psutil.Process(process).children())]
    except psutil.Error:
        return [process]


def walls(folder: Path) -> list[psutil.Process]:
    """Walls of a data directory that run now, and no agent of theirs."""
    found = []
    for process in psutil.Process().children(recursive=True):
        try:
            words, told = process.cmdline(), process.environ().get("COMMANDWALL_DATA_DIR")
        except psutil.Error:
            continue
        if told == str(folder) and words[-1] == "main" and process.status() != "zombie":
            found.append(process)
    return found


def works(processes: Sequence[int]) -> bool:
    """Whether a session of a PostgreSQL server is at work, by the title it gives itself."""
    for process in processes:
        with suppress(psutil.Error):
            title = " ".join(psutil.Process(process).cmdline())
            if "[local]" in title and not title.rstrip().endswith("idle"):
                return True
    return False
