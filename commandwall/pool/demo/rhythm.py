"""When things happen in a demo city: pure functions of a seed, a day and an event's own number.

The history in an empty pool and the life that the player adds are the same functions, so a player
that was away continues where the city would be by now.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from commandwall.clock import HOUR, SECOND, Ms, from_datetime, to_datetime
from commandwall.events import ACCEPTED, CLOSED, DISPATCHED, FEEDBACK, NEW, SIGNED
from commandwall.pool.demo.land import asset
from commandwall.pool.demo.plane import Array, stream

ZONE = "Asia/Shanghai"
STATES = (NEW, ACCEPTED, DISPATCHED, SIGNED, FEEDBACK, CLOSED)
"""The states an event of the demo city goes through."""
Times = NDArray[np.int64]


def midnight(day: date) -> Ms:
    """The first moment of a local day."""
    return from_datetime(datetime.combine(day, time(), ZoneInfo(ZONE)))


def day_of(at: Ms) -> date:
    return to_datetime(at, ZONE).date()


def days_between(first: Ms, last: Ms) -> list[date]:
    """Local days from that of `first` to that of `last`, both included."""
    start, end = day_of(first), day_of(last)
    return [start + timedelta(n) for n in range((end - start).days + 1)]


def arrivals(seed: int, day: date, per_day: float) -> Times:
    """Moments (UTC ms, rising) at which matters of a local day reach the city.

    `per_day` is the mean of a usual day; hours and weekdays follow assets/demo/rhythm.toml.
    """
    rhythm = asset("rhythm")
    rng = stream(seed, f"arrivals {day.isoformat()}")
    hours = np.array(rhythm["hours"], float)
    mean = per_day * rhythm["weekdays"][day.weekday()]
    count = max(0, round(mean * (1 + 0.03 * rng.standard_normal())))
    share = (np.arange(count) + rng.uniform(0, 9, count)) / (count + 9)
    along = np.concatenate([[0.0], np.cumsum(hours) / hours.sum()])
    moment = np.interp(share, along, np.arange(25) * float(HOUR))
    return np.asarray(np.sort(moment).astype(np.int64) + midnight(day))


def hour_in(at: Times) -> NDArray[np.intp]:
    """Local hour 0..23 of moments of one day."""
    if not len(at):
        return np.empty(0, np.intp)
    start = midnight(day_of(Ms(int(at[0]))))
    return np.asarray(np.clip((at - start) // HOUR, 0, 23).astype(np.intp))


@dataclass(frozen=True, slots=True)
class Steps:
    """When each event reaches each state after NEW: (n, 5) UTC ms."""

    at: Times

    def state(self, now: Ms) -> NDArray[np.intp]:
        """Index into STATES of each event at a moment."""
        return np.asarray((self.at <= now).sum(axis=1))

    @property
    def closed_at(self) -> Times:
        return np.asarray(self.at[:, -1])


def steps(
    dice: NDArray[np.uint64], urgency: NDArray[np.intp], hours: Array, received: Times
) -> Steps:
    """How the work on events goes. `dice`: any number fixed to the event; `hours`: its class's
    usual time to an end; the first steps keep within the limits of its urgency."""
    rule = asset("rhythm")["steps"]
    u = _uniform(dice, 5)
    row = urgency - 1
    before = np.zeros(len(dice))
    firsts = []
    for name, luck in zip(("accept", "dispatch", "sign"), u[:3], strict=True):
        latest = np.array(rule[name], float)[row]
        before = before + (latest - before) * (0.12 + 0.86 * luck)
        firsts.append(before)
    normal = np.sqrt(-2 * np.log(np.maximum(u[3], 1e-9))) * np.cos(2 * np.pi * u[4])
    latest = np.array(rule["close_h"])[row]
    whole = np.minimum(hours * np.exp(rule["spread"] * normal), latest)
    whole = np.where(u[0] < rule["late"], latest * np.array(rule["late_by"])[row], whole)
    whole = np.maximum(whole * 3600, firsts[-1] * 1.5)
    report = np.maximum(firsts[-1] * 1.2, whole * rule["feedback"])
    seconds = np.stack([*firsts, report, whole], axis=1)
    return Steps(received[:, None] + (seconds * SECOND).astype(np.int64))


def _uniform(dice: NDArray[np.uint64], count: int) -> list[Array]:
    """`count` columns of numbers in [0, 1) from one number each (SplitMix64)."""
    columns = []
    state = dice.astype(np.uint64)
    with np.errstate(over="ignore"):
        for _ in range(count):
            state = state + np.uint64(0x9E3779B97F4A7C15)
            mixed = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            mixed = mixed ^ (mixed >> np.uint64(31))
            columns.append((mixed >> np.uint64(11)).astype(float) / 2.0**53)
    return columns
