"""What is listed comes back when it is to be looked at again; a wrong dispatch is taken back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from builders import NOW, an_event
from PySide6.QtWidgets import QLineEdit
from world import told_by

from commandwall.clock import DAY, Ms
from commandwall.events import Event, EventView, EventWork
from commandwall.saved_views import ON_LIST
from widgets.sheet import Sheet

WORK = EventWork("a", "LISTED", "住建局", "", NOW, "陈", "p3", NOW, NOW, given_at=NOW)
LISTED = replace(WORK, plan="列入明年改造", reason="等立项", review_at=Ms(NOW + 3 * DAY),
                 pauses=f"{NOW}-")  # fmt: skip


def listed(world: Any, make_wall: Any) -> Any:
    event = an_event(id="a", area="t1", urgency=5)
    world.copied(event)
    world.desk.run(lambda tx: tx.put(LISTED), {}, local=True)
    world.desk.take_post("chief", "陈").result()
    wall = make_wall()
    wall.open_page("events")
    world.tick({Event: [EventView(event, LISTED)]})
    return wall


def press(wall: Any, key: str) -> None:
    next(c for c in wall.all_commands() if c.key == key).run()


def test_a_listed_matter_has_a_list_and_calls_when_its_review_is_due(
    make_wall: Any, world: Any, qtbot: Any
) -> None:
    wall = listed(world, make_wall)
    queue = wall.page.panels["event_queue"]
    press(wall, "F6")
    assert (queue.filter.share, list(queue.keys)) == (ON_LIST, ["a"])
    told = told_by(wall, "event_queue")
    assert "挂账复核" in told and "余 3" in told
    assert [need.id for need in wall.context.needs.open] == [], "it is not due yet"
    world.clock.at = NOW + 3 * DAY + 1000
    world.tick()
    (need,) = wall.context.needs.open
    assert (need.id, need.deadline.step) == ("a", "review")
    assert "a" in wall.context.needs.overdue, "header and lists count it"
    wall.open_page("overview")
    world.tick(sync=world.sync())
    assert "挂账复核" in told_by(wall, "exceptions")


def test_the_review_tells_the_plan_and_sets_the_next_day(
    make_wall: Any, world: Any, qtbot: Any
) -> None:
    wall = listed(world, make_wall)
    card = wall.page.panels["event_card"]
    card._take(world.picture.events["a"])
    card.step("D")
    (sheet,) = wall.findChildren(Sheet)
    assert "等立项" in sheet._told.text() and "列入明年改造" in sheet._told.text()
    sheet._fields["plan"][1].setText("已招标，三月开工")
    sheet.accept()
    work = lambda: world.store.read(lambda r: r.find(EventWork))[0]  # noqa: E731
    qtbot.waitUntil(lambda: work().plan == "已招标，三月开工")
    assert work().review_at == world.clock.at + 30 * DAY


def test_another_unit_gets_what_was_dispatched_to_the_wrong_one(
    make_wall: Any, world: Any, qtbot: Any
) -> None:
    wall = listed(world, make_wall)
    sent = replace(WORK, state="DISPATCHED", unit="水务局")
    world.desk.run(lambda tx: tx.put(sent), {}, local=True)
    card = wall.page.panels["event_card"]
    card._take(EventView(an_event(id="a", area="t1"), sent))
    card.step("D")
    (sheet,) = wall.findChildren(Sheet)
    for key, words in {"unit": "住建局、街道", "reason": "雨水管归住建"}.items():
        field = sheet._fields[key][1]
        assert isinstance(field, QLineEdit)
        field.setText(words)
    sheet.accept()
    qtbot.waitUntil(lambda: "雨水管归住建" in told_by(wall, "event_card"))
    told = told_by(wall, "event_card")
    assert "承办 住建局" in told and "街道 待签收" in told and "撤回改派 1 次" in told


def test_what_is_due_after_the_end_has_a_list_and_is_done_by_keys(
    make_wall: Any, world: Any, qtbot: Any
) -> None:
    event = an_event(id="a", area="t1", cls="wages")
    closed = replace(WORK, state="CLOSED", closed_at=NOW, visit_at=Ms(NOW + 30 * DAY))
    world.copied(event)
    world.desk.run(lambda tx: tx.put(closed), {}, local=True)
    world.desk.take_post("chief", "陈").result()
    wall = make_wall()
    wall.open_page("events")
    queue = wall.page.panels["event_queue"]
    press(wall, "Shift+F1")
    qtbot.waitUntil(lambda: list(queue.keys) == ["a"])
    assert "办结回访" in told_by(wall, "event_queue") and "余 30" in told_by(wall, "event_queue")
    card = wall.page.panels["event_card"]
    card._look("a")
    qtbot.waitUntil(lambda: card.view is not None)
    card.step("X")
    (sheet,) = wall.findChildren(Sheet)
    assert "办得顺，无须改进" in sheet._fields["lesson"][1].currentText()
    sheet.accept()
    work = lambda: world.store.read(lambda r: r.find(EventWork))[0]  # noqa: E731
    qtbot.waitUntil(lambda: work().lesson == "none")
    card._look("a")
    card.step("A")
    sheet = next(s for s in wall.findChildren(Sheet) if "visit" in s._fields)
    sheet._fields["visit"][1].setText("没有再拖欠")
    sheet.accept()
    qtbot.waitUntil(lambda: work().visit == "没有再拖欠")
    world.tick({Event: []})
    qtbot.waitUntil(lambda: not queue.keys)
    assert "没有待回访、待复盘的事件" in told_by(wall, "event_queue")
