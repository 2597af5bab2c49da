"""Ports for what tests let listen."""

from __future__ import annotations

import random
import socket

BELOW_CALLERS = 15_000, 30_000
"""Systems give other ports to whoever calls: one of those, found free, may be a stranger's line
before anybody listens there."""


def free_port() -> int:
    """One that nobody listens at; drawn, since other tests look for one at the same time."""
    drawn = random.SystemRandom()
    while True:
        port = drawn.randrange(*BELOW_CALLERS)
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port
