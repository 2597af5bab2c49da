"""The pool of this data directory: a demo's, or what an import into a small town made."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack

from commandwall import platform
from commandwall.config import Settings
from commandwall.pool import schema
from commandwall.pool.demo.city import City, generate
from commandwall.pool.demo.seed import SEED, seed_pool, seeded
from commandwall.pool.server import PoolServer

log = logging.getLogger(__name__)


class OwnPool:
    """Runs the server, and lets the demo city live in it; all of it ends with `parts`."""

    def __init__(self, settings: Settings, parts: ExitStack, tell: Callable[[float], None]) -> None:
        """`tell` hears the share of a demo city that is made. Raises ServerTrouble."""
        self._settings, self._tell = settings, tell
        city = self._begin(parts)
        self.server = parts.enter_context(PoolServer(settings.data_dir / "pool"))
        with self.server.owner() as conn:
            schema.create(conn)
            invented = settings.demo and self._invent(conn, city)
        if invented:
            self._play(parts)

    @staticmethod
    def wanted(settings: Settings) -> bool:
        """Whether this data directory has a pool of its own, or is to have one."""
        return not settings.pool and (settings.demo or (settings.data_dir / "pool").exists())

    @property
    def login(self) -> tuple[str, str]:
        """What a station logs in with: the address, and the file of its secret."""
        return self.server.station_url, self.server.station_secret

    def _begin(self, parts: ExitStack) -> Future[City] | None:
        """Make a new demo city while its server is made: each takes some seconds."""
        if not self._settings.demo or (self._settings.data_dir / "pool" / "data").exists():
            return None
        worker = parts.enter_context(ThreadPoolExecutor(1, "city"))
        return worker.submit(generate, SEED, self._settings.scale)

    def _invent(self, conn: schema.Connection, city: Future[City] | None) -> bool:
        """Fill an empty pool with the demo city; False where it holds a real one."""
        if seeded(conn) is not None:
            return True
        if conn.execute("SELECT EXISTS (SELECT FROM cw_area)").fetchone() == (True,):
            log.error("this data directory holds a real city: --demo leaves it alone")
            return False
        made = city.result() if city else generate(SEED, self._settings.scale)
        seed_pool(conn, made, tell=self._tell)
        return True

    def _play(self, parts: ExitStack) -> None:
        player = platform.start_child(
            [sys.executable, "-m", "commandwall.pool.demo.player"],
            env=address(self.server.owner_url, self.server.owner_secret),
        )
        parts.callback(platform.end, player)


def address(url: str, secret: str) -> dict[str, str]:
    """A pool's address for a child program; the secret itself stays in its file."""
    return {"COMMANDWALL_POOL": url, "COMMANDWALL_SECRET_FILE": secret}
