"""Who may do what at the pool, what it refuses, and how it is brought up to date."""

from __future__ import annotations

import os
import signal
from typing import Any

import psycopg
import pytest
from builders import an_event

from commandwall import codes
from commandwall.pool import schema
from commandwall.pool.client import Client, PoolTrouble
from commandwall.pool.loader import load, upsert
from commandwall.store.journal import GENESIS, Line, body_text, seal


def a_line(seq: int = 1, prev: str = GENESIS, body: str = "{}", person: str = "陈") -> Line:
    return seal(Line("o1", seq, seq << 16, "", "accept", person, "p3", "", prev, "", body))


@pytest.fixture
def feeder(pool: Any) -> Any:
    """A login of the city's own systems: it may write events and nothing else."""
    pool.owner.execute("DROP ROLE IF EXISTS feeder")
    pool.owner.execute("CREATE ROLE feeder LOGIN PASSWORD 'feeder'")
    pool.owner.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON cw_event TO feeder")
    url = pool.station_url.replace("station@", "feeder@")
    with psycopg.connect(url, password="feeder", autocommit=True) as conn:
        yield conn
    pool.owner.execute("DROP OWNED BY feeder; DROP ROLE feeder")


def test_the_citys_own_login_feeds_without_more_rights(pool: Any, feeder: Any) -> None:
    load(feeder, [an_event()])
    feeder.execute("DELETE FROM cw_event")
    with pool.client() as client:
        assert client.page(0, 10).gone == {"event": ["e1"]}
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        feeder.execute("SELECT cw_push('[]')")


def test_a_station_cannot_slip_its_own_tables_under_a_function(pool: Any) -> None:
    with pool.client() as client:
        client._conn.execute("CREATE TEMP TABLE cw_journal (LIKE public.cw_journal)")
        client.push([a_line()])
    assert pool.owner.execute("SELECT count(*) FROM cw_journal").fetchone() == (1,)


def test_a_station_does_not_see_refused_rows(pool: Any) -> None:
    with pool.client() as client, pytest.raises(PoolTrouble, match="login"):
        client._rows("SELECT original FROM cw_quarantine")


def test_one_login_does_not_speak_for_anothers_station(pool: Any) -> None:
    pool.owner.execute("INSERT INTO cw_origin VALUES ('o1', 'somebody')")
    with pool.client() as client, pytest.raises(PoolTrouble, match="cw_stranger"):
        client.push([a_line()])


def test_a_station_that_forked_is_told(pool: Any) -> None:
    with pool.client() as client:
        client.push([a_line()])
        with pytest.raises(PoolTrouble, match="cw_forked"):
            client.push([a_line(person="李")])


def test_a_line_that_cannot_be_used_is_kept_and_blocks_nothing(pool: Any) -> None:
    odd = body_text({"eventwork": [{"id": "e1", "title": "\0", "at": "soon"}]}, {})
    one = a_line(body=odd)
    with pool.client() as client:
        assert client.push([one, a_line(2, one.hash)]) == 2
        assert [line.body for line in client.page(0, 10).lines] == [odd, "{}"]
    (row,) = pool.owner.execute("SELECT source, file, row FROM cw_quarantine").fetchall()
    assert row == ("journal", "o1", 1)


def test_lines_of_a_station_can_be_read_again(pool: Any) -> None:
    one = a_line()
    two = a_line(2, one.hash)
    with pool.client() as client:
        client.push([one, two])
        assert client.heads() == {"o1": 2}
        assert client.lines("o1", 0) == [one, two] and client.lines("o1", 1) == [two]


def test_writing_the_same_again_makes_no_traffic(pool: Any) -> None:
    load(pool.owner, [an_event()])
    upsert(pool.owner, [an_event()])
    upsert(pool.owner, [an_event(title="x"), an_event(title="新")])
    with pool.client() as client:
        page = client.page(0, 10)
    assert page.last == 2 and [(r[3], r[-1]) for r in page.rows["event"]] == [("新", 2)]


@pytest.mark.parametrize("change", ["lon = 'NaN'", "lat = 'Infinity'", "closed_at = 'infinity'"])
def test_a_number_that_cannot_travel_does_not_get_in(pool: Any, change: str) -> None:
    load(pool.owner, [an_event()])
    with pytest.raises(psycopg.errors.CheckViolation):
        pool.owner.execute(f"UPDATE cw_event SET {change}")


def test_a_pool_of_another_program_is_brought_up_to_date(pool: Any) -> None:
    load(pool.owner, [an_event()])
    pool.owner.execute("UPDATE cw_meta SET made = 'older', columns = columns #- '{event,-2}'")
    pool.owner.execute("ALTER TABLE cw_event DROP COLUMN closed_at")
    pool.owner.execute("UPDATE cw_meta SET columns = columns #- '{area,1}'")
    with pool.client() as client, pytest.raises(PoolTrouble, match=r"schema.*area\.level"):
        client.meta()
    epoch = pool.owner.execute("SELECT epoch FROM cw_meta").fetchone()
    schema.create(pool.owner)
    upsert(pool.owner, [an_event(title="新")])
    with pool.client() as client:
        assert client.meta().city == "临江市"
        assert [row[3] for row in client.page(0, 10).rows["event"]] == ["新"]
    assert pool.owner.execute("SELECT epoch FROM cw_meta").fetchone() == epoch


def test_a_newer_pool_serves_an_older_program(pool: Any) -> None:
    pool.owner.execute(
        "UPDATE cw_meta SET schema = schema + 1, "
        "columns = jsonb_set(columns, '{event}', columns->'event' || '[\"more\"]')"
    )
    load(pool.owner, [an_event()])
    pool.owner.execute("INSERT INTO cw_outbox(kind, id, op) VALUES ('novelty', 'n1', 'U')")
    with pool.client() as client:
        page = client.page(0, 10)
    assert page.last == 2 and set(page.rows) == {"event"}
    pool.owner.execute("UPDATE cw_meta SET min_client = schema, needs = '0.9'")
    with pool.client() as client, pytest.raises(PoolTrouble, match="outdated") as caught:
        client.meta()
    assert caught.value.needs == "0.9"


def test_troubles_have_their_names(pool: Any, tmp_path: Any) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("wrong")
    for url, secret, code in (
        (pool.station_url, wrong, "login"),
        (pool.station_url, tmp_path / "none", "login"),
        (f"postgresql://station@/city?host={tmp_path}", wrong, "unreachable"),
        ("postgresql://station@127.0.0.1:1/city", wrong, "unreachable"),
    ):
        with pytest.raises(PoolTrouble) as caught:
            Client(url, str(secret))
        assert caught.value.code == code, str(caught.value)


def test_a_database_that_is_no_pool_is_named(pool: Any) -> None:
    pool.owner.execute("DROP TABLE cw_meta")
    with pool.client() as client, pytest.raises(PoolTrouble, match="schema"):
        client.meta()


def test_the_head_is_behind_everything_that_was_written(pool: Any) -> None:
    pool.owner.execute(
        "INSERT INTO cw_outbox(kind, id, op) "
        "SELECT 'event', n, 'U' FROM generate_series(1, 45000) n"
    )
    with pool.client() as client:
        assert client.head() == 45_000


def test_a_server_that_stands_still_is_given_up(pool: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with pool.client() as client:
        client.meta()
        monkeypatch.setattr(codes, "limit", lambda name, on=None: 0.3)
        backend = client._conn.info.backend_pid
        os.kill(backend, signal.SIGSTOP)
        try:
            with pytest.raises(PoolTrouble, match=r"unreachable.*does not answer"):
                client.page(0, 10)
        finally:
            os.kill(backend, signal.SIGCONT)
    with pool.client() as client:
        assert client.page(0, 10).last == 0


def test_a_line_that_postgresql_cannot_hold_is_named_as_the_stations(pool: Any) -> None:
    with pool.client() as client, pytest.raises(PoolTrouble, match="chain"):
        client.push([a_line(person="\0")])


def test_the_citys_default_isolation_does_not_break_the_feed(pool: Any) -> None:
    name = pool.owner.info.dbname
    pool.owner.execute(f"ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'")
    with pool.client() as client:
        assert client._rows("SHOW transaction_isolation") == [("read committed",)]
