"""Open wall.db: create it, upgrade it with a backup first, or refuse a newer one in plain words."""

from __future__ import annotations

import logging
from pathlib import Path

import sqlcipher3.dbapi2 as sqlite
from sqlalchemy import Engine, inspect, text

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


def revisions() -> list[str]:
    """All schemas of wall.db, oldest first: the numbers at the head of the scripts' names."""
    return sorted(path.name.split("_")[0] for path in (SCRIPTS / "versions").glob("[0-9]*.py"))


def _upgrade(path: Path) -> None:
    known = revisions()
    head = known[-1]
    engine = database.writer(path, "FULL")
    try:
        held = _held(engine)
        if held == head:
            return
        if held is not None and held not in known:
            raise StoreTrouble("newer", f"{path.name} was written by a newer version ({held})")
        if held is not None:
            _back_up(path, held)
        _run(engine)
        log.info("wall.db is now at %s (was %s)", head, held or "new")
    finally:
        engine.dispose()


def _held(engine: Engine) -> str | None:
    with engine.connect() as conn:
        if not inspect(conn).has_table("alembic_version"):
            return None
        return conn.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _run(engine: Engine) -> None:
    # Here, not above: each start would wait for it, and nearly none upgrades anything.
    from alembic import command
    from alembic.config import Config

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
