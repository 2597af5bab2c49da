"""Cold and warm start of the real program, and what each of its processes holds in memory.

`python -m benchmarks.start [--quick]` runs `python -m main --demo` as a program of its own:
cold on a new data directory (the city is made, stored and synced), warm on the one it left. Beside
it stands `bare`: a Python that opens an empty window. The first picture has ground, roads, areas,
devices, the list of events and ages; drawn is the city with all its buildings. PSS shares out pages
that several hold.
`--city DIR` starts on the city of full size that `--demo --scale city` left in that directory.
Python keeps what it compiled of each module, as it does unless somebody forbids it: a second start
that compiles all anew takes two seconds more.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from benchmarks.report import figures, table
from commandwall.clock import Clock

BARE = """
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QWidget
app = QApplication([])
window = QWidget()
window.resize(1920, 1080)
window.show()
QTimer.singleShot(0, lambda: print("the window is open", flush=True))
app.exec()
"""
WINDOW, FIRST, DRAWN = (
    "the window is open", "the first picture stands", "the city is drawn",
)  # fmt: skip
PARTS = {"player": "commandwall.pool.demo.player", "agent": "main agent", "pool": "postgres"}
HEAD = ("start", "runs", "window", "first picture", "drawn", "first / bare", "end")
AS_USUAL = {"QT_QPA_PLATFORM": "offscreen", "PYTHONDONTWRITEBYTECODE": ""}
LIMIT_S, SETTLE_S, GROWN_MB = 180.0, 1.0, 5.0


@dataclass(slots=True)
class Start:
    """One start: seconds from the command to what it said, and to its end; MB of PSS by part."""

    said: dict[str, float] = field(default_factory=dict)
    end: float = 0.0
    memory: dict[str, float] = field(default_factory=dict)


def start(command: Sequence[str], last: str, parts: int = 0, **env: str) -> Start:
    """Run a program until it says `last`, weigh it once so many parts run, and ask it to end."""
    clock, found = Clock(), Start()
    began = clock.monotonic()
    child = subprocess.Popen(
        [sys.executable, *command],
        env={**os.environ, **AS_USUAL, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert child.stdout is not None
    for line in child.stdout:
        for word in (WINDOW, FIRST, DRAWN):
            if word in line:
                found.said.setdefault(word, clock.monotonic() - began)
        if last in line:
            break
    found.memory = memory(child.pid, parts) if parts else {}
    asked = clock.monotonic()
    child.send_signal(signal.SIGTERM)
    child.communicate(timeout=LIMIT_S)
    found.end = clock.monotonic() - asked
    return found


def memory(pid: int, parts: int) -> dict[str, float]:
    """MB of PSS of a program and of those it started, by part: of so many, once none grows."""
    clock, first = Clock(), psutil.Process(pid)
    until, found = clock.monotonic() + LIMIT_S, dict[str, float]()
    while True:
        before, found = found, {}
        for process in [first, *first.children(recursive=True)]:
            with suppress(psutil.Error):
                part = part_of(process)
                found[part] = found.get(part, 0.0) + pss(process.pid)
        grown = sum(found.values()) - sum(before.values())
        if (len(found) >= parts and grown < GROWN_MB) or clock.monotonic() > until:
            return found
        clock.pause(SETTLE_S)


def part_of(process: psutil.Process) -> str:
    command = " ".join(process.cmdline()) or process.name()
    return next((name for name, sign in PARTS.items() if sign in command), "wall")


def pss(pid: int) -> float:
    """MB of PSS of a process; of its own pages only, where the system does not tell."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
    except OSError:
        return psutil.Process(pid).memory_full_info().uss / 2**20


def median(starts: Sequence[Start], word: str) -> float:
    return statistics.median(one.said[word] for one in starts)


def measure(folder: Path, quick: bool) -> dict[str, list[Start]]:
    """Starts by sort: bare, first ever (nothing was ever compiled), cold, warm."""
    wall = ["-m", "main", "--demo", "--data-dir"]
    found = {"bare": [start(["-c", BARE], WINDOW, parts=n // 2) for n in range(3)]}
    if not quick:
        ever = [*wall, str(folder / "ever")]
        found["first ever"] = [start(ever, DRAWN, NUMBA_CACHE_DIR=str(folder / "compiled"))]
    colds = 1 if quick else 3
    found["cold"] = [start([*wall, str(folder / f"cold{i}")], DRAWN) for i in range(colds)]
    warms = 2 if quick else 5
    warm = [*wall, str(folder / "cold0")]
    found["warm"] = [start(warm, DRAWN) for _ in range(warms - 1)]
    found["warm"].append(start(warm, DRAWN, parts=1 + len(PARTS)))
    return found


def measure_city(folder: Path, quick: bool) -> dict[str, list[Start]]:
    """Second starts on a city of full size."""
    wall = ["-m", "main", "--demo", "--scale", "city", "--data-dir", str(folder)]
    found = {"bare": [start(["-c", BARE], WINDOW, parts=n // 2) for n in range(3)]}
    found["warm"] = [start(wall, DRAWN) for _ in range(2 if quick else 5)]
    found["warm"].append(start(wall, DRAWN, parts=1 + len(PARTS)))
    return found


def row(name: str, starts: Sequence[Start], bare: float) -> tuple[Any, ...]:
    window = median(starts, WINDOW)
    first, drawn = (median(starts, w if name != "bare" else WINDOW) for w in (FIRST, DRAWN))
    end = statistics.median(one.end for one in starts)
    return name, len(starts), window, first, drawn, first / bare, end


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--city", type=Path, metavar="DIR")
    asked = parser.parse_args()
    if asked.city is not None:
        found = measure_city(asked.city, asked.quick)
    else:
        with tempfile.TemporaryDirectory() as folder:
            found = measure(Path(folder), asked.quick)
    bare, floor = median(found["bare"], WINDOW), found["bare"][-1].memory["wall"]
    rows = [row(name, starts, bare) for name, starts in found.items()]
    table("Seconds", HEAD, rows)
    held = found["warm"][-1].memory
    weights = [*held.items(), ("sum", sum(held.values()))]
    told = [(part, mb, mb / floor) for part, mb in weights]
    table("PSS of a warm start, MB", ("part", "MB", "/ bare window"), told)
    seconds = {line[0]: dict(zip(HEAD[2:], map(rounded, line[2:]), strict=True)) for line in rows}
    pss_mb = {part: rounded(mb) for part, mb in (*weights, ("bare", floor))}
    figures("start", seconds=seconds, pss_mb=pss_mb)


def rounded(value: float) -> float:
    return round(value, 2)


if __name__ == "__main__":
    main()
