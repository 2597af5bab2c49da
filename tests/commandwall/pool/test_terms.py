"""Another server goes on with the pool's tables, and has not all that stations had read before.

Here it is a copy of the database, as a standby that lags has one; test_standby.py has real ones.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from builders import an_event
from station import Station, exchange

from commandwall import events
from commandwall.pool import refill
from commandwall.pool.client import Client, PoolTrouble
from commandwall.pool.fill import fill
from commandwall.pool.link import Link
from commandwall.pool.loader import load, upsert
from commandwall.store import mirror as mirrors
from commandwall.store.draft import Draft
from commandwall.store.mirror import Mirror, mirror_name

COUNT = itertools.count(1)
Copy = Callable[[], Any]
Make = Callable[[str], Station]


@pytest.fixture
def copy(server: Any, pool: Any) -> Iterator[Copy]:
    """Makes a pool that holds what this one holds at that moment, and knows no more."""
    with ExitStack() as parts:

        def make() -> Any:
            old, name = pool.owner.info.dbname, f"standby{next(COUNT)}"
            pool.owner.close()
            with server.owner("postgres") as conn:
                conn.execute(f"CREATE DATABASE {name} TEMPLATE {old}")
            pool.owner = parts.enter_context(pool.connect())
            dsn = {**pool.owner_dsn, "conninfo": server.owner_url.replace("/city?", f"/{name}?")}
            owner = parts.enter_context(psycopg.connect(**dsn, autocommit=True))
            url = server.station_url.replace("/city?", f"/{name}?")
            return type(pool)(owner, dsn, url, server.station_secret)

        yield make


def assert_alike(client: Client, *stations: Station) -> None:
    """Each mirror holds the pool's events, and each journal the pool's lines."""
    client.meta()
    rows = {row[0]: row for row in client.rows("event", "", 1_000_000)}
    lines = client._rows("SELECT origin, seq, hash FROM cw_journal")
    for one in stations:
        assert one.mirror is not None
        assert {row[0]: row for row in one.mirror.stretch("event", "", None)} == rows
        held = one.store.read(lambda r: r.rows("SELECT origin, seq, hash FROM journal"))
        assert sorted(held) == sorted(lines)


def meet(one: Station, pool: Any) -> None:
    """Connect and exchange everything, with a mirror that is opened anew."""
    if one.mirror is not None:
        one.mirror.close()
    with pool.client() as client:
        one.meet(client)


def lose(pool: Any, *stations: Station) -> None:
    """What the city and stations do that the copy made before does not have."""
    upsert(pool.owner, [an_event(id="e1", title="后来")])
    pool.owner.execute("DELETE FROM cw_event WHERE id = 'e2'")
    load(pool.owner, [an_event(id="e9")])
    for number, one in enumerate(stations):
        one.do(events.note, event="e1", text=f"已上传 {number}")
    for one in (*stations, *stations):
        meet(one, pool)


def a_city(pool: Any, station: Make) -> tuple[Station, Station]:
    load(pool.owner, [an_event(id=f"e{i}") for i in range(5)])
    back, front = station("back"), station("front")
    for one in (back, front):
        meet(one, pool)
        one.do(events.accept, event=f"e{3 if one is back else 4}")
    for one in (back, front, back):
        meet(one, pool)
    return back, front


@pytest.mark.parametrize("ring", [100_000, 2])
def test_rows_and_acts_that_the_new_server_lacks_are_put_right(
    pool: Any, station: Make, copy: Copy, ring: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though it wrote more since than they had read: a position alone would hide it."""
    monkeypatch.setattr(mirrors, "RING", ring)
    both = a_city(pool, station)
    after = copy()
    lose(pool, *both)
    upsert(after.owner, [an_event(id=f"n{i}", title="新") for i in range(20)])
    for one in (*both, *both):
        meet(one, after)
    with after.client() as client:
        assert_alike(client, *both)
        assert client._one("SELECT count(*) FROM cw_journal") == 4


def test_whoever_had_read_no_more_goes_on_and_copies_nothing(
    pool: Any, station: Make, copy: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    back, front = a_city(pool, station)
    meet(front, pool)
    after = copy()
    upsert(after.owner, [an_event(id="e1", title="新")])
    with monkeypatch.context() as m:
        m.setattr(Client, "some", None)
        m.setattr(Client, "rows", None)
        for one in (back, front):
            meet(one, after)
    with after.client() as client:
        assert_alike(client, back, front)


def test_the_way_back_is_found_by_milestones_and_broken_off_begins_again(
    pool: Any, station: Make, copy: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mirrors, "STEP", 10)
    monkeypatch.setattr(mirrors, "KEPT", 4)
    monkeypatch.setattr(refill, "AT_ONCE", 2)
    load(pool.owner, [an_event(id=f"e{i:03}") for i in range(100)])
    back = station("back")

    def changes(some: range) -> None:
        with pool.client() as client:
            if back.mirror is not None:
                back.mirror.close()
            link = back.meet(client)
            for i in some:
                upsert(pool.owner, [an_event(id=f"e{i:03}", title=str(i))])
                exchange(link)

    changes(range(70))
    after = copy()
    changes(range(70, 90))
    asked: list[str] = []
    some = Client.some

    def broken(client: Client, kind: str, ids: Any) -> Any:
        if len(asked) == 4:
            asked.append("broken")
            raise PoolTrouble("unreachable", "cut")
        asked.extend(ids)
        return some(client, kind, ids)

    with monkeypatch.context() as m:
        m.setattr(Client, "some", broken)
        m.setattr(Client, "rows", None)
        with pytest.raises(PoolTrouble, match="cut"):
            meet(back, after)
        meet(back, after)
    assert 20 <= len(asked) < 40
    with after.client() as client:
        assert_alike(client, back)


def test_an_old_server_that_comes_back_is_refused_until_its_owner_says_so(
    pool: Any, station: Make, copy: Copy
) -> None:
    back, front = a_city(pool, station)
    after = copy()
    meet(back, after)
    back.do(events.note, event="e1", text="在新库")
    meet(back, after)
    with pytest.raises(PoolTrouble, match=r"epoch.*taken this one's place"):
        meet(back, pool)
    meet(front, pool)  # knows of no other
    front.do(events.note, event="e1", text="在旧库")
    load(pool.owner, [an_event(id="e7")])
    meet(front, pool)
    for one in (front, back, front):
        meet(one, after)
    with after.client() as client:
        assert_alike(client, back, front)
    pool.owner.execute("SELECT cw_begin_anew()")
    for one in (front, back, front):
        meet(one, pool)
    with pool.client() as client:
        assert_alike(client, back, front)


def test_a_first_fill_that_a_promotion_broke_off_begins_anew(
    pool: Any, copy: Copy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(pool.owner, [an_event(id=f"e{i}") for i in range(5)])
    after = copy()
    load(pool.owner, [an_event(id="ghost")])
    with pool.client() as client, monkeypatch.context() as m:
        m.setattr(Draft, "finish", lambda *_: sys.exit(1))
        with pytest.raises(SystemExit):
            fill(tmp_path, client, client._clock, lambda share: None)
    with after.client() as client:
        name = fill(tmp_path, client, client._clock, lambda share: None)
        assert name == mirror_name(client.meta().epoch)
    with closing(Mirror(tmp_path / name)) as mirror:
        assert "ghost" not in mirror.ids("event") and len(mirror.ids("event")) == 5


def test_a_source_is_told_every_act_though_the_new_server_lacks_some(
    pool: Any, station: Make, copy: Copy
) -> None:
    """Some twice; a position that it kept from the old server hides none."""
    back, front = a_city(pool, station)
    told = pool.owner.execute(_ACTS, (0,)).fetchall()
    after = copy()
    back.do(events.dispatch, event="e3", unit="供水")
    meet(back, pool)
    ((last, event),) = pool.owner.execute(_ACTS, (told[-1][0],)).fetchall()
    assert event == "e3"
    front.do(events.dispatch, event="e4", unit="供电")
    for one in (front, back):
        meet(one, after)
    assert after.owner.execute("SELECT cw_receipt('12345', %s)", (last,)).fetchone() == (last,)
    again = after.owner.execute(_ACTS, (last,)).fetchall()
    assert sorted(event for _, event in again) == ["e3", "e4"]


_ACTS = "SELECT pos, event FROM cw_acts('12345', %s)"


def test_a_town_waits_until_a_station_of_the_whole_city_has_met_the_new_server(
    pool: Any, station: Make, copy: Copy
) -> None:
    load(pool.owner, [an_event(id=f"e{i}") for i in range(3)])
    town = station("p1")
    role = pool.owner.info.dbname
    pool.owner.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'x' IN ROLE town")
    pool.owner.execute("INSERT INTO cw_station(login, area) VALUES (%s, '320281001')", (role,))
    with pool.client() as client:
        client.head()
    secret = town.folder / "secret"
    secret.write_text("x")

    def as_town(of: Any) -> Client:
        return Client(of.station_url.replace("//station@", f"//{role}@"), str(secret))

    def meets(of: Any) -> Link:
        if town.mirror is not None:
            town.mirror.close()
        with as_town(of) as client:
            return town.meet(client)

    meets(pool)
    after = copy()
    with pytest.raises(PoolTrouble, match="whole city"):
        meets(after)
    with after.client() as client:
        client.terms()
    meets(after)
    assert town.mirror is not None
    assert len(town.mirror.ids("event")) == 3
