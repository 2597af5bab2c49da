"""Power cuts: what a disk may hold after each, opened by the real store.

`python -m benchmarks.power_cuts [--quick] [--seed N]` records a real wall and its agent while they
work, once as they are and once without a wait for the disk (`synchronous=OFF`, which must lose),
and makes their files again as they may lie on a disk at moments drawn from the seed. Linux, with
strace.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from loss.power import NAMES, Found, living_pool, record, survey

from benchmarks.report import figures, table
from commandwall.clock import Clock

POINTS, SECONDS = {True: 100, False: 3000}, {True: 5.0, False: 30.0}
"""By `quick`: cuts, and how long the station works."""
CARELESS_POINTS, CARELESS_SECONDS = 100, 3.0
HEAD = ("damage", "cuts", "acknowledged", "lost", *NAMES, "cuts / s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    asked = parser.parse_args()
    print(f"seed {asked.seed}")
    with tempfile.TemporaryDirectory() as name, living_pool(Path(name)):
        folder, quick = Path(name), asked.quick
        careful = _run(folder, "station", SECONDS[quick], POINTS[quick], asked.seed)
        careless = _run(folder, "careless", CARELESS_SECONDS, CARELESS_POINTS, asked.seed)
    figures("power_cuts", seed=asked.seed, careful=careful, synchronous_off=careless)


def _run(folder: Path, name: str, seconds: float, points: int, seed: int) -> dict[str, Any]:
    """Record one station, cut its power, print the table; the sums."""
    made = record(folder / name, folder, seconds, careless=name == "careless")
    clock = Clock()
    began = clock.monotonic()
    found = survey(made, points, seed, folder / "cut")
    pace = points / (clock.monotonic() - began)
    rows = [(kind, *_row(one), pace) for kind, one in found.items()]
    table(f"{name}: {len(made.acks)} acts acknowledged, {len(made.calls):,} calls", HEAD, rows)
    words = {word for one in found.values() for word in one.words if name == "station"}
    print("\n".join(sorted(words)[:20]))
    return {
        "cuts": points,
        "acts": len(made.acks),
        "acknowledged": sum(one.acked for one in found.values()),
        "lost": sum(one.lost for one in found.values()),
        "corrupt": sum(one.corrupt.total() for one in found.values()),
    }


def _row(one: Found) -> tuple[Any, ...]:
    return (one.points, one.acked, one.lost, *(one.corrupt[name] for name in NAMES))


if __name__ == "__main__":
    main()
