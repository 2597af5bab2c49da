"""The hourly look at a station's files, in a program of its own: a broken page can do no harm here.

`python -m commandwall.store.guard FOLDER [history] [backup] [trial]` mends wall.db by itself, and
prints what else is wrong as lines of JSON: the agent, which has those files open, puts them away.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from commandwall import codes, logs, platform
from commandwall.config import BUSY, REFUSED
from commandwall.store import backup, check, copies, database, telemetry
from commandwall.store.database import StoreTrouble
from commandwall.store.mend import mend
from commandwall.store.migrate import upgrade
from commandwall.store.quarantine import Fault
from commandwall.store.store import WALL_DB, pointed

log = logging.getLogger(__name__)
LOOK_LOCK = "look.lock"
HISTORY, BACKUP, TRIAL = "history", "backup", "trial"
"""Arguments: look at the history too, which may be large; make a backup, and drop the oldest;
restore the newest on trial."""


def look(folder: Path, history: bool = False) -> Iterator[tuple[str, Fault]]:
    """Each file of a data directory that is damaged, and how; wall.db is mended. Raises
    StoreTrouble."""
    with database.troubles():
        if (fault := check.journal(folder / WALL_DB)) is not None:
            mend(folder, fault, upgrade)
            yield WALL_DB, fault
        name = pointed(folder)
        if name and (fault := check.mirror(folder / name)) is not None:
            yield name, fault
        kept = folder / telemetry.NAME
        if history and kept.exists() and (fault := check.history(kept)) is not None:
            yield telemetry.NAME, fault


def main(arguments: list[str]) -> int:
    """Look once; one at a time."""
    folder = Path(arguments[0])
    platform.be_nice(10)
    with platform.lock(folder / LOOK_LOCK) as held:
        if not held:
            return BUSY
        try:
            for name, fault in look(folder, HISTORY in arguments):
                print(json.dumps({"file": name, **asdict(fault)}), flush=True)
            if BACKUP in arguments:
                log.info("a backup was made: %s", backup.make(folder))
                backup.prune(folder / backup.FOLDER, int(codes.limit("backups_kept")))
            if TRIAL in arguments:
                copies.restore_on_trial(folder, backup.files(folder)[0])
        except StoreTrouble as trouble:
            log.error("the look at the files was broken off: %s", trouble)
            return REFUSED
    return 0


if __name__ == "__main__":
    logs.start(Path(sys.argv[1]) / "log", "guard", "INFO")
    raise SystemExit(main(sys.argv[1:]))
