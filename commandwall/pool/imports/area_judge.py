"""Rows of areas judged against the areas that the pool has, and against one another."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple

import shapely

from commandwall import codes, geo
from commandwall.areas import BLOCK, CITY, GRID, MICROGRID, TOWN, VILLAGE, Area
from commandwall.gazetteer import Gazetteer
from commandwall.pool.imports import shapes, sketch
from commandwall.pool.imports.ground import Ground
from commandwall.pool.imports.places import kind_of, label_point
from commandwall.pool.imports.report import IMPORTED, MERGED, QUARANTINED, Outcome
from commandwall.pool.imports.trouble import RowFault, limit

LEVELS = {
    "city": CITY,
    "town": TOWN,
    "village": VILLAGE,
    "grid": GRID,
    "microgrid": MICROGRID,
    "block": BLOCK,
}
_CODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,31}")


@dataclasses.dataclass(frozen=True, slots=True)
class Ask:
    """What the person who imports says about the file."""

    level: str
    parent: str = ""  # of every row; otherwise a column, or the beginning of the code
    code: str = ""  # the column or property of codes, or the one code of a lone outline
    name: str = ""
    replace: bool = False  # remove other areas of this level under the same parents


class Given(NamedTuple):
    """One row or feature, as the file gives it."""

    number: int
    code: str
    name: str
    parent: str
    weight: float
    geometry: Any  # a polygon as given; None in a table, or where the file gives something else
    original: Any


Shape = tuple[Any, int]
"""A geometry in WGS-84, and 1 where it is a sketch."""


class AreaJudge:
    """Decides the end of each row. `changed` and `removed` are what the pool must then do."""

    def __init__(
        self, held: Iterable[Area], ask: Ask, notes: Counter[str], ground: Ground | None
    ) -> None:
        """`ground`: of the outlines; None where the file gives none, and they are sketched."""
        self._ground = ground
        self._held = {area.id: area for area in held}
        self._ask, self._level, self._notes = ask, LEVELS[ask.level], notes
        self._names = Gazetteer(self._held.values(), {})
        self._seen: dict[str, str] = {}  # code -> name in this file
        self._drawn: dict[str, Shape] = {}
        self._undrawn: dict[str, str] = {}  # parent -> why its rows have no shape
        self.changed: dict[str, Area] = {}
        self._removed: set[str] = set()

    def ends(self, given: Sequence[Given]) -> list[Outcome]:
        """How each row ends: an area with the outline of the file, or one drawn in its parent."""
        if self._ground is None:
            self._draw(given)
            return [self._end(one, self._sketch) for one in given]
        return [self._end(one, partial(self._outline, self._ground)) for one in given]

    @property
    def removed(self) -> list[Area]:
        """Areas that others replace."""
        return [self._held[code] for code in sorted(self._removed)]

    def _end(self, one: Given, shape_of: Callable[[Given], Shape]) -> Outcome:
        try:
            parent = self._check(one)
            if self._repeats(one):
                return Outcome(one.number, MERGED, one.code, "", "same_id")
            shape, sketched = shape_of(one)
        except RowFault as fault:
            return Outcome(one.number, QUARANTINED, "", fault.field, fault.reason)
        self._seen[one.code] = one.name
        reason = self._take(self._area(one, parent, shape, sketched))
        return Outcome(one.number, MERGED if reason == "known" else IMPORTED, one.code, "", reason)

    def _check(self, one: Given) -> str:
        """Code of the row's parent. RowFault for a row that cannot be an area."""
        if not _CODE.fullmatch(one.code):
            raise RowFault("code", "code" if one.code else "empty")
        if not one.name:
            raise RowFault("name", "empty")
        if len(one.name) > limit("line"):
            raise RowFault("name", "too_long")
        return self._parent(one)

    def _parent(self, one: Given) -> str:
        """The area that the person or the row names, else the one the code begins with."""
        if self._level in (CITY, BLOCK):
            return one.parent
        code = one.parent or self._names.by_code(one.code[:-1])
        level = self._held[code].level if code in self._held else self._level
        if level >= self._level or (not one.parent and level != self._level - 1):
            raise RowFault("parent", "parent")
        return code

    def _repeats(self, one: Given) -> bool:
        """Whether an earlier row said the same; RowFault where it said something else."""
        before = self._seen.get(one.code, one.name)
        if before != one.name:
            raise RowFault("code", "same_code")
        return one.code in self._seen

    def _area(self, one: Given, parent: str, shape: Any, sketched: int) -> Area:
        lon, lat = label_point(shape)
        kind = self._kind(one.name)
        geom = shapely.to_wkb(shape)
        return Area(one.code, self._level, one.name, parent, lon, lat, geom, sketched, kind)

    def _kind(self, name: str) -> str:
        """As the name's ending says where that fits the level; the level's own if it has one."""
        of_level = [
            c.id for c in codes.load("area_kind").values() if c.facts["level"] == self._level
        ]
        told = kind_of(name)
        return told if told in of_level else of_level[0] if len(of_level) == 1 else ""

    def _take(self, area: Area) -> str:
        """Note an area for writing; how it stands to what the pool has."""
        held = self._held.get(area.id)
        if held is not None and dataclasses.replace(area, rev=held.rev) == held:
            return "known"
        self._notes["sketched"] += area.sketch
        self.changed[area.id] = area
        return "new" if held is None else "changed"

    def _outline(self, ground: Ground, one: Given) -> Shape:
        """The outline that the file gives. RowFault."""
        shape, repaired = shapes.polygon(one.geometry, ground)
        self._near(shape, self._held.get(self._parent(one)))
        self._notes["repaired"] += repaired
        return shape, 0

    def _near(self, shape: Any, parent: Area | None) -> None:
        """RowFault where an outline lies far from the area that should hold it."""
        if parent is None:
            return
        lon, lat = shapely.get_coordinates(shapely.centroid(shape))[0]
        west, south, east, north = geo.bounds([parent.geom])
        for x, y, fault in ((lon, lat, ""), (lat, lon, "swapped")):
            near = min(max(x, west), east), min(max(y, south), north)
            if abs(y) <= 90 and geo.distance(x, y, *near) <= limit("outside_m"):
                if fault:
                    raise RowFault("geometry", fault)
                return
        raise RowFault("geometry", "outside")

    def _sketch(self, one: Given) -> Shape:
        """The outline that was drawn for a row. RowFault where none could be."""
        if one.code not in self._drawn:
            raise RowFault("parent", self._undrawn[self._parent(one)])
        return self._drawn[one.code]

    def _draw(self, given: Sequence[Given]) -> None:
        """Outlines for all rows that can be areas, parent by parent."""
        groups: dict[str, dict[str, Given]] = defaultdict(dict)
        for one in given:
            with suppress(RowFault):
                groups[self._check(one)].setdefault(one.code, one)
        open_ = {parent: self._undivided(parent, rows) for parent, rows in groups.items()}
        open_ = {parent: children for parent, children in open_.items() if children}
        parents = {parent: self._held[parent] for parent in open_}
        surveyed = [
            shapely.from_wkb(self._held[c].geom) for c, (_, s) in self._drawn.items() if not s
        ]
        drawing = sketch.draw(parents, open_, shapely.union_all(surveyed) if surveyed else None)
        self._undrawn |= dict.fromkeys(drawing.failed, "parent_shape")
        for code, shape in drawing.shapes.items():
            if code in parents:
                lon, lat = label_point(shape)
                self.changed[code] = dataclasses.replace(
                    parents[code], lon=lon, lat=lat, geom=shapely.to_wkb(shape)
                )
            else:
                self._drawn[code] = shape, 1

    def _undivided(self, parent: str, rows: Mapping[str, Given]) -> list[sketch.Child]:
        """The children of a parent that need a new outline; the others keep theirs."""
        if parent not in self._held:  # a city or a block: nothing to draw it in
            self._undrawn[parent] = "shape"
            return []
        there = [a for a in self._held.values() if a.parent == parent and a.level == self._level]
        strangers = {area.id for area in there} - rows.keys()
        if strangers and not self._ask.replace:
            self._undrawn[parent] = "siblings"
            return []
        self._removed |= self._below(strangers)
        complete = not strangers and {area.id for area in there} == set(rows)
        kept = {a.id: (shapely.from_wkb(a.geom), a.sketch) for a in there if a.id in rows}
        self._drawn |= {c: shape for c, shape in kept.items() if complete or not shape[1]}
        return [
            sketch.Child(code, one.name, one.weight)
            for code, one in sorted(rows.items())
            if code not in self._drawn
        ]

    def _below(self, roots: set[str]) -> set[str]:
        """Areas and all areas in them."""
        found, more = set(roots), roots
        while more:
            more = {a.id for a in self._held.values() if a.parent in more} - found
            found |= more
        return found
