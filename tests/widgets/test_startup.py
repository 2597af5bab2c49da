"""How the wall starts and ends: a real program of its own, as a person starts it in a terminal."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from widgets.startup import OnlyOne

ROOT = Path(__file__).parents[2]


def start(folder: Path, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "main", "--data-dir", str(folder)],
        env={**os.environ, **environment}, cwd=ROOT, start_new_session=True, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


@pytest.fixture
def wall(tmp_path: Path, qtbot) -> Iterator[subprocess.Popen[str]]:
    """A wall that stands, in a terminal of its own."""
    child = start(tmp_path)
    qtbot.waitUntil(lambda: OnlyOne(tmp_path).is_taken(), timeout=60_000)
    yield child
    child.kill()
    child.communicate()


def test_ctrl_c_ends_the_wall_and_all_that_it_started(wall) -> None:
    started = psutil.Process(wall.pid).children(recursive=True)
    os.killpg(wall.pid, signal.SIGINT)
    _, words = wall.communicate(timeout=30)
    assert wall.returncode == 0
    assert "Traceback" not in words
    _, alive = psutil.wait_procs(started, 10)
    assert not alive


@pytest.mark.parametrize("display", ["", ":4999"], ids=["none told", "one that is not there"])
def test_without_a_screen_it_says_so_and_prints_a_line_that_works(
    tmp_path: Path, display: str
) -> None:
    child = start(tmp_path / "wall", QT_QPA_PLATFORM="", DISPLAY=display, WAYLAND_DISPLAY=display)
    _, words = child.communicate(timeout=60)
    assert child.returncode == 2
    assert "没有显示器" in words and "No display" in words
    command, *line = shlex.split(words.splitlines()[-1].partition(":")[2])
    assert line[0] == "snapshot"
    told = [ROOT / command, *line[:-1], "--help"]
    assert subprocess.run(told, capture_output=True, check=False).returncode == 0
