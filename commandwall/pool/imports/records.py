"""One row of a table becomes one record of the city: a place, a person, a device, an indicator."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import MISSING, fields
from typing import Any

from commandwall import geo
from commandwall.clock import Ms
from commandwall.gazetteer import Gazetteer, Spot
from commandwall.pool.imports.cells import Cells
from commandwall.pool.imports.judged import Judged
from commandwall.pool.imports.mapping import CODED, Mapping, known_words
from commandwall.pool.imports.places import spot_at
from commandwall.pool.imports.pool_rows import PoolRows
from commandwall.pool.imports.report import IMPORTED, MERGED, QUARANTINED, Outcome
from commandwall.pool.imports.tables import Cell, Row, text_of
from commandwall.pool.imports.trouble import RowFault

LARGEST = 2**53
"""Whole numbers up to here are the same in every spreadsheet."""
LISTS = frozenset({"today", "usual"})
"""Fields that hold a JSON list; an empty one where the table has none."""
_LEFT_OUT = frozenset({"rev", "area", "lon", "lat", "no", "recent"})


class RecordReader(Cells):
    """Reads the records of one table by its mapping."""

    def __init__(self, mapping: Mapping, header: Sequence[str], places: Gazetteer, now: Ms) -> None:
        """Raises ImportTrouble where a column of the mapping is not in the header."""
        super().__init__(mapping, header, now)
        self._places, self.kind = places, mapping.record
        self._fields = [f for f in fields(self.kind) if f.name not in _LEFT_OUT]
        self._has = {f.name for f in fields(self.kind)}
        coded = CODED.get(mapping.kind, {})
        self._words = {f: known_words(code, mapping.values.get(f, {})) for f, code in coded.items()}

    def key(self, row: Sequence[Cell]) -> str:
        """The id of a row, or "". Raises RowFault."""
        said = self.line(row, "id")
        return f"{self._mapping.prefix}{said}" if said else ""

    def record(self, row: Sequence[Cell], no: Callable[[str], int]) -> Any:
        """The record of a row, numbered by `no` where the table does not. Raises RowFault."""
        found = {f.name: self._value(row, f.name, f.type, f.default) for f in self._fields}
        if "area" in self._has:
            spot = self._spot(row)
            found |= {"area": spot.area}
            if "lon" in self._has:
                found |= {"lon": spot.lon, "lat": spot.lat}
        if "no" in self._has:
            found["no"] = self.whole(row, "no", 0, LARGEST) or no(found["id"])
        return self.kind(**found)

    def _value(self, row: Sequence[Cell], field: str, hint: Any, usual: Any) -> Any:
        if field == "id":
            return self._required("id", self.key(row))
        found = self._read(row, field, str(hint))
        if found in (None, "") and usual is not MISSING:
            return usual
        return found if "None" in str(hint) else self._required(field, found)

    def _read(self, row: Sequence[Cell], field: str, hint: str) -> Any:
        if hint.startswith("Ms"):
            return self.moment(row, field)
        if hint.startswith("int"):
            return self.whole(row, field, -LARGEST, LARGEST)
        if hint.startswith("float"):
            return self.number(row, field)
        return self._word(row, field)

    def _word(self, row: Sequence[Cell], field: str) -> str:
        said = self.line(row, field)
        if field in self._words:
            if said not in self._words[field]:
                raise RowFault(field, "unknown" if said else "empty")
            return self._words[field][said]
        if field in LISTS:
            return _list(field, said or "[]")
        return self._mapping.values.get(field, {}).get(said, said)

    def _required(self, field: str, found: Any) -> Any:
        if found is None or (field == "id" and not found):
            raise RowFault(field, "empty")
        return found

    def _spot(self, row: Sequence[Cell]) -> Spot:
        """By coordinates, else the middle of the area that is named."""
        lon, lat = self.number(row, "lon"), self.number(row, "lat")
        if (lon is None) != (lat is None):
            raise RowFault("lat" if lat is None else "lon", "empty")
        given = text_of(self.cell(row, "area"))
        named = self._places.by_code(given) or self._places.by_text([given])
        if lon is not None and lat is not None and (lon or lat):
            x, y = geo.convert(lon, lat, self._mapping.datum)
            spot = spot_at(self._places, float(x), float(y), None)
            return spot._replace(area=named or spot.area)
        self.notes["area_unknown"] += bool(given) and not named
        spot = self._places.on(named)
        if "lon" in self._has and spot.lon is None:
            raise RowFault("lon" if "lon" in self.columns else "area", "empty")
        self.notes["placed_area"] += "lon" in self._has
        return spot


def _list(field: str, said: str) -> str:
    with suppress(ValueError, RecursionError):
        if isinstance(json.loads(said), list):
            return said
    raise RowFault(field, "unknown")


class RecordJudge:
    """Decides the end of each row as far as the table itself can tell."""

    def __init__(self, reader: RecordReader, pool: PoolRows) -> None:
        self.reader = reader
        self._seen: dict[str, int] = {}  # id -> hash of what was said of it
        self._no = Numbers(pool, reader.kind)

    def __call__(self, number: int, cells: Row) -> Judged:
        try:
            record = self.reader.record(cells, self._no)
            if self._seen.get(record.id, hash(record)) != hash(record):
                raise RowFault("id", "id_reused")
        except RowFault as fault:
            return Judged(Outcome(number, QUARANTINED, "", fault.field, fault.reason), cells)
        if record.id in self._seen:
            return Judged(Outcome(number, MERGED, record.id, "", "same_id"), cells)
        self._seen[record.id] = hash(record)
        return Judged(Outcome(number, IMPORTED, record.id, "", "new"), cells, record)


class Numbers:
    """The small numbers of devices and resources: the one it has, else the next that is free.

    They follow the order of the table, so that a load that was killed gives the same ones again.
    """

    def __init__(self, pool: PoolRows, kind: type[Any]) -> None:
        numbered = "no" in {f.name for f in fields(kind)}
        self._of: dict[str, int] = {r.id: r.no for r in pool.all(kind)} if numbered else {}
        self._top = max(self._of.values(), default=0)

    def __call__(self, key: str) -> int:
        if key not in self._of:
            self._top += 1
            self._of[key] = self._top
        return self._of[key]
