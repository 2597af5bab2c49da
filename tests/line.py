"""A line that a test can break as real ones break: nothing passes, nobody is told."""

from __future__ import annotations

import select
import socket
import threading
import time
from contextlib import suppress
from typing import Self
from urllib.parse import parse_qs, urlsplit


class Wire:
    """A TCP port before another one; as a context manager. `hole`: bytes vanish.

    Both ends stay connected while it swallows, and who connects anew is let in and hears nothing.
    """

    def __init__(self, port: int = 0) -> None:
        self._there = port
        self._door = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._door.getsockname()[1]}"
        self._passes, self._halt = threading.Event(), threading.Event()
        self._passes.set()
        self._sockets: list[socket.socket] = []
        self._passed_at = 0.0
        self._threads = [threading.Thread(target=self._listen)]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._halt.set()
        for one in self._threads:
            one.join()
        for end in (self._door, *self._sockets):
            end.close()

    def hole(self, quiet_s: float = 0.0) -> None:
        """From now on nothing passes; from when nothing has passed for so long: between two looks,
        not in the middle of one."""
        while time.monotonic() - self._passed_at < quiet_s:
            time.sleep(0.001)
        self._passes.clear()

    def mend(self) -> None:
        """Those that connect from now on are heard; what was swallowed is gone."""
        self._passes.set()

    def _reach(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self._there))

    def _listen(self) -> None:
        while not self._halt.is_set():
            if not select.select([self._door], [], [], 0.05)[0]:
                continue
            here = self._door.accept()[0]
            try:
                there = self._reach()
            except OSError:  # nobody listens there yet: who called is told so
                here.close()
                continue
            self._sockets += here, there
            pump = threading.Thread(target=self._pump, args=(here, there))
            self._threads.append(pump)
            pump.start()

    def _pump(self, here: socket.socket, there: socket.socket) -> None:
        alive = True
        while alive and not self._halt.is_set():
            for end in select.select([here, there], [], [], 0.05)[0]:
                data = b""
                with suppress(OSError):
                    data = end.recv(1 << 16)
                alive, self._passed_at = alive and bool(data), time.monotonic()
                if data and not self._passes.is_set():
                    self._swallow(here, there)
                    return
                with suppress(OSError):
                    (there if end is here else here).sendall(data)
        for end in (here, there):
            end.close()

    def _swallow(self, *ends: socket.socket) -> None:
        while not self._halt.is_set():
            for end in select.select(ends, [], [], 0.05)[0]:
                with suppress(OSError):
                    if not end.recv(1 << 16):
                        return


class Line(Wire):
    """Such a port before a pool's socket."""

    def __init__(self, url: str) -> None:
        super().__init__()
        parts = urlsplit(url)
        asked = parse_qs(parts.query)
        self._socket = f"{asked['host'][0]}/.s.PGSQL.{asked.get('port', ['5432'])[0]}"
        self.url = f"postgresql://{parts.username}@{self.address}{parts.path}"

    def _reach(self) -> socket.socket:
        there = socket.socket(socket.AF_UNIX)
        try:
            there.connect(self._socket)
        except OSError:
            there.close()
            raise
        return there
