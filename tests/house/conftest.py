"""What was read of the program's text goes with the last test of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import source


@pytest.fixture(scope="package", autouse=True)
def read_once() -> Iterator[None]:
    yield
    source.forget()
