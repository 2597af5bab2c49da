"""Buildings in rows inside the blocks of the streets, and hamlets along country roads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from commandwall import codes
from commandwall.areas import Building, Household
from commandwall.pool.demo import names
from commandwall.pool.demo.districts import Districts
from commandwall.pool.demo.land import Land, asset
from commandwall.pool.demo.plane import Array, Noise, along, stream
from commandwall.pool.demo.roads import Roads
from commandwall.pool.demo.streets import TOWN_EDGE, Streets

HOME, WORKS, PUBLIC, SHOP = "home", "works", "public", "shop"
KINDS = (HOME, WORKS, PUBLIC, SHOP)
MARGIN = 0.09
"""Part of a block's side that is left to the street and its pavement."""
# Rows, columns, and the part of its slot that a building fills along and across the row.
PLANS = {
    HOME: (4, 3, 0.74, 0.42),
    WORKS: (2, 2, 0.78, 0.66),
    PUBLIC: (2, 2, 0.5, 0.5),
    SHOP: (3, 4, 0.8, 0.62),
}
FARM = np.array([16.0, 11.0])
"""Metres of a farm house."""


@dataclass(frozen=True, slots=True)
class Stock:
    """All buildings in columns; place (n, 2) metres, corners (n, 5, 2)."""

    at: Array
    corners: Array
    kind: NDArray[np.intp]  # index into KINDS
    floors: NDArray[np.intp]
    grid: NDArray[np.intp]
    names: list[str]

    def ids(self) -> list[str]:
        return [f"B{n:06d}" for n in range(1, len(self.at) + 1)]

    def of(self, *kinds: str) -> NDArray[np.intp]:
        return np.flatnonzero(np.isin(self.kind, [KINDS.index(kind) for kind in kinds]))


@dataclass(frozen=True, slots=True)
class _Plots:
    """Places where a building may stand: its corners, kind, estate number, number in the estate."""

    corners: Array
    kind: NDArray[np.intp]
    estate: NDArray[np.intp]
    number: NDArray[np.intp]

    def take(self, rows: NDArray[np.intp]) -> _Plots:
        return _Plots(self.corners[rows], self.kind[rows], self.estate[rows], self.number[rows])


def build(
    land: Land,
    districts: Districts,
    streets: Streets,
    roads: Roads,
    scale: dict[str, Any],
    seed: int,
) -> Stock:
    """About scale["buildings"] buildings, most of them where the city is densest."""
    rng = stream(seed, "buildings")
    total = int(scale["buildings"])
    town = _blocks(land, streets.blocks, rng)
    town = _chosen(land, town, round(total * (1 - scale["hamlet_share"])), rng)
    farms = _hamlets(land, roads, total - len(town.kind), rng)
    at = np.concatenate([town.corners[:, :4].mean(1), farms[:, :4].mean(1)])
    grid = districts.grid_of(at)
    kind = np.concatenate([town.kind, np.zeros(len(farms), np.intp)])
    return Stock(
        at,
        np.concatenate([town.corners, farms]),
        kind,
        _floors(kind, land.density(at), len(farms), rng),
        grid,
        _town_names(town, rng) + _farm_names(districts, grid[len(town.kind) :]),
    )


def _blocks(land: Land, blocks: Array, rng: np.random.Generator) -> _Plots:
    """Every plot of every block, each block built up by one plan."""
    kinds = _zones(land, blocks.mean(axis=1), rng)
    parts = []
    for index, kind in enumerate(KINDS):
        estates = np.flatnonzero(kinds == index)
        u, v = _plan(*PLANS[kind], rng, len(estates))
        corners = _inside(blocks[estates], u, v).reshape(-1, 5, 2)
        count = u.shape[1]
        parts.append(
            _Plots(
                corners,
                np.full(len(corners), index),
                np.repeat(estates, count),
                np.tile(np.arange(1, count + 1), len(estates)),
            )
        )
    return _Plots(*(np.concatenate([getattr(p, f) for p in parts]) for f in _Plots.__slots__))


def _zones(land: Land, middles: Array, rng: np.random.Generator) -> NDArray[np.intp]:
    """Works at the rim and by the port, shops and offices in the densest middle, else homes."""
    density, kinds = land.density(middles), np.zeros(len(middles), np.intp)
    industry = Noise(rng, 2_200, 2)(middles)
    kinds[(density < 0.55) & (industry > 0.12)] = KINDS.index(WORKS)
    dice = rng.random(len(middles))
    kinds[(dice < 0.04 + 0.1 * (density > 0.75))] = KINDS.index(SHOP)
    kinds[dice > 0.955] = KINDS.index(PUBLIC)
    return kinds


def _plan(
    rows: int, columns: int, long: float, deep: float, rng: np.random.Generator, count: int
) -> tuple[Array, Array]:
    """Corners of the plots of `count` blocks in block units: u, v of shape (count, plots, 5)."""
    side = 1 - 2 * MARGIN
    row, column = (grid.ravel() for grid in np.meshgrid(range(rows), range(columns), indexing="ij"))
    shape = (count, rows * columns, 1)
    u0 = MARGIN + (column[None, :, None] + 0.5) * side / columns
    v0 = MARGIN + (row[None, :, None] + 0.5) * side / rows
    du = side / columns * long / 2 * rng.uniform(0.72, 1.08, shape)
    dv = side / rows * deep / 2 * rng.uniform(0.8, 1.1, shape)
    shift = rng.uniform(-0.012, 0.012, shape)
    ring_u, ring_v = np.array([-1, 1, 1, -1, -1]), np.array([-1, -1, 1, 1, -1])
    return u0 + shift + du * ring_u, v0 - shift + dv * ring_v


def _inside(blocks: Array, u: Array, v: Array) -> Array:
    """Block units to metres: (blocks, plots, 5, 2) within the four corners of each block."""
    p = blocks[:, :, None, None, :]
    u, v = u[..., None], v[..., None]
    low, high = p[:, 0] * (1 - u) + p[:, 1] * u, p[:, 3] * (1 - u) + p[:, 2] * u
    return np.asarray(low * (1 - v) + high * v)


def _chosen(land: Land, plots: _Plots, count: int, rng: np.random.Generator) -> _Plots:
    """So many plots: mostly whole blocks, many in the dense parts, thinner towards the rim."""
    middle = plots.corners[:, :4].mean(axis=1)
    bare = shapely.buffer(shapely.union_all([land.union("water"), land.union("hill")]), 25)
    shapely.prepare(bare)
    weight = np.where(shapely.intersects_xy(bare, middle), 0.0, land.density(middle) ** 1.35)
    luck = rng.random(plots.estate.max(initial=0) + 1)[plots.estate]
    luck = np.clip(luck + rng.uniform(-0.04, 0.04, len(luck)), 1e-9, 1)
    order = np.argsort(-np.log(luck) / np.maximum(weight, 1e-12))
    return plots.take(np.sort(order[:count]))


def _hamlets(land: Land, roads: Roads, count: int, rng: np.random.Generator) -> Array:
    """(count, 5, 2) corners of houses in rows along country roads, gathered in hamlets."""
    rows = roads.rows("street")
    middles = along(roads.lines[rows], 0.5)
    density = land.density(middles)
    away = (density < TOWN_EDGE) & shapely.contains_xy(land.outline, middles)
    rows, density = rows[away], density[away]
    liked = (
        np.exp(1.8 * Noise(rng, 1_300, 2)(middles[away])) * (0.02 + density) * roads.lengths[rows]
    )
    lines = rng.choice(rows, count, p=liked / liked.sum())
    metres = np.round(rng.beta(2, 2, count) * roads.lengths[lines] / 19) * 19
    at, heading = _on_line(roads.lines[lines], metres)
    side = rng.choice([-1.0, 1.0], count)[:, None]
    off = np.stack([-heading[:, 1], heading[:, 0]], axis=-1) * side
    row = np.floor(rng.exponential(0.6, count))[:, None]
    return _rectangles(
        at + off * (17 + 21 * row), heading, FARM * rng.uniform(0.8, 1.2, (count, 1))
    )


def _on_line(lines: Any, metres: Array) -> tuple[Array, Array]:
    """Points at distances along lines, and unit headings there."""
    back, here, ahead = (
        shapely.get_coordinates(shapely.line_interpolate_point(lines, np.maximum(metres + more, 0)))
        for more in (-5, 0, 5)
    )
    step = ahead - back
    return here, step / np.maximum(np.hypot(*step.T), 1e-9)[:, None]


def _rectangles(at: Array, heading: Array, size: Array) -> Array:
    across = np.stack([-heading[:, 1], heading[:, 0]], axis=-1)
    u = np.array([-0.5, 0.5, 0.5, -0.5, -0.5])[None, :, None] * (heading * size[:, :1])[:, None]
    v = np.array([-0.5, -0.5, 0.5, 0.5, -0.5])[None, :, None] * (across * size[:, 1:])[:, None]
    return np.asarray(at[:, None] + u + v)


def _floors(
    kind: NDArray[np.intp], density: Array, farms: int, rng: np.random.Generator
) -> NDArray[np.intp]:
    dice = rng.random(len(kind))
    floors = np.select(
        [kind == KINDS.index(WORKS), kind == KINDS.index(HOME)],
        [1 + 3 * dice**2, 5 + 28 * dice**3 * (0.3 + density)],
        2 + 18 * dice**2 * (0.2 + density),
    ).astype(np.intp)
    if farms:
        floors[-farms:] = 1 + (dice[-farms:] > 0.25) + (dice[-farms:] > 0.8)
    return floors


def _town_names(plots: _Plots, rng: np.random.Generator) -> list[str]:
    estates, estate = np.unique(plots.estate, return_inverse=True)
    count = len(estates)
    table = asset("names")
    pools = {
        HOME: names.estates(count, rng),
        WORKS: names.firms(count, rng),
        PUBLIC: rng.choice(table["public"], count).tolist(),
        SHOP: names.shops(count, rng),
    }
    word = {HOME: "幢", WORKS: "号厂房", PUBLIC: "号楼", SHOP: "号楼"}
    rows = zip(plots.kind.tolist(), estate.tolist(), plots.number.tolist(), strict=True)
    return [f"{pools[KINDS[k]][e]} {n} {word[KINDS[k]]}" for k, e, n in rows]


def _farm_names(districts: Districts, grid: NDArray[np.intp]) -> list[str]:
    seen: dict[int, int] = {}
    result = []
    for village in districts.village_of(grid).tolist():
        seen[village] = seen.get(village, 0) + 1
        result.append(f"{districts.villages.names[village]} {seen[village]} 号")
    return result


def records(stock: Stock, land: Land, districts: Districts, seed: int) -> list[Building]:
    rng = stream(seed, "colours")
    colours = _drawn("building_colour", len(stock.at), rng)
    wkb = shapely.to_wkb(land.plane.to_degrees(shapely.polygons(stock.corners)))
    lonlat = land.plane.degrees(stock.at).tolist()
    columns = zip(
        stock.ids(),
        stock.grid.tolist(),
        stock.names,
        stock.kind.tolist(),
        stock.floors.tolist(),
        lonlat,
        wkb,
        colours,
        strict=True,
    )
    return [
        Building(id_, districts.grids.codes[g], name, KINDS[k], floors, lon, lat, geom, colour)
        for id_, g, name, k, floors, (lon, lat), geom, colour in columns
    ]


def households(stock: Stock, districts: Districts, count: int, seed: int) -> list[Household]:
    """So many households over the homes, more in taller ones."""
    rng = stream(seed, "households")
    homes, ids = stock.of(HOME), stock.ids()
    share = stock.floors[homes] / stock.floors[homes].sum()
    building = np.sort(homes[rng.choice(len(homes), count, p=share)])
    colours, tags = _drawn("building_colour", count, rng), _tags(count, rng)
    people = (1 + rng.binomial(5, 0.36, count)).tolist()
    doors = _doors(building, stock.floors, rng)
    grids = stock.grid[building].tolist()
    columns = zip(building.tolist(), grids, doors, people, colours, tags, strict=True)
    return [
        Household(f"H{n:06d}", ids[b], districts.grids.codes[g], door, size, colour, tag)
        for n, (b, g, door, size, colour, tag) in enumerate(columns, 1)
    ]


def _doors(
    building: NDArray[np.intp], floors: NDArray[np.intp], rng: np.random.Generator
) -> list[str]:
    floor = (1 + np.floor(rng.random(len(building)) * floors[building])).astype(int).tolist()
    flat = rng.integers(1, 5, len(building)).tolist()
    return [f"{f}{n:02d}" for f, n in zip(floor, flat, strict=True)]


def _drawn(name: str, count: int, rng: np.random.Generator) -> list[str]:
    """Rows of a code list drawn by their `share`."""
    rows = list(codes.load(name).values())
    share = np.array([float(row.facts["share"]) for row in rows])
    picked = rng.choice(len(rows), count, p=share / share.sum()).tolist()
    return [rows[n].id for n in picked]


def _tags(count: int, rng: np.random.Generator) -> list[str]:
    rows: Sequence[codes.Code] = list(codes.load("household_tag").values())
    has = rng.random((count, len(rows))) < [float(row.facts["share"]) for row in rows]
    result = [""] * count
    for household in np.flatnonzero(has.any(axis=1)).tolist():
        result[household] = ",".join(
            row.id for row, yes in zip(rows, has[household], strict=True) if yes
        )
    return result
