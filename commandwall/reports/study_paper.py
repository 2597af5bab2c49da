"""A study as a paper: the data of its PDF and of its DOCX, which say the same."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from commandwall.plain import clean, plain
from commandwall.reports import press
from commandwall.reports.draft import LONGEST, Block, Draft, Figure, Line, Piece, written
from commandwall.reports.press import Paper, Pressed
from commandwall.reports.speech import Speech, chinese, moment

WRITER = Path(__file__).with_name("writer.py")
TEMPLATE = "study"
PDF, DOCX = "pdf", "docx"
LONG = 28
"""Half letters (a Chinese one is two) of a cell whose column takes what room there is."""
FORMS = {"both": (PDF, DOCX), PDF: (PDF,), DOCX: (DOCX,)}
"""What a person may want -> the files of it."""


def data(draft: Draft, unit: str, speech: Speech) -> dict[str, Any]:
    """What both forms are set of. `unit`: who gives it out."""
    return {
        "title": plain(draft.title),
        "told": list(draft.told),
        "blocks": [_block(no, one, speech) for no, one in enumerate(draft.blocks, 1)],
        "unit": plain(unit),
        "date": moment(draft.as_of),
        "foot": plain(draft.title),
        "none": speech.tr("无"),
    }


def make(data: dict[str, Any], target: Path, forms: Sequence[str], mark: str) -> list[Pressed]:
    """Set it in each form, beside where it is to be. Waits for the children; Unset, OSError as
    `press.press`, Taken as `press.targets`."""
    papers = {PDF: Paper(TEMPLATE, data), DOCX: Paper("", data, program=WRITER)}
    made: list[Pressed] = []
    try:
        for form, one in zip(forms, press.targets(target, forms), strict=True):
            made += press.press(papers[form], [one], mark)
    except (press.Unset, OSError):
        press.drop(made)
        raise
    return made


def _block(no: int, block: Block, speech: Speech) -> dict[str, Any]:
    return {
        "head": _numbered(no, block.head, speech),
        "lines": [_printed(line) for line in block.lines],
        "columns": list(block.columns),
        "rows": [[_printed((cell,)) for cell in row] for row in block.rows],
        "right": [is_number(block, n) for n in range(len(block.columns))],
        "wide": [_longest(block, n) > LONG for n in range(len(block.columns))],
    }


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
