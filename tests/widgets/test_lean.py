"""A start reads no more than it needs."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

PROGRAM = """
import linecache
from widgets import lean
if {spared}:
    lean.spare_sources()
import PySide6.QtCore
import colorsys
print(sum(name.endswith("colorsys.py") for name in linecache.cache))
"""


SCREEN = """
import sys
import main
from widgets import startup
from layers import kernels
from layers.warm import warm
from layers.style import Style
from widgets import alarm_card, figures, sign_card, wall
warm(Style())
names = ("scipy", "pandas", "geopandas", "yaml", "pyqtgraph")
print([name for name in names if name in sys.modules])
import scipy.linalg.cython_blas
"""
COMPILED = """
import sys
from layers.warm import warm
from layers.style import Style
from layers import compiler, kernels
warm(Style())
print("numba.misc.cffiimpl" in sys.modules)
if {another}:
    compiler.forget_cache(kernels.shade)
    print(int(kernels.shade(1.5, 255)), "numba.misc.cffiimpl" in sys.modules)
    print("scipy" in sys.modules)
"""
AGENT = """
import sys
import commandwall.agent, commandwall.cli
print([name for name in ("scipy", "pandas", "numba", "PySide6") if name in sys.modules])
"""


def told(program: str) -> str:
    command = [sys.executable, "-c", program]
    env = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    run = subprocess.run(command, capture_output=True, text=True, check=True, env=env)
    return run.stdout.strip()


def read(spared: bool) -> str:
    return told(PROGRAM.format(spared=spared))


@pytest.mark.parametrize("program", [SCREEN, AGENT])
def test_a_start_brings_no_library_that_only_calculates(program: str) -> None:
    """Forty megabytes of the agent and a third of a second of the screen. Who asks afterwards
    gets it."""
    assert told(program) == "[]"


def test_kernels_that_were_compiled_before_bring_no_compiler() -> None:
    """A third of a second of a start. One that was not is compiled, without SciPy."""
    told(COMPILED.format(another=False))  # the first program on this machine compiles them
    assert told(COMPILED.format(another=True)).split() == ["False", "1", "True", "False"]


def test_no_source_is_read_and_kept_of_what_is_imported() -> None:
    assert read(spared=True) == "0"


def test_pyside_reads_them_else() -> None:
    """When this fails, PySide has learned it, and widgets/lean.py can go."""
    assert read(spared=False) == "1"
