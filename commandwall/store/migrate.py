"""Open wall.db: create it, upgrade it with a backup first, or refuse a newer one in plain words."""

from __future__ import annotations

import logging
from pathlib import Path

import sqlcipher3.dbapi2 as sqlite
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from commandwall import platform
from commandwall.store import database
from commandwall.store.database import StoreTrouble
from commandwall.store.store import Store

log = logging.getLogger(__name__)
SCRIPTS = Path(__file__).with_name("migrations")


def open_store(folder: Path) -> Store:
    """The store of a data directory, at the schema of this program.

    Raises StoreTrouble: `network` on a network file system, `newer` for a file that a newer
    program wrote, and the disk's own troubles.
    """
    database.check_version()
    folder.mkdir(parents=True, exist_ok=True)
    if kind := database.network_file_system(folder):
        raise StoreTrouble("network", f"{folder} is on {kind}; a local disk is needed")
    with platform.lock(folder / "upgrade.lock", wait=True), database.troubles():
        _upgrade(folder / "wall.db")
    return Store(folder)


def _upgrade(path: Path) -> None:
    scripts = ScriptDirectory(str(SCRIPTS))
    head = scripts.get_current_head()
    engine = database.writer(path, "FULL")
    try:
        held = _held(engine)
        if held == head:
            return
        if held is not None and held not in {s.revision for s in scripts.walk_revisions()}:
            raise StoreTrouble("newer", f"{path.name} was written by a newer version ({held})")
        if held is not None:
            _back_up(path, held)
        _run(engine)
        log.info("wall.db is now at %s (was %s)", head, held or "new")
    finally:
        engine.dispose()


def _held(engine: Engine) -> str | None:
    with engine.connect() as conn:
        return MigrationContext.configure(conn).get_current_revision()


def _run(engine: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    with engine.begin() as conn:
        config.attributes["connection"] = conn
        command.upgrade(config, "head")


def _back_up(path: Path, held: str) -> None:
    """A whole copy beside the file, before anything is touched; a half one never has its name."""
    copy = path.with_name(f"{path.stem}-before-upgrade-{held}.db")
    part = copy.with_suffix(".part")
    part.unlink(missing_ok=True)
    source, target = sqlite.connect(str(path)), sqlite.connect(str(part))
    try:
        source.backup(target)
    finally:
        target.close()
        source.close()
    part.replace(copy)
