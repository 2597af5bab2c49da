"""A source learns what stations did with its events, and a load does not undo it before that."""

from __future__ import annotations

import psycopg
import pytest
from shell import Shell

from commandwall.pool import schema
from commandwall.pool.client import Client
from commandwall.store.journal import GENESIS, Line, body_text, seal

HEAD = "编号,标题,时间,状态,单位\n"
MAP = """
source = "12345"
system = "hotline"
whole = true
[columns]
source_id = "编号"
title = "标题"
reported_at = "时间"
state = "状态"
unit = "单位"
"""


class Station:
    """Hands over lines as a wall's agent does."""

    def __init__(self, shell, server, origin="o1"):
        self.url = shell.url.replace("pool@", "station@")
        self.secret, self.origin = server.station_secret, origin
        self.seq, self.prev = 0, GENESIS

    def did(self, act, event, state, unit="", result=""):
        self.seq += 1
        work = {"id": event, "state": state, "unit": unit, "result": result}
        body = body_text({"eventwork": [work | {"at": 1_772_300_000_000 + self.seq}]}, {})
        hlc = (1_772_300_000_000 + self.seq) << 16
        line = seal(Line(self.origin, self.seq, hlc, "", act, "陈", "p3", "", self.prev, "", body))
        self.prev = line.hash
        with Client(self.url, self.secret) as client:
            client.push([line])


@pytest.fixture
def shell(server, tmp_path):
    shell = Shell(server, tmp_path)
    shell.file("map.toml", MAP)
    load(shell, range(5))
    return shell


@pytest.fixture
def station(shell, server):
    return Station(shell, server)


def load(shell, rows, state="NEW", title="停水"):
    text = HEAD + "".join(f"{n},{title}{n},2026-03-01,{state},\n" for n in rows)
    return shell.run("table", shell.file("o.csv", text), "--mapping", shell.folder / "map.toml")


def acts(shell, source="hotline", after=0):
    return shell.ask(f"SELECT pos, source_id, act, state FROM cw_acts('{source}', {after})")


def test_a_source_hears_of_each_act_on_its_events_once_and_in_order(shell, station):
    station.did("accept", "12345-1", "ACCEPTED")
    station.did("dispatch", "12345-1", "DISPATCHED", "水务")
    station.did("close", "elsewhere-9", "CLOSED")
    assert acts(shell) == [(1, "1", "accept", "ACCEPTED"), (2, "1", "dispatch", "DISPATCHED")]
    station.did("return", "12345-2", "RETURNED")
    station.did("merge", "12345-3", "MERGED")
    assert acts(shell, after=2) == [(4, "2", "return", "RETURNED"), (5, "3", "merge", "MERGED")]
    assert acts(shell, "12345") == acts(shell)
    assert acts(shell, "nobody") == []


def test_a_position_never_appears_behind_one_that_was_read(shell, server):
    """Two stations hand over at once; the one that began first ends last."""
    one, two = Station(shell, server, "o1"), Station(shell, server, "o2")
    with shell.connect(shell.url) as slow:
        slow.autocommit = False
        slow.execute(
            "INSERT INTO cw_act(event, act, state, unit, result, at, person, post, origin, seq) "
            "VALUES ('12345-4', 'note', '', '', '', now(), '', '', 'x', 1)"
        )
        two.did("accept", "12345-2", "ACCEPTED")
        assert acts(shell) == [(1, "2", "accept", "ACCEPTED")]
        slow.commit()
    one.did("accept", "12345-1", "ACCEPTED")
    assert [row[:2] for row in acts(shell, after=1)] == [(2, "4"), (3, "1")]


@pytest.mark.parametrize("state", ["CLOSED", "MERGED"])
def test_what_the_wall_ended_is_not_undone_by_the_next_load(shell, station, capsys, state):
    shell.ask("UPDATE cw_event SET state = 'ACCEPTED' WHERE source_id = '1' RETURNING 1")
    station.did("end", "12345-1", state)
    load(shell, range(5), "REJECTED", "停气")
    assert "处置未回执，状态保持: 1" in capsys.readouterr().out
    rows = shell.ask("SELECT title, state FROM cw_event WHERE source_id IN ('1', '2') ORDER BY id")
    assert rows == [("停气1", "ACCEPTED"), ("停气2", "REJECTED")]
    load(shell, [0, 2, 3, 4], "REJECTED", "停气")
    assert "处置未回执，保留: 1" in capsys.readouterr().out
    assert shell.ask("SELECT state FROM cw_event WHERE source_id = '1'") == [("ACCEPTED",)]
    shell.ask("SELECT cw_receipt('hotline', (SELECT max(pos) FROM cw_acts('hotline', 0)))")
    load(shell, range(5), "REJECTED", "停气")
    assert shell.ask("SELECT state FROM cw_event WHERE source_id = '1'") == [("REJECTED",)]
    station.did("accept", "12345-1", "ACCEPTED")
    load(shell, range(5), "NEW", "停气")
    assert shell.ask("SELECT state FROM cw_event WHERE source_id = '1'") == [("REJECTED",)]


def test_a_receipt_is_never_taken_back_nor_given_ahead(shell, station):
    station.did("accept", "12345-1", "ACCEPTED")
    acts(shell)
    assert shell.ask("SELECT cw_receipt('hotline', 1)") == [(1,)]
    assert shell.ask("SELECT cw_receipt('hotline', 0)") == [(1,)]
    with pytest.raises(psycopg.errors.RaiseException, match="no act has the position 7"):
        shell.ask("SELECT cw_receipt('hotline', 7)")


def test_a_line_that_cannot_be_used_blocks_neither_station_nor_source(shell, station):
    station.did("accept", "12345-1", None)
    station.did("close", "12345-2", "CLOSED")
    assert [row[1] for row in acts(shell)] == ["2"]


def test_a_pool_that_is_upgraded_tells_what_stations_did_before(shell, station):
    station.did("accept", "12345-1", "ACCEPTED")
    station.did("close", "12345-1", "CLOSED")
    with shell.connect(shell.url) as owner:
        owner.execute("TRUNCATE cw_act; UPDATE cw_meta SET made = 'older'")
        for _ in range(2):
            schema.create(owner)
    assert [row[1:] for row in acts(shell)] == [("1", "close", "CLOSED")]
    load(shell, range(5), "REJECTED")
    assert shell.ask("SELECT state FROM cw_event WHERE source_id = '1'") == [("NEW",)]


ATTEMPTS = (
    "SELECT * FROM cw_acts('grid', 0)",
    "SELECT cw_receipt('grid', 0)",
    "SELECT * FROM cw_act",
    "SELECT * FROM cw_source",
    "UPDATE cw_source SET login = 'theirs'",
    "SELECT * FROM cw_claim",
    "SELECT * FROM cw_batch_row",
    "SELECT cw_begin_batch('12345', '', '')",
    "SELECT cw_withdraw(1)",
    "SELECT cw_forget_batches(0)",
    "SET ROLE pool",
)


def test_a_source_s_login_learns_of_its_own_events_and_nothing_else(shell, station):
    station.did("accept", "12345-1", "ACCEPTED")
    with shell.connect(shell.url) as owner:
        owner.execute("CREATE ROLE theirs LOGIN PASSWORD 'theirs'")
        owner.execute("INSERT INTO cw_source(source, login) VALUES ('hotline', 'theirs')")
        calls = "cw_acts(text, bigint, int), cw_receipt(text, bigint)"
        owner.execute(f"GRANT EXECUTE ON FUNCTION {calls} TO theirs")
    try:
        url = shell.url.replace("pool@", "theirs@")
        with psycopg.connect(url, password="theirs", autocommit=True) as conn:
            assert conn.execute("SELECT event FROM cw_acts('hotline', 0)").fetchall() == [
                ("12345-1",)
            ]
            assert conn.execute("SELECT cw_receipt('hotline', 1)").fetchone() == (1,)
            for attempt in ATTEMPTS:
                with pytest.raises(psycopg.Error, match=r"denied|cw_stranger"):
                    conn.execute(attempt)
    finally:
        with shell.connect(shell.url) as owner:
            owner.execute("DROP OWNED BY theirs; DROP ROLE theirs")
