"""The words of the house: every record stands in the glossary, every code list reads."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from commandwall import codes
from commandwall.store.schema import MIRROR, WALL, kinds

ROOT = Path(__file__).resolve().parents[2]
LISTS = sorted(path.stem for path in (ROOT / "assets" / "codelists").glob("*.toml"))


def test_every_record_is_in_the_glossary() -> None:
    for module in ("areas", "sensors", "alarms", "indicators", "events", "resources", "incidents"):
        importlib.import_module(f"commandwall.{module}")
    glossary = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    classes = [*kinds(WALL).values(), *kinds(MIRROR).values()]
    assert [c.__name__ for c in classes if f"`{c.__name__}`" not in glossary] == []


@pytest.mark.parametrize("name", LISTS)
def test_every_code_list_reads_with_both_names(name: str) -> None:
    rows = codes.load(name)
    assert rows
    assert all(row.zh and row.en for row in rows.values())
