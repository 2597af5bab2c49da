"""Code lists of a city 本市代码表: rows beside the program's, in a folder that no upgrade touches.

`NAME.toml` in the folder of the setting `codelists` has rows of the list NAME. They are read after
the program's own: one with a known id counts from its first day, of the same day instead.
"""

from __future__ import annotations

import hashlib
import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from commandwall import codes
from commandwall.codes import FIXED
from commandwall.config import ASSETS, SettingsError

PROGRAM = ASSETS / "codelists"
Row = Mapping[str, Any]
KEYS = {"id": str, "zh": str, "en": str, "valid_from": date}
MARK = 8
"""Characters of the mark by which two stations tell whether they have the same."""


@dataclass(frozen=True, slots=True)
class Own:
    """What a city added: lists, rows, and a mark that is the same where all of it is."""

    lists: int
    rows: int
    mark: str


def lay(folder: str) -> None:
    """Have every list read with the rows of this folder from now on, in children too.

    Raises SettingsError with everything that is wrong: file, row, field, reason.
    """
    if folder:
        wrong = list(_wrong(Path(folder).expanduser().absolute()))
        if wrong:
            raise SettingsError("\n".join(["codelists:", *wrong]))
        os.environ[codes.OWN] = str(Path(folder).expanduser().absolute())
        codes.forget()


def told(folder: str) -> Own:
    """What is in a folder that is sound."""
    files = _files(Path(folder).expanduser().absolute())
    rows = sum(len(tomllib.loads(file.read_text("utf-8-sig"))["row"]) for file in files)
    whole = hashlib.sha256()
    for file in files:
        whole.update(file.name.encode() + file.read_bytes())
    return Own(len(files), rows, whole.hexdigest()[:MARK])


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.toml"))


def _wrong(folder: Path) -> Iterator[str]:
    if not folder.is_dir():
        yield f"{folder}: there is no such folder"
    for file in _files(folder):
        known = PROGRAM / file.name
        if not known.exists():
            yield f"{file}: {_no_list(file.stem)}"
            continue
        try:
            found = tomllib.loads(file.read_text("utf-8-sig"))
        except (OSError, ValueError, RecursionError) as error:
            yield f"{file}: {error}"
            continue
        yield from (f"{file}: {line}" for line in _wrong_rows(found, shape_of(file.stem)))


class Shape:
    """What rows of a list state: fields with the types that they have in the program's own."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.types: dict[str, set[type]] = {}
        for row in rows:
            for name in row.keys() - FIXED:
                self.types.setdefault(name, set()).add(type(row[name]))
        self.needed = {name for name in self.types if all(name in row for row in rows)}

    def holds(self, name: str, value: object) -> bool:
        kinds = self.types[name]
        return type(value) in kinds or (type(value) is int and float in kinds)


def shape_of(name: str) -> Shape:
    """What rows of a list of the program state; SettingsError where there is no such list."""
    known = PROGRAM / f"{name}.toml"
    if not name.isidentifier() or not known.exists():
        raise SettingsError(_no_list(name))
    return Shape(tomllib.loads(known.read_text("utf-8"))["row"])


def _no_list(name: str) -> str:
    names = [path.stem for path in PROGRAM.glob("*.toml")]
    return f"there is no list {name}{_nearest(name, names)}"


def _wrong_rows(found: Row, shape: Shape) -> Iterator[str]:
    rows = found.get("row")
    if not isinstance(rows, list) or found.keys() != {"row"}:
        yield "rows are written as [[row]], and nothing else is"
        return
    for number, row in enumerate(rows, 1):
        named = f"row {number} ({str(row.get('id', '?'))[:40]})"
        yield from (f"{named}: {line}" for line in wrong_fields(row, shape))


def wrong_fields(row: Row, shape: Shape) -> Iterator[str]:
    """What is wrong with a row: field and reason, one after the other."""
    for name, kind in KEYS.items():
        if name not in row:
            yield f"{name}: is missing"
        elif type(row[name]) is not kind or row[name] == "":
            yield f"{name}: {row[name]!r} is no {'day' if kind is date else 'text'}"
    last = row.get("valid_to", date.max)
    if type(last) is not date or (type(row.get("valid_from")) is date and last < row["valid_from"]):
        yield f"valid_to: {last!r} is no day after valid_from"
    for name in sorted(row.keys() - FIXED):
        if name not in shape.types:
            yield f"{name}: this list has no such field{_nearest(name, shape.types)}"
        elif not shape.holds(name, row[name]):
            kinds = " or ".join(sorted(kind.__name__ for kind in shape.types[name]))
            yield f"{name}: {row[name]!r} is no {kinds}"
    yield from (f"{name}: is missing" for name in sorted(shape.needed - row.keys()))


def _nearest(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, list(known), 1)
    return f"; is {near[0]} meant?" if near else ""
