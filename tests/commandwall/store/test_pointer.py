"""The file that names the mirror in use, also one that a power cut or a hand has spoilt."""

from __future__ import annotations

from pathlib import Path

import pytest

from commandwall.store.migrate import open_store
from commandwall.store.mirror import use
from commandwall.store.store import MIRROR_POINTER

NAME = "mirror-abcd-1234.db"
SPOILT = (b"", bytes(len(NAME)), b"\xff\xfe\x00", b"..", b"mirror-of-nobody.db", b"./wall.db")


def test_the_mirror_that_is_named_is_used(tmp_path: Path) -> None:
    (tmp_path / NAME).touch()
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
