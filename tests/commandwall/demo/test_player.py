"""The player as a program: it ends with the one that started it, and holds nothing of it."""

from __future__ import annotations

import subprocess
import sys
import time

import psutil

from commandwall.config import ASSETS

STARTER = """
import os, sys
from commandwall import platform

address = {"COMMANDWALL_POOL": "postgresql://pool@/city?host=/nowhere"}
command = [sys.executable, "-m", "commandwall.pool.demo.player"]
print(platform.start_child(command, env=address).pid, flush=True)
os._exit(0)
"""


def test_a_player_ends_though_its_starter_was_gone_before_it_began() -> None:
    command = [sys.executable, "-c", STARTER]
    said = subprocess.check_output(
        command, cwd=ASSETS.parent, stderr=subprocess.DEVNULL, timeout=60
    )
    until = time.monotonic() + 60
    while psutil.pid_exists(int(said)):
        assert time.monotonic() < until
        time.sleep(0.1)
