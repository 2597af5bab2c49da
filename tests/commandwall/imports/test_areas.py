"""Areas from outlines and from lists of names."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commandwall import geo
from commandwall.areas import GRID, TOWN, VILLAGE, Area
from commandwall.pool.imports.trouble import ImportTrouble


def a_ring(west, south, east, north):
    return [[[west, south], [east, south], [east, north], [west, north], [west, south]]]


def a_feature(code, name, ring, **properties):
    shape = {"type": "Polygon", "coordinates": ring}
    return {
        "type": "Feature",
        "properties": {"adcode": code, "名称": name, **properties},
        "geometry": shape,
    }


def collection(*features):
    return {"type": "FeatureCollection", "features": list(features)}


def shape_of(desk, code):
    return shapely.from_wkb(desk.pool.held_areas[code].geom)


def reasons(desk, stem):
    return [(end["row"], end["outcome"], end["field"], end["reason"]) for end in desk.ledger(stem)]


GRID_RING = a_ring(120.05, 31.85, 120.1, 31.9)


def test_outlines_become_areas_under_the_area_their_code_begins_with(desk):
    features = collection(a_feature("320281001001001", "第一网格", GRID_RING))
    report = desk.areas(desk.write("g.geojson", features), level="grid", datum="gcj02")
    area = desk.pool.held_areas["320281001001001"]
    assert (area.level, area.parent, area.sketch, area.kind) == (GRID, "320281001001", 0, "grid")
    lon, lat = geo.convert(120.05, 31.85, "gcj02")
    assert shape_of(desk, area.id).bounds[:2] == pytest.approx((float(lon), float(lat)), abs=1e-4)
    assert (report.total("imported"), report.balanced) == (1, True)


def test_outlines_need_a_declared_datum(desk):
    path = desk.write("g.geojson", collection(a_feature("1", "x", GRID_RING)))
    with pytest.raises(ImportTrouble) as caught:
        desk.areas(path, level="grid")
    assert caught.value.code == "datum_missing"
    with pytest.raises(ImportTrouble, match="datum_unknown"):
        desk.areas(path, level="grid", datum="xian80")


def test_a_geojson_that_names_its_crs_is_asked_no_more_but_never_believed_for_shifted(desk):
    features = collection(a_feature("320281001001001", "x", GRID_RING))
    features["crs"] = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    path = desk.write("g.geojson", features)
    desk.areas(path, level="grid")
    assert shape_of(desk, "320281001001001").bounds[:2] == pytest.approx((120.05, 31.85))
    with pytest.raises(ImportTrouble, match="crs_contradicts"):
        desk.areas(path, level="grid", datum="gcj02")
    for nonsense in ("x", 3, None, {"properties": []}, {"properties": {"name": "EPSG:nowhere"}}):
        path = desk.write("g.geojson", {**features, "crs": nonsense})
        with pytest.raises(ImportTrouble, match="datum_missing"):
            desk.areas(path, level="grid")


def test_a_lone_outline_is_named_by_the_person_who_imports_it(empty_desk):
    path = empty_desk.write("320281.geojson", {"type": "Polygon", "coordinates": GRID_RING})
    empty_desk.areas(path, level="city", datum="wgs84", name="江阴市")
    area = empty_desk.pool.held_areas["320281"]
    assert (area.name, area.kind, area.parent) == ("江阴市", "city", "")
    empty_desk.areas(path, level="city", datum="wgs84", name="A市", code="A")
    assert "A" in empty_desk.pool.held_areas


@pytest.mark.parametrize(
    ("feature", "field", "reason"),
    [
        (a_feature("", "x", GRID_RING), "code", "empty"),
        (a_feature("<b>", "x", GRID_RING), "code", "code"),
        (a_feature("320281001001001", "", GRID_RING), "name", "empty"),
        (a_feature("320281001001001", "长" * 300, GRID_RING), "name", "too_long"),
        (a_feature("777", "x", GRID_RING), "parent", "parent"),
        (
            a_feature("320281001001001", "x", a_ring(31.8, 120.0, 31.9, 120.1)),
            "geometry",
            "swapped",
        ),
        (
            a_feature("320281001001001", "x", a_ring(116.1, 39.8, 116.2, 39.9)),
            "geometry",
            "outside",
        ),
        (a_feature("320281001001001", "x", a_ring(500000, 0, 500100, 9)), "geometry", "degrees"),
        (a_feature("320281001001001", "x", [[[120, 31], [121, 32]]]), "geometry", "shape"),
        (a_feature("320281001001001", "x", []), "geometry", "shape"),
        (a_feature("320281001001001", "x", "nonsense"), "geometry", "shape"),
        ({"type": "Feature", "properties": None, "geometry": None}, "code", "empty"),
        ("no feature at all", "code", "empty"),
    ],
)
def test_a_bad_feature_is_kept_aside_and_the_others_come_in(desk, feature, field, reason):
    good = a_feature("320281001001002", "好网格", GRID_RING)
    path = desk.write("g.json", collection(feature, good))
    report = desk.areas(path, level="grid", datum="wgs84")
    assert reasons(desk, "g")[0] == (1, "quarantined", field, reason)
    assert "320281001001002" in desk.pool.held_areas
    assert report.balanced


def test_a_point_is_no_area(desk):
    point = {"type": "Feature", "properties": {"code": "320281001001001", "name": "x"}}
    point["geometry"] = {"type": "Point", "coordinates": [120.1, 31.9]}
    desk.areas(desk.write("g.json", point), level="grid", datum="wgs84")
    assert reasons(desk, "g") == [(1, "quarantined", "geometry", "shape")]


def test_an_outline_of_too_many_vertices_is_refused(desk):
    turn = np.linspace(0, 2 * math.pi, 30_001)
    ring = np.column_stack([120.1 + 0.01 * np.cos(turn), 31.9 + 0.01 * np.sin(turn)]).tolist()
    feature = a_feature("320281001001001", "x", [ring])
    desk.areas(desk.write("g.json", feature), level="grid", datum="wgs84")
    assert reasons(desk, "g") == [(1, "quarantined", "geometry", "vertices")]


def test_an_outline_that_crosses_itself_is_repaired_and_said_so(desk):
    bow = [[[120.0, 31.8], [120.1, 31.9], [120.1, 31.8], [120.0, 31.9], [120.0, 31.8]]]
    feature = a_feature("320281001001001", "x", bow)
    report = desk.areas(desk.write("g.json", feature), level="grid", datum="wgs84")
    assert report.notes["repaired"] == 1
    assert shapely.is_valid(shape_of(desk, "320281001001001"))


@pytest.mark.parametrize(
    "text",
    [
        '{"type": "Polygon", "coordinates": [[[NaN, 1]]]}',
        '{"type": "Polygon", "coordinates": [[[1e400, 1]]]}',
        '{"type": "Polygon", "type": "Point"}',
        "[" * 100_000,
        "[" * 60 + "]" * 60,
        '{"type": "FeatureCollection", "features": {}}',
        '{"n": ' + "9" * 5000 + "}",
        "[1, 2]",
        "not json",
    ],
    ids=["nan", "inf", "twice", "bottomless", "deep", "features", "digits", "list", "text"],
)
def test_json_that_is_no_geojson_is_refused_with_a_sentence(desk, text):
    with pytest.raises(ImportTrouble) as caught:
        desk.areas(desk.write("g.json", text), level="grid", datum="wgs84")
    assert "g.json" in caught.value.sentence("zh")


def test_names_and_codes_get_sketched_outlines_without_a_gap(desk):
    desk.pool.of[Area] = {c: a for c, a in desk.pool.held_areas.items() if a.level < VILLAGE}
    rows = "".join(f"320281{t:03d}{v:03d},{t}-{v} 村\n" for t in (1, 2) for v in range(1, 8))
    path = desk.write("v.csv", "代码,名称\n" + rows, encoding="gb18030")
    report = desk.areas(path, level="village")
    villages = [a for a in desk.pool.all(Area) if a.level == VILLAGE]
    shapes = [shapely.from_wkb(a.geom) for a in villages]
    assert (len(villages), report.notes["sketched"]) == (14, 14)
    assert all(a.sketch == 1 and a.kind == "village" for a in villages)
    assert {a.parent for a in villages} == {"320281001", "320281002"}
    assert shapely.coverage_is_valid(shapes)
    whole = shapely.union_all(shapes)
    city = shape_of(desk, "320281")
    assert shapely.area(shapely.symmetric_difference(whole, city)) < 1e-9 * shapely.area(city)


def test_the_same_list_again_changes_nothing(desk):
    path = desk.write("t.csv", "code,name,人口\n001,甲网格,10\n002,乙网格,30\n")
    desk.areas(path, level="grid", parent="320281001001")
    before = dict(desk.pool.held_areas)
    report = desk.areas(path, level="grid", parent="320281001001")
    assert desk.pool.held_areas == before
    assert report.total("merged") == 2
    west, east = (shapely.area(shape_of(desk, code)) for code in ("001", "002"))
    assert east == pytest.approx(3 * west, rel=0.35)


def test_a_list_never_overlaps_other_areas_unless_told_to_replace_them(desk):
    path = desk.write("t.csv", "code,name\n320281009,新街道\n")
    desk.areas(path, level="town")
    assert reasons(desk, "t") == [(2, "quarantined", "parent", "siblings")]
    report = desk.areas(path, level="town", replace=True)
    assert sorted(desk.pool.held_areas) == ["320281", "320281009"]
    assert report.notes["removed"] == 5


def test_surveyed_outlines_are_kept_and_only_the_rest_is_sketched(desk):
    path = desk.write("t.csv", "code,name\n320281001,澄江街道\n320281002,华士镇\n320281003,新镇\n")
    desk.areas(path, level="town")
    assert [end[3] for end in reasons(desk, "t")] == ["changed", "changed", "parent_shape"]
    surveyed = desk.pool.held_areas["320281001"]
    assert (surveyed.sketch, surveyed.level) == (0, TOWN)


@pytest.mark.parametrize(
    ("rows", "ends"),
    [
        ("001,甲\n001,甲\n", ["new", "same_id"]),
        ("001,甲\n001,乙\n", ["new", "same_code"]),
        ("001,甲\n,乙\n002,\n", ["new", "empty", "empty"]),
        ('001,甲\n"0\u202e02",\x00乙\n', ["new", "new"]),
    ],
)
def test_rows_of_a_list_end_one_by_one(desk, rows, ends):
    report = desk.areas(
        desk.write("t.csv", "code,name\n" + rows), level="grid", parent="320281001001"
    )
    assert [end[3] for end in reasons(desk, "t")] == ends
    assert report.balanced


def test_a_list_without_codes_and_an_unknown_level_are_refused(desk):
    path = desk.write("t.csv", "区号,街道\n1,甲\n")
    with pytest.raises(ImportTrouble, match="no_code"):
        desk.areas(path, level="town")
    assert desk.areas(path, level="grid", parent="320281001001", code="区号", name="街道").rows == 1
    with pytest.raises(ImportTrouble) as caught:
        desk.areas(path, level="county")
    assert "village" in caught.value.sentence("zh")


def test_a_city_cannot_be_sketched_out_of_nothing(empty_desk):
    empty_desk.areas(empty_desk.write("t.csv", "code,name\n1,某市\n"), level="city")
    assert reasons(empty_desk, "t") == [(2, "quarantined", "parent", "shape")]


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["type", "coordinates", "geometry", "properties"]), inner)
    ),
    max_leaves=12,
)
NUMBER = st.floats(-200, 200)
RINGS = st.lists(st.lists(st.tuples(NUMBER, NUMBER), max_size=6), max_size=3)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ANYTHING | RINGS, ANYTHING)
def test_whatever_a_feature_holds_it_ends_once(desk, coordinates, properties):
    feature = {
        "type": "Feature",
        "properties": properties,
        "geometry": {"type": "Polygon", "coordinates": coordinates},
    }
    good = a_feature("320281001001001", "x", coordinates)
    try:
        report = desk.areas(
            desk.write("g.json", collection(feature, good)), level="grid", datum="bd09"
        )
    except ImportTrouble as trouble:
        assert trouble.code == "not_geojson"
        return
    assert report.balanced
