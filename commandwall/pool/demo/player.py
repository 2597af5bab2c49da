"""The player: the demo city going on living in a pool, written by SQL like a city's own systems.

`python -m commandwall.pool.demo.player` takes the pool's address and secret from the settings
(environment), and which city it is from the pool. It ends with the program that started it.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql

from commandwall import platform, resources, sensors
from commandwall.clock import SECOND, Clock, Ms, to_datetime
from commandwall.config import Settings
from commandwall.pool.demo.city import City, generate
from commandwall.pool.demo.made import seeded
from commandwall.pool.demo.play import Happening, Move, Open, Play
from commandwall.pool.demo.seed import Connect, Connection, connector
from commandwall.store.schema import times_of

log = logging.getLogger(__name__)
STEP_S = 1.0
PACK_MS = 2 * SECOND
"""Readings and positions are gathered for so long before they are sent as a pack."""
RETRY_S = 2.0
ONE_PLAYER = 4712
"""The advisory lock: one player for one pool."""
LAST_RECEIVED = "SELECT max(received_at) FROM cw_event WHERE id LIKE 'E________-%'"
STILL_OPEN = (
    "SELECT id, cls, urgency, received_at, state FROM cw_event e WHERE state <> 'CLOSED'"
    " AND id LIKE 'E________-%' AND NOT EXISTS (SELECT 1 FROM cw_work w WHERE w.id = e.id)"
)
"""The city's own events: a player touches no others, and none that a station has touched."""
SENT = (
    "SELECT a->>'id', a->>'resource', (a->>'lon')::float8, (a->>'lat')::float8 FROM cw_journal,"
    " jsonb_array_elements(body::jsonb->'records'->'assignment') a"
    " WHERE act = 'send' AND received_at > %s AND a->>'outcome' = ''"
)
"""Units that stations sent lately."""


class Player:
    """Writes the life of one city into its pool, step by step."""

    def __init__(self, city: City, clock: Clock, rate: float = 1.0) -> None:
        self._clock = clock
        self._play = Play(city, clock.now(), rate)
        self._stepped = clock.now()
        self._looked = Ms(0)

    def begin(self, conn: Connection) -> None:
        """The whole picture at once, and the work on events where the pool has left it."""
        self._stepped = now = self._clock.now()
        last = conn.execute(LAST_RECEIVED).fetchone()
        rows = conn.execute(STILL_OPEN).fetchall()
        opened = [Open(r[0], r[1], r[2], _ms(r[3]), r[4]) for r in rows]
        self._play.resume(now, _ms(last[0]) if last and last[0] else now, opened)
        self.write(conn, self._play.opening())

    def step(self, conn: Connection) -> None:
        """Write what happened since the last step."""
        now = self._clock.now()
        if now // PACK_MS == self._stepped // PACK_MS:
            return
        self._stepped = now
        self._heed(conn, now)
        self.write(conn, self._play.step(now))

    def write(self, conn: Connection, happening: Happening) -> None:
        """One transaction with everything new."""
        with conn.transaction():
            if len(happening.readings):
                _put(conn, "readings", sensors.pack(happening.readings))
            if len(happening.fixes):
                _put(conn, "fixes", resources.pack(happening.fixes))
            insert(conn, happening.events)
            _move(conn, happening.moves)
            _measure(conn, happening)
            _set_status(conn, happening.statuses)

    def _heed(self, conn: Connection, now: Ms) -> None:
        """What stations did since the last look: their events are theirs, their units drive."""
        work = conn.execute(
            "SELECT w.id, w.unit, e.lon, e.lat, w.at FROM cw_work w JOIN cw_event e USING (id)"
            " WHERE w.at > %s",
            (moment(Ms(max(0, self._looked - 10 * SECOND))),),
        ).fetchall()
        units = conn.execute(SENT, (moment(Ms(max(0, self._looked - 10 * SECOND))),)).fetchall()
        for id_, unit, lon, lat in units:
            _set_status(conn, self._play.send(unit, id_, lon, lat))
        self._looked = now
        self._play.release(row[0] for row in work)
        for id_, unit, lon, lat, _ in work:
            if unit and lon is not None:
                _set_status(conn, self._play.send(unit, id_, lon, lat))


def insert(conn: Connection, records: Sequence[Any]) -> None:
    """Add records of one kind; those whose id is there already stay as they are."""
    if not records:
        return
    kind = type(records[0])
    names = [field.name for field in fields(kind) if field.name != "rev"]
    statement = sql.SQL("INSERT INTO {} ({}) VALUES ({}) ON CONFLICT (id) DO NOTHING").format(
        sql.Identifier(f"cw_{kind.__name__.lower()}"),
        sql.SQL(", ").join(map(sql.Identifier, names)),
        sql.SQL(", ").join(sql.Placeholder() * len(names)),
    )
    times = times_of(kind)
    rows = [
        [moment(getattr(r, n)) if n in times else getattr(r, n) for n in names] for r in records
    ]
    with conn.cursor() as cursor:
        cursor.executemany(statement, rows)


def moment(at: Ms | None) -> datetime | None:
    """UTC ms as PostgreSQL wants it."""
    return None if at is None else to_datetime(at, "UTC")


def _put(conn: Connection, kind: str, body: bytes) -> None:
    conn.execute("SELECT cw_put_pack(%s, %s)", (kind, body))


def _move(conn: Connection, moves: list[Move]) -> None:
    """States of events, of those alone that no station has touched."""
    if moves:
        conn.execute(
            "UPDATE cw_event e SET state = m.state, unit = m.unit, closed_at = m.closed_at"
            " FROM unnest(%s::text[], %s::text[], %s::text[], %s::timestamptz[])"
            " AS m(id, state, unit, closed_at)"
            " WHERE e.id = m.id AND NOT EXISTS (SELECT 1 FROM cw_work w WHERE w.id = e.id)",
            (
                [m.id for m in moves],
                [m.state for m in moves],
                [m.unit for m in moves],
                [moment(m.closed_at) for m in moves],
            ),
        )


def _measure(conn: Connection, happening: Happening) -> None:
    values = happening.values
    if values:
        conn.execute(
            "UPDATE cw_indicatorvalue i SET at = v.at, value = v.value, num = v.num, den = v.den,"
            " today = v.today FROM unnest(%s::text[], %s::timestamptz[], %s::float8[],"
            " %s::float8[], %s::float8[], %s::text[]) AS v(id, at, value, num, den, today)"
            " WHERE i.id = v.id",
            (
                [v.id for v in values],
                [moment(v.at) for v in values],
                [v.value for v in values],
                [v.num for v in values],
                [v.den for v in values],
                [v.today for v in values],
            ),
        )


def _set_status(conn: Connection, statuses: list[tuple[str, str]]) -> None:
    if statuses:
        conn.execute(
            "UPDATE cw_resource r SET status = s.status FROM unnest(%s::text[], %s::text[])"
            " AS s(id, status) WHERE r.id = s.id AND r.status <> s.status",
            ([id_ for id_, _ in statuses], [status for _, status in statuses]),
        )


def _ms(at: Any) -> Ms:
    return Ms(round(at.timestamp() * 1000))


def play(connect: Connect, clock: Clock, over: threading.Event) -> None:
    """Play until told to end; a pool that is gone is waited for."""
    player: Player | None = None
    while not over.is_set():
        try:
            with connect() as conn:
                if _alone(conn):
                    player = player or _player(conn, clock)
                    player.begin(conn)
                    while not over.wait(STEP_S):
                        player.step(conn)
        except psycopg.Error:
            log.exception("the pool does not take what happens; trying again")
        over.wait(RETRY_S)


def _alone(conn: Connection) -> bool:
    row = conn.execute("SELECT pg_try_advisory_lock(%s)", (ONE_PLAYER,)).fetchone()
    return bool(row and row[0])


def _player(conn: Connection, clock: Clock) -> Player:
    city = seeded(conn)
    if city is None:
        raise SystemExit("this pool holds no demo city")
    player = Player(generate(*city), clock)
    platform.give_back()
    return player


def main() -> int:
    logging.basicConfig(level=logging.INFO)
    settings, over = Settings.load({}), threading.Event()
    platform.be_nice(10)
    platform.on_terminate(_end)
    threading.Thread(target=_watch, args=(platform.parent(), over), daemon=True).start()
    play(connector(settings), Clock(), over)
    return 0


def _end() -> None:
    """At once: what is half written the server rolls back, also where a statement was cut off, of
    which psycopg would warn."""
    logging.getLogger("psycopg").setLevel(logging.ERROR)
    sys.exit()


def _watch(parent: int, over: threading.Event) -> None:
    """End with the program that started us."""
    while not over.wait(STEP_S):
        if os.getppid() != parent:
            over.set()


if __name__ == "__main__":
    raise SystemExit(main())
