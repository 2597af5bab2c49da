"""A disk that is full, or fails, from the n-th call on, for real programs: failing.c before their
libc."""

from __future__ import annotations

import errno
import mmap
import shutil
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

import numpy as np

SOURCE = Path(__file__).with_name("failing.c")
LEFT, FAILED, FAILED_AT, ROOM, COUNTS, WHICH, ERROR, ONCE = FIELDS = range(8)
WRITES, READS, SYNCS = 1, 2, 4
COMPILER = shutil.which("cc")


class FailingDisk:
    """The folder of one station on a disk whose calls can be made to fail; `environment` puts a
    program on it."""

    def __init__(self, folder: Path, scratch: Path) -> None:
        library, state = scratch / "failing.so", scratch / "failing.state"
        assert COMPILER is not None
        command = [COMPILER, "-shared", "-fPIC", "-O1", "-Wall", "-Werror", str(SOURCE), "-ldl"]
        subprocess.run([*command, "-o", str(library)], check=True)
        state.write_bytes(np.array([-1] + [0] * len(FIELDS[1:]), np.int64).tobytes())
        with state.open("rb+") as file:
            self._state = np.frombuffer(mmap.mmap(file.fileno(), 8 * len(FIELDS)), np.int64)
        self.environment = {
            "LD_PRELOAD": str(library), "FAILING_STATE": str(state), "FAILING_FOLDER": str(folder),
        }  # fmt: skip

    def fail(self, which: int, after: int, once: bool) -> None:
        """The call so many on of these kinds fails as on a broken disk, `once` or with all that
        follow it."""
        self._strike(after, {WHICH: which, ERROR: errno.EIO, ONCE: once})

    def clear(self) -> float:
        """All is well again; the moment (monotonic)."""
        self._state[LEFT] = -1
        return time.monotonic()

    @property
    def failed_at(self) -> float:
        """The moment of the first call that failed since (monotonic); 0 where none did."""
        return int(self._state[FAILED_AT]) / 1e9

    def _strike(self, after: int, more: dict[int, int]) -> None:
        self._state[LEFT] = -1
        for field, value in {FAILED: 0, FAILED_AT: 0, ROOM: 0, COUNTS: 0, **more}.items():
            self._state[field] = value
        self._state[LEFT] = after - 1


class FullDisk(FailingDisk):
    """One that is full from a write on."""

    def fill(self, after: int, counts: bool) -> None:
        """Full from the write behind so many on. `counts`: what the reserve gives up is room."""
        more = {WHICH: WRITES, ERROR: errno.ENOSPC, ONCE: False, COUNTS: counts}
        self._strike(after, more)


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
