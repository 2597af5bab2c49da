"""A small city whose every text is hostile: rows made by walking the records, so that a new kind
or column is covered by itself."""

from __future__ import annotations

import dataclasses
import itertools
import struct
from collections.abc import Iterator
from typing import Any

import shapely
from builders import NOW
from hostile.corpus import LONG, POOL, WITHOUT_LONG
from sqlalchemy import LargeBinary, Text
from sqlalchemy.types import Double

from commandwall import alarms, directives, incidents
from commandwall.areas import CITY, TOWN, Area
from commandwall.clock import Ms
from commandwall.pool.schema import city_kinds
from commandwall.store import tables
from commandwall.store.schema import WALL, kinds, table_of, times_of

assert alarms and directives and incidents and tables  # their records are among the kinds
Record = Any
LON, LAT = 120.2, 31.15
CITY_CODE, TOWN_CODE = "c", "t1"
TEXTS: dict[str, str] = {
    "area": TOWN_CODE, "parent": CITY_CODE, "source": "12345", "state": "NEW", "placed": "point",
    "datum": "wgs84", "colour": "red", "role": "grid", "cls": "GAS", "direction": "high_bad",
    "today": "[1, 2, 3]", "usual": "[[1, 2]]", "unit": "供水", "side": "front",
    "sensor": "sensor-0", "incident": "incident-0",
    "from_post": "back.chief", "to_post": "front.chief",
}  # fmt: skip
"""What a column of that name holds where it is not the hostile one."""
KIND_TEXTS: dict[str, dict[str, str]] = {
    "incident": {"state": "OPEN"},
    "directive": {"state": "ISSUED"},
    "eventwork": {"state": "ACCEPTED"},
    "alarm": {"state": "UNACK", "event": ""},
    "building": {"kind": "home"},
    "feature": {"kind": "water"},
    "place": {"kind": "school"},
    "resource": {"kind": "patrol", "status": "ready"},
    "road": {"cls": "main"},
    "pipe": {"kind": "gas"},
}
NUMBERS: dict[str, float | None] = {
    "level": TOWN, "urgency": 1, "severity": 1, "priority": 1, "grade": 1, "pinned": 1,
    "lon": LON, "lat": LAT, "closed_at": None, "cleared_at": None, "acked_at": None,
    "verified_at": None,
}  # fmt: skip
LINES = {"road", "pipe"}
SHARE = 5
INDEXED = {"id": 1000, "area": 1000}
"""What the pool's own indexes refuse to hold in full."""
BOX = bytes(shapely.to_wkb(shapely.box(LON, LAT, LON + 1, LAT + 1)))
SHAPES = [
    *(BOX.replace(struct.pack("<d", LON + 1), struct.pack("<d", float(x))) for x in ("nan", "inf")),
    b"", b"\x00junk", b"\xff" * 64,
    *(bytes(shapely.to_wkb(shape)) for shape in (
        shapely.Polygon(), shapely.Point(LON, LAT), shapely.LineString([(LON, LAT), (LON, LAT)]),
        shapely.Polygon([(LON, LAT), (LON + 1, LAT + 1), (LON, LAT + 1), (LON + 1, LAT)]),
        shapely.box(-1e300, -1e300, 1e300, 1e300), shapely.Point(LON, LAT).buffer(0.01, 5_000),
        shapely.GeometryCollection([shapely.Point(LON, LAT), shapely.box(LON, LAT, LON + 1, LAT)]),
    )),
]  # fmt: skip
"""What may stand where an outline should (S-13)."""
PLACES = itertools.count()


def city() -> list[Record]:
    """The ground that the rest stands on."""
    shape = bytes(shapely.to_wkb(shapely.box(LON - 0.1, LAT - 0.1, LON + 0.1, LAT + 0.1)))
    return [
        Area(CITY_CODE, CITY, "临江市", "", LON, LAT, shape, 0),
        Area(TOWN_CODE, TOWN, "石塘镇", CITY_CODE, LON, LAT, shape, 0),
    ]


def texts_of(kind: type[Any]) -> list[str]:
    return [c.name for c in table_of(kind).columns if isinstance(c.type, Text)]


def pool_records(long: bool) -> Iterator[list[Record]]:
    """Rows of each kind that the city owns: one hostile text in each column, then in all."""
    for name, kind in city_kinds().items():
        yield list(_records(name, kind, long))


def station_records(long: bool) -> Iterator[list[Record]]:
    """Records that another station may have written: acts keep no text longer than this."""
    for name, kind in kinds(WALL).items():
        yield list(_records(name, kind, long, 4_000))


def any_record(name: str, kind: type[Any]) -> Record:
    """A plain one."""
    return _record(name, kind, 0, {})


def circles() -> list[Record]:
    """Areas that name each other, or themselves, as the one above."""
    base = city()[1]
    pairs = (("r1", "r1"), ("r2", "r3"), ("r3", "r2"))
    return [dataclasses.replace(base, id=a, parent=b, level=TOWN + 1) for a, b in pairs]


def _records(name: str, kind: type[Any], long: bool, most: int | None = None) -> Iterator[Record]:
    number = itertools.count()
    yield _record(name, kind, next(number), {})
    for at, column in enumerate(texts_of(kind)):
        # In short form each column meets some of the texts alone, and all of them below.
        for text in WITHOUT_LONG if long else WITHOUT_LONG[at % SHARE :: SHARE]:
            yield _record(name, kind, next(number), {column: text})
    for odd in _odd(kind):
        yield _record(name, kind, next(number), odd)
    for text in POOL if long else [*WITHOUT_LONG, LONG[1]]:
        facts = {column: text[: INDEXED.get(column, most)] for column in texts_of(kind)}
        yield _record(name, kind, next(number), facts)


def _odd(kind: type[Any]) -> Iterator[dict[str, Any]]:
    """Shapes and places that are none, or lie nowhere."""
    names = {c.name: c.type for c in table_of(kind).columns}
    for column in (n for n, t in names.items() if isinstance(t, LargeBinary)):
        yield from ({column: shape} for shape in SHAPES)
    if "lon" in names:
        yield from ({"lon": x, "lat": y} for x, y in ((LAT, LON), (1e308, -1e308), (0.0, 0.0)))


def _record(name: str, kind: type[Any], number: int, hostile: dict[str, str]) -> Record:
    facts = {f.name: _value(name, kind, f.name, number) for f in dataclasses.fields(kind)}
    facts |= hostile
    facts["id"] = f"{hostile['id']} {number}" if "id" in hostile else f"{name}-{number}"
    return kind(**facts)


def _value(name: str, kind: type[Any], field: str, number: int) -> Any:
    column = table_of(kind).c[field]
    if isinstance(column.type, Text):
        given = KIND_TEXTS.get(name, {}) | {"event": f"event-{number}"}
        return (given if field in given else TEXTS).get(field, "平")
    if isinstance(column.type, LargeBinary):
        return _shape(name)
    if field in NUMBERS:
        return NUMBERS[field]
    if field in times_of(kind):
        return Ms(NOW + number)
    return 1.0 if isinstance(column.type, Double) else number if field == "no" else 1


def _shape(name: str) -> bytes:
    at = next(PLACES)
    x, y = LON - 0.09 + at % 60 * 0.003, LAT - 0.09 + at // 60 % 60 * 0.003
    line, box = (
        shapely.LineString([(x, y), (x + 0.002, y + 0.002)]),
        shapely.box(x, y, x + 0.002, y + 0.002),
    )
    return bytes(shapely.to_wkb(line if name in LINES else box))
