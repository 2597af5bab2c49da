"""Areas from outlines (GeoJSON) or from lists of codes and names (CSV, XLSX)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from commandwall.pool.imports import geojson, tables, text
from commandwall.pool.imports.area_judge import LEVELS, AreaJudge, Ask, Given
from commandwall.pool.imports.mapping import declared
from commandwall.pool.imports.pool_rows import PoolRows, aside
from commandwall.pool.imports.report import QUARANTINED, Ledger, Report
from commandwall.pool.imports.trouble import ImportTrouble

CODE_HEADS = ("code", "adcode", "代码", "区划代码", "编码", "编号", "id")
NAME_HEADS = ("name", "名称", "辖区", "辖区名称", "fullname")
PARENT_HEADS = ("parent", "上级代码", "上级")
WEIGHT_HEADS = ("weight", "population", "人口", "权重")


@dataclass(frozen=True, slots=True)
class Source:
    """One file to import, read: its rows, and whether it gives outlines."""

    name: str
    given: Sequence[Given]
    outlined: bool
    ask: Ask


def read(path: Path, ask: Ask) -> Source:
    """Read a file and check what is asked. Raises ImportTrouble."""
    if ask.level not in LEVELS:
        raise ImportTrouble("level", level=ask.level, levels=", ".join(LEVELS))
    outlined = path.suffix.lower() in (".geojson", ".json")
    if outlined:
        declared(ask.datum)
    given = _features(path, ask) if outlined else _rows(path, ask)
    return Source(path.name, given, outlined, ask)


def run(pool: PoolRows, source: Source, ledger: Ledger) -> Report:
    """Import a whole file: all of it is written, or nothing."""
    report = Report(source.name, len(source.given))
    judge = AreaJudge(pool.areas(), source.ask, report.notes)
    ends = judge.outlined(source.given) if source.outlined else judge.listed(source.given)
    originals = {one.number: one.original for one in source.given}
    kept = [
        aside(end, f"area:{source.ask.level}", source.name, originals[end.row])
        for end in ends
        if end.outcome == QUARANTINED
    ]
    report.notes["removed"] += len(judge.removed)
    pool.put(list(judge.changed.values()), kept, gone=sorted(judge.removed))
    ledger.write(ends, kept)
    report.add(ends)
    return report


def _features(path: Path, ask: Ask) -> list[Given]:
    outlines = geojson.read(path)
    lone = len(outlines) == 1
    stem = path.stem if path.stem.isdigit() else ""
    return [
        Given(
            o.number,
            _said(o.properties, ask.code, CODE_HEADS) or (lone and (ask.code or stem)) or "",
            _said(o.properties, ask.name, NAME_HEADS) or (lone and ask.name) or "",
            ask.parent or _said(o.properties, "", PARENT_HEADS),
            1.0,
            o.geometry,
            {"properties": o.properties},
        )
        for o in outlines
    ]


def _said(properties: Mapping[str, Any], named: str, usual: Sequence[str]) -> str:
    """The property of a name that the person gave, or of the first usual name."""
    found = next((n for n in (named, *usual) if n in properties), None)
    return _line(properties[found]) if found is not None else ""


def _rows(path: Path, ask: Ask) -> list[Given]:
    table = tables.read(path)
    code = table.column(ask.code) if ask.code else table.column(*CODE_HEADS)
    name = table.column(ask.name) if ask.name else table.column(*NAME_HEADS)
    if code is None or name is None:
        raise ImportTrouble("no_code", there=", ".join(table.header))
    parent, weight = table.column(*PARENT_HEADS), table.column(*WEIGHT_HEADS)
    return [
        Given(
            number,
            _at(row, code),
            _at(row, name),
            ask.parent or _at(row, parent),
            _weight(_at(row, weight)),
            None,
            row,
        )
        for number, row in table.numbered()
    ]


def _at(row: tables.Row, column: int | None) -> str:
    return _line(row[column]) if column is not None and column < len(row) else ""


def _line(cell: Any) -> str:
    return text.line(text.clean(tables.text_of(cell)).text)


def _weight(said: str) -> float:
    try:
        weight = float(said)
    except ValueError:
        return 1.0
    return weight if 0 < weight < math.inf else 1.0
