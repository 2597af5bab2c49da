"""Work time against a model that knows nothing but the minutes of a day."""

from __future__ import annotations

import os
import shutil
import tomllib
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from functools import cache
from pathlib import Path

import pytest
from builders import an_event
from hypothesis import example, given, settings
from hypothesis import strategies as st

from commandwall import codes, deadlines, workdays
from commandwall.clock import HOUR, MINUTE, Ms
from commandwall.config import ASSETS
from commandwall.deadlines import BLUE, GREEN, ORANGE, RED, YELLOW, Deadline, Progress
from commandwall.events import EventView

CITY = timezone(timedelta(hours=8))
HALF_DAYS = """
[[row]]
id = "eve"
zh = "除夕前半天"
en = "Half day"
valid_from = 2026-02-13
valid_to = 2026-02-13
hours = ["09:00-12:00"]

[[row]]
id = "leap"
zh = "闰日半天"
en = "Half leap day"
valid_from = 2028-02-29
valid_to = 2028-02-29
hours = ["13:30-17:30"]

[[row]]
id = "year-end"
zh = "年终夜班"
en = "Night work at the end of the year"
valid_from = 2026-12-31
valid_to = 2027-01-01
hours = ["00:00-01:30", "22:00-24:00"]
"""


@pytest.fixture(scope="module", autouse=True)
def half_days(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("lists")
    shutil.copytree(ASSETS / "codelists", folder / "codelists")
    path = folder / "codelists" / "work_day.toml"
    path.write_text(path.read_text(encoding="utf-8") + HALF_DAYS, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(codes, "ASSETS", folder)
        codes.forget()
        minutes_of.cache_clear()
        yield path
    codes.forget()


@cache
def minutes_of(on: date) -> frozenset[int]:
    """The slow model: which minutes of a day are worked, read from the file itself."""
    rows = tomllib.loads((codes.ASSETS / "codelists" / "work_day.toml").read_text("utf-8"))["row"]
    here = [r for r in rows if r["valid_from"] <= on <= r.get("valid_to", date.max)]
    pattern = [r for r in here if on.weekday() + 1 in r.get("weekdays", [])]
    row = [*pattern, *(r for r in here if "weekdays" not in r)][-1]
    if "like" in row:
        row = next(r for r in rows if r["id"] == row["like"])
    hours = row["hours"]
    found = set[int]()
    for part in hours:
        first, last = ((int(t[:2]) * 60 + int(t[3:])) for t in part.split("-"))
        found.update(range(first, last))
    return frozenset(found)


def works(minute: int) -> bool:
    at = datetime.fromtimestamp(minute * 60, CITY)
    return at.hour * 60 + at.minute in minutes_of(at.date())


def slow_after(minute: int, need: int, work: bool, still: frozenset[int] = frozenset()) -> int:
    """Minute by minute until so many have counted: worked, where it is of work, and not `still`."""
    while need:
        need -= (works(minute) or not work) and minute not in still
        minute += 1
    return minute


def slow_between(start: int, end: int) -> int:
    return sum(works(minute) for minute in range(start, end))


def minute(year: int, month: int, day: int, hour: int = 0, minute_: int = 0) -> int:
    return int(datetime(year, month, day, hour, minute_, tzinfo=CITY).timestamp()) // 60


def ms(at: int) -> Ms:
    return Ms(at * MINUTE)


LONG = os.environ.get("COMMANDWALL_TEST_LONG") == "1"
MORE = 20 if LONG else 1
"""How many times as many examples are drawn."""
SPRING = minute(2026, 2, 12)
STARTS = st.one_of(
    st.integers(SPRING, minute(2026, 3, 2)),  # Spring Festival with its make-up days
    st.integers(minute(2026, 9, 18), minute(2026, 10, 12)),
    st.integers(minute(2026, 12, 30), minute(2027, 1, 5)),  # over a midnight and a year
    st.integers(minute(2028, 2, 25), minute(2028, 3, 2)),  # the leap day
    st.integers(minute(2025, 1, 1), minute(2028, 12, 31)),
)


@given(STARTS, st.integers(0, 2500))
@example(minute(2026, 2, 13, 11, 59), 421)
@example(minute(2026, 12, 31, 23, 59), 2)
@example(minute(2028, 2, 28, 17, 29), 241)
@settings(max_examples=150 * MORE, deadline=None)
def test_work_time_is_what_counting_minutes_says(start: int, span: int) -> None:
    end = workdays.after(ms(start), span * MINUTE)
    assert end == ms(slow_after(start, span, True))
    assert workdays.between(ms(start), end) == span * MINUTE


@given(STARTS, st.integers(0, 20_000))
@settings(max_examples=150 * MORE, deadline=None)
def test_work_time_between_two_moments(start: int, length: int) -> None:
    worked = workdays.between(ms(start), ms(start + length))
    assert worked == slow_between(start, start + length) * MINUTE
    assert workdays.between(ms(start + length), ms(start)) == 0


PAUSES = st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 6000)), max_size=3)


def disposal(urgency: int, **course: object) -> Deadline:
    """The clock of disposal of an event in hand, by what is known of its course."""
    state = str(course.pop("state", "ON_SCENE"))
    view = EventView(an_event(urgency=urgency, state=state), None)
    found = deadlines.reckoned(view, Progress(**course), {})  # type: ignore[arg-type]
    return next(clock for clock in found if clock.step == "C5")


@given(STARTS, st.sampled_from((1, 2, 3, 4)), PAUSES, st.integers(0, 600), st.booleans())
@settings(max_examples=150 * MORE, deadline=None)
def test_disposal_stands_still_while_it_is_suspended(
    start: int, urgency: int, gaps: list[tuple[int, int]], extended: int, redone: bool
) -> None:
    at, pauses, still = start, list[tuple[Ms, Ms]](), set[int]()
    for gap, length in gaps:
        begun, at = at + gap, at + gap + length
        pauses.append((ms(begun), ms(at)))
        still.update(range(begun, at))
    clock = disposal(
        urgency, received=ms(start), given=ms(start), pauses=pauses,
        extended=extended * MINUTE, redone=redone,
    )  # fmt: skip
    limit = {1: 120, 2: 1440, 3: 3 * 420, 4: 5 * 420}[urgency]
    need = (limit // 2 if redone else limit) + extended
    assert clock.work == (urgency > 2)
    assert clock.due == ms(slow_after(start, need, clock.work, frozenset(still)))


@given(STARTS, st.integers(0, 15_000), st.integers(0, 15_000))
@settings(max_examples=100 * MORE, deadline=None)
def test_a_lamp_goes_on_and_never_back(start: int, first: int, then: int) -> None:
    clock = disposal(3, received=ms(start), given=ms(start))
    order = (GREEN, YELLOW, ORANGE, RED)
    one, other = sorted((first, then))
    assert order.index(clock.lamp(ms(start + one))) <= order.index(clock.lamp(ms(start + other)))
    left = 3 * 420 - slow_between(start, start + one)
    assert clock.left(ms(start + one)) == left * MINUTE
    late = ms(start + one) > clock.due
    by_hand = ORANGE if left <= 252 else YELLOW if left <= 630 else GREEN
    assert clock.lamp(ms(start + one)) == (RED if late else by_hand)


@given(STARTS, st.sampled_from((2, 3)), st.integers(0, 1200), st.integers(0, 100_000))
@settings(max_examples=50 * MORE, deadline=None)
def test_a_suspended_clock_is_blue_and_loses_nothing(
    start: int, urgency: int, gone: int, later: int
) -> None:
    begun = ms(slow_after(start, gone, urgency > 2))
    known = {"received": ms(start), "given": ms(start), "pauses": [(begun, None)]}
    clock = disposal(urgency, state="SUSPENDED", **known)
    now = Ms(begun + later * MINUTE)
    assert clock.lamp(now) == BLUE and clock.supervised(now) is None
    assert clock.left(now) == clock.left(begun) == clock.whole - gone * MINUTE


def test_the_make_up_days_of_spring_festival_are_worked() -> None:
    """Friday morning's half day is Friday's; Saturday 14th is worked for the nine days off."""
    clock = disposal(3, received=ms(minute(2026, 2, 12, 10)))
    assert clock.due == ms(minute(2026, 2, 24, 15, 30))  # 6 h, 3 h, 7 h of Saturday, 5 h
    assert workdays.between(ms(minute(2026, 2, 15)), ms(minute(2026, 2, 24))) == 0


def test_a_workday_ends_at_the_same_hour_of_the_next() -> None:
    assert workdays.workday(ms(SPRING)) == 7 * HOUR
    monday = ms(minute(2026, 3, 9, 10, 15))
    assert workdays.after(monday, 7 * HOUR) == ms(minute(2026, 3, 10, 10, 15))


def test_a_calendar_without_work_says_so(half_days: Path) -> None:
    before = half_days.read_text(encoding="utf-8")
    try:
        half_days.write_text(before.replace('["09:00-12:00", "13:30-17:30"]', "[]"), "utf-8")
        codes.forget()
        with pytest.raises(ValueError, match="work_day"):
            workdays.after(ms(minute(2029, 1, 1)), 1)
        half_days.write_text(before.replace('"13:30-17:30"', '"11:30-17:30"', 1), "utf-8")
        codes.forget()
        with pytest.raises(KeyError, match="work_day: row workday: hours"):
            workdays.after(ms(minute(2029, 1, 1)), 1)
    finally:
        half_days.write_text(before, encoding="utf-8")
        codes.forget()
