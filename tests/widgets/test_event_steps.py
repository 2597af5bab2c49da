"""The card of an event offers what its state and the post allow, each on its key."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from builders import NOW, an_event
from world import told_by

from commandwall.clock import Ms
from commandwall.event_flow import FLOW
from commandwall.events import EventView, EventWork
from widgets import event_steps
from widgets.sheet import Sheet

WORK = EventWork("a", "NEW", "供水公司", "", NOW, "陈", "p3", NOW, NOW)


def shown(wall: Any, qtbot: Any, state: str, **work: Any) -> Any:
    """The card of an event in a state."""
    wall.open_page("events")
    card = wall.page.panels["event_card"]
    event = an_event(id="a", area="t1")
    view = EventView(event, replace(WORK, state=state, **work))
    wall.picture.events["a"] = view
    card._take(view)
    return card


def offered(card: Any) -> dict[str, str]:
    found = {}
    for key in (*event_steps.KEYS, event_steps.MORE):
        button = card._bar.button(key)
        if button.isEnabled():
            found[key] = button.text()
    return found


def test_each_state_offers_its_own_actions_on_the_same_keys(make_wall, world, qtbot) -> None:
    world.desk.take_post("chief").result()
    wall = make_wall()
    more = "其他办理"
    wanted = {
        "NEW": {"A": "受理", "D": "派单", "X": "不予受理", "Shift+D": more},
        "ACCEPTED": {"D": "派单", "X": "并单", "Shift+D": more},
        "DISPATCHED": {"A": "签收", "D": "改派", "X": "退单", "Shift+D": more},
        "RETURNED": {"A": "同意退单", "D": "强制派单", "Shift+D": more},
        "SIGNED": {"A": "到场", "X": "反馈", "Shift+D": more},
        "SUSPENDED": {"A": "恢复", "D": "挂账", "Shift+D": more},
        "LISTED": {"A": "恢复", "D": "挂账复核", "X": "反馈", "Shift+D": more},
        "FEEDBACK": {"A": "核查办结", "D": "重办", "X": "回访未接通", "Shift+D": more},
        "CLOSED": {"A": "办结回访", "D": "重启", "X": "复盘"},
        "CANCELLED": {},
    }
    for state, names in wanted.items():
        assert offered(shown(wall, qtbot, state)) == names, state


def test_who_fed_back_is_told_that_another_verifies(make_wall, world, qtbot) -> None:
    world.desk.take_post("p3", "陈").result()
    card = shown(make_wall(), qtbot, "FEEDBACK", handler="陈", fed_back_at=Ms(NOW))
    button = card._bar.button("A")
    assert not button.isEnabled() and "另一人核查" in button.toolTip()


def test_every_action_has_a_name_an_act_and_a_way_to_it() -> None:
    assert event_steps.NAMES.keys() == event_steps.ACTS.keys() == FLOW.keys()


def test_a_suspension_asks_for_its_reason_and_days(make_wall, world, qtbot) -> None:
    world.desk.take_post("chief", "陈").result()
    wall = make_wall()
    world.desk.run(lambda tx: tx.put(replace(WORK, state="SIGNED")), {}, local=True)
    card = shown(wall, qtbot, "SIGNED")
    event_steps.begin(card, card.view, "suspend")
    sheets = wall.findChildren(Sheet)
    labels = {key for sheet in sheets for key in sheet._fields}
    assert labels == {"reason", "days"}


def test_who_helps_is_named_behind_who_leads(make_wall, world, qtbot) -> None:
    event = an_event(id="a", area="t1")
    world.copied(event)
    world.desk.take_post("p3", "陈").result()
    card = shown(make_wall(), qtbot, "NEW")
    card._unit.setCurrentText("、")
    card.dispatch()
    assert world.store.read(lambda r: r.find(EventWork)) == [], "nobody is named: nothing is sent"
    card._unit.setCurrentText("燃气公司、 住建局，街道")
    card.dispatch()
    qtbot.waitUntil(lambda: "已存盘" in card._said)
    (work,) = world.store.read(lambda r: r.find(EventWork))
    assert (work.state, work.unit, work.co) == ("DISPATCHED", "燃气公司", "住建局,街道")
    qtbot.waitUntil(lambda: "燃气公司（协办 住建局、街道）" in told_by(card.window(), "event_card"))
