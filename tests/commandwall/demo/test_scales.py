"""The city of real size has the numbers that were asked for, before and after it is in a pool."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import shapely

from commandwall.areas import GRID, TOWN, VILLAGE, Area, Building, Household, Road
from commandwall.clock import DAY, Ms
from commandwall.indicators import Indicator, IndicatorValue
from commandwall.pool import schema
from commandwall.pool.demo import rhythm
from commandwall.pool.demo.city import generate
from commandwall.pool.demo.land import asset
from commandwall.pool.demo.seed import SEED, seed_pool
from commandwall.pool.server import PoolServer
from commandwall.resources import Resource
from commandwall.sensors import Sensor

NOW = Ms(1_795_000_000_000)
EVENTS = 3_200_000
COUNTED = ["CRD", "ACC", "TRF"]
"""Crowd, accidents and traffic, told at one place each beside the devices of ten classes."""


def test_the_history_is_long_enough_for_its_events() -> None:
    sizes = asset("scales")["city"]
    days = rhythm.days_between(Ms(NOW - sizes["history_days"] * DAY), NOW)
    count = sum(len(rhythm.arrivals(SEED, day, sizes["events_per_day"])) for day in days[:-1])
    assert EVENTS <= count < 1.01 * EVENTS


@pytest.mark.long
@pytest.mark.timeout(900)
def test_the_city_has_its_true_size() -> None:
    city = generate(SEED, "city", now=NOW)
    levels = Counter(area.level for area in city.of(Area))
    assert (levels[TOWN], levels[VILLAGE], levels[GRID]) == (21, 282, 3_000)
    assert shapely.coverage_is_valid(
        shapely.from_wkb([a.geom for a in city.of(Area) if a.level == GRID])
    )
    assert (len(city.of(Building)), len(city.of(Household))) == (120_000, 460_000)
    assert len({household.building for household in city.of(Household)}) <= 120_000
    classes = Counter(sensor.cls for sensor in city.of(Sensor))
    assert [classes.pop(cls) for cls in COUNTED] == [1, 1, 1]
    assert (classes.total(), len(classes)) == (132_000, 10)
    assert_roads(city.of(Road))
    assert len(city.of(Resource)) == 500
    assert len(city.of(Indicator)) == len(city.of(IndicatorValue)) == 927


def assert_roads(roads: list[Road]) -> None:
    """50,000 segments, cut where they meet, which are driven in 100,000 directions."""
    assert 50_000 <= len(roads) < 55_000
    assert sum(1 if road.oneway else 2 for road in roads) >= 100_000
    ends = Counter(node for road in roads for node in (road.a, road.b))
    assert sum(n > 2 for n in ends.values()) > 6_000
    lines = shapely.from_wkb([road.geom for road in roads])
    assert (shapely.get_num_coordinates(lines) == 2).all()


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_a_pool_holds_the_city_of_true_size(tmp_path: Path) -> None:
    with PoolServer(tmp_path) as server, server.owner() as conn:
        schema.create(conn)
        seed_pool(conn, "city")
        counts = {
            kind: conn.execute(f"SELECT count(*) FROM cw_{kind}").fetchone()[0]
            for kind in schema.city_kinds()
        }
        classes = conn.execute(
            "SELECT count(*), count(DISTINCT cls) FROM cw_sensor WHERE NOT cls = ANY(%s)",
            (COUNTED,),
        ).fetchone()
        kept = conn.execute("SELECT count(*) FROM cw_event WHERE area = ''").fetchone()
    assert counts["event"] >= EVENTS
    assert (classes, counts["resource"]) == ((132_000, 10), 500)
    assert (counts["building"], counts["household"]) == (120_000, 460_000)
    assert kept == (0,)
