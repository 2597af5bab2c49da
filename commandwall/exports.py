"""Exports of lists 列表导出: which rows left this program as a file, what for, and its hash."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from commandwall.clock import Ms
from commandwall.store.schema import WALL, record
from commandwall.store.store import Tx
from commandwall.store.written import TEXT_LIMIT, TITLE_LIMIT, written

CSV, XLSX = "csv", "xlsx"
FORMS = (XLSX, CSV)


@record(WALL)
@dataclass(frozen=True, slots=True)
class ListExport:
    """A list that became a file. Never written again."""

    id: str
    name: str  # of the file
    purpose: str
    asked: str  # the filter, in the words that stand in the file
    within: str  # code of the area that it was of; "": the whole city
    rows: int
    sha256: str
    at: Ms
    by: str
    post: str


def export_list(
    tx: Tx, name: str, purpose: str, asked: str, within: str, rows: int, sha256: str
) -> None:
    """导出列表: the file is made and waits; it gets its name once this is written."""
    purpose = written("purpose", purpose, TITLE_LIMIT)
    name, asked = written("name", name, TITLE_LIMIT), written("text", asked, TEXT_LIMIT)
    key = str(uuid.uuid4())
    tx.put(ListExport(key, name, purpose, asked, within, rows, sha256, tx.now, tx.by, tx.post))
