"""Whatever a text holds, it can be shown: a thousand of them here, many more in long form."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from hostile.conftest import LONG
from hostile.test_wall import ROOT

CASES = 50_000 if LONG else 1_000


@pytest.mark.timeout(7500 if LONG else 600)
def test_any_text_goes_through_every_door() -> None:
    env = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}", "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, "-m", "hostile.fuzz", str(CASES)],
        cwd=ROOT, env=env, capture_output=True, text=True, timeout=7200 if LONG else 560,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-6000:]
    assert done.stdout.split()[-1] == str(CASES)
