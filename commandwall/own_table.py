"""`commandwall codes LIST TABLE`: rows of a code list of this city from a table, CSV or XLSX.

The first row names the fields, as the list has them (`id`, `zh`, `valid_from`...). What is wrong
with a row is said by row, field and reason, and kept in quarantine; the others go into the folder
of the setting `codelists`. A row of an id and a first day that are there takes the place of that.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import sys
import tomllib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import Any

from commandwall import own_lists
from commandwall.config import REFUSED, Settings, SettingsError
from commandwall.own_lists import Shape
from commandwall.pool.imports import tables
from commandwall.pool.imports.trouble import ImportTrouble

HEADS = {
    "编号": "id", "名称": "zh", "英文名": "en", "起": "valid_from", "止": "valid_to",
}  # fmt: skip
"""What offices call the fields that every list has."""
_APART = str.maketrans("、；;，", ",,,,")
_YES = {"true": True, "yes": True, "1": True, "是": True}
_NO = {"false": False, "no": False, "0": False, "否": False}
Row = dict[str, Any]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("list", metavar="LIST", help="code list, such as event_item 代码表")
    parser.add_argument("table", type=Path, metavar="TABLE", help="CSV or XLSX 表格")


def run(settings: Settings, asked: argparse.Namespace) -> int:
    """Say what came of each row that is wrong, and how many were taken; REFUSED where any was."""
    if not settings.codelists:
        raise SettingsError("codelists: 未设本市代码表文件夹 no folder of this city is set")
    shape = own_lists.shape_of(asked.list)
    try:
        good, bad = _read(asked.table, shape)
    except ImportTrouble as trouble:
        raise SettingsError(f"{trouble.sentence('zh')} {trouble.sentence('en')}") from trouble
    home = Path(settings.codelists).expanduser() / f"{asked.list}.toml"
    if good:
        _write(home, good)
    for number, _, why in bad:
        print(f"{asked.table.name}: row {number}: {why}", file=sys.stderr)
    if bad:
        kept = _quarantine(settings.data_dir, asked.list, bad)
        print(f"{len(bad)} 行未收 rows refused: {kept}", file=sys.stderr)
    print(f"{len(good)} 行收入 rows taken: {home}")
    return REFUSED if bad else 0


def _read(path: Path, shape: Shape) -> tuple[list[Row], list[tuple[int, list[str], str]]]:
    """The rows that are sound; of the others number, cells and why."""
    table = tables.read(path)
    heads = [HEADS.get(head, head) for head in table.header]
    good, bad = list[Row](), list[tuple[int, list[str], str]]()
    for number, cells in table.numbered():
        texts = [tables.text_of(cell) for cell in cells]
        told = {head: text for head, text in zip(heads, texts, strict=False) if head and text}
        row = {
            name: _value(text, shape.types.get(name, {str}), name) for name, text in told.items()
        }
        row.setdefault("en", row.get("zh", ""))
        if wrong := list(own_lists.wrong_fields(row, shape)):
            bad.append((number, texts, "; ".join(wrong)))
        else:
            good.append(row)
    return good, bad


def _value(text: str, kinds: set[type], name: str) -> Any:
    """A cell as the list has such a field; as it stands where it cannot be one."""
    if name in ("valid_from", "valid_to") or date in kinds:
        return _day(text)
    if bool in kinds:
        return {**_YES, **_NO}.get(text.casefold(), text)
    if list in kinds:
        return [one.strip() for one in text.translate(_APART).split(",") if one.strip()]
    for kind in (int, float):
        if kind in kinds:
            with suppress(ValueError, OverflowError):
                if math.isfinite(number := kind(text)):
                    return number
    return text


def _day(text: str) -> date | str:
    """2026-01-01, 2026/1/1 or 2026年1月1日; the text itself where it is no day."""
    plain = text.replace("年", "-").replace("月", "-").replace("日", "").replace("/", "-")
    try:
        return datetime.strptime(plain.split("T")[0], "%Y-%m-%d").date()  # noqa: DTZ007  a day
    except ValueError:
        return text


def _write(home: Path, rows: Iterable[Row]) -> None:
    """Beside those that are there, in place of one of the same id and first day; whole or not."""
    held: list[Row] = tomllib.loads(home.read_text("utf-8-sig"))["row"] if home.exists() else []
    merged = {(row["id"], row["valid_from"]): row for row in (*held, *rows)}
    new = home.with_suffix(".new")
    new.write_text("\n".join(_told(row) for row in merged.values()), encoding="utf-8")
    new.replace(home)


def _told(row: Mapping[str, Any]) -> str:
    return "[[row]]\n" + "".join(f"{name} = {_toml(value)}\n" for name, value in row.items())


def _toml(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")


def _quarantine(data_dir: Path, name: str, bad: Iterable[tuple[int, list[str], str]]) -> Path:
    """The refused rows as they came, each with its number and why."""
    home = data_dir / "quarantine"
    home.mkdir(parents=True, exist_ok=True)
    kept = home / f"codes-{name}.csv"
    with kept.open("a", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([number, why, *cells] for number, cells, why in bad)
    return kept
