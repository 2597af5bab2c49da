"""The devices of a drill's city, which live: without readings all of them would be called silent,
and an alarm would stand out from nothing. So are its indicators, which stay what they were.

What a device measures when nothing happens is a pure function of device and moment, as in the demo
city. One that an inject is to name says nothing before; from then on it goes on with that value.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from commandwall import codes, sensors
from commandwall.clock import Ms, to_datetime
from commandwall.drill.scenario import Inject
from commandwall.pool import schema
from commandwall.pool.schema import Connection
from commandwall.sensors import Sensor

STANDING = """
UPDATE cw_indicatorvalue v SET at = %(now)s FROM cw_indicator i
WHERE i.id = v.id AND v.value IS NOT NULL AND v.at < %(now)s - i.period_s * interval '1 second'
"""
SEED = 1
Held = tuple[float, Ms]
"""The value that an inject gave a device, and the moment of that reading."""
ALARM = "alarm"
"""The channel that shows a value on a device."""


def devices(conn: Connection) -> list[Sensor]:
    """All of the drill's city. Raises psycopg.Error."""
    names = [name for name in schema.columns("sensor") if name != "rev"]
    told = ", ".join(f'"{name}"' for name in names)
    rows = conn.execute(f"SELECT {told} FROM cw_sensor ORDER BY no".encode()).fetchall()
    return [Sensor(**dict(zip(names, row, strict=True))) for row in rows]


def stand_ins(known: Sequence[Sensor], injects: Iterable[Inject]) -> dict[str, Sensor]:
    """By inject the device that shows its value: the one of that name, or that stands for it
    already; else of its class one that stands for no other yet, the nearest or the first. Without
    one where the city has none of that class."""
    by_class: dict[str, list[Sensor]] = {}
    for one in known:
        by_class.setdefault(one.cls, []).append(one)
    named: dict[tuple[str, str], Sensor] = {}
    found: dict[str, Sensor] = {}
    for inject in (i for i in injects if i.channel == ALARM):
        key = str(inject.data["cls"]), str(inject.data.get("device", ""))
        if (mine := by_class.get(key[0])) is None:
            continue
        used = {one.id for one in found.values()}
        if not key[1] or key not in named:
            named[key] = min(mine, key=lambda s: _rank(s, inject, key[1], used))
        found[inject.id] = named[key]
    return found


def _rank(one: Sensor, inject: Inject, name: str, used: Collection[str]) -> tuple[object, ...]:
    far = 0.0
    if inject.lon is not None and inject.lat is not None:
        far = (one.lon - inject.lon) ** 2 + (one.lat - inject.lat) ** 2
    return one.name != name, one.id in used, far, one.id


class Living:
    """What the devices say, from one look to the next."""

    def __init__(self, known: Sequence[Sensor], now: Ms) -> None:
        from commandwall.pool.demo.signals import Signals  # SciPy, which only a drill needs

        listed = codes.load("sensor_class")
        known = [one for one in known if one.cls in listed and one.period_s > 0]
        self._signals = Signals(known, SEED, now)
        self._signals.silent[:] = False
        self._row = {one.id: row for row, one in enumerate(known)}
        self._calm = np.array([float(listed[one.cls].facts["calm"]) for one in known])
        self._before: Ms | None = None

    def readings(
        self, now: Ms, held: Mapping[str, Held], quiet: Collection[str]
    ) -> NDArray[np.void]:
        """READING_DTYPE of what was measured since the last look, at first the newest of each.
        `held`: devices that injects gave a value; `quiet`: those that say nothing now."""
        first, before = self._before is None, self._before or now
        rows, at = self._signals.newest(now) if first else self._signals.due(before, now)
        self._before = now
        held = {d: given for d, given in held.items() if d in self._row}
        since = np.zeros(len(self._calm), np.int64)
        for device, (_, moment) in held.items():
            since[self._row[device]] = moment
        # A reading from before that of the inject would come late, and begin its alarm anew.
        dumb = np.isin(rows, [self._row[d] for d in quiet if d in self._row])
        kept = ~dumb & (at > since[rows])
        rows, at = rows[kept], at[kept]
        value = self._signals.value(rows, at)
        self._hold(rows, at, value, held)
        return self._signals.readings(rows, at, value)

    def _hold(
        self, rows: NDArray[np.intp], at: NDArray[np.int64], value: NDArray[np.float64],
        held: Mapping[str, Held],
    ) -> None:  # fmt: skip
        """Those that injects gave a value keep it, but for a grain away from what is usual."""
        given = {self._row[d]: v for d, (v, _) in held.items()}
        where = np.flatnonzero(np.isin(rows, [*given]))
        mine = rows[where]
        told = np.array([given[int(row)] for row in mine], float)
        grain = np.abs(self._signals.grain(mine, at[where]))
        side = np.where(told >= self._calm[mine], 1.0, -1.0)
        value[where] = self._signals.rounded(mine, told + side * grain)


def keep_signs(conn: Connection, now: Ms) -> None:
    """Indicators whose period is over are measured once more, and are what they were when the drill
    was begun. Raises psycopg.Error."""
    conn.execute(STANDING, {"now": to_datetime(now, "UTC")})


def put(conn: Connection, readings: NDArray[np.void]) -> None:
    """Have it said in the pool. Raises psycopg.Error."""
    if len(readings):
        conn.execute("SELECT cw_put_pack('readings', %s)", (sensors.pack(readings),))
