"""Which clocks run for an event, by which limit, and what follows when they are over."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from builders import NOW, an_event
from world import an_area

from commandwall import deadlines, event_acts
from commandwall.areas import Area
from commandwall.clock import DAY, HOUR, MINUTE, SECOND, Ms, day_start
from commandwall.deadlines import BLUE, RED, Clocks, Deadline, Progress
from commandwall.events import EventView, EventWork

WD = 7 * HOUR
SENT = Progress(Ms(NOW), Ms(NOW), Ms(NOW), Ms(NOW))


def view(state: str = "NEW", **event: Any) -> EventView:
    return EventView(an_event(**{"state": state, "source": "grid", **event}), None)


def wholes(state: str, urgency: int, cls: str = "water") -> dict[str, int]:
    """Clock -> its time, of an event that was given out."""
    it = view(state, urgency=urgency, cls=cls)
    found = deadlines.reckoned(it, SENT, {})
    return {clock.step: clock.whole for clock in found}


@pytest.mark.parametrize(
    ("urgency", "limits"),
    [
        (1, (30 * SECOND, 60 * SECOND, 2 * MINUTE, 5 * MINUTE, 2 * HOUR, 24 * HOUR)),
        (2, (2 * MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, 24 * HOUR, 24 * HOUR)),
        (3, (15 * MINUTE, 30 * MINUTE, 2 * HOUR, None, 3 * WD, 2 * WD)),
        (4, (2 * HOUR, 2 * HOUR, 2 * HOUR, None, 5 * WD, 3 * WD)),
        (5, (2 * HOUR, WD, WD, None, 15 * WD, 5 * WD)),
    ],
)
def test_six_clocks_by_five_urgencies(urgency: int, limits: tuple[int | None, ...]) -> None:
    found = {}
    for state in ("NEW", "ACCEPTED", "DISPATCHED", "SIGNED", "FEEDBACK"):
        found.update(wholes(state, urgency))
    assert tuple(found.get(f"C{n}") for n in range(1, 7)) == limits


def test_what_is_returned_is_still_its_disposals_time() -> None:
    assert set(wholes("RETURNED", 3)) == {"C5"}
    assert set(wholes("ACCEPTED", 3)) == {"C2", "C5"}
    assert {c.step for c in deadlines.clocks(view("ACCEPTED"))} == {"C2"}


@pytest.mark.parametrize(("cls", "days"), [("consult", 1), ("illegal", 10), ("water", 5)])
def test_a_class_may_have_a_limit_of_its_own(cls: str, days: int) -> None:
    assert wholes("SIGNED", 4, cls) == {"C5": days * WD}
    assert wholes("SIGNED", 3, cls) == {"C5": 3 * WD}


@pytest.mark.parametrize(
    ("kind", "minutes"), [("street", 5), ("zone", 10), ("village", 20), ("", 5)]
)
def test_a_unit_must_be_there_sooner_in_town(kind: str, minutes: int) -> None:
    place = dataclasses.replace(an_area("320281001", 1, "澄江街道", "320281"), kind=kind)
    areas: dict[str, Area] = {place.id: place}
    it = view("SIGNED", urgency=1, area=place.id)
    found = deadlines.reckoned(it, SENT, areas)
    assert {c.step: c.whole for c in found}["C4"] == minutes * MINUTE


def test_nobody_is_late_at_a_place_when_the_pool_tells_no_time_of_its_sending() -> None:
    assert {c.step for c in deadlines.clocks(view("SIGNED", urgency=1))} == {"C5"}
    work = EventWork("e1", "SIGNED", "u", "", Ms(NOW), "p", "q", Ms(NOW), Ms(NOW))
    sent = EventView(an_event(urgency=1, state="SIGNED"), work)
    first = deadlines.running(sent)
    assert first is not None and first.step == "C4"


def test_supervision_goes_up_with_the_share_that_is_over() -> None:
    clock = Deadline("C5", Ms(0), Ms(100 * MINUTE), 100 * MINUTE)
    told = [clock.supervised(Ms(m * MINUTE)) for m in (100, 101, 124, 125, 150, 199, 200, 900)]
    steps = [row.id if row is not None else "" for row in told]
    assert steps == ["", "unit", "unit", "phone", "chief", "chief", "next", "next"]


def test_a_suspension_after_the_end_does_not_hide_that_it_is_late() -> None:
    it = view("SUSPENDED", urgency=2)
    late, over = Progress(Ms(0), given=Ms(0), pauses=[(Ms(2 * DAY), None)]), Ms(3 * DAY)
    assert [c.lamp(over) for c in deadlines.reckoned(it, late, {})] == [RED]
    untold = deadlines.running(it)
    assert untold is not None and untold.lamp(over) == BLUE


def test_an_event_without_limits_has_no_clock() -> None:
    assert deadlines.running(view(urgency=0)) is None
    assert deadlines.running(view("CLOSED")) is None


def test_a_source_whose_clock_is_wrong_holds_nothing_up() -> None:
    """Its event is overdue by the limits of today, from a day before the calendar began."""
    found = deadlines.clocks(view("SIGNED", urgency=4, received_at=Ms(DAY)))
    assert [clock.lamp(NOW) for clock in found] == [RED]


def test_the_forecast_counts_what_runs_out_before_midnight_and_nothing_suspended() -> None:
    clocks, end = Clocks(), day_start(Ms(NOW)) + DAY
    for key, due in (("a", NOW - 1), ("b", NOW), ("c", end - 1), ("d", end)):
        clocks.set(key, Deadline("C5", Ms(0), Ms(due), due))
    clocks.set("e", Deadline("C5", Ms(0), Ms(NOW - 5), NOW, paused_at=Ms(NOW - 9)))
    assert clocks.turn(Ms(NOW)) == clocks.over == {"a"}, "the last moment is not over yet"
    night = deadlines.tonight(Ms(NOW))
    assert night == end - 1
    assert clocks.next(Ms(NOW), night, 9) == ["b", "c"]
    assert clocks.count(Ms(NOW), night) == 2
    clocks.set("e", None)
    clocks.set("b", None)
    assert clocks.next(Ms(NOW), night, 9) == ["c"] and set(clocks.running) == {"a", "c", "d"}
    clocks.set("f", Deadline("C5", Ms(0), Ms(NOW + 1), NOW))
    clocks.set("g", Deadline("C5", Ms(0), Ms(NOW - 9), NOW))
    assert clocks.over == {"a", "g"}, "what comes too late is over at once"
    assert list(clocks.between(Ms(0), Ms(NOW))) == ["g", "a"], "the longest first"
    clocks.set("g", None)
    assert clocks.over == {"a"}
    assert clocks.turn(Ms(NOW + 2)) == {"f"} and clocks.over == {"a", "f"}
    clocks.set("f", Deadline("C5", Ms(0), Ms(NOW + 9), NOW))
    assert clocks.over == {"a"}, "it was given more time"
    assert clocks.turn(Ms(NOW - 5)) == {"a"} and not clocks.over, "the time was set back"


def test_what_stations_did_moves_the_clocks() -> None:
    """Given at 14:00, returned and given again an hour later; two hours suspended, one granted."""
    given, again = Ms(NOW), Ms(NOW + HOUR)
    pauses = f"{NOW + HOUR}-{NOW + 3 * HOUR}"
    work = EventWork(
        "e1", "SIGNED", "u", "", again, "p", "q", again, again, given_at=given, pauses=pauses,
        extended_ms=HOUR,
    )  # fmt: skip
    it = EventView(an_event(urgency=2, state="SIGNED"), work)
    arrive, disposal = sorted(deadlines.clocks(it), key=lambda clock: clock.step)
    assert (arrive.step, arrive.start) == ("C4", again)
    assert (disposal.start, disposal.due) == (given, given + 24 * HOUR + 3 * HOUR)
    redone = EventView(it.event, dataclasses.replace(work, rework_no=1, pauses="", extended_ms=0))
    half = next(c for c in deadlines.clocks(redone) if c.step == "C5")
    assert half.whole == 12 * HOUR
    back = EventView(it.event, dataclasses.replace(work, state="FEEDBACK", fed_back_at=again))
    assert [(c.step, c.start) for c in deadlines.clocks(back)] == [("C6", again)]
    stands = dataclasses.replace(work, state="SUSPENDED", pauses=f"{NOW + HOUR}-")
    still = deadlines.running(EventView(it.event, stands))
    assert still is not None and still.lamp(Ms(NOW + 9 * DAY)) == BLUE
    assert still.left(Ms(NOW + 9 * DAY)) == 24 * HOUR
    assert event_acts.extension_limit(it) == 24 * HOUR, "not longer by what was granted"
