"""A drill that is saved goes on tomorrow, and one can begin anew at any moment that it reached, in
another program than the one that kept its clock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from builders import NOW, StillClock, a_sensor
from drilled import Drilled

from commandwall.clock import DAY, SECOND, Ms
from commandwall.desk import Desk
from commandwall.drill import live, play
from commandwall.drill.drill_acts import PAUSED, REAL, RUNNING, Moment
from commandwall.drill.play import ClockAct, SentInject
from commandwall.exercise import SCENARIO, Exercise, lay
from commandwall.playing import injecting, living
from commandwall.playing.conductor import Conductor, conducting
from commandwall.playing.injecting import Became
from commandwall.store.migrate import open_store


class NoPool:
    """A pool that takes everything and has nothing."""

    def execute(self, *_: Any) -> NoPool:
        return self

    def fetchall(self) -> list[Any]:
        return []

    def fetchone(self) -> None:
        return None

    def transaction(self) -> Any:
        return nullcontext()

    def close(self) -> None:
        pass


class Program:
    """What keeps the clock, from its start to its end."""

    def __init__(self, folder: Path, clock: StillClock) -> None:
        self.clock, self.store = clock, open_store(folder)
        self.desk = Desk(self.store, clock)
        made = conducting(self.store, self.desk, clock, NoPool)  # type: ignore[arg-type]
        assert made is not None
        self.conductor: Conductor = made
        self.conductor.step()

    def go(self, seconds: float) -> None:
        until = self.clock.at + round(seconds * SECOND)
        while self.clock.at < until:
            self.clock.at = min(until, self.clock.at + SECOND)
            self.conductor.step()

    def ask(self, deed: str, moment: int | None = None) -> None:
        self.desk.run(play.act_on_clock, {"deed": deed, "moment": moment}, "高", "s_drill")
        self.conductor.step()

    def stands(self) -> tuple[str, int, float]:
        drill = self.conductor._drill
        return drill.status, drill.run, drill.position / (SECOND * REAL)

    def sent(self) -> list[tuple[int, str, float]]:
        found = self.store.read(lambda r: r.find(SentInject))
        return sorted((s.run, s.inject, s.moment / (SECOND * REAL)) for s in found)


@contextmanager
def program(folder: Path, clock: StillClock) -> Iterator[Program]:
    made = Program(folder, clock)
    yield made
    made.conductor.close()
    made.desk.close()
    made.store.close()


def test_a_device_that_an_inject_names_again_is_silent_before_so_that_its_alarm_comes_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = [a_sensor(n, id=f"s{n}", cls="GAS", unit="%LEL", high=100.0, period_s=4)
             for n in range(3)]  # fmt: skip
    said = list[tuple[int, float]]()

    def put(conn: Any, readings: Any) -> None:
        said.extend((int(r["at"]) - NOW, float(r["value"])) for r in readings if r["no"] == 0)

    monkeypatch.setattr(living, "devices", lambda conn: known)
    monkeypatch.setattr(living, "put", put)
    monkeypatch.setattr(injecting, "put", put)
    monkeypatch.setattr(injecting, "load", lambda conn, events: None)
    made, clock = Drilled(tmp_path), StillClock(NOW)
    made.close()
    text = (made.folder / SCENARIO).read_text(encoding="utf-8")
    text = text.replace('仁和巷 16 号阀井"', '仁和巷 12 号地下室"')
    (made.folder / SCENARIO).write_text(text, encoding="utf-8")
    digest = sha256(text.encode()).hexdigest()
    lay(made.folder, Exercise(made.folder.name, "gas_old_quarter", 1, digest, "老城区", "Gas"))
    with program(made.folder, clock) as one:
        one.ask("start")
        one.go(400)
        (again,) = (i for i in one.conductor._injects.values() if i.id == "second_alarm")
    moments = [at for at, _ in said]
    assert moments == sorted(
        moments
    )  # none comes late, which would begin the delay of the rule anew
    assert not [at for at, _ in said if at < 60 * SECOND - injecting.lasts(again) - 60 * SECOND]
    first = [value for at, value in said if 60 * SECOND < at < 150 * SECOND]
    later = [value for at, value in said if at > 180 * SECOND]
    assert len(first) >= 2 and all(28.0 <= value < 30.0 for value in first)
    assert len(later) >= 6 and all(54.0 <= value < 56.0 for value in later)
    assert not [at for at in moments if 180 * SECOND - injecting.lasts(again) < at < 180 * SECOND]


def test_a_drill_goes_on_tomorrow_and_begins_anew_at_a_moment_in_another_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    monkeypatch.setattr(injecting, "send", lambda conn, key, *_: calls.append(key) or Became())
    made, clock = Drilled(tmp_path), StillClock(NOW)
    made.close()
    with program(made.folder, clock) as first:
        first.ask("start")
        first.go(130)
        first.ask("save")
        assert first.stands() == (PAUSED, 1, 130.0)
        first.go(20)
        was = first.sent()
    assert was == [(1, "first_alarm", 60.0), (1, "smell", 120.0)]
    clock.at += DAY
    with program(made.folder, clock) as second:
        second.go(5)
        assert second.stands() == (PAUSED, 1, 130.0) and second.sent() == was
        second.ask("resume")
        second.go(50)
        assert second.stands() == (RUNNING, 1, 180.0)
        assert second.sent() == [*was[:1], (1, "second_alarm", 180.0), *was[1:]]
        # It is killed, and nobody plays over a weekend.
    clock.at += 2 * DAY
    with program(made.folder, clock) as third:
        status, run, position = third.stands()
        assert (status, run) == (RUNNING, 1) and 180.0 <= position <= 182.0
        third.ask("restart", 120 * SECOND * REAL)
        assert third.stands() == (PAUSED, 2, 120.0)
    clock.at += DAY
    with program(made.folder, clock) as fourth:
        assert fourth.stands() == (PAUSED, 2, 120.0)
        fourth.ask("resume")
        fourth.go(61)
        assert fourth.stands() == (RUNNING, 2, 181.0)
        again = [s for s in fourth.sent() if s[0] == 2]
        # What lies before the moment holds; all from it on comes once more, at its own time.
        assert again == [(2, "second_alarm", 180.0), (2, "smell", 120.0)]
        scored = fourth.store.read(lambda r: live.live(r, made.scenario, Ms(clock.at)))
        assert {one.sent.inject for one in scored.judged} == {
            "first_alarm",
            "second_alarm",
            "smell",
        }
        assert {one.sent.run for one in scored.judged if one.sent.inject == "smell"} == {2}
        acts = fourth.store.read(lambda r: r.find(ClockAct))
        folded = play.clock_of(made.scenario.script(), acts, Ms(clock.at))
        assert folded.position == Moment(181 * SECOND * REAL)  # as every wall folds it
    assert len(calls) == len(set(calls)) == 5  # nothing was sent twice
