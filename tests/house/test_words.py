"""The words of the house: every record stands in the glossary, every code list reads."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from source import ROOT, nodes

from commandwall import codes
from commandwall.store.schema import MIRROR, WALL, kinds

GLOSSARY = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
LISTS = sorted(path.stem for path in (ROOT / "assets" / "codelists").glob("*.toml"))


def classes() -> Iterator[tuple[ast.ClassDef, bool]]:
    """All classes of the program, and whether each is a record with a table."""
    for room in ("commandwall", "layers", "widgets"):
        for path in (ROOT / room).rglob("*.py"):
            for node in nodes(path, ast.ClassDef):
                marks = [ast.unparse(mark) for mark in node.decorator_list]
                yield node, any(mark.startswith("record(") for mark in marks)


def test_every_record_is_in_the_glossary() -> None:
    records = [node.name for node, recorded in classes() if recorded]
    assert len(records) == len({*kinds(WALL), *kinds(MIRROR)})
    assert [name for name in records if f"`{name}`" not in GLOSSARY] == []


def test_every_program_knows_every_record_whatever_it_imports() -> None:
    """Whoever mends wall.db in a program of its own would leave out those that it does not know."""
    script = (
        "import commandwall; from commandwall.store.schema import MIRROR, WALL, kinds; "
        "print(*sorted({*kinds(WALL), *kinds(MIRROR)}))"
    )
    told = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    known = {node.name.lower() for node, recorded in classes() if recorded}
    assert set(told.stdout.split()) == known


def test_every_class_of_the_glossary_is_in_the_program() -> None:
    known = {node.name for node, _ in classes()}
    told = re.findall(r"`([A-Z]\w+)`", GLOSSARY)
    assert [name for name in told if name not in known] == []


@pytest.mark.parametrize("name", LISTS)
def test_every_code_list_reads_with_both_names(name: str) -> None:
    rows = codes.load(name)
    assert rows
    assert all(row.zh and row.en for row in rows.values())
