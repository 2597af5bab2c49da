"""Whether the disk of a data directory takes bytes just now.

Programs of a station tell each other by its files that they live. Where the disk takes nothing,
silence says nothing, and a program that is started anew could do no more than the one that runs.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

PROBE = "disk.probe"
BYTES = 1 << 16


def refusal(folder: Path) -> OSError | None:
    """What the disk of a folder says to a few bytes that are to be flushed; None where it takes
    them. They are gone again."""
    probe = folder / f"{PROBE}.{os.getpid()}"
    try:
        with probe.open("wb") as file:
            file.write(bytes(BYTES))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return error
    finally:
        with suppress(OSError):
            probe.unlink(missing_ok=True)
    return None
