"""The pulse, read by whoever comes first."""

from __future__ import annotations

import subprocess
import sys

TOGETHER = """
import sys, threading
from pathlib import Path
from commandwall.store import pulse, sight

sys.setswitchinterval(1e-6)
folder, ready = Path(sys.argv[1]), threading.Barrier(8)

def look():
    ready.wait()
    pulse.read(folder), sight.read(folder)

threads = [threading.Thread(target=look) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def test_the_first_who_read_it_may_be_several_at_once(tmp_path) -> None:
    """A start on a busy machine ended with a segmentation fault, one of some twenty."""
    (tmp_path / "agent.pulse").write_text('{"agent_at": 1}')
    command = [sys.executable, "-c", TOGETHER, str(tmp_path)]
    assert [subprocess.run(command, timeout=60).returncode for _ in range(5)] == [0] * 5
