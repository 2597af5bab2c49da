"""What all tests share: Qt without a screen, and one real pool server."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from commandwall import platform
from commandwall.pool.server import PoolServer

platform.return_large_blocks()


@pytest.fixture(autouse=True)
def nothing_stays() -> Iterator[None]:
    """What a test has told to go is gone with it, not with the next event loop."""
    yield
    core = sys.modules.get("PySide6.QtCore")
    if core is not None and core.QCoreApplication.instance() is not None:
        core.QCoreApplication.sendPostedEvents(None, core.QEvent.Type.DeferredDelete)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PoolServer]:
    """A PostgreSQL of our own; tests make their own databases in it."""
    with PoolServer(Path(tmp_path_factory.mktemp("pool"))) as running:
        yield running
