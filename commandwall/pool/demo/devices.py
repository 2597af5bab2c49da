"""Sensors and units of a demo city."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely
from numpy.typing import NDArray

from commandwall import codes
from commandwall.pool.demo import names
from commandwall.pool.demo.buildings import HOME, PUBLIC, SHOP, WORKS, Stock
from commandwall.pool.demo.districts import Districts
from commandwall.pool.demo.plane import Array, along, stream
from commandwall.pool.demo.roads import Roads
from commandwall.pool.demo.things import Lines, Spots
from commandwall.resources import Resource
from commandwall.sensors import Sensor

NO_BUILDING = -1
FEED, FED = "PWR", ("WLV", "RWL", "AIR", "WQL", "CRD", "TRF")
"""Devices of these classes hang on the power feed of their village, where it has one; all others
on a gateway of their grid, which tells nothing of itself."""


@dataclass(frozen=True, slots=True)
class Town:
    """All that a device can be mounted on."""

    districts: Districts
    roads: Roads
    stock: Stock
    places: Spots
    pipes: Lines


Mounts = tuple[Array, NDArray[np.intp], list[str]]
"""Places (n, 2) metres, building numbers or NO_BUILDING, and what each is called after."""


def sensors(town: Town, total: int, seed: int, without: Collection[str] = ()) -> list[Sensor]:
    """About `total` devices of the classes of the code list, where such devices hang.

    `without`: classes that the city has none of; the others take over their share.
    """
    rng = stream(seed, "sensors")
    building_ids = town.stock.ids()
    made: list[Sensor] = []
    classes = [code for code in codes.load("sensor_class").values() if code.id not in without]
    share = np.array([float(code.facts["share"]) for code in classes])
    until = np.round(np.cumsum(share) / share.sum() * total).astype(int)
    for code, count in zip(classes, np.diff(until, prepend=0).tolist(), strict=True):
        count = max(code.facts.get("least", 3), count)
        at, building, called = _MOUNTS[code.id](town, count, rng)
        grid = town.districts.grid_of(at).tolist()
        lonlat = town.districts.land.plane.degrees(at).tolist()
        facts = code.facts
        columns = zip(lonlat, building.tolist(), called, grid, strict=True)
        made += [
            Sensor(
                f"{code.id}-{n:06d}",
                len(made) + n,
                code.id,
                f"{name}{facts['signal_zh']}",
                town.districts.grids.codes[g],
                building_ids[b] if b >= 0 else "",
                lon,
                lat,
                facts["unit"],
                facts["low"],
                facts["high"],
                facts["period_s"],
                f"GW-{town.districts.grids.codes[g][-9:]}",
            )
            for n, ((lon, lat), b, name, g) in enumerate(columns, 1)
        ]
    return _fed(made, town.districts)


def _fed(made: Sequence[Sensor], districts: Districts) -> list[Sensor]:
    village = dict(zip(districts.grids.codes, districts.grids.parents.tolist(), strict=True))
    feeds = {village[s.area]: s.id for s in made if s.cls == FEED}
    parent = {s.id: feeds.get(village[s.area], s.parent) for s in made if s.cls in FED}
    return [replace(s, parent=parent[s.id]) if s.id in parent else s for s in made]


def _in_buildings(*kinds: str) -> Callable[[Town, int, np.random.Generator], Mounts]:
    def mount(town: Town, count: int, rng: np.random.Generator) -> Mounts:
        stock, rows = town.stock, town.stock.of(*kinds)
        size = np.sqrt(stock.floors[rows])
        picked = rng.choice(rows, count, p=size / size.sum())
        at = stock.at[picked] + rng.uniform(-9, 9, (count, 2))
        return at, picked, [stock.names[n] for n in picked.tolist()]

    return mount


def _on_pipes(town: Town, count: int, rng: np.random.Generator) -> Mounts:
    """Half in kitchens and boiler rooms, half in the wells of gas mains."""
    wells = count // 2
    rows = np.flatnonzero(np.array(town.pipes.kind) == "gas")
    picked = rng.choice(rows, wells)
    at = along(town.pipes.lines[picked], rng.random(wells))
    inner = _in_buildings(HOME, SHOP, WORKS)(town, count - wells, rng)
    called = [town.pipes.names[n] + "阀井" for n in picked.tolist()]
    none = np.full(wells, NO_BUILDING)
    return np.concatenate([at, inner[0]]), np.concatenate([none, inner[1]]), called + inner[2]


def _by_water(town: Town, count: int, rng: np.random.Generator) -> Mounts:
    """On the banks of named waters inside the city."""
    waters = [g for g in town.districts.land.of("water") if g.name]
    inner = shapely.buffer(town.districts.land.outline, -40)
    banks = shapely.intersection(shapely.boundary([g.geom for g in waters]), inner)
    parts, owner = shapely.get_parts(banks, return_index=True)
    length = shapely.length(parts)
    if not length.sum():
        return _on_roads(town, count, rng)
    picked = rng.choice(len(parts), count, p=length / length.sum())
    at = along(parts[picked], rng.random(count))
    return at, np.full(count, NO_BUILDING), [waters[n].name for n in owner[picked].tolist()]


def _on_roads(town: Town, count: int, rng: np.random.Generator) -> Mounts:
    """Poles, bridges, covers: along roads, where people are and thinly elsewhere."""
    roads = town.roads
    rows = roads.rows("main", "street")
    middles = along(roads.lines[rows], 0.5)
    liked = (town.districts.land.density(middles) + 0.06) * roads.lengths[rows]
    liked *= shapely.contains_xy(town.districts.land.outline, middles)
    picked = rng.choice(rows, count, p=liked / liked.sum())
    at = along(roads.lines[picked], rng.random(count))
    at = at + rng.normal(0, 6, at.shape)
    return at, np.full(count, NO_BUILDING), [roads.names[n] for n in picked.tolist()]


def _at_places(*kinds: str) -> Callable[[Town, int, np.random.Generator], Mounts]:
    def mount(town: Town, count: int, rng: np.random.Generator) -> Mounts:
        rows = np.concatenate([town.places.of(kind) for kind in kinds])
        picked = np.resize(rng.permutation(rows), count)
        at = town.places.at[picked] + rng.normal(0, 14, (count, 2))
        return at, np.full(count, NO_BUILDING), [town.places.names[n] for n in picked.tolist()]

    return mount


def _on_hills(town: Town, count: int, rng: np.random.Generator) -> Mounts:
    hills = town.districts.land.of("hill")
    area = shapely.area([hill.geom for hill in hills])
    picked = rng.choice(len(hills), count, p=area / area.sum())
    at = np.array([_within(hills[n].geom, rng) for n in picked.tolist()])
    return at, np.full(count, NO_BUILDING), [hills[n].name for n in picked.tolist()]


def _within(geom: object, rng: np.random.Generator) -> Array:
    west, south, east, north = shapely.bounds(geom)
    spots = rng.uniform((west, south), (east, north), (60, 2))
    return np.asarray(spots[np.argmax(shapely.contains_xy(geom, spots))])


def _over_land(town: Town, count: int, rng: np.random.Generator) -> Mounts:
    """Evenly over the country, at village offices."""
    villages = town.districts.villages
    picked = np.resize(rng.permutation(len(villages.names)), count)
    at = villages.at[picked] + rng.normal(0, 60, (count, 2))
    return at, np.full(count, NO_BUILDING), [villages.names[n] for n in picked.tolist()]


def _at_stations(town: Town, count: int, rng: np.random.Generator) -> Mounts:
    """At offices far apart, the same for each class: a weather station tells several things."""
    villages = town.districts.villages
    picked = np.linspace(0, len(villages.names) - 1, count).astype(int)
    at = np.asarray(villages.at[picked])
    return at, np.full(count, NO_BUILDING), [f"{villages.names[n]}气象站" for n in picked.tolist()]


_MOUNTS: dict[str, Callable[[Town, int, np.random.Generator], Mounts]] = {
    "GAS": _on_pipes,
    "WLV": _by_water,
    "RWL": _at_places("underpass"),
    "FIR": _in_buildings(HOME, WORKS, PUBLIC, SHOP),
    "FOR": _on_hills,
    "AIR": _over_land,
    "WQL": _by_water,
    "STR": _on_roads,
    "DOR": _in_buildings(HOME),
    "MET": _over_land,
    "PWR": _on_roads,
    "WDR": _at_stations,
    "WSP": _at_stations,
    "CRD": _on_roads,
    "ACC": _on_roads,
    "TRF": _on_roads,
}


def resources(town: Town, total: int, seed: int) -> list[Resource]:
    """Units at their stations, every kind in its share."""
    rng = stream(seed, "resources")
    made: list[Resource] = []
    for code in codes.load("resource_kind").values():
        count = max(1, round(total * float(code.facts["share"])))
        base = np.resize(rng.permutation(town.places.of(code.facts["base"])), count)
        at = town.places.at[base] + rng.normal(0, 20, (count, 2))
        grid = town.places.grid[base].tolist()
        lonlat = town.districts.land.plane.degrees(at).tolist()
        crew = rng.integers(code.facts["crew"][0], code.facts["crew"][1], count, endpoint=True)
        phones = names.phones(count, rng)
        status = np.where(rng.random(count) < 0.72, "patrol", "idle").tolist()
        towns = town.districts.town_of(town.places.grid[base]).tolist()
        columns = zip(lonlat, grid, crew.tolist(), phones, status, towns, strict=True)
        first = len(made)
        made += [
            Resource(
                f"U{first + n:04d}",
                first + n,
                code.id,
                f"{town.districts.towns.names[t][:2]}{code.zh}{n} 组",
                code.facts["unit"],
                people,
                code.facts["can"],
                state,
                lon,
                lat,
                town.districts.grids.codes[g],
                phone,
            )
            for n, ((lon, lat), g, people, phone, state, t) in enumerate(columns, 1)
        ]
    return made
