"""Answers of the desk, and parts of the screen that go while they come."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import Future
from typing import Any

from PySide6.QtCore import QObject
from shiboken6 import Shiboken

from widgets.courier import Courier

GOING = """
import sys, threading, time
from concurrent.futures import Future, ThreadPoolExecutor
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QWidget
from widgets.courier import Courier

sys.setswitchinterval(1e-5)
app, pool, until = QApplication([]), ThreadPoolExecutor(4), time.monotonic() + 6

def answer(future, gate):
    gate.wait()
    future.set_result(1)

def ask():
    part, gate = QWidget(), threading.Event()
    courier, answers = Courier(part, print), [Future() for _ in range(20)]
    for future in answers:
        courier.follow(future, lambda value: part.isVisible())
        pool.submit(answer, future, gate)
    gate.set()
    part.deleteLater()
    if time.monotonic() > until:
        app.quit()

timer = QTimer()
timer.timeout.connect(ask)
timer.start(0)
app.exec()
"""


def test_a_part_of_the_screen_may_go_while_its_answers_come() -> None:
    """It ended the program with a segmentation fault, in the middle of the worker's word."""
    done = subprocess.run(
        [sys.executable, "-c", GOING], capture_output=True, text=True, timeout=200
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_an_answer_is_heard_on_the_screens_thread_or_not_at_all(qtbot: Any) -> None:
    here, gone, heard = QObject(), QObject(), []
    answers = {part: Future[int]() for part in (gone, here)}
    for part, answer in answers.items():
        Courier(part, heard.append).follow(answer, heard.append)
    gone.deleteLater()
    qtbot.waitUntil(lambda: not Shiboken.isValid(gone))
    for value, answer in enumerate(answers.values()):
        answer.set_result(value)
    assert heard == []  # never within the call of who answers
    qtbot.waitUntil(lambda: heard == [1])
