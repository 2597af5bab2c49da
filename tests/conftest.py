"""What all tests share: Qt without a screen, and one real pool server."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from commandwall.pool.server import PoolServer


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PoolServer]:
    """A PostgreSQL of our own; tests make their own databases in it."""
    with PoolServer(Path(tmp_path_factory.mktemp("pool"))) as running:
        yield running
