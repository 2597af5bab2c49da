"""`make long`: each long form by itself, and what ran is told at the end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
KILLS = """
import os

LONG = os.environ.get("COMMANDWALL_TEST_LONG") == "1"
KILLS, BOUND = (50, 2.5) if LONG else (7, 2.5)


def test_kills():
    assert KILLS == 50 and os.environ["COMMANDWALL_TEST_SEED"] == "77"
"""
DIES = "LONG = True\n\n\ndef test_dies():\n    import os\n    os.abort()\n"
FAILS = "LONG = True\n\n\ndef test_fails():\n    assert False\n"
SHORT = "def test_short():\n    pass\n"


def test_one_that_dies_ends_no_other_and_the_table_tells_which_numbers_ran(tmp_path: Path) -> None:
    """One program ran them all: what killed it, or stopped it, ended the hours that came after."""
    for name, text in (("a_dies", DIES), ("b_fails", FAILS), ("c_kills", KILLS), ("d", SHORT)):
        (tmp_path / f"test_{name}.py").write_text(text, encoding="utf-8")
    env = {"COMMANDWALL_TEST_SEED": "77", "PATH": "/usr/bin:/bin"}
    command = [sys.executable, str(ROOT / ".ci" / "long.py"), str(tmp_path)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    said = done.stdout
    assert done.returncode == 1 and said.startswith("COMMANDWALL_TEST_SEED=77\n"), said
    table = said[said.index("=== long forms, COMMANDWALL_TEST_SEED=77") :].splitlines()
    dies, fails, kills, rest = (" ".join(line.split()) for line in table[1:5])
    assert "test_a_dies.py exit -6" in dies and "passed 0" in dies
    assert "FAILED" in fails and "failed 1" in fails
    assert "well" in kills and kills.endswith("passed 1 failed 0 KILLS 50, BOUND 2.5")
    assert rest.startswith("all other tests well") and "passed 1" in rest
    assert table[5].strip().startswith("FAILED") and table[5].endswith("test_fails")
