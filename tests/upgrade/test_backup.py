"""An upgrade copies the file first, and leaves the old one or the new one, never between.

The upgrade to 9001 stands only here: it changes every line's act, adds a column and a table.
"""

from __future__ import annotations

import gzip
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import sqlcipher3.dbapi2 as sqlite

from commandwall.store import migrate
from commandwall.store.store import Store

KEPT = max(Path(__file__).parent.glob("*.db.gz"))
HELD = KEPT.name.removesuffix(".db.gz")
NEWEST = migrate.revisions()[-1]
UPGRADE = f'''
"""A later wall.db; ends itself, or fails, after as many steps as the environment says."""
import os
import signal
import sqlalchemy as sa
from alembic import op

revision, down_revision = "9001", "{NEWEST}"


def upgrade():
    steps = (
        lambda: op.create_table("later", sa.Column("id", sa.Text(), primary_key=True)),
        lambda: op.add_column("eventnote", sa.Column("kind", sa.Text())),
        lambda: op.execute("UPDATE journal SET act = 'later'"),
        lambda: op.drop_table("conflict"),
    )
    for done, step in enumerate((*steps, lambda: None)):
        if os.environ.get("FAIL_AFTER") == str(done):
            raise ValueError("this upgrade is broken")
        if os.environ.get("KILL_AFTER") == str(done):
            os.kill(os.getpid(), signal.SIGKILL)
        step()
'''
OPEN = """
import sys
from pathlib import Path
from commandwall.store import migrate
migrate.SCRIPTS = Path(sys.argv[1])
migrate.open_store(Path(sys.argv[2])).close()
"""
BROKEN_OFF = [*(("KILL_AFTER", step) for step in range(5)), ("FAIL_AFTER", 2), ("FAIL_AFTER", 4)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "data"
    made.mkdir()
    (made / "wall.db").write_bytes(gzip.decompress(KEPT.read_bytes()))
    return made


@pytest.fixture
def later(tmp_path: Path) -> Path:
    """The program's migrations and one that is not yet written."""
    scripts = tmp_path / "migrations"
    shutil.copytree(migrate.SCRIPTS, scripts)
    (scripts / "versions" / "9001_later.py").write_text(UPGRADE)
    return scripts


def asked(file: Path, sql: str) -> list[tuple[object, ...]]:
    raw = sqlite.connect(str(file))
    try:
        return raw.execute(sql).fetchall()
    finally:
        raw.close()


def whole(file: Path) -> list[object]:
    """Everything of a database: its tables and their rows."""
    raw = sqlite.connect(str(file))
    try:
        assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        tables = raw.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()
        rows = [raw.execute(f"SELECT * FROM {name}").fetchall() for name, sql in tables
                if sql and sql.startswith("CREATE TABLE")]  # fmt: skip
        return [tables, rows]
    finally:
        raw.close()


def acts(file: Path) -> set[object]:
    return {act for (act,) in asked(file, "SELECT act FROM journal")}


def open_later(scripts: Path, folder: Path, **environment: str) -> int:
    """The later program in a process of its own; returns how it ended."""
    command = [sys.executable, "-c", OPEN, str(scripts), str(folder)]
    return subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, check=False, timeout=60
    ).returncode


def test_the_copy_holds_all_that_was_there_before(folder: Path, later: Path) -> None:
    before = whole(folder / "wall.db")
    assert open_later(later, folder) == 0
    assert whole(folder / f"wall-before-upgrade-{HELD}.db") == before
    assert acts(folder / "wall.db") == {"later"}


def test_what_an_earlier_try_left_is_no_hindrance(folder: Path, later: Path) -> None:
    before = whole(folder / "wall.db")
    for name in (f"wall-before-upgrade-{HELD}.db", f"wall-before-upgrade-{HELD}.part"):
        (folder / name).write_bytes(b"half a copy" * 1000)
    assert open_later(later, folder) == 0
    assert whole(folder / f"wall-before-upgrade-{HELD}.db") == before


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no limit of a file's size")
def test_without_room_for_the_copy_nothing_is_touched_and_a_sentence_says_so(
    folder: Path, later: Path
) -> None:
    before = whole(folder / "wall.db")
    small = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))\n"
    command = [sys.executable, "-c", small + OPEN, str(later), str(folder)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert "StoreTrouble: disk_" in ended.stderr.splitlines()[-1]
    assert whole(folder / "wall.db") == before
    assert not (folder / f"wall-before-upgrade-{HELD}.db").exists()


def test_opening_again_copies_nothing(folder: Path) -> None:
    migrate.open_store(folder).close()
    copies = {path: path.stat().st_mtime_ns for path in folder.glob("*before-upgrade*")}
    migrate.open_store(folder).close()
    assert {path: path.stat().st_mtime_ns for path in folder.glob("*before-upgrade*")} == copies


@pytest.mark.parametrize(("how", "step"), BROKEN_OFF)
def test_an_upgrade_broken_off_leaves_the_old_one(
    folder: Path, later: Path, how: str, step: int
) -> None:
    before = whole(folder / "wall.db")
    ended = open_later(later, folder, **{how: str(step)})
    assert ended == (-signal.SIGKILL if how == "KILL_AFTER" else 1)
    assert whole(folder / "wall.db") == before
    assert whole(folder / f"wall-before-upgrade-{HELD}.db") == before
    store: Store = migrate.open_store(folder)  # the present program goes on
    assert store.read(lambda r: r.value("SELECT count(*) FROM journal"))
    store.close()
    assert open_later(later, folder) == 0  # and the upgrade may be tried again
    assert acts(folder / "wall.db") == {"later"}


def test_the_present_program_refuses_a_later_file(folder: Path, later: Path) -> None:
    open_later(later, folder)
    after = whole(folder / "wall.db")
    with pytest.raises(migrate.StoreTrouble, match="newer"):
        migrate.open_store(folder)
    assert whole(folder / "wall.db") == after
