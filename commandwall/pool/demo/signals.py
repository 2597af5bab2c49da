"""What the devices of a demo city measure: a pure function of seed, device and moment."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from commandwall import codes
from commandwall.clock import DAY, HOUR, SECOND, Ms
from commandwall.pool.demo import rhythm
from commandwall.pool.demo.plane import Array, stream
from commandwall.sensors import GOOD, READING_DTYPE, Sensor

SILENT = 0.006
"""Part of the devices that have stopped reporting."""
OPENINGS = np.array([6.4, 7.6, 9.1, 10.8, 12.4, 14.9, 16.8, 18.3, 19.9])
"""Local hours at which the door of someone living alone usually opens."""
Rows = NDArray[np.intp]
Moments = NDArray[np.int64]


class Signals:
    """All devices in columns; `value` gives what they measure when nothing happens."""

    def __init__(self, sensors: Sequence[Sensor], seed: int, start: Ms) -> None:
        self.sensors, self._seed = sensors, seed
        rng, count = stream(seed, "signals"), len(sensors)
        facts = {code.id: code.facts for code in codes.load("sensor_class").values()}
        rows = [facts[s.cls] for s in sensors]
        self.cls = np.array([s.cls for s in sensors])
        self.no = np.array([s.no for s in sensors], np.uint32)
        self.lonlat = np.array([(s.lon, s.lat) for s in sensors])
        self.period = np.array([s.period_s for s in sensors], np.int64) * SECOND
        self._phase = (rng.random(count) * self.period).astype(np.int64)
        self.silent = rng.random(count) < SILENT
        self._stopped = start - 4 * self.period - rng.integers(5 * HOUR, 3 * DAY, count)
        row_of = {s.id: row for row, s in enumerate(sensors)}
        parent = np.array([row_of.get(s.parent, row) for row, s in enumerate(sensors)], np.intp)
        self.silent |= self.silent[parent]  # a feed that is down takes its devices with it
        self._calm, self._sway, self._noise, self._peak, self._step = (
            np.array([float(row[key]) for row in rows])
            for key in ("calm", "sway", "noise", "peak", "step")
        )
        self._low, self._high = (
            np.array([getattr(s, k) for s in sensors]) for k in ("low", "high")
        )
        self._own = np.clip(rng.normal(0, 1, count), -2, 2) * 0.9 * (self._sway + self._noise)
        self._own += np.where(self.cls == "WLV", rng.uniform(-1.1, 0.6, count), 0.0)
        self._late = rng.uniform(-0.55, 0.55, (count, len(OPENINGS)))

    def due(self, before: Ms, now: Ms) -> tuple[Rows, Moments]:
        """Devices that report after `before` up to `now`, each with its own moment."""
        turn = (now - self._phase) // self.period
        rows = np.flatnonzero((turn > (before - self._phase) // self.period) & ~self.silent)
        return rows, turn[rows] * self.period[rows] + self._phase[rows]

    def newest(self, now: Ms) -> tuple[Rows, Moments]:
        """Every device with the moment of its last report; silent ones stopped some time ago."""
        at = (now - self._phase) // self.period * self.period + self._phase
        return np.arange(len(at)), np.where(self.silent, self._stopped, at)

    def value(self, rows: Rows, at: Moments) -> Array:
        """What devices measure at moments (UTC ms), rounded to the step of their class."""
        hour = (at - rhythm.midnight(rhythm.day_of(Ms(int(at.max(initial=0)))))) / HOUR
        course = np.cos((hour - self._peak[rows]) * np.pi / 12)
        slow = _smooth(self._seed, rows, at / (0.7 * HOUR))
        value = self._calm[rows] + self._own[rows] + self._sway[rows] * (course + 0.5 * slow)
        value = value + self.grain(rows, at)
        value = np.where(self.cls[rows] == "DOR", self._shut(rows, hour), value)
        value = np.where(self.cls[rows] == "MET", self._rain(rows, at), value)
        return self.rounded(rows, value)

    def grain(self, rows: Rows, at: Moments) -> Array:
        """What keeps two readings of a device from being alike, however still it is around it."""
        return self._noise[rows] * 0.9 * _hash(self._seed + 1, rows, at // SECOND)

    def rounded(self, rows: Rows, value: Array) -> Array:
        step = self._step[rows]
        return np.asarray(np.clip(np.round(value / step) * step, self._low[rows], self._high[rows]))

    def readings(self, rows: Rows, at: Moments, value: Array) -> NDArray[np.void]:
        """READING_DTYPE of these devices."""
        result = np.zeros(len(rows), READING_DTYPE)
        result["no"], result["at"], result["value"] = self.no[rows], at, value
        result["quality"] = GOOD
        return result

    def _shut(self, rows: Rows, hour: Array) -> Array:
        """Hours since the door last opened."""
        since = (hour[:, None] - (OPENINGS + self._late[rows])) % 24
        return np.asarray(since.min(axis=1))

    def _rain(self, rows: Rows, at: Moments) -> Array:
        """A little rain over the whole city now and then; never near a limit."""
        shower = _smooth(self._seed + 2, np.zeros_like(rows), at / (5 * HOUR))
        here = 1 + 0.4 * _hash(self._seed + 3, rows, rows)
        return np.clip(shower - 0.45, 0, 1) * 9 * here


def _smooth(seed: int, rows: Rows, along: Array) -> Array:
    """-1..1, changing smoothly, one new level for each whole number of `along`."""
    step = np.floor(along).astype(np.int64)
    part = along - step
    ease = part * part * (3 - 2 * part)
    return _hash(seed, rows, step) * (1 - ease) + _hash(seed, rows, step + 1) * ease


def _hash(seed: int, rows: Rows, turn: NDArray[np.int64]) -> Array:
    """-1..1, fixed to seed, device and turn (SplitMix64)."""
    mixed = rows.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    mixed = mixed + turn.astype(np.uint64) * np.uint64(0xD1B54A32D192ED03) + np.uint64(seed)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed = mixed ^ (mixed >> np.uint64(31))
    return np.asarray((mixed >> np.uint64(11)).astype(float) / 2.0**52 - 1)
