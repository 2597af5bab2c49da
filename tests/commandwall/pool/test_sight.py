"""What a station learns of the pool, the other stations and the sources, and decides about them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from builders import NOW, an_area, an_event
from station import Station, exchange

from commandwall import conflicts, events, sources
from commandwall.bell import UNATTENDED
from commandwall.conflicts import HELD, OPEN, SAID, Dispute
from commandwall.pool import stations
from commandwall.pool.client import Client, PoolTrouble
from commandwall.pool.imports.city_pool import CityPool
from commandwall.pool.imports.pool_rows import aside
from commandwall.pool.imports.report import Outcome
from commandwall.pool.link import Link
from commandwall.pool.loader import load
from commandwall.pool.presence import Presence
from commandwall.store import sight
from commandwall.store.journal import GENESIS, seal
from commandwall.store.store import Refused

OURS, THEIRS = "320281001", "320281002"


def greet(station: Station, link: Link) -> sight.Sight:
    Presence(station.store, station.desk, link.client, link.mirror, lambda: 3, lambda: -2.5).step(9)
    return sight.read(station.folder)


def a_dispute(pool: Any, **more: Any) -> None:
    facts = {"held": '{"title": "小区停水"}', "said": '{"title": "三栋停水"}', **more}
    load(pool.owner, [an_event()])
    row = Dispute(
        "event:e1:title:grid", "event", "e1", "title", OURS, facts["held"], "hotline", NOW,
        facts["said"], "grid", NOW, OPEN,
    )  # fmt: skip
    load(pool.owner, [row])
    pool.owner.execute(
        "INSERT INTO cw_claim(id, kind, record, source, mark) "
        "VALUES ('1', 'event', 'e1', 'hotline', ''), ('2', 'event', 'e1', 'grid', '')"
    )


def of_record(pool: Any) -> tuple[Any, ...]:
    sql = "SELECT e.title, d.state, d.by FROM cw_event e, cw_dispute d"
    return tuple(pool.owner.execute(sql).fetchone())


def acts(pool: Any, source: str) -> list[tuple[Any, ...]]:
    sql = "SELECT event, act, result, post FROM cw_acts(%s, 0)"
    return list(pool.owner.execute(sql, (source,)).fetchall())


def test_each_station_sees_the_others_how_far_they_are_and_who_never_came(
    pool: Any, station: Any, tmp_path: Path
) -> None:
    load(pool.owner, [an_event()])
    stations.add(pool.owner, f"town_{id(pool)}", OURS, tmp_path / "secret")
    back, front = station("back"), station("front")
    with pool.client() as one, pool.client() as two:
        ours, theirs = back.meet(one), front.meet(two)
        back.do(events.accept, event="e1")
        back.desk.keep(UNATTENDED, str(NOW)).result()
        greet(back, ours)
        exchange(ours)
        seen = greet(front, theirs)
    by_origin = {s.origin: s for s in seen.stations}
    them = by_origin[back.desk.origin]
    assert (them.said.post, them.said.backlog, them.said.tries) == ("chief", 1, 3)
    assert them.said.unattended == NOW
    assert (them.said.skew_s, them.lines, them.login) == (-2.5, 1, "station")
    assert seen.at >= them.at > 0 and seen.head >= 1 and seen.area == ""
    assert (by_origin[""].login, by_origin[""].at) == (f"town_{id(pool)}", 0)


def test_a_town_sees_the_stations_of_its_area_alone(
    pool: Any, station: Any, tmp_path: Path
) -> None:
    for name, area in (("one", OURS), ("two", THEIRS)):
        stations.add(pool.owner, f"{name}_{id(pool)}", area, tmp_path / name)
    back = station("back")
    url = stations.address(pool.station_url, f"one_{id(pool)}")
    with pool.client() as city:
        greet(station("hall"), station("hall2").meet(city))
    with Client(url, str(tmp_path / "one")) as client:
        seen = greet(back, back.meet(client))
    assert [(s.login, s.area) for s in seen.stations] == [(f"one_{id(pool)}", OURS)]
    assert seen.sources == () and seen.area == OURS


def test_what_a_foreign_station_says_wrongly_of_itself_stops_nobody(
    pool: Any, station: Any
) -> None:
    back = station("back")
    with pool.client() as client:
        link = back.meet(client)
        client.hello("rogue", {"cursor": "<b>", "post": 7})
        assert {s.origin: s.said for s in client.sight().stations}["rogue"] == sight.Said()
        with pytest.raises(PoolTrouble):
            client.hello("rogue", {"post": "x" * 5000})
        assert greet(back, link).stations


def test_a_source_is_counted_and_a_person_switches_its_loads_off_and_on(
    pool: Any, station: Any
) -> None:
    a_dispute(pool)
    back = station("back")
    with pool.client() as client:
        link = back.meet(client)
        pool.owner.execute("SELECT cw_begin_batch('grid', 'a.csv', '1'); SELECT cw_end_batch('')")
        (grid, hotline) = greet(back, link).sources
        assert (grid.source, grid.rows, grid.disputed, grid.batch) == ("grid", 1, 1, "done")
        assert (hotline.source, hotline.disputed, hotline.loaded_at) == ("hotline", 0, 0)
        back.do(sources.switch_off, source="grid", reason="重复上报")
        exchange(link)
        with pytest.raises(psycopg.errors.RaiseException, match="重复上报"):
            pool.owner.execute("SELECT cw_begin_batch('grid', 'b.csv', '2')")
        grid = greet(back, link).sources[0]
        assert (grid.state, grid.reason, grid.switched_by) == ("off", "重复上报", "chief 陈")
        with pytest.raises(Refused):
            back.do(sources.switch_off, source="grid", reason="再停")
        back.do(sources.switch_on, source="grid")
        exchange(link)
        pool.owner.execute("SELECT cw_begin_batch('grid', 'b.csv', '2')")


def test_rows_of_map_files_and_the_department_of_a_source_are_told(pool: Any, station: Any) -> None:
    load(pool.owner, [an_area()])
    city = CityPool(pool.owner)
    refused = Outcome(3, "quarantined", "", "geometry", "empty")
    with city.batch("areas", "towns.geojson", "1"):
        city.put([], [aside(refused, "areas", "towns.geojson", ["320281001"])])
    with city.batch("police", "people.csv", "2", "公安局"):
        pass
    pool.owner.execute("INSERT INTO cw_source(source, department) VALUES ('12345', '数据局')")
    back = station("back")
    with pool.client() as client:
        hotline, areas, police = greet(back, back.meet(client)).sources
    assert (areas.rows, areas.refused, areas.department) == (1, 1, "")
    assert (police.department, police.loaded) == ("公安局", True)
    assert (hotline.department, hotline.loaded) == ("数据局", False)


@pytest.mark.parametrize(("keep", "title"), [(HELD, "小区停水"), (SAID, "三栋停水")])
def test_a_verdict_at_the_wall_is_written_and_both_sources_read_it(
    pool: Any, station: Any, keep: str, title: str
) -> None:
    a_dispute(pool)
    back = station("back")
    with pool.client() as client:
        link = back.meet(client)
        back.do(conflicts.decide, dispute="event:e1:title:grid", keep=keep)
        exchange(link)
        exchange(link)
        assert of_record(pool) == (title, keep, "chief 陈")
        told = [("e1", "decide", f'{{"title": "{title}"}}', "chief")]
        assert acts(pool, "hotline") == acts(pool, "grid") == told
        with pytest.raises(Refused, match="settled"):
            back.do(conflicts.decide, dispute="event:e1:title:grid", keep=SAID)


def test_a_verdict_on_what_was_changed_since_is_set_aside_and_blocks_nothing(
    pool: Any, station: Any
) -> None:
    a_dispute(pool)
    back = station("back")
    with pool.client() as client:
        link = back.meet(client)
        pool.owner.execute("UPDATE cw_event SET title = '改过'")
        back.do(conflicts.decide, dispute="event:e1:title:grid", keep=SAID)
        back.do(events.accept, event="e1")
        exchange(link)
        exchange(link)
        assert of_record(pool) == ("改过", OPEN, "")
        (why,) = pool.owner.execute("SELECT reason FROM cw_quarantine").fetchone()
        assert "cw_moved_on" in why
        assert back.work().state == "ACCEPTED" and acts(pool, "grid")[-1][1] == "accept"
        back.do(conflicts.decide, dispute="event:e1:title:grid", keep=HELD)
        exchange(link)
        assert of_record(pool) == ("改过", HELD, "chief 陈")


def test_a_town_decides_in_its_area_only(pool: Any, station: Any, tmp_path: Path) -> None:
    a_dispute(pool)
    for name, area in (("one", OURS), ("two", THEIRS)):
        stations.add(pool.owner, f"{name}_{id(pool)}", area, tmp_path / name)
    hall = station("hall")
    with pool.client() as city:
        hall.meet(city)
    for name, state in (("two", OPEN), ("one", SAID)):
        url = stations.address(pool.station_url, f"{name}_{id(pool)}")
        with Client(url, str(tmp_path / name)) as client:
            line = hall.desk.run(
                conflicts.decide, {"dispute": "event:e1:title:grid", "keep": SAID}, "陈", name
            ).line
            client.push([seal(replace(line, origin=name, seq=1, prev=GENESIS))])
        assert of_record(pool)[1] == state
