"""Power cuts on the real programs: what was acknowledged is there afterwards, and nothing is torn.

A station is recorded while it works, and its files are made again as a disk may hold them at
moments drawn from a seed, which is printed. The same station without a wait for the disk
(`synchronous=OFF`) must fail: else this test would see nothing.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from loss.power import Found, living_pool, record, survey

LONG = os.environ.get("COMMANDWALL_TEST_LONG") == "1"
POINTS, SECONDS = (3000, 30.0) if LONG else (100, 5.0)
CARELESS_POINTS, CARELESS_SECONDS = 24, 3.0
ACTS = 20
"""More than so many are acknowledged while it is recorded."""
SEED = int(os.environ.get("COMMANDWALL_TEST_SEED") or random.SystemRandom().randrange(1 << 32))
pytestmark = [
    pytest.mark.timeout(3600 if LONG else 300),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="strace is Linux's"),
]


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("power")
    with living_pool(folder):
        yield folder


def said(found: dict[str, Found]) -> str:
    lines = [f"COMMANDWALL_TEST_SEED={SEED}"]
    for kind, one in found.items():
        words = "; ".join(dict.fromkeys(one.words))[:400]
        lines.append(
            f"{kind}: {one.points} cuts, {one.acked} acknowledged acts, {one.lost} lost, "
            f"damaged {dict(one.corrupt)} {words}"
        )
    return "\n".join(lines)


def test_a_power_cut_loses_no_acknowledged_act_and_damages_no_file(
    pool: Path, tmp_path: Path
) -> None:
    made = record(pool / "station", pool, SECONDS, ACTS)
    found = survey(made, POINTS, SEED, tmp_path / "cut")
    print("\n" + said(found))
    assert len(made.acks) > ACTS
    assert sum(one.points for one in found.values()) == POINTS
    assert all(one.acked for one in found.values())
    assert all(one.is_good for one in found.values()), said(found)


def test_a_station_that_does_not_wait_for_its_disk_is_found_out(pool: Path, tmp_path: Path) -> None:
    made = record(pool / "careless", pool, CARELESS_SECONDS, careless=True)
    found = survey(made, CARELESS_POINTS, SEED, tmp_path / "cut")
    assert not any(one.is_good for one in found.values()), said(found)
