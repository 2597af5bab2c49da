"""A small town of roads: who comes first, by which way, and how far one gets in five minutes."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from commandwall.areas import Road
from commandwall.roads import RoadGraph


def in_metres(lon, lat):
    """A plane for these tests: a degree is a metre."""
    return lon, lat


def a_road(a, b, points, speed=36.0, **kw):
    length = kw.pop("length", float(shapely.LineString(points).length))
    geom = kw.pop("geom", shapely.to_wkb(shapely.LineString(points)))
    return Road(f"{a}-{b}-{speed}", "street", "", a, b, length, speed, geom)


def town():
    """A slow straight street 10-20-30, a fast way round over 40, and an island 50-60."""
    return [
        a_road(10, 20, [(0, 0), (500, 10), (1000, 0)]),
        a_road(20, 30, [(1000, 0), (2000, 0)]),
        a_road(40, 10, [(0, 1000), (0, 0)], speed=120.0),
        a_road(40, 30, [(0, 1000), (2000, 1000), (2000, 0)], speed=120.0),
        a_road(50, 60, [(9000, 9000), (9500, 9000)]),
    ]


@pytest.fixture
def graph():
    return RoadGraph(town(), in_metres)


def test_the_nearest_unit_is_the_one_that_arrives_first_not_the_closest(graph):
    units = [(1000, 0), (0, 1000), (9000, 9000)]
    row, seconds = graph.nearest((2000, 0), units)
    assert (row, round(seconds)) == (1, 90)
    assert np.isinf(graph.times((2000, 0), units)[2])


def test_nobody_comes_where_nobody_can(graph):
    assert graph.nearest((2000, 0), [(9000, 9000)]) == (-1, float("inf"))
    assert graph.nearest((2000, 0), []) == (-1, float("inf"))
    assert graph.nearest((2000, 0), [(0, 0)], limit=5.0) == (-1, float("inf"))


def test_the_way_follows_the_roads_and_turns_them_where_needed(graph):
    way = graph.way((0, 0), (2010, 5))
    assert way.seconds == pytest.approx((1000 + 3000) / (120 / 3.6))
    assert way.metres == 4000
    assert way.xy.tolist() == [[0, 0], [0, 1000], [2000, 1000], [2000, 0]]
    assert graph.way((2000, 0), (0, 0)).xy.tolist() == way.xy.tolist()[::-1]


def test_a_way_to_where_one_stands_and_to_where_no_road_leads(graph):
    assert graph.way((0, 0), (1, 1)).xy.tolist() == [[0, 0]]
    assert graph.way((0, 0), (9000, 9000)) is None


def test_what_is_reached_in_time(graph):
    rows, seconds = graph.reach((0, 0), 60.0)
    assert graph.numbers[rows].tolist() == [10, 40]
    assert seconds.tolist() == [0, pytest.approx(30)]


def test_of_two_roads_between_two_crossings_the_faster_counts():
    roads = [
        a_road(1, 2, [(0, 0), (100, 0)], speed=10.0),
        a_road(2, 1, [(100, 0), (50, 50), (0, 0)], speed=100.0),
    ]
    way = RoadGraph(roads, in_metres).way((0, 0), (100, 0))
    assert way.xy.tolist() == [[0, 0], [50, 50], [100, 0]]


def test_broken_roads_are_left_out_and_no_roads_are_said_so():
    line = [(0, 0), (1, 1)]
    broken = [
        a_road(1, 2, line, speed=0.0),
        a_road(2, 3, line, length=float("nan")),
        a_road(3, 4, line, geom=b"no line"),
        a_road(4, 5, [(0, 0), (float("inf"), 1)], length=1.0),
    ]
    graph = RoadGraph(broken, in_metres)
    assert len(graph.xy) == 0
    with pytest.raises(ValueError, match="no roads"):
        graph.node((0, 0))
    assert len(RoadGraph([], in_metres).xy) == 0
