"""Chaos: three stations with wrong clocks and one pool under kills and cut lines, then the verdict.

`python -m benchmarks.sync_chaos [--quick] [--seed N]` is the test of the same name (a minute, or
ten) with its figures: it ends with an error where an act was lost, doubled or put before its cause.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from loss.chaos import storm

from benchmarks.report import figures, table

LEAST = {
    True: {"seconds": 60.0, "blows": 40, "kills": 20},
    False: {"seconds": 600.0, "blows": 500, "kills": 500},
}
"""By `quick`: how long it lasts, how many blows and how many killed programs it has at least."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    asked = parser.parse_args()
    print(f"seed {asked.seed}")
    with tempfile.TemporaryDirectory() as folder:
        found = storm(Path(folder), asked.seed, **LEAST[asked.quick])
    table("blows", ("what", "times"), sorted(found.blows.items()))
    counts = [(name, value) for name, value in asdict(found).items() if isinstance(value, int)]
    table("what the testers did, and what the journals hold", ("what", "how many"), counts)
    print(f"at rest {found.rest_s:.1f} s after the last blow; every check held")
    figures("sync_chaos", kills=found.kills, **asdict(found))


if __name__ == "__main__":
    main()
