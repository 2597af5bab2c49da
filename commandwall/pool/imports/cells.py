"""The cells of a row by the fields that a mapping gives them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import isfinite
from typing import Any

from commandwall.clock import Ms
from commandwall.pool.imports import dates, text
from commandwall.pool.imports.mapping import Mapping, columns_of
from commandwall.pool.imports.tables import Cell, text_of
from commandwall.pool.imports.trouble import RowFault, limit


class Cells:
    """Reads fields of the rows of one table. `notes` counts what was mended on the way."""

    def __init__(self, mapping: Mapping, header: Sequence[str], now: Ms) -> None:
        """Raises ImportTrouble where a column of the mapping is not in the header."""
        heads = [head.strip().casefold() for head in header]
        found = columns_of(mapping.columns, header)
        self.columns = frozenset(found)
        """Fields that have a column in this table."""
        self._at = {field: heads.index(c.strip().casefold()) for field, c in found.items()}
        self._mapping, self._now = mapping, now
        self._zone = mapping.time_zone
        self._cell, self._line = limit("cell"), limit("line")
        self.notes: Counter[str] = Counter()

    def cell(self, row: Sequence[Cell], field: str) -> Any:
        """The cell of a field, its default where it is empty, or ""."""
        at = self._at.get(field)
        cell = row[at] if at is not None and at < len(row) else None
        if cell is None or (isinstance(cell, str) and not cell.strip()):
            return self._mapping.defaults.get(field, "")
        return cell

    def text(self, row: Sequence[Cell], field: str) -> str:
        """The text of a field without unseen characters. RowFault where it is too long."""
        raw = text_of(self.cell(row, field))
        if len(raw) > self._cell:
            raise RowFault(field, "too_long")
        kept, removed = text.clean(raw)
        self.notes["cleaned"] += removed > 0
        return kept

    def line(self, row: Sequence[Cell], field: str) -> str:
        """The same on one line."""
        found = text.line(self.text(row, field))
        if len(found) > self._line:
            raise RowFault(field, "too_long")
        return found

    def moment(self, row: Sequence[Cell], field: str) -> Ms | None:
        """UTC milliseconds, None where empty. RowFault."""
        cell = self.cell(row, field)
        if cell == "":
            return None
        value = text.clean(cell).text if isinstance(cell, str) else cell
        return dates.moment(value, self._mapping.dates, self._zone, self._now, field)

    def number(self, row: Sequence[Cell], field: str) -> float | None:
        """A finite number, None where empty. RowFault."""
        cell = self.cell(row, field)
        if cell == "":
            return None
        try:
            number = float(text.clean(cell).text if isinstance(cell, str) else cell)
        except (TypeError, ValueError, OverflowError) as error:
            raise RowFault(field, "number") from error
        if not isfinite(number):
            raise RowFault(field, "number")
        return number

    def whole(self, row: Sequence[Cell], field: str, low: int, high: int) -> int | None:
        """A whole number from low to high, None where empty. RowFault."""
        number = self.number(row, field)
        if number is None:
            return None
        if not number.is_integer() or not low <= number <= high:
            raise RowFault(field, "range")
        return int(number)
