"""Doors of elders who live alone 独居门磁: the opening itself is told at once (domain/spec 5.7).

A door says how many hours ago it was opened last. Which openings raise an alarm, and how grave,
is told by dated rows of the list `alarm_rules` of the class OPEN; every opening is told as a notice
(`lately`). That no one opens it for long is the other rule, by what the door measures.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commandwall import codes
from commandwall.alarms import OPENED, Crossing, Rule
from commandwall.clock import HOUR, MINUTE, Ms, to_datetime
from commandwall.sensors import GOOD, Sensor

CLOSED = 0
FAR = 2.0**52
"""Milliseconds: further from now nothing is known to the millisecond, and no door was opened."""


def is_door(cls: str, unit: str, on: date | None = None) -> bool:
    """Whether such a device tells of openings, and in hours since the last one."""
    row = codes.load("device_deed", on).get(OPENED)
    return row is not None and cls == row.facts["of"] and unit == "h"


def opened(value: NDArray[np.float32], at: NDArray[np.int64]) -> NDArray[np.int64]:
    """When doors were opened last (UTC ms) that said at these moments so many hours ago."""
    ago = np.clip(np.nan_to_num(value).astype(np.float64) * HOUR, -FAR, FAR)
    return np.asarray(at - np.round(ago).astype(np.int64), np.int64)


def lately(
    value: NDArray[np.float32], at: NDArray[np.int64], quality: NDArray[np.uint8], now: Ms
) -> NDArray[np.intp]:
    """Which of some doors were opened within the last while, the newest first; one whose last word
    is not good tells nothing."""
    edge = now - codes.limit("openings_shown_minutes") * MINUTE
    when = opened(value, at)
    some = np.flatnonzero((quality == GOOD) & (at > 0) & (when >= edge))
    return some[np.argsort(-when[some], kind="stable")]


class Openings:
    """When each door was opened last, and which opening has an alarm that lasts."""

    def __init__(
        self, sensors: Sequence[Sensor], rules: Sequence[Rule], on: date | None = None
    ) -> None:
        """`on`: the day whose rows count, today where none is given."""
        self._sensors = sensors
        self._rules = sorted((r for r in rules if r.cls == OPENED), key=lambda r: r.severity)
        self._door = np.array(
            [bool(self._rules) and is_door(s.cls, s.unit, on) for s in sensors], np.bool_
        )
        self._most = np.array([s.high if s.low < s.high else np.inf for s in sensors], np.float32)
        self._apart = int(codes.limit("opening_minutes", on) * MINUTE)
        self._last = np.zeros(len(sensors), np.int64)
        self.told = np.full(len(sensors), CLOSED, np.int8)
        """Severity of the alarm of an opening that lasts."""

    def columns(self) -> dict[str, NDArray[Any]]:
        """What is kept of each device from one reading to the next, by name."""
        return {"opened": self._last, "told": self.told}

    def restore(self, row: int, severity: int) -> None:
        """Begin with an alarm that is already known."""
        self.told[row] = severity

    def resume(
        self, rows: NDArray[np.intp], value: NDArray[np.float32], at: NDArray[np.int64]
    ) -> None:
        """Go on after these readings: what was opened before them was told."""
        self._last[rows] = opened(value, at)

    def take(
        self,
        rows: NDArray[np.intp],
        value: NDArray[np.float32],
        at: NDArray[np.int64],
        after: NDArray[np.int64],
        good: NDArray[np.bool_],
    ) -> list[Crossing]:
        """One reading of each of these devices, `after` the one before it; those that are not good
        say nothing. An opening lasts until the next reading; two within a few minutes are one."""
        some = np.flatnonzero(good & self._door[rows] & (value < self._most[rows]))
        if not len(some):
            return []
        row, when = rows[some], opened(value[some], at[some])
        apart, known = when - self._last[row], self._last[row] > 0
        new = known & (apart > self._apart)
        self._last[row] = np.where(known & (np.abs(apart) <= self._apart), self._last[row], when)
        begun = np.maximum(when, after[some] + 1)  # a rounded hour may reach behind what was said
        made = []
        for i in np.flatnonzero(new | (self.told[row] != CLOSED)).tolist():
            said = float(value[some[i]]), int(begun[i] if new[i] else at[some[i]])
            made += self._tell(int(row[i]), bool(new[i]), *said)
        return made

    def _tell(self, row: int, new: bool, value: float, at: int) -> list[Crossing]:
        rule = self._rule(at) if new else None
        before, self.told[row] = int(self.told[row]), CLOSED if rule is None else rule.severity
        if rule is not None:
            return [Crossing(self._sensors[row], rule, rule.severity, value, Ms(at))]
        over = next((r for r in self._rules if r.severity == before), self._rules[0])
        return [Crossing(self._sensors[row], over, 0, value, Ms(at))] if before else []

    def _rule(self, at: int) -> Rule | None:
        """The gravest row whose hours of the day an opening falls into."""
        hour = _hour(Ms(at))
        return next((r for r in self._rules if holds(r, hour)), None)


def holds(rule: Rule, hour: float) -> bool:
    """Whether a row counts at an hour of the day; one that names no hours counts at all."""
    if rule.from_h == rule.until_h:
        return True
    inside = rule.from_h <= hour, hour < rule.until_h
    return all(inside) if rule.from_h < rule.until_h else any(inside)


def _hour(at: Ms) -> float:
    local = to_datetime(at)
    return local.hour + local.minute / 60
