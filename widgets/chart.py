"""What a trend shows: a line over the band of the usual, today's or the last hours'."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from commandwall.clock import Ms, day_start, to_datetime

HOURS = 24.0
TICKS = (6.0, 12.0, 18.0)


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit drawn dashed in its severity's colour; `above`: what is over it is outside."""

    value: float
    severity: int
    above: bool
    label: str = ""


@dataclass(frozen=True, slots=True)
class Day:
    """One day of one figure. `line` is (hour, value), `band` (hour, low, high); hours 0..24.

    `until` is the hour up to which the line is known where that is not now: from there to `now`
    the time is hatched.
    """

    now: float
    line: Sequence[tuple[float, float]] = ()
    band: Sequence[tuple[float, float, float]] = ()
    limits: Sequence[Limit] = ()
    until: float | None = None
    from_zero: bool = True
    frozen: bool = field(default=False)
    """What is shown stands still: the line is dimmed."""
    hours: float = HOURS
    """How many are shown."""
    ticks: Sequence[float] = TICKS
    reach: Sequence[float] = ()
    """Values that are within what is shown, though nothing came to them."""


def hour_of(at: Ms) -> float:
    """The local hour of a moment, with its whole minutes as a fraction."""
    moment = to_datetime(at)
    return moment.hour + moment.minute / 60


def day_of_counts(
    counts: Sequence[int], past_hour: int, usual: Sequence[tuple[float, float]], now: Ms
) -> Day:
    """A day of counts by hour. The count of an hour is known at its end, so it stands there; the
    hour that runs is told by the last 60 minutes."""
    here = hour_of(now)
    line = [(float(h + 1), float(counts[h])) for h in range(int(here))]
    line = [(0.0, float(counts[0])) if line else (0.0, float(past_hour)), *line]
    band = [(float(h + 1), float(usual[h][0]), float(usual[h][1])) for h in range(24)]
    band.insert(0, (0.0, *band[-1][1:]))
    return Day(here, [*line, (here, float(past_hour))], band)


def day_of_values(
    values: Sequence[float | None], usual: Sequence[tuple[float, float]], newest: float | None,
    at: Ms, now: Ms,
) -> Day:  # fmt: skip
    """A day of a measured figure: hourly values and the newest one at its moment.

    Figures that were last read before midnight begin the day with their last value.
    """
    here, last = hour_of(now), hour_of(at)
    if at < day_start(now):
        values, last = (), 0.0
    line = [(float(h), float(v)) for h, v in enumerate(values) if v is not None and h <= last]
    if newest is not None:
        line.append((last, float(newest)))
    band = [(float(h), float(low), float(high)) for h, (low, high) in enumerate(usual)]
    if band:
        band.append((HOURS, *band[0][1:]))
    return Day(here, line, band, until=last, from_zero=False)


def reach_of(limits: Sequence[Limit], known: Sequence[float]) -> list[float]:
    """The limits that were passed by what is known, and the next one on each side."""
    highest, lowest = max(known, default=-math.inf), min(known, default=math.inf)
    above = sorted(limit.value for limit in limits if limit.above)
    below = sorted((limit.value for limit in limits if not limit.above), reverse=True)
    passed = [*(v for v in above if v <= highest), *(v for v in below if v >= lowest)]
    following = [v for v in above if v > highest][:1] + [v for v in below if v < lowest][:1]
    return passed + following
