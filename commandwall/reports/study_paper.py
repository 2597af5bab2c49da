"""A study as a paper: the data of its PDF and of its DOCX, which say the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from commandwall.plain import clean, plain
from commandwall.reports import press
from commandwall.reports.draft import LONGEST, Block, Chart, Draft, Figure, Line, Piece, written
from commandwall.reports.press import BOTH, DOCX, PDF, Paper, Pressed
from commandwall.reports.speech import Speech, chinese, moment

TEMPLATE = "study"
LONG = 28
"""Half letters (a Chinese one is two) of a cell whose column takes what room there is."""
FORMS = {"both": BOTH, PDF: (PDF,), DOCX: (DOCX,)}
"""What a person may want -> the files of it."""


def data(draft: Draft, unit: str, speech: Speech) -> dict[str, Any]:
    """What both forms are set of. `unit`: who gives it out."""
    blocks, made = draft.blocks, moment(draft.as_of)
    return paper(plain(draft.title), draft.told, blocks, unit, made, speech)


def paper(
    title: str, told: Sequence[str], blocks: Iterable[Block], unit: str, date: str, speech: Speech
) -> dict[str, Any]:
    """The data of any paper of blocks: lines under its title, who hands it out, of when it is."""
    data = [_block(no, one, speech) for no, one in enumerate(blocks, 1)]
    charts = [block["chart"] for block in data if block["chart"] is not None]
    for page, one in enumerate(charts, 1):
        one["page"] = page
    return {
        "title": title,
        "told": list(told),
        "blocks": data,
        "unit": plain(unit),
        "date": date,
        "foot": title,
        "none": speech.tr("无"),
    }


def make(data: dict[str, Any], target: Path, forms: Sequence[str], mark: str) -> list[Pressed]:
    """Set it in each form, beside where it is to be; as `press.press` and `press.targets`."""
    return press.press(Paper(TEMPLATE, data), press.targets(target, forms), mark)


def _block(no: int, block: Block, speech: Speech) -> dict[str, Any]:
    return {
        "head": _numbered(no, block.head, speech),
        "lines": [_printed(line) for line in block.lines],
        "columns": list(block.columns),
        "rows": [[_printed((cell,)) for cell in row] for row in block.rows],
        "chart": _chart(block.chart) if block.chart is not None else None,
        "right": [is_number(block, n) for n in range(len(block.columns))],
        "wide": [_longest(block, n) > LONG for n in range(len(block.columns))],
    }


def _chart(chart: Chart) -> dict[str, Any]:
    return {
        "kind": chart.kind, "series": list(chart.series), "most": chart.most,
        "points": [{"label": clean(label, LONGEST), "values": [f.n for f in some]}
                   for label, some in chart.points],
    }  # fmt: skip


def _printed(line: Line) -> str:
    """DOCX holds no sign that is none: a state of the pool that no list has may be anything."""
    return clean(written(line), LONGEST)


def _numbered(no: int, head: str, speech: Speech) -> str:
    """一、总体情况"""
    return f"{no}. {head}" if speech.lang == "en" else f"{chinese(no)}、{head}"


def is_number(block: Block, column: int) -> bool:
    """Whether a column holds numbers, which stand at its right."""
    return bool(block.rows) and all(_number(row[column]) for row in block.rows)


def _longest(block: Block, column: int) -> int:
    """Half letters of the longest cell of a column of words."""
    cells = (written((row[column],)) for row in block.rows)
    longest = max((len(cell) + sum(c >= "\u2e80" for c in cell) for cell in cells), default=0)
    return 0 if is_number(block, column) else longest


def _number(cell: Piece) -> bool:
    if isinstance(cell, Figure):
        return cell.counts or cell.text.endswith("%")
    return cell == "—" or cell.lstrip("+-").replace(",", "").isdigit()
