"""A disk that is full from the n-th write on, for real programs: full.c, before their libc."""

from __future__ import annotations

import mmap
import shutil
import subprocess
import time
from pathlib import Path

import numpy as np

SOURCE = Path(__file__).with_name("full.c")
LEFT, FAILED, FAILED_AT, ROOM, COUNTS = range(5)
COMPILER = shutil.which("cc")


class FullDisk:
    """The folder of one station on such a disk; `environment` puts a program on it."""

    def __init__(self, folder: Path, scratch: Path) -> None:
        library, state = scratch / "full.so", scratch / "full.state"
        assert COMPILER is not None
        command = [COMPILER, "-shared", "-fPIC", "-O1", "-Wall", "-Werror", str(SOURCE), "-ldl"]
        subprocess.run([*command, "-o", str(library)], check=True)
        state.write_bytes(np.array([-1, 0, 0, 0, 0], np.int64).tobytes())
        with state.open("rb+") as file:
            self._state = np.frombuffer(mmap.mmap(file.fileno(), 40), np.int64)
        self.environment = {
            "LD_PRELOAD": str(library), "FULL_STATE": str(state), "FULL_FOLDER": str(folder),
        }  # fmt: skip

    def fill(self, after: int, counts: bool) -> None:
        """Full from the write behind so many on. `counts`: what the reserve gives up is room."""
        self._state[[FAILED, FAILED_AT, ROOM, COUNTS]] = 0, 0, 0, counts
        self._state[LEFT] = after - 1

    def clear(self) -> float:
        """There is room again; the moment (monotonic)."""
        self._state[LEFT] = -1
        return time.monotonic()

    @property
    def failed(self) -> int:
        """Writes that failed since it was filled."""
        return int(self._state[FAILED])

    @property
    def failed_at(self) -> float:
        """The moment of the first of them (monotonic); 0 where there was none."""
        return int(self._state[FAILED_AT]) / 1e9
