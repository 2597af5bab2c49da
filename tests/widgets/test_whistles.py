"""The page of whistles: who is there, what is owed, each step by a key; the line on the card."""

from __future__ import annotations

from typing import Any

import pytest
from builders import an_event
from world import an_area, told_by

from commandwall.areas import TOWN
from commandwall.clock import MINUTE
from commandwall.events import Event, EventView
from commandwall.whistle_acts import answer_whistle, blow, check_in
from commandwall.whistles import Rating, Summons, Whistle, Whistling
from widgets import event_whistle
from widgets.sheet import Sheet
from widgets.whistle_sheets import departments_of

EVENT = an_event(area="t1", state="SIGNED")


@pytest.fixture
def page(world: Any, make_wall: Any) -> Any:
    """A wall on the page, with one whistle for two departments."""
    world.copied(EVENT, an_area("t1", TOWN, "石塘镇", "c"))
    world.desk.take_post("chief", "陈").result()
    whistling = Whistling("t1", "emergency", ("燃气公司", "住建局"), event="e1")
    world.desk.do(blow, whistling=whistling).result()
    wall = make_wall()
    wall.open_page("whistles")
    seen(world)
    return wall


def seen(world: Any) -> None:
    """What the store holds comes to the screen."""
    kinds = (Whistle, Summons, Rating)
    found = {kind: world.store.read(lambda r, kind=kind: r.find(kind)) for kind in kinds}
    world.tick({**found, Event: [EventView(EVENT, None)]})


def summons(world: Any, department: str) -> str:
    found = world.store.read(lambda r: r.find(Summons, department=department))
    return str(found[0].id)


def test_it_says_who_is_there_and_who_owes_what(page: Any, world: Any) -> None:
    told = told_by(page, "whistles")
    assert "应急处置　小区停水" in told and "到 0 / 2" in told and "石塘镇" in told
    assert told.count("欠应哨　余 5:00") == 2
    world.desk.do(answer_whistle, summons=summons(world, "住建局")).result()
    world.desk.do(check_in, summons=summons(world, "燃气公司")).result()
    world.clock.at += 31 * MINUTE
    seen(world)
    told = told_by(page, "whistles")
    assert "到 1 / 2" in told and "欠报到　超 1:00" in told and "已报到" in told
    assert "按时报到 1 / 2" in told


def test_every_step_stands_on_a_key(page: Any, world: Any, qtbot: Any) -> None:
    panel = page.page.panels["whistles"]
    panel._step(1)
    panel._step(1)  # its first department

    def done(act: Any) -> None:
        """Do it, and let the screen hear what came of it."""
        panel._said = ""
        act()
        qtbot.waitUntil(lambda: "已存盘" in panel._said)
        seen(world)

    for name in ("应哨", "报到", "准离"):
        assert panel._bar.button("S").text() == name
        done(panel.step)
    assert panel._bar.button("S").text() == "评部门"
    panel.step()
    sheet = page.findChildren(Sheet)[-1]
    assert sheet._fields.keys() == {"arrival", "effort", "outcome", "words"}
    done(sheet.accept)
    assert not panel._on_key("S") and panel._on_key("T") == "rate_whistle"


def test_the_card_of_the_event_shows_its_whistle_and_goes_there(
    page: Any, world: Any, qtbot: Any
) -> None:
    page.open_page("events")
    card = page.page.panels["event_card"]
    card._take(EventView(EVENT, None))
    qtbot.waitUntil(lambda: any(one[3] == "blow" for one in card._told))
    told = told_by(page, "event_card")
    assert "燃气公司 欠应哨" in told and "到 0 / 2" in told
    assert "燃气公司、住建局" in told  # its history
    event_whistle.begin(card, card.view)
    assert page.context.page == "whistles"
    panel = page.page.panels["whistles"]
    assert panel.current == next(iter(world.picture.whistles))


def test_a_department_may_not_end_it_and_is_told_so(page: Any, world: Any) -> None:
    world.desk.take_post("s_department", "吴").result()
    panel = page.page.panels["whistles"]
    panel._step(1)
    button = panel._bar.button("Q")
    assert not button.isEnabled() and "无权" in button.toolTip()


def test_none_says_so(world: Any, make_wall: Any) -> None:
    wall = make_wall()
    wall.open_page("whistles")
    world.tick({Whistle: []})
    assert "没有在办的吹哨" in told_by(wall, "whistles")


def test_departments_are_parted_by_a_space_too() -> None:
    assert departments_of("水务局 城管局、Water Bureau") == ["水务局", "城管局", "Water Bureau"]
    assert departments_of("水务局　城管局") == ["水务局", "城管局"]


def test_the_centre_checks_it_on_its_row_and_calls_another(
    page: Any, world: Any, qtbot: Any
) -> None:
    panel = page.page.panels["whistles"]
    assert "欠核哨 余 2:00" in told_by(page, "whistles")
    panel._step(1)
    assert (panel._bar.button("S").text(), panel._bar.button("T").text()) == ("核哨", "退哨")
    panel.step()
    qtbot.waitUntil(lambda: world.store.read(lambda r: r.find(Whistle, state="CHECKED")) != [])
    seen(world)
    assert "欠核哨" not in told_by(page, "whistles") and "核哨" in told_by(page, "whistles")
    panel._step(1)
    panel.reroute()
    sheet = page.findChildren(Sheet)[-1]
    for name, said in (("department", "城管局"), ("reason", "占道归城管")):
        sheet._fields[name][1].setText(said)
    sheet.accept()
    qtbot.waitUntil(lambda: world.store.read(lambda r: r.find(Summons, department="城管局")) != [])
    seen(world)
    told = told_by(page, "whistles")
    assert "已改叫" in told and "占道归城管" in told and "到 0 / 2" in told
