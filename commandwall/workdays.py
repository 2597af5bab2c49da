"""The work calendar 工作日历: which hours of which days are worked, and time reckoned in these.

The hours of a day are a row of assets/codelists/work_day.toml that holds on it: one for these very
days (a holiday has no hours, a make-up workday 调休 is `like` another row), else the pattern of its
weekday. They are hours of the city's own time zone.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import accumulate, pairwise

from commandwall import codes
from commandwall.clock import Ms, day, from_datetime, to_datetime
from commandwall.codes import Code

LIST, WORKDAY = "work_day", "workday"
MIDNIGHT = "24:00"
YEARS = range(100)
"""Whoever finds no end of his time within so many years has a calendar without work."""


@dataclass(frozen=True, slots=True)
class _Year:
    """The stretches of a year that are worked, in order."""

    opens: tuple[Ms, ...]
    closes: tuple[Ms, ...]
    gone: tuple[int, ...]  # ms worked in this year when each closes

    @property
    def whole(self) -> int:
        return self.gone[-1] if self.gone else 0

    def worked(self, at: Ms) -> int:
        """Milliseconds worked in this year until a moment of it."""
        i = bisect_right(self.opens, at) - 1
        return self.gone[i] - max(0, self.closes[i] - at) if i >= 0 else 0

    def when(self, worked: int) -> Ms:
        """The first moment at which so much is worked."""
        i = bisect_left(self.gone, worked)
        return Ms(self.closes[i] - (self.gone[i] - worked))


def after(start: Ms, span: int) -> Ms:
    """The first moment at which `span` milliseconds of work have gone by since another.

    ValueError for a calendar in which nobody works.
    """
    if span <= 0:
        return start
    first = day(start).year
    wanted = _year_of(first).worked(start) + span
    for year in YEARS:
        this = _year_of(first + year)
        if wanted <= this.whole:
            return this.when(wanted)
        wanted -= this.whole
    raise ValueError(f"{LIST}: no work from {first} on")


def between(start: Ms, end: Ms) -> int:
    """Milliseconds worked from one moment to a later one; 0 where it is not later."""
    if end <= start:
        return 0
    first, last = day(start).year, day(end).year
    before = sum(_year_of(year).whole for year in range(first, last))
    return before + _year_of(last).worked(end) - _year_of(first).worked(start)


def workday(at: Ms) -> int:
    """Milliseconds worked on an ordinary day, by the row `workday` of the day of a moment."""
    return _length(day(at), codes.edition())


def row_of(on: date) -> Code | None:
    """The row that a day goes by: of those for these very days the last, else of the pattern."""
    rows = codes.load(LIST, on).values()
    here = [r for r in rows if on.isoweekday() in r.facts.get("weekdays", ())]
    special = [r for r in rows if "weekdays" not in r.facts]
    return next(iter([*reversed(special), *reversed(here)]), None)


def special_days(year: int) -> int:
    """How many days of a year have a row of their own; with 0 nobody entered its holidays yet."""
    rows = map(row_of, _days(year))
    return sum(row is not None and "weekdays" not in row.facts for row in rows)


def _year_of(year: int) -> _Year:
    return _made(year, codes.edition())


@lru_cache(maxsize=256)
def _made(year: int, _: object) -> _Year:
    """A year by one edition of the lists."""
    worked = [part for on in _days(year) for part in _parts(on)]
    opens, closes = tuple(a for a, _ in worked), tuple(b for _, b in worked)
    return _Year(opens, closes, tuple(accumulate(b - a for a, b in worked)))


def _days(year: int) -> Iterator[date]:
    on = date(year, 1, 1)
    while on.year == year:
        yield on
        on += timedelta(1)


@lru_cache(maxsize=64)
def _length(on: date, _: object) -> int:
    rows = codes.load(LIST, on)
    if WORKDAY not in rows:  # a day before the list began: of a source whose clock is wrong
        rows = codes.load(LIST)
    return sum(b - a for a, b in _hours(on, rows[WORKDAY], rows))


def _parts(on: date) -> list[tuple[Ms, Ms]]:
    row = row_of(on)
    return _hours(on, row, codes.load(LIST, on)) if row is not None else []


def _hours(on: date, row: Code, rows: Mapping[str, Code]) -> list[tuple[Ms, Ms]]:
    """The stretches of a day by a row. Raises KeyError, naming list and row, for a broken one."""
    try:
        facts = rows[row.facts["like"]].facts if "like" in row.facts else row.facts
        pairs = [part.split("-") for part in facts["hours"]]
        found = [(_moment(on, opens), _moment(on, closes)) for opens, closes in pairs]
    except (KeyError, TypeError, ValueError) as error:
        raise KeyError(f"{LIST}: row {row.id}: hours: {error}") from error
    edges = [edge for part in found for edge in part]
    if any(a >= b for a, b in pairwise(edges)):
        raise KeyError(f"{LIST}: row {row.id}: hours: not in order")
    return found


def _moment(on: date, told: str) -> Ms:
    """A time of a day, such as 09:00; 24:00 is the midnight that ends it."""
    zone = to_datetime(Ms(0)).tzinfo
    if told == MIDNIGHT:
        return from_datetime(datetime.combine(on + timedelta(1), time(), zone))
    return from_datetime(datetime.combine(on, time.fromisoformat(told), zone))
