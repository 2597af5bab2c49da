"""`commandwall feed`: what cannot be played is said in a sentence, and nothing is touched."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import pytest

from commandwall import feeding
from commandwall.config import REFUSED, Settings
from commandwall.store.store import MIRROR_POINTER, WALL_DB


def played(folder: Path) -> int:
    """The devices of a data directory, to a broker that nobody asks for them."""
    asked = Namespace(to="mqtt://127.0.0.1:1", file=None, pack=10, rate=1, seconds=1)
    return feeding.run(Settings.load({"data_dir": str(folder)}), asked)


def test_a_city_without_devices_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert played(tmp_path) == REFUSED
    assert "还没有设备 no devices yet" in capsys.readouterr().err


def test_a_damaged_store_is_said_and_left_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / MIRROR_POINTER).write_text("mirror-x.db")
    (tmp_path / "mirror-x.db").write_bytes(b"no database" * 1000)
    (tmp_path / WALL_DB).write_bytes(b"no database" * 1000)
    assert played(tmp_path) == REFUSED
    told = capsys.readouterr().err
    assert told.startswith("commandwall: ") and "no devices" not in told
    assert (tmp_path / WALL_DB).read_bytes() == b"no database" * 1000
