"""Connections to the pool, whose address may name several servers: to the one that takes writes.

An address like postgresql://wall_hall@a.example:5432,b.example:5432/city lists a primary and its
standbys, in whatever order; after a promotion the same address leads to the new primary.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg.abc import RV, PQGen
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.waiting import Ready

from commandwall import codes
from commandwall.clock import SECOND, Clock

PROBES = 3
"""Unanswered signs of life after which a system's TCP gives a connection up."""
OWNER_S = 5
"""Seconds in which an engineer's own connection must stand."""
_WRITES: Mapping[str, Any] = {"target_session_attrs": "read-write"}


def station(url: str, password: str | None, first: int = 0) -> Patient:
    """A station's connection, one statement one transaction; nothing on it waits for ever.

    `first`: which server of the address is tried first, counted round and round.
    """
    return Patient.connect(
        _turned(url, first),
        password=password,
        autocommit=True,
        application_name="commandwall",
        **_WRITES,
        **_limits(),
    )


def owner(url: str, password: str | None) -> psycopg.Connection[Any]:
    """An engineer's connection, one statement one transaction."""
    return psycopg.connect(
        url, password=password, autocommit=True, connect_timeout=OWNER_S, **_WRITES
    )


def _turned(url: str, by: int) -> str:
    """The address with its servers in the same round, begun at another one."""
    params = conninfo_to_dict(url)
    for name in ("host", "hostaddr", "port"):
        some = str(params.get(name) or "").split(",")
        cut = by % len(some)
        if cut:
            params[name] = ",".join(some[cut:] + some[:cut])
    return make_conninfo("", **params)


def _limits() -> dict[str, Any]:
    """How long a connection waits, by the list `limit`; the pool lets go of a dead one alike, and
    does not compile our many small questions."""
    beat, silence = int(codes.limit("heartbeat_seconds")), int(codes.limit("silence_seconds"))
    alive = {
        "keepalives_idle": beat,
        "keepalives_interval": max(1, silence // (PROBES + 1)),
        "keepalives_count": PROBES,
    }
    there = {
        "statement_timeout": int(codes.limit("statement_seconds") * SECOND),
        "default_transaction_isolation": r"read\ committed",
        "jit": "off",  # compiles anew for each line of a push, which takes 0.4 s
        "tcp_user_timeout": silence * SECOND,
        **{f"tcp_{name}": value for name, value in alive.items()},
    }
    return {
        "connect_timeout": int(codes.limit("connect_seconds")),
        "options": " ".join(f"-c {name}={value}" for name, value in there.items()),
        "tcp_user_timeout": silence * SECOND,
        **alive,
    }


class Patient(psycopg.Connection[Any]):
    """One that gives up on a line or a server which stands still: neither says so by itself."""

    heard = -math.inf
    """When the line last brought bytes (s), by the monotonic clock."""
    moved = -math.inf
    """When it last brought or took bytes, or was asked: since then it stands still."""
    asking = False
    """Whether an answer is waited for."""

    def wait(self, gen: PQGen[RV], *args: Any, **kwargs: Any) -> RV:
        return super().wait(self._while_it_speaks(gen), *args, **kwargs)

    def _while_it_speaks(self, gen: PQGen[RV]) -> PQGen[RV]:
        clock, most = Clock(), codes.limit("silence_seconds")
        self.moved, self.asking = clock.monotonic(), True
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if ready:
                    self.moved = clock.monotonic()
                    self.heard = self.moved if ready & Ready.R else self.heard
                elif clock.monotonic() - self.moved > most:
                    raise psycopg.OperationalError("the pool does not answer")
                wanted = gen.send(ready)
        except StopIteration as done:
            value: RV = done.value
            return value
        finally:
            self.asking = False
