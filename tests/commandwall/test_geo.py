"""Datums against an independent library, the city's plane against PROJ, and points in areas."""

from __future__ import annotations

import numpy as np
import prcoords
import pyproj
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from commandwall import geo

CITY, CHINA = (119.9, 31.6, 120.7, 32.1), (73.5, 3.5, 135.0, 53.5)
METRE = 1 / 111_320  # degrees
FORWARD = {geo.GCJ02: prcoords.wgs_gcj, geo.BD09: prcoords.wgs_bd}
BACK = {geo.GCJ02: prcoords.gcj_wgs_bored, geo.BD09: prcoords.bd_wgs_bored}


def scattered(box, n=500):
    random = np.random.default_rng(7)
    return random.uniform(box[0], box[2], n), random.uniform(box[1], box[3], n)


def by_library(function, lon, lat):
    found = [function(prcoords.Coords(y, x)) for x, y in zip(lon, lat, strict=True)]
    return np.array([f.lon for f in found]), np.array([f.lat for f in found])


def apart(a, b):
    return np.max(np.hypot(a[0] - b[0], a[1] - b[1])) / METRE


@pytest.mark.parametrize("box", [CITY, CHINA], ids=["city", "china"])
@pytest.mark.parametrize("datum", [geo.GCJ02, geo.BD09])
def test_datums_agree_with_the_independent_library_within_a_centimetre(datum, box, monkeypatch):
    monkeypatch.setattr(prcoords, "PRC_EPS", 1e-11)  # as shipped its inverse stops 2 cm early
    lon, lat = scattered(box)
    ours = geo.convert(lon, lat, geo.WGS84, datum)
    assert apart(ours, by_library(FORWARD[datum], lon, lat)) < 0.01
    back = geo.convert(*ours, datum)
    assert apart(back, by_library(BACK[datum], *ours)) < 0.01
    assert apart(back, (lon, lat)) < 0.001


def test_gcj02_and_bd09_convert_into_each_other():
    lon, lat = scattered(CITY)
    there = geo.convert(lon, lat, "gcj02", "bd09")
    assert apart(geo.convert(*there, "bd09", "gcj02"), (lon, lat)) < 0.001


def test_cgcs2000_is_wgs84_for_our_purpose():
    assert geo.convert(120.0, 31.0, "cgcs2000", "wgs84") == (120.0, 31.0)


@pytest.mark.parametrize("datum", [geo.GCJ02, geo.BD09])
def test_outside_china_nothing_is_shifted(datum):
    lon, lat = np.array([2.35, 139.7, 100.0]), np.array([48.85, 35.7, -10.0])
    assert apart(geo.convert(lon, lat, "wgs84", datum), (lon, lat)) == 0
    assert apart(geo.convert(lon, lat, datum), (lon, lat)) == 0


def test_a_missing_coordinate_stays_missing():
    lon, lat = geo.convert([np.nan, 120.0, np.inf, 1e300], [31.0, np.nan, 0.0, 1e300], "bd09")
    assert np.isnan(lon[0])
    assert np.isnan(lat[1])
    assert lon[3] == lat[3] == 1e300


@pytest.mark.parametrize("name", ["WGS-84", "wgs84", "WGS 84", "wgs_84"])
def test_a_datum_is_known_by_the_names_people_write(name):
    assert geo.datum_of(name) == geo.WGS84


def test_an_undeclared_datum_is_refused_and_so_is_an_unknown_one():
    with pytest.raises(geo.UndeclaredDatum):
        geo.convert(120.0, 31.0, "")
    with pytest.raises(geo.UndeclaredDatum):
        geo.datum_of(None)
    with pytest.raises(geo.UnknownDatum):
        geo.convert(120.0, 31.0, "beijing54")


def test_a_shape_is_converted_whole():
    line = shapely.LineString([(120.0, 31.0), (120.1, 31.1)])
    moved = shapely.get_coordinates(geo.convert_geometry(line, "gcj02"))
    assert apart(moved.T, geo.convert([120.0, 120.1], [31.0, 31.1], "gcj02")) == 0


def test_the_plane_agrees_with_proj_over_a_city():
    plane = geo.Plane(120.28, 31.9)
    proj = pyproj.Proj(proj="aeqd", lon_0=120.28, lat_0=31.9, ellps="WGS84")
    lon, lat = scattered(CITY)
    x, y = plane.forward(lon, lat)
    assert np.max(np.hypot(x - proj(lon, lat)[0], y - proj(lon, lat)[1])) < 0.01


def test_distances_from_the_middle_are_true():
    plane, geod = geo.Plane(120.28, 31.9), pyproj.Geod(ellps="WGS84")
    lon, lat = scattered((119.3, 31.0, 121.2, 32.8))
    truth = geod.inv(np.full(500, 120.28), np.full(500, 31.9), lon, lat)[2]
    assert np.max(np.abs(np.hypot(*plane.forward(lon, lat)) - truth)) < 0.001


@given(
    st.floats(-179, 179),
    st.floats(-80, 80),
    st.floats(-1e5, 1e5, allow_subnormal=False),
    st.floats(-1e5, 1e5, allow_subnormal=False),
)
def test_the_plane_goes_there_and_back_anywhere(lon0, lat0, x, y):
    plane = geo.Plane(lon0, lat0)
    assert np.hypot(*np.subtract(plane.forward(*plane.inverse(x, y)), (x, y))) < 1e-4


def test_the_ruler_measures_great_circle_metres():
    truth = pyproj.Geod(ellps="WGS84").inv(120.0, 31.0, 120.3, 31.4)[2]
    assert geo.distance(120.0, 31.0, 120.3, 31.4) == pytest.approx(truth, rel=0.005)


def wkb(shape):
    return shapely.to_wkb(shape)


def test_outlines_become_flat_arrays_with_holes_and_owners():
    ring = shapely.Polygon([(0, 0), (9, 0), (9, 9), (0, 9)], [[(1, 1), (2, 1), (2, 2), (1, 2)]])
    both = shapely.MultiPolygon([shapely.box(20, 0, 21, 1), shapely.box(30, 0, 31, 1)])
    flat = geo.flatten([wkb(ring), b"\x00broken", wkb(both)])
    assert flat.item.tolist() == [0, 2, 2, 4]
    assert flat.ptr.tolist() == [0, 5, 10, 15, 20]
    assert flat.xy[flat.ptr[2] : flat.ptr[3], 0].min() == 20
    assert flat.ptr.dtype == flat.item.dtype == np.int64


def test_lines_become_flat_arrays_too():
    lines = [
        wkb(shapely.LineString([(0, 0), (1, 1), (2, 0)])),
        wkb(shapely.LineString([(5, 5), (6, 6)])),
    ]
    xy, ptr = geo.rings(lines)
    assert xy.shape == (5, 2)
    assert ptr.tolist() == [0, 3, 5]


def test_nothing_and_numbers_that_are_none_draw_nothing():
    bad = wkb(shapely.Polygon([(0, 0), (np.inf, 0), (1, 1), (0, 0)]))
    assert geo.rings([])[1].tolist() == [0]
    assert geo.flatten([bad]).item.tolist() == [0, 0]
    assert np.isnan(geo.bounds([bad])).all()
    assert np.isnan(geo.bounds([])).all()
    assert geo.bounds([bad, wkb(shapely.box(1, 2, 3, 4))]) == (1, 2, 3, 4)


def test_the_index_tells_which_area_holds_a_point():
    index = geo.AreaIndex(
        ["a", "b", "c"], [wkb(shapely.box(0, 0, 1, 1)), wkb(shapely.box(1, 0, 2, 1)), b"broken"]
    )
    assert index.find([0.5, 1.5, 1.0, 9.0, np.nan], [0.5] * 5).tolist() == [0, 1, 0, -1, -1]
    assert index.code(1.5, 0.5) == "b"
    assert index.code(9.0, 9.0) == ""
