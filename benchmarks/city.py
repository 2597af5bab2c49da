"""Walls on a demo city of full size, which stands in a data directory that a run left.

`python -m main --demo --scale city --data-dir DIR` makes one in some minutes.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import sqlcipher3.dbapi2 as sqlite

import main
from benchmarks.living import until
from commandwall import platform
from commandwall.config import Settings
from commandwall.store.mirror import Mirror, use
from commandwall.store.schema import MIRROR, kinds, table_of
from commandwall.store.store import MIRROR_POINTER
from widgets import startup
from widgets.wall import Wall

WAIT_S = 600.0
APART = 4e-4
"""Degrees by which copies of a device stand apart."""


@contextmanager
def alone(source: Path, size: tuple[int, int], copies: int = 1) -> Iterator[tuple[Wall, Path]]:
    """A wall without an agent, on the mirror of a city with so many times its devices; another
    program writes all values each second, as the agent would. Its output is the yielded file."""
    startup.application(offscreen=True)
    with tempfile.TemporaryDirectory() as name, ExitStack() as parts:
        folder = Path(name)
        name = (source / MIRROR_POINTER).read_text().strip()
        if copies == 1:
            (folder / name).symlink_to((source / name).resolve())
        else:
            multiply(source / name, folder / name, copies)
        use(folder, name)
        told = folder / "told"
        with told.open("w") as out:
            command = [sys.executable, "-m", "benchmarks.values", str(folder), "--alarms"]
            child = subprocess.Popen(command, stdout=out)
        parts.callback(platform.end, child)
        until(lambda: any(folder.glob("sensors-*.live")), WAIT_S)
        yield shown(parts, Settings(data_dir=folder, log_level="WARNING"), size), told


@contextmanager
def whole(source: Path, size: tuple[int, int]) -> Iterator[Wall]:
    """The whole program on that data directory: agent, pool and player, and every device of the
    city speaks each second."""
    startup.application(offscreen=True)
    with ExitStack() as parts:
        settings = Settings(data_dir=source, demo=True, scale="city", log_level="WARNING")
        wall = shown(parts, settings, size)
        until(lambda: wall.context.trust.stopped is None, WAIT_S)
        flood = subprocess.Popen([sys.executable, "-m", "benchmarks.flood", str(source)])
        parts.callback(platform.end, flood)
        yield wall


def shown(parts: ExitStack, settings: Settings, size: tuple[int, int]) -> Wall:
    """The wall of a data directory, once its city is drawn with all its buildings."""
    wall = main.build(settings, parts)
    parts.callback(wall.hide)
    wall.resize(*size)
    wall.show()
    until(lambda: bool(wall.picture.buildings) and wall.is_drawn(), WAIT_S)
    return wall


def multiply(source: Path, target: Path, copies: int) -> None:
    """A mirror with everything but the closed events, and each device so many times."""
    Mirror(target).close()
    conn = sqlite.connect(str(target), isolation_level=None)
    conn.execute("ATTACH ? AS city", (str(source),))
    conn.execute("BEGIN")
    for kind in kinds(MIRROR).values():
        table = table_of(kind).name
        open_only = " WHERE closed_at IS NULL" if table == "event" else ""
        conn.execute(f"INSERT INTO {table} SELECT * FROM city.{table}{open_only}")
    for table in ("mirror_meta", "tally"):
        conn.execute(f"INSERT OR REPLACE INTO {table} SELECT * FROM city.{table}")
    columns = [c.name for c in table_of(kinds(MIRROR)["sensor"]).columns]
    span = conn.execute("SELECT max(no) + 1 FROM sensor").fetchone()[0]
    for n in range(1, copies):
        moved = {"id": f"id || '-{n}'", "no": f"no + {n * span}", "lon": f"lon + {n * APART}",
                 "lat": f"lat + {n % 3 * APART}"}  # fmt: skip
        fields = ", ".join(moved.get(name, name) for name in columns)
        conn.execute(f"INSERT INTO sensor SELECT {fields} FROM city.sensor")
    conn.execute("COMMIT")
    conn.close()
