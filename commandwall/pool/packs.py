"""Packs of readings and positions: into the live arrays, past the judge, into the history."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from commandwall import alarms, resources, sensors
from commandwall.clock import SECOND, Clock, Ms
from commandwall.desk import Desk
from commandwall.judge import CALM, Judge
from commandwall.store import live
from commandwall.store.store import Store

STALE_PERIODS = 3
"""A device that missed this many of its periods is silent."""


class Packs:
    """The live side of a station: its arrays, and the severity of every sensor."""

    def __init__(self, store: Store, desk: Desk, clock: Clock) -> None:
        self._store, self._desk, self._clock = store, desk, clock
        self.newest: dict[str, Ms] = {}
        self.rearrange()

    def rearrange(self) -> None:
        """Begin anew with the sensors and resources that the mirror knows."""
        read = self._store.read
        known = sorted(read(lambda r: r.find(sensors.Sensor)), key=lambda s: s.no)
        units = read(lambda r: r.find(resources.Resource))
        self._no = np.array([s.no for s in known], np.intp)
        self._period = np.array([s.period_s for s in known], np.int64) * SECOND
        size = int(self._no.max(initial=0)) + 1
        self._row = np.full(size, -1, np.intp)
        self._row[self._no] = np.arange(len(known))
        self._judge = Judge(known, alarms.rules())
        self._restore({s.id: row for row, s in enumerate(known)})
        self._readings = self._open("sensors", live.READING, size)
        self._fixes = self._open("fixes", live.FIX, 1 + max((u.no for u in units), default=0))

    def take(self, kind: str, at: Ms, body: bytes) -> None:
        """One pack; devices that nobody told us of are left out."""
        if kind == "readings":
            self._take_readings(sensors.unpack(body))
        elif kind == "fixes":
            fixes = resources.unpack(body)
            fixes = fixes[fixes["no"] < self._fixes.rows]
            rows = fixes["no"].astype(np.intp)
            self._fixes.write(rows, at=fixes["at"], lon=fixes["lon"], lat=fixes["lat"])
        self.newest[kind] = at

    def mark_silent(self) -> None:
        """Devices that missed three periods become stale: unknown is not normal."""
        columns = self._readings.read()
        at = columns["at"][self._no]
        late = self._clock.now() - at > STALE_PERIODS * self._period
        silent = self._no[late & (columns["quality"][self._no] != sensors.STALE)]
        if len(silent):
            self._readings.write(silent, quality=np.full(len(silent), sensors.STALE, np.uint8))

    def _take_readings(self, readings: NDArray[np.void]) -> None:
        readings = readings[readings["no"] < len(self._row)]
        # A new connection begins with packs of the last minutes: what is known is not judged again.
        readings = readings[readings["at"] > self._readings.read()["at"][readings["no"]]]
        rows = self._row[readings["no"]]
        readings, rows = readings[rows >= 0], rows[rows >= 0]
        value, at, quality = readings["value"], readings["at"], readings["quality"]
        crossings = self._judge.step(rows, value, at, quality)
        severity = self._judge.severity[rows]
        shown = np.where(severity == CALM, 0, severity).astype(np.uint8)
        self._readings.write(self._no[rows], at=at, value=value, quality=quality, severity=shown)
        if crossings:
            self._desk.run(alarms.observe, {"crossings": crossings}, local=True)

    def _restore(self, row_of: dict[str, int]) -> None:
        for alarm in self._store.read(lambda r: r.find(alarms.Alarm)):
            if alarm.cleared_at is None and alarm.sensor in row_of:
                self._judge.restore(row_of[alarm.sensor], alarm.severity)

    def _open(self, what: str, columns: live.Columns, rows: int) -> live.LiveArrays:
        path = self._store.folder / live.live_name(what, rows)
        return live.LiveArrays(path, columns, rows, create=True)
