"""A data directory with a pool of its own: the demo fills it once, and never over a real city."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from commandwall.config import Settings
from commandwall.pool.own import OwnPool

OUTLINE = (
    "INSERT INTO cw_area(id, level, name, parent, lon, lat, geom, sketch, kind)"
    " VALUES ('320281', 0, '江阴市', '', 120.2, 31.9, '\\x00', 0, '')"
)


def quiet(share: float, left_s: float | None) -> None:
    """Who does not care how far it is."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def areas(folder: Path) -> list[tuple[object, ...]]:
    with ExitStack() as parts:
        own = OwnPool(Settings(data_dir=folder), parts, quiet)
        with own.server.owner() as conn:
            return conn.execute("SELECT id FROM cw_area ORDER BY level, id LIMIT 2").fetchall()


def test_a_town_without_a_pool_of_its_own_has_none(folder: Path) -> None:
    assert not OwnPool.wanted(Settings(data_dir=folder))
    assert OwnPool.wanted(Settings(data_dir=folder, demo=True))
    assert not OwnPool.wanted(Settings(data_dir=folder, demo=True, pool="postgresql://city"))


def test_the_demo_is_invented_into_an_empty_pool_and_found_again(folder: Path) -> None:
    told: list[tuple[float, float | None]] = []
    with ExitStack() as parts:
        OwnPool(Settings(data_dir=folder, demo=True), parts, lambda *how_far: told.append(how_far))
    shares = [share for share, _ in told]
    assert shares[-1] == 1.0
    assert shares == sorted(shares)
    assert told[-1][1] == 0.0
    assert any(left for _, left in told)
    before, count = areas(folder), len(told)
    with ExitStack() as parts:
        OwnPool(Settings(data_dir=folder, demo=True), parts, lambda *how_far: told.append(how_far))
    assert areas(folder) == before != []
    assert len(told) == count


def test_the_demo_leaves_a_real_city_alone(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    with ExitStack() as parts:
        (folder / "pool").mkdir()
        own = OwnPool(Settings(data_dir=folder), parts, quiet)
        with own.server.owner() as conn:
            conn.execute(OUTLINE)
    with ExitStack() as parts:
        OwnPool(Settings(data_dir=folder, demo=True), parts, quiet)
    assert areas(folder) == [("320281",)]
    assert "real city" in caplog.text
