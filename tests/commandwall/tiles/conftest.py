"""Opening base maps, and waiting for what their workers bring."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from commandwall.clock import Clock
from commandwall.tiles import decode
from commandwall.tiles.grid import TileId
from commandwall.tiles.origin import Pace
from commandwall.tiles.source import Source
from commandwall.tiles.worker import Tiles

QUICK = Pace(
    at_once=4, request_s=0.5, pause_s=0.1, pause_most_s=0.3, missing_ms=60_000, tile_bytes=1e6,
    kept_bytes=1e7, kept_ms=60_000,
)  # fmt: skip


@pytest.fixture
def quick() -> Pace:
    """Hardly any patience."""
    return QUICK


@pytest.fixture
def open_tiles(tmp_path: Path) -> Iterator[Callable[..., Tiles]]:
    """`open_tiles(place)` starts the workers of a file or an address."""
    opened: list[Tiles] = []

    def start(place: Path | str, pace: Pace = QUICK, **more: Any) -> Tiles:
        tiles = Tiles(Source("the map", str(place), "wgs84", **more), tmp_path, pace=pace)
        tiles.start()
        opened.append(tiles)
        return tiles

    yield start
    for tiles in opened:
        tiles.close()


@pytest.fixture
def wait() -> Callable[..., Any]:
    """`wait(what)` gives what it answers, once that is something."""

    def until(what: Callable[[], Any], limit_s: float = 10.0) -> Any:
        clock = Clock()
        end = clock.monotonic() + limit_s
        while not (found := what()):
            assert clock.monotonic() < end
            clock.pause(0.01)
        return found

    return until


@pytest.fixture
def sized() -> Callable[[TileId, bytes], object]:
    """Makes the size of a picture of its bytes."""
    return lambda tile, data: decode.picture(data).shape
