"""Files that no one of this project wrote. They are not part of it: skipped where missing."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import prcoords
import pytest
import shapely

from commandwall import geo
from commandwall.areas import TOWN, VILLAGE
from commandwall.config import ASSETS

DATA = ASSETS.parent.parent / "shared" / "data"
BOUNDARY = DATA / "boundary" / "320281.geojson"
TOWNS, VILLAGES = (DATA / "divisions" / f"320281-{n}.csv" for n in ("towns", "villages"))
MESSAGES = DATA / "civic" / "messages.xlsx"
MAPPING = (ASSETS / "mappings" / "messages.toml").read_text(encoding="utf-8")
DISTRICTS = ("A1区", "A2区", "A3区", "A4区", "A5区", "A6区", "A7县", "A8县", "A9市")

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"real data is not here: {DATA}")


def metres(lon, lat, other):
    return float(geo.distance(lon, lat, *other))


def test_the_boundary_lies_where_the_independent_library_says(empty_desk):
    empty_desk.areas(BOUNDARY, level="city", datum="gcj02", name="江阴市")
    ours = shapely.get_coordinates(shapely.from_wkb(empty_desk.pool.held_areas["320281"].geom))
    given = shapely.get_coordinates(shapely.from_geojson(BOUNDARY.read_text()))
    assert len(ours) == len(given) == 927
    truth = [prcoords.gcj_wgs_bored(prcoords.Coords(lat, lon)) for lon, lat in given]
    off = [metres(*here, (there.lon, there.lat)) for here, there in zip(ours, truth, strict=True)]
    assert max(off) < 5
    undeclared = [metres(*here, there) for here, there in zip(ours, given, strict=True)]
    assert np.mean(undeclared) == pytest.approx(490, abs=10)


def test_towns_and_villages_by_code_and_name_cover_the_city_without_a_gap(empty_desk):
    empty_desk.areas(BOUNDARY, level="city", datum="gcj02", name="江阴市")
    for path, level, n in ((TOWNS, "town", 21), (VILLAGES, "village", 282)):
        report = empty_desk.areas(path, level=level)
        assert (report.total("imported"), report.balanced) == (n, True)
    held = empty_desk.pool.held_areas
    assert held["320281001"].name == "澄江街道"
    assert held["320281001001"].name == "文定社区居委会"
    assert held["320281001001"].parent == "320281001"
    city = shapely.from_wkb(held["320281"].geom)
    for level, n in ((TOWN, 21), (VILLAGE, 282)):
        areas = [area for area in held.values() if area.level == level]
        shapes = [shapely.from_wkb(area.geom) for area in areas]
        assert len(areas) == n
        assert all(area.sketch for area in areas)
        assert shapely.coverage_is_valid(shapes)
        missed = shapely.symmetric_difference(shapely.union_all(shapes), city)
        assert shapely.area(missed) < 1e-9 * shapely.area(city)


def test_every_message_is_accounted_for_and_placed_on_the_district_it_names(empty_desk):
    city = empty_desk.write("A.geojson", json.loads(BOUNDARY.read_text()))
    empty_desk.areas(city, level="city", datum="gcj02", code="A", name="A市")
    rows = "".join(f"{name[:2]},{name}\n" for name in DISTRICTS)
    empty_desk.areas(empty_desk.write("d.csv", "代码,名称\n" + rows), level="town")
    report = empty_desk.events(None, MAPPING, name=link(empty_desk.folder, MESSAGES))
    assert (report.rows, report.balanced) == (4326, True)
    assert report.total("quarantined") == 0
    ledger = empty_desk.ledger("messages")
    assert [end["row"] for end in ledger] == list(range(2, 4328))
    events = empty_desk.pool.held_events
    assert {end["id"] for end in ledger} == events.keys()
    placed = Counter(event.area for event in events.values())
    assert all(placed[name[:2]] > 50 for name in DISTRICTS)
    assert all((e.placed == "area") == (e.acc_m is not None) for e in events.values())
    assert sum("噪音" in e.title + e.body for e in events.values()) > 100
    again = empty_desk.events(None, MAPPING, name="messages.xlsx")
    assert (again.total("merged"), len(events)) == (4326, len(empty_desk.pool.held_events))


def link(folder: Path, file: Path) -> str:
    (folder / file.name).symlink_to(file.resolve())
    return file.name
