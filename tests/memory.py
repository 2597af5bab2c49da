"""What a program holds of memory, so that two moments can be compared."""

from __future__ import annotations

import sys

import psutil


def held(pid: int | None = None) -> int:
    """Bytes of memory of a program, else this one, that are no file's. `uss` has the pages of Qt in
    it too while no other program has them: 70 MB come and go with each that begins or ends beside.
    """
    process = psutil.Process(pid)
    if sys.platform != "linux":
        return process.memory_full_info().uss
    return sum(part.anonymous for part in process.memory_maps())
