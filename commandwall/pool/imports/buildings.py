"""Buildings of a map file: read by a mapping, put on the smallest area around them, written.

An import may be killed and run again: a building is known by its number, or by its outline where
the file has none.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Container, Iterable, Mapping
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import shapely

from commandwall import codes
from commandwall.areas import Area, Building
from commandwall.gazetteer import Gazetteer
from commandwall.pool.imports import geofiles, shapes, text
from commandwall.pool.imports.judged import File, Judged, Progress, close
from commandwall.pool.imports.mapping import Columns, columns_of, known_words, loaded
from commandwall.pool.imports.pool_rows import PoolRows
from commandwall.pool.imports.report import IMPORTED, MERGED, QUARANTINED, Ledger, Outcome, Report
from commandwall.pool.imports.shapes import Mended
from commandwall.pool.imports.tables import text_of
from commandwall.pool.imports.trouble import ImportTrouble, RowFault, limit

BATCH = 5_000
FIELDS = frozenset({"id", "name", "address", "kind", "floors", "colour", "area"})


class BuildingMap(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One mapping file. Tables left out are empty."""

    columns: Columns  # field -> header, or the first of several
    defaults: dict[str, str] = {}
    kinds: dict[str, str] = {}  # the file's kind -> building_kind
    colours: dict[str, str] = {}  # the file's colour -> building_colour


class Source(NamedTuple):
    """One file to import, read, and the column of each field that it has."""

    layer: geofiles.Layer
    mapping: BuildingMap
    columns: Mapping[str, str]


def read(path: Path, told: geofiles.Told, map_file: Path) -> Source:
    """Read a file and its mapping. Raises ImportTrouble."""
    mapping = mapped(map_file)
    layer = geofiles.read(path, told)
    return Source(layer, mapping, columns_of(mapping.columns, layer.header))


def mapped(path: Path) -> BuildingMap:
    """Read and check a mapping. Raises ImportTrouble."""
    mapping = loaded(path, BuildingMap)
    _check(mapping, path.name)
    return mapping


def run(pool: PoolRows, source: Source, ledger: Ledger, progress: Progress) -> Report:
    """Import a whole file; what was done before a failure stays done."""
    layer = source.layer
    report = Report(layer.name, len(layer.rows), layer.ground.name)
    judge = BuildingJudge(source, Gazetteer(pool.all(Area), {}), report.notes)
    file = File(Building, "buildings", layer.name, partial(_keep, columns=source.columns))
    for start in range(0, len(layer.rows), BATCH):
        batch = judge.batch(start, start + BATCH)
        report.add(close(pool, ledger, batch, file))
        progress(min(start + BATCH, report.rows), report.rows)
    return report


class Site(NamedTuple):
    """Where a building stands: its outline, a point in it, the area around it."""

    mended: Mended
    geom: bytes
    lon: float
    lat: float
    ground: str
    fault: str  # code list import_reason


class BuildingJudge:
    """Decides the end of each row as far as the file itself can tell."""

    def __init__(self, source: Source, places: Gazetteer, notes: Counter[str]) -> None:
        self._source, self._places, self._notes = source, places, notes
        self._kinds = known_words("building_kind", source.mapping.kinds)
        self._colours = known_words("building_colour", source.mapping.colours)
        self._line, self._most_floors = limit("line"), limit("floors")
        self._seen: dict[str, Building] = {}

    def batch(self, start: int, stop: int) -> list[Judged]:
        """The rows from `start` to before `stop`, counted from 0."""
        layer = self._source.layer
        mended = shapes.polygons(layer.shapes[start:stop], layer.ground)
        shapes_ = np.array([m.shape for m in mended], object)
        spots = shapely.point_on_surface(shapes_)
        lon, lat = shapely.get_x(spots), shapely.get_y(spots)
        grounds = self._places.codes_at(lon, lat)
        wkb, near = shapely.to_wkb(shapes_), self._places.faults_at(lon, lat)
        sites = map(Site, mended, wkb, lon.round(7).tolist(), lat.round(7).tolist(), grounds, near)
        rows = zip(layer.rows[start:stop], sites, strict=True)
        return [self._end(number, *row) for number, row in enumerate(rows, start + 1)]

    def _end(self, number: int, row: Mapping[str, Any], site: Site) -> Judged:
        try:
            building = self._building(row, site)
            before = self._seen.setdefault(building.id, building)
            if before != building:
                raise RowFault("id", "id_reused")
        except RowFault as fault:
            original = self._source.layer.original(number)
            return Judged(Outcome(number, QUARANTINED, "", fault.field, fault.reason), original)
        if before is not building:
            return Judged(Outcome(number, MERGED, building.id, "", "same_id"), None)
        self._notes["repaired"] += site.mended.repaired
        return Judged(Outcome(number, IMPORTED, building.id, "", "new"), None, building)

    def _building(self, row: Mapping[str, Any], site: Site) -> Building:
        if fault := site.mended.fault or site.fault:
            raise RowFault("geometry", fault)
        return Building(
            self._id(row, site.geom),
            self._places.by_code(self._text(row, "area")) or site.ground,
            self._name(row),
            self._kind(row),
            self._floors(row),
            site.lon,
            site.lat,
            site.geom,
            self._colour(row),
        )

    def _text(self, row: Mapping[str, Any], field: str) -> str:
        """A field on one line, else its default. RowFault for one too long."""
        usual = self._source.mapping.defaults.get(field, "")
        column = self._source.columns.get(field)
        if column is None or not (said := text_of(row.get(column))):
            return usual
        cleaned = text.clean(said)
        self._notes["cleaned"] += bool(cleaned.removed)
        found = text.line(cleaned.text)
        if len(found) > self._line:
            raise RowFault(field, "too_long")
        return found or usual

    def _id(self, row: Mapping[str, Any], geom: bytes) -> str:
        found = self._text(row, "id")
        if "id" in self._source.columns and not found:
            raise RowFault("id", "empty")
        return found or f"b{sha256(geom).hexdigest()[:20]}"

    def _name(self, row: Mapping[str, Any]) -> str:
        """Address and name as people write them one after the other."""
        address, name = self._text(row, "address"), self._text(row, "name")
        found = name if address in name else text.line(f"{address} {name}")
        if len(found) > self._line:
            raise RowFault("address", "too_long")
        return found

    def _kind(self, row: Mapping[str, Any]) -> str:
        said = self._text(row, "kind")
        self._notes["class_unknown"] += bool(said) and said not in self._kinds
        return self._kinds.get(said, "")

    def _colour(self, row: Mapping[str, Any]) -> str:
        said = self._text(row, "colour")
        if said not in self._colours:
            raise RowFault("colour", "unknown" if said else "empty")
        return self._colours[said]

    def _floors(self, row: Mapping[str, Any]) -> int:
        said = self._text(row, "floors")
        try:
            floors = float(said or 0)
        except ValueError as error:
            raise RowFault("floors", "number") from error
        if not (floors.is_integer() and 0 <= floors <= self._most_floors):
            raise RowFault("floors", "range")
        return int(floors)


def _keep(building: Building, held: Building, columns: Mapping[str, str]) -> Building:
    """The row as the pool should hold it: what the file does not tell stays as the pool has it."""
    told = columns.keys() | ({"name"} if "address" in columns else set())
    fields = {"rev"} | {"name", "kind", "floors", "colour"} - told
    return dataclasses.replace(building, **{name: getattr(held, name) for name in fields})


def _check(mapping: BuildingMap, name: str) -> None:
    vocabularies: list[tuple[str, Iterable[str], Container[str]]] = [
        ("columns", mapping.columns, FIELDS),
        ("defaults", mapping.defaults, FIELDS - {"id"}),
        ("kinds", mapping.kinds.values(), codes.load("building_kind")),
        ("colours", mapping.colours.values(), codes.load("building_colour")),
    ]
    for what, given, allowed in vocabularies:
        if strange := [value for value in given if value not in allowed]:
            raise ImportTrouble("mapping", file=name, why=f"{what}: {', '.join(strange)}")
