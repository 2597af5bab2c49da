"""The guard over a real wall: what dies or stands still comes back, what is closed stays closed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from loss.failing import COMPILER, WRITES, FailingDisk
from loss.kills import walls

from commandwall import guard
from commandwall.clock import Clock
from commandwall.config import USAGE, Settings
from commandwall.watchdog import BEAT

ROOT = Path(__file__).parents[2]
LIMIT_S = 6.0
GUARD = """
import sys
from pathlib import Path
from commandwall import guard, platform
from commandwall.clock import Clock
from commandwall.config import Settings

watch = guard.Guard(Settings(data_dir=Path(sys.argv[1])), Clock(), float(sys.argv[2]))
platform.on_terminate(watch.stop)
watch.run()
"""


def wait(true: Callable[[], Any], limit_s: float = 60) -> Any:
    until = time.monotonic() + limit_s
    while not (found := true()):
        assert time.monotonic() < until, "it did not come in time"
        time.sleep(0.1)
    return found


def beaten(folder: Path) -> bool:
    return (folder / "log" / BEAT).exists()


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A guard in a thread of ours, patient for six seconds, over a wall of its own."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    keeper = guard.Guard(Settings(data_dir=tmp_path), Clock(), limit_s=LIMIT_S)
    codes: list[int] = []
    thread = threading.Thread(target=lambda: codes.append(keeper.run()), daemon=True)
    thread.start()
    wait(lambda: beaten(tmp_path))
    yield codes
    keeper.stop()
    thread.join(30)
    assert not walls(tmp_path)


def test_a_wall_that_was_killed_comes_back(watched: Any, tmp_path: Path) -> None:
    (first,) = walls(tmp_path)
    first.kill()
    second = wait(lambda: next((w for w in walls(tmp_path) if w.pid != first.pid), None))
    assert second.environ()["COMMANDWALL_RESUME"] == "True"
    assert first.environ if watched == [] else pytest.fail("the guard ended")


def test_a_wall_that_stands_still_is_started_again(watched: Any, tmp_path: Path) -> None:
    (first,) = walls(tmp_path)
    first.send_signal(signal.SIGSTOP)
    wait(lambda: next((w for w in walls(tmp_path) if w.pid != first.pid), None))
    assert not first.is_running() and watched == []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="LD_PRELOAD is Linux's here")
@pytest.mark.skipif(COMPILER is None, reason="there is no C compiler for failing.c")
def test_a_wall_whose_disk_takes_no_beat_is_left_alone(tmp_path: Path) -> None:
    """A screen that lives and cannot say so: another wall could not even begin there."""
    folder = tmp_path / "station"
    disk = FailingDisk(folder, tmp_path)
    program = [sys.executable, "-c", GUARD, str(folder), str(LIMIT_S)]
    given = {**os.environ, **disk.environment, "QT_QPA_PLATFORM": "offscreen"}
    watch = subprocess.Popen(program, cwd=ROOT, env=given)
    try:
        wait(lambda: beaten(folder))
        (wall,) = walls(folder)
        disk.fail(WRITES, after=1, once=False)
        time.sleep(2 * LIMIT_S)
        assert disk.failed_at
        disk.clear()
        time.sleep(LIMIT_S)
        assert [one.pid for one in walls(folder)] == [wall.pid]
    finally:
        disk.clear()
        watch.terminate()
        watch.wait(30)


def test_a_wall_that_a_person_closed_stays_closed(watched: Any, tmp_path: Path) -> None:
    (wall,) = walls(tmp_path)
    wall.terminate()
    assert wait(lambda: watched) == [0]
    assert not walls(tmp_path)


def test_a_wall_that_was_asked_wrongly_is_not_started_again(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "main", "--data-dir", str(tmp_path), "guard"]
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    environment.pop("QT_QPA_PLATFORM", None)
    ended = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == USAGE
    assert ended.stderr


def test_it_starts_with_each_login_until_that_is_taken_back(tmp_path: Path) -> None:
    folder = tmp_path / 'a 50% full "disk"'
    file = guard.at_login(Settings(data_dir=folder), tmp_path)
    (line,) = [x for x in file.read_text(encoding="utf-8").splitlines() if x.startswith("Exec=")]
    assert '50%% full \\"disk\\"' in line and line.endswith('"main" "guard"')
    guard.not_at_login(tmp_path)
    guard.not_at_login(tmp_path)
    assert not file.exists()
