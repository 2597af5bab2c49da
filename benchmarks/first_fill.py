"""The first fill of a mirror beside other ways to copy a table from PostgreSQL into SQLite.

`python -m benchmarks.first_fill [--quick] [--events N] [--pool FOLDER]`: all of them copy the same
events in one run, each into a file that is thrown away. What is not installed is left out, and
said. Not like for like: the others only copy; ours is given with and without what it makes of the
rows (numbers by time, indexes, full text, counters).
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.report import figures, table
from benchmarks.synthetic import synthetic
from commandwall.clock import Clock
from commandwall.pool import schema
from commandwall.pool.client import Client
from commandwall.pool.server import PoolServer
from commandwall.pool.source import Source
from commandwall.store.draft import Draft

SLOW = 20_000
"""Events for a way that is slow: what counts is events a second."""
CLOCK = Clock()


class Absent(Exception):
    """A peer is not installed, or cannot do it here; the text says why."""


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be copied."""

    server: PoolServer
    count: int

    @property
    def password(self) -> str:
        return Path(self.server.station_secret).read_text().strip()

    @property
    def login(self) -> dict[str, str]:
        """The station's login for the programs of PostgreSQL."""
        return {
            "PGHOST": str(self.server.socket), "PGUSER": "station", "PGDATABASE": "city",
            "PGPASSWORD": self.password,
        }  # fmt: skip

    def query(self) -> str:
        names = ", ".join(f'"{name}"' for name in schema.columns("event"))
        return f"SELECT {names} FROM cw_event LIMIT {self.count}"


class Wordless(Draft):
    """Without the words that are written meanwhile."""

    def _speller(self) -> Any:
        return None

    def _keep_words(self) -> None:
        pass


def rows_only(job: Job, path: Path) -> None:
    _copy(job, Wordless(path), finish=False)


def counted(job: Job, path: Path) -> None:
    _copy(job, Wordless(path), finish=True)


def whole(job: Job, path: Path) -> None:
    _copy(job, Draft(path), finish=True)


def plain_pipe(job: Job, path: Path, then: str = "") -> None:
    """`psql COPY | sqlite3 .import`: the shortest way that a shell knows."""
    _needs("psql", "sqlite3")
    names = ", ".join(f'"{name}"' for name in schema.columns("event"))
    subprocess.run(["sqlite3", path, f"CREATE TABLE event({names})"], check=True)
    copy = shlex.quote(f"COPY ({job.query()}) TO STDOUT (FORMAT csv)")
    command = f"psql -qc {copy} | sqlite3 -csv {path} '.import /dev/stdin event'"
    subprocess.run(command, shell=True, check=True, env={**os.environ, **job.login})
    if then:
        subprocess.run(["sqlite3", path, then], check=True)


def pipe_and_index(job: Job, path: Path) -> None:
    """The same with the key of our table."""
    plain_pipe(job, path, "CREATE UNIQUE INDEX ux ON event(id)")


def ogr2ogr(job: Job, path: Path) -> None:
    _needs("ogr2ogr")
    source = "PG:" + " ".join(f"{k[2:].lower()}={v}" for k, v in job.login.items())
    source = source.replace("database=", "dbname=")
    command = ["ogr2ogr", "-f", "SQLite", path, source, "-sql", job.query(), "-nln", "event"]
    _run([*command, "-gt", "65536", "--config", "OGR_SQLITE_SYNCHRONOUS", "OFF"], job)


def db_to_sqlite(job: Job, path: Path) -> None:
    _needs("db-to-sqlite")
    url = f"postgresql+psycopg://station:{job.password}@/city?host={job.server.socket}"
    _run(["db-to-sqlite", url, path, "--sql", job.query(), "--output", "event"], job)


def duckdb(job: Job, path: Path) -> None:
    source = " ".join(f"{k[2:].lower()}={v}" for k, v in job.login.items())
    program = f"""
try:
    import duckdb
    from duckdb_extensions import import_extension
    import_extension("postgres_scanner")
    import_extension("sqlite_scanner")
except ImportError:
    raise SystemExit("duckdb and its wheels of extensions are not installed")
conn = duckdb.connect()
conn.execute("LOAD postgres_scanner; LOAD sqlite_scanner")
conn.execute("ATTACH '{source.replace("database=", "dbname=")}' AS pool (TYPE postgres, READ_ONLY)")
conn.execute("ATTACH '{path}' AS lite (TYPE sqlite)")
conn.execute("CREATE TABLE lite.event AS {
        job.query().replace("cw_event", "pool.cw_event").replace('"', chr(92) + '"')
    }")
"""
    _run([sys.executable, "-c", program], job)


WAYS: dict[str, tuple[Callable[[Job, Path], None], bool]] = {
    "psql COPY | sqlite3 .import": (plain_pipe, False),
    "ours, rows only": (rows_only, False),
    "ours, with indexes and counters": (counted, False),
    "ours, with full text too": (whole, False),
    "psql | sqlite3, and an index of ids": (pipe_and_index, False),
    "ogr2ogr": (ogr2ogr, False),
    "DuckDB": (duckdb, False),
    "db-to-sqlite": (db_to_sqlite, True),
}
"""Way -> how it goes, and whether it gets few events."""


def _copy(job: Job, draft: Draft, finish: bool) -> None:
    with (
        closing(draft),
        Client(job.server.station_url, job.server.station_secret) as client,
        Source(client) as source,
    ):
        for rows, after in source.rows("event", ""):
            draft.take("event", rows, after)
        if finish:
            draft.finish()


def _needs(*programs: str) -> None:
    for program in programs:
        if (
            shutil.which(program, path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
            is None
        ):
            raise Absent(f"{program} is not installed")


def _run(command: list[Any], job: Job) -> None:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        command, env={**os.environ, **job.login, "PATH": path}, capture_output=True, text=True
    )
    if done.returncode:
        raise Absent((done.stderr.strip().splitlines() or ["it failed"])[-1])


def measure(job: Job) -> dict[str, float]:
    """Way -> events a second."""
    found: dict[str, float] = {}
    for name, (way, slow) in WAYS.items():
        some = Job(job.server, min(SLOW, job.count)) if slow else job
        with tempfile.TemporaryDirectory() as folder:
            start = CLOCK.monotonic()
            try:
                way(some, Path(folder) / "copy.db")
            except Absent as why:
                print(f"{name}: left out, {why}", flush=True)
                continue
            found[name] = some.count / (CLOCK.monotonic() - start)
            print(f"{name}: {found[name]:,.0f} events/s", flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--events", type=int, default=3_200_000)
    parser.add_argument("--pool", type=Path, help="a folder that keeps the pool for another run")
    wanted = parser.parse_args()
    count = 100_000 if wanted.quick else wanted.events
    with synthetic(count, wanted.pool) as server:
        with server.owner() as conn:  # a pool that was kept has what it has
            (count,) = conn.execute("SELECT count(*) FROM cw_event").fetchone() or (count,)
        found = measure(Job(server, count))
    floor = found.get("psql COPY | sqlite3 .import", 0.0)
    lines = [(name, rate, rate / floor if floor else 0.0) for name, rate in found.items()]
    table(f"first fill of {count:,} events", ("way", "events/s", "to the pipe"), lines)
    figures("first_fill", events=count, ratios={n: round(r, 2) for n, _, r in lines})


if __name__ == "__main__":
    main()
