"""Where a text says that something is: a building, a marked place, an estate, a street, an area.

The nearest known comes first. A name that stands in several towns counts where the text also names
the town, as the gazetteer tells it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from commandwall import codes, geo
from commandwall.areas import TOWN
from commandwall.events import AREA, POINT
from commandwall.gazetteer import Gazetteer
from commandwall.store.store import Reader

BUILDING, PLACE, ESTATE, STREET = "building", "place", "estate", "street"
"""What a name may stand for, beside an area."""
SHOWN = 6
_THINGS = """
SELECT 'building', replace(name, ' ', ''), area, lon, lat FROM building
WHERE length(name) > 1 AND instr(:t, replace(name, ' ', ''))
UNION ALL
SELECT 'place', name, area, lon, lat FROM place
WHERE length(name) > 1 AND instr(:t, replace(name, ' ', ''))
"""
_ESTATES = """
SELECT estate, min(area), avg(lon), avg(lat), min(lon), min(lat), max(lon), max(lat) FROM (
    SELECT substr(name, 1, instr(name, ' ') - 1) AS estate, area, lon, lat FROM building)
WHERE length(estate) > 1 AND instr(:t, estate) GROUP BY estate, substr(area, 1, :n)
"""
_STREETS = "SELECT name, geom FROM road WHERE length(name) > 1 AND instr(:t, name)"


@dataclass(frozen=True, slots=True)
class Found:
    """One place that a text names: degrees WGS-84, and how near that is, metres."""

    kind: str
    name: str
    area: str
    lon: float
    lat: float
    acc_m: float

    @property
    def placed(self) -> str:
        """As an event tells it."""
        return AREA if self.kind == AREA else POINT


def find(reader: Reader, names: Gazetteer, text: str) -> list[Found]:
    """The places that a text names, the most exact first. Reads all buildings once: some ten
    milliseconds in a large city, never on the screen's thread."""
    told = "".join(text.split())
    if len(told) < 2:
        return []
    code = names.by_text([text])
    found = [*_things(reader, told), *_estates(reader, told, names), *_streets(reader, told, names)]
    inside = [one for one in found if code and one.area.startswith(code)]
    area = [_area(names, code)] if code else []
    return _longest([*(inside or found), *area])[:SHOWN]


def _things(reader: Reader, told: str) -> Iterable[Found]:
    for kind, name, area, lon, lat in reader.rows(_THINGS, t=told):
        yield Found(kind, name, area, lon, lat, codes.limit(f"placed_{kind}_m"))


def _estates(reader: Reader, told: str, names: Gazetteer) -> Iterable[Found]:
    """Buildings 阳光苑 1 幢, 阳光苑 2 幢 stand in 阳光苑."""
    for name, area, lon, lat, *box in reader.rows(_ESTATES, t=told, n=_town_digits(names)):
        reach = float(geo.distance(box[0], box[1], box[2], box[3])) / 2
        yield Found(ESTATE, name, area, lon, lat, round(reach + codes.limit("placed_building_m")))


def _streets(reader: Reader, told: str, names: Gazetteer) -> Iterable[Found]:
    """The middle of all parts of one name."""
    parts: dict[str, list[bytes]] = {}
    for name, geom in reader.rows(_STREETS, t=told):
        parts.setdefault(name, []).append(geom)
    for name, blobs in parts.items():
        west, south, east, north = geo.bounds(blobs)
        lon, lat = (west + east) / 2, (south + north) / 2
        reach = float(geo.distance(west, south, east, north)) / 2
        yield Found(STREET, name, names.at(lon, lat, None).area, lon, lat, round(reach))


def _area(names: Gazetteer, code: str) -> Found:
    spot, area = names.on(code), names.areas[code]
    assert spot.lon is not None and spot.lat is not None and spot.acc_m is not None
    return Found(AREA, area.name, code, spot.lon, spot.lat, spot.acc_m)


def _town_digits(names: Gazetteer) -> int:
    """How long the code of a town is."""
    return max((len(a.id) for a in names.areas.values() if a.level == TOWN), default=0)


def _longest(found: Sequence[Found]) -> list[Found]:
    """The most exact first, without what a longer name of the same kind already says."""
    kept: list[Found] = []
    for one in sorted(found, key=lambda f: (f.acc_m, -len(f.name), f.area)):
        longer = (f for f in kept if f.kind == one.kind and f.name != one.name)
        if not any(one.name in f.name for f in longer):
            kept.append(one)
    return kept
