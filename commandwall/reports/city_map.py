"""The map of a station's area for a paper, as SVG: towns, water, main roads, and numbered marks. It
needs no screen, so that it can be made when there is none."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import shapely

from commandwall.areas import TOWN, Area, Feature, Road
from commandwall.config import ASSETS
from commandwall.plain import plain
from commandwall.store.store import Reader

WIDE, MARGIN = 1000.0, 0.02
"""Width of the drawing in its own units; the share of it around the area."""
FINE = 1.0
"""Units by which an outline may be off: under a third of a millimetre on paper."""
NAME, NUMBER = 14, 12
"""Sizes of letters."""
APART = (40.0, 12.0)
"""Nearer than this beside and over each other, the words of two marks would meet."""
FACE = "Noto Sans CJK SC"
ROADS = {"main": 2.0, "expressway": 3.5}


@dataclass(frozen=True, slots=True)
class Mark:
    """Something in hand with the number that it has in the tables. Degrees WGS-84."""

    word: str
    lon: float
    lat: float
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """From degrees to units of the drawing."""

    west: float
    north: float
    per_lon: float
    per_lat: float
    high: float

    @staticmethod
    def of(bounds: Sequence[float]) -> Sheet:
        west, south, east, north = bounds
        flat = max(0.2, float(np.cos(np.radians((south + north) / 2))))
        room = MARGIN * max(east - west, (north - south) / flat, 1e-6)
        west, east, south, north = west - room, east + room, south - room, north + room
        per_lon = WIDE / (east - west)
        per_lat = per_lon / flat
        return Sheet(west, north, per_lon, per_lat, (north - south) * per_lat)

    def at(self, lon: float, lat: float) -> tuple[float, float]:
        return (lon - self.west) * self.per_lon, (self.north - lat) * self.per_lat

    def shapes(self, blobs: Iterable[bytes]) -> Any:
        """Outlines (WKB, degrees) in units, as fine as the paper shows them."""
        found = shapely.from_wkb(np.array(list(blobs), object), on_invalid="ignore")
        found = found[~(shapely.is_missing(found) | shapely.is_empty(found))]
        moved = shapely.transform(found, self._moved)
        cut = shapely.clip_by_rect(moved, 0, 0, WIDE, self.high) if len(moved) else moved
        return shapely.simplify(cut, FINE, preserve_topology=False)

    def _moved(self, at: Any) -> Any:
        return np.column_stack(self.at(at[:, 0], at[:, 1]))


def draw(reader: Reader, area: str, marks: Sequence[Mark]) -> bytes:
    """The SVG; b"" where the city has no outline yet. `area`: what the station sees, "" for all."""
    areas = [a for a in reader.find(Area) if a.level <= TOWN]
    mine = [a for a in areas if a.id.startswith(area)] or areas
    if not mine:  # the station has copied nothing yet
        return b""
    bounds = shapely.total_bounds(shapely.from_wkb([a.geom for a in mine], on_invalid="ignore"))
    if not np.isfinite(bounds).all():
        return b""
    sheet = Sheet.of(bounds.tolist())
    parts = [*_ground(reader, sheet), *_towns(mine, sheet), *_marks(marks, sheet)]
    size = f"{WIDE:.0f} {sheet.high:.0f}"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}">'
    return "".join([head, *parts, "</svg>"]).encode()


def _ground(reader: Reader, sheet: Sheet) -> list[str]:
    colour, features = _colours(), reader.find(Feature)
    found = [
        _paths(sheet.shapes(f.geom for f in features if f.kind == kind),
               f'fill="{colour[kind]}"')
        for kind in ("builtup", "hill", "water")
    ]  # fmt: skip
    roads = [road for road in reader.find(Road) if road.cls in ROADS]
    for cls, width in ROADS.items():
        style = f'fill="none" stroke="{colour["expressway"]}" stroke-width="{width}"'
        found.append(_paths(sheet.shapes(r.geom for r in roads if r.cls == cls), style))
    return found


def _towns(areas: Sequence[Area], sheet: Sheet) -> list[str]:
    colour = _colours()
    style = f'fill="none" stroke="{colour["town"]}" stroke-width="1.5" stroke-dasharray="6 4"'
    names = [_word(*sheet.at(a.lon, a.lat), plain(a.name, 20), NAME, colour["t2"])
             for a in areas if a.level == TOWN]  # fmt: skip
    return [_paths(sheet.shapes(a.geom for a in areas), style), *names]


def _marks(marks: Sequence[Mark], sheet: Sheet) -> list[str]:
    """A disc with a dark edge, full for what is grave, and the numbers of all that stand so near
    that their words would lie on each other."""
    colour, groups = _colours(), list[tuple[float, float, list[Mark]]]()
    for mark in marks:
        x, y = sheet.at(mark.lon, mark.lat)
        near = (
            some for gx, gy, some in groups if abs(gx - x) < APART[0] and abs(gy - y) < APART[1]
        )
        (held := next(near, [])).append(mark)
        if len(held) == 1:
            groups.append((x, y, held))
    drawn = []
    for x, y, some in groups:
        inside = colour["t1"] if any(mark.strong for mark in some) else colour["p"]
        disc = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{inside}" stroke="{colour["t1"]}" '
        words = " ".join(mark.word for mark in some)
        number = _word(x + 7, y + 5, words, NUMBER, colour["t1"], "start", ' font-weight="bold"')
        drawn.append(f'{disc}stroke-width="1.5"/>{number}')
    return drawn


def _word(
    x: float, y: float, word: str, size: int, colour: str, at: str = "middle", more: str = ""
) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{at}"'
    look = f'font-family="{FACE}" font-size="{size}" fill="{colour}"{more}'
    return f"<text {place} {look}>{escape(word)}</text>"


def _paths(shapes: Any, style: str) -> str:
    """All shapes of one look as one path."""
    lines = [part for shape in shapes for part in _rings(shape)]
    told = "".join(map(_path, lines))
    return f'<path d="{told}" fill-rule="evenodd" {style}/>' if told else ""


def _rings(shape: Any) -> list[Any]:
    """The coordinates of each line of a shape."""
    parts = shapely.get_parts(shapely.boundary(shape) if "Polygon" in shape.geom_type else shape)
    return [shapely.get_coordinates(p) for p in parts if "Line" in p.geom_type]


def _path(at: Any) -> str:
    points = " ".join(f"{x:.1f} {y:.1f}" for x, y in at)
    return f"M{points}"


def _colours() -> dict[str, str]:
    """Those of the day, as the map has them."""
    with (ASSETS / "themes" / "day.toml").open("rb") as file:
        data = tomllib.load(file)
    return {**data["token"], **data["map"]}
