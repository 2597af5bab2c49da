"""What all tests share: Qt without a screen, and one real pool server."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from commandwall import platform
from commandwall.pool.server import OPTIONS, PoolServer
from commandwall.store import migrate

platform.keep_heaps_small()
PATIENCE_MS = 60_000


@pytest.fixture(autouse=True)
def nothing_stays() -> Iterator[None]:
    """What a test has told to go is gone with it, not with the next event loop; what lies in a
    cycle goes here, on the screen's thread, as in the program itself. Where Python's collector ran
    by itself on a thread of the map, that one waited for Python and the screen for a lock of Qt."""
    gc.disable()
    yield
    counts = zip(gc.get_count(), gc.get_threshold(), strict=True)
    if due := [generation for generation, (n, most) in enumerate(counts) if n > most]:
        gc.collect(due[-1])
    core = sys.modules.get("PySide6.QtCore")
    if core is not None and core.QCoreApplication.instance() is not None:
        core.QCoreApplication.sendPostedEvents(None, core.QEvent.Type.DeferredDelete)


@pytest.fixture(scope="session", autouse=True)
def drawn_once() -> Iterator[None]:
    """The first new wall.db of a process is drawn by all migrations; the next ones begin as copies
    of it. What is there already is upgraded as ever."""
    kept, upgrade = list[bytes](), migrate.upgrade

    def draw(path: Path) -> None:
        fresh = not path.exists() or not path.stat().st_size
        if fresh and kept:
            path.write_bytes(kept[0])
        upgrade(path)
        if fresh and not kept:
            kept.append(path.read_bytes())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrate, "upgrade", draw)
        yield


@pytest.fixture(scope="session")
def kernels(qapp: Any) -> None:
    """Whoever waits for a map waits for no kernel to be compiled."""
    from layers.style import Style
    from layers.warm import warm

    warm(Style())


@pytest.fixture
def qtbot(qtbot: Any) -> Any:
    """Waits for what must come as long as a busy machine may need: how soon it comes is measured
    by benchmarks."""
    for name in ("waitUntil", "waitSignal", "waitActive", "waitExposed"):
        setattr(qtbot, name, partial(getattr(qtbot, name), timeout=PATIENCE_MS))
    return qtbot


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PoolServer]:
    """A PostgreSQL of our own; tests make their own databases in it. It waits for no disk: what a
    power cut costs is tested on servers of their own."""
    running = PoolServer(Path(tmp_path_factory.mktemp("pool")))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(OPTIONS, "fsync", "off")
        running.start()
    with running:
        yield running
