"""Putting alarms aside by key: a sheet asks, the list says until when, all stations hear of it."""

from __future__ import annotations

from typing import Any

from world import an_alarm

from commandwall.alarms import Alarm
from commandwall.clock import HOUR, MINUTE, Ms
from widgets.alarm_sheets import state_line
from widgets.sheet import Sheet


def test_an_alarm_is_shelved_by_a_sheet_that_asks_why(
    world: Any, make_wall: Any, qtbot: Any
) -> None:
    wall = make_wall()
    alarm = an_alarm(cls="WLV", rule="WLV-2")
    world.desk.run(lambda tx: tx.put(alarm), {}, local=True)
    world.tick({Alarm: [alarm]})
    wall.open_page("alarms")
    panel = wall.page.panels["alarm_list"]
    panel.choose("A1")
    press = {command.key: command.run for command in panel.commands()}
    press["S"]()
    sheet = next(s for s in wall.findChildren(Sheet) if s.isVisible())
    sheet.accept()  # without a reason
    told = lambda: world.store.read(lambda r: r.get(Alarm, "A1"))  # noqa: E731
    qtbot.waitUntil(lambda: not sheet.waits)
    assert told().state == "UNACK"
    sheet._fields["reason"][1].setText("传感器检修")
    sheet.accept()
    qtbot.waitUntil(lambda: told().state == "SHLVD")
    assert told().reason == "传感器检修" and told().until is not None
    world.tick({Alarm: [told()]})
    panel.choose("A1")
    press["S"]()
    qtbot.waitUntil(lambda: told().state == "UNACK")


def test_the_state_says_what_belongs_to_it(world: Any, make_wall: Any) -> None:
    make_wall()
    now = Ms(world.clock.at)
    assert "3" in state_line(an_alarm(count=3), now)
    aside = an_alarm(state="SHLVD", until=Ms(now + 30 * MINUTE), put_by="陈")
    assert state_line(aside, now).startswith("搁置至") and "陈" in state_line(aside, now)
    seen = an_alarm(state="ACKED", acked_at=Ms(now - 9 * HOUR))
    assert "再看" in state_line(seen, now)
