"""What lies in a cycle goes on the thread that sweeps, and on no other."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator

import pytest

from commandwall import cycles
from commandwall.cycles import Sweeper


class Held:
    """In a cycle with itself; says on which thread it went."""

    def __init__(self, went: list[str]) -> None:
        self.me, self.went = self, went

    def __del__(self) -> None:
        self.went.append(threading.current_thread().name)


class Hand:
    """Of a clock that a test turns."""

    at = 0.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
def sweeper(hand: Hand) -> Iterator[Sweeper]:
    """One that has begun."""
    gc.collect()
    made = Sweeper(hand)
    made.sweep()
    yield made
    gc.unfreeze()


def make(went: list[str]) -> None:
    for _ in range(20_000):
        Held(went)


def on_another_thread(went: list[str]) -> None:
    worker = threading.Thread(target=make, args=(went,), name="worker")
    worker.start()
    worker.join()


def test_what_the_screen_left_goes_on_the_thread_that_sweeps(sweeper: Sweeper) -> None:
    went: list[str] = []
    on_another_thread(went)
    assert went == []
    sweeper.sweep()
    assert len(went) == 20_000 and set(went) == {threading.current_thread().name}


def test_all_objects_are_looked_at_rarely(sweeper: Sweeper, hand: Hand) -> None:
    looked: list[int] = []
    watch = lambda phase, info: looked.append(info["generation"]) if phase == "stop" else None  # noqa: E731
    gc.callbacks.append(watch)
    try:
        for second in range(600):
            make([]) if second % 5 == 0 else [[] for _ in range(2_000)]
            kept = [[] for _ in range(2_000)]
            hand.at = second / 5
            sweeper.sweep()
            del kept
    finally:
        gc.callbacks.remove(watch)
    assert looked.count(cycles.WHOLE) in (1, 2) and looked.count(0) > 400


@pytest.mark.parametrize(("took", "frozen"), [(0.2, True), (0.01, False)])
def test_what_a_long_look_left_is_not_looked_at_again(
    sweeper: Sweeper, hand: Hand, took: float, frozen: bool
) -> None:
    def slow(phase: str, info: dict[str, int]) -> None:
        if phase == "stop" and info["generation"] == cycles.WHOLE:
            hand.at += took

    records, before = [[n] for n in range(50_000)], gc.get_freeze_count()
    gc.callbacks.append(slow)
    try:
        for _ in range(400):  # as many young looks as Python wants before one at all
            gc.collect(1)
            hand.at += 1.0
            some = [[] for _ in range(2_000)]
            sweeper.sweep()
            del some
    finally:
        gc.callbacks.remove(slow)
    assert (gc.get_freeze_count() - before > len(records)) is frozen


def test_records_that_come_by_the_hundred_thousand_are_never_looked_at(
    sweeper: Sweeper, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A flood: a look at them would hold the screen up once."""
    looked: list[int] = []
    watch = lambda phase, info: looked.append(info["generation"]) if phase == "stop" else None  # noqa: E731
    monkeypatch.setattr(cycles, "MANY", 50_000)
    records, before = [], gc.get_freeze_count()
    for _ in range(400):  # as many young looks as Python wants before one at all
        gc.collect(1)
    gc.callbacks.append(watch)
    try:
        for _ in range(90):
            hand.at += 1.0
            records += [[n] for n in range(2_000)]
            sweeper.sweep()
    finally:
        gc.callbacks.remove(watch)
    assert cycles.WHOLE not in looked and gc.get_freeze_count() - before > 50_000


def test_nobody_looks_at_the_records_of_a_city(sweeper: Sweeper, hand: Hand) -> None:
    went: list[str] = []
    with cycles.kept_off():
        make(went)
    assert gc.get_freeze_count() > 20_000 and not gc.isenabled()
    hand.at = 200.0
    sweeper.sweep()
    gc.collect()
    assert went == []


def test_what_an_agent_holds_once_it_has_begun_is_not_looked_at_again() -> None:
    went: list[str] = []
    make(went)
    city = [Held([]) for _ in range(100)]
    try:
        cycles.spare()
        assert len(went) == 20_000
        assert not any(isinstance(one, Held) for one in gc.get_objects())
    finally:
        gc.unfreeze()
    assert city[0].went == []
