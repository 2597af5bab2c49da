"""Have a small picture made: in a child program with limits, since a picture may be a bomb."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

from commandwall import codes

log = logging.getLogger(__name__)
CHILD = Path(__file__).with_name("child.py")
_SILENT: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)


def make(source: Path, target: Path) -> bool:
    """Whether `target` is now a small JPEG of the picture `source`, drawn anew. Waits for it."""
    pixels, kilobytes, megabytes, seconds = (
        int(codes.limit(f"thumb_{name}")) for name in ("pixels", "kb", "mb", "seconds")
    )
    numbers = (str(number) for number in (pixels, kilobytes, megabytes, seconds))
    command = [sys.executable, "-I", str(CHILD), str(source), str(target), *numbers]
    try:
        made = subprocess.run(command, timeout=seconds, check=False, **_SILENT).returncode == 0
    except subprocess.TimeoutExpired:  # it was killed
        made = False
    if not made:
        log.info("no thumbnail could be made of %s", source.name)
    return made and target.is_file()
