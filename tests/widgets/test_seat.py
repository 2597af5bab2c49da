"""Who sits at the station, through the real window: the sheet, the chip, the lock."""

from __future__ import annotations

from typing import Any

import pytest
from argon2 import PasswordHasher
from builders import an_opening
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from world import told_by

from commandwall import people
from commandwall.clock import Ms
from commandwall.incidents import open_incident
from commandwall.people import IN, LOCKED, Duty, Officer
from widgets.seat import SignInSheet

SECRET = "港口起雾 1842"
HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(SECRET)


@pytest.fixture
def enrolled(world: Any) -> Any:
    officer = Officer("chen", "陈一", "", "", "", HASH, Ms(0), "", "")
    world.desk.run(people.enrol, {"officer": officer}, "root")
    world.apply({Officer: world.store.read(lambda r: r.find(Officer))})
    return world


def sheet(wall: Any) -> SignInSheet:
    wall.seat.open()
    return next(s for s in wall.findChildren(SignInSheet) if s.isVisible())


def typed(opened: SignInSheet, **texts: str) -> None:
    for key, text in texts.items():
        field = opened._fields[key][1]
        field.setCurrentIndex(field.findData(text)) if key == "post" else field.setText(text)
    QTest.keyClick(opened, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)


def chip(wall: Any) -> str:
    wall.open_page("events")
    return told_by(wall, "desk_header")


def sits(wall: Any, world: Any, qtbot: Any, post: str = "chief") -> None:
    typed(sheet(wall), name="chen", secret=SECRET, post=post)
    qtbot.waitUntil(lambda: world.desk.here is not None and world.desk.here.state == IN)


def test_while_nobody_is_enrolled_it_says_so_and_a_post_is_chosen_freely(
    make_wall: Any, world: Any, qtbot: Any
) -> None:
    wall = make_wall()
    assert "未登记人员 · 岗位自选" in chip(wall)
    opened = sheet(wall)
    assert "secret" not in opened._fields
    typed(opened, name="陈", post="p3")
    qtbot.waitUntil(lambda: world.desk.post == "p3")
    assert "岗3 调度  陈*" in chip(wall)


def test_a_wrong_secret_is_said_and_the_sheet_stays(
    make_wall: Any, enrolled: Any, qtbot: Any
) -> None:
    wall = make_wall()
    assert "未签到" in chip(wall)
    opened = sheet(wall)
    typed(opened, name="chen", secret="guess", post="chief")
    qtbot.waitUntil(lambda: "不符" in opened.accessibleName())
    assert opened.isVisible() and opened._fields["secret"][1].text() == ""
    assert opened._fields["name"][1].text() == "chen"
    typed(opened, secret=SECRET)
    qtbot.waitUntil(lambda: enrolled.desk.here is not None)
    assert "指挥长  陈*" in chip(wall)


def test_an_empty_chair_is_locked_while_everything_goes_on(
    make_wall: Any, enrolled: Any, qtbot: Any
) -> None:
    wall = make_wall()
    sits(wall, enrolled, qtbot)
    wall.open_page("events")
    card = wall.page.panels["event_card"]
    card._take(next(iter(enrolled.picture.events.values())))
    card._words.setText("写到一半")
    wall.seat.look()
    wall.seat._touched -= 14 * 60
    wall.seat.look()
    assert enrolled.desk.here.state == IN
    wall.seat._touched -= 2 * 60
    wall.seat.look()
    qtbot.waitUntil(lambda: enrolled.desk.here.state == LOCKED)
    assert "已锁定" in chip(wall) and wall.page.panels["event_queue"].keys
    queue = wall.page.panels["event_queue"]
    queue.do(open_incident, opening=an_opening())
    qtbot.waitUntil(lambda: "已锁定" in queue.line)
    assert card._words.text() == "写到一半"
    opened = sheet(wall)
    assert opened.focusProxy() is opened._fields["secret"][1]
    typed(opened, secret=SECRET)
    qtbot.waitUntil(lambda: enrolled.desk.here.state == IN)


def test_a_touch_keeps_it_open_and_a_display_is_never_locked(
    make_wall: Any, enrolled: Any, qtbot: Any
) -> None:
    wall = make_wall()
    sits(wall, enrolled, qtbot)
    wall.seat.look()
    wall.seat._touched -= 16 * 60
    QTest.keyClick(wall.windowHandle(), Qt.Key.Key_F2)
    wall.seat.look()
    assert enrolled.desk.here.state == IN
    sits(wall, enrolled, qtbot, "s_display")
    qtbot.waitUntil(lambda: enrolled.desk.here.seat == "s_display")
    wall.seat._touched -= 16 * 60
    wall.seat.look()
    assert enrolled.desk.here.state == IN


def test_posts_that_nobody_holds_are_vacant_and_fall_to_the_chief(
    make_wall: Any, enrolled: Any, qtbot: Any
) -> None:
    wall = make_wall()
    sits(wall, enrolled, qtbot)
    there = Duty("other", "li", "李二", "p3", LOCKED, "", Ms(0))
    enrolled.tick({Duty: [enrolled.desk.here, there]})
    wall.open_page(wall.file.pages[0].id)
    told = told_by(wall, "duty")
    assert "陈* 代 6 岗" in told and "李*" in told and told.count("空缺") == 6


def test_who_sat_here_when_the_wall_was_closed_types_his_secret_again(
    make_wall: Any, enrolled: Any, qtbot: Any
) -> None:
    sits(make_wall(), enrolled, qtbot)
    make_wall()
    qtbot.waitUntil(lambda: enrolled.desk.here.state == LOCKED)
