"""Roads and ground of OpenStreetMap files that osmium writes."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from builders import NOW
from mapfiles import SPOT, Town, a_town

from commandwall import codes, geo
from commandwall.areas import Credit, Feature, Road
from commandwall.picture import Changes, Picture
from commandwall.pool.imports.trouble import ImportTrouble
from commandwall.roads import RoadGraph


@pytest.fixture
def town(desk):
    return a_town().write(desk.folder / "town.osm.pbf")


def roads(desk):
    return desk.pool.of[Road]


def test_ways_become_edges_that_meet_where_they_share_a_node(desk, town):
    report = desk.roads(town)
    assert (report.rows, report.total("imported"), report.balanced) == (4, 4, True)
    assert (report.notes["paths"], report.notes["beyond"]) == (1, 1)
    ends = {id_: (r.a, r.b) for id_, r in roads(desk).items()}
    assert ends == {
        "osm-10-0": (1, 2), "osm-10-1": (2, 3),
        "osm-11-0": (5, 2), "osm-11-1": (2, 4),
        "osm-12-0": (2, 2),
        "osm-13-0": (4, 3),
    }  # fmt: skip


def test_roads_have_class_name_direction_speed_and_length(desk, town):
    desk.roads(town)
    main, side, ring, fast = (roads(desk)[f"osm-{n}-0"] for n in (10, 11, 12, 13))
    assert (main.cls, main.name, main.oneway, main.speed) == ("main", "人民路", 0, 40.0)
    usual = {c.id: c.facts["speed"] for c in codes.load("road_class").values()}
    assert (side.cls, side.oneway, side.speed) == ("street", 1, usual["street"])
    assert (ring.oneway, ring.name) == (1, "")
    assert (fast.cls, fast.oneway, fast.speed) == ("expressway", 1, usual["expressway"])
    line = shapely.from_wkb(side.geom)
    assert line.coords[0] == pytest.approx((SPOT[0] + 0.01, SPOT[1] + 0.01), abs=1e-7)
    assert main.length == pytest.approx(946, abs=2)
    assert side.length == pytest.approx(1109, abs=2)


def test_the_road_graph_drives_on_what_was_imported(desk, town):
    desk.roads(town)
    plane = geo.Plane(*SPOT)
    graph = RoadGraph(list(roads(desk).values()), plane.forward)
    west, north = (
        tuple(float(v) for v in plane.forward(SPOT[0] + x, SPOT[1] + y))
        for x, y in ((0.0, 0.0), (0.01, 0.01))
    )
    way = graph.way(north, west)
    assert way is not None
    assert way.metres == pytest.approx(946 + 1109, abs=5)
    assert graph.way(west, north) is None  # against the oneway


def test_roads_that_nobody_may_drive_are_left_out_but_for_our_units(desk):
    town = a_town()
    for number, tags in enumerate(
        ({"access": "private"}, {"motor_vehicle": "no"}, {"access": "no", "motor_vehicle": "yes"},
         {"access": "private", "emergency": "yes"}, {"access": "destination"}), 40,
    ):  # fmt: skip
        town.way(number, [1, 5], highway="service", **tags)
    desk.roads(town.write(desk.folder / "gates.osm.pbf"))
    kept = {id_ for id_ in roads(desk) if id_.startswith("osm-4")}
    assert kept == {"osm-42-0", "osm-43-0", "osm-44-0"}


def test_a_second_import_changes_nothing_and_a_changed_way_changes_alone(desk, town):
    desk.roads(town)
    before = dict(roads(desk))
    assert desk.roads(town).counts == {("merged", "known"): 4}
    assert roads(desk) == before
    other = a_town()
    other.way(11, [2, 5], highway="residential", name="文定路")
    report = desk.roads(other.write(town))
    assert report.counts == {("merged", "known"): 3, ("imported", "changed"): 1}
    assert (roads(desk)["osm-11-0"].a, roads(desk)["osm-11-0"].b) == (2, 5)
    assert "osm-11-1" not in roads(desk)


def test_only_what_touches_the_area_asked_for_is_taken(desk, town):
    far = a_town()
    far.node(20, 120.3, 31.9)
    far.node(21, 120.31, 31.9)
    far.way(20, [20, 21], highway="primary")
    path = far.write(desk.folder / "far.osm.pbf")
    assert desk.roads(path, within="320281002").rows == 1
    assert roads(desk).keys() == {"osm-20-0"}
    with pytest.raises(ImportTrouble) as caught:
        desk.roads(path, within="777")
    assert "777" in caught.value.sentence("en")


def test_without_a_city_everything_is_taken(empty_desk):
    path = a_town().write(empty_desk.folder / "town.osm.pbf")
    assert empty_desk.roads(path).rows == 5


def test_a_way_without_a_line_is_kept_aside_and_missing_nodes_are_left_out(desk):
    town = a_town()
    town.way(30, [1], highway="primary", name="<b>甲</b>")
    town.way(31, [1, 1], highway="primary")
    town.way(32, [1, 2, 999], highway="service", name="断头路\u202e")
    report = desk.roads(town.write(desk.folder / "t.osm.pbf"))
    assert report.balanced
    aside = [(e["row"], e["field"], e["reason"]) for e in desk.ledger("t.osm") if not e["id"]]
    assert aside == [(5, "geometry", "line"), (6, "geometry", "line")]
    assert roads(desk)["osm-32-0"].name == "断头路"
    assert (roads(desk)["osm-32-0"].a, roads(desk)["osm-32-0"].b) == (1, 2)


@pytest.mark.parametrize(
    ("said", "speed"),
    [("20", 20.0), ("10 mph", 16.09344), ("200", 45.0), ("CN:urban", 45.0), ("0", 45.0)],
)
def test_a_speed_limit_counts_where_it_is_below_what_is_driven(desk, said, speed):
    town = Town()
    for number in (1, 2):
        town.node(number, SPOT[0] + number / 1000, SPOT[1])
    town.way(1, [1, 2], highway="primary", maxspeed=said)
    desk.roads(town.write(desk.folder / "t.osm.pbf"))
    assert roads(desk)["osm-1-0"].speed == pytest.approx(speed)


def test_the_words_of_the_licence_come_with_the_data(desk, town):
    desk.roads(town)
    (credit,) = desk.pool.all(Credit)
    assert (credit.id, credit.text) == ("osm", "© OpenStreetMap contributors")
    assert credit.licence == "ODbL-1.0"
    picture = Picture()
    picture.apply(Changes(NOW, {Credit: {credit.id: credit}}))
    assert [c.text for c in picture.credits.values()] == ["© OpenStreetMap contributors"]


def with_ground():
    town = a_town()
    corners = ((0, 0), (1, 0), (1, 1), (0, 1))
    for block in range(4):
        for corner, (x, y) in enumerate(corners, 1):
            number = 100 + 10 * block + corner
            town.node(number, SPOT[0] + (block + x / 2) / 100, SPOT[1] + y / 200)
    ring = lambda block: [100 + 10 * block + corner for corner in (1, 2, 3, 4, 1)]  # noqa: E731
    town.way(50, ring(0), natural="water", name="芙蓉湖")
    town.way(51, ring(1))
    town.way(52, ring(2), building="yes", landuse="meadow")
    town.way(53, [131, 133, 132, 134, 131], natural="water", name="蝴蝶结")
    town.area(60, 51, landuse="industrial", name="<i>厂区</i>")
    return town


def test_water_and_built_up_land_become_the_ground_of_the_map(desk):
    path = with_ground().write(desk.folder / "g.osm.pbf")
    report = desk.ground(path)
    assert report.balanced
    found = {id_: (f.kind, f.name) for id_, f in desk.pool.of[Feature].items()}
    assert found == {"osm-w50": ("water", "芙蓉湖"), "osm-r60": ("builtup", "<i>厂区</i>")}
    assert [(o.field, o.reason) for o in report.refused] == [("geometry", "shape")]
    assert desk.pool.of[Credit].keys() == {"osm"}
    assert desk.ground(path).total("merged") == 2


def test_a_great_river_is_cut_off_behind_the_city(desk):
    town = Town()
    corners = [(100, 31.85), (140, 31.85), (140, 31.86), (100, 31.86)]
    for number, corner in enumerate(corners, 1):
        town.node(number, *corner)
    town.way(1, [1, 2, 3, 4, 1], natural="water", name="长江")
    desk.ground(town.write(desk.folder / "g.osm.pbf"))
    (river,) = desk.pool.all(Feature)
    west, _, east, _ = shapely.from_wkb(river.geom).bounds
    assert (west, east) == pytest.approx((120.0 - 0.053, 120.4 + 0.053), abs=0.001)


@pytest.mark.parametrize("cut", [0.0, 0.02, 0.5, 0.95])
def test_a_file_cut_in_half_is_refused_and_nothing_is_written(desk, cut):
    town = a_town()
    rng = np.random.default_rng(7)
    for number in range(1000, 20_000):
        town.node(number, SPOT[0] + rng.random() / 10, SPOT[1])
    path = town.write(desk.folder / "t.osm.pbf")
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * cut)])
    for kind in (desk.roads, desk.ground):
        with pytest.raises(ImportTrouble) as caught:
            kind(path)
        assert "t.osm.pbf" in caught.value.sentence("zh")
    assert not roads(desk)


def test_what_only_bears_the_name_is_refused_before_it_is_read(desk):
    with pytest.raises(ImportTrouble, match="not_a_map"):
        desk.roads(desk.write("x.osm.pbf", "<osm></osm>"))
    with pytest.raises(ImportTrouble, match="unreadable"):
        desk.roads(desk.folder / "none.osm.pbf")
