"""Two real servers, one the standby of the other, as docs/standby.md sets them up."""

from __future__ import annotations

import os
import re
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psutil

from commandwall import platform
from commandwall.pool.server import BIN, OWNER, PORT, PoolServer

REPLICA = {"wal_level": "replica", "max_wal_senders": "5"}
_DOCUMENT = Path(__file__).parents[1] / "docs" / "standby.md"
SET_UP, PROMOTE = re.findall(r"```sql\n(.*?)```", _DOCUMENT.read_text(encoding="utf-8"), re.S)[:2]
"""Statements of the document."""
HOLD = (
    "ALTER ROLE replica NOLOGIN",
    "SELECT pg_terminate_backend(pid) FROM pg_stat_replication",
)
"""On the primary: its standby gets nothing more."""


class Server(PoolServer):
    """A server that may have standbys, or be one."""

    @property
    def dsn(self) -> str:
        """Of the owner, with the password, for PostgreSQL's own programs."""
        password = Path(self.owner_secret).read_text().strip()
        return f"host={self.socket} port={PORT} user={OWNER} password={password} dbname=postgres"

    def kill(self) -> None:
        """As a power cut does it: all of its processes at once."""
        server = psutil.Process(self.pid)
        for process in (server, *server.children(recursive=True)):
            os.kill(process.pid, signal.SIGKILL)
        assert self._child is not None
        self._child.wait()

    def become_standby(self, primary: Server) -> None:
        """Copy a primary, or wind back what an old one did alone, and follow."""
        with primary.owner() as conn:
            conn.execute("ALTER ROLE replica LOGIN")
        if (self.data / "PG_VERSION").exists():
            self._run("pg_rewind", "-D", str(self.data), f"--source-server={primary.dsn}")
        else:
            platform.private_folder(self.folder)
            for secret in Path(primary.folder).glob("*.secret"):
                shutil.copy(secret, self.folder)
            self._run("pg_basebackup", "-D", str(self.data), "-d", primary.dsn, "-c", "fast")
        source = f"host={primary.socket} port={PORT} user=replica password=change-me"
        with (self.data / "postgresql.auto.conf").open("a") as settings:
            settings.write(f"\nprimary_conninfo = '{source}'\n")
        (self.data / "standby.signal").touch()
        self.start()

    def promote(self) -> None:
        with self.owner() as conn:
            assert conn.execute(PROMOTE.encode()).fetchone() == (True,)

    def _run(self, program: str, *arguments: str) -> None:
        platform.run_unprivileged([str(BIN / program), *arguments], self.data)

    def _command(self) -> list[str]:
        return [*super()._command(), *_flags()]

    def _make_logins(self) -> None:
        if not (self.data / "standby.signal").exists():
            super()._make_logins()


def _flags() -> Iterator[str]:
    for key, value in REPLICA.items():
        yield from ("-c", f"{key}={value}")


def both(first: PoolServer, second: PoolServer, role: str) -> str:
    """One address for two servers."""
    sockets = f"{quote(str(first.socket))},{quote(str(second.socket))}"
    return f"postgresql://{role}@/city?host={sockets}&port={PORT},{PORT}"
