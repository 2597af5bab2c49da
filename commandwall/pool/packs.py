"""Packs of readings and positions: into the live arrays, past the judge, into the history."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commandwall import (
    alarms,
    codes,
    dispatch,
    event_acts,
    modes,
    platform,
    resources,
    rule_rows,
    sensors,
    shelving,
    suppression,
)
from commandwall.clock import DAY, MINUTE, SECOND, Clock, Ms, day
from commandwall.desk import Desk
from commandwall.judge import Judge
from commandwall.pool.recorder import Recorder
from commandwall.rulebook import stretches
from commandwall.runs import CALM
from commandwall.silence import HEARD, Hearing
from commandwall.store import live
from commandwall.store.store import Store
from commandwall.store.telemetry import FIXES, READINGS
from commandwall.window import JUDGED, KNOWN, LATE, Made, Window

log = logging.getLogger(__name__)

ASK_S = 0.5
"""Between two looks which modes hold, where this program wrote nothing meanwhile; a mode counts for
readings only `mode_lead_seconds` after a person's word."""
REACH = 10 * MINUTE
"""A new connection begins with packs that reach back so far (cw_packs)."""


class Packs:
    """The live side of a station: its arrays, and the severity of every sensor."""

    def __init__(
        self, store: Store, desk: Desk, clock: Clock, recorder: Recorder | None = None
    ) -> None:
        self._store, self._desk, self._clock, self._recorder = store, desk, clock, recorder
        self.newest: dict[str, Ms] = {}
        self.late = 0
        """Readings that came too late to be judged."""
        self._lock = threading.RLock()
        """Packs of the pool and readings of feeds come on two threads."""
        self._doubtful = False
        """Whether something was judged and could not be kept."""
        self._tracker = dispatch.Tracker()
        self._arrange()
        if recorder is not None:
            recorder.follow(self.state)

    def rearrange(self) -> None:
        """Begin anew with the sensors and resources that the mirror knows."""
        with self._lock:
            self._rearrange()

    def _rearrange(self) -> None:
        self._arrange(self._window.kept())

    def _arrange(self, kept: NDArray[np.void] | None = None) -> None:
        """`kept`: the last readings, where this is not the begin."""
        read = self._store.read
        self._day = day(self._clock.now())
        known = sorted(read(lambda r: r.find(sensors.Sensor)), key=lambda s: s.no)
        units = read(lambda r: r.find(resources.Resource))
        self.known: Sequence[sensors.Sensor] = known
        self._no = np.array([s.no for s in known], np.intp)
        self._period = np.array([s.period_s for s in known], np.int64) * SECOND
        size = int(self._no.max(initial=0)) + 1
        self._row = np.full(size + 1, -1, np.intp)
        """Row by number; the last place is for numbers beyond."""
        self._row[self._no] = np.arange(len(known))
        self._reach = reach = int(codes.limit("late_minutes", self._day) * MINUTE)
        self._amended = rows = read(rule_rows.approved)
        first, *later = rule_rows.editions(rows, self._day, Ms(self._clock.now() - 2 * reach))
        self._judge = Judge(known, first.rules, self._day, later)
        self._asked = -1, 0.0
        self._hold_modes()
        self._window = Window(self._judge, known, reach, self._open)
        self._hearing = Hearing(known, self._open("heard", HEARD, 1), self._day)
        self._family = suppression.Family(known, self._day)
        self._readings = self._open("sensors", live.READING, size)
        self._fixes = self._open("fixes", live.FIX, 1 + max((u.no for u in units), default=0))
        self._numbers = {unit.id: unit.no for unit in units}
        numbers = np.array([u.no for u in units], np.intp)
        self._parts = (self._no, self._readings), (numbers, self._fixes)
        self._restore({s.id: row for row, s in enumerate(known)}, kept)
        self._doubtful = False
        platform.give_back()

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
        """What the desk does each second; no reading comes into the middle of a sweep."""
        self._desk.sweep(self.watch, self._lock)

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
            *live_, self.rearrange, self._follow, self._expire, self._hush, self._bring_back,
            lambda: self._store.read(rule_rows.approved) != self._amended, self._move_events,
        )  # fmt: skip

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
            self._observe(crossings)
            self._doubtful = False

    def _observe(self, crossings: Sequence[alarms.Crossing]) -> None:
        for some in suppression.in_turn(crossings, self._family):
            told = {"crossings": some, "family": self._family}
            self._desk.run(suppression.observe, told, local=True)

    def _bring_back(self, now: Ms) -> None:
        """Alarms put aside come back, unless a parent suppresses them; every station writes the
        same."""
        if self._store.read(lambda r: shelving.lapsed(r, now)):
            self._desk.run(shelving.end_lapsed, {}, local=True)
        if strays := self._store.read(self._family.strays):
            told = {"sensors": strays, "family": self._family}
            self._desk.run(suppression.settle, told, local=True)
        self._family.settled = True

    def _move_events(self, now: Ms) -> None:
        """What is suspended goes on, what was closed for long is put away."""
        if self._store.read(lambda r: event_acts.lapsed(r, now)):
            self._desk.run(event_acts.move_lapsed, {})

    def _take_readings(self, readings: NDArray[np.void]) -> None:
        rows = self._row[np.minimum(readings["no"], len(self._row) - 1)]
        readings, rows = _those(readings, rows, (rows >= 0) & (readings["at"] > 0))
        # In one piece each: the judge goes over them many times.
        value, at, quality = (np.array(readings[name]) for name in ("value", "at", "quality"))
        fate = np.zeros(len(rows), np.uint8)
        self._hold_modes()
        # A reading counts as known only once its alarm is on disk: killed before, it comes again.
        for made in self._window.take(rows, value, at, quality, fate):
            self._say(made)
        self._window.keep()
        self._show(rows[fate == JUDGED])
        self._hearing.hear(int(at.max(initial=0)))
        self._record(READINGS, _those(_with(readings, quality), rows, fate != KNOWN)[0])
        if late := int(np.count_nonzero(fate == LATE)):
            self.late += late
            log.info("%d readings came too late to be judged, %d so far", late, self.late)

    def _say(self, made: Made) -> None:
        """Crossings become alarms; each station by itself comes to the same."""
        if made.was is None:
            self._observe(made.said)
        else:
            said = {"said": made.said, "was": made.was, "since": made.since}
            self._desk.run(suppression.amend, {**said, "family": self._family}, local=True)

    def _show(self, rows: NDArray[np.intp]) -> None:
        """The newest of these devices into the live arrays."""
        of = np.zeros(len(self._no), np.bool_)
        of[rows] = True
        rows = np.flatnonzero(of)
        last = self._judge.quality
        self._readings.write(
            self._no[rows], at=last.at[rows], value=last.value[rows], quality=last.verdict[rows],
            severity=self._severity(rows),
        )  # fmt: skip

    def _hold_modes(self) -> None:
        """Rules that name a mode count where it holds, also for readings that come late."""
        commits, now = asked = self._store.commits, self._clock.monotonic()
        known = commits == self._asked[0] and now - self._asked[1] < ASK_S
        if len(self._judge.book.modes) > 1 and not known:
            self._asked = asked
            since = Ms(self._clock.now() - 2 * self._reach)
            held = self._store.read(lambda r: modes.lately(r, since))
            self._judge.book.hold(stretches(held))

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

    def _restore(self, row_of: dict[str, int], kept: NDArray[np.void] | None) -> None:
        """The judge begins with what stands, and goes on where the window's files end."""
        standing = self._store.read(lambda r: r.find(alarms.Alarm, cleared_at=None))
        standing = [a for a in sorted(standing, key=lambda a: a.raised_at) if a.sensor in row_of]
        for alarm in standing:
            self._judge.restore(row_of[alarm.sensor], alarm.severity, alarm.cls)
        self._fill()
        live_, everyone = self._readings.read(), np.arange(len(self._no))
        heard = everyone[live_["at"][self._no] > 0]
        no = self._no[heard]
        self._judge.resume(heard, live_["value"][no], live_["at"][no])
        known = {name: column.copy() for name, column in self._judge.standing().items()}
        self._window.begin(kept)
        other = self._judge.correct(~self._window.open, known)
        if self._clock.now() - int(live_["at"].max(initial=0)) > REACH:  # readings were missed
            other = everyone
            self._judge.forget_runs(everyone)
        if len(other):
            self._window.anchor(other)
            self._window.keep()

    def _open(self, what: str, columns: live.Columns, rows: int) -> live.LiveArrays:
        path = self._store.folder / live.live_name(what, rows)
        arrays = live.LiveArrays(path, columns, rows, create=True)
        if columns in (live.READING, live.FIX, HEARD):  # what is to come would keep others out
            wrong = np.flatnonzero(arrays.read()["at"] > self._clock.now() + DAY)
            arrays.write(wrong, at=np.zeros(len(wrong), np.int64))
        return arrays


def _those(
    readings: NDArray[np.void], rows: NDArray[np.intp], which: NDArray[np.bool_]
) -> tuple[NDArray[np.void], NDArray[np.intp]]:
    """Some of them; nothing is copied where it is all."""
    return (readings, rows) if which.all() else (readings[which], rows[which])


def _with(readings: NDArray[np.void], quality: NDArray[np.uint8]) -> NDArray[np.void]:
    """These readings, with what was found of each."""
    found = readings.copy()
    found["quality"] = quality
    return found


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
    """Rows of a pack, the oldest first, of one moment by the number of the device. What a device
    with a wrong clock says of a time to come was said when the pool had it: else nothing
    of that device would be taken until then."""
    late = rows["at"] > at + codes.limit("ahead_seconds") * SECOND
    if late.any():
        rows = rows.copy()
        rows["at"][late] = at
    ahead = np.diff(rows["at"])
    if (ahead < 0).any() or ((ahead == 0) & (rows["no"][1:] < rows["no"][:-1])).any():
        rows = rows[np.lexsort((rows["no"], rows["at"]))]
    return rows


def _newer(rows: NDArray[np.void], arrays: live.LiveArrays) -> NDArray[np.void]:
    """Those of the rows that are newer than what the arrays hold."""
    rows = rows[rows["no"] < arrays.rows]
    newer: NDArray[np.void] = rows[rows["at"] > arrays.read()["at"][rows["no"]]]
    return newer
