"""`commandwall import` against a real pool: rows, feed, quarantine, sentences and exit codes."""

from __future__ import annotations

import argparse

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mapfiles import a_square, a_town, write
from shell import Shell, begun

from commandwall.config import Settings
from commandwall.pool import schema
from commandwall.pool.imports import city_pool, door
from commandwall.pool.imports.pool_rows import aside
from commandwall.pool.imports.report import QUARANTINED, Outcome

HEAD = "编号,用户,主题,详情,时间\n"
OUTLINE = (
    '{"type": "Polygon", "coordinates": '
    "[[[120.0, 31.8], [120.4, 31.8], [120.4, 32.0], [120.0, 32.0], [120.0, 31.8]]]}"
)


@pytest.fixture
def shell(server, tmp_path):
    return Shell(server, tmp_path)


@pytest.fixture
def mapping(shell):
    columns = 'source_id="编号"\nperson="用户"\ntitle="主题"\nbody="详情"\nreported_at="时间"\n'
    return shell.file("map.toml", f'source="12345"\ndates=["%Y/%m/%d"]\n[columns]\n{columns}')


def test_a_city_its_towns_and_its_events_come_into_the_pool(shell, mapping, capsys):
    city = shell.file("320281.geojson", OUTLINE)
    assert shell.run("areas", city, "--level", "city", "--datum", "gcj02", "--name", "江阴市") == 0
    towns = shell.file("t.csv", "code,name\n320281001,澄江街道\n320281002,华士镇\n")
    assert shell.run("areas", towns, "--level", "town") == 0
    rows = "1,甲,华士镇停水,三栋,2026/3/1\n2,乙,江阴市停水,三栋,2026/3/1\n3,丙,x,y,三月\n"
    assert shell.run("table", shell.file("e.csv", HEAD + rows), "--map", mapping) == 1
    assert shell.ask("SELECT id, area, placed, state, rev FROM cw_event ORDER BY id") == [
        ("12345-1", "320281002", "area", "NEW", 1),
        ("12345-2", "320281", "area", "NEW", 1),
    ]
    assert shell.ask("SELECT city FROM cw_meta") == [("江阴市",)]
    assert shell.ask("SELECT source, file, row, field, reason FROM cw_quarantine") == [
        ("12345", "e.csv", 4, "reported_at", "date")
    ]
    said = capsys.readouterr()
    assert "e.csv: 读入行数 3 = 入库 2 + 合并 0 + 隔离 1" in said.out
    assert "3 / 3" in said.err


def test_buildings_come_into_the_pool_once_and_the_walls_hear_of_them(shell, capsys):
    city = shell.file("320281.geojson", OUTLINE)
    shell.run("areas", city, "--level", "city", "--datum", "wgs84", "--name", "江阴市")
    path = shell.folder / "b.gpkg"
    write(path, {"id": ["B1", ""], "name": ["甲楼", "乙楼"]}, [a_square()] * 2, layer="楼")
    write(path, {"id": ["9"]}, [a_square()], layer="路", append=True)
    assert shell.run("buildings", path) == 2
    assert "图层：楼, 路" in capsys.readouterr().err
    for known in ("新增: 1", "中心池已有: 1"):
        assert shell.run("buildings", path, "--layer", "楼") == 1
        assert known in capsys.readouterr().out
    assert shell.ask("SELECT id, area, name, colour, rev FROM cw_building") == [
        ("B1", "320281", "甲楼", "green", 1)
    ]
    assert shell.ask("SELECT count(*) FROM cw_outbox WHERE kind = 'building'") == [(1,)]
    assert shell.ask("SELECT source, row, field, reason FROM cw_quarantine") == [
        ("buildings", 2, "id", "empty")
    ]


def test_roads_and_ground_come_into_the_pool_once_with_the_words_of_their_licence(shell, capsys):
    town = a_town()
    town.way(50, [1, 4, 3, 5, 1], natural="water", name="芙蓉湖")
    path = town.write(shell.folder / "town.osm.pbf")
    for known in ("新增: 5", "中心池已有: 5"):
        assert shell.run("roads", path) == 0
        assert known in capsys.readouterr().out
    assert shell.run("ground", path) == 0
    assert shell.ask("SELECT id, a, b, oneway FROM cw_road WHERE name = '文定路' ORDER BY id") == [
        ("osm-11-0", 5, 2, 1),
        ("osm-11-1", 2, 4, 1),
    ]
    assert shell.ask("SELECT kind, name FROM cw_feature") == [("water", "芙蓉湖")]
    assert shell.ask("SELECT text FROM cw_credit") == [("© OpenStreetMap contributors",)]
    changed = shell.ask("SELECT kind, count(DISTINCT id) FROM cw_outbox GROUP BY 1 ORDER BY 1")
    assert changed == [("credit", 1), ("feature", 1), ("road", 7)]


def test_the_walls_hear_of_what_was_imported_once(shell, mapping):
    table = shell.file("e.csv", HEAD + "1,甲,停水,三栋,2026/3/1\n2,乙,x,y,三月\n")
    for _ in range(2):
        shell.run("table", table, "--map", mapping)
    assert shell.ask("SELECT kind, id FROM cw_outbox") == [("event", "12345-1")]
    assert shell.ask("SELECT count(*) FROM cw_quarantine") == [(1,)]


@pytest.fixture
def long_table(shell):
    rows = "".join(f"{n},人{n},主题{n},详情{n},2026/3/1\n" for n in range(6000))
    return shell.file("e.csv", HEAD + rows)


def test_an_import_killed_at_once_is_taken_up_again_without_loss_or_double(
    shell, mapping, long_table
):
    with begun(shell, "table", long_table, "--mapping", mapping) as child:
        child.kill()
    ((before,),) = shell.ask("SELECT count(*) FROM cw_event")
    assert 0 < before < 6000
    assert shell.run("table", long_table, "--map", mapping) == 0
    assert shell.ask("SELECT count(*), count(DISTINCT source_id) FROM cw_event") == [(6000, 6000)]
    assert shell.ask("SELECT count(*) FROM cw_outbox") == [(6000,)]


def test_of_two_imports_at_once_the_second_waits_and_finds_everything_there(
    shell, mapping, long_table, capsys
):
    with begun(shell, "table", long_table, "--mapping", mapping) as child:
        assert shell.run("table", long_table, "--map", mapping) == 0
        child.communicate()
        assert child.returncode == 0
    assert "中心池已有: 6000" in capsys.readouterr().out
    assert shell.ask("SELECT count(*) FROM cw_outbox") == [(6000,)]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("areas", "{city}", "--level", "city"), "未声明坐标系"),
        (("areas", "{city}", "--level", "city", "--datum", "xian80"), "xian80"),
        (("areas", "none.csv", "--level", "town"), "none.csv"),
        (("table", "none.csv", "--map", "{map}"), "none.csv"),
        (("table", "{city}", "--map", "none.toml"), "none.toml"),
    ],
)
def test_what_cannot_be_imported_is_said_and_the_pool_is_not_even_opened(
    shell, mapping, capsys, arguments, said
):
    city = shell.file("320281.geojson", OUTLINE)
    assert shell.run(*(a.format(city=city, map=mapping) for a in arguments)) == 2
    assert said in capsys.readouterr().err
    assert shell.ask("SELECT count(*) FROM cw_batch") == [(0,)]


def test_a_database_without_a_pool_gets_none_by_an_import(shell, mapping, capsys):
    """Its name was mistyped, or the pool was dropped and the nightly load goes on."""
    table = shell.file("e.csv", HEAD + "1,甲,停水,三栋,2026/3/1\n")
    with shell.connect(shell.url) as conn:
        schema.drop(conn)
    assert shell.run("table", table, "--map", mapping) == 2
    assert "没有中心池" in capsys.readouterr().err
    assert shell.ask("SELECT to_regclass('cw_meta')") == [(None,)]


def test_a_pool_that_cannot_be_reached_or_written_is_said(shell, mapping, server, capsys):
    table = shell.file("e.csv", HEAD + "1,甲,停水,三栋,2026/3/1\n")
    station = shell.url.replace("pool@", "station@")
    for url, secret, told in (
        (station, server.station_secret, "不是中心池的属主"),
        (shell.url.replace("/imports", "/nowhere"), server.owner_secret, "无法连接中心池"),
    ):
        shell.settings = Settings(data_dir=shell.folder / "data", pool=url, secret_file=secret)
        assert shell.run("table", table, "--map", mapping) == 2
        assert told in capsys.readouterr().err


def test_without_a_pool_of_its_own_a_server_is_run_for_the_import(tmp_path, capsys):
    (tmp_path / "320281.geojson").write_text(OUTLINE)
    settings_ = Settings(data_dir=tmp_path / "city")
    parser = argparse.ArgumentParser()
    door.add_arguments(parser)
    line = ["areas", str(tmp_path / "320281.geojson"), "--level", "city", "--datum", "wgs84"]
    asked = parser.parse_args([*line, "--name", "江阴市"])
    assert door.run(settings_, asked) == 0
    assert door.run(settings_, asked) == 0
    assert "中心池已有: 1" in capsys.readouterr().out
    assert not (tmp_path / "city" / "pool" / "data" / "postmaster.pid").exists()


@settings(max_examples=30, deadline=None)
@given(cells=st.lists(st.text() | st.none() | st.floats() | st.dates(), max_size=4))
def test_any_original_can_be_kept(quarantine, cells):
    kept = aside(Outcome(1, QUARANTINED, "", "f", "date"), "s", "f.csv", cells)
    quarantine.put([], [kept, kept])


@pytest.fixture(scope="module")
def quarantine(server, tmp_path_factory):
    shell = Shell(server, tmp_path_factory.mktemp("q"))
    with city_pool.opened(shell.settings) as pool:
        yield pool
