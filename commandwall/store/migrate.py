"""Open wall.db: create it, upgrade it with a backup first, or refuse a newer one in plain words."""

from __future__ import annotations

import logging
from pathlib import Path

from sqlalchemy import Engine, inspect, text

from commandwall import platform
from commandwall.store import backup, check, database
from commandwall.store.database import StoreTrouble
from commandwall.store.mend import mend
from commandwall.store.quarantine import Fault
from commandwall.store.store import MIRROR_POINTER, WALL_DB, Store, pointed, put_away

log = logging.getLogger(__name__)
SCRIPTS = Path(__file__).with_name("migrations")


def open_store(folder: Path) -> Store:
    """The store of a data directory, at the schema of this program.

    A damaged file goes into quarantine and is mended before anything else. Raises StoreTrouble:
    `network` on a network file system, `newer` for a file that a newer
    program wrote, and the disk's own troubles.
    """
    database.check_version()
    folder.mkdir(parents=True, exist_ok=True)
    if kind := database.network_file_system(folder):
        raise StoreTrouble("network", f"{folder} is on {kind}; a local disk is needed")
    with platform.lock(folder / "upgrade.lock", wait=True), database.troubles():
        if (fault := hurt(folder)) is not None:
            mend(folder, fault, upgrade)
        upgrade(folder / WALL_DB)
        _look_at_mirror(folder)
    return Store(folder)


def hurt(folder: Path) -> Fault | None:
    """What a start finds wrong with wall.db; a station that worked here must have one."""
    path = folder / WALL_DB
    if not path.exists() or not path.stat().st_size:
        # A mirror alone may have been copied here so that the city need not be: its journal is new.
        cut = folder.glob(MIRROR_POINTER) if path.exists() else ()
        known = [*backup.files(folder), *cut]
        return (
            Fault("empty", "there is no journal, though a station worked here") if known else None
        )
    return check.broken_off(path) or check.quick(path)


def _look_at_mirror(folder: Path) -> None:
    """One that does not even open must not keep the wall from starting; the rest is seen later."""
    name = pointed(folder)
    fault = check.opens(folder / name) if name else None
    if fault is not None:
        put_away(folder, name, fault)


def revisions() -> list[str]:
    """All schemas of wall.db, oldest first: the numbers at the head of the scripts' names."""
    return sorted(path.name.split("_")[0] for path in (SCRIPTS / "versions").glob("[0-9]*.py"))


def upgrade(path: Path) -> None:
    """Create a wall.db, or bring it to this program's schema, with a copy first.

    Raises StoreTrouble("newer").
    """
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
    database.copy(path, part)
    platform.to_disk(part)
    part.replace(copy)
    platform.to_disk(copy.parent)
