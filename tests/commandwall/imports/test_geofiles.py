"""Outlines from GeoPackage and Shapefile: layers, encodings, coordinate systems, broken files."""

from __future__ import annotations

import json
import zipfile

import numpy as np
import pyogrio
import pytest
import shapely
from mapfiles import GRID, SPOT, a_square, in_grid, shapefile, write, zipped

from commandwall import geo
from commandwall.pool.imports import geofiles
from commandwall.pool.imports.geofiles import Told
from commandwall.pool.imports.trouble import ImportTrouble
from commandwall.store.database import writer

HOSTILE = "<img src='/dev/zero'><b>甲</b>\u202e"


def grids(**more):
    return {"代码": [GRID], "名称": ["第一网格"], **more}


def corner(desk, code=GRID):
    return shapely.from_wkb(desk.pool.held_areas[code].geom).bounds[:2]


def trouble(desk, path, **said):
    with pytest.raises(ImportTrouble) as caught:
        desk.areas(path, level="grid", **said)
    assert path.name in caught.value.sentence("zh")
    assert path.name in caught.value.sentence("en")
    return caught.value.code


def test_a_layer_of_a_geopackage_is_named_where_there_are_several(desk):
    path = write(desk.folder / "g.gpkg", grids(), [a_square()], layer="网格")
    write(path, {"id": ["1"]}, [a_square()], layer="楼栋", append=True)
    assert trouble(desk, path) == "layer_which"
    assert trouble(desk, path, layer="路") == "layer_unknown"
    report = desk.areas(path, level="grid", layer="网格")
    assert (report.rows, report.total("imported"), report.balanced) == (1, 1, True)
    assert desk.pool.held_areas[GRID].name == "第一网格"
    again = desk.areas(path, level="grid", layer="网格")
    assert again.total("merged") == 1


@pytest.mark.parametrize(
    ("written", "cpg", "said"),
    [
        ("GBK", "", ""),
        ("UTF-8", "", ""),
        ("GB18030", "GBK", ""),
        ("GBK", "936", ""),
        ("GBK", "ANSI 936", ""),
        ("UTF-8", "65001", ""),
        ("GBK", "UTF-8", "gb18030"),
        ("BIG5", "big5", ""),
    ],
)
def test_names_of_a_shapefile_are_read_in_their_encoding(desk, written, cpg, said):
    named = "第一格" if written == "BIG5" else "第一网格"
    fields = {"code": [GRID], "name": [named], "名称" if written != "BIG5" else "n": ["x"]}
    path = shapefile(desk.folder, fields, [a_square()], written, cpg)
    desk.areas(path, level="grid", encoding=said)
    assert desk.pool.held_areas[GRID].name == named


def test_an_encoding_that_does_not_fit_is_asked_for(desk):
    path = shapefile(desk.folder, grids(), [a_square()], "GBK", "UTF-8")
    assert trouble(desk, path) == "dbf_encoding"
    assert trouble(desk, path, encoding="klingon") == "encoding_unknown"
    (desk.folder / "layer.cpg").write_text("OTHER")
    assert trouble(desk, path) == "encoding_unknown"


@pytest.mark.parametrize("encoding", ["GBK", "UTF-8"])
def test_a_name_that_the_file_cut_within_a_character_keeps_the_others(desk, encoding):
    fields = {"代码": [GRID, "320281001001002"], "名称": ["网" * 20, "第二网格"]}
    path = shapefile(desk.folder, fields, [a_square(), a_square(120.12)], encoding)
    dbf = path.with_suffix(".dbf")
    whole, cut = ("网" * 20).encode(encoding), ("网" * 20).encode(encoding)[:-1]
    content = dbf.read_bytes()
    width = len(whole)
    assert whole in content
    field = content.index("名称".encode(encoding))
    assert content[field + 16] in (width, 80, 254)
    # A column one byte narrower: the head says so, and each row is a byte shorter.
    dbf.write_bytes(narrowed(content, field, content[field + 16], len(cut)))
    desk.areas(path, level="grid")
    assert desk.pool.held_areas[GRID].name == "网" * 19
    assert desk.pool.held_areas["320281001001002"].name == "第二网格"


def narrowed(dbf, field, width, to):
    """The same table with a narrower last column."""
    first, each = (int.from_bytes(dbf[i : i + 2], "little") for i in (8, 10))
    head = bytearray(dbf[:first])
    head[field + 16] = to
    head[10:12] = (each - width + to).to_bytes(2, "little")
    rows = [dbf[i : i + each][: each - width + to] for i in range(first, len(dbf) - 1, each)]
    return bytes(head) + b"".join(rows) + b"\x1a"


def test_a_zip_of_chinese_windows_is_read_by_the_names_in_it(desk):
    one, two = (desk.folder / n for n in ("a", "b"))
    one.mkdir()
    two.mkdir()
    layers = {
        "网格": shapefile(one, grids(), [a_square()]),
        "其他": shapefile(two, {"x": ["1"]}, [a_square()]),
    }
    path = zipped(desk.folder / "数据.zip", layers)
    assert trouble(desk, path) == "layer_which"
    desk.areas(path, level="grid", layer="网格")
    assert desk.pool.held_areas[GRID].name == "第一网格"


@pytest.mark.parametrize("epsg", [4490, 4326, 4549, 4528, 4513 + 7, 32651, 3857])
def test_the_coordinate_system_of_a_file_answers_for_the_datum(desk, epsg):
    shape = in_grid(a_square(), epsg)
    path = write(desk.folder / "g.gpkg", grids(), [shape], f"EPSG:{epsg}")
    desk.areas(path, level="grid")
    assert corner(desk) == pytest.approx(SPOT, abs=1e-7)


def test_the_prj_of_a_shapefile_answers_too_and_metres_may_be_declared_by_number(desk):
    metres = in_grid(a_square(), 4549)
    desk.areas(shapefile(desk.folder, grids(), [metres], crs="EPSG:4549"), level="grid")
    assert corner(desk) == pytest.approx(SPOT, abs=1e-7)
    path = write(desk.folder / "g.gpkg", grids(), [metres], None)
    assert trouble_code(desk, path) == "datum_missing"
    desk.areas(path, level="grid", datum="wgs84")
    assert desk.ledger("g")[0]["reason"] == "degrees"
    assert desk.areas(path, level="grid", datum="EPSG:4549").total("imported") == 1
    assert corner(desk) == pytest.approx(SPOT, abs=1e-7)


def trouble_code(desk, path, **said):
    with pytest.raises(ImportTrouble) as caught:
        desk.areas(path, level="grid", **said)
    assert caught.value.sentence("en")
    return caught.value.code


def test_no_crs_vouches_for_shifted_coordinates(desk):
    labelled = write(desk.folder / "g.gpkg", grids(), [a_square()], "EPSG:4326")
    assert trouble(desk, labelled, datum="gcj02") == "crs_contradicts"
    believed = desk.areas(labelled, level="grid")
    assert "  坐标系: WGS 84" in believed.lines("zh")
    declared = desk.areas(labelled, level="grid", datum="gcj02", ignore_crs=True)
    assert "  coordinates: gcj02" in declared.lines("en")
    lon, lat = geo.convert(*SPOT, "gcj02")
    assert corner(desk) == pytest.approx((float(lon), float(lat)), abs=1e-5)
    named = shapefile(desk.folder, grids(), [a_square()])
    prj = named.with_suffix(".prj")
    prj.write_text(prj.read_text().replace("GCS_China_Geodetic_Coordinate_System_2000", "GCJ02"))
    assert trouble(desk, named) == "crs_false"
    desk.areas(named, level="grid", datum="cgcs2000", ignore_crs=True)
    assert corner(desk) == pytest.approx(SPOT, abs=1e-7)


def test_what_says_the_same_twice_is_no_contradiction_and_other_datums_are_refused(desk):
    path = write(desk.folder / "g.gpkg", grids(), [a_square()], "EPSG:4490")
    desk.areas(path, level="grid", datum="wgs84")
    assert trouble(desk, path, datum="EPSG:4549") == "crs_contradicts"
    assert trouble_code(desk, path, datum="EPSG:999999") == "datum_unknown"
    for name, crs in (("xian80.gpkg", "EPSG:4610"), ("beijing54.gpkg", "EPSG:2437")):
        assert trouble(desk, write(desk.folder / name, grids(), [a_square()], crs)) == "crs_foreign"


BOW = shapely.Polygon([SPOT, (120.11, 31.91), (120.11, 31.9), (120.1, 31.91)])


@pytest.mark.parametrize(
    ("shape", "kind", "end"),
    [
        (BOW, "Polygon", "new"),
        (shapely.force_3d(a_square(), 7.0), "Polygon Z", "new"),
        (shapely.MultiPolygon([a_square(), a_square(120.105)]), "MultiPolygon", "new"),
        (
            shapely.GeometryCollection([a_square(), shapely.Point(SPOT)]),
            "GeometryCollection",
            "new",
        ),
        (shapely.Polygon(), "Polygon", "shape"),
        (None, "Polygon", "shape"),
        (shapely.Point(SPOT), "Unknown", "shape"),
        (shapely.Polygon([SPOT, (120.2, 31.9), SPOT]), "Polygon", "shape"),
        (a_square(float("inf")), "Polygon", "shape"),
        (shapely.box(31.9, 120.1, 31.91, 120.11), "Polygon", "swapped"),
    ],
)
def test_broken_geometry_is_mended_or_kept_aside_with_its_reason(desk, shape, kind, end):
    fields = {"代码": [GRID, "320281001001002"], "名称": ["甲", "乙"]}
    path = write(desk.folder / "g.gpkg", fields, [shape, a_square()], geometry_type=kind)
    report = desk.areas(path, level="grid")
    assert [e["reason"] for e in desk.ledger("g")] == [end, "new"]
    assert report.balanced
    if end == "new":
        kept = shapely.from_wkb(desk.pool.held_areas[GRID].geom)
        assert shapely.is_valid(kept)
        assert not shapely.has_z(kept)


@pytest.mark.parametrize("name", ["curvepolygon.gpkg", "multisurface.gpkg", "line_zm.gpkg"])
def test_curves_become_lines_and_measures_are_dropped(name):
    """Files that pyogrio brings along, of geometries that Python cannot write."""
    path = next(iter(pyogrio.__path__)) + f"/tests/fixtures/{name}"
    layer = geofiles.read(geofiles.Path(path), Told("wgs84", ignore_crs=True))
    assert all(shape is not None for shape in layer.shapes)


@pytest.mark.parametrize("cut", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("name", ["g.gpkg", "layer.shp", "layer.dbf", "layer.shx", "g.zip"])
def test_a_file_cut_in_half_is_refused_with_a_sentence(desk, name, cut):
    many = {"代码": [f"{GRID}{n}" for n in range(40)], "名称": ["网格"] * 40}
    shapes = [a_square()] * 40
    asked = write(desk.folder / "g.gpkg", many, shapes)
    if name != "g.gpkg":
        asked = shapefile(desk.folder, many, shapes)
    if name == "g.zip":
        asked = zipped(desk.folder / "g.zip", {"网格": asked})
    half = desk.folder / name
    content = half.read_bytes()
    half.write_bytes(content[: int(len(content) * cut)])
    assert trouble(desk, asked) in ("cut", "not_a_map")


def test_a_part_that_is_missing_is_named(desk):
    path = shapefile(desk.folder, grids(), [a_square()])
    (desk.folder / "layer.dbf").unlink()
    assert trouble(desk, path) == "parts"
    with zipfile.ZipFile(desk.folder / "e.zip", "w") as archive:
        archive.writestr("readme.txt", "x")
    assert trouble(desk, desk.folder / "e.zip") == "no_layer"


@pytest.mark.parametrize("name", ["g.gpkg", "g.shp"])
def test_what_only_bears_the_name_is_not_handed_to_gdal(desk, name):
    """GDAL goes by content: this would have it read whatever the text names."""
    inner = write(desk.folder / "inner.gpkg", grids(), [a_square()], layer="a")
    text = f"<OGRVRTDataSource><OGRVRTLayer name='a'><SrcDataSource>{inner}</SrcDataSource>"
    desk.write(name, text + "</OGRVRTLayer></OGRVRTDataSource>")
    assert pyogrio.list_layers(desk.folder / name).tolist() == [["a", "Polygon"]]
    assert trouble(desk, desk.folder / name) in ("not_a_map", "parts")


def test_a_database_of_ours_is_no_geopackage(desk):
    writer(desk.folder / "wall.db", "FULL").connect().close()
    (desk.folder / "wall.db").rename(desk.folder / "wall.gpkg")
    assert trouble(desk, desk.folder / "wall.gpkg") == "not_a_map"


def test_hostile_texts_of_a_shapefile_stay_plain_text(desk):
    fields = {
        "代码": [GRID, "<b>", "320281001001003"],
        "名称": [HOSTILE, "x", "'); DROP TABLE cw_area;--"],
    }
    path = shapefile(desk.folder, fields, [a_square()] * 3, "GB18030")
    report = desk.areas(path, level="grid")
    assert desk.pool.held_areas[GRID].name == HOSTILE.replace("\u202e", "")
    assert desk.pool.held_areas["320281001001003"].name == "'); DROP TABLE cw_area;--"
    assert [(o.row, o.field, o.reason) for o in report.refused] == [(2, "code", "code")]
    (kept,) = desk.pool.kept.values()
    assert json.loads(kept.original)["properties"] == {"代码": "<b>", "名称": "x"}
    assert shapely.equals(
        shapely.from_wkt(json.loads(kept.original)["geometry"]), shapely.orient_polygons(a_square())
    )


def test_headers_in_capitals_as_shapefiles_have_them_are_known(desk):
    path = shapefile(desk.folder, {"ADCODE": [GRID], "NAME": ["第一网格"]}, [a_square()])
    assert desk.areas(path, level="grid").total("imported") == 1


def test_codes_that_are_numbers_and_empty_cells_are_read_as_a_person_sees_them(desk):
    path = desk.folder / "g.gpkg"
    shapes = shapely.to_wkb(np.array([a_square(), a_square()], object))
    columns = [np.array([float(GRID), np.nan]), np.array(["甲", None], object)]
    pyogrio.raw.write(
        path, shapes, columns, ["code", "name"], geometry_type="Polygon", crs="EPSG:4490"
    )
    desk.areas(path, level="grid")
    assert [(e["id"], e["reason"]) for e in desk.ledger("g")] == [(GRID, "new"), ("", "empty")]
