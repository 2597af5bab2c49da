"""Units that help: each signs and feeds back by itself, on clocks of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from builders import NOW, an_event
from station import Station

from commandwall import co_acts, event_acts, event_watch, events
from commandwall.clock import DAY, HOUR, MINUTE, Ms
from commandwall.co_handling import ASKED, DONE, RELEASED, SIGNED, CoHandling
from commandwall.events import EventView
from commandwall.store import lines
from commandwall.store.mirror import Mirror, use
from commandwall.store.store import Refused, Tx
from widgets.reasons import sentence


class Hall(Station):
    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        mirror = Mirror(folder / "m1.db")
        row = an_event(urgency=2)
        mirror.take({"event": [tuple(getattr(row, n) for n in row.__slots__)]}, {})
        mirror.close()
        use(folder, "m1.db")
        super().__init__(folder, "chief")

    def view(self) -> EventView:
        return self.store.read(lambda r: events.view(r, "e1"))

    def all(self) -> list[CoHandling]:
        return self.store.read(lambda r: r.find(CoHandling))

    def states(self) -> dict[str, str]:
        return {one.unit: one.state for one in self.all()}

    def one(self, unit: str) -> CoHandling:
        return next(one for one in self.all() if one.unit == unit)

    def steps(self, unit: str) -> list[tuple[str, int]]:
        """Which clocks of a unit run, and what each has left, minutes."""
        found = co_acts.clocks(self.one(unit), self.view())
        return [(c.step, c.left(self.clock.now()) // MINUTE) for c in found]

    def refused(self, act: Any, **args: Any) -> str:
        with pytest.raises(Refused) as why:
            self.do(act, **args)
        assert "未执行" not in sentence(why.value.reason)
        return why.value.reason.code


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    made = Hall(tmp_path / "one")
    made.do(events.dispatch, event="e1", unit="燃气公司", co="住建局,街道")
    yield made
    made.close()


def test_each_signs_and_feeds_back_on_clocks_of_its_own(hall: Hall) -> None:
    assert hall.states() == {"住建局": ASKED, "街道": ASKED}
    assert hall.steps("街道") == [("C3", 15), ("C5", 24 * 60)]
    hall.clock.at += 10 * MINUTE
    hall.do(co_acts.sign_help, event="e1", unit="住建局")
    assert [step for step, _ in hall.steps("住建局")] == ["C5"]
    assert hall.steps("街道")[0] == ("C3", 4), "the others' go on"
    assert hall.refused(co_acts.sign_help, event="e1", unit="住建局") == "state"
    assert hall.refused(co_acts.sign_help, event="e1", unit="城管局") == "not_with"
    hall.do(co_acts.feed_back_help, event="e1", unit="住建局", result="已封路")
    assert hall.steps("住建局") == [] and hall.one("住建局").result == "已封路"
    assert [one.unit for one in co_acts.owing(hall.all(), hall.view())] == ["街道"]
    told = hall.store.read(lambda r: co_acts.history(r, "e1"))
    assert [(act, said) for _, _, _, act, said in told] == [
        ("sign_help", "住建局"), ("feed_back_help", "住建局　已封路"),
    ]  # fmt: skip
    hall.do(event_acts.sign, event="e1")
    hall.do(event_acts.feed_back, event="e1", result="已堵漏", evidence="回执")
    assert [step for step, _ in hall.steps("街道")] == ["C3", "C5"], "what the lead fed back is its"
    hall.do(co_acts.feed_back_help, event="e1", unit="街道", result="已安抚")
    assert hall.one("街道").signed_at == hall.one("街道").done_at


def test_who_is_called_later_has_his_time_from_then(hall: Hall) -> None:
    hall.clock.at += HOUR
    assert hall.refused(event_watch.share, event="e1", co="燃气公司") == "same_unit"
    assert hall.refused(event_watch.share, event="e1", co="住建局,街道") == "same_unit"
    hall.do(event_watch.share, event="e1", co="街道, 城管局 ")
    assert hall.view().units == ("燃气公司", "街道", "城管局")
    assert hall.states() == {"住建局": RELEASED, "街道": ASKED, "城管局": ASKED}
    assert hall.steps("城管局")[0] == ("C3", 15) and hall.steps("街道")[0][1] < 0
    assert hall.steps("住建局") == []


def test_who_was_called_on_by_an_older_program_has_his_clocks_since_the_dispatch(
    hall: Hall,
) -> None:
    def of_old(tx: Tx, event: str) -> None:
        work = events.step(tx, event, "dispatch")
        given = {"given_at": tx.now, "dispatched_at": tx.now}
        tx.put(replace(work, unit="燃气公司", co="住建局,街道", **given))

    hall.do(event_watch.withdraw, event="e1", reason="派错")
    with hall.store.write(Ms(NOW + HOUR), "陈", "chief") as tx:
        of_old(tx, "e1")
    hall.clock.at = NOW + HOUR + 10 * MINUTE
    assert set(hall.states().values()) == {RELEASED}, "no record tells of them"
    view = hall.view()
    assert [one.unit for one in co_acts.owing(hall.all(), view)] == ["住建局", "街道"]
    assert [c.step for c in co_acts.clocks(co_acts.helping(hall.all(), view)[0], view)] == [
        "C3", "C5",
    ]  # fmt: skip
    first = co_acts.first(co_acts.helping(hall.all(), view)[0], view)
    assert first is not None and first.left(hall.clock.now()) == 5 * MINUTE
    hall.do(event_watch.share, event="e1", co="住建局,街道,城管局")
    assert hall.steps("街道")[0] == ("C3", 4), "a third one that is called gives them no more time"
    assert hall.steps("城管局")[0] == ("C3", 15)
    hall.do(co_acts.feed_back_help, event="e1", unit="住建局", result="已封路")
    assert hall.states()["住建局"] == DONE


def test_what_stands_still_does_for_those_that_help_too(hall: Hall) -> None:
    hall.do(co_acts.sign_help, event="e1", unit="街道")
    hall.do(event_acts.sign, event="e1")
    hall.do(event_acts.suspend, event="e1", reason="等天气", days=3)
    before = hall.steps("街道")
    hall.clock.at += DAY
    assert hall.steps("街道") == before


def test_a_return_ends_it_and_a_redo_begins_it_anew(hall: Hall) -> None:
    hall.do(co_acts.feed_back_help, event="e1", unit="街道", result="好了")
    hall.do(event_acts.sign, event="e1")
    hall.do(event_acts.feed_back, event="e1", result="好了", evidence="回执")
    hall.clock.at += HOUR
    hall.do(event_acts.redo, event="e1", reason="又漏")
    assert hall.states() == {"住建局": ASKED, "街道": ASKED}
    assert hall.one("街道").signed_at is None and hall.steps("街道")[1] == ("C5", 12 * 60)
    hall.do(event_acts.send_back, event="e1", reason="非我职责", basis="三定")
    hall.do(event_acts.approve_return, event="e1")
    assert set(hall.states().values()) == {RELEASED}


def test_what_was_done_stays_done_where_another_station_only_saw_it_signed(
    tmp_path: Path, hall: Hall
) -> None:
    other = Hall(tmp_path / "two")
    other.desk.receive(hall.store.read(lambda r: lines.unsent(r, hall.desk.origin, 0)))
    hall.do(co_acts.feed_back_help, event="e1", unit="街道", result="好了")
    other.clock.at += HOUR
    other.do(co_acts.sign_help, event="e1", unit="街道")
    assert other.states()["街道"] == SIGNED
    given, back = (s.store.read(lambda r, s=s: lines.unsent(r, s.desk.origin, 0))
                   for s in (hall, other))  # fmt: skip
    other.desk.receive(given)
    hall.desk.receive(back)
    assert hall.one("街道") == other.one("街道") and hall.one("街道").state == DONE
    assert hall.one("街道").done_at == Ms(NOW + 20)
    other.close()
