"""A first fill at work, as the agent sees it: a child program, and what it tells of itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from commandwall import platform
from commandwall.pool.client import PoolTrouble


def told() -> tuple[str, str]:
    """The pool's address and the file of its secret, as a child program was given them: the
    settings of a drill's world name none."""
    return os.environ["COMMANDWALL_POOL"], os.environ["COMMANDWALL_SECRET_FILE"]


@dataclass(frozen=True, slots=True)
class Share:
    """How far a fill is."""

    share: float = 0.0  # of the rows, 0..1
    left_s: float | None = None  # seconds that are left, by the pace so far
    usable: bool = False  # everything but the past is there, and the folder points at it


class Filling(threading.Thread):
    """Runs the child; as a context manager it ends with the block."""

    def __init__(self, folder: Path, address: Mapping[str, str]) -> None:
        super().__init__(name="filling", daemon=True)
        command = [sys.executable, "-m", "commandwall.pool.fill", str(folder)]
        self._child = platform.start_child(command, env=address, stdout=subprocess.PIPE)
        self.share = Share()

    def __enter__(self) -> Filling:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        platform.end(self._child)
        self.join()

    def run(self) -> None:
        assert self._child.stdout is not None
        with self._child.stdout as lines:
            for line in lines:
                self.share = Share(**json.loads(line))
        self._child.wait()

    def check(self) -> bool:
        """True while it works, False when it is done; PoolTrouble where it ended otherwise."""
        if self.is_alive():
            return True
        if self._child.returncode != 0:
            raise PoolTrouble("fill", f"the first fill ended with {self._child.returncode}")
        return False
