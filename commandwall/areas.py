"""Areas 辖区 and what stands in them: people in charge, buildings, households, places, pipes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from commandwall import codes
from commandwall.clock import Ms
from commandwall.store.schema import MIRROR, WALL, record
from commandwall.store.store import Reader, Refused, Tx
from commandwall.store.written import written

CITY, TOWN, VILLAGE, GRID, MICROGRID, BLOCK = range(6)
"""Levels of an area; the parent is the code's prefix (a block 地理板块 stands beside the tree)."""


@record(MIRROR)
@dataclass(frozen=True, slots=True)
class Area:
    """A city, town, village, grid or micro-grid; `id` is its code."""

    id: str
    level: int
    name: str
    parent: str
    lon: float  # label point, degrees WGS-84
    lat: float
    geom: bytes  # WKB (Multi)Polygon, degrees WGS-84
    sketch: int  # 1: a generated outline (示意), not a surveyed one
    kind: str = ""  # code list area_kind: street, town, park, community, village ...
    rev: int = 0


@record(MIRROR, index=("area",))
@dataclass(frozen=True, slots=True)
class Person:
    """Who is responsible for an area: grid worker 网格员, linked cadre 包联, village head."""

    id: str
    area: str
    role: str  # code list person_role
    name: str
    phone: str
    unit: str = ""
    rev: int = 0


@record(MIRROR, index=("area",))
@dataclass(frozen=True, slots=True)
class Building:
    """A building 楼栋 as the city gives it."""

    id: str
    area: str
    name: str
    kind: str  # code list building_kind: home, works, public, shop
    floors: int
    lon: float
    lat: float
    geom: bytes
    colour: str  # code list building_colour: red, yellow, blue, green
    rev: int = 0


@record(WALL)
@dataclass(frozen=True, slots=True)
class BuildingColour:
    """The colour a station gave a building; `id` is the building."""

    id: str
    colour: str
    before: str
    reason: str
    at: Ms
    by: str
    post: str


@record(MIRROR, index=("building",))
@dataclass(frozen=True, slots=True)
class Household:
    id: str
    building: str
    area: str
    door: str
    people: int
    colour: str
    tags: str = ""  # code list household_tag, comma separated: elder_alone, disabled ...
    rev: int = 0


@record(MIRROR, index=("area",))
@dataclass(frozen=True, slots=True)
class Place:
    """A school, hospital, shelter, hazard site, firm, store or pump station."""

    id: str
    kind: str  # code list place_kind
    name: str
    area: str
    lon: float
    lat: float
    capacity: int = 0
    contact: str = ""
    phone: str = ""
    detail: str = ""
    rev: int = 0


@record(MIRROR, index=("area",))
@dataclass(frozen=True, slots=True)
class Camera:
    id: str
    name: str
    area: str
    lon: float
    lat: float
    heading: float  # degrees clockwise from north
    fov: float  # degrees
    url: str = ""
    owner: str = ""
    rev: int = 0


@record(MIRROR)
@dataclass(frozen=True, slots=True)
class Pipe:
    id: str
    kind: str  # code list pipe_kind: gas, water, sewage, heat
    name: str
    area: str
    geom: bytes  # WKB LineString
    rev: int = 0


@record(MIRROR)
@dataclass(frozen=True, slots=True)
class Road:
    """One edge of the road graph."""

    id: str
    cls: str  # code list road_class: expressway, main, street
    name: str
    a: int  # node numbers
    b: int
    length: float  # metres
    speed: float  # km/h
    geom: bytes  # WKB LineString
    oneway: int = 0  # 1: driven from a to b only, -1: from b to a only
    rev: int = 0


@record(MIRROR)
@dataclass(frozen=True, slots=True)
class Feature:
    """Ground of the map: water, hill, builtup."""

    id: str
    kind: str  # code list feature_kind
    name: str
    geom: bytes
    rev: int = 0


@record(MIRROR)
@dataclass(frozen=True, slots=True)
class Credit:
    """Whose data the city shows, and the words that its licence wants on the map."""

    id: str
    text: str
    licence: str
    url: str
    rev: int = 0


def by_code(reader: Reader) -> dict[str, Area]:
    """All areas of the city, each under its code."""
    return {area.id: area for area in reader.find(Area)}


def chain(areas: Mapping[str, Area], code: str) -> list[Area]:
    """The area and those that hold it, smallest first; areas that hold each other end it."""
    found: dict[str, Area] = {}
    while code in areas and code not in found:
        found[code] = areas[code]
        code = areas[code].parent
    return list(found.values())


def town_of(areas: Mapping[str, Area], code: str) -> str:
    """The town that an area lies in; "" for the city and for what no list names."""
    return next((area.id for area in chain(areas, code) if area.level == TOWN), "")


def around(reader: Reader, area: str) -> list[str]:
    """Codes of an area and those that hold it, smallest first."""
    columns = reader.columns(Area, ("id", "parent"))
    above, found = dict(zip(columns["id"], columns["parent"], strict=True)), [area]
    while (area := above.get(area, "")) and area not in found:
        found.append(area)
    return found


def foremost(people: Sequence[Person]) -> Person | None:
    """The person of the first role, by the list person_role."""
    roles = list(codes.load("person_role"))
    known = [p for p in people if p.role in roles]
    return min(known, key=lambda p: (roles.index(p.role), p.id), default=None)


def answers_for(reader: Reader, area: str) -> Person | None:
    """Who answers for an area, or for the smallest one around it that has anybody."""
    near = around(reader, area)
    people = reader.many(Person, near, field="area")
    found = (foremost([p for p in people if p.area == code]) for code in near)
    return next(filter(None, found), None)


def homes(reader: Reader, buildings: Sequence[str]) -> tuple[int, int]:
    """How many households stand in buildings, and how many people."""
    sql = (
        "SELECT count(*), coalesce(sum(people), 0) FROM household "
        "WHERE building IN (SELECT value FROM json_each(:ids))"
    )
    households, people = reader.rows(sql, ids=json.dumps(list(buildings)))[0]
    return int(households), int(people)


def households(reader: Reader, buildings: Sequence[str]) -> dict[str, list[Household]]:
    """The households of buildings, by building."""
    found: dict[str, list[Household]] = {}
    for home in reader.many(Household, buildings, field="building"):
        found.setdefault(home.building, []).append(home)
    return found


def colour_history(reader: Reader, building: str, most: int = 20) -> list[BuildingColour]:
    """The colours that stations gave a building, newest first."""
    sql = (
        "SELECT body FROM journal WHERE act = 'recolour' AND instr(body, :id) "
        "ORDER BY hlc DESC LIMIT :most"
    )
    as_kept = json.dumps(building, ensure_ascii=False)
    bodies = (json.loads(body) for (body,) in reader.rows(sql, id=as_kept, most=most))
    given = (row for body in bodies for row in body["records"].get("buildingcolour", ()))
    return [BuildingColour(**row) for row in given if row["id"] == building]


def recolour(tx: Tx, buildings: Sequence[str], colour: str, reason: str) -> None:
    """Give buildings a colour, with a reason; the colour before stays in the record."""
    if colour not in codes.load("building_colour"):
        raise Refused("unknown", kind="building_colour", id=colour)
    reason = written("reason", reason)
    found = {b.id: b for b in tx.many(Building, buildings)}
    if missing := [key for key in buildings if key not in found]:
        raise Refused("unknown", kind="building", id=missing[0])
    given = {c.id: c.colour for c in tx.many(BuildingColour, buildings)}
    tx.put(
        *(
            BuildingColour(key, colour, given.get(key, b.colour), reason, tx.now, tx.by, tx.post)
            for key, b in found.items()
        )
    )
