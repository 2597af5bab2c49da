"""The agent has suggestions learned: when there are none, when they are old, and not more often."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from builders import StillClock, an_event

from commandwall import learning, suggesting
from commandwall.clock import HOUR, MINUTE, Ms
from commandwall.learning import FILE, Learning
from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror, use


class Child:
    """Stands in for the child program: writes a model of now, or has too little to learn from."""

    def __init__(self, clock: StillClock) -> None:
        self.clock, self.enough, self.runs = clock, True, 0

    def __call__(self, folder: Path, over: object) -> bool:
        self.runs += 1
        if self.enough:
            (folder / FILE).touch()
            os.utime(folder / FILE, (self.clock.at / 1000, self.clock.at / 1000))
        return self.enough


def test_it_is_learned_once_and_again_when_it_is_old(tmp_path: Path) -> None:
    clock = StillClock()
    child = Child(clock)
    learner = Learning(tmp_path, clock, child)
    learner.look()
    learner.look()
    clock.at = Ms(clock.at + 23 * HOUR)
    learner.look()
    assert child.runs == 1
    clock.at = Ms(clock.at + 2 * HOUR)
    learner.look()
    assert child.runs == 2


def test_a_model_of_tomorrow_is_learned_anew_as_the_clock_was_put_back(tmp_path: Path) -> None:
    clock = StillClock()
    Child(clock)(tmp_path, None)
    assert not learning.due(tmp_path, clock.now())
    assert learning.due(tmp_path, Ms(clock.now() - 25 * HOUR))


def test_a_pool_with_too_little_is_asked_again_after_a_rest(tmp_path: Path) -> None:
    clock = StillClock()
    child = Child(clock)
    child.enough = False
    learner = Learning(tmp_path, clock, child)
    learner.look()
    clock.at = Ms(clock.at + 29 * MINUTE)
    learner.look()
    assert child.runs == 1
    clock.at = Ms(clock.at + 2 * MINUTE)
    learner.look()
    assert child.runs == 2


def test_the_child_program_learns_and_keeps_it(tmp_path: Path) -> None:
    """The real one, on rows of a mirror; before that there is nothing to learn from."""
    open_store(tmp_path).close()
    assert not learning.in_child(tmp_path, lambda: False)
    drawn = np.random.default_rng(4).choice(["water", "noise", "light"], 120)
    said = {"water": "停水", "noise": "噪音", "light": "路灯不亮"}
    rows = [
        an_event(id=f"e{i}", title=f"小区{said[t]}", body=f"第 {i} 栋{said[t]}", cls=t,
                 unit=f"{t}办", state="CLOSED")
        for i, t in enumerate(drawn)
    ]  # fmt: skip
    mirror = Mirror(tmp_path / "m1.db")
    use(tmp_path, "m1.db")
    mirror.take({"event": [tuple(getattr(e, n) for n in e.__slots__) for e in rows]}, {})
    mirror.close()
    assert learning.in_child(tmp_path, lambda: False)
    model = suggesting.load(tmp_path)
    assert model is not None
    assert [model.guess(q, "又停水", "停水三天")[0].key for q in ("cls", "unit")] == [
        "water", "water办",
    ]  # fmt: skip
