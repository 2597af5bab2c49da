"""Events of a demo city: what people report on one day, each worked on as far as it is by now."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from commandwall import codes
from commandwall.clock import Ms
from commandwall.events import AREA, CLOSED, NOWHERE, POINT, Event
from commandwall.pool.demo import names, rhythm
from commandwall.pool.demo.buildings import HOME, SHOP, WORKS
from commandwall.pool.demo.devices import Town
from commandwall.pool.demo.land import asset
from commandwall.pool.demo.plane import Array, along, stream
from commandwall.pool.demo.rhythm import STATES, Times

ON_AREA, LOST = 0.12, 0.015
"""Part of the events placed on an area only, and of those without any place."""
SITES = ("home", "road", "shop", "works", "water", "site", "loud")


@dataclass(frozen=True, slots=True)
class Sites:
    """Where matters happen: columns of candidates."""

    lonlat: Array
    grid: NDArray[np.intp]
    names: list[str]
    roads: list[str]
    weight: Array  # running sum, 0..1


class Book:
    """Writes the events of any day of one city."""

    def __init__(self, town: Town, seed: int, per_day: float) -> None:
        self._seed, self.per_day = seed, per_day
        self._matters = asset("matters")["matter"]
        self._classes = codes.load("event_class")
        self._sites = _sites(town, stream(seed, "sites"))
        districts = town.districts
        self._long = districts.long_names()
        self._grids = districts.grids.codes
        self._villages = districts.villages.codes
        self._village_at = districts.land.plane.degrees(districts.villages.at)
        self._village_of = districts.grids.parents
        self._reach = np.sqrt(shapely.area(districts.villages.geoms) / np.pi)
        self._city = districts.land.code
        self._pull = self._by_hour()
        self._noise = np.array([matter["cls"] == "noise" for matter in self._matters])

    def day(self, day: date, now: Ms) -> list[Event]:
        """Events received on a local day up to `now`, in the state they have reached by then."""
        at = rhythm.arrivals(self._seed, day, self.per_day)
        events = self._write(day, at, stream(self._seed, f"matters {day.isoformat()}"), now)
        return [event for event in events if event.received_at <= now]

    def _write(self, day: date, at: Times, rng: np.random.Generator, now: Ms) -> list[Event]:
        count = len(at)
        matter = _pick(self._pull[:, rhythm.hour_in(at)], rng)
        site, place = self._places(matter, rng)
        ids = [f"E{day:%Y%m%d}-{n:05d}" for n in range(1, count + 1)]
        heads = self._heads(matter, rng)
        received = at + rng.integers(400, 9_000, count)
        work = self.work(
            ids, [h[1] for h in heads], np.array([h[2] for h in heads], np.intp), received
        )
        state = work.state(now).tolist()
        placed = rng.choice(3, count, p=[1 - ON_AREA - LOST, ON_AREA, LOST]).tolist()
        blanks = rng.integers(0, 1 << 30, (count, 3)).tolist()
        who = zip(names.persons(count, rng), names.phones(count, rng), strict=True)
        columns = zip(
            ids,
            heads,
            matter.tolist(),
            site.tolist(),
            place.tolist(),
            placed,
            blanks,
            at.tolist(),
            received.tolist(),
            state,
            work.closed_at.tolist(),
            who,
            strict=True,
        )
        return [self._event(n, day, row) for n, row in enumerate(columns, 1)]

    def work(
        self, ids: Sequence[str], classes: Sequence[str], urgency: NDArray[np.intp], received: Times
    ) -> rhythm.Steps:
        """How the work on events goes; fixed by their ids."""
        dice = np.array([zlib.crc32(i.encode()) for i in ids], np.uint64)
        usual = {code.id: float(code.facts["hours"]) for code in self._classes.values()}
        hours = np.array([usual.get(cls, 24.0) for cls in classes], float)
        return rhythm.steps(dice, urgency, hours, received)

    def unit_of(self, cls: str) -> str:
        code = self._classes.get(cls)
        return str(code.facts["unit"]) if code else ""

    def _heads(
        self, matter: NDArray[np.intp], rng: np.random.Generator
    ) -> list[tuple[str, str, int]]:
        """Source, class and urgency of each event."""
        dice, luck = rng.random(len(matter)).tolist(), rng.random(len(matter)).tolist()
        result = []
        for number, source_dice, urgency_dice in zip(matter.tolist(), dice, luck, strict=True):
            row = self._matters[number]
            sources = list(row["sources"])
            share = np.cumsum(list(row["sources"].values()))
            source = sources[min(int(np.searchsorted(share, source_dice)), len(sources) - 1)]
            result.append((source, row["cls"], self._urgency(row["cls"], urgency_dice)))
        return result

    def _urgency(self, cls: str, dice: float) -> int:
        usual = int(self._classes[cls].facts["urgency"])
        if dice < 0.05 and usual > 2:
            return usual - 1
        return min(5, usual + 1) if dice > 0.93 and usual >= 3 else usual

    def _by_hour(self) -> Array:
        """(matters, 24) running sums down the matters: what is reported at each hour."""
        when = asset("rhythm")["when"]
        table = np.array([np.array(when[m["when"]], float) * m["weight"] for m in self._matters])
        return np.asarray(np.cumsum(table, axis=0) / table.sum(axis=0))

    def _places(
        self, matter: NDArray[np.intp], rng: np.random.Generator
    ) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Kind of site (index into SITES) and number of the candidate for each event."""
        kinds = np.array([SITES.index(m["at"]) for m in self._matters])[matter]
        loud = self._noise[matter] & (rng.random(len(matter)) < asset("rhythm")["loud_share"])
        kinds = np.where(loud, SITES.index("loud"), kinds)
        dice = rng.random(len(matter))
        place = np.zeros(len(matter), np.intp)
        for index, kind in enumerate(SITES):
            rows = kinds == index
            place[rows] = np.searchsorted(self._sites[kind].weight, dice[rows])
        place[loud] = [
            self._loud_place(int(m), d) for m, d in zip(matter[loud], dice[loud], strict=True)
        ]
        return kinds, place

    def _loud_place(self, matter: int, dice: float) -> int:
        """The loud place that a complaint fits: works at a building site, music at a market."""
        at = self._matters[matter]["at"]
        fitting = [n for n, row in enumerate(asset("matters")["loud"]) if row["at"] == at]
        return fitting[int(dice * len(fitting))]

    def _event(self, number: int, day: date, row: tuple[Any, ...]) -> Event:
        (
            id_,
            (source, cls, urgency),
            matter,
            site,
            place,
            placed,
            blanks,
            at,
            received,
            state,
            end,
            (person, phone),
        ) = row
        sites = self._sites[SITES[site]]
        grid = int(sites.grid[place])
        title, body = self._text(self._matters[matter], sites, place, blanks)
        area, lon, lat, acc = self._position(sites, place, placed, grid, blanks)
        state_name = STATES[state]
        return Event(
            id_,
            source,
            f"{day:%m%d}-{number:05d}",
            title,
            body,
            cls,
            urgency,
            None,
            area,
            f"{self._long[grid]} {sites.names[place]}",
            lon,
            lat,
            acc,
            (POINT, AREA, NOWHERE)[placed],
            "wgs84",
            person,
            phone,
            Ms(at - (blanks[1] % 2_400_000)),
            Ms(at),
            Ms(received),
            state_name,
            self.unit_of(cls) if state >= 2 else "",
            Ms(end) if state_name == CLOSED else None,
        )

    def _position(
        self, sites: Sites, place: int, placed: int, grid: int, blanks: Sequence[int]
    ) -> tuple[str, float | None, float | None, float | None]:
        """Area code, longitude, latitude and accuracy, by how the event was placed."""
        if placed == 2:
            return self._city, None, None, None
        village = int(self._village_of[grid])
        if placed == 1:
            lon, lat = self._village_at[village].tolist()
            return self._villages[village], lon, lat, round(float(self._reach[village]), 0)
        lon, lat = sites.lonlat[place].tolist()
        shift = (blanks[0] % 199 - 99) * 2.2e-6, (blanks[2] % 199 - 99) * 1.9e-6
        return self._grids[grid], lon + shift[0], lat + shift[1], float(8 + blanks[1] % 40)

    @staticmethod
    def _text(
        matter: dict[str, Any], sites: Sites, place: int, blanks: Sequence[int]
    ) -> tuple[str, str]:
        slots = {
            "place": sites.names[place],
            "road": sites.roads[place],
            "n": 2 + blanks[0] % 11,
            "days": 2 + blanks[1] % 13,
            "hour": 21 + blanks[2] % 3,
        }
        title, body = matter["texts"][blanks[2] // 3 % len(matter["texts"])]
        return title.format(**slots), body.format(**slots)


def _pick(sums: Array, rng: np.random.Generator) -> NDArray[np.intp]:
    """For each column of running sums a row drawn by its share."""
    return np.asarray((sums < rng.random(sums.shape[1])).sum(axis=0))


def _sites(town: Town, rng: np.random.Generator) -> dict[str, Sites]:
    stock, places, roads = town.stock, town.places, town.roads
    size = np.sqrt(stock.floors.astype(float))
    homes, shops, works = (stock.of(kind) for kind in (HOME, SHOP, WORKS))
    if not len(works):
        works = homes
    estates = [name.rsplit(" ", 2)[0] for name in stock.names]
    make = _Maker(town)
    edge = roads.rows("main", "street")
    middle = along(roads.lines[edge], 0.5)
    inside = shapely.contains_xy(town.districts.land.outline, middle)
    edge, middle = edge[inside], middle[inside]
    weight = (town.districts.land.density(middle) + 0.03) * roads.lengths[edge]
    pump, site = places.of("pump"), places.of("site")
    return {
        "home": make(stock.at[homes], [estates[n] for n in homes], size[homes]),
        "shop": make(stock.at[shops], [estates[n] for n in shops], size[shops]),
        "works": make(stock.at[works], [estates[n] for n in works], size[works]),
        "road": make(middle, [roads.names[n] for n in edge], weight),
        "water": make(
            places.at[pump], [places.names[n].replace("泵站", "河段") for n in pump], None
        ),
        "site": make(places.at[site], [places.names[n] for n in site], None),
        "loud": make(*_loud(town), None),
    }


class _Maker:
    """Turns points and names into sites, with the nearest road of each."""

    def __init__(self, town: Town) -> None:
        rows = town.roads.rows("main", "street")
        self._tree = shapely.STRtree(town.roads.lines[rows])
        self._roads = [town.roads.names[n] for n in rows]
        self._districts = town.districts

    def __call__(self, at: Array, called: list[str], weight: Array | None) -> Sites:
        near = self._tree.query_nearest(shapely.points(at), all_matches=False)[1]
        total = np.cumsum(np.ones(len(at)) if weight is None else weight)
        return Sites(
            self._districts.land.plane.degrees(at),
            self._districts.grid_of(at),
            called,
            [self._roads[n] for n in near.tolist()],
            total / total[-1],
        )


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
