"""A start reads no more than it needs."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import linecache
from widgets import lean
if {spared}:
    lean.spare_sources()
import PySide6.QtCore
import colorsys
print(sum(name.endswith("colorsys.py") for name in linecache.cache))
"""


def read(spared: bool) -> str:
    command = [sys.executable, "-c", PROGRAM.format(spared=spared)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_no_source_is_read_and_kept_of_what_is_imported() -> None:
    assert read(spared=True) == "0"


def test_pyside_reads_them_else() -> None:
    """When this fails, PySide has learned it, and widgets/lean.py can go."""
    assert read(spared=False) == "1"
