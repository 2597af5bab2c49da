"""What the documents say of the program is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_plug_in_document_shows_the_example_that_the_tests_run() -> None:
    document, example = text("docs/plugins.md"), text("docs/examples/plugin/shelters.py")
    assert f"```python\n{example}```" in document
    assert len(example.splitlines()) < 40
    shown = re.search(r"```toml\n(.*?)```", document, re.S)
    assert shown is not None
    assert shown[1] in text("docs/examples/plugin/pyproject.toml")


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(path: Path) -> None:
    links = re.findall(r"(?<!!)\[[^\]]+\]\(([^)#]+)", path.read_text(encoding="utf-8"))
    own = [link for link in links if "://" not in link]
    assert [link for link in own if not (path.parent / link).exists()] == []
