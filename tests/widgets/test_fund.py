"""The page of the micro-fund: what is left, what waits for another person; paying from a card."""

from __future__ import annotations

from typing import Any

import pytest
from builders import an_event
from world import an_area, told_by

from commandwall import funds
from commandwall.areas import TOWN
from commandwall.clock import DAY
from commandwall.events import Event, EventView
from commandwall.funds import PAID, Paying, Payment
from widgets import event_ladder
from widgets.sheet import Sheet

EVENT = an_event(area="t1", state="SIGNED", title="楼道灯不亮")


@pytest.fixture
def wall(world: Any, make_wall: Any) -> Any:
    world.copied(EVENT, an_area("t1", TOWN, "石塘镇", "c"))
    world.desk.take_post("chief", "陈").result()
    made = make_wall()
    made.open_page("fund")
    seen(world)
    return made


def seen(world: Any) -> list[Payment]:
    held = world.store.read(lambda r: r.find(Payment))
    world.tick({Payment: held, Event: [EventView(EVENT, None)]})
    return list(held)


def fill(wall: Any, **values: str) -> Sheet:
    sheet = wall.findChildren(Sheet)[-1]
    for key, value in values.items():
        sheet._fields[key][1].setText(value)
    return sheet


def test_from_the_card_of_an_event_to_the_second_person(wall: Any, world: Any, qtbot: Any) -> None:
    panel, card = wall.page.panels["fund"], wall.page.panels["event_card"]
    told = told_by(wall, "fund")
    assert "余 80,000 元" in told and "一级　网格即办 0 件在办" in told
    card._take(world.picture.events["e1"])
    event_ladder.pay(card, card.view)
    sheet = fill(wall, yuan="很多")
    sheet.accept()
    qtbot.waitUntil(lambda: "金额" in sheet._told.text())
    fill(wall, yuan="1200.50", payee="孙小明")
    assert "须另一人批准" in sheet._told.text()
    sheet.accept()
    qtbot.waitUntil(lambda: bool(seen(world)))
    panel.renew()
    told = told_by(wall, "fund")
    assert "待批 1 笔" in told and "路灯、楼道灯更换　楼道灯不亮" in told and "1,200.50 元" in told
    assert "孙*" in told and "孙小" not in told
    assert "微基金 待批 1,200.50 元" in told_by(wall, "event_card")
    panel.choose(panel.order()[0])
    panel.approve()
    qtbot.waitUntil(lambda: "须由另一人批准" in panel._said)
    world.desk.person = "吴"
    panel.approve()
    qtbot.waitUntil(lambda: seen(world)[0].state == PAID)
    panel.choose("town/t1")
    told = told_by(wall, "fund")
    assert "余 78,799.50 元" in told and "吴* 定" in told and "待批 0 笔" in told
    world.desk.do(funds.pay, paying=Paying("t1", "patch", "3000", "补坑")).result()
    seen(world)
    world.clock.at += 400 * DAY
    world.tick()
    panel.renew()
    told = told_by(wall, "fund")
    assert "余 80,000 元" in told, "a new year, though nobody paid anything"
    assert "待批 1 笔" in told and "3,000 元" in told, "what waits since last year still waits"
