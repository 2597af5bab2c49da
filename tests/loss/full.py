"""A disk that is full from the n-th write on, for real programs: full.c, before their libc."""

from __future__ import annotations

import mmap
import shutil
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

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
    def failed_at(self) -> float:
        """The moment of the first write that failed since (monotonic); 0 where none did."""
        return int(self._state[FAILED_AT]) / 1e9


class SmallDisk:
    """A real file system of so many MB, filled by another program's file."""

    environment: ClassVar[dict[str, str]] = {}

    def __init__(self, folder: Path, size_mb: int) -> None:
        """PermissionError where this machine lets nobody mount one."""
        self.folder, self.failed_at = folder, 0.0
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={size_mb}m", "none", str(folder)]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            raise PermissionError("no file system can be mounted here")

    def fill(self, after: int, counts: bool) -> None:
        """Take all there is; without `counts`, again and again: what others free too."""
        self._stop = threading.Event()
        self._take()
        self.failed_at = time.monotonic()
        self._taker = threading.Thread(target=self._go_on, args=(counts,))
        self._taker.start()

    def clear(self) -> float:
        """There is room again; the moment (monotonic)."""
        if self.failed_at:
            self._stop.set()
            self._taker.join()
            self.failed_at = 0.0
            (self.folder / "other").unlink()
        return time.monotonic()

    def unmount(self) -> None:
        subprocess.run(["umount", str(self.folder)], check=True)

    def _go_on(self, counts: bool) -> None:
        while not counts and not self._stop.wait(0.02):
            self._take()

    def _take(self) -> None:
        with (self.folder / "other").open("ab", buffering=0) as other:
            for size in (1 << 20, 1 << 12):
                with suppress(OSError):
                    while other.write(bytes(size)) == size:
                        pass
