"""How the wall starts and ends: a real program of its own, as a person starts it in a terminal."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import psutil
import pytest

from commandwall import platform
from commandwall.config import BUSY, USAGE, Settings
from commandwall.store.migrate import open_store
from commandwall.world import World
from widgets import pages
from widgets.startup import OnlyOne

ROOT = Path(__file__).parents[2]


def start(folder: Path, *command: str, **environment: str) -> subprocess.Popen[str]:
    """A program of its own, in a terminal of its own; `python -m main` where none is named."""
    return subprocess.Popen(
        [sys.executable, *(command or ("-m", "main")), "--data-dir", str(folder)],
        env={**os.environ, **environment}, cwd=ROOT, start_new_session=True, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def opened(child: subprocess.Popen[str], folder: Path) -> bool:
    """Whether a wall stands; it must not have ended."""
    assert child.poll() is None, child.communicate()
    return OnlyOne(folder).is_taken()


def ended(child: subprocess.Popen[str]) -> tuple[int, str]:
    """Exit code and words of a program that ends by itself."""
    try:
        _, words = child.communicate(timeout=60)
    finally:
        child.kill()
    return child.returncode, words


@pytest.fixture
def wall(tmp_path: Path, qtbot) -> Iterator[subprocess.Popen[str]]:
    """A wall that stands, in a terminal of its own."""
    child = start(tmp_path)
    qtbot.waitUntil(lambda: opened(child, tmp_path))
    yield child
    child.kill()
    child.communicate()


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "the system"])
def test_a_wall_that_is_asked_ends_with_all_that_it_started(wall, sign) -> None:
    started = psutil.Process(wall.pid).children(recursive=True)
    os.killpg(wall.pid, sign)
    code, words = ended(wall)
    assert code == 0
    assert "Traceback" not in words
    _, alive = psutil.wait_procs(started, 10)
    assert not alive


STILL = """
import sys
from PySide6.QtCore import QTimer
from widgets import startup
app = startup.application(offscreen=False)
QTimer.singleShot(0, lambda: print("stands", flush=True))
sys.exit(app.exec())
"""


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_a_screen_on_which_nothing_moves_ends_too(tmp_path: Path, sign) -> None:
    """Python runs what a signal is to call only when it is awake."""
    child = start(tmp_path, "-c", STILL)
    assert child.stdout is not None and child.stdout.readline() == "stands\n"
    child.send_signal(sign)
    assert ended(child) == (0, "")


TYPING = """
import os, signal, sys
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPlainTextEdit
import main
from commandwall.config import Settings

def type_on():
    wall = next((w for w in QApplication.topLevelWidgets() if w.objectName() == "wall"), None)
    if wall is None or not wall.isVisible():
        return
    timer.stop()
    field = QPlainTextEdit(wall)
    wall.context.drafts.follow(field, "note/e1")
    QTest.keyClicks(field, "half a sen")
    os.kill(os.getpid(), signal.SIGTERM)

app = QApplication([])
timer = QTimer()
timer.timeout.connect(type_on)
timer.start(50)
sys.exit(main.run_wall(Settings(data_dir=Path(sys.argv[-1])), None))
"""


def test_half_typed_text_is_kept_when_the_wall_is_asked_to_end(tmp_path: Path) -> None:
    code, words = ended(start(tmp_path, "-c", TYPING))
    assert code == 0, words
    store = open_store(tmp_path)
    assert store.read(lambda r: r.setting("draft/note/e1")) == "half a sen"
    store.close()


STANDING = """
import sys, time
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
import main
from commandwall.config import Settings
from widgets import startup

def stand_still():
    time.sleep(60)

def look():
    wall = next((w for w in QApplication.topLevelWidgets() if w.objectName() == "wall"), None)
    if wall is None or not wall.isVisible():
        return
    wall.resize(1920, 1080)
    notice = wall.page.panels.get("notice")
    words = notice.accessibleDescription() if notice is not None else ""
    if words.endswith(".txt"):
        print(words, flush=True)
        QApplication.exit(0)
    elif len(sys.argv) > 3:
        stand_still()

# The start that tells of it may be slow on a busy machine: that is no stall to be told instead.
limit = 0.5 if len(sys.argv) > 3 else 60
startup.watch = lambda wall, parts: parts.callback(startup.Watch(wall, limit).stop)
app = QApplication([])
timer = QTimer()
timer.timeout.connect(look)
timer.start(50)
sys.exit(main.run_wall(Settings(data_dir=Path(sys.argv[2])), None))
"""


def stands(report: Path) -> bool:
    """Whether a report has its stacks: it may still be in the writing."""
    return "in stand_still" in report.read_text()


def test_the_next_start_tells_of_a_stall_that_was_ended_by_a_kill(tmp_path: Path, qtbot) -> None:
    command = [sys.executable, "-c", STANDING, "--data-dir", str(tmp_path)]
    child = subprocess.Popen([*command, "stand"], cwd=ROOT, start_new_session=True)
    reports = tmp_path / "log"
    qtbot.waitUntil(lambda: any(map(stands, reports.glob("stall-*.txt"))))
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    (report,) = reports.glob("stall-*.txt")
    assert "in stand_still" in report.read_text()
    code, told = start_again(command)
    assert code == 0
    assert "未恢复即被结束" in told and str(report) in told


def start_again(command: list[str]) -> tuple[int, str]:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout


def test_of_two_that_start_at_the_same_moment_one_opens_and_the_other_raises_it(
    tmp_path: Path, qtbot
) -> None:
    pair = [start(tmp_path), start(tmp_path)]
    qtbot.waitUntil(lambda: any(child.poll() is not None for child in pair))
    pair.sort(key=lambda child: child.poll() is None)
    second, first = pair
    assert ended(second)[0] == 0
    assert opened(first, tmp_path)
    first.send_signal(signal.SIGTERM)
    code, words = ended(first)
    assert code == 0
    assert words.count("the window is open") == 1


def test_a_start_takes_the_place_of_a_wall_that_dies_before_it_opens(tmp_path: Path, qtbot) -> None:
    with platform.lock(tmp_path / "window.lock"):
        child = start(tmp_path)
        log = tmp_path / "log" / "wall.log"
        qtbot.waitUntil(log.exists)
        qtbot.wait(1500)
        assert child.poll() is None and not OnlyOne(tmp_path).is_taken()
    qtbot.waitUntil(lambda: opened(child, tmp_path))
    child.send_signal(signal.SIGTERM)
    assert ended(child)[0] == 0


def test_a_wall_that_hangs_is_told_to_whoever_starts_another(tmp_path: Path, qtbot, capsys) -> None:
    with platform.lock(tmp_path / "window.lock"), ExitStack() as parts:
        assert OnlyOne(tmp_path).enter(parts, patience_s=0.2) == BUSY
    told = capsys.readouterr().err
    assert str(tmp_path) in told and "不应答" in told and "does not answer" in told


@pytest.mark.parametrize(("side", "post"), [("front", "front"), ("back", "chief")])
def test_a_station_begins_with_the_first_post_of_its_side_and_keeps_what_is_chosen(
    tmp_path: Path, side: str, post: str
) -> None:
    def begin() -> World:
        return World.open(Settings(data_dir=tmp_path, side=side))

    with closing(begin()) as world:
        assert world.desk.post == post
    with closing(begin()) as world:
        assert world.store.read(lambda r: r.setting("post")) == post  # the agent reads it there
        world.desk.take_post("p3")
    with closing(begin()) as world:
        assert world.desk.post == "p3"


def test_a_page_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    picture = tmp_path / "wall.png"
    child = start(tmp_path / "d", "-m", "main", "snapshot", "--page", "nope", str(picture))
    code, words = ended(child)
    assert code == USAGE
    assert "没有页面 nope" in words and "there is no page nope" in words
    for page in pages.load("peace").pages:
        assert page.id in words
    assert not picture.exists()


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
