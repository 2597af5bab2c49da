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
from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror, use
from commandwall.store.store import Refused
from widgets.reasons import sentence

ALONE = int(codes.limit("fund_alone"))


class Hall:
    def __init__(self, folder: Path) -> None:
        mirror = Mirror(folder / "m1.db")
        towns = [astuple(an_area(key, TOWN, key, "c")) for key in ("t1", "t2")]
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

    def pay(self, yuan: object, item: str = "patch", town: str = "t1", **more: Any) -> Payment:
        return self.do(funds.pay, paying=Paying(town, item, str(yuan), "补好了", **more))

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
