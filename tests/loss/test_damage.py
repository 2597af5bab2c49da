"""Damaged files of a station: found, named, kept, rebuilt; what the pool or a backup had is there.

Real programs wrote the files, on a pool that lives on. A seed, which is printed, draws a file and
what happens to it: a bit, a page of zeros or rubbish, an end cut off, a log that is gone. Damage
that changes nothing of what the file says (a bit in a free page) is told apart, and not counted.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from loss.damage import Survey, make
from loss.power import living_pool

from commandwall.pool.server import PoolServer

LONG = os.environ.get("COMMANDWALL_TEST_LONG") == "1"
FILES = 1000 if LONG else 50
SEED = int(os.environ.get("COMMANDWALL_TEST_SEED") or random.SystemRandom().randrange(1 << 32))
pytestmark = pytest.mark.timeout(3600 if LONG else 300)


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, PoolServer]]:
    folder = tmp_path_factory.mktemp("damage")
    with living_pool(folder):
        make(folder)
    with PoolServer(folder / "pool") as still:
        yield folder, still


def test_damaged_files_are_found_named_and_rebuilt(
    pool: tuple[Path, PoolServer], tmp_path: Path
) -> None:
    survey = Survey(*pool, tmp_path)
    for no in range(FILES):
        survey.damage(random.Random(f"{SEED} {no}"))
    print(f"\nCOMMANDWALL_TEST_SEED={SEED}\n{survey.said()}")
    assert survey.harmed > FILES / 4
