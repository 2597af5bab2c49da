"""What every origin of tiles can do, whether it is a file or a server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from commandwall import codes
from commandwall.clock import DAY, HOUR
from commandwall.tiles.grid import TileId


class Trouble(Exception):
    """No tile can be had now; `code` says why.

    cannot_open: the file is not there or broken; no_key: the map wants a key and none is kept;
    refused: the server does not take us, or sends no tiles; offline: it does not answer; busy: it
    cannot now. What it was asked is never told: a key may stand in it. `wait_s`: seconds in which
    no tile of this origin can be had; 0 where it is only this one.
    """

    def __init__(self, code: str, detail: str = "", wait_s: float = 0.0) -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code, self.wait_s = code, wait_s


@dataclass(frozen=True, slots=True)
class About:
    """What an origin says of itself."""

    zooms: tuple[int, int]
    credit: str = ""
    vector: bool = False


@dataclass(frozen=True, slots=True)
class Pace:
    """How tiles are asked for: seconds, bytes and milliseconds from rows of the list `limit`."""

    at_once: int
    request_s: float
    pause_s: float
    pause_most_s: float
    missing_ms: float
    tile_bytes: float
    kept_bytes: float
    kept_ms: float

    @staticmethod
    def of_the_city() -> Pace:
        limit = codes.limit
        return Pace(
            at_once=int(limit("tiles_at_once")),
            request_s=limit("tile_seconds"),
            pause_s=limit("tile_pause_seconds"),
            pause_most_s=limit("tile_pause_most_seconds"),
            missing_ms=limit("tile_missing_hours") * HOUR,
            tile_bytes=limit("tile_mb") * 1e6,
            kept_bytes=limit("tiles_kept_mb") * 1e6,
            kept_ms=limit("tiles_kept_days") * DAY,
        )


class Origin(Protocol):
    """Used by several threads at once."""

    about: About

    def get(self, tile: TileId) -> bytes | None:
        """The bytes of a tile; None where there is no such tile. Raises Trouble."""

    def reject(self, tile: TileId) -> None:
        """These bytes were no tile."""

    def close(self) -> None:
        """Nothing is asked any more."""
