"""Small towns of roads: who comes first, by which way, and from where one comes in five minutes."""

from __future__ import annotations

import heapq
from collections import defaultdict

import numpy as np
import pytest
import shapely

from commandwall.areas import Road
from commandwall.roads import RoadGraph, Router


def in_metres(lon, lat):
    """A plane for these tests: a degree is a metre."""
    return lon, lat


def a_road(a, b, points, speed=36.0, **kw):
    length = kw.pop("length", float(shapely.LineString(points).length))
    geom = kw.pop("geom", shapely.to_wkb(shapely.LineString(points)))
    return Road(f"{a}-{b}-{speed}", "street", "", a, b, length, speed, geom, **kw)


def town(**kw):
    """A slow straight street 10-20-30, a fast way round over 40, and an island 50-60."""
    return [
        a_road(10, 20, [(0, 0), (500, 10), (1000, 0)]),
        a_road(20, 30, [(1000, 0), (2000, 0)]),
        a_road(40, 10, [(0, 1000), (0, 0)], speed=120.0),
        a_road(40, 30, [(0, 1000), (2000, 1000), (2000, 0)], speed=120.0, **kw),
        a_road(50, 60, [(9000, 9000), (9500, 9000)]),
    ]


@pytest.fixture
def graph():
    return RoadGraph(town(), in_metres)


def test_the_nearest_unit_is_the_one_that_arrives_first_not_the_closest(graph):
    units = [(1000, 0), (0, 1000), (9000, 9000)]
    ((row, seconds),) = graph.nearest((2000, 0), units)
    assert (row, round(seconds)) == (1, 90)
    assert np.isinf(graph.times((2000, 0), units)[2])
    assert [row for row, _ in graph.nearest((2000, 0), units, 3)] == [1, 0]


def test_a_oneway_is_never_driven_against_its_direction():
    graph = RoadGraph(town(oneway=1), in_metres)
    assert graph.times((2000, 0), [(0, 1000)])[0] == pytest.approx(90)
    back = graph.way((2000, 0), (0, 1000))
    assert back.seconds == pytest.approx(100.01 + 100 + 30, abs=0.02)
    assert [0, 0] in back.xy.tolist()
    against = RoadGraph(town(oneway=-1), in_metres)
    assert against.times((0, 1000), [(2000, 0)])[0] == pytest.approx(90)
    assert against.edges == graph.edges == 9


def test_the_part_of_a_road_counts():
    graph = RoadGraph([a_road(1, 2, [(0, 0), (1000, 0)])], in_metres)
    assert graph.times((900, 5), [(400, -5), (900, 0)]).tolist() == pytest.approx([50, 0])
    back = a_road(2, 1, [(1000, 0), (500, 900), (0, 0)], oneway=1)
    graph = RoadGraph([a_road(1, 2, [(0, 0), (1000, 0)], oneway=1), back], in_metres)
    round_by_the_other = 40 + 2 * np.hypot(500, 900) / 10 + 40
    assert graph.times((400, 0), [(600, 0)])[0] == pytest.approx(round_by_the_other)


def test_the_way_off_the_road_counts_where_it_is_asked_for():
    graph = RoadGraph([a_road(1, 2, [(0, 0), (1000, 0)])], in_metres, aside=0.5)
    assert graph.times((900, 10), [(400, 30)])[0] == pytest.approx(50 + 20)


def test_the_nearest_road_is_found_where_many_are_near():
    crowd = [a_road(n, n + 100, [(3.0 * n, 0), (3.0 * n, -400)]) for n in range(60)]
    graph = RoadGraph([*crowd, a_road(998, 999, [(-400, 1.0), (600, 1.0)])], in_metres)
    spots = graph.snap([(50.0, 0.6), (51.2, -5.0)])
    assert spots.edge.tolist() == [60, 17] and spots.gap.tolist() == pytest.approx([0.4, 0.2])


def test_nobody_comes_where_nobody_can(graph):
    assert graph.nearest((2000, 0), [(9000, 9000)]) == []
    assert graph.nearest((2000, 0), []) == []
    assert np.isinf(graph.times((2000, 0), [(0, 0)], limit=5.0)).all()


def test_the_way_follows_the_roads_and_turns_them_where_needed(graph):
    way = graph.way((0, 0), (2010, 0))
    assert way.seconds == pytest.approx((1000 + 3000) / (120 / 3.6))
    assert way.metres == 4000
    assert way.xy.tolist() == [[0, 0], [0, 1000], [2000, 1000], [2000, 0]]
    assert graph.way((2000, 0), (0, 0)).xy.tolist() == way.xy.tolist()[::-1]


def test_a_way_to_where_one_stands_and_to_where_no_road_leads(graph):
    assert graph.way((0, 0), (0, 0)).xy.tolist() == [[0, 0]]
    assert graph.way((0, 0), (9000, 9000)) is None


def test_from_where_a_place_is_reached_in_time(graph):
    reach = graph.reach((0, 0), 36.0)
    parts = {(int(e), round(float(lo), 2), round(float(hi), 2))
             for e, lo, hi in zip(reach.edge, reach.begin, reach.end, strict=True)}  # fmt: skip
    assert (0, 0.0, 0.36) in parts and (3, 0.0, 0.07) in parts and (2, 0.0, 1.0) in parts
    assert reach.xy[:, 0].max() == pytest.approx(360, abs=20)
    ring = reach.ring()
    assert ring.contains(shapely.Point(5, 990)) and not ring.contains(shapely.Point(700, 0))


def test_a_place_that_is_too_far_off_the_road_is_reached_from_nowhere():
    reach = RoadGraph(town(), in_metres, aside=1.0).reach((0, -5000), 300.0)
    assert len(reach.xy) == 0 and reach.ring().is_empty


def test_a_place_in_a_oneway_is_reached_from_behind_only():
    graph = RoadGraph([a_road(1, 2, [(0, 0), (1000, 0)], oneway=1)], in_metres)
    reach = graph.reach((500, 0), 20.0)
    assert reach.begin.tolist() == [pytest.approx(0.3)] and reach.end.tolist() == [0.5]


def test_of_two_roads_between_two_crossings_the_faster_counts():
    roads = [
        a_road(1, 2, [(0, 0), (100, 0)], speed=10.0),
        a_road(2, 1, [(100, 0), (50, 50), (0, 0)], speed=100.0),
        a_road(1, 3, [(0, 0), (-100, 0)]),
        a_road(2, 4, [(100, 0), (200, 0)]),
    ]
    way = RoadGraph(roads, in_metres).way((-50, 0), (150, 0))
    assert way.xy.tolist() == [[-50, 0], [0, 0], [50, 50], [100, 0], [150, 0]]


def test_broken_roads_are_left_out_and_no_roads_are_said_so():
    line = [(0, 0), (1, 1)]
    broken = [
        a_road(1, 2, line, speed=0.0),
        a_road(2, 3, line, length=float("nan")),
        a_road(3, 4, line, geom=b"no line"),
        a_road(4, 5, [(0, 0), (float("inf"), 1)], length=1.0),
    ]
    graph = RoadGraph(broken, in_metres)
    assert graph.edges == 0
    with pytest.raises(ValueError, match="no roads"):
        graph.snap([(0, 0)])
    assert RoadGraph([], in_metres).edges == 0


def test_a_router_answers_by_the_newest_roads():
    router = Router()
    try:
        assert router.ask(lambda graph: graph).result(30) is None
        router.renew(town(), in_metres, 0.0)
        assert router.ask(lambda graph: graph.edges).result(30) == 10
        router.renew([], in_metres, 0.0)
        assert router.ask(lambda graph: graph).result(30) is None
    finally:
        router.close()


def a_maze(rng, nodes=40, roads=110):
    """Roads between random places, a third of them oneways in either direction."""
    xy = rng.uniform(0, 3000, (nodes, 2))
    made = []
    while len(made) < roads:
        a, b = (int(n) for n in rng.choice(nodes, 2, replace=False))
        line = [xy[a], (xy[a] + xy[b]) / 2 + rng.normal(0, 80, 2), xy[b]]
        oneway, speed = int(rng.choice([0, 0, 1, -1])), float(rng.uniform(20, 80))
        made.append(a_road(a, b, line, speed, oneway=oneway))
    return made


def seconds_between(roads, start, end):
    """An independent router: plain Dijkstra from (road, share) to another."""
    ways = defaultdict(list)
    for road in roads:
        drive(ways, road, (road.a, 0.0), (road.b, 1.0))
    (m, s), (n, t) = start, end
    for node, share in ((roads[n].a, 0.0), (roads[n].b, 1.0)):
        drive(ways, roads[n], (node, share), ("end", t), back=False)
    for node, share in ((roads[m].a, 0.0), (roads[m].b, 1.0)):
        drive(ways, roads[m], ("start", s), (node, share), back=False)
    if m == n:
        drive(ways, roads[m], ("start", s), ("end", t), back=False)
    queue, known, number = [(0.0, 0, "start")], {}, 0
    while queue:
        seconds, _, node = heapq.heappop(queue)
        for other, more in ways[node] if node not in known else ():
            number += 1
            heapq.heappush(queue, (seconds + more, number, other))
        known.setdefault(node, seconds)
    return known.get("end", float("inf"))


def drive(ways, road, start, end, back=True):
    """Add the part of a road between two (node, share), where its direction allows it."""
    (u, low), (v, high) = start, end
    seconds = abs(high - low) * road.length / (road.speed / 3.6)
    if road.oneway * (high - low) >= 0:
        ways[u].append((v, seconds))
    if back and road.oneway * (low - high) >= 0:
        ways[v].append((u, seconds))


def test_times_are_those_of_another_router_on_mazes_of_oneways():
    for seed in range(5):
        rng = np.random.default_rng(seed)
        roads = a_maze(rng)
        graph = RoadGraph(roads, in_metres)
        lines = shapely.from_wkb([r.geom for r in roads])
        for _ in range(40):
            (m, n), (s, t) = rng.integers(0, len(roads), 2), rng.uniform(0.02, 0.98, 2)
            at = [shapely.line_interpolate_point(lines[e], p, normalized=True) for e, p in
                  ((m, s), (n, t))]  # fmt: skip
            start, end = ((p.x, p.y) for p in at)
            found = graph.snap([start, end])
            if found.edge.tolist() != [m, n]:  # another road crosses exactly here
                continue
            right = seconds_between(roads, (m, s), (n, t))
            assert graph.times(end, [start])[0] == pytest.approx(right, abs=1e-3)
            way = graph.way(start, end)
            assert (way is None) == np.isinf(right)
            if way is not None:
                assert np.allclose(way.xy[[0, -1]], [start, end], atol=1e-6)
