"""First fill: a whole mirror beside the one in use, by key ranges, in a child program.

`python -m commandwall.pool.fill FOLDER` reads the pool's address from the settings (environment),
prints its share of the work as lines of JSON, and ends by pointing the folder at the new file.
"Fuzzy copy, then catch up": the head of the feed is noted first and becomes the cursor, so what
changes during the copy arrives again through the feed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

from commandwall.clock import Clock
from commandwall.config import Settings
from commandwall.pool.client import Client
from commandwall.pool.schema import city_kinds
from commandwall.store.mirror import Mirror, schema_mark, use

RANGE = 5_000
"""Rows of one question: few enough to arrive within its time limit over a thin line."""


def mirror_name(epoch: str, mark: str) -> str:
    """The file of one epoch of the pool and one shape of our tables."""
    return f"mirror-{epoch[:8]}-{mark}.db"


def fill(folder: Path, client: Client, clock: Clock, tell: Callable[[float], None]) -> str:
    """Copy the pool into a new mirror; returns its file name once the folder points at it.

    A copy that was broken off goes on after the last range it holds.
    """
    meta = client.meta()
    name = mirror_name(meta.epoch, schema_mark())
    mirror = Mirror(folder / name)
    if not mirror.meta("cursor"):
        mirror.note(cursor=str(client.head()), epoch=meta.epoch, city=meta.city)
    names = list(city_kinds())
    counts = {kind: client.count(kind) for kind in names}
    total, done = sum(counts.values()) or 1, 0
    for kind in names:
        after = mirror.meta(f"filled.{kind}")
        while rows := client.fill(kind, after, RANGE):
            after = str(rows[-1][0])
            mirror.fill(kind, rows, after)
            done += len(rows)
            tell(min(1.0, done / total))
    mirror.note(taken_at=str(clock.now()))
    mirror.close()
    use(folder, name)
    return name


def main(folder: Path) -> int:
    settings = Settings.load({})
    with Client(settings.pool, settings.secret_file) as client:
        fill(folder, client, Clock(), lambda share: print(json.dumps(share), flush=True))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
