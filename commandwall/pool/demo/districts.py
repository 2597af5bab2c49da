"""The four levels of areas of a demo city, and the people in charge of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from commandwall.areas import CITY, GRID, TOWN, VILLAGE, Area, Person
from commandwall.pool.demo import names
from commandwall.pool.demo.land import Land
from commandwall.pool.demo.plane import Array, stream
from commandwall.pool.demo.subdivide import Division, nest, unite

BASE = 0.07
"""Land alone counts this much beside people when villages and grids are cut."""


@dataclass(frozen=True, slots=True)
class Level:
    """One level: codes, names, kinds, the number of each one's parent, geometry in metres."""

    codes: list[str]
    names: list[str]
    kinds: list[str]
    parents: NDArray[np.intp]
    geoms: list[Any]
    at: Array  # (n, 2) label points


@dataclass(frozen=True, slots=True)
class Districts:
    """Towns, villages and grids; grid i lies in village grids.parents[i]."""

    land: Land
    towns: Level
    villages: Level
    grids: Level

    def grid_of(self, xy: Array) -> NDArray[np.intp]:
        """The grid each of (n, 2) points lies in, the nearest one for a point outside."""
        tree = shapely.STRtree(self.grids.geoms)
        points = shapely.points(xy)
        found = np.full(len(xy), -1, np.intp)
        point, grid = tree.query(points, predicate="intersects")
        found[point] = grid
        lost = np.flatnonzero(found < 0)
        if len(lost):
            found[lost] = tree.query_nearest(points[lost], all_matches=False)[1]
        return found

    def village_of(self, grid: NDArray[np.intp]) -> NDArray[np.intp]:
        return np.asarray(self.grids.parents[grid])

    def town_of(self, grid: NDArray[np.intp]) -> NDArray[np.intp]:
        return np.asarray(self.villages.parents[self.village_of(grid)])

    def long_names(self) -> list[str]:
        """Town, village and grid of each grid, as one reads them in an address."""
        rows = zip(self.grids.names, self.grids.parents, strict=True)
        return [
            f"{self.towns.names[self.villages.parents[v]]}{self.villages.names[v]} {name}"
            for name, v in rows
        ]


def divide(
    land: Land,
    seed: int,
    villages: int,
    grids: int,
    named: list[list[tuple[str, str]]] | None = None,
) -> Districts:
    """Cut the land into towns, about so many villages and grids.

    `named[t]` gives the (code, name) of the villages of town t where the city told us.
    """
    rng = stream(seed, "districts")
    seats = land.seats
    weights = np.array([seat.weight for seat in seats])
    at = np.array([seat.at for seat in seats])
    towns = Division(land.outline, weights, rng, at).parts()
    counts = [len(rows) for rows in named] if named else _shares(land, towns, villages)
    village_parts, town_of = _cut_all(land, towns, counts, rng)
    grid_parts, village_of = _cut_all(land, village_parts, _shares(land, village_parts, grids), rng)
    grid_parts, village_parts = nest(grid_parts, village_of)
    labels = named or _village_names(land, counts, rng)
    return _levels(
        land,
        (grid_parts, village_parts, unite(village_parts, town_of)),
        (village_of, town_of),
        labels,
    )


def _levels(
    land: Land,
    geoms: tuple[list[Any], list[Any], list[Any]],
    parents: tuple[list[int], list[int]],
    labels: list[list[tuple[str, str]]],
) -> Districts:
    grid_geoms, village_geoms, town_geoms = geoms
    towns = Level(
        [s.code for s in land.seats],
        [s.name for s in land.seats],
        [s.kind for s in land.seats],
        np.zeros(len(land.seats), np.intp),
        town_geoms,
        np.array([s.at for s in land.seats]),
    )
    rows = [row for town in labels for row in town]
    villages = _level(rows, [_village_kind(name) for _, name in rows], parents[1], village_geoms)
    numbered = _grid_codes(villages.codes, parents[0])
    grids = _level(numbered, ["grid"] * len(numbered), parents[0], grid_geoms)
    return Districts(land, towns, villages, grids)


def _level(
    rows: list[tuple[str, str]], kinds: list[str], parents: list[int], geoms: list[Any]
) -> Level:
    at = shapely.get_coordinates(shapely.point_on_surface(geoms))
    codes, labels = [code for code, _ in rows], [name for _, name in rows]
    return Level(codes, labels, kinds, np.array(parents, np.intp), geoms, at)


def _shares(land: Land, wholes: list[Any], total: int) -> list[int]:
    """How many parts each area gets: by its people and its land, at least one, `total` in all."""
    weight = np.array([_people(land, whole) for whole in wholes])
    exact = weight / weight.sum() * (total - len(wholes))
    counts = np.floor(exact).astype(int)
    rest = total - len(wholes) - counts.sum()
    counts[np.argsort(counts - exact)[:rest]] += 1
    return [int(n) + 1 for n in counts]


def _people(land: Land, whole: Any) -> float:
    west, south, east, north = shapely.bounds(whole)
    x, y = np.meshgrid(np.linspace(west, east, 40), np.linspace(south, north, 40))
    inside = shapely.contains_xy(whole, x.ravel(), y.ravel())
    spots = np.stack([x.ravel(), y.ravel()], axis=-1)[inside]
    return float((land.density(spots) + BASE).mean() * shapely.area(whole)) if len(spots) else 1.0


def _cut_all(
    land: Land, wholes: list[Any], counts: list[int], rng: np.random.Generator
) -> tuple[list[Any], list[int]]:
    """Each whole cut into its number of parts of like population; the parts and their wholes."""
    parts: list[Any] = []
    owner: list[int] = []
    for number, (whole, count) in enumerate(zip(wholes, counts, strict=True)):
        parts += Division(
            whole, np.ones(count), rng, mass=lambda xy: land.density(xy) + BASE
        ).parts()
        owner += [number] * count
    return parts, owner


def _village_names(
    land: Land, counts: list[int], rng: np.random.Generator
) -> list[list[tuple[str, str]]]:
    roots = iter(names.villages(sum(counts), rng))
    labels: list[list[tuple[str, str]]] = []
    for seat, count in zip(land.seats, counts, strict=True):
        tail = "村" if seat.kind == "town" else "社区"
        town = [(f"{seat.code}{n:03d}", next(roots)) for n in range(1, count + 1)]
        labels.append([(c, name + ("社区" if n < 2 else tail)) for n, (c, name) in enumerate(town)])
    return labels


def _village_kind(name: str) -> str:
    return "village" if name.endswith(("村", "村委会")) else "community"


def _grid_codes(villages: list[str], parents: list[int]) -> list[tuple[str, str]]:
    seen = [0] * len(villages)
    rows: list[tuple[str, str]] = []
    for parent in parents:
        seen[parent] += 1
        rows.append((f"{villages[parent]}{seen[parent]:03d}", f"{seen[parent]:02d} 网格"))
    return rows


def areas(d: Districts) -> list[Area]:
    """All four levels as records, the city first."""
    land = d.land
    middle = land.plane.degrees(shapely.get_coordinates(shapely.point_on_surface(land.outline)))[0]
    whole = shapely.coverage_union_all(np.array(d.towns.geoms, object))
    city = Area(
        land.code,
        CITY,
        land.name,
        "",
        float(middle[0]),
        float(middle[1]),
        shapely.to_wkb(land.plane.to_degrees(whole)),
        1,
        "city",
    )
    return [
        city,
        *_records(d, TOWN, d.towns, [land.code]),
        *_records(d, VILLAGE, d.villages, d.towns.codes),
        *_records(d, GRID, d.grids, d.villages.codes),
    ]


def _records(d: Districts, level: int, rows: Level, parents: list[str]) -> list[Area]:
    wkb = shapely.to_wkb(d.land.plane.to_degrees(np.array(rows.geoms, object)))
    at = d.land.plane.degrees(rows.at).tolist()
    columns = zip(rows.codes, rows.names, rows.parents, at, wkb, rows.kinds, strict=True)
    return [
        Area(code, level, name, parents[parent], lon, lat, geom, 1, kind)
        for code, name, parent, (lon, lat), geom, kind in columns
    ]


def people(d: Districts, seed: int) -> list[Person]:
    """A grid worker and a linked cadre for each grid, a head for each village and town."""
    rng = stream(seed, "people")
    duties = [
        *(
            (code, "grid_worker", d.villages.names[v])
            for code, v in zip(d.grids.codes, d.grids.parents, strict=True)
        ),
        *(
            (code, "cadre", d.towns.names[d.villages.parents[v]])
            for code, v in zip(d.grids.codes, d.grids.parents, strict=True)
        ),
        *(
            (code, "village_head", name)
            for code, name in zip(d.villages.codes, d.villages.names, strict=True)
        ),
        *(
            (code, "town_duty", name)
            for code, name in zip(d.towns.codes, d.towns.names, strict=True)
        ),
    ]
    called, phones = names.persons(len(duties), rng), names.phones(len(duties), rng)
    return [
        Person(f"P{n:06d}", area, role, name, phone, unit)
        for n, ((area, role, unit), name, phone) in enumerate(
            zip(duties, called, phones, strict=True), 1
        )
    ]
