"""The watch list: where each matter stands, what is due, each step by a key; suggestions that only
a person confirms; the line on the card."""

from __future__ import annotations

import json
from dataclasses import asdict, astuple, replace
from typing import Any

import pytest
from builders import NOW, an_event
from world import an_area, told_by

from commandwall import ladder_acts
from commandwall.areas import TOWN
from commandwall.clock import DAY
from commandwall.events import Event, EventView
from commandwall.ladders import Council, PlanPoint, Rise, Supervision
from commandwall.store.mirror import Mirror, use
from commandwall.store.tables import Conflict
from widgets import conflict, event_ladder
from widgets.sheet import Sheet

EVENT = an_event(area="t1", state="SIGNED", urgency=4)
OTHER = replace(EVENT, id="e2", title="窨井冒水", source_id="s2", received_at=NOW - 9 * DAY)


@pytest.fixture
def page(world: Any, make_wall: Any) -> Any:
    """A wall on the page, with one matter on the watch list."""
    mirror = Mirror(world.settings.data_dir / "m1.db")
    area = an_area("t1", TOWN, "石塘镇", "c")
    mirror.take({"event": [astuple(EVENT), astuple(OTHER)], "area": [astuple(area)]}, {})
    mirror.close()
    use(world.settings.data_dir, "m1.db")
    world.desk.take_post("chief", "陈").result()
    world.desk.do(ladder_acts.raise_up, event="e1", to="city", reason="镇里办不了").result()
    wall = make_wall()
    wall.open_page("supervision")
    seen(world)
    return wall


def seen(world: Any, *views: EventView) -> None:
    """What the store holds comes to the screen."""
    kinds = (Rise, Supervision, Council, PlanPoint)
    found = {kind: world.store.read(lambda r, kind=kind: r.find(kind)) for kind in kinds}
    world.tick({**found, Event: list(views) or [EventView(EVENT, None)]})


class Hand:
    """Works the page by its keys, and waits until each act is on disk and on the screen."""

    def __init__(self, page: Any, world: Any, qtbot: Any) -> None:
        self.panel, self.page = page.page.panels["supervision"], page
        self.world, self.qtbot = world, qtbot

    def press(self, key: str, **told: Any) -> None:
        command = next(c for c in self.panel.commands() if c.key == key)
        self.panel._said = ""
        command.run()
        if told:
            sheet = self.page.findChildren(Sheet)[-1]
            assert sheet._fields.keys() >= told.keys()
            for name, words in told.items():
                sheet._fields[name][1].setText(words)
            sheet.accept()
        self.qtbot.waitUntil(lambda: "已存盘" in self.panel._said)
        seen(self.world)

    def says(self, key: str) -> str:
        return str(self.panel._bar.button(key).text())


@pytest.fixture
def hand(page: Any, world: Any, qtbot: Any) -> Hand:
    found = Hand(page, world, qtbot)
    found.panel._step(1)
    return found


def test_it_says_where_it_stands_and_what_is_due(page: Any, world: Any) -> None:
    told = told_by(page, "supervision")
    assert "市级" in told and "小区停水" in told and "待接办" in told and "石塘镇" in told
    assert "欠接办　余" in told and "超期 0" in told
    assert "市级 1 件" in told_by(page, "ladder_card")  # before anything is chosen
    world.clock.at += 5 * DAY
    seen(world)
    assert "欠接办　超" in told_by(page, "supervision")
    assert "督办 1　超期 2" in told_by(page, "desk_header")  # on every page
    assert "超期 2" in told_by(page, "supervision")  # to take it, and to say what is done


def test_every_step_stands_on_a_key(page: Any, world: Any, hand: Hand) -> None:
    assert (
        hand.says("S") == "接办" and hand.says("T") == "退回下级" and hand.says("Y") == "撤回上提"
    )
    assert "没有任务" in page.page.panels["supervision"]._bar.button("Q").toolTip()
    hand.press("S")
    hand.press("M", chair="张副市长", decision="一点一策")
    hand.press("P", task="修管网", lead="水务局", co="城管局、住建局")
    told = told_by(page, "supervision")
    assert "任务 0 / 1" in told and "● 水务局　○ 城管局、住建局" in told and "修管网" in told
    hand.panel._step(1)
    hand.press("S", result="已换管")
    assert hand.says("S") == "核验" and not hand.panel._bar.button("S").isEnabled()
    world.desk.person = "周"
    hand.press("S")
    assert "任务 1 / 1" in told_by(page, "supervision")
    hand.press("Q", result="已解决")
    assert "已解决" in told_by(page, "supervision")
    hand.panel.choose("e1")
    hand.press("Y", reason="又漏")
    assert "市级" in told_by(page, "supervision")


def test_the_card_of_a_matter_shows_steps_meeting_and_who_does_what(
    page: Any, world: Any, hand: Hand
) -> None:
    hand.panel.choose("e1")
    assert "起于此" in told_by(page, "ladder_card") and "未立任务" in told_by(page, "ladder_card")
    hand.press("M", chair="张副市长", decision="一点一测")
    hand.press("Shift+M", decision="一点一策")
    hand.press("P", task="修管网", lead="水务局", co="城管局")
    told = told_by(page, "ladder_card")
    assert "常务会" in told and "待接办" in told and "主持 张*" in told and "一点一策" in told
    assert "0 / 1" in told and told.index("水务局") < told.index("城管局") < told.index("●")
    assert "在办" in told and "余 5.0 工日" in told


def test_a_suggestion_is_confirmed_by_a_person(page: Any, world: Any, hand: Hand) -> None:
    hand.panel._looked = 0
    seen(world, EventView(EVENT, None), EventView(OTHER, None))
    hand.qtbot.waitUntil(lambda: bool(hand.panel._proposals))
    told = told_by(page, "supervision")
    assert "建议 → 市级" in told and "窨井冒水" in told and "3 工作日未办结" in told
    assert world.store.read(lambda r: r.find(Rise, event="e2")) == []  # nothing by itself
    hand.panel.choose("up:e2")
    assert (hand.says("S"), hand.says("T")) == ("上提", "不上提")
    hand.panel.step()
    sheet = page.findChildren(Sheet)[-1]
    assert "3 工作日未办结" in sheet._answers()["reason"]
    sheet.accept()
    hand.qtbot.waitUntil(lambda: "已存盘" in hand.panel._said)
    (rise,) = world.store.read(lambda r: r.find(Rise, event="e2"))
    assert (rise.rung, rise.trigger) == ("city", "city-3")


def test_the_card_shows_both_ladders_and_goes_there(page: Any, world: Any, qtbot: Any) -> None:
    world.desk.do(ladder_acts.raise_up, event="e1", to="centre", reason="两局推诿").result()
    seen(world)
    page.open_page("events")
    card = page.page.panels["event_card"]
    card._take(EventView(EVENT, None))
    qtbot.waitUntil(lambda: any(one[3] == "raise_up" for one in card._told))
    told = told_by(page, "event_card")
    assert "市级 待接办 自" in told and "城运中心 待接办 自" in told
    assert "城运中心　两局推诿" in told  # its history
    event_ladder.begin(card, card.view)
    assert page.context.page == "supervision"
    assert page.page.panels["supervision"].current == "e1"


def test_a_department_asks_where_it_may_not_raise(page: Any, world: Any, qtbot: Any) -> None:
    world.desk.take_post("s_department", "吴").result()
    panel = page.page.panels["supervision"]
    panel._step(1)
    assert "无权" in panel._bar.button("S").toolTip()
    page.open_page("events")
    card = page.page.panels["event_card"]
    event_ladder.begin(card, EventView(OTHER, None))
    sheet = page.findChildren(Sheet)[-1]
    sheet._fields["reason"][1].setText("无执法权")
    sheet.accept()
    qtbot.waitUntil(lambda: bool(world.store.read(lambda r: r.find(Rise, state="ASKED"))))


def test_two_versions_of_a_step_are_told_in_words(page: Any, world: Any) -> None:
    """Two stations gave different reasons for one step: whoever decides reads both."""
    (rise,) = world.store.read(lambda r: r.find(Rise))
    kept, other = asdict(rise), asdict(replace(rise, state="BACK", task="先查清"))
    told = Conflict("x", "rise", rise.id, json.dumps(kept), json.dumps(other), "a", "b", NOW)
    assert conflict.subject(told, world.picture) == "小区停水"
    assert conflict.version("rise", told.kept).startswith("待接办　镇里办不了　长 陈*")
    assert "已退回　先查清" in conflict.version("rise", told.other)


def test_none_says_so(world: Any, make_wall: Any) -> None:
    wall = make_wall()
    wall.open_page("supervision")
    world.tick({Supervision: []})
    assert "没有督办件" in told_by(wall, "supervision")
