"""Write a list of events as CSV or XLSX: a program of its own, which a person may give up.

    python -m commandwall.reports.table FOLDER PART

PART holds asked.json and becomes the home of the table. Every text of a row is what a screen would
draw of it, and no cell is a formula to whoever opens the file.
"""

from __future__ import annotations

import csv
import hashlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from commandwall import codes, event_lists, plain
from commandwall.areas import CITY, Area
from commandwall.clock import Ms
from commandwall.errand import end_with_starter, say
from commandwall.events import EventView
from commandwall.exports import CSV
from commandwall.masking import without
from commandwall.reports.listing import ASKED, MADE, Wanted, refusal
from commandwall.reports.speech import Speech, moment
from commandwall.store.store import Reader, Refused, Store
from commandwall.store.written import TEXT_LIMIT

FORMULA = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"
"""What a cell begins with that a table program reads as a formula, also in full width."""
GUARD = "'"
TOLD = 500
"""Rows from one word of how far it is to the next."""
Cell = str | int
Line = Sequence[Cell]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table: its name, how wide it is in letters, what stands in it."""

    name: str
    width: int
    of: Callable[[EventView, Terms], Cell]


@dataclass(frozen=True, slots=True)
class Terms:
    """What a row needs beside itself: the language, and each area with its names."""

    speech: Speech
    areas: Mapping[str, str]


COLUMNS = (
    Column("编号", 16, lambda v, t: v.number),
    Column("状态", 10, lambda v, t: t.speech.named("event_state", v.state)),
    Column("事项", 12, lambda v, t: t.speech.named("event_class", v.cls)),
    Column("标题", 40, lambda v, t: plain.plain(v.event.headline)),
    Column("内容", 60, lambda v, t: plain.plain(v.event.words, TEXT_LIMIT)),
    Column("辖区", 28, lambda v, t: t.areas.get(v.event.area, "")),
    Column("地址", 30, lambda v, t: plain.address(v.event.address)),
    Column("来源", 10, lambda v, t: t.speech.named("event_source", v.event.source)),
    Column("紧急程度", 8, lambda v, t: v.event.urgency),
    Column("上报时间", 17, lambda v, t: moment(v.event.reported_at)),
    Column("承办单位", 18, lambda v, t: plain.plain(v.unit)),
    Column("结果", 30, lambda v, t: _result(v)),
    Column("办结时间", 17, lambda v, t: moment(_closed_at(v))),
    Column("上报人", 8, lambda v, t: plain.person(v.event.person)),
    Column("电话", 14, lambda v, t: plain.phone(v.event.phone) if v.event.phone else ""),
)


def _result(view: EventView) -> str:
    told = view.work.result if view.work and not view.restricted else ""
    return plain.plain(without(told, view.event.person), TEXT_LIMIT)


def _closed_at(view: EventView) -> Ms | None:
    return (view.work.closed_at if view.work else None) or view.event.closed_at


def lines(wanted: Wanted, views: Iterator[EventView], terms: Terms) -> Iterator[Line]:
    """The whole table: what stands over it, the names of its columns, its rows."""
    tr = terms.speech.tr
    yield from ((plain.plain(name), plain.plain(told)) for name, told in wanted.head)
    yield ()
    yield [tr(column.name) for column in COLUMNS]
    yield from ([column.of(view, terms) for column in COLUMNS] for view in views)


def harmless(cell: Cell) -> Cell:
    """As it may stand in a CSV: what would be a formula begins with an apostrophe."""
    begins = cell.lstrip(" ")[:1] if isinstance(cell, str) else ""
    return f"{GUARD}{cell}" if begins and begins in FORMULA else cell


def write_csv(path: Path, rows: Iterator[Line]) -> None:
    """UTF-8 with its mark, by which Excel knows it."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerows([harmless(cell) for cell in row] for row in rows)
        _to_disk(file.fileno(), file.flush)


def write_xlsx(path: Path, rows: Iterator[Line], head: int) -> None:
    """Row by row. Each text is typed as one, whatever it begins with."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("events")
    sheet.freeze_panes = f"A{head + 1}"
    for n, column in enumerate(COLUMNS):
        sheet.column_dimensions[chr(ord("A") + n)].width = column.width
    for no, row in enumerate(rows, 1):
        sheet.append([_typed(sheet, cell, no == head) for cell in row])
    book.save(path)
    with path.open("rb+") as file:
        _to_disk(file.fileno(), file.flush)


def _typed(sheet: Any, cell: Cell, bold: bool) -> Any:
    if isinstance(cell, int) or not (bold or cell[:1] in f"{FORMULA}#{GUARD} "):
        return cell
    made = WriteOnlyCell(sheet, cell)
    made.data_type, made.quotePrefix = "s", not bold
    if bold:
        made.font = Font(bold=True)
    return made


def _to_disk(file: int, flush: Callable[[], None]) -> None:
    flush()
    os.fsync(file)


def make(reader: Reader, wanted: Wanted, part: Path) -> dict[str, Any]:
    """Write the table; how many rows it has, and the hash of its bytes. Refused("export_rows")
    where there are more than a file may have."""
    now, most = Ms(wanted.now), int(codes.limit("export_rows"))
    if wanted.keys is None:
        many = event_lists.count(reader, wanted.filter, now, most + 1)
        views = event_lists.each(reader, wanted.filter, now)
    else:
        many, views = len(wanted.keys), event_lists.some_of(reader, wanted.keys)
    if many > most:
        raise Refused("export_rows", n=many, most=most)
    told = _Told(views, many)
    terms = Terms(Speech.of(wanted.lang), _areas(reader))
    target = part / f"{MADE}{Path(wanted.target).suffix}"
    table = lines(wanted, told, terms)
    if target.suffix == f".{CSV}":
        write_csv(target, table)
    else:
        write_xlsx(target, table, len(wanted.head) + 2)
    with target.open("rb") as file:
        return {"rows": told.count, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}


class _Told(Iterator[EventView]):
    """Counts what goes by, and says how far it is."""

    def __init__(self, views: Iterator[EventView], many: int) -> None:
        self._views, self._many, self.count = views, many, 0

    def __next__(self) -> EventView:
        view = next(self._views)
        self.count += 1
        if self.count % TOLD == 0:
            say(min(1.0, self.count / max(1, self._many)))
        return view


def _areas(reader: Reader) -> dict[str, str]:
    """Code -> 石塘镇 石东村 07 网格, without the city."""
    found = reader.columns(Area, ["id", "name", "parent", "level"])
    rows = {key: rest for key, *rest in zip(*found.values(), strict=True)}
    return {key: " ".join(reversed(list(_names(rows, key)))) for key in rows}


def _names(rows: Mapping[str, Sequence[Any]], key: str) -> Iterator[str]:
    while key in rows and rows[key][2] != CITY:
        name, key, _ = rows[key]
        yield plain.plain(name, 24)


def main(folder: str, part: str) -> None:
    """In the child. What a library keeps beside its work is kept beside the table, and goes with
    it."""
    end_with_starter()
    wanted = msgspec.json.decode((Path(part) / ASKED).read_bytes(), type=Wanted)
    try:
        with closing(Store(Path(folder))) as store:
            tempfile.tempdir = part
            say(store.read(lambda reader: _answer(reader, wanted, Path(part))))
    except Refused as why:
        say({"refused": why.reason.code, "facts": why.reason.facts})


def _answer(reader: Reader, wanted: Wanted, part: Path) -> dict[str, Any]:
    """What the table's own disk says is told here: further out it would be the store's trouble."""
    try:
        return make(reader, wanted, part)
    except OSError as why:
        raise refusal(why) from why


if __name__ == "__main__":
    main(*sys.argv[1:3])
