"""A whole demo city from one seed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from commandwall.areas import (
    Area,
    Attachment,
    Building,
    Camera,
    Feature,
    Household,
    Person,
    Pipe,
    Place,
    Road,
)
from commandwall.clock import DAY, Clock, Ms
from commandwall.events import Event
from commandwall.indicators import Indicator, IndicatorValue
from commandwall.pool.demo import (
    buildings,
    devices,
    districts,
    finer,
    land,
    papers,
    roads,
    streets,
    things,
)
from commandwall.pool.demo.devices import Town
from commandwall.pool.demo.land import asset
from commandwall.pool.demo.matters import Book
from commandwall.pool.demo.rhythm import days_between
from commandwall.pool.demo.vitals import Vitals
from commandwall.resources import Resource
from commandwall.sensors import Sensor


@dataclass(frozen=True, slots=True)
class Divisions:
    """Names that a city gave us: towns (code, name) and villages (code, name, town's code)."""

    name: str
    towns: Sequence[tuple[str, str]]
    villages: Sequence[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class City:
    """The demo city as it stands at `now`; the past is made day by day by `history`."""

    name: str
    code: str
    seed: int
    scale: str
    now: Ms
    town: Town
    book: Book
    vitals: Vitals
    records: dict[type[Any], list[Any]]
    """Everything but the events, by record class, in the order a pool should be filled."""

    def history(self) -> Iterator[list[Event]]:
        """Events day by day, the oldest first, up to `now`."""
        days = asset("scales")[self.scale]["history_days"]
        for day in days_between(Ms(self.now - days * DAY), self.now):
            yield self.book.day(day, self.now)

    def of(self, kind: type[Any]) -> list[Any]:
        return self.records[kind]


def generate(
    seed: int,
    scale: str = "small",
    boundary: Any = None,
    divisions: Divisions | None = None,
    now: Ms | None = None,
) -> City:
    """The city of a seed, always the same one at the same `now` (the present without it).

    `boundary`: a (Multi)Polygon in degrees WGS-84 instead of the invented city's outline, with
    the towns and villages of `divisions`. KeyError for an unknown scale.
    """
    sizes = asset("scales")[scale]
    ground = _ground(seed, boundary, divisions)
    parts = districts.divide(
        ground, seed, sizes["villages"], sizes["grids"], _named(ground, divisions)
    )
    net = streets.lay(ground, sizes["block_m"], seed)
    graph = roads.build(ground, parts, net, seed)
    stock = buildings.build(ground, parts, net, graph, sizes, seed)
    places = things.spots(parts, stock, graph, sizes["places"], seed)
    town = Town(parts, graph, stock, places, things.pipes(ground, graph, sizes["pipes"], seed))
    vitals, moment = Vitals(seed), Clock().now() if now is None else now
    book = Book(town, seed, sizes["events_per_day"])
    records = _records(town, sizes, seed, vitals, moment)
    return City(ground.name, ground.code, seed, scale, moment, town, book, vitals, records)


def _ground(seed: int, boundary: Any, divisions: Divisions | None) -> land.Land:
    if boundary is None:
        return land.invented(seed)
    if divisions is None:
        city = asset("city")
        towns = [(f"{city['code']}{n:03d}", row["name"]) for n, row in enumerate(city["town"], 1)]
        return land.given(seed, boundary, city["name"], towns)
    return land.given(seed, boundary, divisions.name, divisions.towns)


def _named(ground: land.Land, divisions: Divisions | None) -> list[list[tuple[str, str]]] | None:
    """Villages of each town in the order of the seats; a town without any is its own village."""
    if divisions is None or not divisions.villages:
        return None
    result = []
    for seat in ground.seats:
        rows = [(code, name) for code, name, parent in divisions.villages if parent == seat.code]
        result.append(rows or [(f"{seat.code}000", seat.name)])
    return result


def _records(
    town: Town, sizes: dict[str, Any], seed: int, vitals: Vitals, now: Ms
) -> dict[type[Any], list[Any]]:
    parts, graph, ground = town.districts, town.roads, town.districts.land
    places = things.places(town.places, parts, seed)
    return {
        Area: [
            *districts.areas(parts),
            *finer.microgrids(parts, sizes["microgrids"]),
            *finer.blocks(parts),
        ],
        Feature: things.features(ground),
        Road: graph.records(ground),
        Building: buildings.records(town.stock, ground, parts, seed),
        Place: places,
        Attachment: papers.attachments(places, now),
        Camera: things.cameras(parts, graph, sizes["cameras"], seed),
        Pipe: things.pipe_records(town.pipes, parts),
        Sensor: devices.sensors(town, sizes["sensors"], seed),
        Resource: devices.resources(town, sizes["resources"], seed),
        Person: districts.people(parts, seed),
        Household: buildings.households(town.stock, parts, sizes["households"], seed),
        Indicator: vitals.definitions,
        IndicatorValue: vitals.values(now),
    }
