"""Dispatch: the nearest of 500 units by road, and the five-minute isochrone, on demo roads.

`python -m benchmarks.dispatch [--quick]` takes the roads of the demo city of real size, as `--scale
city` makes them with its oneways, and asks from random places: the three nearest of 500 units, the
isochrone as parts of roads, and its outline for the map. Beside it, in the same run and over the
same roads, networkx does the two searches, without finding the units. The last line is JSON.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Callable, Iterator
from typing import Any

import networkx
import numpy as np
import shapely

from benchmarks.report import figures, table
from commandwall.areas import Road
from commandwall.clock import Ms
from commandwall.geo import Plane
from commandwall.pool.demo.city import generate
from commandwall.pool.demo.seed import SEED
from commandwall.roads import Point, RoadGraph

UNITS, MOST, FIVE_MINUTES = 500, 3, 300.0
NOW = Ms(1_795_000_000_000)
PROMISE_MS, PROMISE_EDGES = 10.0, 100_000
ROUNDS, OTHERS = {True: 100, False: 1_000}, {True: 5, False: 40}
"""By `quick`: questions to ours and to networkx."""
HEAD = ("question", "p50 ms", "p95 ms", "worst ms", "networkx p50 ms", "networkx / ours")


def their_graph(rows: list[Road]) -> Any:
    """The same roads turned round for networkx: from where is a place reached."""
    graph = networkx.DiGraph()
    for road in rows:
        seconds = road.length / (road.speed / 3.6)
        for a, b, may in ((road.b, road.a, road.oneway >= 0), (road.a, road.b, road.oneway <= 0)):
            if may and seconds < graph.get_edge_data(a, b, {"t": np.inf})["t"]:
                graph.add_edge(a, b, t=seconds)
    return graph


def spent(work: Callable[[], object], times: int) -> tuple[float, float, float]:
    """Milliseconds of one call: median, 95 of 100, worst; two calls before are not counted."""
    work()
    work()
    found = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        found.append((time.perf_counter() - start) * 1000)
    return tuple(float(v) for v in np.percentile(found, (50, 95, 100)))  # type: ignore[return-value]


def places(graph: RoadGraph, rng: np.random.Generator) -> Iterator[Point]:
    """Random places some metres off random crossings."""
    while True:
        x, y = graph.xy[rng.integers(len(graph.xy))] + rng.normal(0, 30, 2)
        yield float(x), float(y)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    rows: list[Road] = generate(SEED, "city", now=NOW).of(Road)
    lon, lat = shapely.get_coordinates(shapely.from_wkb(rows[0].geom))[0]
    plane, rng = Plane(lon, lat), np.random.default_rng(SEED)
    start = time.perf_counter()
    graph = RoadGraph(rows, plane.forward)
    built = time.perf_counter() - start
    units = np.array(list(itertools.islice(places(graph, rng), UNITS)))
    at, theirs, numbers = places(graph, rng), their_graph(rows), graph.numbers.tolist()
    rounds, others = ROUNDS[quick], OTHERS[quick]

    def node() -> int:
        return int(numbers[rng.integers(len(numbers))])

    def search(limit: float | None) -> object:
        return networkx.single_source_dijkstra_path_length(theirs, node(), limit, "t")

    asked = [("nearest 3 of 500", spent(lambda: graph.nearest(next(at), units, MOST), rounds),
              spent(lambda: search(None), others)[0])]  # fmt: skip
    asked.append(("isochrone, 5 min", spent(lambda: graph.reach(next(at), FIVE_MINUTES), rounds),
                  spent(lambda: search(FIVE_MINUTES), others)[0]))  # fmt: skip
    reached = [graph.reach(next(at), FIVE_MINUTES) for _ in range(rounds)]
    turn = itertools.cycle(reached)
    asked.append(("its outline", spent(lambda: next(turn).ring(), rounds), np.nan))
    tell(asked, graph, built, sum(r.oneway != 0 for r in rows))


def tell(
    asked: list[tuple[str, tuple[float, float, float], float]], graph: RoadGraph, built: float,
    oneways: int,
) -> None:  # fmt: skip
    table("Dispatch", HEAD, [(n, *ours, other, other / ours[0]) for n, ours, other in asked])
    print(f"{graph.edges:,} directed edges, {oneways:,} oneways among the roads; built in "
          f"{built:.2f} s, {graph.nbytes / 1e6:.0f} MB")  # fmt: skip
    kept = graph.edges >= PROMISE_EDGES and all(ours[1] < PROMISE_MS for _, ours, _ in asked[:2])
    print(f"under {PROMISE_MS:.0f} ms at p95 on {PROMISE_EDGES:,} edges: {'yes' if kept else 'NO'}")
    figures(
        "dispatch", edges=graph.edges, oneways=oneways, build_s=round(built, 2),
        megabytes=round(graph.nbytes / 1e6, 1), kept=kept,
        ms={n: [round(v, 2) for v in ours] for n, ours, _ in asked},
        networkx_ratio={n: round(o / ours[0], 1) for n, ours, o in asked if np.isfinite(o)},
    )  # fmt: skip


if __name__ == "__main__":
    main()
