"""A fault within what Qt calls is told, and the wall lives on."""

from __future__ import annotations

import subprocess
import sys

FAULT = """
import os
from PySide6.QtCore import QObject, QSize
from PySide6.QtWidgets import QApplication, QWidget
from widgets import startup

class Before(QWidget):
    def closeEvent(self, event): int("closing")

app = startup.application(offscreen=True)

class After(QWidget):
    def resizeEvent(self, event): int("turning")
    def sizeHint(self): return QSize(int("asked"), 1)

class Ear(QObject):
    def eventFilter(self, thing, event): return bool(int("heard"))

before, after, ear = Before(), After(), Ear()
after.installEventFilter(ear)
after.resize(3, 4)
after.show()
after.removeEventFilter(ear)
before.close()
try:
    after.adjustSize()
except ValueError as why:
    print("raised", why)
print("alive", flush=True)
os._exit(0)  # the order in which Python ends Qt is another matter
"""


def test_a_fault_within_a_method_that_qt_calls_is_told_and_ends_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FAULT], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0 and done.stdout.endswith("alive\n"), done.stderr
    for word in ("closing", "turning", "heard"):
        assert f"'{word}'" in done.stderr
    assert "'asked'" in done.stdout
