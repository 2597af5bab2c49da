"""Reading tables: CSV in the encodings that Chinese offices use, and XLSX."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from commandwall.pool.imports.trouble import ImportTrouble, limit

Cell = str | int | float | bool | datetime | date | time | timedelta | None
Row = Sequence[Cell]
MB = 1 << 20
_ENCODINGS = ("utf-8-sig", "gb18030")
_MARKED = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_EXCEL = frozenset({".xlsx", ".xlsm", ".xls", ".ods"})
_SEPARATORS = ",\t;|"


@dataclass(frozen=True, slots=True)
class Table:
    """A header and the rows below it, numbered as a person sees them: the header of a file is
    row 1; a database numbers none, its first row is row 1."""

    header: tuple[str, ...]
    rows: Iterable[Row]  # can be walked more than once
    said: int | None = None  # how many they are, where that need not be counted; 0: unknown
    first: int = 2  # the number of the first row

    def count(self) -> int:
        """How many rows `numbered` gives; 0 where nobody knows before they are read."""
        return sum(1 for _ in self.numbered()) if self.said is None else self.said

    def numbered(self) -> Iterator[tuple[int, Row]]:
        """Rows that are not wholly empty, with their numbers."""
        for number, row in enumerate(self.rows, self.first):
            if any(cell not in (None, "") for cell in row):
                yield number, row

    def column(self, *names: str) -> int | None:
        """Position of the first of these headers that is there, whatever its case."""
        heads = [head.casefold() for head in self.header]
        return next((heads.index(n.casefold()) for n in names if n.casefold() in heads), None)


def read(path: Path) -> Table:
    """A CSV or Excel file (its first sheet). Raises ImportTrouble where it is none."""
    content = contents(path)
    rows = _excel(content, path) if path.suffix.lower() in _EXCEL else _csv(content, path)
    if not rows:
        raise ImportTrouble("empty", file=path.name)
    return Table(tuple(text_of(cell) for cell in rows[0]), rows[1:])


def contents(path: Path) -> bytes:
    """The file's bytes; ImportTrouble where it cannot be read or is too large."""
    try:
        if path.stat().st_size > limit("file_mb") * MB:
            raise ImportTrouble("too_large", file=path.name, limit=limit("file_mb"))
        return path.read_bytes()
    except OSError as error:
        raise ImportTrouble("unreadable", file=str(path), why=error.strerror) from error


def text_of(cell: Any) -> str:
    """A cell as text: 188006.0 of a spreadsheet is the number 188006."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return str(int(cell))
    if isinstance(cell, date | time):
        return cell.isoformat()
    return str(cell).strip()


def decoded(content: bytes, name: str) -> str:
    """Text by its byte order mark, else UTF-8, else GB 18030; ImportTrouble for neither."""
    marked = _MARKED.get(content[:2])
    for encoding in (marked,) if marked else _ENCODINGS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ImportTrouble("encoding", file=name)


def _csv(content: bytes, path: Path) -> list[Row]:
    text = decoded(content, path.name)
    head = text.split("\n", 1)[0]
    separator = max(_SEPARATORS, key=head.count)
    csv.field_size_limit(limit("file_mb") * MB)
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error as error:
        raise ImportTrouble("not_a_table", file=path.name, why=str(error)) from error


def _excel(content: bytes, path: Path) -> list[Row]:
    _check_archive(content, path)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        rows: list[Row] = list(book.get_sheet_by_index(0).to_python(skip_empty_area=False))
    except (CalamineError, ValueError, IndexError) as error:
        raise ImportTrouble("not_a_table", file=path.name, why=str(error)) from error
    return rows


def _check_archive(content: bytes, path: Path) -> None:
    """Refuse an archive that would unpack to far more than a table needs."""
    if content[:2] != b"PK":
        return
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
    except zipfile.BadZipFile as error:
        raise ImportTrouble("not_a_table", file=path.name, why=str(error)) from error
    if size > limit("unpacked_mb") * MB:
        raise ImportTrouble("too_large", file=path.name, limit=limit("unpacked_mb"))
