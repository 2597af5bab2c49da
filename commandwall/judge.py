"""Readings against the alarm rules: severity of each sensor, with delays and dead-bands, in numpy.

Times are the readings' own, so every station that sees the same readings comes to the same
crossings at the same moments.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commandwall import codes
from commandwall.alarms import BROKEN, OPENED, SILENT, Crossing, Rule
from commandwall.clock import MINUTE, Ms
from commandwall.faults import Faults
from commandwall.lifts import Pairs, Rates
from commandwall.openings import Openings
from commandwall.quality import Quality
from commandwall.rule_rows import Edition
from commandwall.rulebook import SEVERITIES, Rulebook
from commandwall.runs import CALM, Runs
from commandwall.sensors import GOOD, Sensor


@dataclass(frozen=True, slots=True)
class Readings:
    """One reading of each of some devices (rows), with the profile whose rules it meets."""

    rows: NDArray[np.intp]
    value: NDArray[np.float32]
    at: NDArray[np.int64]
    profile: NDArray[np.intp]

    def of(self, some: NDArray[np.intp]) -> Readings:
        return Readings(self.rows[some], self.value[some], self.at[some], self.profile[some])


class Judge:
    """Keeps the severity of every sensor and says which ones cross."""

    def __init__(
        self, sensors: Sequence[Sensor], rules: Sequence[Rule], on: date | None = None,
        later: Sequence[Edition] = (),
    ) -> None:  # fmt: skip
        """`on`: the day whose rows say what readings can be, today where none is given; `later`:
        the rules that readings of later moments meet."""
        self.sensors, self.book = sensors, Rulebook(sensors, rules, later)
        self.quality, self.faults = Quality(sensors, on), Faults(sensors, rules)
        self.openings = Openings(sensors, rules, on)
        self._rates = Rates(len(sensors), int(codes.limit("rate_minutes", on) * MINUTE))
        self._pairs = Pairs(sensors, self.book.paired())
        self.severity = np.full(len(sensors), CALM, np.int8)
        self._run, self._side = Runs(len(sensors), "run"), Runs(len(sensors), "side")
        """Readings that want the same severity; those that all want a worse one, or all a milder
        one, and of what they want the nearest: a value that wavers between two is beyond both."""

    def restore(self, row: int, severity: int, cls: str) -> None:
        """Begin with an alarm that is already known."""
        if cls in (BROKEN, SILENT):
            self.faults.restore(row, cls)
        elif cls == OPENED:
            self.openings.restore(row, severity)
        else:
            self.severity[row] = self._run.wanted[row] = self._side.wanted[row] = severity

    def resume(
        self, rows: NDArray[np.intp], value: NDArray[np.float32], at: NDArray[np.int64]
    ) -> None:
        """Go on after these readings."""
        self.quality.resume(rows, value, at)
        self.openings.resume(rows, value, at)

    def columns(self) -> dict[str, NDArray[Any]]:
        """All that it keeps of each device from one reading to the next, one row for each; who
        writes into them sets it."""
        return {
            "severity": self.severity, **self._run.columns(), **self._side.columns(),
            **self.quality.columns(), **self.faults.columns(), **self._rates.columns(),
            **self._pairs.columns(), **self.openings.columns(),
        }  # fmt: skip

    def together(self) -> NDArray[np.intp]:
        """The first row of those that may make one another's readings worse; most are alone."""
        return self._pairs.place

    def standing(self) -> dict[str, NDArray[Any]]:
        """What of its columns says which alarms stand."""
        return {
            "severity": self.severity, "broken": self.faults.broken, "told": self.openings.told,
        }  # fmt: skip

    def correct(
        self, some: NDArray[np.bool_], known: Mapping[str, NDArray[Any]]
    ) -> NDArray[np.intp]:
        """Of `some` devices these alarms stand (`standing`): which it thought otherwise of."""
        own = self.standing()
        other = np.logical_or.reduce([own[name] != column for name, column in known.items()])
        rows = np.flatnonzero(some & other)
        for name, column in known.items():
            own[name][rows] = column[rows]
        self.forget_runs(rows)
        return rows

    def forget_runs(self, rows: NDArray[np.intp]) -> None:
        """No delay of these goes on."""
        for runs in (self._run, self._side):
            runs.begin(rows, self.severity[rows])

    def stirs(
        self, rows: NDArray[np.intp], value: NDArray[np.float32], at: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        """Whether such a reading of each of these may make another one's worse, or no more so."""
        found = self._pairs.noted[rows].copy()
        profile = self.book.profiles(rows, at)
        some = np.flatnonzero(self.book.by_pair[profile] & ~found)
        now = Readings(rows, value, at, profile).of(some)
        found[some] = self._wanted(now) < CALM
        return found

    def take(
        self,
        rows: NDArray[np.intp],
        value: NDArray[np.float32],
        at: NDArray[np.int64],
        quality: NDArray[np.uint8],
    ) -> Iterator[list[Crossing]]:
        """Take readings, those of one sensor in their order: they count as if each came alone.
        Sets `quality` to what is found of each. Yields crossings, never two of one sensor under
        the rules of one class at once."""
        for turn in turns(rows):
            if crossings := self.step(rows[turn], value[turn], at[turn], quality[turn]):
                yield crossings

    def step(
        self,
        rows: NDArray[np.intp],
        value: NDArray[np.float32],
        at: NDArray[np.int64],
        quality: NDArray[np.uint8],
    ) -> list[Crossing]:
        """Take one reading of each of these sensors; the crossings they make.

        Sets `quality`. Readings that are not good are left out: a broken device raises no process
        alarm, but one of its own. So are those that were taken before.
        """
        before = self.quality.at[rows]
        fresh = at > before
        quality[:] = self.quality.look(rows, value, at, quality)
        faults = self.faults.take(rows, value, at, quality)
        profile = self.book.profiles(rows, at)
        good = (quality == GOOD) & fresh
        deeds = self.openings.take(rows, value, at, before, good)
        fit = np.flatnonzero(good & ~self.book.no_rule[profile])
        return [*faults, *deeds, *self._ruled(Readings(rows, value, at, profile).of(fit))]

    def _ruled(self, now: Readings) -> list[Crossing]:
        wanted, held = self._lifted(now, self._wanted(now)), self.severity[now.rows]
        moved = np.flatnonzero((wanted != held) | (self._run.wanted[now.rows] != held))
        now, wanted, held = now.of(moved), wanted[moved], held[moved]
        self._run.follow(now.rows, wanted, now.at, wanted != self._run.wanted[now.rows])
        near, begun = _nearest(wanted, self._side.wanted[now.rows], held)
        self._side.follow(now.rows, near, now.at, begun)
        due, by_side = self._due(now, self._run), self._due(now, self._side)
        crossing = [
            self._cross(self._run if due[i] else self._side, now, int(i))
            for i in np.flatnonzero(due | by_side)
        ]
        self._side.take(now.rows[due | by_side], self._run)
        return crossing

    def _wanted(self, now: Readings) -> NDArray[np.int8]:
        sign, before = self.book.sign[now.profile], self.severity[now.rows]
        wanted = np.full(len(now.rows), CALM, np.int8)
        for severity in reversed(SEVERITIES):
            edge = sign * self.book.threshold[now.profile, severity - 1]
            held = before <= severity  # leaving needs to pass the dead-band
            edge = edge - np.where(held, self.book.deadband[now.profile, severity - 1], 0.0)
            wanted[sign * now.value >= edge] = severity
        return wanted

    def _lifted(self, now: Readings, wanted: NDArray[np.int8]) -> NDArray[np.int8]:
        """One severity worse where the row that is reached says so: while the value goes fast
        that way, or with a second device of the building."""
        lift = np.zeros(len(wanted), np.bool_)
        if len(some := np.flatnonzero(self.book.by_rate[now.profile])):
            one, reached = now.of(some), wanted[some] % CALM - 1
            rate = self._rates.look(one.rows, one.value, one.at) * self.book.sign[one.profile]
            least = self.book.rate[one.profile, reached]
            lift[some] = (least > 0) & (rate > least)
        if len(some := np.flatnonzero(self.book.by_pair[now.profile])):
            one, reached = now.of(some), wanted[some] % CALM - 1
            within = self.book.pair[one.profile, reached]
            lift[some] |= self._pairs.look(one.rows, one.at, wanted[some] < CALM, within)
        lift &= (wanted > 1) & (wanted < CALM)
        lift[lift] = ~np.isnan(self.book.threshold[now.profile[lift], wanted[lift] - 2])
        return (wanted - lift).astype(np.int8)

    def _due(self, now: Readings, runs: Runs) -> NDArray[np.bool_]:
        """Whether a run has lasted as long as the rule asks for, and is of as many readings."""
        held, wanted = self.severity[now.rows], runs.wanted[now.rows]
        worse = wanted < held
        row = now.profile, np.where(worse, wanted, held) % CALM - 1
        wait = np.where(worse, self.book.on[row], self.book.off[row])
        enough = ~worse | (runs.times[now.rows] >= self.book.samples[row])
        lasted = now.at - runs.since[now.rows] >= wait
        return np.asarray((wanted != held) & lasted & enough)

    def _cross(self, runs: Runs, now: Readings, i: int) -> Crossing:
        row = int(now.rows[i])
        wanted, before = int(runs.wanted[row]), int(self.severity[row])
        rule = self.book.rule(int(now.profile[i]), min(wanted, before))
        self.severity[row] = wanted
        severity, at = 0 if wanted == CALM else wanted, Ms(int(runs.since[row]))
        return Crossing(self.sensors[row], rule, severity, float(now.value[i]), at)


def _nearest(
    wanted: NDArray[np.int8], before: NDArray[np.int8], held: NDArray[np.int8]
) -> tuple[NDArray[np.int8], NDArray[np.bool_]]:
    """What readings on one side of the severity that is held all want at least, and whether this
    is the first of them."""
    begun = np.sign(before - held) != np.sign(wanted - held)
    nearer = np.where(wanted < held, np.maximum(wanted, before), np.minimum(wanted, before))
    return np.where(begun, wanted, nearer).astype(np.int8), begun


def turns(rows: NDArray[np.intp]) -> Iterator[slice]:
    """Stretches in which no sensor has two readings, as long as can be: those of all sensors stay
    in their order, since one may make another one's worse."""
    if np.bincount(rows, minlength=1).max() <= 1:
        yield slice(None)
        return
    order = np.argsort(rows, kind="stable")
    again = np.flatnonzero(np.diff(rows[order]) == 0)
    before = np.full(len(rows), -1, np.intp)
    before[order[again + 1]] = order[again]
    start = 0
    for i in np.flatnonzero(before >= 0).tolist():
        if before[i] >= start:
            yield slice(start, i)
            start = i
    yield slice(start, None)
