"""Quarantine: where a damaged file is kept, with what was found and what it cost.

`quarantine/<time>-<file>/` in the data directory holds the file as it was, its `-wal`, and
`harm.json`. Nothing there is ever deleted by the program.
"""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import msgspec

from commandwall import platform
from commandwall.clock import Clock, Ms, to_datetime

log = logging.getLogger(__name__)
FOLDER, REPORT, SUSPECT = "quarantine", "harm.json", "suspect"
ENDINGS = ("", "-wal")
"""What a database is made of on disk."""
BESIDE = ("-shm", ".hot")
"""What whoever opens it makes anew."""


@dataclass(frozen=True, slots=True)
class Span:
    """Lines of one station that are missing; `last` is 0 where nobody can tell how many."""

    origin: str
    first: int
    last: int = 0


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a file: a code for the screen, and the words of whoever found it.

    `code`: structure (pages, indexes), chain (a line of the journal was changed), head, fold (a
    record is not as its line), tally, empty, wal (the log of the newest writings breaks off), fork
    (the pool holds lines of ours that we have not), restored (a person put a backup in its place).
    """

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Harm:
    """A damaged file: what was found, where it is kept, which lines are missing for now."""

    file: str
    code: str
    detail: str
    at: Ms
    kept: str
    lost: tuple[Span, ...] = ()

    @property
    def lines(self) -> int:
        """How many lines are missing, as far as that is known."""
        return sum(max(0, span.last - span.first + 1) for span in self.lost)

    @property
    def is_open(self) -> bool:
        """Whether there may be more of them than anybody can tell."""
        return any(not span.last for span in self.lost)


READ = msgspec.json.Decoder(Harm)


def suspect(folder: Path) -> None:
    """A file of a data directory could not be read: let it be looked at soon."""
    with suppress(OSError):
        (folder / SUSPECT).touch()


def heard(folder: Path) -> bool:
    """Whether anybody could not read a file since this was last asked."""
    try:
        (folder / SUSPECT).unlink()
    except FileNotFoundError:
        return False
    return True


def take(file: Path, fault: Fault, moved: bool) -> Harm:
    """Move a file into quarantine, or copy it where others still have it open; on disk when this
    returns."""
    harm = tell(file, fault)
    kept = file.parent / FOLDER / harm.kept
    try:
        _bring(file, kept, shutil.move if moved else shutil.copyfile)
    except OSError:
        if not moved:  # half a copy on a full disk is of use to nobody, and comes again
            shutil.rmtree(kept, ignore_errors=True)
        raise
    if moved:
        for ending in BESIDE:
            file.with_name(file.name + ending).unlink(missing_ok=True)
        platform.to_disk(file.parent)
    return harm


def _bring(file: Path, kept: Path, bring: Callable[[Path, Path], object]) -> None:
    for ending in ENDINGS:
        part = file.with_name(file.name + ending)
        if part.exists():
            bring(part, kept / part.name)
            platform.to_disk(kept / part.name)
    platform.to_disk(kept)


def tell(file: Path, fault: Fault, lost: Sequence[Span] = ()) -> Harm:
    """Keep what was found, and name it in the log."""
    at = Clock().now()
    kept = _room(file.parent / FOLDER, f"{to_datetime(at):%Y%m%d-%H%M%S}-{file.name}")
    harm = Harm(file.name, fault.code, fault.detail, at, kept.name)
    log.error("%s is damaged: %s, %s; see %s", file.name, fault.code, fault.detail, kept)
    return note(file.parent, harm, lost)


def note(folder: Path, harm: Harm, lost: Sequence[Span] = ()) -> Harm:
    """Keep what is known of a harm, beside the file."""
    harm = replace(harm, lost=tuple(lost))
    text = json.dumps(asdict(harm), ensure_ascii=False, indent=1)
    platform.write_whole(folder / FOLDER / harm.kept / REPORT, text)
    return harm


def harms(folder: Path) -> list[Harm]:
    """All that ever happened to the files of a data directory, oldest first."""
    found = []
    for report in sorted((folder / FOLDER).glob(f"*/{REPORT}")):
        try:
            found.append(READ.decode(report.read_bytes()))
        except (OSError, ValueError) as why:
            log.warning("%s cannot be read: %s", report, why)
    return found


def _room(folder: Path, name: str) -> Path:
    """A new folder of this name, or of the next that is free."""
    for no in range(1, 1000):
        room = folder / (name if no == 1 else f"{name}.{no}")
        try:
            room.mkdir(parents=True)
        except FileExistsError:
            continue
        return room
    raise FileExistsError(f"{folder} holds too much of one second")
