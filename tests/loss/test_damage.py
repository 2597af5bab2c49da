"""Damaged files of a station: found, named, kept, rebuilt; what the pool or a backup had is there.

Real programs wrote the files, on a pool that lives on. A seed, which is printed, draws a file and
what happens to it: a bit, a page of zeros or rubbish, an end cut off, a log that is gone. Damage
that changes nothing of what the file says (a bit in a free page) is told apart, and not counted.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from loss.damage import Survey, content, lines_in, make, spoil
from loss.power import living_pool
from loss.stations import PATIENCE_S, Station, until
from loss.verdict import Told

from commandwall.pool.server import PoolServer
from commandwall.store import check
from commandwall.store.quarantine import harms

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
    print(f"\nCOMMANDWALL_TEST_SEED={SEED}")
    survey = Survey(*pool, tmp_path)
    for no in range(FILES):
        survey.damage(random.Random(f"{SEED} {no}"))
    print(survey.said())
    assert survey.harmed > FILES / 4


def break_down(file: Path, dice: random.Random) -> None:
    """Spoil a file until that is named: pages that are written anew meanwhile are whole again."""
    end = time.monotonic() + PATIENCE_S
    while file.name not in {harm.file for harm in harms(file.parent)}:
        assert time.monotonic() < end, f"the damage of {file.name} was not named"
        spoil(file, dice)
        time.sleep(5)


def test_files_damaged_under_running_programs_are_mended_and_work_goes_on(tmp_path: Path) -> None:
    with living_pool(tmp_path):
        station = Station(tmp_path / "station", "back", "--join", str(tmp_path))
        try:
            station.wait_well()
            station.ask("post", post="chief", person="陈")
            station.busy(True)
            time.sleep(3)
            dice = random.Random(SEED)
            for file in (station.folder / "wall.db", next(station.folder.glob("mirror-*.db"))):
                break_down(file, dice)
            station.busy(False)
            station.wait_well()
            until("all to be handed over", lambda: not station.backlog())
            assert station.view()["areas"] == 1
        finally:
            station.end()
    lines = lines_in(content(station.folder / "wall.db", tmp_path / "look"))
    acks, found = Told(station.log).acked.values(), {line.hash for line in lines}
    missing = sum(ack["hash"] not in found for ack in acks)
    named = sum(harm.lines for harm in harms(station.folder))
    assert len(acks) > 20
    assert missing <= named, f"{missing} acts are gone, {named} were named"
    assert check.journal(station.folder / "wall.db") is None
