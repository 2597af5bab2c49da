"""Making the demo city may be killed at any moment: the next start makes the same whole one."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from typing import Any

import psycopg
import pytest
from pools import make_pool

from commandwall import platform
from commandwall.clock import Ms
from commandwall.pool import schema
from commandwall.pool.client import Client, PoolTrouble
from commandwall.pool.demo.made import seeded, unfinished
from commandwall.pool.demo.seed import FINISHING, seed_pool
from commandwall.pool.server import PoolServer

SEED = int(os.environ.get("COMMANDWALL_TEST_SEED") or random.SystemRandom().randrange(1 << 32))
COMMAND = [sys.executable, "-m", "commandwall.pool.demo.seed"]


class Cities:
    """A server with a database for a city that is killed, and one for its likeness."""

    def __init__(self, server: PoolServer) -> None:
        self.server = server
        for name in ("killed", "likeness"):
            with server.owner() as conn:
                conn.execute(f"DROP DATABASE IF EXISTS {name}")
            make_pool(server, name, "").close()

    def conn(self, name: str = "killed") -> psycopg.Connection[Any]:
        return self.server.owner(name)

    def start(self, stdout: int = subprocess.PIPE) -> subprocess.Popen[bytes]:
        env = {
            "COMMANDWALL_POOL": self.server.owner_url.replace("/city?", "/killed?"),
            "COMMANDWALL_SECRET_FILE": self.server.owner_secret,
            "COMMANDWALL_SCALE": "small",
        }
        return platform.start_child(COMMAND, env, stdout)

    def station(self) -> Client:
        url = self.server.station_url.replace("/city?", "/killed?")
        return Client(url, self.server.station_secret)


@pytest.fixture
def cities(server: PoolServer) -> Cities:
    return Cities(server)


def content(conn: psycopg.Connection[Any]) -> dict[str, object]:
    """How many rows each kind has, and a hash over all of them."""
    return {
        kind: conn.execute(
            f"SELECT count(*), md5(string_agg(md5(t::text), '' ORDER BY id)) FROM cw_{kind} t"
        ).fetchone()
        for kind in schema.city_kinds()
    }


def made(conn: psycopg.Connection[Any]) -> set[str]:
    """What the schema made beside the tables, as it stands."""
    rows = conn.execute(
        "SELECT indexdef FROM pg_indexes WHERE tablename LIKE 'cw_%' UNION ALL"
        " SELECT pg_get_triggerdef(oid) || tgenabled::text FROM pg_trigger WHERE NOT tgisinternal"
    ).fetchall()
    return {str(row[0]) for row in rows}


def run_killed_at(cities: Cities, share: float) -> None:
    """Start the seeder and kill it once it says that it is so far."""
    child = cities.start()
    assert child.stdout is not None
    for line in child.stdout:
        if float(line.strip(b"[]\n ").split(b",")[0]) >= share:
            break
    child.send_signal(signal.SIGKILL)
    child.communicate()


def run(cities: Cities) -> int:
    return cities.start(subprocess.DEVNULL).wait(300)


def kill_the_session(cities: Cities) -> None:
    """Wait until the killed one's session is over: its part is rolled back then."""
    with cities.conn() as conn:
        conn.execute("SELECT pg_advisory_lock(4713)")


@pytest.mark.timeout(900)
def test_killed_at_any_moment_it_ends_as_the_same_whole_city(cities: Cities) -> None:
    dice = random.Random(SEED)
    print(f"\nCOMMANDWALL_TEST_SEED={SEED}")
    with cities.conn() as conn:
        before = made(conn)
    many = 25 if os.environ.get("COMMANDWALL_TEST_LONG") == "1" else 2
    written = 1 - FINISHING
    for share in [*sorted(dice.uniform(0.0, written) for _ in range(many)), written]:
        run_killed_at(cities, share)
        kill_the_session(cities)
        with cities.conn() as conn:
            whole = seeded(conn) is not None
            assert share == written or not whole
            assert unfinished(conn) == ("" if whole else "small")
        if not whole:
            with pytest.raises(PoolTrouble):
                cities.station()
    assert run(cities) == 0
    with cities.conn() as conn, cities.conn("likeness") as likeness:
        row = conn.execute("SELECT at FROM cw_demo").fetchone()
        seed_pool(likeness, "small", now=Ms(int(str(row[0]) if row else 0)))
        assert content(conn) == content(likeness)
        assert made(conn) == before
        assert seeded(conn) is not None and not unfinished(conn)
        assert conn.execute("SELECT count(*) FROM cw_outbox").fetchone() == (0,)
    with cities.station() as client:
        assert client.meta().city == "临江市"


def test_what_another_program_or_scale_began_is_dropped(cities: Cities) -> None:
    run_killed_at(cities, 0.5)
    kill_the_session(cities)
    with cities.conn() as conn:
        conn.execute("UPDATE cw_making SET mark = 'older', at = 1")
    assert run(cities) == 0
    with cities.conn() as conn:
        assert conn.execute("SELECT count(*) FROM cw_area").fetchone() == (1384,)
        assert conn.execute("SELECT at > 1 FROM cw_demo").fetchone() == (True,)


def test_one_that_goes_on_says_at_once_how_far_it_is(cities: Cities) -> None:
    run_killed_at(cities, 0.6)
    kill_the_session(cities)
    child = cities.start()
    assert child.stdout is not None
    assert float(child.stdout.readline().strip(b"[]\n ").split(b",")[0]) >= 0.6
    child.kill()
    child.communicate()


def test_a_seeder_asked_to_end_ends_at_once(cities: Cities) -> None:
    child = cities.start()
    assert child.stdout is not None
    child.stdout.readline()
    child.terminate()
    child.communicate(timeout=2)
