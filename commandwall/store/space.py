"""Room on the disk of a data directory, and the reserve that is given up when there is none left.

The file `reserve` is 64 MB that nobody uses. Whoever finds the disk full cuts it to nothing: with
that room what is under way is finished, and its emptiness tells both programs that from now on
they only show. Once there is room it is made anew, which proves that the disk takes bytes again:
no figure of a file system does (quotas, blocks kept for root), and no program has to be started
again. A folder in which no program keeps a reserve is never full in this sense.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from commandwall import codes, platform
from commandwall.store import database, disk
from commandwall.store.database import FULL, StoreTrouble

log = logging.getLogger(__name__)
R = TypeVar("R")
NAME = "reserve"
MEAN_FULL = ("disk_error", "cannot_open")
"""How SQLite names a full disk where it met it elsewhere than in a write."""


@dataclass(frozen=True, slots=True)
class Space:
    """What a disk has left: its name, whole MB that are free and that must be for a full one to be
    written to again, and how that is to be taken."""

    disk: str = ""
    free_mb: int = 0
    wanted_mb: int = 0
    full: bool = False  # nothing is written until there is room again
    low: bool = False  # it is to be told how much is left


def look(folder: Path) -> Space:
    """The disk of a data directory as it is now."""
    free, full = shutil.disk_usage(folder).free, is_full(folder)
    low = not full and free < codes.limit("disk_gb") * 1e9
    return Space(platform.disk(folder), free >> 20, _wanted() >> 20, full, low)


def keep(folder: Path) -> Space:
    """Hold the reserve where there is room for it, give it up where too little is left besides;
    whoever works on a data directory calls this about once a second. Raises OSError where the
    folder is gone."""
    free, size = shutil.disk_usage(folder).free, _size(folder)
    if size and free < _bytes("disk_full_mb"):
        release(folder)
    elif not size and free >= _wanted():
        _make(folder)
    elif size is None:
        (folder / NAME).touch()
    return look(folder)


def is_full(folder: Path) -> bool:
    """Whether the reserve was given up, and is not there again."""
    return _size(folder) == 0


def release(folder: Path) -> bool:
    """Give the reserve up; False where there was none any more."""
    if not _size(folder):
        return False
    os.truncate(folder / NAME, 0)
    log.error("the disk of %s is full: nothing is written until there is room", folder)
    return True


def finish(folder: Path, work: Callable[[], R]) -> R:
    """Do what is under way; where the disk has no room for it, once more with that of the reserve.

    Raises StoreTrouble; FULL where that was not enough.
    """
    try:
        with database.troubles():
            return work()
    except StoreTrouble as trouble:
        held = bool(_size(folder))
        if not met(folder, trouble):
            raise
        if not held:
            raise StoreTrouble(FULL, trouble.detail) from trouble
        with database.troubles():
            return work()


def met(folder: Path, trouble: StoreTrouble) -> bool:
    """Whether a trouble means that the disk is full; then the reserve is given up."""
    full = trouble.code == FULL or (trouble.code in MEAN_FULL and _refuses(folder))
    if full:
        release(folder)
    return full


def fits(folder: Path, size: int) -> None:
    """Raise StoreTrouble(FULL) where so many bytes more would fill the disk of a folder."""
    free = shutil.disk_usage(folder).free
    if free - size < _bytes("disk_full_mb"):
        raise StoreTrouble(FULL, f"{size >> 20} MB more do not fit, {free >> 20} MB are free")


def _make(folder: Path) -> None:
    """Blocks of its own, not a hole; none of it where not all of it can be had."""
    before = _size(folder)
    try:
        platform.allocate(folder / NAME, _bytes("reserve_mb"))
    except OSError as why:
        log.debug("no room for the reserve yet: %s", why)
    else:
        log.log(
            logging.INFO if before is None else logging.WARNING,
            "the disk of %s has room, and a reserve", folder,
        )  # fmt: skip


def _size(folder: Path) -> int | None:
    """Bytes of the reserve; None where nobody ever kept one."""
    try:
        return (folder / NAME).stat().st_size
    except (FileNotFoundError, NotADirectoryError):
        return None


def _refuses(folder: Path) -> bool:
    """Whether the disk refuses a few bytes for want of room."""
    why = disk.refusal(folder)
    return why is not None and disk.no_room(why)


def _wanted() -> int:
    """Bytes that must be free before anything is written again."""
    least = _bytes("reserve_mb") + _bytes("disk_full_mb")
    return max(least, _bytes("disk_back_mb"))


def _bytes(limit: str) -> int:
    return int(codes.limit(limit)) << 20
