"""The program that lets the demo city live."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from commandwall.pool.demo.player import ONE_PLAYER
from commandwall.pool.own import address

ROOT = Path(__file__).resolve().parents[3]
PLAYING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s"


def count(pool: Any, sql: str, *params: Any) -> int:
    return int(pool.owner.execute(sql, params).fetchone()[0])


def test_told_to_end_it_ends_also_while_it_still_makes_its_city(pool: Any) -> None:
    pool.owner.execute("CREATE TABLE cw_demo AS SELECT 7::bigint AS seed, 'small'::text AS scale")
    owner = pool.owner_dsn["conninfo"]
    secret = pool.station_secret.replace("station", "owner")
    player = subprocess.Popen(
        [sys.executable, "-m", "commandwall.pool.demo.player"], cwd=ROOT, text=True,
        env={**os.environ, **address(owner, secret)}, stderr=subprocess.PIPE,
    )  # fmt: skip
    end = time.monotonic() + 60
    while not count(pool, PLAYING, ONE_PLAYER):
        assert time.monotonic() < end and player.poll() is None
        time.sleep(0.02)
    player.send_signal(signal.SIGTERM)
    _, words = player.communicate(timeout=60)
    assert (player.returncode, words) == (0, "")
    assert count(pool, "SELECT count(*) FROM cw_pack") == 0  # it had not begun, and did not begin
