"""A question to a child program comes to an end for whoever waits, whatever goes wrong."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from commandwall import platform
from commandwall.errand import Question, Unanswered

PATIENCE_S = 60.0


def test_an_unforeseen_fault_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """An agent that waited for a paper outlived its wall for ever."""
    told: list[object] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: told.append(args.exc_type))

    class Broken(Question):
        def begin(self) -> None:
            raise TypeError("a fault of ours")

    broken = Broken("json.tool", [], dict)
    assert broken.ended.wait(PATIENCE_S)
    assert isinstance(broken.answer.exception(PATIENCE_S), Unanswered)
    assert told == [TypeError], "and the log has what it was"


@pytest.mark.skipif(not Path("/proc/self/autogroup").exists(), reason="no autogroups here")
def test_a_program_that_nobody_waits_for_gives_way_with_its_session() -> None:
    program = (
        "from pathlib import Path; from commandwall import platform; platform.stand_back(10);"
        " print(Path('/proc/self/autogroup').read_text())"
    )
    child = platform.start_child([sys.executable, "-c", program], stdout=subprocess.PIPE)
    said, _ = child.communicate(timeout=30)
    assert said.decode().split()[-2:] == ["nice", "10"]
    ours = Path("/proc/self/autogroup").read_text()
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert run.stdout.decode().strip() == ours.strip(), "who shares a session leaves it as it is"
