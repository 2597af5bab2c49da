"""The feed of the pool: dense, complete, and fed by plain SQL."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from builders import NOW, an_event

from commandwall.pool.client import Client, PoolTrouble
from commandwall.pool.loader import load, upsert
from commandwall.pool.source import Source
from commandwall.store.journal import GENESIS, Line, body_text, seal

ENGINEER = """
INSERT INTO cw_event(id, source, source_id, title, cls, urgency, area, placed, reported_at,
                     received_at, state)
VALUES ('e7', '12345', '7', '路灯不亮', 'light', 4, '320281001', 'area', now(), now(), 'NEW')
"""


def drain(client: Client, mirror: dict[str, Any], after: int = 0) -> int:
    """Apply all pages to a dict, as a mirror does."""
    while True:
        page = client.page(after, 97)
        for row in page.rows.get("event", []):
            mirror[row[0]] = row
        for key in page.gone.get("event", []):
            mirror.pop(key, None)
        if page.last == after:
            return after
        after = page.last


def a_line(seq: int, prev: str, **kw: Any) -> Line:
    body = kw.pop("body", body_text({}, {}))
    return seal(Line("o1", seq, seq << 16, "", "accept", "陈", "p3", "", prev, "", body))


def test_a_row_written_with_plain_sql_arrives(pool: Any) -> None:
    pool.owner.execute(ENGINEER)
    with pool.client() as client:
        page = client.page(0, 100)
    (row,) = page.rows["event"]
    assert row[0] == "e7" and row[3] == "路灯不亮" and abs(row[18] - client._clock.raw()) < 60_000


def copied(client: Client) -> list[tuple[Any, ...]]:
    """All events as a first fill reads them."""
    with Source(client) as source:
        pieces = [rows.to_pylist() for rows, _ in source.rows("event", "")]
    return [tuple(row.values()) for rows in pieces for row in rows]


def test_records_travel_unchanged(pool: Any) -> None:
    load(pool.owner, [an_event(title="a\tb\\N'\"<b>", lon=None, lat=None)])
    with pool.client() as client:
        page, filled = client.page(0, 100), copied(client)
    expected = an_event(title="a\tb\\N'\"<b>", lon=None, lat=None, rev=1)
    values = tuple(getattr(expected, name) for name in expected.__slots__)
    assert page.rows["event"] == [values] and filled == [values]


def test_changes_of_one_row_in_a_page_arrive_once_with_the_newest(pool: Any) -> None:
    load(pool.owner, [an_event()])
    upsert(pool.owner, [an_event(title="二")])
    pool.owner.execute("UPDATE cw_event SET title = '三'")
    with pool.client() as client:
        page = client.page(0, 100)
    assert [row[3] for row in page.rows["event"]] == ["三"] and page.last == 3


@pytest.mark.parametrize("verb", ["DELETE FROM cw_event", "TRUNCATE cw_event"])
def test_what_is_deleted_arrives_as_gone(pool: Any, verb: str) -> None:
    load(pool.owner, [an_event(id=f"e{i}") for i in range(5)])
    mirror: dict[str, Any] = {}
    with pool.client() as client:
        after = drain(client, mirror)
        assert len(mirror) == 5
        pool.owner.execute(verb)
        drain(client, mirror, after)
    assert mirror == {}


def test_lines_are_taken_in_order_once_and_come_back_to_everyone(pool: Any) -> None:
    one = a_line(1, GENESIS)
    two = a_line(2, one.hash)
    with pool.client() as client:
        assert client.push([one]) == 1
        assert client.push([one, two]) == 2
        assert client.push([one, two]) == 2
        assert client.page(0, 10).lines == [one, two]


@pytest.mark.parametrize(
    "bad",
    [
        a_line(2, GENESIS),
        a_line(1, "f" * 64),
        replace(a_line(1, GENESIS), person="李"),
        replace(a_line(1, GENESIS), body="{}"),
    ],
    ids=["gap", "other head", "forged head", "forged body"],
)
def test_a_line_that_does_not_verify_is_refused_whole(pool: Any, bad: Line) -> None:
    with pool.client() as client:
        with pytest.raises(PoolTrouble, match="chain"):
            client.push([bad])
        assert client.page(0, 10).last == 0


def test_the_city_reads_what_stations_did_and_gets_their_events(pool: Any) -> None:
    work = {"id": "e1", "state": "DISPATCHED", "unit": "供水", "result": "", "at": NOW}
    filed = {
        "id": "f1", "source": "iot", "title": "燃气", "body": "", "cls": "gas", "urgency": 1,
        "area": "a", "address": "", "lon": 120.0, "lat": 31.0, "acc_m": 10.0, "reported_at": NOW,
    }  # fmt: skip
    body = body_text({"eventwork": [work], "filedevent": [filed]}, {})
    with pool.client() as client:
        client.push([a_line(1, GENESIS, body=body)])
        rows = client.page(0, 10).rows["event"]
    found = pool.owner.execute("SELECT id, state, unit, origin FROM cw_work").fetchall()
    assert found == [("e1", "DISPATCHED", "供水", "o1")]
    assert [row[0] for row in rows] == ["f1"]


def test_the_pool_keeps_who_reported_a_registered_event_and_how_it_was_placed(pool: Any) -> None:
    filed = {
        "id": "f2", "source": "duty", "title": "停水", "body": "", "cls": "", "urgency": 3,
        "area": "a", "address": "澄湖街道", "lon": 120.0, "lat": 31.0, "acc_m": 900.0,
        "reported_at": NOW, "placed": "area", "person": "王强", "phone": "13800000044",
    }  # fmt: skip
    with pool.client() as client:
        client.push([a_line(1, GENESIS, body=body_text({"filedevent": [filed]}, {}))])
    sql = "SELECT placed, person, phone, state FROM cw_event WHERE id = 'f2'"
    assert pool.owner.execute(sql).fetchall() == [("area", "王强", "13800000044", "NEW")]


def test_packs_come_in_order_and_once(pool: Any) -> None:
    for body in (b"1", b"2"):
        pool.owner.execute("SELECT cw_put_pack('readings', %s)", (body,))
    with pool.client() as client:
        assert [body for _, _, body in client.packs()] == [b"1", b"2"]
        assert client.packs() == []
        pool.owner.execute("SELECT cw_put_pack('fixes', %s)", (b"3",))
        assert [(kind, body) for kind, _, body in client.packs()] == [("fixes", b"3")]


def test_a_station_writes_nothing_past_the_door(pool: Any) -> None:
    load(pool.owner, [an_event()])
    with pool.client() as client:
        for statement in (
            "DELETE FROM cw_event",
            "UPDATE cw_journal SET person = 'x'",
            "INSERT INTO cw_meta VALUES (gen_random_uuid(), 1, 1, 'x')",
            "SELECT cw_put_pack('readings', '')",
        ):
            with pytest.raises(PoolTrouble):
                client._rows(statement)
