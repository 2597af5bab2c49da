"""Areas from outlines (map files) or from lists of codes and names (CSV, XLSX)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from commandwall.areas import Area
from commandwall.pool.imports import geofiles, tables, text
from commandwall.pool.imports.area_judge import LEVELS, AreaJudge, Ask, Given
from commandwall.pool.imports.ground import Ground
from commandwall.pool.imports.pool_rows import PoolRows, aside
from commandwall.pool.imports.report import QUARANTINED, Ledger, Report
from commandwall.pool.imports.trouble import ImportTrouble

CODE_HEADS = ("code", "adcode", "代码", "区划代码", "编码", "编号", "id")
NAME_HEADS = ("name", "名称", "辖区", "辖区名称", "fullname")
PARENT_HEADS = ("parent", "上级代码", "上级")
WEIGHT_HEADS = ("weight", "population", "人口", "权重")


@dataclass(frozen=True, slots=True)
class Source:
    """One file to import, read: its rows, and where its outlines lie; None where it gives none."""

    name: str
    given: Sequence[Given]
    ground: Ground | None
    ask: Ask


def read(path: Path, ask: Ask, told: geofiles.Told) -> Source:
    """Read a file and check what is asked. Raises ImportTrouble."""
    if ask.level not in LEVELS:
        raise ImportTrouble("level", level=ask.level, levels=", ".join(LEVELS))
    if path.suffix.lower() not in geofiles.SUFFIXES:
        return Source(path.name, _rows(path, ask), None, ask)
    layer = geofiles.read(path, told)
    return Source(path.name, _features(layer, path.stem, ask), layer.ground, ask)


def run(pool: PoolRows, source: Source, ledger: Ledger) -> Report:
    """Import a whole file: all of it is written, or nothing."""
    ground = source.ground.name if source.ground else ""
    report = Report(source.name, len(source.given), ground)
    judge = AreaJudge(pool.all(Area), source.ask, report.notes, source.ground)
    ends = judge.ends(source.given)
    originals = {one.number: one.original for one in source.given}
    kept = [
        aside(end, "areas", source.name, originals[end.row])
        for end in ends
        if end.outcome == QUARANTINED
    ]
    report.notes["removed"] += len(judge.removed)
    pool.put(list(judge.changed.values()), kept, gone=judge.removed)
    ledger.write(ends, kept)
    report.add(ends)
    return report


def _features(layer: geofiles.Layer, stem: str, ask: Ask) -> list[Given]:
    lone = len(layer.rows) == 1
    stem = stem if stem.isdigit() else ""
    return [
        Given(
            number,
            _said(row, ask.code, CODE_HEADS) or (lone and (ask.code or stem)) or "",
            _said(row, ask.name, NAME_HEADS) or (lone and ask.name) or "",
            ask.parent or _said(row, "", PARENT_HEADS),
            1.0,
            shape,
            layer.original(number),
        )
        for number, (row, shape) in enumerate(zip(layer.rows, layer.shapes, strict=True), 1)
    ]


def _said(properties: Mapping[str, Any], named: str, usual: Sequence[str]) -> str:
    """The property that the person named, or the first usual one, whatever its case."""
    heads = {head.casefold(): head for head in properties}
    found = next((heads[n.casefold()] for n in (named, *usual) if n.casefold() in heads), None)
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
