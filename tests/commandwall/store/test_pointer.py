"""The file that names the mirror in use, also one that a power cut or a hand has spoilt."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
import sqlcipher3.dbapi2 as sqlite

from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror, use
from commandwall.store.quarantine import harms
from commandwall.store.store import MIRROR_POINTER, WALL_DB

NAME = "mirror-abcd-1234.db"
SPOILT = (b"", bytes(len(NAME)), b"\xff\xfe\x00", b"..", b"mirror-of-nobody.db", b"./wall.db")


def test_the_mirror_that_is_named_is_used(tmp_path: Path) -> None:
    Mirror(tmp_path / NAME).close()
    use(tmp_path, NAME)
    store = open_store(tmp_path)
    assert store.mirror_name() == NAME
    store.close()


@pytest.mark.parametrize("spoilt", SPOILT)
def test_a_spoilt_pointer_names_none_and_the_store_opens(tmp_path: Path, spoilt: bytes) -> None:
    """The agent then fills a mirror, as before the first one."""
    (tmp_path / MIRROR_POINTER).write_bytes(spoilt)
    before = {file.name for file in tmp_path.iterdir()}
    store = open_store(tmp_path)
    assert store.mirror_name() == ""
    assert store.read(lambda r: r.value("SELECT count(*) FROM mirror.event")) == 0
    store.close()
    made = {file.name for file in tmp_path.iterdir()} - before
    assert not {name for name in made if name.startswith("mirror")}


def test_a_mirror_that_another_edition_filled_counts_as_none(tmp_path: Path) -> None:
    """After an upgrade the wall asked it each second for a table that it has not."""
    Mirror(tmp_path / NAME).close()
    with closing(sqlite.connect(tmp_path / NAME)) as old:
        old.execute("DROP TABLE event")
    use(tmp_path, NAME)
    store = open_store(tmp_path)
    assert store.mirror_name() == ""
    assert store.read(lambda r: r.value("SELECT count(*) FROM mirror.event")) == 0
    Mirror(tmp_path / "new.db").close()
    use(tmp_path, "new.db")
    assert store.mirror_name() == "new.db"
    store.close()


def test_a_mirror_that_was_copied_here_alone_is_beside_a_new_journal(tmp_path: Path) -> None:
    Mirror(tmp_path / NAME).close()
    use(tmp_path, NAME)
    open_store(tmp_path).close()
    assert not harms(tmp_path)
    (tmp_path / WALL_DB).write_bytes(b"")  # but one that was cut to nothing is damaged
    open_store(tmp_path).close()
    assert [harm.code for harm in harms(tmp_path)] == ["empty"]
