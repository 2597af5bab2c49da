"""Calling down: three attempts a minute apart, then the substitute, then the level above."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import shapely
from builders import NOW, StillClock, an_opening

from commandwall import calls, incidents
from commandwall.areas import GRID, VILLAGE, Area, Person, Place
from commandwall.calls import Call
from commandwall.clock import MINUTE, SECOND
from commandwall.desk import Desk
from commandwall.incidents import Incident
from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror, use
from commandwall.store.store import Refused

WORKER = Person("p1", "g1", "grid_worker", "张三", "13800000001")
CADRE = Person("p2", "g1", "cadre", "李四", "13800000002")
HEAD = Person("p3", "v1", "village_head", "王五", "13800000003")
SCHOOL = Place("s1", "school", "一小", "g1", 120.2, 31.9, 400, "赵六", "13800000004")


@pytest.fixture
def desk(tmp_path: Path):
    shape = bytes(shapely.to_wkb(shapely.box(120, 31, 121, 32)))
    areas = [
        Area("g1", GRID, "01 网格", "v1", 120.2, 31.9, shape, 0),
        Area("v1", VILLAGE, "石东村", "", 120.2, 31.9, shape, 0),
    ]
    mirror = Mirror(tmp_path / "m.db")
    people = [dataclasses.astuple(p) for p in (WORKER, CADRE, HEAD)]
    mirror.take({"area": [dataclasses.astuple(a) for a in areas], "person": people}, {})
    mirror.close()
    use(tmp_path, "m.db")
    store = open_store(tmp_path)
    made = Desk(store, StillClock())
    made.take_post("chief").result()
    made.do(incidents.open_incident, opening=an_opening()).result()
    yield made
    made.close()
    store.close()


def kept(desk: Desk) -> dict[str, Call]:
    return {c.subject: c for c in desk.ask(lambda r: r.find(Call)).result()}


def incident(desk: Desk) -> str:
    return desk.ask(lambda r: r.find(Incident)).result()[0].id


def fail(desk: Desk, call: Call, times: int = 3) -> None:
    for _ in range(times):
        desk.do(calls.dial, call=call.id).result()
        desk.do(calls.mark_call, call=call.id, result="missed").result()


def test_the_list_begins_with_those_in_charge_and_who_answers_for_places() -> None:
    people = {"g1": [CADRE, WORKER], "g2": []}
    assert calls.call_list(["g1", "g2"], people, [SCHOOL]) == [WORKER, SCHOOL]


def test_nobody_answering_passes_the_call_on_and_up(desk: Desk) -> None:
    desk.do(calls.start_calls, incident=incident(desk), subjects=[WORKER]).result()
    desk.do(calls.start_calls, incident=incident(desk), subjects=[WORKER]).result()
    assert list(kept(desk)) == ["p1"]
    first = kept(desk)["p1"]
    fail(desk, first, 2)
    assert list(kept(desk)) == ["p1"]
    fail(desk, first, 1)
    second = kept(desk)["p2"]
    assert (second.stands_for, second.name) == (first.id, "李四")
    with pytest.raises(Refused, match="call_spent"):
        desk.do(calls.dial, call=first.id).result()
    desk.do(calls.mark_call, call=second.id, result="refused").result()  # no further attempt
    third = kept(desk)["p3"]
    assert third.stands_for == second.id
    desk.do(calls.dial, call=third.id).result()
    desk.do(calls.mark_call, call=third.id, result="answered", words="马上组织转移").result()
    assert calls.standing(list(kept(desk).values()), NOW).answered == 1
    with pytest.raises(Refused, match="call_answered"):
        desk.do(calls.mark_call, call=third.id, result="missed").result()
    desk.do(calls.report_in, call=third.id).result()
    assert kept(desk)["p3"].arrived_at == NOW
    count = "SELECT count(*) FROM journal WHERE act = 'mark_call'"
    assert desk.ask(lambda r: r.value(count)).result() == 5


def test_the_next_attempt_waits_a_minute_and_the_clocks_run() -> None:
    seat = Call("i:p1", "i", "p1", "g1", "张三", "grid_worker", 1, "", 1, NOW, NOW, None,
                "missed", "", None, "", "")  # fmt: skip
    assert calls.waits_until(seat, NOW) == NOW + 60 * SECOND
    answered = dataclasses.replace(seat, id="i:p2", answered_at=NOW + 4 * MINUTE)
    slow = dataclasses.replace(seat, id="i:p3", answered_at=NOW + 6 * MINUTE)
    found = calls.standing([seat, answered, slow], NOW + 16 * MINUTE)
    assert (found.seats, found.answered, found.early, found.late) == (3, 2, 1, 1)
    assert found.seconds == 16 * 60
