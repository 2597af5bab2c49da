"""Other rosters for tests: the lists of posts as a city may change them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from commandwall import codes
from commandwall.config import ASSETS

GREAT = {"roster": (("stands = true", "stands = no"), ("stands = false", "stands = true"),
                    ("stands = no", "stands = false"))}  # fmt: skip
"""What changes where the 48 posts stand."""


@contextmanager
def changed(folder: Path, **lists: tuple[tuple[str, str], ...]) -> Iterator[None]:
    """The code lists with some of their text replaced."""
    shutil.copytree(ASSETS / "codelists", folder / "codelists")
    for name, pairs in lists.items():
        path = folder / "codelists" / f"{name}.toml"
        text = path.read_text(encoding="utf-8")
        for old, new in pairs:
            assert old in text, old
            text = text.replace(old, new)
        path.write_text(text, encoding="utf-8")
    codes.forget()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(codes, "ASSETS", folder)
        try:
            yield
        finally:
            codes.forget()
