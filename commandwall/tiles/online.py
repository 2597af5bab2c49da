"""Base maps from a server, through the tiles that are kept on the disk.

What is kept and young is not asked for. A server that does not answer is left alone for a while
that doubles each time; meanwhile old tiles are shown. Proxies are those of the environment. The
key stands only in the request: not in what is raised, logged or kept.
"""

from __future__ import annotations

import logging
import threading
from importlib.metadata import version

import requests
from urllib3.exceptions import HTTPError

from commandwall import secret
from commandwall.clock import Clock
from commandwall.tiles import decode
from commandwall.tiles.grid import TileId
from commandwall.tiles.kept import Kept
from commandwall.tiles.origin import About, Pace, Trouble
from commandwall.tiles.source import Source

log = logging.getLogger(__name__)
# Its lines hold whole addresses, and so the key.
logging.getLogger("urllib3").setLevel(logging.ERROR)
ABSENT = frozenset({204, 400, 404, 410})
"""Answers that say: there is no such tile."""
REFUSING = frozenset({401, 402, 403, 407, 418, 451})
CROWDED = frozenset({429, 502, 503, 504})
PIECE = 65_536
VECTOR = (".pbf", ".mvt")


class Online:
    """The tiles of one server."""

    def __init__(self, source: Source, kept: Kept, pace: Pace, clock: Clock) -> None:
        self._source, self._kept, self._pace, self._clock = source, kept, pace, clock
        vector = any(end in source.place for end in VECTOR)
        self.about = About(source.zooms, source.credit, vector)
        self._key = _key(source) if source.keyed else ""
        self._threads = threading.local()
        self._lines: list[requests.Session] = []
        self._quiet_until, self._pause, self._why = 0.0, 0.0, ""

    def get(self, tile: TileId) -> bytes | None:
        found = self._kept.find(tile)
        if found is not None and found.fresh:
            return found.data
        try:
            data = self._ask(tile)
        except Trouble:
            if found is not None and found.data is not None:
                return found.data  # old, but better than nothing
            raise
        self._kept.put(tile, data)
        return data

    def reject(self, tile: TileId) -> None:
        """Kept as absent, so that it is asked for again only when that is."""
        self._kept.put(tile, None)

    def close(self) -> None:
        for line in self._lines:
            line.close()
        self._kept.close()

    def _ask(self, tile: TileId) -> bytes | None:
        left = self._quiet_until - self._clock.monotonic()
        if left > 0:
            raise Trouble(self._why, wait_s=left)
        try:
            data = self._fetch(self._source.address(tile, self._key))
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            # Not chained: the text of such an error holds the address with the key.
            raise self._quiet("offline", type(error).__name__) from None
        self._pause = 0.0
        return data

    def _quiet(self, code: str, detail: str) -> Trouble:
        """Leave the server alone, twice as long as the last time; returns what to raise."""
        least, most = self._pace.pause_s, self._pace.pause_most_s
        self._pause, self._why = min(max(least, self._pause * 2), most), code
        self._quiet_until = self._clock.monotonic() + self._pause
        return Trouble(code, detail, self._pause)

    def _fetch(self, address: str) -> bytes | None:
        """The bytes of an answer in time. Raises Trouble or RequestException."""
        until = self._clock.monotonic() + self._pace.request_s
        with self._line().get(address, stream=True, timeout=self._pace.request_s) as answer:
            status = answer.status_code
            if status in ABSENT:
                return None
            if status in REFUSING:
                raise self._quiet("refused", str(status))
            if status in CROWDED:
                raise self._quiet("busy", str(status))
            if status != requests.codes.ok:
                raise Trouble("busy", str(status))
            data = self._body(answer, until)
        # A page that asks to sign in is no tile, and says nothing about the tile.
        if data and not decode.sort_of(data):
            raise self._quiet("refused", "no tile")
        return data or None

    def _body(self, answer: requests.Response, until: float) -> bytes:
        """A server that lets a byte drop now and then is one that does not answer."""
        data = b""
        # As it comes: a read of a whole piece would wait for all of it.
        while piece := answer.raw.read1(PIECE, decode_content=False):
            data += piece
            if self._clock.monotonic() > until:
                raise requests.Timeout
            if len(data) > self._pace.tile_bytes:
                raise Trouble("refused", "too large")
        return data

    def _line(self) -> requests.Session:
        """This thread's connection, which stays open."""
        line: requests.Session | None = getattr(self._threads, "line", None)
        if line is None:
            line = self._threads.line = requests.Session()
            line.headers["User-Agent"] = f"commandwall/{version('commandwall')}"
            line.headers["Accept-Encoding"] = "identity"  # tiles are packed already
            self._lines.append(line)
        return line


def _key(source: Source) -> str:
    try:
        key = secret.password(source.name, source.key_file)
    except OSError as error:
        raise Trouble("no_key", str(error)) from error
    if not key:
        raise Trouble("no_key")
    return key
