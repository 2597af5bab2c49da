"""The feed under attack: writers that roll back and dawdle, readers that race, who stands still."""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from builders import an_event

from commandwall import codes
from commandwall.clock import Clock
from commandwall.finding import BAD
from commandwall.pool import check, schema, server
from commandwall.pool.client import Client, PoolTrouble
from commandwall.pool.loader import load
from commandwall.pool.server import PoolServer
from commandwall.pool.source import Source

LONG = os.environ.get("COMMANDWALL_TEST_LONG") == "1"
ROUNDS, SECONDS = (10, 10.0) if LONG else (1, 2.0)
WRITERS, READERS, KEYS, PAGE = 8, 4, 200, 97
MANY = 60_000
"""Changes of one great load, three times what the sequencer moves at once."""
Rows = dict[str, Any]


class Reader(threading.Thread):
    """Follows the feed as a wall does; a page that does not begin where the last ended raises."""

    def __init__(self, client: Client, stop: threading.Event) -> None:
        super().__init__()
        self.client, self.stop = client, stop
        self.rows: Rows = {}
        self.after = self.pages = 0
        self.failed: BaseException | None = None

    def run(self) -> None:
        try:
            while not self.stop.is_set():
                self.drain()
        except (PoolTrouble, psycopg.Error) as error:
            self.failed = error

    def drain(self) -> None:
        more = True
        while more:
            page = self.client.page(self.after, PAGE)
            self.rows.update((row[0], row) for row in page.rows.get("event", []))
            for key in page.gone.get("event", []):
                self.rows.pop(key, None)
            more, self.after = page.last > self.after, page.last
            self.pages += more


def write(connect: Callable[[], Any], seed: int, stop: threading.Event) -> None:
    """Changes, inserts and deletes; a third rolled back, a tenth slow to commit."""
    drawn = random.Random(seed)
    with connect() as conn:
        while not stop.is_set():
            keys = sorted(f"e{drawn.randrange(KEYS):03d}" for _ in range(3))
            with conn.transaction(force_rollback=drawn.random() < 0.33):
                for key in keys:
                    turn(conn, drawn, key)
                if drawn.random() < 0.1:
                    conn.execute("SELECT pg_sleep(0.05)")


def turn(conn: Any, drawn: random.Random, key: str) -> None:
    dice = drawn.random()
    if dice < 0.1:
        conn.execute("DELETE FROM cw_event WHERE id = %s", (key,))
    elif dice < 0.2:
        fields = (
            "id, source, source_id, title, area, placed, reported_at, received_at, state, urgency"
        )
        conn.execute(
            f"INSERT INTO cw_event({fields}) VALUES (%s, 's', %s, '', '', 'nowhere', now(), now(),"
            " 'NEW', 3) ON CONFLICT DO NOTHING",
            (key, key),
        )
    else:
        conn.execute("UPDATE cw_event SET title = %s WHERE id = %s", (str(dice), key))


def table(client: Client) -> Rows:
    with Source(client) as source:
        pieces = [rows.to_pylist() for rows, _ in source.rows("event", "")]
    return {row["id"]: tuple(row.values()) for rows in pieces for row in rows}


@pytest.mark.timeout(600)
def test_eight_writers_and_four_readers_lose_nothing_and_see_no_gap(pool: Any) -> None:
    load(pool.owner, [an_event(id=f"e{i:03d}") for i in range(KEYS)])
    clients = [pool.client() for _ in range(READERS)]
    seed = int(os.environ.get("COMMANDWALL_TEST_SEED", "5"))
    for number in range(ROUNDS):
        stop, halt = threading.Event(), threading.Event()
        writers = [
            threading.Thread(target=write, args=(pool.connect, seed + number * WRITERS + i, stop))
            for i in range(WRITERS)
        ]
        readers = [Reader(client, halt) for client in clients]
        for thread in (*writers, *readers):
            thread.start()
        Clock().pause(SECONDS)
        for flag, threads in ((stop, writers), (halt, readers)):
            flag.set()
            for thread in threads:
                thread.join()
        for reader in readers:
            assert reader.failed is None, (seed, number, reader.failed)
            reader.drain()
        wanted = table(clients[0])
        assert [reader.rows == wanted for reader in readers] == [True] * READERS, (seed, number)
        head = clients[0].head()
        positions = pool.owner.execute("SELECT min(pos), max(pos), count(*) FROM cw_feed")
        assert positions.fetchone() == (1, head, head)
        assert [f for f in check.examine(pool.owner, "en") if f.state == BAD] == []
        print(f"round {number}: {head} positions, pages {[reader.pages for reader in readers]}")
    for client in clients:
        client.__exit__()


@pytest.fixture(scope="module")
def forgetful(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PoolServer]:
    """A server on which transactions can be prepared, and forgotten."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(server.OPTIONS, "max_prepared_transactions", "4")
        with PoolServer(Path(tmp_path_factory.mktemp("forgetful"))) as running:
            with running.owner() as conn:
                schema.create(conn, "临江市")
                load(conn, [an_event(id=f"e{i}") for i in range(9)])
                conn.execute("CREATE TABLE other (id int)")
                conn.execute("CREATE DATABASE another")
            with running.owner("another") as conn:
                conn.execute("CREATE TABLE other (id int)")
            yield running


@contextmanager
def standing(running: PoolServer, *statements: str, database: str = "city") -> Iterator[None]:
    """A transaction that did these and then stands still."""
    with running.owner(database) as conn:
        conn.execute("BEGIN")
        for statement in statements:
            conn.execute(statement.encode())
        yield
        conn.execute("ROLLBACK")


@contextmanager
def prepared(running: PoolServer) -> Iterator[None]:
    """A transaction that was prepared, and whose client is gone."""
    with running.owner() as conn:
        conn.execute(
            "BEGIN; INSERT INTO other VALUES (1); UPDATE cw_event SET title = 'x' WHERE id = 'e7'"
        )
        conn.execute("PREPARE TRANSACTION 'forgotten'")
    yield
    with running.owner() as conn:
        conn.execute("ROLLBACK PREPARED 'forgotten'")


BLOCKERS: dict[str, Callable[[PoolServer], AbstractContextManager[None]]] = {
    "nobody": lambda s: standing(s),
    "a reader": lambda s: standing(s, "SELECT * FROM cw_event"),
    "a reader of one moment": lambda s: standing(
        s, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", "SELECT count(*) FROM cw_feed"
    ),
    "a writer of another table": lambda s: standing(s, "INSERT INTO other VALUES (1)"),
    "a writer of the same table": lambda s: standing(
        s, "UPDATE cw_event SET title = 'x' WHERE id = 'e8'"
    ),
    "a writer in another database": lambda s: standing(
        s, "INSERT INTO other VALUES (1)", database="another"
    ),
    "somebody with the advisory locks": lambda s: standing(
        s, "SELECT pg_advisory_lock(4711, n) FROM generate_series(0, 9) n"
    ),
    "a prepared transaction": prepared,
}


@pytest.mark.parametrize("blocker", BLOCKERS)
def test_the_feed_goes_on_whoever_stands_still(forgetful: PoolServer, blocker: str) -> None:
    word = f"past {blocker}"
    client = Client(forgetful.station_url, forgetful.station_secret)
    with client, forgetful.owner() as owner, BLOCKERS[blocker](forgetful):
        after = client.head()
        owner.execute("UPDATE cw_event SET title = %s WHERE id = 'e1'", (word,))
        began = Clock().monotonic()
        (row,) = client.page(after, 9).rows["event"]
        assert row[3] == word
        assert Clock().monotonic() - began < 1.0


def test_what_a_slow_writer_wrote_comes_once_it_commits(forgetful: PoolServer) -> None:
    """It took its number in the outbox long before the others."""
    with (
        Client(forgetful.station_url, forgetful.station_secret) as client,
        forgetful.owner() as owner,
        forgetful.owner() as slow,
    ):
        after = client.head()
        with slow.transaction():
            slow.execute("UPDATE cw_event SET title = 'spät' WHERE id = 'e2'")
            owner.execute("UPDATE cw_event SET title = 'früh' WHERE id = 'e3'")
            page = client.page(after, 9)
            assert [row[0] for row in page.rows["event"]] == ["e3"]
        assert [row[0] for row in client.page(page.last, 9).rows["event"]] == ["e2"]


def test_a_forgotten_transaction_is_named_with_its_cure(
    forgetful: PoolServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = codes.limit
    monkeypatch.setattr(
        codes, "limit", lambda name: 0 if name == "pool_prepared_minutes" else usual(name)
    )
    with forgetful.owner() as owner:
        usually = [found.mend for found in check.examine(owner, "en") if found.mend]
        with prepared(forgetful):
            cures = [found.mend for found in check.examine(owner, "en") if found.mend]
            (cure,) = set(cures) - set(usually)
            assert cure.startswith("ROLLBACK PREPARED 'forgotten';")
        assert [found.mend for found in check.examine(owner, "en") if found.mend] == usually


def test_a_great_load_moves_on_although_the_outbox_was_found_empty(pool: Any) -> None:
    """A vacuum that may not cut it short leaves many pages and no row: all that is planned by that
    is planned for one row. A wall would wait no longer than this for an answer."""
    put = "INSERT INTO cw_outbox(kind, id, op) SELECT 'event', n, 'D' FROM generate_series(1, %s) n"
    pool.owner.execute(put, (MANY,))
    while pool.owner.execute("SELECT cw_advance()").fetchone() != (0,):
        pass
    pool.owner.execute("VACUUM (ANALYZE, TRUNCATE FALSE) cw_outbox")
    pool.owner.execute("ALTER TABLE cw_outbox SET (autovacuum_enabled = false)")
    pool.owner.execute(put, (MANY,))
    pool.owner.execute(f"SET statement_timeout = '{codes.limit('silence_seconds')}s'")
    moved = [*iter(lambda: pool.owner.execute("SELECT cw_advance()").fetchone()[0], 0)]
    assert sum(moved) == MANY and max(moved) == 20_000


def test_a_reader_that_is_killed_while_it_moves_the_outbox_leaves_it_whole(pool: Any) -> None:
    load(pool.owner, [an_event(id=f"e{i}") for i in range(50)])
    with pool.connect() as mover:
        mover.execute("BEGIN")
        assert mover.execute("SELECT cw_advance()").fetchone() == (50,)
        with pool.client() as client:
            assert client.page(0, 99).last == 0
            pool.owner.execute("SELECT pg_terminate_backend(%s)", (mover.info.backend_pid,))
            with pytest.raises(psycopg.OperationalError):
                mover.execute("SELECT 1")
            assert client.page(0, 99).last == 50
