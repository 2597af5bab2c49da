"""What a login takes of the city: an area, some kinds, both; and what happens when that changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest
from builders import a_sensor, an_area, an_event
from station import Station, exchange

from commandwall import event_acts, events
from commandwall.areas import Area
from commandwall.events import Event
from commandwall.pool import stations
from commandwall.pool.client import Client
from commandwall.pool.link import Link
from commandwall.pool.loader import load
from commandwall.pool.packs import Packs
from commandwall.sensors import Sensor
from commandwall.store import check
from commandwall.store.store import Tx
from commandwall.store.tables import Conflict

OURS, THEIRS = "320281001", "320281002"
Login = Callable[..., Client]


@pytest.fixture
def login(pool: Any, tmp_path: Path) -> Iterator[Login]:
    """Two towns with an event and a device each; makes clients of logins that take a part."""
    load(pool.owner, [an_area(id=OURS), an_area(id=THEIRS)])
    load(pool.owner, [an_event(id="e1", area=OURS), an_event(id="e2", area=THEIRS)])
    load(pool.owner, [a_sensor(1, area=OURS), a_sensor(2, area=THEIRS)])
    with ExitStack() as made:

        def make(area: str, *kinds: str) -> Client:
            name = f"part_{area}_{'_'.join(kinds)}"
            stations.add(pool.owner, name, area, tmp_path / name, kinds)
            made.callback(stations.remove, pool.owner, name)
            url = stations.address(pool.station_url, name)
            return made.enter_context(Client(url, str(tmp_path / name)))

        with pool.client() as city:
            city.head()
        yield make


def held(station: Station) -> dict[str, set[str]]:
    kinds = {"area": Area, "event": Event, "sensor": Sensor}
    return {
        name: {row.id for row in station.store.read(lambda r, k=kind: r.find(k))}
        for name, kind in kinds.items()
    }


def again(station: Station, client: Client) -> Link:
    """The same station on a new connection."""
    client.meta()
    assert station.mirror is not None
    packs = Packs(station.store, station.desk, station.clock)
    given = station.store, station.desk, station.clock, client, station.mirror, packs
    link = Link(*given, station.shares.append)
    link.begin()
    exchange(link)
    return link


def bound(pool: Any, client: Client, area: str, *kinds: str) -> None:
    sql = "UPDATE cw_station SET area = %s, kinds = %s WHERE login = %s"
    pool.owner.execute(sql, (area, list(kinds), client._conn.info.user))


def test_a_station_takes_the_kinds_of_its_login_from_the_first_fill_on(
    pool: Any, login: Login, station: Any
) -> None:
    back, client = station("back"), login("", "event")
    link = back.meet(client)
    assert held(back) == {"area": {OURS, THEIRS}, "event": {"e1", "e2"}, "sensor": set()}
    load(pool.owner, [a_sensor(3, area=OURS)])
    load(pool.owner, [an_event(id="e3", area=THEIRS)])
    pool.owner.execute("DELETE FROM cw_sensor WHERE id = 's1'")
    pool.owner.execute("SELECT cw_put_pack('readings', 'x'), cw_put_pack('fixes', 'x')")
    exchange(link)
    assert held(back)["event"] == {"e1", "e2", "e3"} and held(back)["sensor"] == set()
    assert client.packs() == []
    assert client.sight().kinds == ("event", "area", "credit")


def test_area_and_kinds_bound_together_and_the_pool_names_nothing_else(
    pool: Any, login: Login, station: Any
) -> None:
    front, client = station("front"), login(OURS, "sensor")
    front.meet(client)
    assert held(front) == {"area": {OURS}, "event": set(), "sensor": {"s1"}}
    rows = client._rows("SELECT kind, id, op, body FROM cw_page(0, 99)")
    assert {kind for kind, *_ in rows} == {"", "area", "sensor"}
    assert all(row == ("", "", "R", None) for row in rows if not row[0])
    assert client._rows("SELECT * FROM cw_event_seen()") == []
    with pytest.raises(psycopg.errors.CheckViolation):
        bound(pool, client, "")


@pytest.mark.parametrize("kinds", [("sensor", "event"), ()])
def test_what_comes_into_the_scope_is_copied_and_what_leaves_it_goes(
    pool: Any, login: Login, station: Any, kinds: tuple[str, ...]
) -> None:
    front, client = station("front"), login(OURS, "sensor")
    front.meet(client)
    scope = client.scope
    bound(pool, client, OURS, *kinds)
    client.meta()
    assert client.scope != scope
    again(front, client)
    assert held(front) == {"area": {OURS}, "event": {"e1"}, "sensor": {"s1"}}
    bound(pool, client, THEIRS, "event")
    again(front, client)
    assert held(front) == {"area": {THEIRS}, "event": {"e2"}, "sensor": set()}
    shares = len(front.shares)
    again(front, client)
    assert len(front.shares) == shares > 0  # nothing is copied where nothing changed


def test_the_whole_city_is_taken_where_a_bound_login_is_let_go(
    pool: Any, login: Login, station: Any
) -> None:
    back, client = station("back"), login("", "event")
    back.meet(client)
    pool.owner.execute("DELETE FROM cw_station")
    again(back, client)
    assert client.scope == "" and held(back)["sensor"] == {"s1", "s2"}


@pytest.fixture
def hall_and_town(
    pool: Any, login: Login, station: Any
) -> Iterator[tuple[Station, Link, Station, Client]]:
    """The hall, which sees the whole city, with its link; a town's station, with its client."""
    hall, front, client = station("back"), station("front"), login(OURS)
    with pool.client() as city:
        given = hall.meet(city)
        front.meet(client)
        yield hall, given, front, client


def test_what_was_done_before_an_area_grew_is_told_afterwards(
    pool: Any, hall_and_town: tuple[Station, Link, Station, Client]
) -> None:
    hall, given, front, client = hall_and_town
    hall.do(events.dispatch, event="e2", unit="供水公司")
    hall.do(event_acts.sign, event="e2")
    hall.do(events.accept, event="e1")
    exchange(given)
    again(front, client)
    assert front.work("e2") is None and front.work("e1") == hall.work("e1")
    bound(pool, client, "320281")
    for _ in range(2):
        again(front, client)
        assert front.work("e2") == hall.work("e2") is not None
    told = front.store.read(lambda r: events.history(r, "e2"))
    assert told == hall.store.read(lambda r: events.history(r, "e2")) != []
    assert front.store.read(lambda r: r.find(Conflict)) == []
    assert check.journal(front.folder / "wall.db") is None


def test_a_body_that_the_pool_had_lost_when_an_area_grew_comes_with_its_line(
    pool: Any, login: Login, station: Any
) -> None:
    """The pool was set back: what it is asked for it cannot tell before its station is there."""
    hall, front, client = station("back"), station("front"), login(OURS)
    with pool.client() as city:
        given = hall.meet(city)
        front.meet(client)
        hall.do(events.dispatch, event="e2", unit="供水公司")
        exchange(given)
        again(front, client)
        pool.owner.execute("TRUNCATE cw_journal, cw_work")
        pool.owner.execute("SELECT cw_begin_anew()")
        bound(pool, client, "320281")
        front.mirror.close()
        link = front.meet(client)
        assert front.work("e2") is None
        hall.mirror.close()
        hall.meet(city)
        exchange(link)
    assert front.work("e2") == hall.work("e2") is not None


def test_what_two_did_unseen_is_a_conflict_once_the_other_may_be_known(
    pool: Any, hall_and_town: tuple[Station, Link, Station, Client]
) -> None:
    """A line of the hall that spans two towns was withheld from the one that acted meanwhile."""
    hall, given, front, client = hall_and_town
    hall.desk.run(_give, {"ids": ("e1", "e2")})
    exchange(given)
    front.clock.at += 5_000
    front.do(events.dispatch, event="e1", unit="消防")
    again(front, client)
    assert front.store.read(lambda r: r.find(Conflict)) == []
    bound(pool, client, "320281")
    again(front, client)
    exchange(given)
    for one in (hall, front):
        (conflict,) = one.store.read(lambda r: r.find(Conflict))
        assert "消防" in conflict.kept and "供水公司" in conflict.other
        assert [one.work(event).unit for event in ("e1", "e2")] == ["消防", "供水公司"]


def _give(tx: Tx, ids: tuple[str, ...]) -> None:
    for event in ids:
        events.dispatch(tx, event, "供水公司")
