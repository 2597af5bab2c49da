"""Where matters happen in a demo city: houses, shops, works, roads, waters, and what is loud."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from commandwall.pool.demo.buildings import HOME, SHOP, WORKS
from commandwall.pool.demo.devices import Town
from commandwall.pool.demo.land import asset
from commandwall.pool.demo.plane import Array, along

SITES = ("home", "road", "shop", "works", "water", "site", "loud")
Spots = NDArray[np.intp]
"""Rows of the candidates of all kinds."""


@dataclass(frozen=True, slots=True)
class Sites:
    """The candidates of all kinds, one kind of SITES after the other, in columns."""

    lonlat: Array
    grid: NDArray[np.intp]
    names: NDArray[np.object_]
    roads: NDArray[np.object_]
    weights: list[Array]  # of each kind a running sum, 0..1

    def draw(self, kinds: NDArray[np.intp], dice: Array) -> Spots:
        """A candidate of each of these kinds (indexes into SITES) by dice in 0..1."""
        spots, first = np.zeros(len(kinds), np.intp), 0
        for kind, weight in enumerate(self.weights):
            rows = kinds == kind
            spots[rows] = first + np.searchsorted(weight, dice[rows])
            first += len(weight)
        return spots

    def first(self, kind: str) -> int:
        """Row of the first candidate of a kind."""
        return sum(map(len, self.weights[: SITES.index(kind)]))


def find(town: Town) -> Sites:
    """All candidates of a city, with the nearest road of each."""
    parts = _candidates(town)
    at = np.concatenate([parts[kind][0] for kind in SITES])
    called = [name for kind in SITES for name in parts[kind][1]]
    rows = town.roads.rows("main", "street")
    near = shapely.STRtree(town.roads.lines[rows]).query_nearest(
        shapely.points(at), all_matches=False
    )[1]
    return Sites(
        town.districts.land.plane.degrees(at),
        town.districts.grid_of(at),
        np.array(called, object),
        np.array(town.roads.names, object)[rows[near]],
        [_running(*parts[kind][1:]) for kind in SITES],
    )


Candidates = tuple[Array, list[str], Array | None]
"""Places (metres), what each is called, and how much is reported of each (None: the same)."""


def _candidates(town: Town) -> dict[str, Candidates]:
    stock, places = town.stock, town.places
    size = np.sqrt(stock.floors.astype(float))
    homes, shops, works = (stock.of(kind) for kind in (HOME, SHOP, WORKS))
    if not len(works):
        works = homes
    estates = [name.rsplit(" ", 2)[0] for name in stock.names]
    houses = {
        kind: (stock.at[rows], [estates[n] for n in rows], size[rows])
        for kind, rows in (("home", homes), ("shop", shops), ("works", works))
    }
    pump, site = places.of("pump"), places.of("site")
    reach = [places.names[n].replace("泵站", "河段") for n in pump]
    return {
        **houses,
        "road": _on_roads(town),
        "water": (places.at[pump], reach, None),
        "site": (places.at[site], [places.names[n] for n in site], None),
        "loud": (*_loud(town), None),
    }


def _on_roads(town: Town) -> Candidates:
    """The middles of main roads and streets inside the city."""
    roads, land = town.roads, town.districts.land
    edge = roads.rows("main", "street")
    middle = along(roads.lines[edge], 0.5)
    inside = shapely.contains_xy(land.outline, middle)
    edge, middle = edge[inside], middle[inside]
    return (
        middle,
        [roads.names[n] for n in edge],
        (land.density(middle) + 0.03) * roads.lengths[edge],
    )


def _running(called: list[str], weight: Array | None) -> Array:
    total = np.cumsum(np.ones(len(called)) if weight is None else weight)
    return np.asarray(total / total[-1])


def _loud(town: Town) -> tuple[Array, list[str]]:
    """The three places that people complain of again and again."""
    seats = {seat.name: seat.at for seat in town.districts.land.seats}
    order = [seat.at for seat in town.districts.land.seats]
    rows = asset("matters")["loud"]
    at = [
        seats.get(row["town"], order[n % len(order)]) + np.array([row["east"], row["north"]])
        for n, row in enumerate(rows)
    ]
    return np.array(at), [row["name"] for row in rows]
