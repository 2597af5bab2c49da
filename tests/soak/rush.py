"""The rush: what a city's own systems write into a pool, nine times what the player writes.

`python tests/soak/rush.py FOLDER` writes into the pool of a data directory until it is ended. With
the player it makes ten times the living rate of readings, positions and events.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import psycopg

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from commandwall import resources, sensors
from commandwall.clock import Clock, Ms
from commandwall.pool.demo.city import generate
from commandwall.pool.demo.made import seeded
from commandwall.pool.demo.signals import Signals
from commandwall.pool.server import PoolServer
from commandwall.resources import FIX_DTYPE
from commandwall.sensors import Sensor

MORE = 9
BEAT_S = 1.0
OVER = 2e-4
"""Share of the readings that show something unusual."""
ALIVE = "SELECT count(*) FROM cw_event WHERE received_at > now() - interval '2 days'"
NEW_EVENTS = """
INSERT INTO cw_event SELECT (jsonb_populate_record(e, jsonb_build_object(
  'id', 'RUSH-' || gen_random_uuid(), 'source_id', 'R' || n, 'state', 'NEW', 'unit', '',
  'occurred_at', NULL, 'reported_at', now(), 'received_at', now(), 'closed_at', NULL))).*
FROM (SELECT row_number() OVER () AS n, e FROM (SELECT * FROM cw_event LIMIT 500) e
      ORDER BY random() LIMIT %s) AS some(n, e)
"""
ENDED = """
UPDATE cw_event SET state = 'CLOSED', closed_at = now() WHERE id IN (
  SELECT id FROM cw_event e WHERE id LIKE 'RUSH-%%' AND state <> 'CLOSED'
  AND received_at < now() - interval '40 s'
  AND NOT EXISTS (SELECT 1 FROM cw_work w WHERE w.id = e.id) LIMIT 50)
"""


class Rush:
    """Nine times the living rate, drawn evenly over devices, units and time."""

    def __init__(self, conn: Any) -> None:
        self.conn, self.dice = conn, np.random.default_rng(1)
        city = generate(*seeded(conn))
        self.signals = Signals(city.of(Sensor), city.seed, moment())
        self.share = MORE * BEAT_S * 1000 / self.signals.period
        self.units = np.array(
            conn.execute("SELECT no, lon, lat FROM cw_resource WHERE lon IS NOT NULL").fetchall()
        )
        self.events = MORE * conn.execute(ALIVE).fetchone()[0] / (2 * 86_400)
        self.owed = 0.0

    def beat(self) -> None:
        with self.conn.transaction():
            self._put("readings", sensors.pack(self._readings()))
            self._put("fixes", resources.pack(self._fixes()))
            self.owed += self.events * BEAT_S
            self.conn.execute(NEW_EVENTS, (int(self.owed),))
            self.owed -= int(self.owed)
            self.conn.execute(ENDED)

    def _readings(self) -> Any:
        rows = np.repeat(np.arange(len(self.share)), self.dice.poisson(self.share))
        at = moment() - self.dice.integers(0, int(BEAT_S * 1000), len(rows))
        value = self.signals.value(rows, at)
        over = self.dice.random(len(rows)) < OVER
        high = np.array([self.signals.sensors[row].high for row in rows[over]])
        value[over] = 0.9 * high
        return self.signals.readings(rows, at, value)

    def _fixes(self) -> Any:
        made = np.zeros(len(self.units), FIX_DTYPE)
        names = FIX_DTYPE.names
        self.units[:, 1:] += self.dice.normal(0, 2e-4, (len(self.units), 2))
        at = np.full(len(self.units), moment())
        columns = (self.units[:, 0], at, self.units[:, 1], self.units[:, 2])
        for name, values in zip(names, columns, strict=True):
            made[name] = values
        return made

    def _put(self, kind: str, body: bytes) -> None:
        self.conn.execute("SELECT cw_put_pack(%s, %s)", (kind, body))


def moment() -> Ms:
    return Clock().raw()


def main(folder: Path) -> None:
    """Write on; a pool that is gone is waited for."""
    while True:
        try:
            with PoolServer(folder / "pool").owner() as conn:
                rush = Rush(conn)
                while True:
                    rush.beat()
                    time.sleep(BEAT_S)
        except (psycopg.Error, OSError):
            time.sleep(BEAT_S)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
