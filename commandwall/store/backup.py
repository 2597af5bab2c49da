"""Backups of wall.db: whole copies of what can be had nowhere else, made while programs work.

`backup/wall-<time>.db` in the data directory. A copy gets its name only once it was opened and
looked at as a whole: pages, chain, records. SQLite's own backup makes it, at one moment.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from commandwall import platform
from commandwall.clock import HOUR, Clock, Ms, to_datetime
from commandwall.store import check, database, space
from commandwall.store.database import StoreTrouble
from commandwall.store.quarantine import Fault
from commandwall.store.store import WALL_DB

log = logging.getLogger(__name__)
FOLDER = "backup"
ENDING = ".db"


@dataclass(frozen=True, slots=True)
class Backup:
    """A copy: lines of all stations in it, and the moment of the newest (0: it has none)."""

    file: Path
    size: int
    lines: int
    newest: Ms


def make(folder: Path, into: Path | None = None) -> Path:
    """Copy wall.db as it is now, into the folder of backups or another one.

    Raises StoreTrouble: `cannot_open` where there is none, `damaged` where the copy is not sound,
    `disk_full` where there is no room for one.
    """
    if not (folder / WALL_DB).exists():
        raise StoreTrouble("cannot_open", f"{folder} has no journal yet")
    stem = f"wall-{to_datetime(Clock().now()):%Y%m%d-%H%M%S}"
    part = (into or folder / FOLDER) / f"{stem}.part"
    part.parent.mkdir(parents=True, exist_ok=True)
    part.unlink(missing_ok=True)
    space.fits(part.parent, (folder / WALL_DB).stat().st_size)
    try:
        with database.troubles():
            database.copy(folder / WALL_DB, part)
            fault = check.journal(part)
            if fault is not None:
                raise StoreTrouble("damaged", f"{fault.code}: {fault.detail}")
            platform.to_disk(part)
            part.replace(made := part.with_suffix(ENDING))
            platform.to_disk(made.parent)
    finally:
        part.unlink(missing_ok=True)
    return made


def files(folder: Path) -> list[Path]:
    """All backups of a data directory, newest first; last those that a wrong clock dated ahead."""
    return files_in(folder / FOLDER)


def files_in(there: Path) -> list[Path]:
    """All backups of a folder that holds nothing else of ours, in the same order."""
    now = f"wall-{to_datetime(Ms(Clock().now() + HOUR)):%Y%m%d-%H%M%S}"
    found = there.glob(f"wall-*{ENDING}")
    return sorted(found, key=lambda file: (file.stem <= now, file.stem), reverse=True)


def made_at(file: Path) -> Ms:
    """When a backup was made, by the computer's own count."""
    return Ms(int(file.stat().st_mtime * 1000))


def look(file: Path) -> tuple[Backup | None, Fault | None]:
    """Open a backup and look at all of it: what it holds, or what is wrong with it."""
    if not file.exists():
        raise StoreTrouble("cannot_open", f"{file} is not there")
    with database.troubles():
        if (fault := check.journal(file)) is not None:
            return None, fault
        with closing(database.raw(file)) as conn:
            (newest,) = conn.execute("SELECT max(hlc) >> 16 FROM journal").fetchone()
    return Backup(file, file.stat().st_size, lines(file), Ms(newest or 0)), None


def lines(file: Path) -> int:
    """How many lines of all stations a backup has. Raises StoreTrouble."""
    with database.troubles(), closing(database.raw(file)) as conn:
        return int(conn.execute("SELECT count(*) FROM journal").fetchone()[0])


def newest_good(folder: Path) -> Path | None:
    """The newest backup that is sound; those that are not are named in the log."""
    return next(_good(folder), None)


def _good(folder: Path) -> Iterator[Path]:
    for file in files(folder):
        _, fault = look(file)
        if fault is None:
            yield file
        else:
            log.error("the backup %s is damaged: %s", file.name, fault.detail)


def prune(there: Path, keep: int) -> None:
    """Delete the oldest of a folder of backups beyond so many."""
    for file in files_in(there)[max(1, keep) :]:
        file.unlink(missing_ok=True)
