"""Areas of effect: their geometry in true metres, what is refused, and what they hit."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
import shapely
from builders import NOW, StillClock, an_opening

from commandwall import extents, incidents
from commandwall.areas import Building, Camera, Household, Pipe, Place, Road
from commandwall.desk import Desk
from commandwall.extents import CIRCLE, PLUME, POLYGON, ROAD, Drawn, Extent, outline
from commandwall.geo import Plane, distance
from commandwall.hit import Ground, Stock
from commandwall.incidents import Incident
from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror, use
from commandwall.store.store import Refused

HERE = (120.2, 31.9)


def metres(shape: object) -> object:
    plane = Plane(*HERE)
    return shapely.transform(shape, lambda xy: np.column_stack(plane.forward(*xy.T)))


def east(far: float, north: float = 0.0) -> tuple[float, float]:
    """A place so many metres east and north."""
    lon, lat = Plane(*HERE).inverse(np.array([far]), np.array([north]))
    return float(lon[0]), float(lat[0])


def test_a_circle_has_its_radius_on_the_ground() -> None:
    edge = shapely.get_coordinates(outline(Drawn(CIRCLE, (HERE,), 800), NOW))
    far = distance(edge[:, 0], edge[:, 1], *HERE)
    assert far == pytest.approx(800, rel=0.006)


@pytest.mark.parametrize(("wind", "half"), [(1.0, 45), (3.0, 30), (9.0, 20)])
def test_a_plume_lies_downwind_and_is_narrower_the_stronger_the_wind(
    wind: float, half: float
) -> None:
    toward = extents.downwind(270.0)  # a west wind blows to the east
    found = metres(outline(Drawn(PLUME, (HERE,), 1000, toward, wind), NOW))
    turn = math.radians(half)
    inside = shapely.Point(900 * math.cos(turn - 0.05), 900 * math.sin(turn - 0.05))
    outside = shapely.Point(900 * math.cos(turn + 0.05), 900 * math.sin(turn + 0.05))
    assert found.contains(inside) and not found.contains(outside)
    assert found.contains(shapely.Point(-90, 0)) and not found.contains(shapely.Point(-120, 0))


def test_in_a_calm_a_plume_goes_everywhere() -> None:
    found = metres(outline(Drawn(PLUME, (HERE,), 1000, 0.0, 0.4), NOW))
    assert found.area == pytest.approx(math.pi * 1e6, rel=0.01)


def test_a_strip_along_a_road_follows_it() -> None:
    corner, end = east(500), east(500, 400)
    roads = [road("1", 1, 2, HERE, corner, 500.0), road("2", 2, 3, corner, end, 400.0)]
    line = extents.along_road(roads, east(3, 4), east(498, 402))
    found = metres(outline(Drawn(ROAD, line, 20), NOW))
    assert found.contains(shapely.Point(490, 12)) and found.contains(shapely.Point(515, 200))
    assert not found.contains(shapely.Point(250, 200))
    assert found.area == pytest.approx(900 * 40 + math.pi * 400, rel=0.03)
    with pytest.raises(Refused, match="no_road"):
        extents.along_road([], HERE, end)


def road(id_: str, a: int, b: int, start: object, end: object, length: float) -> Road:
    line = bytes(shapely.to_wkb(shapely.LineString([start, end])))
    return Road(id_, "street", "路", a, b, length, 40.0, line)


def test_a_strip_along_a_shore_goes_the_shorter_way_around() -> None:
    lake = shapely.Polygon([HERE, east(1000), east(1000, 1000), east(0, 1000)])
    line = extents.along_shore([bytes(shapely.to_wkb(lake))], east(0, 100), east(200, 0))
    assert metres(shapely.LineString(line)).length == pytest.approx(300, rel=0.01)


@pytest.mark.parametrize(
    ("drawn", "why"),
    [
        (Drawn(CIRCLE, (HERE,), 0.0), "size"),
        (Drawn(CIRCLE, (HERE,), 9e6), "size"),
        (Drawn(CIRCLE, ((float("nan"), 31.9),), 50), "points"),
        (Drawn(POLYGON, (HERE, east(9))), "points"),
        (Drawn(POLYGON, (HERE, east(90, 90), east(90), east(0, 90))), "crossing"),
        (Drawn(PLUME, (HERE,), 500), "wind"),
    ],
)
def test_what_is_no_area_is_refused_by_name(drawn: Drawn, why: str) -> None:
    with pytest.raises(Refused) as refused:
        outline(drawn, NOW)
    assert refused.value.reason.facts["why"] == why


def test_an_area_is_an_act_and_what_was_drawn_can_be_drawn_again(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    desk = Desk(store, StillClock())
    desk.take_post("chief").result()
    opening = an_opening(lon=HERE[0], lat=HERE[1], radius_m=100.0)
    desk.do(incidents.open_incident, opening=opening).result()
    incident = store.read(lambda r: r.find(Incident))[0]
    cordon = extents.of_incident(incident, None)
    assert metres(cordon).area == pytest.approx(math.pi * 1e4, rel=0.01)
    drawn = Drawn(PLUME, (HERE,), 600, 90.0, 3.0)
    desk.do(extents.set_extent, incident=incident.id, drawn=drawn).result()
    (kept,) = store.read(lambda r: r.find(Extent))
    again = extents.drawn_as(kept)
    assert again == drawn
    assert metres(extents.of_incident(incident, kept)).contains(shapely.Point(500, 0))
    desk.do(extents.set_extent, incident=incident.id, drawn=None).result()
    (kept,) = store.read(lambda r: r.find(Extent))
    assert extents.drawn_as(kept) is None and extents.of_incident(incident, kept).equals(cordon)
    desk.close()
    store.close()


@pytest.mark.parametrize("wkt", ["", "none", "a\0b", "POINT (1 2)", "POLYGON EMPTY",
    "POLYGON ((0 0, 999 0, 0 999, 0 0))", "POLYGON ((0 0, 1 1, 1 0, 0 1, 0 0))",
    "POLYGON ((nan 0, 1 1, 1 0, nan 0))"])  # fmt: skip
def test_what_another_program_wrote_and_is_no_area_is_none(wkt: str) -> None:
    extent = Extent("i", "circle", wkt, math.inf, math.nan, math.nan, wkt, NOW, "", "")
    assert extents.polygon(extent) is None
    extents.drawn_as(extent)


def test_everything_inside_is_found_and_nothing_outside(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    spots = [east(*pair) for pair in rng.uniform(-2000, 2000, (400, 2)).tolist()]
    houses = [a_house(i, spot) for i, spot in enumerate(spots)]
    broken = dataclasses.replace(houses[0], id="broken", geom=b"none")
    places = [Place(f"p{i}", "school", "校", "a1", *spot) for i, spot in enumerate(spots)]
    cameras = [Camera(f"c{i}", "机", "a1", *spot, 0, 60) for i, spot in enumerate(spots)]
    pipe = bytes(shapely.to_wkb(shapely.LineString([east(-3000), east(3000)])))
    bow = shapely.Polygon([east(-90), east(90, 90), east(90), east(-90, 90)])  # crosses itself
    lon, lat = np.array(spots).T
    stock = Stock([*houses, broken], places, cameras,
                  [Pipe("g", "gas", "管", "a1", pipe),
                   Pipe("bow", "gas", "管", "a1", bytes(shapely.to_wkb(bow)))],
                  [f"s{i}" for i in range(400)], lon, lat)  # fmt: skip
    homes = [Household(f"h{h.id}", h.id, "a1", "101", 3, "blue", "oxygen") for h in houses]
    mirror = Mirror(tmp_path / "m.db")
    mirror.take({"household": [dataclasses.astuple(h) for h in homes]}, {})
    mirror.close()
    use(tmp_path, "m.db")
    store = open_store(tmp_path)
    area = outline(Drawn(CIRCLE, (HERE,), 1000), NOW)
    hit = store.read(lambda reader: Ground(stock).find(area, reader))
    flat = metres(area)
    points = [flat.contains(metres(shapely.Point(spot))) for spot in spots]
    assert hit.places == tuple(f"p{i}" for i, inside in enumerate(points) if inside)
    assert len(hit.cameras) == len(hit.sensors) == len(hit.places) > 30
    touched = [h.id for h in houses if flat.intersects(metres(shapely.from_wkb(h.geom)))]
    assert set(hit.buildings) - {"broken"} == set(touched)
    assert (hit.households, hit.people) == (len(touched), 3 * len(touched))
    assert hit.tags == {"oxygen": len(touched)}
    assert hit.pipes == {"g": pytest.approx(2000, rel=0.01)}
    store.close()


def a_house(i: int, spot: tuple[float, float]) -> Building:
    lon, lat = spot
    shape = bytes(shapely.to_wkb(shapely.box(lon, lat, lon + 2e-4, lat + 1e-4)))
    return Building(f"b{i}", "a1", f"{i} 栋", "home", 6, lon, lat, shape, "blue")
