"""Packs of readings and positions: into the live arrays, past the judge, into the history."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commandwall import alarms, codes, dispatch, modes, resources, sensors, shelving
from commandwall.clock import DAY, MINUTE, SECOND, Clock, Ms, day
from commandwall.desk import Desk
from commandwall.judge import Judge
from commandwall.pool.recorder import Recorder
from commandwall.rulebook import Stretch
from commandwall.runs import CALM
from commandwall.silence import Hearing
from commandwall.store import live
from commandwall.store.store import Store
from commandwall.store.telemetry import FIXES, READINGS

REACH = 10 * MINUTE
"""A new connection begins with packs that reach back so far (cw_packs)."""


class Packs:
    """The live side of a station: its arrays, and the severity of every sensor."""

    def __init__(
        self, store: Store, desk: Desk, clock: Clock, recorder: Recorder | None = None
    ) -> None:
        self._store, self._desk, self._clock, self._recorder = store, desk, clock, recorder
        self.newest: dict[str, Ms] = {}
        self._lock = threading.RLock()
        """Packs of the pool and readings of feeds come on two threads."""
        self._doubtful = False
        """Whether something was judged and could not be kept."""
        self._tracker = dispatch.Tracker()
        self.rearrange()
        if recorder is not None:
            recorder.follow(self.state)

    def rearrange(self) -> None:
        """Begin anew with the sensors and resources that the mirror knows."""
        with self._lock:
            self._rearrange()

    def _rearrange(self) -> None:
        read = self._store.read
        self._day = day(self._clock.now())
        known = sorted(read(lambda r: r.find(sensors.Sensor)), key=lambda s: s.no)
        units = read(lambda r: r.find(resources.Resource))
        self.known: Sequence[sensors.Sensor] = known
        self._no = np.array([s.no for s in known], np.intp)
        self._period = np.array([s.period_s for s in known], np.int64) * SECOND
        size = int(self._no.max(initial=0)) + 1
        self._row = np.full(size, -1, np.intp)
        self._row[self._no] = np.arange(len(known))
        self._judge = Judge(known, alarms.rules(self._day), self._day)
        self._hearing = Hearing(known, self._day)
        self._readings = self._open("sensors", live.READING, size)
        self._doubts = self._open("judge", live.DOUBT, size)
        self._restore({s.id: row for row, s in enumerate(known)})
        self._fixes = self._open("fixes", live.FIX, 1 + max((u.no for u in units), default=0))
        self._numbers = {unit.id: unit.no for unit in units}
        numbers = np.array([u.no for u in units], np.intp)
        self._parts = (self._no, self._readings), (numbers, self._fixes)
        self._fill()
        self._doubtful = False

    def take(self, kind: str, at: Ms, body: bytes) -> None:
        """One pack; devices that nobody told us of are left out."""
        if kind == "readings":
            self.take_readings(sensors.unpack(body), at)
        elif kind == "fixes":
            with self._lock:
                self._take_fixes(_told(resources.unpack(body), at))
        self.newest[kind] = at

    def take_readings(self, readings: NDArray[np.void], at: Ms) -> None:
        """READING_DTYPE that came at a moment, from a pack or a feed. Raises StoreTrouble where an
        alarm of theirs could not be kept: none counts as known then."""
        with self._lock:
            if self._doubtful:
                self._rearrange()
            self._doubtful = True
            self._take_readings(_told(readings, at))
            self._doubtful = False

    def sweep(self) -> None:
        """What the desk does each second, while no reading comes between."""
        with self._lock:
            self._desk.sweep(self.watch)

    def state(self) -> dict[str, NDArray[np.void]]:
        """The newest row of every device that was ever heard; for a thread that writes it down."""
        (no, readings), (units, fixes) = self._parts
        return {
            READINGS: _rows(no, readings.read(), sensors.READING_DTYPE),
            FIXES: _rows(units, fixes.read(), resources.FIX_DTYPE),
        }

    def watch(self) -> sensors.Watch:
        """What the sweeps look at each second."""
        live_ = self._no, self._period, self._readings, self._day
        return sensors.Watch(
            *live_, self.rearrange, self._follow, self._expire, self._hush, self._bring_back
        )

    def _follow(self) -> None:
        """What positions show of units that were sent becomes known."""
        if found := self._store.read(dispatch.under_way):
            fix_of = dispatch.fix_reader(self._numbers, self._fixes.read())
            if steps := self._tracker.look(found.values(), fix_of):
                self._desk.run(dispatch.observe_steps, {"steps": steps})

    def _expire(self, now: Ms) -> None:
        """Modes that ran out end."""
        if self._store.read(lambda r: modes.lapsed(r, now)):
            self._desk.run(modes.end_lapsed, {})

    def _hush(self) -> None:
        """Devices that fell silent while others were heard."""
        live_ = self._readings.read()
        at = live_["at"][self._no]
        rows = self._hearing.silent(at)
        value, since = live_["value"][self._no[rows]], self._hearing.due(at)[rows]
        if crossings := self._judge.faults.hush(rows, value, since):
            self._doubtful = True
            self._desk.run(alarms.observe, {"crossings": crossings}, local=True)
            self._doubtful = False

    def _bring_back(self, now: Ms) -> None:
        """Alarms put aside come back; every station writes the same."""
        if self._store.read(lambda r: shelving.lapsed(r, now)):
            self._desk.run(shelving.end_lapsed, {}, local=True)

    def _take_readings(self, readings: NDArray[np.void]) -> None:
        readings = readings[readings["no"] < len(self._row)]
        # A new connection begins with packs of the last minutes: what is known is not judged again.
        readings = readings[readings["at"] > self._readings.read()["at"][readings["no"]]]
        rows = self._row[readings["no"]]
        readings, rows = readings[rows >= 0], rows[rows >= 0]
        value, at, quality = readings["value"], readings["at"], readings["quality"].copy()
        self._hold_modes()
        # A reading counts as known only once its alarm is on disk: killed before, it comes again.
        for crossings in self._judge.take(rows, value, at, quality):
            self._desk.run(alarms.observe, {"crossings": crossings}, local=True)
        no, shown = self._no[rows], self._severity(rows)
        self._doubts.write(no, **self._judge.doubts(rows))
        readings["quality"] = quality
        self._readings.write(no, at=at, value=value, quality=quality, severity=shown)
        self._record(READINGS, readings)

    def _hold_modes(self) -> None:
        """Rules that name a mode count where it holds."""
        if len(self._judge.book.modes) > 1:
            held = self._store.read(lambda r: r.find(modes.Mode, state=modes.ON))
            self._judge.book.hold(
                [Stretch(m.area, m.mode, modes.rank(m.mode), m.since, m.until) for m in held]
            )

    def _take_fixes(self, fixes: NDArray[np.void]) -> None:
        fixes = fixes[fixes["no"] < self._fixes.rows]
        fixes = fixes[(np.abs(fixes["lon"]) <= 180) & (np.abs(fixes["lat"]) <= 90)]  # no NaN either
        fixes = fixes[fixes["at"] > self._fixes.read()["at"][fixes["no"]]]
        rows = fixes["no"].astype(np.intp)
        self._fixes.write(rows, at=fixes["at"], lon=fixes["lon"], lat=fixes["lat"])
        self._record(FIXES, fixes)

    def _record(self, series: str, rows: NDArray[np.void]) -> None:
        if self._recorder is not None:
            self._recorder.take(series, rows)

    def _fill(self) -> None:
        """Live arrays that know less than the history did begin with what it knew last."""
        if self._recorder is None:
            return
        readings = _newer(self._recorder.latest(READINGS), self._readings)
        readings = readings[readings["no"] < len(self._row)]
        readings = readings[self._row[readings["no"]] >= 0]
        severity = self._severity(self._row[readings["no"]])
        self._readings.write(
            readings["no"].astype(np.intp), at=readings["at"], value=readings["value"],
            quality=readings["quality"], severity=severity,
        )  # fmt: skip
        fixes = _newer(self._recorder.latest(FIXES), self._fixes)
        rows = fixes["no"].astype(np.intp)
        self._fixes.write(rows, at=fixes["at"], lon=fixes["lon"], lat=fixes["lat"])

    def _severity(self, rows: NDArray[np.intp]) -> NDArray[np.uint8]:
        """As the live arrays hold it: 0 where nothing is wrong."""
        severity = self._judge.severity[rows]
        return np.where(severity == CALM, 0, severity).astype(np.uint8)

    def _restore(self, row_of: dict[str, int]) -> None:
        for alarm in self._store.read(lambda r: r.find(alarms.Alarm, cleared_at=None)):
            if alarm.sensor in row_of:
                self._judge.restore(row_of[alarm.sensor], alarm.severity, alarm.cls)
        self._resume()

    def _resume(self) -> None:
        """Delays that ran when the agent ended go on, where no reading was missed since."""
        live_, kept = self._readings.read(), self._doubts.read()
        no = self._no[live_["at"][self._no] > 0]
        last = live_["value"][no], live_["at"][no], kept["alike"][no]
        self._judge.quality.resume(self._row[no], *last)
        no = no[(live_["at"][no] > self._clock.now() - REACH) & (kept["run_since"][no] > 0)]
        self._judge.resume(self._row[no], {name: column[no] for name, column in kept.items()})

    def _open(self, what: str, columns: live.Columns, rows: int) -> live.LiveArrays:
        path = self._store.folder / live.live_name(what, rows)
        arrays = live.LiveArrays(path, columns, rows, create=True)
        if columns is not live.DOUBT:  # a moment that is nowhere near would keep all others out
            wrong = np.flatnonzero(arrays.read()["at"] > self._clock.now() + DAY)
            arrays.write(wrong, at=np.zeros(len(wrong), np.int64))
        return arrays


def _rows(
    no: NDArray[np.intp], live_: Mapping[str, NDArray[Any]], dtype: np.dtype[Any]
) -> NDArray[np.void]:
    """Live columns of these devices as rows; those that were never heard are left out."""
    no = no[live_["at"][no] > 0]
    rows = np.zeros(len(no), dtype)
    for name in dtype.names or ():
        rows[name] = no if name == "no" else live_[name][no]
    return rows


def _told(rows: NDArray[np.void], at: Ms) -> NDArray[np.void]:
    """Rows of a pack, the oldest first, so that the newest of each device is what stays. What a
    device with a wrong clock says of a time to come was said when the pool had it: else nothing
    of that device would be taken until then."""
    late = rows["at"] > at + codes.limit("ahead_seconds") * SECOND
    if late.any():
        rows = rows.copy()
        rows["at"][late] = at
    if (rows["at"][1:] < rows["at"][:-1]).any():
        rows = rows[np.argsort(rows["at"], kind="stable")]
    return rows


def _newer(rows: NDArray[np.void], arrays: live.LiveArrays) -> NDArray[np.void]:
    """Those of the rows that are newer than what the arrays hold."""
    rows = rows[rows["no"] < arrays.rows]
    newer: NDArray[np.void] = rows[rows["at"] > arrays.read()["at"][rows["no"]]]
    return newer
