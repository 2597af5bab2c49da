"""Candidates of a monthly topic 每月一题候选, and how the chosen one goes on.

Four things speak for a class in a month: how many events it has, how far it rises over the month
before (`surge.score` over days), in how many towns, and how many people told of it more than once.
Candidates stand by the sum of their four ranks (Borda 1781), since the four have no common unit;
each is told, so that a person judges.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from commandwall import codes, cube, surge
from commandwall.areas import by_code, town_of
from commandwall.clock import DAY, HOUR, MINUTE, Ms, day, day_start, from_datetime, to_datetime
from commandwall.monthly import MonthlyTopic
from commandwall.store import numbers
from commandwall.store.store import Reader

WEEK = 7 * DAY
_AGAIN = (
    "SELECT cls, count(*) FROM (SELECT cls FROM event WHERE rowid >= :no AND reported_at >= :t"
    " AND phone <> '' GROUP BY cls, phone HAVING count(*) > 1) GROUP BY cls"
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A class in the month so far."""

    cls: str
    n: int
    usual: float  # how many there would be, were it as in the month before
    rise: float  # surge.score
    towns: int
    again: int  # telephone numbers that told of it more than once


@dataclass(frozen=True, slots=True)
class Course:
    """How a class goes before and after it was chosen, to the minute."""

    weeks: tuple[int, ...]  # from `before` weeks before it was chosen until now, the last one begun
    before: int  # how many of these weeks were before
    days: int  # of before and after so many stand beside each other
    n_before: int  # events of those days before
    n_after: int  # since
    days_after: float

    @property
    def as_before(self) -> float | None:
        """Events since, in as many days as before; None on the first day, which tells nothing."""
        return self.n_after * self.days / self.days_after if self.days_after >= 1 else None


def month_of(now: Ms) -> Ms:
    """The beginning of the month of a moment."""
    return _first_of(to_datetime(now))


def of_month(reader: Reader, now: Ms) -> list[Candidate]:
    """The candidates of the month so far, the first first."""
    since = month_of(now)
    before = _first_of(to_datetime(since) - timedelta(days=1))
    towns, late = _by_town(reader, since)
    whole = _by_town(reader, before)[1]
    again = dict(reader.rows(_AGAIN, no=numbers.first(since), t=since))
    spans = max(now - since, HOUR) / DAY, (since - before) / DAY
    least = codes.limit("hot_least", day(now))
    found = []
    for cls, n in late.items():
        k = whole[cls] - n
        rise = surge.score(n, spans[0], k, spans[1])
        if n >= least:
            usual = surge.usual(spans[0], k, spans[1])
            found.append(Candidate(cls, n, usual, rise, len(towns[cls]), again.get(cls, 0)))
    return ranked(found)[: int(codes.limit("monthly_candidates", day(now)))]


def ranked(found: Sequence[Candidate]) -> list[Candidate]:
    """By the sum of the ranks in the four, ties by the count."""
    points: Counter[str] = Counter()
    for name in ("n", "rise", "towns", "again"):
        worth = {one.cls: getattr(one, name) for one in found}
        for cls, mine in worth.items():
            points[cls] += sum(other < mine for other in worth.values())
    return sorted(found, key=lambda c: (-points[c.cls], -c.n, c.cls))


def course(reader: Reader, topic: MonthlyTopic, now: Ms) -> Course:
    """Before and after a topic was chosen; of one that ended, until then."""
    chosen, until = topic.chosen_at, min(now, topic.ended_at or now)
    back, days = (int(codes.limit(n, day(now))) for n in ("monthly_weeks", "monthly_days"))
    since = Ms(chosen - max(back * WEEK, days * DAY))
    found = cube.which(reader, {"cls": [topic.cls]}, [(since, Ms(until + HOUR))])
    at = np.concatenate([rows for _, rows in found]) // numbers.ROOM * MINUTE
    at = at[at <= until]
    count = max(1, -(-(until - chosen) // WEEK))
    edges = chosen + WEEK * np.arange(-back, count + 1)
    weeks = np.histogram(at, edges)[0].tolist()
    before = int(np.count_nonzero((at >= chosen - days * DAY) & (at < chosen)))
    after = int(np.count_nonzero(at >= chosen))
    return Course(tuple(weeks), back, days, before, after, (until - chosen) / DAY)


def _by_town(reader: Reader, since: Ms) -> tuple[dict[str, set[str]], Counter[str]]:
    """Class -> the towns that have it, and how many events."""
    areas = by_code(reader)
    told = cube.count(reader, ("area", "cls"), since=since)
    towns: dict[str, set[str]] = defaultdict(set)
    sums: Counter[str] = Counter()
    for code, row in zip(told.rows, told.counts.tolist(), strict=True):
        town = town_of(areas, code)
        for cls, n in zip(told.cols, row, strict=True):
            if cls and n:
                sums[cls] += n
                towns[cls].update({town} - {""})
    return towns, sums


def _first_of(moment: datetime) -> Ms:
    first = moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return Ms(day_start(from_datetime(first)))
