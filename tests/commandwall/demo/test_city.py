"""The demo city is whole, believable and always the same."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from commandwall import codes
from commandwall.areas import (
    BLOCK,
    CITY,
    GRID,
    TOWN,
    VILLAGE,
    Area,
    Building,
    Feature,
    Household,
    Person,
    Place,
    Road,
)
from commandwall.clock import DAY, Ms, from_datetime
from commandwall.events import AREA, CLOSED, NOWHERE, POINT
from commandwall.indicators import Indicator, IndicatorValue, stand
from commandwall.pool.demo import rhythm
from commandwall.pool.demo.city import City, Divisions, generate
from commandwall.pool.demo.subdivide import subdivide
from commandwall.resources import Resource
from commandwall.sensors import Sensor

NOW = from_datetime(rhythm.to_datetime(Ms(1_795_000_000_000)))


@pytest.fixture(scope="module")
def city() -> City:
    return generate(7, "small", now=NOW)


def outlines(city: City, level: int) -> np.ndarray:
    return shapely.from_wkb([a.geom for a in city.of(Area) if a.level == level])


def test_each_level_covers_the_level_above_without_gap_or_overlap(city: City) -> None:
    whole = outlines(city, CITY)[0]
    for level in (TOWN, VILLAGE, GRID):
        parts = outlines(city, level)
        assert shapely.coverage_is_valid(parts)
        assert shapely.is_valid(parts).all()
        assert shapely.area(parts).sum() == pytest.approx(shapely.area(whole), rel=1e-9)


def test_a_grid_lies_in_the_area_its_code_begins_with(city: City) -> None:
    areas = {a.id: a for a in city.of(Area) if a.level != BLOCK}  # they stand beside the tree
    for area in areas.values():
        if area.level > CITY:
            parent = areas[area.parent]
            assert area.id.startswith(parent.id)
            assert parent.level == area.level - 1
            assert shapely.from_wkb(area.geom).buffer(-1e-5).within(shapely.from_wkb(parent.geom))
    assert all(a.sketch == 1 for a in areas.values())


def test_it_has_the_size_of_a_small_city(city: City) -> None:
    levels = Counter(a.level for a in city.of(Area) if a.level <= GRID)
    assert levels == {CITY: 1, TOWN: 14, VILLAGE: 84, GRID: 420}
    assert len(city.of(Building)) == 4_000
    assert len(city.of(Household)) == 12_000
    assert len(city.of(Sensor)) == pytest.approx(3_000, abs=10)
    assert len(city.of(Road)) > 1_500
    assert {s.cls for s in city.of(Sensor)} == set(codes.load("sensor_class"))
    assert {p.kind for p in city.of(Place)} == set(codes.load("place_kind"))
    assert {r.kind for r in city.of(Resource)} == set(codes.load("resource_kind"))
    assert {f.kind for f in city.of(Feature)} == set(codes.load("feature_kind"))
    assert not {b.colour for b in city.of(Building)} - set(codes.load("building_colour"))


def test_dense_parts_have_small_grids_and_many_sensors(city: City) -> None:
    towns = {a.name: a.id for a in city.of(Area) if a.level == TOWN}
    size = {a.id: shapely.area(shapely.from_wkb(a.geom)) for a in city.of(Area) if a.level == GRID}
    devices = Counter(s.area[:9] for s in city.of(Sensor))

    def mean(town: str) -> float:
        return float(np.mean([a for id_, a in size.items() if id_.startswith(town)]))

    assert mean(towns["滨江街道"]) < mean(towns["白渡镇"]) / 2.5
    assert devices[towns["滨江街道"]] > 3 * devices[towns["桃溪镇"]]


def test_the_roads_are_one_connected_net_with_names_and_speeds(city: City) -> None:
    roads = city.of(Road)
    count = 1 + max(max(r.a, r.b) for r in roads)
    net = coo_array(
        (np.ones(len(roads)), ([r.a for r in roads], [r.b for r in roads])), (count,) * 2
    )
    assert connected_components(net, directed=False)[0] == 1
    oneway = np.array([r.oneway for r in roads], bool)
    assert 0.03 < oneway.mean() < 0.2
    back = ~oneway
    a, b = np.array([(r.a, r.b) for r in roads]).T
    ends = np.concatenate([a, b[back]]), np.concatenate([b, a[back]])
    driven = coo_array((np.ones(len(ends[0])), ends), (count,) * 2)
    assert connected_components(driven, connection="strong")[0] == 1
    assert all(r.name and r.length > 0 and r.speed > 0 for r in roads)
    lines = shapely.from_wkb([r.geom for r in roads])
    assert (shapely.get_num_coordinates(lines) == 2).all()  # a row from bend to bend
    assert {r.cls for r in roads} == set(codes.load("road_class"))


def test_everything_lies_in_the_area_it_names(city: City) -> None:
    grids = {a.id: shapely.from_wkb(a.geom) for a in city.of(Area) if a.level == GRID}
    for row in city.of(Building)[::40] + city.of(Sensor)[::30] + city.of(Place)[::9]:
        assert grids[row.area].distance(shapely.Point(row.lon, row.lat)) < 2e-3
    known = {b.id for b in city.of(Building)}
    assert all(h.building in known for h in city.of(Household))
    assert all(s.building in known or not s.building for s in city.of(Sensor))


def test_each_grid_has_people_in_charge_and_no_real_phone(city: City) -> None:
    roles = Counter((p.area, p.role) for p in city.of(Person))
    for grid in (a for a in city.of(Area) if a.level == GRID):
        assert roles[grid.id, "grid_worker"] == roles[grid.id, "cadre"] == 1
    people = [*city.of(Person), *city.of(Place), *city.of(Resource)]
    assert all(p.phone.startswith("1380000") and len(p.phone) == 11 for p in people)


def test_927_vital_signs_with_a_handful_yellow_and_a_dozen_too_old(city: City) -> None:
    definitions = {d.id: d for d in city.of(Indicator)}
    values = city.of(IndicatorValue)
    assert len(definitions) == len(values) == 927
    assert {d.domain for d in definitions.values()} == set(codes.load("indicator_domain"))
    assert sorted(d.pinned for d in definitions.values() if d.pinned) == list(range(1, 13))
    assert len({d.name for d in definitions.values()}) == 927
    states = Counter(stand(definitions[v.id], v).state for v in values)
    assert states == {"normal": 921, "yellow": 6}
    late = [v for v in values if NOW - v.at > 2.5 * 1000 * definitions[v.id].period_s]
    assert len(late) == 12
    assert all(len(json.loads(v.usual)) == 24 and json.loads(v.today) for v in values)


def test_the_same_seed_gives_the_same_city(city: City) -> None:
    again = generate(7, "small", now=NOW)
    assert again.records == city.records
    day = rhythm.day_of(NOW)
    assert again.book.day(day, NOW) == city.book.day(day, NOW)
    assert generate(8, "small", now=NOW).of(Road) != city.of(Road)


def test_old_events_are_at_their_end_and_the_last_ones_partly_open(city: City) -> None:
    days = list(city.history())
    assert sum(map(len, days)) == pytest.approx(24_500, rel=0.06)
    assert all(e.state == CLOSED for day in days[:-20] for e in day)
    still = [e for day in days for e in day if e.state != CLOSED]
    assert 300 < len(still) < 1_200
    for event in days[30] + days[-1]:
        assert (event.closed_at is None) == (event.state != CLOSED)
        assert event.received_at <= NOW
        assert event.placed in (POINT, AREA, NOWHERE)
        assert (event.lon is None) == (event.placed == NOWHERE)
        assert "{" not in event.title + event.body
        assert event.cls in codes.load("event_class")
        assert event.source in codes.load("event_source")
        assert event.closed_at is None or event.closed_at > event.received_at
    ids = [e.id for day in days for e in day]
    assert len(set(ids)) == len(ids)
    assert all(a <= b for a, b in pairwise(ids))


def test_three_places_make_a_fifth_of_the_noise(city: City) -> None:
    noise = [e.address for day in city.history() for e in day if e.cls == "noise"]
    at = Counter(address.rsplit(" ", 1)[-1] for address in noise)
    three = at["滨江夜市"] + at["澄湖天地广场"] + at["科创园三期工地"]
    assert three / len(noise) == pytest.approx(0.2, abs=0.03)


def test_any_area_is_cut_into_its_parts_without_gap() -> None:
    shape = shapely.from_wkt(
        "MULTIPOLYGON (((120 31.6, 120.4 31.6, 120.45 31.9, 120.2 31.75, 119.9 31.95, 120 31.6),"
        " (120.1 31.65, 120.15 31.65, 120.15 31.7, 120.1 31.65)),"
        " ((120.5 31.6, 120.53 31.6, 120.53 31.62, 120.5 31.6)))"
    )
    children = [(f"{n:03d}", f"第{n}村", 1.0 + n % 3) for n in range(21)]
    parts = subdivide(shape, children, 5)
    assert len(parts) == 21
    assert shapely.coverage_is_valid(parts)
    assert shapely.area(shapely.symmetric_difference(shapely.union_all(parts), shape)) < 1e-12
    assert all(shapely.area(parts) > 0)
    assert parts == subdivide(shape, children, 5)


def test_the_weights_share_out_the_land() -> None:
    box = shapely.box(120, 31, 120.5, 31.4)
    small, large = shapely.area(subdivide(box, [("1", "a", 1.0), ("2", "b", 3.0)], 1))
    assert large / small == pytest.approx(3, rel=0.2)
    assert len(subdivide(box, [("1", "a", 1.0)], 1)) == 1
    with pytest.raises(ValueError, match="no parts"):
        subdivide(box, [], 1)


def test_a_city_in_a_given_boundary_keeps_its_given_towns_and_villages() -> None:
    boundary = shapely.Point(113.2, 28.1).buffer(0.16, quad_segs=6)
    towns = [(f"430121{n:03d}", f"第{n}镇") for n in range(1, 6)]
    villages = [
        (f"{code}{n:03d}", f"{name}{n}村", code) for code, name in towns for n in range(1, 4)
    ]
    city = generate(3, "small", boundary, Divisions("某县", towns, villages), NOW)
    named = {a.id: a.name for a in city.of(Area)}
    assert city.name == "某县"
    assert all(named[code] == name for code, name in towns)
    assert all(named[code] == name for code, name, _ in villages)
    assert shapely.coverage_is_valid(outlines(city, GRID))
    assert len(city.of(Sensor)) > 2_000
    assert next(city.history())
    assert city.now - next(city.history())[0].received_at > 28 * DAY  # what is usual needs these
