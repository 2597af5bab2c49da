"""A scenario as a workbook (XLSX), for people who write injects in a table, and back again.

A workbook is turned into the text of a scenario, and that is read as any other: so both are held
to the same rules, and what is wrong is told by sheet, row and column. Comments of a file are lost.
"""

from __future__ import annotations

import tomllib
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, time
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from commandwall import codes
from commandwall.drill.faults import Fault, shown
from commandwall.drill.scenario import Scenario, parse
from commandwall.drill.toml_lines import written

HEAD, WAYS = "scenario", "way"
SPARE = 2
"""Columns for further items of a list, beyond those that are used."""
NAMES: Mapping[str, str] = {
    HEAD: "脚本", "objective": "目标", "player": "参演", "branch": "分支", "inject": "情景",
    "id": "编号", "zh": "中文", "en": "英文", "post": "岗位", "seat": "席位", "at": "时刻",
    "type": "类型", "channel": "渠道", "from": "来自", "to": "对象", "way": "走向",
    "lon": "经度", "lat": "纬度", "note": "说明", "key": "项", "value": "值",
    "expect": "应有动作", "watch": "观察", "data": "数据",
}  # fmt: skip
COLUMNS: Mapping[str, Sequence[str]] = {
    HEAD: ("key", "value"),
    "objective": ("id", "zh", "en"),
    "player": ("post", "seat"),
    "branch": ("id", "zh", "en", "way.id", "way.zh", "way.en"),
    "inject": (
        "id", "at", "type", "channel", "from", "to", "zh", "en", "objective", "way", "lon", "lat",
        "note",
    ),
}  # fmt: skip
LISTS, NUMBERS = ("expect", "watch"), frozenset({"format", "version", "rate", "lon", "lat"})
UNREAD = (
    InvalidFileException, zipfile.BadZipFile, zlib.error, ParseError, EOFError, LookupError,
    ValueError, TypeError, AttributeError, RuntimeError,
)  # fmt: skip
"""What the library raises for bytes that are no workbook."""
WIDE = frozenset({"zh", "en", "expect", "watch", "note", "value"})
Cell = str | int | float
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Taken:
    """What a workbook came to: the text of a scenario, or all that is wrong, as a person looks for
    it: sheet, row, column, reason."""

    text: bytes
    faults: tuple[str, ...]


# To a workbook.


def write(text: bytes, target: Path) -> None:
    """A sound scenario as a workbook, from which the same is read again. ValueError where a text of
    it would not come back as it is, and there is no file then; OSError."""
    data = tomllib.loads(text.decode("utf-8-sig"))
    fresh = target.with_name(f".{target.name}.part.xlsx")
    try:
        _save(data, fresh)
        if _read(take(fresh).text) != _read(text):
            raise ValueError("no workbook can hold all of it")
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)


def _read(text: bytes) -> Scenario | None:
    """What is played, whatever its text looks like."""
    found = parse(text).scenario
    return replace(found, digest="") if found is not None else None


def _save(data: Row, target: Path) -> None:
    tables = {name: list(_rows(name, data)) for name in COLUMNS}
    cells = (cell for rows in tables.values() for row in rows for cell in row.values())
    if bad := [cell for cell in cells if ILLEGAL_CHARACTERS_RE.search(str(cell))]:
        raise ValueError(f"no cell can hold {shown(bad[0])}")
    book = Workbook(write_only=True)
    for name, rows in tables.items():
        _sheet(book, name, _columns(name, rows), rows)
    book.save(target)


def _rows(name: str, data: Row) -> Iterator[Row]:
    """The rows of a sheet, each by its columns."""
    if name == HEAD:
        for key, value in data.items():
            if key not in COLUMNS:
                for one in value if isinstance(value, list) else (value,):
                    yield {"key": key, "value": one}
    elif name == "branch":
        for branch in data.get(name, ()):
            for way in branch[WAYS]:
                yield {**branch, **{f"{WAYS}.{key}": told for key, told in way.items()}}
    else:
        for row in data.get(name, ()):
            yield {key: cell for part in row.items() for key, cell in _spread(*part)}


def _spread(key: str, value: Any) -> Iterator[tuple[str, Any]]:
    """expect.1, expect.2; data.cls."""
    if isinstance(value, list):
        yield from ((f"{key}.{n}", one) for n, one in enumerate(value, 1))
    elif isinstance(value, dict):
        yield from ((f"{key}.{name}", one) for name, one in value.items())
    else:
        yield key, value


def _columns(name: str, rows: Sequence[Row]) -> list[str]:
    if name != "inject":
        return list(COLUMNS[name])
    fields = dict.fromkeys(
        f"data.{field}" for row in codes.load("drill_channel").values()
        for field in row.facts["fields"]
    )  # fmt: skip
    return [*COLUMNS[name][:-1], *fields, *_lists(rows), "note"]


def _lists(rows: Sequence[Row]) -> Iterator[str]:
    for name in LISTS:
        used = max((sum(key.startswith(f"{name}.") for key in row) for row in rows), default=0)
        yield from (f"{name}.{n}" for n in range(1, used + SPARE + 1))


def _sheet(book: Workbook, name: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
    sheet = book.create_sheet(_titled(name, name))
    sheet.freeze_panes = "B2"
    for n, column in enumerate(columns, 1):
        wide = column.partition(".")[0] in WIDE
        sheet.column_dimensions[get_column_letter(n)].width = 48 if wide else 16
    sheet.append([_typed(sheet, _titled(name, column), True) for column in columns])
    for row in rows:
        sheet.append([_typed(sheet, row.get(column), False) for column in columns])


def _titled(sheet: str, key: str) -> str:
    """应有动作 expect.1: the last word is what counts when it is read back."""
    told = NAMES.get(key.partition(".")[0], "")
    return f"{told} {key}".strip()


def _typed(sheet: Any, value: Any, head: bool) -> Any:
    """A text stays one, whatever it begins with: no cell is a formula to whoever opens the file."""
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    made = WriteOnlyCell(sheet, str(value))
    made.data_type, made.quotePrefix = "s", not head
    made.alignment = Alignment(wrap_text=True, vertical="top")
    if head:
        made.font = Font(bold=True)
    return made


# And back.


def take(source: Path) -> Taken:
    """The scenario of a workbook, or all that is wrong in it. OSError where it cannot be read."""
    try:
        _bounded(source)
        with closing(load_workbook(source, read_only=True)) as book:
            made = _Reading(book)
    except UNREAD as error:
        why = f"{source.name}: no workbook, or too large 不是工作簿或过大: {shown(str(error))}"
        return Taken(b"", (why,))
    text = "\n".join(made.lines) + "\n"
    found = [made.place(fault) for fault in parse(text.encode(), source.name).faults]
    told = {place for place, _ in made.faults}
    faults = [f"{place}: {why}" for place, why in made.faults]
    faults += [f"{place}: {why}" for place, why in found if place not in told]
    return Taken(b"" if faults else text.encode(), tuple(faults))


def _bounded(source: Path) -> None:
    """ValueError for one that would fill the memory when it is unpacked."""
    most = int(codes.limit("drill_book_kb")) << 10
    with zipfile.ZipFile(source) as archive:
        if sum(part.file_size for part in archive.infolist()) > most:
            raise ValueError(f"> {most >> 10} KB")


class _Reading:
    """The text of a scenario, line by line, and from which cell each line came."""

    def __init__(self, book: Any) -> None:
        self.lines: list[str] = []
        self.faults: list[tuple[str, str]] = []
        """Where, and why."""
        self._from: dict[int, tuple[str, int, str]] = {}
        sheets = {str(name).split()[-1]: book[name] for name in book.sheetnames if name.split()}
        for name in COLUMNS:
            if name in sheets:
                self._take(name, list(self._rows(name, sheets[name])))
            elif name != "branch":
                self._wrong(name, 0, "", "there is no such sheet", "没有此工作表")

    def place(self, fault: Fault) -> tuple[str, str]:
        """Where a person finds what is wrong with the text."""
        sheet, row, column = self._from.get(fault.line, (HEAD, 0, ""))
        return _place(sheet, row, column or fault.field), f"{fault.en} {fault.zh}"

    def _wrong(self, sheet: str, row: int, column: str, en: str, zh: str) -> None:
        self.faults.append((_place(sheet, row, column), f"{en} {zh}"))

    def _rows(self, name: str, sheet: Any) -> Iterator[tuple[int, dict[str, Cell]]]:
        """Rows that are not blank, with their numbers, by the names of their columns."""
        columns: list[str] = []
        most = int(codes.limit("drill_book_rows"))
        sheet.reset_dimensions()  # what it says of its own size is not believed
        for number, cells in enumerate(sheet.iter_rows(), 1):
            if number > most:
                self._wrong(name, number, "", f"more than {most} rows", f"超过 {most} 行")
                return
            if number == 1:
                columns = [self._column(name, cell) for cell in cells]
                continue
            pairs = zip(columns, cells, strict=False)
            told = {c: self._cell(name, number, c, cell) for c, cell in pairs if c}
            row = {column: value for column, value in told.items() if value is not None}
            if row:
                yield number, row

    def _column(self, sheet: str, cell: Any) -> str:
        words = str(cell.value).split() if cell.value is not None else []
        key = words[-1] if words else ""
        family = key.partition(".")[0]
        if key and key not in COLUMNS[sheet] and not (
            sheet == "inject" and family in (*LISTS, "data") and "." in key
        ):  # fmt: skip
            self._wrong(sheet, 1, key, "there is no such column", "没有此列")
            return ""
        return key

    def _cell(self, sheet: str, row: int, column: str, cell: Any) -> Cell | None:
        value = cell.value
        if value is None or (isinstance(value, str) and not value.strip()):
            return None
        if cell.data_type == "f":
            self._wrong(sheet, row, column, "is a formula", "不能是公式")
            return None
        if isinstance(value, datetime | time):
            return value.strftime("%H:%M:%S")
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            self._wrong(sheet, row, column, f"{value!r} is no text", "应为文字")
            return None
        number = column in NUMBERS or column.startswith("data.") or sheet == HEAD
        return value if number or isinstance(value, str) else str(value)

    # As the text of a scenario.

    def _take(self, name: str, rows: Sequence[tuple[int, dict[str, Cell]]]) -> None:
        if name == HEAD:
            self._head(rows)
        elif name == "branch":
            self._branches(rows)
        else:
            for number, row in rows:
                self._line((name, number, ""), f"[[{name}]]")
                self._fields(name, number, row)

    def _head(self, rows: Sequence[tuple[int, dict[str, Cell]]]) -> None:
        """A key may stand several times only where it is a list."""
        met: dict[str, list[tuple[int, Cell]]] = {}
        for number, row in rows:
            met.setdefault(str(row.get("key", "")), []).append((number, row.get("value", "")))
        for key, values in met.items():
            if not key.isidentifier():
                self._wrong(HEAD, values[0][0], "key", "has no key", "缺少项")
            elif key == "stop":
                self._list(HEAD, key, [(n, "value", value) for n, value in values])
            else:
                for number, value in values:
                    told = value if key == "clock" and _is_time(value) else written(value)
                    self._line((HEAD, number, "value"), f"{key} = {told}")
                if len(values) > 1:
                    self._wrong(HEAD, values[1][0], key, "stands there twice", "重复")

    def _branches(self, rows: Sequence[tuple[int, dict[str, Cell]]]) -> None:
        """One row for each way; those of one branch stand one below the other."""
        last = None
        for number, row in rows:
            if row.get("id") != last:
                last = row.get("id")
                self._line(("branch", number, ""), "[[branch]]")
                own = {key: value for key, value in row.items() if "." not in key}
                self._fields("branch", number, own)
            self._line(("branch", number, "way.id"), "[[branch.way]]")
            ways = {key.removeprefix("way."): v for key, v in row.items() if "." in key}
            self._fields("branch", number, ways, "way.")

    def _fields(self, sheet: str, number: int, row: Mapping[str, Cell], before: str = "") -> None:
        lists: dict[str, list[tuple[int, str, Cell]]] = {}
        for column, value in row.items():
            family = column.partition(".")[0]
            if sheet == "inject" and family in LISTS:
                lists.setdefault(family, []).append((number, column, value))
            else:
                self._line((sheet, number, before + column), f"{column} = {written(value)}")
        for family, items in lists.items():
            self._list(sheet, family, items)

    def _list(self, sheet: str, key: str, items: Sequence[tuple[int, str, Cell]]) -> None:
        self._line((sheet, items[0][0], items[0][1]), f"{key} = [")
        for number, column, value in items:
            self._line((sheet, number, column), f"    {written(value)},")
        self.lines.append("]")

    def _line(self, where: tuple[str, int, str], text: str) -> None:
        self.lines.append(text)
        self._from[len(self.lines)] = where


def _place(sheet: str, row: int, column: str) -> str:
    """情景 inject, row 5, column to"""
    where = [_titled(sheet, sheet)]
    where += [f"row 第 {row} 行"] if row else []
    where += [f"column 列 {column}"] if column else []
    return ", ".join(where)


def _is_time(value: Cell) -> bool:
    try:
        time.fromisoformat(str(value))
    except ValueError:
        return False
    return len(str(value)) == len("00:00:00")
