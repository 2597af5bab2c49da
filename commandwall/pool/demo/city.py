"""A whole demo city from one seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from commandwall.areas import (
    Area,
    Building,
    Camera,
    Feature,
    Household,
    Person,
    Pipe,
    Place,
    Road,
)
from commandwall.attachments import Attachment
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
    makers: Mapping[type[Any], Callable[[], list[Any]]]
    """Everything but the events: what makes the records of each class, in the order a pool should
    be filled. Each is made by itself, so that who needs a few need not hold them all."""
    _made: dict[type[Any], list[Any]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def days(self) -> list[date]:
        """The local days of its history, the oldest first."""
        days = asset("scales")[self.scale]["history_days"]
        return days_between(Ms(self.now - days * DAY), self.now)

    def history(self) -> Iterator[list[Event]]:
        """Events day by day, the oldest first, up to `now`."""
        for day in self.days:
            yield self.book.day(day, self.now)

    @property
    def records(self) -> dict[type[Any], list[Any]]:
        """All records by class."""
        return {kind: self.of(kind) for kind in self.makers}

    def of(self, kind: type[Any]) -> list[Any]:
        """The records of a class, which are made once and kept."""
        if kind not in self._made:
            self._made[kind] = self.makers[kind]()
        return self._made[kind]


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
    ground = _ground(seed, sizes["towns"], boundary, divisions)
    parts = districts.divide(
        ground, seed, sizes["villages"], sizes["grids"], _named(ground, divisions)
    )
    net = streets.lay(ground, sizes["block_m"], seed)
    graph = roads.build(ground, parts, net, seed, sizes.get("bend_m"))
    stock = buildings.build(ground, parts, net, graph, sizes, seed)
    places = things.spots(parts, stock, graph, sizes["places"], seed)
    town = Town(parts, graph, stock, places, things.pipes(ground, graph, sizes["pipes"], seed))
    moment = Clock().now() if now is None else now
    vitals = Vitals(seed, {seat.name[:2]: seat.code for seat in ground.seats})
    book = Book(town, seed, sizes["events_per_day"])
    makers = _makers(town, sizes, seed, vitals, moment)
    return City(ground.name, ground.code, seed, scale, moment, town, book, vitals, makers)


def _ground(seed: int, count: int, boundary: Any, divisions: Divisions | None) -> land.Land:
    if boundary is None:
        return land.invented(seed, count)
    if divisions is None:
        city = asset("city")
        rows = enumerate(city["town"][:count], 1)
        towns = [(f"{city['code']}{n:03d}", row["name"]) for n, row in rows]
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


def _makers(
    town: Town, sizes: dict[str, Any], seed: int, vitals: Vitals, now: Ms
) -> dict[type[Any], Callable[[], list[Any]]]:
    parts, graph, ground = town.districts, town.roads, town.districts.land
    homes = sizes["households"]

    def places() -> list[Place]:
        return things.places(town.places, parts, seed)

    return {
        Area: lambda: [
            *districts.areas(parts),
            *finer.microgrids(parts, sizes["microgrids"]),
            *finer.blocks(parts),
        ],
        Feature: lambda: things.features(ground),
        Road: lambda: graph.records(ground),
        Building: lambda: buildings.records(town.stock, ground, parts, seed),
        Place: places,
        Attachment: lambda: papers.attachments(places(), now),
        Camera: lambda: things.cameras(parts, graph, sizes["cameras"], seed),
        Pipe: lambda: things.pipe_records(town.pipes, parts),
        Sensor: lambda: devices.sensors(town, sizes["sensors"], seed, sizes.get("without", ())),
        Resource: lambda: devices.resources(town, sizes["resources"], seed),
        Person: lambda: districts.people(parts, seed),
        Household: lambda: buildings.households(town.stock, parts, homes, seed),
        Indicator: lambda: vitals.definitions,
        IndicatorValue: lambda: vitals.values(now),
    }
