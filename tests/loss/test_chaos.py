"""Chaos among stations and a pool: three of them for a minute, in the long form ten and until 500
programs were killed; it also strikes at front and back a thousand times."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from loss.chaos import PAIR, SIDES, storm

LONG = os.environ.get("COMMANDWALL_TEST_LONG") == "1"
SEED = int(os.environ.get("COMMANDWALL_TEST_SEED") or random.SystemRandom().randrange(1 << 32))
SECONDS, BLOWS, KILLS = (600.0, 500, 500) if LONG else (60.0, 40, 20)
PAIR_BLOWS = 1000


@pytest.mark.timeout(3600 if LONG else 600)
@pytest.mark.parametrize(
    "beside", [False, pytest.param(True, marks=pytest.mark.long)], ids=["pool", "pool-and-hall"]
)
def test_after_kills_and_cuts_three_stations_with_wrong_clocks_agree(
    tmp_path: Path, beside: bool
) -> None:
    print(f"\nCOMMANDWALL_TEST_SEED={SEED}")
    found = storm(tmp_path, SEED, SECONDS, BLOWS, beside=beside, kills=KILLS)
    print(found)
    assert found.acts > 0 and found.conflicts > 0
    assert found.skews == pytest.approx([-clock_s for *_, clock_s in SIDES], abs=1.0)


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_after_a_thousand_blows_front_and_back_show_the_same(tmp_path: Path) -> None:
    print(f"\nCOMMANDWALL_TEST_SEED={SEED}")
    found = storm(tmp_path, SEED, 0.0, PAIR_BLOWS, PAIR)
    print(found)
    assert found.acts > 0
