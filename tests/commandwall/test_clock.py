"""What the clocks say of a machine that slept, or whose time was set."""

from __future__ import annotations

import pytest
from machine import BEGAN, Machine

from commandwall import clock
from commandwall.clock import DAY, HOUR, MINUTE, SECOND, Clock


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


def told(here: Clock) -> int:
    """Milliseconds since the machine began."""
    return here.now() - round(BEGAN * SECOND)


def test_time_during_which_only_the_calendar_went_on_is_sleep(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here, at = Clock(), clock.time.time()
    assert abs(here.slept()) < 1
    monkeypatch.setattr(clock.time, "time", lambda: at + 3_600)
    assert 3_590 < here.slept() < 3_610
    assert abs(here.slept()) < 1  # told once


def test_after_a_sleep_it_is_as_late_as_it_is(machine: Machine) -> None:
    here = Clock()
    here.measured(0.2)
    machine.sleep(8 * 3600)
    assert told(here) >= 8 * HOUR


@pytest.mark.parametrize("back", [HOUR, 8 * HOUR, DAY])
def test_a_computer_whose_time_is_set_back_neither_stands_nor_goes_back(
    machine: Machine, back: int
) -> None:
    here = Clock()
    here.measured(3.0)
    machine.run(100)
    before = told(here)
    machine.set(-back / SECOND)
    assert told(here) == pytest.approx(before, abs=5)
    for _ in range(60):
        machine.run(1)
        here.measured(3.0 + back / SECOND)  # the pool's time is what it was
    assert told(here) == pytest.approx(before + MINUTE, abs=5)


@pytest.mark.parametrize("ahead", [HOUR, 8 * HOUR, DAY])
def test_a_computer_whose_time_is_set_forward_is_put_right_by_the_pool_at_once(
    machine: Machine, ahead: int
) -> None:
    here = Clock()
    here.measured(0.0)
    machine.set(ahead / SECOND)
    machine.run(1)
    here.measured(-ahead / SECOND)
    assert told(here) == pytest.approx(SECOND, abs=5)
    machine.run(9)
    assert told(here) == pytest.approx(10 * SECOND, abs=5)


def test_a_station_that_meets_its_pool_for_the_first_time_goes_by_it_at_once(
    machine: Machine,
) -> None:
    here = Clock()
    here.measured(-3600.0)
    assert told(here) == pytest.approx(-HOUR, abs=5)


def test_a_small_difference_is_worked_in_and_never_goes_back(machine: Machine) -> None:
    here, moments = Clock(), []
    for _ in range(600):
        here.measured(-20.0)
        machine.run(1)
        moments.append(told(here))
    assert moments == sorted(set(moments))
    assert moments[-1] == pytest.approx(580 * SECOND, abs=5)


def test_where_no_pool_was_ever_met_the_computer_is_believed(machine: Machine) -> None:
    """Its battery was empty, or a person sets it right."""
    here = Clock()
    here.follow(0.0)
    assert told(here) == 0
    machine.set(-3600)
    assert told(here) == pytest.approx(-HOUR, abs=5)


def test_a_wall_does_not_go_by_what_its_agent_told_before_the_time_was_set(
    machine: Machine,
) -> None:
    """The pulse of the agent is up to half a second old."""
    wall, agent = Clock(), Clock()
    agent.measured(2.0)
    machine.run(60)
    agent.measured(2.0)
    wall.follow(agent.offset)
    stale = agent.offset
    machine.set(-3600)
    wall.follow(stale)
    assert told(wall) == pytest.approx(told(agent), abs=200)
    for _ in range(20):
        machine.run(0.25)
        wall.follow(agent.offset)
        assert told(wall) == pytest.approx(told(agent), abs=200)


def test_a_pool_that_the_pulse_of_the_last_run_knew_counts_at_a_start(machine: Machine) -> None:
    here = Clock()
    here.follow(-45.0)
    assert told(here) == -45 * SECOND
