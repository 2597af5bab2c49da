"""Where CAP files are put: by a bureau, or from a broker, whose messages become files like any."""

from __future__ import annotations

import hashlib
from pathlib import Path

from commandwall.config import Settings

NAME = "warnings"


def folder_of(settings: Settings) -> Path:
    """The folder that is watched."""
    given = settings.warnings_folder
    return Path(given).expanduser() if given else settings.data_dir / NAME


def put(settings: Settings, body: bytes) -> None:
    """Let a message lie there, whole from the first moment; one that comes twice is one file.
    Raises OSError."""
    folder = folder_of(settings)
    if not settings.warnings_folder:  # our own
        folder.mkdir(exist_ok=True)
    name = f"mqtt-{hashlib.sha256(body).hexdigest()[:24]}.xml"
    hidden = folder / f".{name}"
    hidden.write_bytes(body)
    hidden.replace(folder / name)
