"""What stands in a demo city beside houses: places, cameras, pipes, the ground of the map."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from commandwall import codes
from commandwall.areas import Camera, Feature, Pipe, Place
from commandwall.pool.demo import names
from commandwall.pool.demo.buildings import HOME, PUBLIC, SHOP, WORKS, Stock
from commandwall.pool.demo.districts import Districts
from commandwall.pool.demo.land import Land
from commandwall.pool.demo.plane import Array, along, stream
from commandwall.pool.demo.roads import Roads

HOMES_OF = {
    "school": (PUBLIC, HOME),
    "hospital": (PUBLIC,),
    "nursing": (HOME, PUBLIC),
    "hazard": (WORKS,),
    "shelter": (PUBLIC, HOME),
    "firm": (WORKS, SHOP),
    "store": (WORKS, PUBLIC),
    "drone": (PUBLIC,),
    "fire_station": (PUBLIC, WORKS),
    "police_station": (PUBLIC, HOME),
    "service": (PUBLIC, HOME),
    "market": (SHOP,),
    "site": (HOME, WORKS),
}
"""The kinds of building that a place takes the site of."""


@dataclass(frozen=True, slots=True)
class Spots:
    """Places in columns, metres."""

    kind: list[str]
    at: Array
    names: list[str]
    grid: NDArray[np.intp]

    def of(self, kind: str) -> NDArray[np.intp]:
        return np.flatnonzero(np.array(self.kind) == kind)


def spots(
    districts: Districts, stock: Stock, roads: Roads, counts: Mapping[str, int], seed: int
) -> Spots:
    """Places of each kind, spread so that every town has some."""
    rng = stream(seed, "places")
    kinds: list[str] = []
    where = []
    for kind, count in counts.items():
        at = _sites(districts, kind, count, stock, roads, rng)
        kinds += [kind] * len(at)
        where.append(at)
    at = np.concatenate(where)
    grid = districts.grid_of(at)
    return Spots(kinds, at, _called(districts, roads, kinds, at, grid, rng), grid)


def _sites(
    districts: Districts,
    kind: str,
    count: int,
    stock: Stock,
    roads: Roads,
    rng: np.random.Generator,
) -> Array:
    if kind == "underpass":
        return _crossings(districts.land, roads, count, rng)
    if kind == "pump":
        return _banks(districts.land, count, rng)
    candidates = stock.of(*HOMES_OF[kind])
    at = stock.at[rng.permutation(candidates)]
    town = districts.town_of(districts.grid_of(at))
    order = np.argsort(_rank_in(town) * rng.uniform(0.8, 1.2, len(at)), kind="stable")
    chosen = at[order[:count]]
    return np.asarray(chosen + rng.normal(0, 12, chosen.shape))


def _rank_in(group: NDArray[np.intp]) -> Array:
    """1, 2, 3 … within each group, weighted so that large groups get more of the first places."""
    order = np.argsort(group, kind="stable")
    sizes = np.bincount(group)
    rank = np.empty(len(group))
    rank[order] = np.concatenate([np.arange(1, n + 1) for n in sizes if n])
    return rank / np.sqrt(np.maximum(sizes[group], 1))


def _crossings(land: Land, roads: Roads, count: int, rng: np.random.Generator) -> Array:
    """Where main roads pass under expressways, then the busiest crossings of main roads."""
    over = roads.lines[roads.rows("expressway")]
    mains = roads.lines[roads.rows("main", "street")]
    under = np.empty((0, 2))
    if len(over):
        met = shapely.intersection(shapely.union_all(over), mains)
        under = shapely.get_coordinates(met[shapely.get_type_id(met) == 0])
    ends = np.concatenate([roads.a[roads.rows("main")], roads.b[roads.rows("main")]])
    busy = roads.nodes[np.flatnonzero(np.bincount(ends, minlength=len(roads.nodes)) >= 4)]
    at = np.concatenate([rng.permutation(under), rng.permutation(busy)])
    return np.asarray(at[shapely.contains_xy(land.outline, at)][:count])


def _banks(land: Land, count: int, rng: np.random.Generator) -> Array:
    """Points along the banks inside the city."""
    shores = shapely.intersection(
        shapely.boundary(land.union("water")), shapely.buffer(land.outline, -60)
    )
    if shapely.is_empty(shores):
        return land.plane.metres(land.plane.degrees(rng.normal(0, 3_000, (count, 2))))
    parts = shapely.get_parts(shores)
    share = shapely.length(parts)
    line = parts[rng.choice(len(parts), count, p=share / share.sum())]
    return along(line, rng.random(count))


def _called(
    districts: Districts,
    roads: Roads,
    kinds: list[str],
    at: Array,
    grid: NDArray[np.intp],
    rng: np.random.Generator,
) -> list[str]:
    """A name for each place from its village, its road or a firm's name."""
    firms = names.firms(len(kinds), rng)
    village = [districts.villages.names[v] for v in districts.village_of(grid)]
    town = [districts.towns.names[t] for t in districts.town_of(grid)]
    line = shapely.STRtree(roads.lines).query_nearest(shapely.points(at), all_matches=False)[1]
    words = codes.load("place_kind")
    result = []
    for n, kind in enumerate(kinds):
        root = village[n].removesuffix("社区").removesuffix("村")
        short = town[n].removesuffix("街道").removesuffix("镇")
        dice = int(rng.integers(100))
        result.append(
            _name(kind, words[kind].zh, (root, short, firms[n], roads.names[line[n]]), dice)
        )
    return result


def _name(kind: str, word: str, parts: tuple[str, str, str, str], dice: int) -> str:
    root, town, firm, road = parts
    patterns = {
        "school": (f"{root}小学", f"{root}幼儿园", f"{town}初级中学", f"{town}实验小学")[dice % 4],
        "hospital": (f"{town}卫生院", f"{root}社区卫生站", f"市第{'一二三四五'[dice % 5]}人民医院")[
            dice % 3
        ],
        "nursing": f"{root}颐养院",
        "hazard": f"{firm}储罐区",
        "firm": f"{firm}有限公司",
        "shelter": f"{root}广场避难所",
        "store": f"{town}应急物资库",
        "drone": f"{root}无人机机场",
        "pump": f"{root}泵站",
        "fire_station": f"{town}消防站",
        "police_station": f"{root}派出所",
        "service": f"{town}便民服务中心",
        "market": f"{root}农贸市场",
        "site": f"{firm}{root}工地",
        "underpass": f"{road}下穿",
    }
    return patterns.get(kind, f"{root}{word}")


def places(rows: Spots, districts: Districts, seed: int) -> list[Place]:
    rng = stream(seed, "place records")
    count = len(rows.kind)
    words = codes.load("place_kind")
    seats = np.array([words[kind].facts["seats"] for kind in rows.kind], float)
    size = np.round(seats[:, 0] + (seats[:, 1] - seats[:, 0]) * rng.beta(1.2, 3, count)).astype(int)
    lonlat = districts.land.plane.degrees(rows.at).tolist()
    columns = zip(
        rows.kind,
        rows.names,
        rows.grid.tolist(),
        lonlat,
        size.tolist(),
        names.persons(count, rng),
        names.phones(count, rng),
        strict=True,
    )
    return [
        Place(f"L{n:05d}", kind, name, districts.grids.codes[g], lon, lat, capacity, contact, phone)
        for n, (kind, name, g, (lon, lat), capacity, contact, phone) in enumerate(columns, 1)
    ]


def cameras(districts: Districts, roads: Roads, count: int, seed: int) -> list[Camera]:
    """At crossings, the busiest first, each looking along one of its roads."""
    rng = stream(seed, "cameras")
    degree = np.bincount(np.concatenate([roads.a, roads.b]), minlength=len(roads.nodes))
    liked = districts.land.density(roads.nodes) + 0.06 * degree + 0.25 * rng.random(len(degree))
    liked *= shapely.contains_xy(districts.land.outline, roads.nodes)
    node = np.resize(np.argsort(-liked)[: count * 2 : 2], count)
    at = roads.nodes[node] + rng.normal(0, 7, (count, 2))
    grid = districts.grid_of(at).tolist()
    name_of = dict(zip([*roads.a.tolist(), *roads.b.tolist()], [*roads.names] * 2, strict=True))
    lonlat = districts.land.plane.degrees(at).tolist()
    heading = np.round(rng.uniform(0, 360, count)).tolist()
    owners = rng.choice(["公安局", "城管局", "交通局", "水务局"], count, p=[0.6, 0.2, 0.15, 0.05])
    columns = zip(node.tolist(), grid, lonlat, heading, owners.tolist(), strict=True)
    return [
        Camera(
            f"C{n:05d}",
            f"{name_of[k]}{n % 9 + 1} 号机",
            districts.grids.codes[g],
            lon,
            lat,
            turn,
            60.0,
            "",
            owner,
        )
        for n, (k, g, (lon, lat), turn, owner) in enumerate(columns, 1)
    ]


@dataclass(frozen=True, slots=True)
class Lines:
    """Pipes in columns: kind and geometry (metres)."""

    kind: list[str]
    lines: NDArray[np.object_]
    names: list[str]


def pipes(land: Land, roads: Roads, count: int, seed: int) -> Lines:
    """Under the pavements of the densest streets, each kind on its own side."""
    rng = stream(seed, "pipes")
    rows = roads.rows("main", "street")
    middles = along(roads.lines[rows], 0.5)
    density = land.density(middles)
    kinds: list[str] = []
    taken = []
    for kind, share, side in (
        ("gas", 0.4, 9.0),
        ("water", 0.3, -9.0),
        ("sewage", 0.24, 4.0),
        ("heat", 0.06, -14.0),
    ):
        wish = -np.abs(density - 0.35) if kind == "heat" else density
        best = rows[np.argsort(-(wish + 0.15 * rng.random(len(rows))))[: round(count * share)]]
        taken.append((best, side))
        kinds += [kind] * len(best)
    edges = np.concatenate([best for best, _ in taken])
    lines = np.concatenate([_beside(roads.lines[best], side) for best, side in taken])
    return Lines(kinds, lines, [roads.names[n] for n in edges])


def _beside(lines: Any, side: float) -> Any:
    """Lines shifted a few metres to the right of their general course."""
    start, end = (shapely.get_coordinates(shapely.get_point(lines, n)) for n in (0, -1))
    step = end - start
    right = np.stack([step[:, 1], -step[:, 0]], -1) / np.maximum(np.hypot(*step.T), 1)[:, None]
    points, row = shapely.get_coordinates(lines, return_index=True)
    return shapely.linestrings(points + side * right[row], indices=row)


def pipe_records(lines: Lines, districts: Districts) -> list[Pipe]:
    at = along(lines.lines, 0.5)
    grid = districts.grid_of(at).tolist()
    wkb = shapely.to_wkb(districts.land.plane.to_degrees(lines.lines))
    words = codes.load("pipe_kind")
    columns = zip(lines.kind, lines.names, grid, wkb, strict=True)
    return [
        Pipe(f"T{n:06d}", kind, f"{name}{words[kind].zh}", districts.grids.codes[g], geom)
        for n, (kind, name, g, geom) in enumerate(columns, 1)
    ]


def features(land: Land) -> list[Feature]:
    """Water, hills and built-up ground."""
    wkb = shapely.to_wkb(land.plane.to_degrees(np.array([g.geom for g in land.grounds], object)))
    return [
        Feature(f"F{n:04d}", ground.kind, ground.name, geom)
        for n, (ground, geom) in enumerate(zip(land.grounds, wkb, strict=True), 1)
    ]
