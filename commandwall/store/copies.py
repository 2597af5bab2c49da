"""How the backups of a station stand: the newest here, its trial restore, its copy elsewhere.

Each outcome is a small file in the folder of backups, so that whoever asks, with or without a
program that runs, reads the same. `python -m commandwall.store.copies FOLDER ELSEWHERE` brings the
newest backup to a second place: a program of its own, which a share that hangs may hold up.
"""

from __future__ import annotations

import logging
import shutil
import socket
import sys
import tempfile
from dataclasses import asdict, replace
from pathlib import Path

import msgspec

from commandwall import codes, logs, platform
from commandwall.clock import Clock
from commandwall.config import BUSY, REFUSED
from commandwall.store import backup, space
from commandwall.store.database import StoreTrouble
from commandwall.store.migrate import open_store
from commandwall.store.pulse import NEVER, Copies, Outcome
from commandwall.store.store import WALL_DB

log = logging.getLogger(__name__)
LOCK = "copies.lock"
TRIAL, ELSEWHERE = "trial.json", "elsewhere.json"
OWNER = "station.txt"
"""Says in the second place whose backups these are: two stations would delete each other's."""
READ = msgspec.json.Decoder(Outcome)


def standing(folder: Path, elsewhere: str) -> Copies:
    """How the backups of a data directory stand; `elsewhere` is the second place that is set."""
    newest = next(iter(backup.files(folder)), None)
    made_at = backup.made_at(newest) if newest is not None else None
    return Copies(made_at, _told(folder, TRIAL), _told(folder, ELSEWHERE), bool(elsewhere))


def tried(folder: Path, file: Path) -> bool:
    """Whether this backup was restored on trial, whatever came of it."""
    last = _told(folder, TRIAL)
    return last is not None and last.file == file.name


def restore_on_trial(folder: Path, file: Path) -> Outcome:
    """Put a backup in the place of a journal, in a folder that goes again, and open it as a wall
    does: as many lines must be there as the backup had."""
    try:
        trouble = _on_trial(file)
    except (StoreTrouble, OSError) as failed:
        trouble = str(failed)
    if trouble:
        log.error("%s cannot be restored: %s", file.name, trouble)
    return _tell(folder, TRIAL, Outcome(Clock().now(), file.name, trouble))


def _on_trial(file: Path) -> str:
    """What is wrong with a backup; empty where it can be gone on with. It is looked at before it is
    opened, which would mend it."""
    space.fits(file.parent, file.stat().st_size)
    with tempfile.TemporaryDirectory(dir=file.parent, prefix="trial-") as trial:
        restored = Path(trial) / WALL_DB
        shutil.copyfile(file, restored)
        found, fault = backup.look(restored)
        if found is None:
            return f"{fault.code}: {fault.detail}" if fault else ""
        open_store(Path(trial)).close()
        after = backup.lines(restored)
    return "" if after == found.lines else f"{after} of {found.lines} lines"


def bring(folder: Path, there: Path, keep: int) -> Outcome:
    """Copy the newest backup to a second place and drop the oldest there; raises StoreTrouble and
    OSError where it cannot be done."""
    file = next(iter(backup.files(folder)), None)
    if file is None:
        raise StoreTrouble("cannot_open", "no backup was made yet")
    _claim(folder, there)
    if not (there / file.name).exists():
        _copy(file, there / file.name)
    backup.prune(there, keep)
    return Outcome(backup.made_at(file), file.name)


def failed(folder: Path, trouble: str) -> None:
    """Keep that the newest backup is not elsewhere, and why; what is there stays known."""
    before = _told(folder, ELSEWHERE) or Outcome(NEVER, "")
    _tell(folder, ELSEWHERE, replace(before, trouble=trouble))


def _claim(folder: Path, there: Path) -> None:
    """The second place is this station's from now on. Raises StoreTrouble where it is another's."""
    ours = f"{socket.gethostname()} {folder.resolve()}"
    there.mkdir(parents=True, exist_ok=True)
    mark = there / OWNER
    if not mark.exists():
        mark.write_text(ours, encoding="utf-8")
    elif (theirs := mark.read_text(encoding="utf-8")) != ours:
        raise StoreTrouble("cannot_open", f"{there} holds the backups of {theirs}")


def _copy(file: Path, to: Path) -> None:
    """A copy gets its name once it was read back and is sound."""
    part = to.with_suffix(".part")
    space.fits(to.parent, file.stat().st_size)
    try:
        shutil.copyfile(file, part)
        platform.to_disk(part)
        _, fault = backup.look(part)
        if fault is not None:
            raise StoreTrouble("damaged", f"{fault.code}: {fault.detail}")
        part.replace(to)
        platform.to_disk(to.parent)
    finally:
        part.unlink(missing_ok=True)


def _told(folder: Path, name: str) -> Outcome | None:
    try:
        return READ.decode((folder / backup.FOLDER / name).read_bytes())
    except (OSError, ValueError):
        return None


def _tell(folder: Path, name: str, outcome: Outcome) -> Outcome:
    fresh = folder / backup.FOLDER / f"{name}.new"
    fresh.parent.mkdir(parents=True, exist_ok=True)
    fresh.write_bytes(msgspec.json.encode(asdict(outcome)))
    fresh.replace(folder / backup.FOLDER / name)
    return outcome


def main(arguments: list[str]) -> int:
    """Bring the newest backup elsewhere; one at a time."""
    folder, there = Path(arguments[0]), Path(arguments[1])
    platform.be_nice(10)
    with platform.lock(folder / LOCK) as held:
        if not held:
            return BUSY
        try:
            done = bring(folder, there, int(codes.limit("backups_kept")))
        except (StoreTrouble, OSError) as trouble:
            log.error("no backup in %s: %s", there, trouble)
            failed(folder, str(trouble))
            return REFUSED
        _tell(folder, ELSEWHERE, done)
    return 0


if __name__ == "__main__":
    logs.start(Path(sys.argv[1]) / "log", "copies", "INFO")
    raise SystemExit(main(sys.argv[1:]))
