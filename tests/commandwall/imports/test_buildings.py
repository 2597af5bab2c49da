"""Buildings of map files: their fields, their place, their colour, a second time."""

from __future__ import annotations

import json

import numpy as np
import pytest
import shapely
from mapfiles import a_square, in_grid, shapefile, write

from commandwall.areas import Building
from commandwall.pool.imports.trouble import ImportTrouble

IN_VILLAGE, IN_TOWN = (120.11, 31.91), (120.02, 31.82)
SIDE = 0.0003


def houses(n=2):
    spots = [IN_VILLAGE, IN_TOWN, (120.3, 31.9)][:n]
    return [a_square(*spot, SIDE) for spot in spots]


def ends(desk, stem):
    return [(e["row"], e["field"], e["reason"]) for e in desk.ledger(stem)]


def test_buildings_take_the_fields_that_a_file_has_and_the_smallest_area_around_them(desk):
    fields = {
        "楼栋编号": ["B1", "B2"],
        "名称": ["海澜大厦", ""],
        "地址": ["人民路1号", "文定路2号"],
        "用途": ["shop", "居民楼"],
        "层数": [6.0, None],
        "颜色": ["红色", None],
    }
    shapes = [in_grid(shape, 4549) for shape in houses()]
    path = shapefile(desk.folder, fields, shapes, crs="EPSG:4549")
    report = desk.buildings(path)
    assert (report.rows, report.total("imported"), report.balanced) == (2, 2, True)
    one, two = desk.pool.all(Building)
    assert (one.id, one.area, one.name) == ("B1", "320281001001", "人民路1号 海澜大厦")
    assert (one.kind, one.floors, one.colour) == ("shop", 6, "red")
    assert (two.area, two.name, two.kind) == ("320281001", "文定路2号", "home")
    assert (two.floors, two.colour) == (0, "green")
    outline = shapely.from_wkb(one.geom)
    assert outline.bounds[:2] == pytest.approx(IN_VILLAGE, abs=1e-7)
    assert outline.contains(shapely.Point(one.lon, one.lat))


def test_a_second_import_changes_nothing_and_a_third_only_what_its_file_tells(desk):
    fields = {"id": ["B1", "B2"], "name": ["甲", "乙"], "colour": ["red", "蓝"]}
    path = write(desk.folder / "b.gpkg", fields, houses())
    desk.buildings(path)
    before = dict(desk.pool.of[Building])
    assert desk.buildings(path).counts == {("merged", "known"): 2}
    assert desk.pool.of[Building] == before
    less = write(desk.folder / "c.gpkg", {"id": ["B1", "B2"], "name": ["甲", "丙"]}, houses())
    assert desk.buildings(less).counts == {("merged", "known"): 1, ("imported", "changed"): 1}
    assert [(b.name, b.colour) for b in desk.pool.all(Building)] == [("甲", "red"), ("丙", "blue")]


def test_buildings_without_numbers_are_known_by_their_outline(desk):
    path = write(desk.folder / "b.gpkg", {"x": ["", "", ""]}, [*houses(), *houses(1)])
    assert desk.buildings(path).counts == {("imported", "new"): 2, ("merged", "same_id"): 1}
    assert desk.buildings(path).counts == {("merged", "known"): 2, ("merged", "same_id"): 1}


def test_a_bad_row_is_kept_aside_with_field_and_reason_and_the_others_come_in(desk):
    rows = [
        ("B1", "甲", "6", "red", houses(1)[0], "", "new"),
        ("", "甲", "6", "red", houses(1)[0], "id", "empty"),
        ("B3", "长" * 300, "6", "red", houses(1)[0], "name", "too_long"),
        ("B4", "甲", "六", "red", houses(1)[0], "floors", "number"),
        ("B5", "甲", "-1", "red", houses(1)[0], "floors", "range"),
        ("B6", "甲", "6", "紫", houses(1)[0], "colour", "unknown"),
        ("B7", "甲", "6", "red", None, "geometry", "shape"),
        ("B8", "甲", "6", "red", shapely.Point(IN_TOWN), "geometry", "shape"),
        ("B9", "甲", "6", "red", a_square(116.1, 39.9, SIDE), "geometry", "outside"),
        ("B10", "甲", "6", "red", a_square(31.9, 120.1, SIDE), "geometry", "swapped"),
        ("B11", "甲", "6", "red", a_square(500000, 9, SIDE), "geometry", "degrees"),
        ("B1", "甲", "6", "red", houses(1)[0], "", "same_id"),
        ("B1", "乙", "6", "red", houses(1)[0], "id", "id_reused"),
        ("B14", "甲", "nan", "red", houses(1)[0], "floors", "range"),
    ]
    ids, names, floors, colours, shapes, fields, reasons = zip(*rows, strict=True)
    columns = {"id": ids, "name": names, "floors": floors, "colour": colours}
    path = write(desk.folder / "b.gpkg", columns, shapes, geometry_type="Unknown")
    report = desk.buildings(path)
    assert ends(desk, "b") == list(zip(range(1, 15), fields, reasons, strict=True))
    assert report.balanced
    assert desk.pool.of[Building].keys() == {"B1"}
    first = json.loads(next(iter(desk.pool.kept.values())).original)
    assert first["properties"]["name"] == "甲"


def test_outlines_that_cross_themselves_come_in_mended_and_counted(desk):
    lon, lat = IN_TOWN
    corners = ((0, 0), (1e-3, 1e-3), (1e-3, 0), (0, 1e-3))
    bow = shapely.Polygon([(lon + x, lat + y) for x, y in corners])
    report = desk.buildings(write(desk.folder / "b.gpkg", {"id": ["B1"]}, [bow]))
    assert report.notes["repaired"] == 1
    assert shapely.is_valid(shapely.from_wkb(desk.pool.all(Building)[0].geom))


def test_hostile_texts_stay_plain_text(desk):
    hostile = "<img src='/dev/zero'>甲\u202e\x00乙"
    fields = {"id": ["'); DROP TABLE cw_building;--"], "name": [hostile.replace("\x00", "")]}
    report = desk.buildings(shapefile(desk.folder, fields, houses(1), "GB18030"))
    (building,) = desk.pool.all(Building)
    assert building.id == "'); DROP TABLE cw_building;--"
    assert building.name == "<img src='/dev/zero'>甲乙"
    assert report.notes["cleaned"] == 1


MAP = '[columns]\nid = "FID_1"\ncolour = "级别"\nfloors = ["F1", "F2"]\n[colours]\n"1级" = "red"\n'


def test_a_mapping_names_other_columns_and_words(desk):
    path = write(desk.folder / "b.gpkg", {"FID_1": [7], "级别": ["1级"], "F2": ["3"]}, houses(1))
    desk.buildings(path, MAP)
    (building,) = desk.pool.all(Building)
    assert (building.id, building.colour, building.floors, building.name) == ("7", "red", 3, "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[columns]\nid = "没有"\n', "没有"),
        ('[columns]\nheight = "x"\n', "height"),
        ('[columns]\n[colours]\n"甲" = "purple"\n', "purple"),
        ("[columns]\nid = 3\n", "$.columns"),
        ("[rows]\n", "rows"),
        ("no toml", "map.toml"),
    ],
)
def test_a_wrong_mapping_is_refused_with_what_is_wrong(desk, text, said):
    path = write(desk.folder / "b.gpkg", {"id": ["B1"]}, houses(1))
    with pytest.raises(ImportTrouble) as caught:
        desk.buildings(path, text)
    assert said in caught.value.sentence("zh")


def test_many_buildings_come_in_with_progress_and_add_up(desk):
    n = 12_000
    lon, lat = np.meshgrid(np.linspace(120.01, 120.39, 120), np.linspace(31.81, 31.99, 100))
    shapes = [a_square(*spot, SIDE) for spot in zip(lon.flat, lat.flat, strict=True)]
    path = write(desk.folder / "b.gpkg", {"id": [f"B{i}" for i in range(n)]}, shapes)
    report = desk.buildings(path)
    assert report.counts == {("imported", "new"): n}
    assert desk.steps == [(5000, n), (10_000, n), (n, n)]
