"""Roll call: who is called, who answered and when, and who is missing."""

from __future__ import annotations

from typing import Any

from builders import NOW
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from world import City, an_area

from commandwall import rollcall, rota
from commandwall.areas import TOWN, Person
from commandwall.clock import HOUR, SECOND, Ms, to_datetime
from commandwall.reports import shift_log
from commandwall.reports.speech import Speech
from commandwall.rollcall import RollAnswer, RollCall
from commandwall.rota import Stated
from widgets.handing import OfferSheet
from widgets.roll_call import RollSheet

TODAY = f"{to_datetime(NOW):%Y-%m-%d}"


def press(wall: Any, key: str) -> None:
    next(command for command in wall.all_commands() if command.key == key).run()


def sheet(wall: Any, kind: type[Any], qtbot: Any) -> Any:
    qtbot.waitUntil(lambda: any(s.isVisible() for s in wall.findChildren(kind)))
    return next(s for s in wall.findChildren(kind) if s.isVisible())


def test_each_answer_is_kept_as_it_comes_and_who_is_missing_is_told(
    world: City, make_wall: Any, qtbot: Any
) -> None:
    person = Person("p1", "t1", "town_duty", "王建国", "13800001111")
    world.copied(an_area("t1", TOWN, "石塘镇", ""), person)
    turns = [Stated(TODAY, "all", "leader", "陈一")]
    world.desk.run(rota.take_rota, {"turns": turns}, "root")
    world.desk.take_post("chief", "周").result()
    wall = make_wall()
    wall.open_page("roster")
    press(wall, "C")
    opened = sheet(wall, RollSheet, qtbot)
    assert "应 0 / 2" in opened._told.text() and "石塘镇" in opened._told.text()
    world.clock.at += 40 * SECOND
    QTest.keyClick(opened._fields["answered"][1], Qt.Key.Key_Space)
    (roll,) = world.store.read(lambda r: r.find(RollCall))

    def answered() -> list[Ms | None]:
        found = world.store.read(lambda r: rollcall.answers(r, roll.id))
        return [a.answered_at for a in found if a.answered_at is not None]

    qtbot.waitUntil(lambda: answered() == [roll.called_at + 40 * SECOND])
    opened.close()
    press(wall, "C")  # it goes on where it stood
    again = sheet(wall, RollSheet, qtbot)
    assert "应 1 / 2" in again._told.text()
    again.accept()
    qtbot.waitUntil(lambda: world.store.read(lambda r: rollcall.running(r, Ms(0))) is None)
    assert len(world.store.read(lambda r: r.find(RollAnswer))) == 2
    press(wall, "Ctrl+H")
    assert "应 1 / 2　最慢 40 秒" in sheet(wall, OfferSheet, qtbot)._told.text()
    now = Ms(world.clock.at)
    log = world.store.read(lambda r: shift_log.read(r, Ms(0), now, Speech.of("zh")))
    told = " ".join(entry.what for entry in log.entries)
    assert "带班领导 陈*" in told and "陈一" not in told and "王建国" not in told


def test_an_answer_counts_once_it_is_on_disk_and_another_shift_calls_anew(
    world: City, make_wall: Any, qtbot: Any
) -> None:
    world.copied(an_area("t1", TOWN, "石塘镇", ""), Person("p1", "t1", "town_duty", "王建国", ""))
    world.desk.take_post("chief", "周").result()
    wall = make_wall()
    wall.open_page("roster")
    press(wall, "C")
    opened = sheet(wall, RollSheet, qtbot)
    ticks = opened._fields["answered"][1]
    world.desk.post = "s_display"  # may see, and writes nothing
    QTest.keyClick(ticks, Qt.Key.Key_Space)
    assert "应 0 / 1" in opened._told.text()
    qtbot.waitUntil(lambda: "展示屏" in opened._told.text())
    assert ticks.value() == []
    world.desk.post = "chief"
    QTest.keyClick(ticks, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: "应 1 / 1" in opened._told.text())
    opened.close()  # and nobody ended it
    world.clock.at += 25 * HOUR
    world.tick()
    press(wall, "C")
    qtbot.waitUntil(lambda: len(world.store.read(lambda r: r.find(RollCall))) == 2)
    assert "应 0 / 1" in sheet(wall, RollSheet, qtbot)._told.text()
