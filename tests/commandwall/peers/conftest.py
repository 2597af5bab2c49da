"""Stations of a hall, which end with the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hall import Post


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Callable[..., Post]]:
    made: list[Post] = []

    def make(name: str, role: str = "chief", area: str = "") -> Post:
        made.append(Post(tmp_path / name, role, area))
        return made[-1]

    yield make
    for one in made:
        one.close()
