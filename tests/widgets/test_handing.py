"""A post is handed over through the real window: offered, read back item by item, signed."""

from __future__ import annotations

from typing import Any

import pytest
from builders import an_opening, an_order
from officers import SECRET, an_officer
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from world import told_by

from commandwall import directives, handover, instructions, people
from commandwall.handover import Handover
from commandwall.incidents import Incident, open_incident
from commandwall.people import Duty, Officer
from widgets.handing import OfferSheet, ReliefSheet, ask_relief
from widgets.sheet import Sheet


@pytest.fixture
def wall(make_wall: Any, world: Any) -> Any:
    """Two are enrolled; the first holds a post that owes one answer."""
    made = make_wall()
    for officer in (an_officer(), an_officer("li", "李二")):
        world.desk.run(people.enrol, {"officer": officer}, "root")
    world.desk.sign_in("chen", SECRET, "p3").result()
    incident = world.desk.do(open_incident, opening=an_opening()).result().of(Incident)[0].id
    world.desk.do(directives.issue, order=an_order(incident, to_post="p3")).result()
    told(world)
    return made


def told(world: Any) -> None:
    kinds = (Officer, Duty, Handover, Incident)
    world.tick({kind: world.store.read(lambda r, kind=kind: r.find(kind)) for kind in kinds})


def sheet(wall: Any, kind: type[Any], qtbot: Any) -> Any:
    qtbot.waitUntil(lambda: any(s.isVisible() for s in wall.findChildren(kind)))
    return next(s for s in wall.findChildren(kind) if s.isVisible())


def test_the_relief_reads_back_each_item_by_key_and_signs(
    wall: Any, world: Any, qtbot: Any
) -> None:
    wall.seat.leave()  # without a relief nobody leaves: the sheet comes instead
    opened = sheet(wall, OfferSheet, qtbot)
    assert "接岗人复述后方可离岗" in opened._told.text() and "封控港五路" in opened._told.text()
    opened._fields["note"][1].setText("泵站钥匙在值班室")
    QTest.keyClick(opened, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    relief = sheet(wall, ReliefSheet, qtbot)
    assert "陈*" in relief.accessibleName() and "泵站钥匙" in relief._told.text()
    ticks = relief._fields["read"][1]
    relief._fields["name"][1].setText("li")
    relief._fields["secret"][1].setText(SECRET)
    QTest.keyClick(ticks, Qt.Key.Key_Space)
    assert "已复述 1 / 2" in relief._told.text()
    QTest.keyClick(relief, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: "还有 1 项未复述" in relief.accessibleName())
    assert world.desk.here.name == "陈一"
    QTest.keyClick(ticks, Qt.Key.Key_Space)  # it stands on the next one by itself
    QTest.keyClick(relief, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: world.desk.here.name == "李二")
    told(world)
    wall.open_page("events")
    assert "岗3 调度  李*" in told_by(wall, "desk_header")


def test_a_list_that_changed_is_renewed_where_it_stands(wall: Any, world: Any, qtbot: Any) -> None:
    world.desk.do(handover.offer, seat="p3", note="").result()
    told(world)
    (offer,) = world.store.read(lambda r: r.find(Handover))
    ask_relief(wall.context, wall, offer)
    relief = sheet(wall, ReliefSheet, qtbot)
    relief._fields["name"][1].setText("li")
    relief._fields["secret"][1].setText(SECRET)
    ticks = relief._fields["read"][1]
    for _ in range(2):
        QTest.keyClick(ticks, Qt.Key.Key_Space)
    before = ticks.value()
    (incident,) = world.store.read(lambda r: r.find(Incident))
    order = an_order(incident.id, to_post="p3", text="关闭沿江泵站")
    world.desk.do(directives.issue, order=order).result()
    relief.accept()
    qtbot.waitUntil(lambda: wall._overlay not in (None, relief))
    again = wall._overlay
    assert "有 1 项新到或有变" in again.accessibleName()
    ticks = again._fields["read"][1]
    assert ticks.count() == 3 and ticks.value() == before
    QTest.keyClick(ticks, Qt.Key.Key_Space)  # it stands on what is new
    again.accept()
    qtbot.waitUntil(lambda: world.desk.here.name == "李二")


def test_what_is_handed_over_stands_line_by_line_and_whole(
    wall: Any, world: Any, qtbot: Any
) -> None:
    (incident,) = world.store.read(lambda r: r.find(Incident))
    for n in range(4):
        words = f"调集第 {n} 批泡沫液到港五路集结点，到位后报数量、带队人和车辆停放处" * 2
        order = an_order(incident.id, to_post="p3", text=words)
        world.desk.do(directives.issue, order=order).result()
    wall.seat.leave()
    label = sheet(wall, OfferSheet, qtbot)._told
    lines = label.text().split("\n\n")[0].split("\n")  # why, how many, the incident, five orders
    assert len(lines) == 8 and sum("泡沫液" in line for line in lines) == 4
    assert label.height() >= label.heightForWidth(label.width())


def test_an_offer_stands_on_the_roster_until_it_is_taken_or_broken_off(
    wall: Any, world: Any, qtbot: Any
) -> None:
    world.desk.do(handover.offer, seat="p3", note="").result()
    told(world)
    wall.open_page("roster")
    panel = wall.page.panels["roster"]
    panel._choose("p3")
    assert "待接岗，按 R" in told_by(wall, "roster")
    keys = {command.key: command.run for command in panel.commands()}
    keys["R"]()
    relief = sheet(wall, ReliefSheet, qtbot)
    QTest.keyClick(relief, Qt.Key.Key_Escape)
    assert world.desk.here.name == "陈一"
    keys["X"]()
    wall._overlay._fields["reason"][1].setText("接岗人未到")
    wall._overlay.accept()
    find = lambda r: r.find(Handover)  # noqa: E731
    qtbot.waitUntil(lambda: world.store.read(find)[0].state == "WITHDRAWN")
    told(world)
    assert "待接岗" not in told_by(wall, "roster")


def test_an_instruction_stands_in_each_hand_over_until_it_is_withdrawn(
    make_wall: Any, world: Any, qtbot: Any
) -> None:
    world.desk.take_post("chief", "周").result()
    wall = make_wall()
    wall.open_page("roster")
    panel = wall.page.panels["roster"]
    next(c for c in wall.all_commands() if c.key == "S").run()
    given = sheet(wall, Sheet, qtbot)
    given._fields["text"][1].setText("夜间泵站每两小时回看")
    given.accept()
    read = lambda: world.store.read(lambda r: instructions.standing(r, "chief"))  # noqa: E731
    qtbot.waitUntil(lambda: len(read()) == 1)
    wall.seat.hand_over()
    offer = sheet(wall, OfferSheet, qtbot)
    assert "常备　夜间泵站每两小时回看（指挥长" in offer._told.text()
    offer._fields["note"][1].setText("泵站钥匙在值班室\n二号机待修")
    offer.accept()
    relief = sheet(wall, ReliefSheet, qtbot)
    assert "泵站钥匙在值班室\n二号机待修" in relief._told.text()
    assert "常备　夜间" in relief._told.text()
    relief.close()
    next(c for c in wall.all_commands() if c.key == "Q").run()
    sheet(wall, Sheet, qtbot).accept()
    qtbot.waitUntil(lambda: not read())
    next(c for c in wall.all_commands() if c.key == "Q").run()
    qtbot.waitUntil(lambda: panel._said == "没有常备要求")
