"""The micro-fund: small sums at once, larger ones by two people, never more than the rows allow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple
from pathlib import Path
from typing import Any

import pytest
from builders import StillClock, an_event
from world import an_area

from commandwall import codes, events, funds, triage
from commandwall.areas import TOWN
from commandwall.clock import DAY, Ms
from commandwall.desk import Desk
from commandwall.events import EventView, EventWork
from commandwall.funds import ASKED, PAID, REFUSED, VOID, Paying, Payment
from commandwall.ladders import Case, Rise
from commandwall.store import lines
from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror, use
from commandwall.store.store import Refused
from commandwall.store.tables import Conflict
from widgets import conflict as shown
from widgets.reasons import sentence

ALONE = int(codes.limit("fund_alone"))


class Hall:
    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        mirror = Mirror(folder / "m1.db")
        towns = [astuple(an_area(key, TOWN, key, "c")) for key in ("t1", "t2")]
        towns.append(astuple(an_area("g1", 3, "g1", "t1")))
        mirror.take({"area": towns, "event": [astuple(an_event(area="t1"))]}, {})
        mirror.close()
        use(folder, "m1.db")
        self.clock, self.store = StillClock(), open_store(folder)
        self.desk = Desk(self.store, self.clock)
        self.desk.take_post("chief", "陈").result()

    def do(self, act: Any, by: str = "陈", **args: Any) -> Payment:
        self.desk.person = by
        (found,) = self.desk.do(act, **args).result().of(Payment)
        return found

    def pay(
        self, yuan: object, item: str = "patch", town: str = "t1", by: str = "陈", **more: Any
    ) -> Payment:
        return self.do(funds.pay, by, paying=Paying(town, item, str(yuan), "补好了", **more))

    def refused(self, act: Any, by: str = "陈", **args: Any) -> str:
        with pytest.raises(Refused) as refused:
            self.do(act, by, **args)
        assert "未执行" not in sentence(refused.value.reason)
        return refused.value.reason.code

    def left(self, town: str = "t1") -> int:
        held = self.store.read(lambda r: r.find(Payment))
        return funds.balance(town, held, Ms(self.clock.at)).left


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    made = Hall(tmp_path)
    yield made
    made.desk.close()
    made.store.close()


def test_what_is_small_is_paid_at_once_and_what_is_not_by_two(hall: Hall) -> None:
    whole = hall.left()
    small = hall.pay(f"{ALONE}.00 元", event="e1")
    assert small.state == PAID and hall.left() == whole - small.cents
    assert any(act == "pay" for *_, act, _ in hall.store.read(lambda r: events.history(r, "e1")))
    large = hall.pay(f"{ALONE}.5")
    assert large.state == ASKED and large.cents == ALONE * 100 + 50
    assert hall.left() == whole - small.cents - large.cents, "held back while it waits"
    assert hall.refused(funds.approve_payment, payment=large.id) == "fund_own"
    done = hall.do(funds.approve_payment, "吴", payment=large.id)
    assert (done.state, done.decided_by) == (PAID, "吴")
    assert hall.refused(funds.refuse_payment, "吴", payment=large.id, reason="晚了") == "state"
    again = hall.pay(ALONE + 1)
    refused = hall.do(funds.refuse_payment, "吴", payment=again.id, reason="可维修")
    assert (refused.state, refused.reason) == (REFUSED, "可维修")
    assert hall.refused(funds.void_payment, payment=small.id, reason=" ") == "missing"
    assert hall.do(funds.void_payment, payment=small.id, reason="记错镇街").state == VOID
    assert hall.left() == whole - large.cents and hall.left("t2") == whole


def test_no_row_is_overdrawn_and_the_next_year_begins_anew(hall: Hall) -> None:
    item = codes.load("fund_item")["patch"].facts
    for _ in range(item["yearly"] // item["most"]):
        hall.pay(item["most"])
    paying = Paying("t1", "patch", "1", "补")
    assert hall.refused(funds.pay, paying=paying) == "fund_year"
    assert hall.pay(1, town="t2").state == PAID, "each town has its own"
    over = Paying("t1", "lamp", str(codes.load("fund_item")["lamp"].facts["most"] + 1), "灯")
    assert hall.refused(funds.pay, paying=over) == "fund_item"
    hall.clock.at += 60 * DAY
    assert hall.pay(1).state == PAID


def test_a_fund_that_is_empty_says_so(hall: Hall) -> None:
    for key, row in codes.load("fund_item").items():
        for _ in range(row.facts["yearly"] // row.facts["most"]):
            if hall.left() >= row.facts["most"] * 100:
                hall.pay(row.facts["most"], key)
    assert hall.refused(funds.pay, paying=Paying("t1", "home", "3000", "修")) == "fund_left"


def test_two_small_parts_are_no_way_round_the_second_person(hall: Hall) -> None:
    assert hall.pay(ALONE, event="e1").state == PAID
    assert hall.pay(1, "pipe", event="e1").state == ASKED, "the same event, by another item"
    assert hall.pay(ALONE - 1).state == PAID, "of no event: it is another matter"
    assert [hall.pay(n).state for n in (1, 1)] == [PAID, ASKED], "the same item on one day"
    assert hall.pay(1, "pipe").state == PAID and hall.pay(1, town="t2").state == PAID
    hall.clock.at += DAY
    assert hall.pay(ALONE).state == PAID
    first = hall.pay(ALONE, town="t2")
    hall.do(funds.void_payment, "吴", payment=first.id, reason="退回")
    assert hall.pay(ALONE, town="t2").state == PAID, "what came back was not paid"


def test_nobody_is_the_second_person_by_giving_no_name(hall: Hall) -> None:
    named, unnamed = hall.pay(ALONE + 1), hall.pay(ALONE + 1, town="t2", by="")
    assert hall.refused(funds.approve_payment, "", payment=named.id) == "fund_own"
    assert hall.refused(funds.approve_payment, "陈", payment=unnamed.id) == "fund_own"


def test_a_grid_has_no_fund_of_its_own(hall: Hall) -> None:
    assert hall.refused(funds.pay, paying=Paying("g1", "patch", "1", "补")) == "unknown"


def test_two_stations_that_do_not_see_each_other(tmp_path: Path) -> None:
    """Both approve: nothing to decide. One approves, one refuses: both are kept. Paid is once."""
    one, other = Hall(tmp_path / "a"), Hall(tmp_path / "b")
    same, torn = one.pay(ALONE + 1), one.pay(ALONE + 2, town="t2")
    meet(one, other)
    one.do(funds.approve_payment, "吴", payment=same.id)
    one.do(funds.approve_payment, "吴", payment=torn.id)
    other.do(funds.approve_payment, "李", payment=same.id)
    other.do(funds.refuse_payment, "李", payment=torn.id, reason="可维修")
    meet(one, other), meet(other, one)
    held = [hall.store.read(lambda r: r.find(Payment)) for hall in (one, other)]
    assert sorted(map(astuple, held[0])) == sorted(map(astuple, held[1])) and len(held[0]) == 2
    for hall in (one, other):
        assert hall.left() == one.left()
        (conflict,) = hall.store.read(lambda r: r.find(Conflict))
        assert conflict.record == torn.id
        versions = (conflict.kept, conflict.other)
        assert {shown.version("payment", told)[:2] for told in versions} == {"已付", "未批"}
        hall.desk.close(), hall.store.close()


def meet(giver: Hall, taker: Hall) -> None:
    taker.desk.receive(giver.store.read(lambda r: lines.unsent(r, giver.desk.origin, 0)))


@pytest.mark.parametrize("typed", ["", "0", "0.00", "-5", "1.234", "八百", "1e3", "9" * 9])
def test_what_is_no_amount_is_refused(hall: Hall, typed: str) -> None:
    assert hall.refused(funds.pay, paying=Paying("t1", "lamp", typed, "灯")) == "amount"


def test_events_stand_at_the_stage_of_the_rung_that_has_them(hall: Hall) -> None:
    areas = {key: an_area(key, level, key, "c") for key, level in (("g", 3), ("t1", TOWN))}
    views = [EventView(an_event(id=n, area="g" if n != "b" else "t1"), None) for n in "abc"]
    rise = Rise("r", "c", "city", "TAKEN", "", "", "", 1, Ms(1), Ms(2), None, "", "", Ms(2), "", "")
    found = triage.stages(views, {"c": Case("c", None, {"city": rise})}, areas)
    assert found == {"near": 1, "town": 1, "city": 1}
    work = [EventWork(key, "CLOSED", "", "", Ms(1), "陈", "p3", solved="solved",
                      closed_at=Ms(hall.clock.at)) for key in "abc"]  # fmt: skip
    hall.desk.run(lambda tx: tx.put(*work), {}, local=True)
    hall.desk.run(lambda tx: tx.put(rise), {}, local=True)
    now = Ms(hall.clock.at)
    assert hall.store.read(lambda r: triage.where_it_came_up(r, now)) == (2, 3)
