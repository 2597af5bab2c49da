"""The log of a shift writes itself, and each line leads to its thing."""

from __future__ import annotations

from typing import Any

from builders import an_event
from world import City, told_by

from commandwall import events, reentry
from commandwall.clock import MINUTE, SECOND, Ms
from commandwall.events import Event, EventView
from commandwall.reentry import OnPaper


def test_what_was_done_stands_there_and_opens_by_key(
    world: City, make_wall: Any, qtbot: Any
) -> None:
    event = an_event(area="t1", state="NEW")
    world.copied(event)
    world.tick({Event: [EventView(event, None)]})
    world.desk.take_post("chief", "周明").result()
    world.desk.do(events.note, event=event.id, text="已到楼下 13800001111").result()
    paper = OnPaper(Ms(world.clock.at - 5 * MINUTE), "王五")
    world.desk.do(reentry.enter_line, paper=paper, text="停电").result()
    wall = make_wall()
    wall.open_page("roster")
    panel = wall.page.panels["day_log"]
    qtbot.waitUntil(lambda: bool(panel.keys))
    told = told_by(wall, "day_log")
    assert "备注" in told and "已到楼下 138****1111" in told
    assert "停电（王五 纸上记" in told
    assert "长 周*" in told and "周明" not in told  # a wall masks names, here too
    world.clock.at += 6 * SECOND
    world.desk.do(events.accept, event=event.id).result()
    world.tick()
    qtbot.waitUntil(lambda: "受理" in told_by(wall, "day_log"))
    next(c for c in wall.all_commands() if c.key == "L").run()
    assert panel.hasFocus() and panel._entries[panel.current].act == "受理"
    panel.go()
    assert wall.context.page == "events"
