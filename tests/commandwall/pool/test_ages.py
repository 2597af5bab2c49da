"""Programs and pools of different ages work together; who was long away catches up."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from builders import a_sensor, an_event
from psycopg.types.json import Jsonb
from station import Station, exchange

from commandwall import events
from commandwall.events import Event
from commandwall.pool import schema
from commandwall.pool.client import PoolTrouble
from commandwall.pool.loader import load, upsert
from commandwall.sensors import Sensor
from commandwall.store.journal import GENESIS, Line, seal

OLDER = Path(__file__).parents[2] / "upgrade" / "pool-0001.sql.gz"
Make = Callable[[str], Station]


def titles(one: Station) -> dict[str, str]:
    return {e.id: e.title for e in one.store.read(lambda r: r.find(Event))}


def forget(pool: Any, days: int = 31) -> None:
    """As if the feed so far had come so long ago, and then something more."""
    with pool.client() as client:
        client.head()
        pool.owner.execute(f"UPDATE cw_feed SET at = at - {days} * interval '1 day'")
        load(pool.owner, [a_sensor(77)])
        client.head()


def older(pool: Any, without: str = "") -> None:
    """A pool as the program of schema 1 made it; `without` a column that came with ours."""
    text = gzip.decompress(OLDER.read_bytes()).decode()
    if without:
        text = re.sub(f'ALTER TABLE .* "{without}" .*\n', "", text)
        text = text.replace(f', t."{without}"', "").replace(f', "{without}"', "")
    pool.owner.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    pool.owner.execute(text)


def test_this_program_works_with_a_pool_that_is_one_schema_older(pool: Any, station: Make) -> None:
    older(pool, without="detail")
    load(pool.owner, [an_event()])
    pool.owner.execute(
        "INSERT INTO cw_place(id, kind, name, area, lon, lat, capacity)"
        " VALUES ('p1', 'school', '小学', '320281001', 120.2, 31.9, 5)"
    )
    back, front = station("back"), station("front")
    with pool.client() as one, pool.client() as two:
        assert one.meta().schema == schema.SCHEMA - 1
        ours, theirs = back.meet(one), front.meet(two)
        back.do(events.accept, event="e1")
        upsert(pool.owner, [an_event(title="新")])
        exchange(ours)
        exchange(theirs)
    assert front.work().state == "ACCEPTED" and titles(front) == {"e1": "新"}
    place = front.store.read(lambda r: r.rows("SELECT name, capacity, detail FROM place"))
    assert place == [("小学", 5, "")]
    schema.create(pool.owner)
    pool.owner.execute("UPDATE cw_place SET detail = '操场'")
    with pool.client() as client:
        exchange(front.meet(client))
    assert front.store.read(lambda r: r.rows("SELECT detail FROM place")) == [("操场",)]


def test_a_pool_that_is_two_schemas_older_is_named_with_the_cure(pool: Any) -> None:
    older(pool)
    pool.owner.execute("UPDATE cw_meta SET schema = 0")
    with pool.client() as client, pytest.raises(PoolTrouble, match="commandwall pool upgrade"):
        client.meta()


LINE = asdict(seal(Line("o1", 1, 1 << 16, "", "accept", "陈", "p3", "", GENESIS, "", "{}")))
OLDER_ASKS = (
    "SELECT epoch::text, schema, min_client, city, columns FROM cw_meta",
    "SELECT cw_advance()",
    "SELECT pos FROM cw_head",
    "SELECT pos, kind, id, op, body FROM cw_page(0, 500)",
    "SELECT seq, kind, at, body FROM cw_packs(0, 200)",
    "SELECT origin, max(seq) FROM cw_journal GROUP BY origin",
    "SELECT origin, seq, hlc, scope, act, person, post, body_hash, prev, hash, body FROM cw_journal"
    " WHERE origin = 'o1' AND seq > 0 ORDER BY seq LIMIT 500",
    "SELECT count(*) FROM cw_event",
)
"""What the program of schema 1 asks; its push is that of today."""


def test_a_program_that_is_one_schema_older_works_with_this_pool(pool: Any) -> None:
    """The same rows come, in the same columns, as from the pool that it knows."""
    answers = []
    for make in (older, lambda pool: schema.create(pool.owner)):
        make(pool)
        pool.owner.execute("DELETE FROM cw_journal; DELETE FROM cw_origin; DELETE FROM cw_event")
        pool.owner.execute("SELECT cw_begin_anew(); UPDATE cw_head SET pos = 0")
        pool.owner.execute("UPDATE cw_meta SET epoch = 'f81d4fae-7dec-11d0-a765-00a0c91e6bf6'")
        load(pool.owner, [an_event()])
        with pool.client() as client:
            client._conn.execute("SELECT cw_push(%s)", (Jsonb([LINE]),))
            answers.append([client._rows(sql) for sql in OLDER_ASKS])
    before, after = answers
    assert [row[1] for row in after[0]] == [schema.SCHEMA] and after[0][0][2] == before[0][0][2]
    for old, new in zip(before[2:], after[2:], strict=True):
        assert _plain(old) == _plain(new)


def _plain(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Without the moment at which a line was received."""
    return [
        tuple(
            {k: v for k, v in cell.items() if k in LINE} if isinstance(cell, dict) else cell
            for cell in row
        )
        for row in rows
    ]


def test_a_station_that_was_away_too_long_copies_what_changed_anew(
    pool: Any, station: Make
) -> None:
    load(pool.owner, [an_event(id=f"e{i}") for i in range(6)])
    load(pool.owner, [a_sensor(0)])
    back, front = station("back"), station("front")
    with pool.client() as one, pool.client() as two:
        ours = back.meet(one)
        theirs = front.meet(two)
        pool.owner.execute("DELETE FROM cw_event WHERE id = 'e0'")
        pool.owner.execute("UPDATE cw_event SET title = '改' WHERE id = 'e1'")
        load(pool.owner, [an_event(id="e9", title="添")])
        front.do(events.accept, event="e2")
        exchange(theirs)
        forget(pool)
        upsert(pool.owner, [an_event(id="e3", title="近")])
        assert one.tails()[0] > 0 and set(one.tails()[1]) >= {"event", "journal"}
        with pytest.raises(PoolTrouble, match="epoch"):
            exchange(ours)
    back.mirror.close()
    with pool.client() as client:
        back.meet(client)
        exchange(front.meet(client))
    assert titles(back) == titles(front)
    assert "e0" not in titles(back) and titles(back)["e1"] == "改" and titles(back)["e9"] == "添"
    assert titles(back)["e3"] == "近"
    assert back.work("e2") == front.work("e2") and back.work("e2").state == "ACCEPTED"
    assert {s.id for s in back.store.read(lambda r: r.find(Sensor))} == {"s0", "s77"}
    assert back.store.read(lambda r: r.rows("SELECT sum(n) FROM tally WHERE name = 'state'")) == [
        (6,)
    ]


def test_what_is_not_old_stays_in_the_feed(pool: Any, station: Make) -> None:
    load(pool.owner, [an_event(id=f"e{i}") for i in range(6)])
    forget(pool, days=29)
    with pool.client() as client:
        assert client.tails() == (0, {})
        assert len(client.page(0, 100).rows["event"]) == 6


def test_a_copy_that_breaks_off_begins_again_and_leaves_no_ghost(
    pool: Any, station: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("commandwall.pool.refill.AT_ONCE", 2)
    load(pool.owner, [an_event(id=f"e{i}") for i in range(6)])
    back = station("back")
    with pool.client() as client:
        back.meet(client)
    back.mirror.close()
    pool.owner.execute("DELETE FROM cw_event WHERE id IN ('e1', 'e5')")
    forget(pool)
    with pool.client() as client:
        asked = client.rows

        def broken(kind: str, after: str, limit: int) -> Any:
            if after >= "e2":
                raise PoolTrouble("unreachable", "cut")
            return asked(kind, after, limit)

        monkeypatch.setattr(client, "rows", broken)
        with pytest.raises(PoolTrouble, match="cut"):
            back.meet(client)
        monkeypatch.setattr(client, "rows", asked)
        back.mirror.close()
        back.meet(client)
    assert sorted(titles(back)) == ["e0", "e2", "e3", "e4"]


def test_rows_that_were_written_past_the_triggers_arrive_after_a_word(
    pool: Any, station: Make
) -> None:
    load(pool.owner, [an_event(), an_event(id="e2"), an_event(id="e3")])
    back = station("back")
    with pool.client() as client:
        link = back.meet(client)
        pool.owner.execute("ALTER TABLE cw_event DISABLE TRIGGER USER")
        pool.owner.execute("UPDATE cw_event SET title = '偷' WHERE id = 'e2'")
        pool.owner.execute("DELETE FROM cw_event WHERE id = 'e3'")
        schema.create(pool.owner, again=True)
        exchange(link)
        assert "偷" not in titles(back).values()
        pool.owner.execute("SELECT cw_refill('event')")
        exchange(link)
    assert set(titles(back)) == {"e1", "e2"} and titles(back)["e2"] == "偷"
