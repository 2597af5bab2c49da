"""A mirror that went wrong is found beside a real pool, named, and put right without a refill."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from builders import NOW, a_sensor, an_event
from station import Station, exchange

from commandwall import codes, event_lists, tallies
from commandwall.clock import HOUR, Ms
from commandwall.events import Event
from commandwall.pool import schema, stations
from commandwall.pool.client import Client
from commandwall.pool.compare import Comparison
from commandwall.pool.link import Link
from commandwall.pool.loader import load
from commandwall.sensors import Sensor
from commandwall.store.mirror import Mirror
from commandwall.store.pulse import Compared, Difference

ROWS = 4


@pytest.fixture(autouse=True)
def small_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    given = codes.limit
    asked = {"compare_rows": ROWS, "compare_seconds": 0, "heartbeat_seconds": 0}
    monkeypatch.setattr(
        codes, "limit", lambda name, on=None: float(asked.get(name, given(name, on)))
    )
    monkeypatch.setattr("commandwall.pool.compare.SHARE", 1e9)


def a_round(link: Link) -> Compared:
    """One whole round, with the feed as the agent takes it."""
    compare = Comparison(link.client, link.mirror, link.clock)
    while not compare.found.at:
        exchange(link)
        compare.step()
    for _ in range(2):  # what differed last is looked at again
        compare._due = 0.0
        compare.step()
    return compare.found


def damage(mirror: Mirror, *statements: str) -> None:
    """Past everything that the mirror does by itself, as a failing disk would."""
    with mirror._engine.begin() as conn:
        for statement in statements:
            conn.exec_driver_sql(statement)


def a_city(pool: Any, n: int = 23) -> None:
    some = [
        an_event(
            id=f"e{i:03}", title=f"第 {i} 件　井盖", reported_at=Ms(NOW - i * HOUR),
            lat=-0.0 if i % 5 == 0 else 31.9 + i / 7, occurred_at=Ms(NOW - 7) if i % 3 else None,
            grade=i % 4 or None, source="grid" if i % 2 else "12345",
        )
        for i in range(n)
    ]  # fmt: skip
    load(pool.owner, some)
    load(pool.owner, [a_sensor(i) for i in range(9)])


def everything(station: Station) -> tuple[Any, ...]:
    read = station.store.read
    return (
        read(lambda r: sorted(r.find(Event), key=lambda e: e.id)),
        read(lambda r: sorted(r.find(Sensor), key=lambda s: s.id)),
        read(lambda r: sorted(r.rows("SELECT * FROM tally WHERE n <> 0"))),
        read(lambda r: [v.event.id for v in event_lists.search(r, "井盖")]),
        read(lambda r: tallies.count(r, NOW)),
    )


def test_a_mirror_that_is_in_order_is_left_alone(pool: Any, station: Any) -> None:
    a_city(pool)
    back = station("back")
    with pool.client() as client:
        found = a_round(back.meet(client))
    assert found.rows == 32 and not found.differences


def test_deleted_changed_and_extra_rows_are_named_and_put_right(
    pool: Any, station: Any, caplog: pytest.LogCaptureFixture
) -> None:
    a_city(pool)
    back = station("back")
    with pool.client() as client:
        link = back.meet(client)
        before = everything(back)
        damage(
            back.mirror,
            "DELETE FROM event WHERE id IN ('e004', 'e005')",
            "UPDATE event SET state = 'CLOSED', title = '改了' WHERE id = 'e006'",
            "UPDATE event SET lon = 120.20000000000002 WHERE id = 'e015'",
            "UPDATE event SET id = 'x1' WHERE id = 'e022'",
            "UPDATE sensor SET name = '点 7 ' WHERE id = 's7'",
        )
        assert everything(back) != before
        with caplog.at_level(logging.WARNING):
            found = a_round(link)
    assert everything(back) == before
    told = [(d.kind, d.first, d.last, d.missing, d.changed, d.extra) for d in found.differences]
    assert told == [
        ("event", "e004", "e006", 2, 1, 0), ("event", "e015", "e015", 0, 1, 0),
        ("event", "e022", "x1", 1, 0, 1), ("sensor", "s7", "s7", 0, 1, 0),
    ]  # fmt: skip
    assert "e004" in caplog.text
    with pool.client() as client:
        again = a_round(Link(back.store, back.desk, back.clock, client, link.mirror, link.packs))
    assert again.differences == found.differences  # remembered, and none new


def test_what_is_only_on_its_way_is_no_difference(pool: Any, station: Any) -> None:
    a_city(pool)
    back = station("back")
    with pool.client() as client:
        link = back.meet(client)
        pool.owner.execute("UPDATE cw_event SET title = '新' WHERE id > 'e010'")
        pool.owner.execute("DELETE FROM cw_event WHERE id = 'e001'")
        compare = Comparison(client, link.mirror, link.clock)
        while compare._doubt is None:
            compare.step()
        for _ in range(3):  # the feed was not taken: nothing is judged
            compare.step()
        assert compare._doubt is not None
        exchange(link)
        while not compare.found.at:
            compare.step()
    assert not compare.found.differences


def test_a_database_that_orders_texts_by_a_language_is_asked_by_bytes(
    pool: Any, station: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test's server knows no language; it is told that it does."""
    monkeypatch.setattr(schema, "BY_BYTES", "SELECT false")
    load(pool.owner, [an_event(id=one) for one in ("a", "B", "b", "A", "é", "_1", "1", "c", "C")])
    back = station("back")
    with pool.client() as client:
        link = back.meet(client)
        assert client.comparable() == []  # made by an older program: it would sort each time
        schema.create(pool.owner, again=True)
        schema.run(pool.owner, schema.script())
        damage(back.mirror, "DELETE FROM event WHERE id = 'b'")
        found = a_round(link)
    assert [(d.first, d.missing) for d in found.differences] == [("b", 1)]
    plan = pool.owner.execute(
        "SET enable_seqscan = off; EXPLAIN SELECT id FROM cw_event "
        """WHERE id COLLATE "C" > 'b' ORDER BY id COLLATE "C" LIMIT 9"""
    )
    plan.nextset()
    assert "cw_event_order" in str(plan.fetchall())


def test_a_town_compares_what_it_may_see(pool: Any, station: Any, tmp_path: Path) -> None:
    areas = ("320281001", "320281001004", "320281002")
    load(pool.owner, [an_event(id=f"e{i}", area=areas[i % 3]) for i in range(12)])
    stations.add(pool.owner, f"town_{id(pool)}", areas[0], tmp_path / "secret")
    back = station("back")
    url = stations.address(pool.station_url, f"town_{id(pool)}")
    with Client(url, str(tmp_path / "secret")) as client:
        link = back.meet(client)
        damage(back.mirror, "DELETE FROM event WHERE id = 'e3'")
        found = a_round(link)
    assert found.rows == 8
    assert [(d.first, d.missing, d.rows) for d in found.differences] == [("e3", 1, 1)]


def test_a_difference_tells_how_many_rows_it_was() -> None:
    assert Difference(NOW, "event", "a", "b", 1, 2, 3).rows == 6
