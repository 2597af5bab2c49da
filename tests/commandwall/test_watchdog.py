"""The watch over the screen's thread, with real stalls of a shortened limit."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from builders import NOW

from commandwall import doctor, watchdog
from commandwall.clock import SECOND, Clock, Ms
from commandwall.config import ASSETS, Settings
from commandwall.watchdog import Stall, Watchdog

LIMIT_S = 0.4
only_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has such a clock")


@contextmanager
def watching(folder: Path, clock: Clock | None = None) -> Iterator[tuple[Watchdog, list[Stall]]]:
    told: list[Stall] = []
    dog = Watchdog(folder, clock or Clock(), LIMIT_S, told.append)
    dog.start()
    yield dog, told
    dog.stop()


def until(found: Callable[[], object], limit_s: float = 10.0) -> None:
    end = time.monotonic() + limit_s
    while not found():
        assert time.monotonic() < end
        time.sleep(0.01)


def stand_still(until_there: Callable[[], object]) -> None:
    """What the stack must name."""
    until(until_there)


def reports(folder: Path) -> list[Path]:
    return sorted(folder.glob("stall-*.txt"))


def test_a_stall_is_on_disk_while_it_lasts_and_told_when_it_is_over(tmp_path: Path) -> None:
    with watching(tmp_path) as (dog, told):
        dog.pat()
        began = Clock().now()
        stand_still(lambda: any("stand_still" in p.read_text() for p in reports(tmp_path)))
        assert told == []
        dog.pat()
        until(lambda: told)
    (stall,) = told
    assert stall.lasted_s is not None and LIMIT_S < stall.lasted_s < 10
    assert abs(stall.since - began) < SECOND
    assert watchdog.stalls(tmp_path) == [Stall(stall.since, round(stall.lasted_s, 1), stall.report)]
    assert "test_watchdog.py" in stall.report.read_text()


def stand_elsewhere(until_there: Callable[[], object]) -> None:
    """The same, further on."""
    until(until_there)


def test_where_a_long_stall_went_meanwhile_is_on_disk_too(tmp_path: Path) -> None:
    """A start on a busy machine stood still for a while, then for good: only the first was told."""

    def written(name: str) -> bool:
        return any(name in path.read_text() for path in reports(tmp_path))

    with watching(tmp_path) as (dog, told):
        dog.pat()
        stand_still(lambda: written("in stand_still"))
        stand_elsewhere(lambda: written("in stand_elsewhere"))
        dog.pat()
        until(lambda: told)
    (report,) = reports(tmp_path)
    words = report.read_text()
    assert words.index("in stand_still") < words.index("still stands after")
    assert words.index("still stands after") < words.index("in stand_elsewhere")
    assert watchdog.stalls(tmp_path)[0].lasted_s == round(told[0].lasted_s or 0, 1)


def test_a_screen_that_lives_leaves_nothing(tmp_path: Path) -> None:
    with watching(tmp_path) as (dog, told):
        for _ in range(40):
            dog.pat()
            time.sleep(0.03)
    assert told == [] and list(tmp_path.iterdir()) == []


HELD = """
import re, sys, time
from pathlib import Path
from commandwall.clock import Clock
from commandwall.watchdog import Watchdog

def hold(n):
    re.match("(a+)+$", "a" * n + "b")

n, known = 18, 0.0
while known < 0.1:
    n, began = n + 1, time.monotonic()
    hold(n)
    known = time.monotonic() - began
dog = Watchdog(Path(sys.argv[1]), Clock(), 0.4, lambda stall: print(stall.lasted_s, flush=True))
dog.start()
time.sleep(0.3)
dog.pat()
hold(n + int(sys.argv[2]))
for _ in range(60):
    dog.pat()
    time.sleep(0.02)
dog.stop()
"""
"""A foreign call that never lets go of the interpreter: each letter more doubles its time."""


@only_linux
def test_a_foreign_call_that_holds_the_interpreter_is_reported_too(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", HELD, tmp_path, "4"], cwd=ASSETS.parent, capture_output=True,
        text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0 and done.stderr.count("stands still") == 1, done.stderr
    (stall,) = watchdog.stalls(tmp_path)
    assert f"{stall.lasted_s:.1f}" == f"{float(done.stdout):.1f}" and stall.lasted_s > LIMIT_S
    assert "in hold" in stall.report.read_text()


@only_linux
def test_a_kill_in_such_a_call_is_told_at_the_next_start(tmp_path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", HELD, tmp_path, "40"], cwd=ASSETS.parent)
    held = tmp_path / "wall.held"
    until(lambda: held.exists() and held.stat().st_size > 0, 60)
    child.kill()
    child.wait()
    with watching(tmp_path) as (_, told):
        until(lambda: told)
    assert told[0].lasted_s is None and "in hold" in told[0].report.read_text()
    with watching(tmp_path) as (dog, told):
        dog.pat()
        time.sleep(0.2)
    assert told == []  # once


BUSY = """
import json, sys, threading, time
from commandwall.deadman import DeadMan

def down(n):
    exec("def deeper(n): return down(n - 1)", globals())
    return deeper(n) if n else json.dumps({str(i): i for i in range(50)})

def work():
    while not over.wait(0):
        down(20)

def wind():
    with open(sys.argv[1], "ab", buffering=0) as file:
        switch = DeadMan(file)
        for _ in range(600):
            switch.wind(0.002)
            time.sleep(0.01)  # held up by a disk, say, while all others run
        switch.close()
    over.set()

over = threading.Event()
for one in (wind, work, work):
    threading.Thread(target=one).start()
work()
"""


@only_linux
def test_who_winds_the_switch_may_be_held_up_while_all_others_run(tmp_path: Path) -> None:
    """Read by faulthandler's own thread, stacks that are at work ended the program."""
    held = tmp_path / "held"
    done = subprocess.run(
        [sys.executable, "-c", BUSY, held], cwd=ASSETS.parent, capture_output=True, text=True,
        check=False, timeout=120,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert "in work" in held.read_text() and "in wind" not in held.read_text()


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGSTOP")
def test_a_program_that_was_frozen_as_by_a_sleeping_machine_has_no_stall(tmp_path: Path) -> None:
    pats = HELD.replace("hold(n + int(sys.argv[2]))", "print('pats', flush=True)")
    child = subprocess.Popen(
        [sys.executable, "-c", pats, tmp_path, "0"], cwd=ASSETS.parent, stdout=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    assert child.stdout is not None and child.stdout.readline() == "pats\n"
    os.kill(child.pid, signal.SIGSTOP)
    time.sleep(3 * LIMIT_S)
    os.kill(child.pid, signal.SIGCONT)
    assert child.communicate(timeout=60)[0] == "" and child.returncode == 0
    assert list(tmp_path.iterdir()) == []


class Asleep(Clock):
    """A clock of a machine that sleeps: the wall clock goes on, nothing else does."""

    slept = 0.0

    def now(self) -> Ms:
        return Ms(NOW + round(self.slept * SECOND))


def test_a_wall_clock_that_jumps_is_no_stall(tmp_path: Path) -> None:
    clock = Asleep()
    with watching(tmp_path, clock) as (dog, told):
        for i in range(20):
            clock.slept = 3600.0 * i
            dog.pat()
            time.sleep(0.03)
    assert told == [] and list(tmp_path.iterdir()) == []


def test_few_reports_are_kept_the_newest(tmp_path: Path) -> None:
    for year in range(2001, 2012):
        old = tmp_path / f"stall-{year}-01-01_000000.txt"
        old.write_text(f"stood since {year}-01-01T00:00:00+08:00\nlasted 11.0 s\n")
    with watching(tmp_path) as (dog, told):
        dog.pat()
        until(lambda: len(reports(tmp_path)) == watchdog.REPORTS)
        dog.pat()
        until(lambda: told)
    assert reports(tmp_path)[-1] == told[0].report


def test_the_doctor_names_stalls_and_its_bundle_holds_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "stall-2026-01-01_000000.txt").write_text("")  # a full disk
    report = tmp_path / "log" / "stall-2026-11-25_143207.txt"
    report.write_text("stood since 2026-11-25T14:32:07+08:00\n  File x in y\nlasted 14.2 s\n")
    assert doctor.run(Settings(data_dir=tmp_path), tmp_path / "b.zip") == 0
    told = capsys.readouterr().out
    assert "[warn] window: 1 reported" in told and "2026-11-25 14:32:07 for 14 s" in told
    assert str(report) in told
    with zipfile.ZipFile(tmp_path / "b.zip") as zipped:
        assert b"in y" in zipped.read(f"log/{report.name}")
