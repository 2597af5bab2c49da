"""The pool of this data directory: a demo's, or what an import into a small town made."""

from __future__ import annotations

import logging
import sys
from contextlib import ExitStack

from commandwall import errand, platform
from commandwall.config import Settings
from commandwall.errand import Over, Tell
from commandwall.pool import schema
from commandwall.pool.client import PoolTrouble
from commandwall.pool.demo.made import seeded, unfinished
from commandwall.pool.server import PoolServer

log = logging.getLogger(__name__)


class OwnPool:
    """Runs the server, and lets the demo city live in it; all of it ends with `parts`."""

    def __init__(
        self, settings: Settings, parts: ExitStack, tell: Tell, over: Over = lambda: False
    ) -> None:
        """`tell` hears how far a demo city is that is made, until `over` ends it.

        Raises ServerTrouble, and PoolTrouble where the city could not be made.
        """
        self._settings = settings
        self.server = parts.enter_context(PoolServer(settings.data_dir / "pool"))
        with self.server.owner() as conn:
            schema.create(conn)
            scale = self._wanting(conn)
        if scale:
            self._make(scale, tell, over)
        if settings.demo and not over() and self._is_invented():
            self._play(parts)

    @staticmethod
    def wanted(settings: Settings) -> bool:
        """Whether this data directory has a pool of its own, or is to have one."""
        return not settings.pool and (settings.demo or (settings.data_dir / "pool").exists())

    @property
    def login(self) -> tuple[str, str]:
        """What a station logs in with: the address, and the file of its secret."""
        return self.server.station_url, self.server.station_secret

    def _wanting(self, conn: schema.Connection) -> str:
        """The scale of the city that is to be made, or made to its end; "" where none is."""
        left = unfinished(conn)
        if left or not self._settings.demo or seeded(conn) is not None:
            return self._settings.scale if left and self._settings.demo else left
        if conn.execute("SELECT EXISTS (SELECT FROM cw_area)").fetchone() == (True,):
            log.error("this data directory holds a real city: --demo leaves it alone")
            return ""
        return self._settings.scale

    def _is_invented(self) -> bool:
        with self.server.owner() as conn:
            return seeded(conn) is not None

    def _make(self, scale: str, tell: Tell, over: Over) -> None:
        """In a program of its own: it takes much memory, which ends with it."""
        env = address(self.server.owner_url, self.server.owner_secret)
        env["COMMANDWALL_SCALE"] = scale
        if not errand.run("commandwall.pool.demo.seed", env, tell, over) and not over():
            raise PoolTrouble("making", "the demo city could not be made")

    def _play(self, parts: ExitStack) -> None:
        player = platform.start_child(
            [sys.executable, "-m", "commandwall.pool.demo.player"],
            env=address(self.server.owner_url, self.server.owner_secret),
        )
        parts.callback(platform.end, player)


def address(url: str, secret: str) -> dict[str, str]:
    """A pool's address for a child program; the secret itself stays in its file."""
    return {"COMMANDWALL_POOL": url, "COMMANDWALL_SECRET_FILE": secret}
