"""Whether the disk of a data directory takes bytes just now.

Programs of a station tell each other by its files that they live. Where the disk takes nothing,
silence says nothing, and a program that is started anew could do no more than the one that runs.
"""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

BYTES = 1 << 16
NO_ROOM = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}


def refusal(folder: Path) -> OSError | None:
    """What the disk of a folder says to a few bytes that are to be flushed; None where it takes
    them. They are gone again."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(BYTES))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return error
    return None


def no_room(error: OSError) -> bool:
    """Whether a disk, or what we may have of it, is full."""
    return error.errno in NO_ROOM
