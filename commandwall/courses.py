"""Courses 过程线: what one device said over a stretch of time, by the readings kept here.

What lies between two readings that are far apart in time is not known, and what the device itself
calls bad is none: both are gaps, which nobody fills.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from commandwall import codes
from commandwall.clock import SECOND, Ms, day
from commandwall.sensors import BAD, READING_DTYPE, Sensor
from commandwall.store import telemetry
from commandwall.store.store import Reader

Line = tuple[NDArray[np.int64], NDArray[np.float64]]
"""Moments (n,) UTC ms, and values (n,), NaN where they are not known."""
POINTS = 600
"""Stretches of a course; of each its lowest and its highest reading are kept."""


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """Readings of one device between two moments, oldest first: a Line in the unit of the device;
    `kept`: from when on readings are kept here (None: none are)."""

    device: Sensor
    since: Ms
    until: Ms
    kept: Ms | None
    at: NDArray[np.int64]
    value: NDArray[np.float64]


def read(reader: Reader, device: str, span: tuple[Ms, Ms]) -> Course | None:
    """What a device said between two moments; None where the city has no such device."""
    sensor = reader.get(Sensor, device)
    if sensor is None:
        return None
    since, until = span
    of = np.array([sensor.no], np.int64)
    rows = telemetry.within(
        reader.folder, telemetry.READINGS, READING_DTYPE, (until, until - since), of
    )
    kept = telemetry.since(reader.folder, telemetry.READINGS)
    patience = codes.limit("silent_periods", day(until))
    at, value = line(rows, patience * sensor.period_s * SECOND)
    return Course(sensor, since, until, kept, *_thinned(at, value))


def line(rows: NDArray[np.void], gap: float) -> Line:
    """The line of readings (READING_DTYPE, in any order): NaN where one is bad, and in the middle
    of a time without any that is longer than `gap` ms."""
    rows = rows[np.argsort(rows["at"], kind="stable")]
    at, value = rows["at"].astype(np.int64), rows["value"].astype(np.float64)
    value[rows["quality"] == BAD] = np.nan
    long = np.flatnonzero(np.diff(at) > gap)
    middle = (at[long] + at[long + 1]) // 2
    return np.insert(at, long + 1, middle), np.insert(value, long + 1, np.nan)


def _thinned(at: NDArray[np.int64], value: NDArray[np.float64]) -> Line:
    """The same line with the lowest and the highest of each of many stretches, and all gaps."""
    if len(at) <= 2 * POINTS:
        return at, value
    edges = np.linspace(0, len(at), POINTS + 1).astype(int)[:-1]
    part = np.searchsorted(edges, np.arange(len(at)), "right")
    order = np.lexsort((value, part))
    first = np.flatnonzero(np.diff(part[order], prepend=-1))
    last = np.append(first[1:], len(order)) - 1
    keep = np.concatenate([order[first], order[last], np.flatnonzero(np.isnan(value))])
    keep = np.unique(keep)
    return at[keep], value[keep]
