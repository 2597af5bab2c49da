"""docs/pool.md: from an empty PostgreSQL to one's own table on a wall, by the commands there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlcipher3 import dbapi2 as sqlite

from commandwall.pool.server import ADMIN, BIN, DATABASE, OWNER, STATION, PoolServer

DOCUMENT = Path(__file__).parents[3] / "docs" / "pool.md"
ROOT = DOCUMENT.parents[1]


def steps() -> list[str]:
    return re.findall(r"```sh\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PoolServer]:
    """A PostgreSQL as it is after it was installed: no database, no role of ours."""
    with PoolServer(Path(tmp_path_factory.mktemp("fresh"))) as running:
        with running.owner(ADMIN) as conn:
            conn.execute(f"DROP DATABASE {DATABASE}")
            conn.execute(f"DROP ROLE {STATION}")
        yield running


class Engineer:
    """One shell from the first step to the last, in a home of its own."""

    def __init__(self, server: PoolServer, home: Path) -> None:
        self.server, self.home = server, home
        (home / "bin").mkdir()
        command = home / "bin" / "commandwall"
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{ROOT / "main.py"}" "$@"\n')
        command.chmod(0o700)
        self.before = ""

    def does(self, step: str) -> str:
        """What a step prints; the steps before it have left their variables and folder."""
        exports = [line for line in self.before.splitlines() if line.startswith("export ")]
        here = "cd ~/city\n" if (self.home / "city").exists() else ""
        script = self._here("set -e\n" + "\n".join(exports) + f"\n{here}{step}")
        self.before += step
        env = {
            "HOME": str(self.home),
            "PATH": f"{self.home / 'bin'}:{BIN}:{os.environ['PATH']}",
            "PGPASSWORD": Path(self.server.owner_secret).read_text().strip(),
            "QT_QPA_PLATFORM": "offscreen",
            "LANG": "C.UTF-8",
        }
        done = subprocess.run(
            ["bash", "-c", script], env=env, cwd=self.home, capture_output=True, text=True,
            timeout=200,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _here(self, text: str) -> str:
        host = str(self.server.socket).replace("/", "%2F")
        text = text.replace("postgres@db.example", f"{OWNER}@db.example")
        return re.sub(r"@db\.example/(\w+)", rf"@/\1?host={host}&port=5432", text)

    def ask(self, sql: str) -> list[Any]:
        host = str(self.server.socket)
        with psycopg.connect(
            host=host, user="cityowner", password="change-me-1", dbname="jiangyin"
        ) as conn:
            return conn.execute(sql.encode()).fetchall()

    def on_the_wall(self, sql: str) -> list[Any]:
        folder = self.home / "city" / "wall"
        mirror = folder / (folder / "mirror.current").read_text().strip()
        conn = sqlite.connect(str(mirror))
        try:
            return conn.execute(sql).fetchall()
        finally:
            conn.close()


ORDERS = "SELECT id, title, cls, state, area, placed FROM {}event ORDER BY id"


def test_the_steps_lead_from_nothing_to_a_wall_that_shows_the_table(
    empty: PoolServer, tmp_path: Path
) -> None:
    engineer = Engineer(empty, tmp_path)
    *making, wall, nightly = steps()
    for step in making:
        engineer.does(step)
    held = engineer.ask(ORDERS.format("cw_"))
    assert held == [
        ("12345-G-1", "燃气味", "gas", "NEW", "320281001", "point"),
        ("12345-G-2", "停水", "water", "DISPATCHED", "320281002", "point"),
        ("12345-G-3", "路灯不亮", "facility", "NEW", "320281002", "area"),
    ]
    engineer.does(wall)
    assert (tmp_path / "city" / "wall.png").stat().st_size > 10_000
    assert engineer.on_the_wall(ORDERS.format("")) == held
    said = engineer.does(nightly)
    assert "来源已无，移除: 1" in said and "批次 4: 已撤回" in said
    assert engineer.ask(ORDERS.format("cw_")) == held
