"""The sheet of all keys shows all of them: what a page does comes first, and nothing is cut off."""

from __future__ import annotations

from typing import Any

import pytest

from widgets.i18n import tr
from widgets.keys import KeySheet, key_name
from widgets.paper import Paper


def opened(wall: Any) -> tuple[KeySheet, Paper]:
    """The sheet of a page, and what it writes."""
    wall.open_keys()
    sheet = wall.findChildren(KeySheet)[-1]
    paper = Paper(sheet, sheet._look, dry=True)
    sheet.draw(paper)
    return sheet, paper


PAGES = {"zh": ["command"], "en": ["overview", "events", "command"]}
"""The pages with the most keys, and the wall's own type; words are longest in English."""


@pytest.mark.parametrize("language", PAGES)
def test_each_key_of_a_page_is_on_the_sheet_and_whole(make_wall: Any, language: str) -> None:
    wall = make_wall(1920, 1080)
    wall.set_language(language)
    cut: list[str] = []
    for page in PAGES[language]:
        wall.open_page(page)
        sheet, paper = opened(wall)
        keys = {key_name(c.key) for c in wall.all_commands() if c.key}
        assert keys <= set(paper.said), page
        for (left, top, wide, tall), what in paper.strokes:
            box = left, top, left + wide, top + tall
            assert min(box) >= 0 and box[2] <= sheet.width() and box[3] <= sheet.height(), what
        cut += [words for words in paper.said if words.endswith("…")]
    assert not cut


def test_what_the_page_does_comes_before_what_all_pages_do(make_wall: Any) -> None:
    wall = make_wall(1920, 1080)
    wall.open_page("command")
    _, paper = opened(wall)
    said = paper.said
    assert said.index(tr("本页")) < said.index(tr("核验")) < said.index(tr("各页通用"))
    assert said.index(tr("各页通用")) < said.index(tr("换语言"))
    assert said.count("Shift C") == 1
