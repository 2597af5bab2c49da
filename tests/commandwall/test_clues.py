"""Clues: taken, made an event, joined to one, put aside and brought back; each way once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple
from pathlib import Path
from typing import Any

import pytest
from builders import StillClock, an_event
from world import an_area

from commandwall import clues, events
from commandwall.areas import TOWN
from commandwall.clock import DAY, Ms
from commandwall.clues import Clue, Tip
from commandwall.desk import Desk
from commandwall.events import FiledEvent
from commandwall.registering import Matter
from commandwall.store import lines
from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror, use
from commandwall.store.store import Refused
from commandwall.store.tables import Conflict
from widgets import conflict as shown
from widgets.reasons import sentence

MATTER = Matter("河里有油花", source="duty", cls="river", area="t1")


class Hall:
    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        mirror = Mirror(folder / "m1.db")
        rows = [an_event(area="t1"), an_event(id="over", state="CLOSED")]
        town = an_area("t1", TOWN, "石塘镇", "c")
        mirror.take({"event": [astuple(e) for e in rows], "area": [astuple(town)]}, {})
        mirror.close()
        use(folder, "m1.db")
        self.store = open_store(folder)
        self.desk = Desk(self.store, StillClock())
        self.desk.take_post("p1", "陈").result()

    def do(self, act: Any, **args: Any) -> Any:
        return self.desk.do(act, **args).result()

    def clue(self, title: str = "河里有油花") -> str:
        (made,) = self.do(clues.add_clue, tip=Tip(title, "", "duty", "t1")).of(Clue)
        return str(made.id)

    def of(self, key: str) -> Clue:
        found = self.store.read(lambda r: r.get(Clue, key))
        assert found is not None
        return found

    def refused(self, act: Any, **args: Any) -> str:
        with pytest.raises(Refused) as refused:
            self.do(act, **args)
        assert "未执行" not in sentence(refused.value.reason)
        return refused.value.reason.code


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    made = Hall(tmp_path)
    yield made
    made.desk.close()
    made.store.close()


def test_a_clue_becomes_an_event_once(hall: Hall) -> None:
    key = hall.clue()
    hall.do(clues.take_clue, clue=key)
    assert hall.refused(clues.take_clue, clue=key) == "state"
    bad = Matter("河里有油花", source="nowhere")
    assert hall.refused(clues.turn_clue, clue=key, matter=bad) == "unknown"
    assert hall.of(key).state == clues.TAKEN, "nothing is half done"
    (filed,) = hall.do(clues.turn_clue, clue=key, matter=MATTER).of(FiledEvent)
    assert (hall.of(key).state, hall.of(key).event) == (clues.TURNED, filed.id)
    told = hall.store.read(lambda r: events.history(r, filed.id))
    assert [act for *_, act, _ in told] == ["turn_clue"]
    assert hall.refused(clues.turn_clue, clue=key, matter=MATTER) == "state"


def test_two_stations_that_do_not_see_each_other(tmp_path: Path) -> None:
    """Both take it: nothing to decide. Each makes an event of one: a person decides which, and
    neither event is lost. What was put aside here and joined there is joined."""
    one, other = Hall(tmp_path / "a"), Hall(tmp_path / "b")
    taken, twice, joined = one.clue(), one.clue(), one.clue()
    meet(one, other)
    for hall in (one, other):
        hall.do(clues.take_clue, clue=taken)
        hall.do(clues.turn_clue, clue=twice, matter=MATTER)
    one.do(clues.put_clue_aside, clue=joined, reason="已查")
    other.do(clues.join_clue, clue=joined, event="e1")
    meet(one, other), meet(other, one)
    for hall in (one, other):
        (conflict,) = hall.store.read(lambda r: r.find(Conflict))
        assert conflict.record == twice and hall.of(twice) == one.of(twice)
        assert shown.version("clue", conflict.other).startswith("已转事件")
        assert len(hall.store.read(lambda r: r.find(FiledEvent))) == 2
        assert (hall.of(taken).state, hall.of(joined).state) == (clues.TAKEN, clues.JOINED)
        hall.desk.close(), hall.store.close()


def meet(giver: Hall, taker: Hall) -> None:
    taker.desk.receive(giver.store.read(lambda r: lines.unsent(r, giver.desk.origin, 0)))


def test_a_clue_joins_an_open_event_as_a_remark(hall: Hall) -> None:
    key = hall.clue("三栋又停水")
    assert hall.refused(clues.join_clue, clue=key, event="over") == "state"
    assert hall.refused(clues.join_clue, clue=key, event="none") == "unknown"
    hall.do(clues.join_clue, clue=key, event="e1")
    told = hall.store.read(lambda r: events.history(r, "e1"))
    assert ("note", "三栋又停水") in [(act, words) for *_, act, words in told]
    assert hall.of(key).event == "e1"


def test_a_clue_is_put_aside_with_a_reason_and_brought_back(hall: Hall) -> None:
    key, other = hall.clue(), hall.clue("路边停着无牌车")
    assert hall.refused(clues.put_clue_aside, clue=key, reason=" ") == "missing"
    hall.do(clues.put_clue_aside, clue=key, reason="已查无此事")
    held, now = [hall.of(key), hall.of(other)], Ms(StillClock().at)
    assert [one.id for one in clues.open_first(held, now)] == [other, key]
    assert [one.id for one in clues.open_first(held, Ms(now + 2 * DAY))] == [other]
    hall.do(clues.bring_clue_back, clue=key)
    assert (hall.of(key).state, hall.of(key).reason) == (clues.NEW, "")
    assert hall.refused(clues.bring_clue_back, clue=key) == "state"
    tip = Tip("雨棚松动", "", "duty", "no")
    assert hall.refused(clues.add_clue, tip=tip) == "unknown"
