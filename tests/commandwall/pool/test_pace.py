"""A line that is slow: said at once, and not taken back before it is quick for a while."""

from __future__ import annotations

import math

import pytest
from builders import NOW

from commandwall import codes
from commandwall.clock import SECOND, Clock, Ms
from commandwall.pool.pace import Pace
from commandwall.store.pulse import Patience, Sync

PATIENT = Patience(2.0, 2.0)


class Steps(Clock):
    """Time that goes on only when it is told to."""

    s = 100.0

    def monotonic(self) -> float:
        return self.s

    def now(self) -> Ms:
        return Ms(NOW + int(self.s * SECOND))


class Wire:
    heard, moved, asking = -math.inf, -math.inf, False

    def speak(self, at: float) -> None:
        """It brings bytes."""
        self.heard = self.moved = at


@pytest.fixture
def clock() -> Steps:
    return Steps()


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def pace(clock: Steps, wire: Wire) -> Pace:
    """Of a line that has just been met."""
    made = Pace(clock)
    assert made.heard_at == 0
    made.hear(wire)
    return made


def look(pace: Pace, clock: Steps, wire: Wire, lasted: float) -> None:
    """A look whose last bytes came then."""
    clock.s += lasted
    wire.speak(clock.s)
    pace.looked()


def test_one_slow_look_makes_a_line_slow_until_it_was_quick_for_a_while(
    clock: Steps, wire: Wire, pace: Pace
) -> None:
    for lasted in (60.0, 0.1, 1.9):  # what a connection begins with may take its time
        look(pace, clock, wire, lasted)
        assert not pace.is_slow()
    look(pace, clock, wire, codes.limit("slow_line_seconds") + 0.1)
    for _ in range(int(codes.limit("slow_settle_seconds")) - 1):
        look(pace, clock, wire, 1.0)
        assert pace.is_slow()
    look(pace, clock, wire, 1.1)
    assert not pace.is_slow()


def test_a_line_is_slow_before_its_answer_is_whole_and_not_while_it_is_silent(
    clock: Steps, wire: Wire, pace: Pace
) -> None:
    look(pace, clock, wire, 0.1)
    clock.s += 5.0
    assert not pace.is_slow()
    wire.speak(clock.s)
    assert pace.is_slow()
    clock.s += 5.0
    assert pace.is_slow()


def test_a_line_that_brings_bytes_is_not_gone_and_one_that_brings_none_is(
    clock: Steps, wire: Wire, pace: Pace
) -> None:
    wire.speak(clock.s)
    asked = clock.now()
    clock.s += 5.0
    assert pace.heard_at == asked
    for seconds, gone in ((1.9, False), (2.1, True)):
        heard = Ms(clock.now() - int(seconds * SECOND))
        told = Sync(clock.now(), asked, heard_at=heard)
        assert PATIENT.spent(told, clock.now())[0] is gone


@pytest.mark.parametrize(("silent_s", "gone"), [(7.9, False), (8.1, True)])
def test_a_slow_line_may_be_silent_as_long_as_the_agent_waits(silent_s: float, gone: bool) -> None:
    told = Sync(Ms(NOW), pool_at=Ms(NOW - int(silent_s * SECOND)), slow=True)
    assert PATIENT.spent(told, Ms(NOW))[0] is gone


def test_a_pool_that_refuses_each_time_is_not_heard(pace: Pace, clock: Steps, wire: Wire) -> None:
    """Its server answers: no pool is in it any more. That was told as a slow line for ever."""
    wire.speak(clock.s)
    assert pace.heard_at == clock.now()
    pace.lose()
    assert pace.heard_at == 0 and not pace.is_slow()


def test_a_line_that_answered_and_lets_wait_is_slow_before_it_counts_as_gone(
    pace: Pace, clock: Steps, wire: Wire
) -> None:
    """What is sent over a thin line takes seconds in which it brings nothing."""
    look(pace, clock, wire, 0.1)
    clock.s += 0.5
    wire.speak(clock.s)
    wire.asking = True
    clock.s += 1.0
    assert not pace.is_slow()
    clock.s += 1.0
    assert pace.is_slow()


def test_a_line_that_brings_nothing_at_all_is_not_called_slow(
    pace: Pace, clock: Steps, wire: Wire
) -> None:
    look(pace, clock, wire, 0.1)
    wire.asking = True
    clock.s += 5.0
    assert not pace.is_slow()


def test_work_of_ones_own_between_two_questions_makes_no_line_slow(
    pace: Pace, clock: Steps, wire: Wire
) -> None:
    look(pace, clock, wire, 0.1)
    clock.s += 0.1
    wire.speak(clock.s)
    clock.s += 5.0
    assert not pace.is_slow()


def test_a_line_is_as_long_silent_to_others_as_to_who_asks(
    pace: Pace, clock: Steps, wire: Wire
) -> None:
    """Work of one's own, then a question whose answer takes long: it was told as gone between."""
    wire.speak(clock.s)
    clock.s += 1.5
    wire.moved, wire.asking = clock.s, True
    clock.s += 1.5
    told = Sync(clock.now(), NOW, heard_at=pace.heard_at)
    assert not PATIENT.spent(told, clock.now())[0]
    clock.s += 0.6
    assert PATIENT.spent(told, clock.now())[0]


def test_a_line_that_never_brought_anything_is_not_there_however_often_it_is_asked(
    pace: Pace, clock: Steps, wire: Wire
) -> None:
    wire.moved, wire.asking = clock.s, True
    assert pace.heard_at == 0
