"""The keys that the README names do something on some page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

README = Path(__file__).parents[2] / "README.md"


def test_every_key_of_the_readme_is_one(make_wall: Any) -> None:
    rows = re.findall(r"^\| (`.*?) \|", README.read_text(encoding="utf-8"), re.M)
    told = {key for row in rows for key in re.findall(r"`([^`]+)`", row)}
    assert {"?", "Space", "A"} <= told
    wall, known = make_wall(), set()
    for page in wall.file.pages:
        wall.open_page(page.id)
        known |= {command.key for command in wall.all_commands()}
    assert told <= known
