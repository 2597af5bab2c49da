"""平 急 战 on the real window: one cut, what is muted is counted, and all of it comes back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from builders import an_opening
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from world import an_alarm, an_area, notice, told_by

from commandwall.alarms import Alarm
from commandwall.areas import TOWN, Area
from commandwall.attachments import AttachedFile
from commandwall.clock import HOUR
from commandwall.countersign import Second
from commandwall.directives import Directive
from commandwall.incidents import Incident, open_incident
from commandwall.modes import Entering, Mode, enter_mode, leave_mode
from commandwall.rights import about_event
from widgets.drawer import Drawer
from widgets.mode_sheets import EndSheet, EnterSheet, ModeSheet
from widgets.paper import Paper

ZHOU = Second("周", "phone")


class Hall:
    """What people do at the wall of the small city, as its picture hears of it."""

    def __init__(self, world: Any) -> None:
        self.world = world
        world.desk.take_post("chief", "陈").result()
        areas = [an_area("t1", TOWN, "石塘镇", "c"), an_area("t2", TOWN, "西溪镇", "c")]
        world.apply({Area: areas})

    def do(self, act: Any, **args: Any) -> Any:
        done = self.world.desk.do(act, **args).result()
        self.world.tick({kind: list(rows.values()) for kind, rows in done.records.items()})
        return done

    def opened(self, **kw: Any) -> str:
        opening = an_opening(area="t1", response=2, title="储罐泄漏", **kw)
        return str(self.do(open_incident, opening=opening).of(Incident)[0].id)

    def enter(self, mode: str = "emergency", hours: int = 4) -> Mode:
        incident = self.opened()
        entering = Entering("", mode, incident, "泄漏扩大", hours)
        return next(iter(self.do(enter_mode, entering=entering, second=ZHOU).of(Mode)))

    def later(self, hours: float) -> None:
        self.world.clock.at += int(hours * HOUR)
        self.world.tick(sync=self.world.sync())


@pytest.fixture
def hall(world: Any) -> Hall:
    return Hall(world)


def panels(wall: Any) -> set[str]:
    return {panel.id for panel in wall.page.shown()}


def sheet(wall: Any, kind: Any) -> Any:
    return next(s for s in wall.findChildren(kind) if s.isVisible())


def sheets(wall: Any) -> list[Any]:
    return [s for s in wall.findChildren(ModeSheet) if s.isVisible()]


def fill(opened: Any, **texts: Any) -> None:
    for key, text in texts.items():
        field = opened._fields[key][1]
        if hasattr(field, "findData"):
            field.setCurrentIndex(field.findData(text))
        else:
            field.setText(text) if isinstance(text, str) else field.setValue(text)


def facts(opened: Any) -> str:
    return " ".join(told.text() for told in opened._facts.values())


def test_one_record_swaps_the_whole_wall_in_one_cut(make_wall: Any, hall: Hall) -> None:
    wall = make_wall()
    paces: list[Any] = []
    wall.modes.paced = lambda patience, tracks_s: paces.append(tracks_s)
    assert "clocks" not in panels(wall) and "heat" in panels(wall)
    feed_s = wall.context.limits.feed_s
    hall.enter()
    # The tick that brought the record has swapped all: no half state is ever drawn.
    assert {"clocks", "front_command", "back_command", "directives"} <= panels(wall)
    assert "heat" not in panels(wall) and wall.updatesEnabled()
    assert wall.context.limits.feed_s < feed_s and paces == [2.0]
    front, back = (wall.page.panels[name].x() for name in ("front_command", "back_command"))
    assert front < wall.map.x() < back
    assert wall.page.panels["clocks"].y() < wall.map.y()
    told = told_by(wall, "header")
    assert told.startswith("战") and "战 " in told and "指挥长 陈*" in told and "至 " in told
    assert "储罐泄漏" in told_by(wall, "incident_strip")
    assert "电话报告" in told_by(wall, "clocks") and "首支到场" in told_by(wall, "clocks")


def test_in_an_emergency_an_order_is_written_by_the_key_that_writes_one_on_its_page(
    make_wall: Any, hall: Hall
) -> None:
    wall = make_wall()
    wall.resize(1920, 1080)
    hall.enter()
    assert "order_form" not in panels(wall)
    assert "下达指令 I" in (wall.page.grab() and wall.page.accessibleDescription())
    next(c for c in wall.all_commands() if c.key == "I").run()
    (drawer,) = (d for d in wall.findChildren(Drawer) if d.isVisible())
    assert drawer.panel.id == "order_form" and wall.focusWidget() is drawer.panel._words
    assert [c.key for c in wall.all_commands()].count("I") == 1
    drawer.panel.layout().activate()
    assert drawer.panel._words.width() > drawer.panel.width() * 0.9


def test_enter_in_the_words_of_an_order_gives_none_and_opens_nothing(
    make_wall: Any, hall: Hall, qtbot: Any
) -> None:
    """Also on the page where Enter opens what needs a person."""
    wall = make_wall(3840, 2160)
    with qtbot.waitActive(wall):
        wall.activateWindow()
    hall.enter()
    hall.world.tick({Alarm: [an_alarm(area="t1", severity=1)]})
    assert {"order_form", "exceptions"} <= panels(wall)
    form = wall.page.panels["order_form"]
    next(c for c in wall.all_commands() if c.key == "I").run()
    form._words.setText("封控港五路")
    QTest.keyClick(form._words, Qt.Key.Key_Return)
    assert form._minutes.hasFocus() and wall.context.page == "overview"
    QTest.keyClick(form._minutes, Qt.Key.Key_Return)
    assert wall.context.page == "overview"
    hall.world.desk.keep("after", "1").result()  # what was asked before is written by now
    assert hall.world.store.read(lambda r: r.find(Directive)) == []
    assert form._words.text() == "封控港五路"


def test_the_head_is_written_anew_where_a_wide_wall_becomes_a_narrow_one(
    make_wall: Any, hall: Hall
) -> None:
    wall = make_wall()
    hall.enter("watch")
    for size in ((5760, 2160), (1080, 1920)):
        wall.resize(*size)
        header = wall.page.panels["header"]
        header.grab()
        sheet = Paper(header, header.look, dry=True)
        header.draw(sheet)
        lines = [box for box, what in sheet.strokes if "突发事件" in str(what)]
        (mode,) = [box for box, what in sheet.strokes if "watch" in what]
        assert lines and all(box[0] > mode[0] + mode[2] for box in lines), size


def test_leaving_it_brings_back_what_was_before(make_wall: Any, hall: Hall) -> None:
    wall = make_wall()
    before, page = panels(wall), wall.page
    held = hall.enter()
    hall.do(leave_mode, mode=held.id, reason="险情排除")
    assert panels(wall) == before and wall.page is page
    assert told_by(wall, "header").startswith("平")
    assert not notice(wall)


def test_when_it_runs_out_the_wall_says_so_until_a_person_knows(make_wall: Any, hall: Hall) -> None:
    wall = make_wall()
    hall.enter("watch", hours=2)
    assert told_by(wall, "header").startswith("急") and "on_task" in panels(wall)
    hall.later(1.8)
    assert "到期" in told_by(wall, "header")
    hall.later(0.3)
    assert told_by(wall, "header").startswith("平")
    assert "急" in notice(wall) and "到期，已自动回到平" in notice(wall)
    wall.know()
    assert not notice(wall)


def test_who_works_at_a_desk_is_left_alone(make_wall: Any, hall: Hall) -> None:
    wall = make_wall()
    wall.open_page("events")
    page = wall.page
    hall.enter()
    assert wall.page is page
    assert "战" in told_by(wall, "desk_header")
    wall.open_page("overview")
    assert "clocks" in panels(wall)


def alarms() -> list[Alarm]:
    return [
        an_alarm("near", severity=3),
        an_alarm("far", area="t2", severity=2),
        an_alarm("far, worst", area="t2", severity=1),
    ]


def test_alarms_of_other_towns_are_muted_counted_and_one_key_away(
    make_wall: Any, hall: Hall
) -> None:
    wall = make_wall()
    hall.world.tick({Alarm: alarms()})
    assert {n.id for n in wall.context.needs.open if n.alarm} == {"near", "far", "far, worst"}
    held = hall.enter()
    assert {n.id for n in wall.context.needs.open if n.alarm} == {"near", "far, worst"}
    assert "1 条已静音" in told_by(wall, "header")
    command = next(c for c in wall.commands() if c.key == "F7")
    command.run()
    assert {n.id for n in wall.context.needs.open if n.alarm} == {"near", "far", "far, worst"}
    assert "含已静音 1 条" in told_by(wall, "header")
    command.run()
    wall.open_page("alarms")
    assert set(wall.page.panels["alarm_list"].keys) == {"near", "far", "far, worst"}
    hall.do(leave_mode, mode=held.id, reason="险情排除")
    assert len([n for n in wall.context.needs.open if n.alarm]) == 3


def test_the_sheet_lists_what_follows_and_stays_until_the_desk_said_yes(
    make_wall: Any, hall: Hall, qtbot: Any
) -> None:
    wall = make_wall()
    hall.world.tick({Alarm: alarms()})
    incident = hall.opened()
    next(c for c in wall.all_commands() if c.key == "F9").run()
    opened = sheet(wall, EnterSheet)
    assert opened._answers()["mode"] == "emergency"
    assert opened._answers()["incident"] == incident
    told = facts(opened)
    assert "石塘镇以外 Ⅱ 级及以下不上墙，现 1 条" in told
    assert "接报类岗位派特急、紧急单" in told and "收回" in told
    fill(opened, reason="泄漏扩大")
    opened.accept()
    qtbot.waitUntil(lambda: "第二人" in opened._told.text())
    assert opened.isVisible() and opened._fields["reason"][1].text() == "泄漏扩大"
    fill(opened, second="周")
    opened.accept()
    qtbot.waitUntil(lambda: not sheets(wall))
    rows = hall.world.store.read(lambda r: r.find(Mode))
    assert [(m.mode, m.second, m.incident) for m in rows] == [("emergency", "周", incident)]


def test_a_post_that_may_not_decide_proposes_and_the_chief_sees_it(
    make_wall: Any, hall: Hall, qtbot: Any
) -> None:
    wall = make_wall()
    hall.world.desk.take_post("p3", "吴").result()
    wall.modes.enter()
    opened = sheet(wall, EnterSheet)
    fill(opened, mode="watch", reason="水位上涨")
    opened.accept()
    qtbot.waitUntil(lambda: not sheets(wall))
    hall.world.tick({Mode: hall.world.store.read(lambda r: r.find(Mode))})
    assert "岗3 调度 吴* 提议转急：水位上涨" in told_by(wall, "header")
    assert told_by(wall, "header").startswith("平")
    hall.world.desk.take_post("chief", "陈").result()
    wall.modes.enter()
    opened = sheet(wall, EnterSheet)
    assert opened._answers()["reason"] == "水位上涨" and opened._answers()["mode"] == "watch"


def test_it_is_left_with_what_is_not_settled_in_sight(
    make_wall: Any, hall: Hall, qtbot: Any
) -> None:
    wall = make_wall()
    hall.enter()
    wall.modes.end()
    qtbot.waitUntil(lambda: any(s.isVisible() for s in wall.findChildren(EndSheet)))
    opened = sheet(wall, EndSheet)
    assert "终报未报" in facts(opened) and "回到平" in facts(opened)
    fill(opened, do="leave", reason="险情排除")
    opened.accept()
    qtbot.waitUntil(lambda: not sheets(wall))
    assert hall.world.store.read(lambda r: r.find(Mode))[0].ended_reason == "险情排除"


def test_what_a_mode_lends_is_offered_on_the_screen_while_it_lasts(
    make_wall: Any, hall: Hall
) -> None:
    from commandwall.events import dispatch

    wall = make_wall()
    hall.world.desk.take_post("p1", "刘").result()
    panel, view = wall.page.panels["exceptions"], hall.world.picture.events["e1"]
    it = about_event(view)
    urgent = replace(it, urgency=1)
    assert panel.barred(dispatch, urgent)
    hall.world.desk.take_post("chief", "陈").result()
    held = hall.enter()
    hall.world.desk.take_post("p1", "刘").result()
    assert not panel.barred(dispatch, urgent)
    hall.world.desk.take_post("chief", "陈").result()
    hall.do(leave_mode, mode=held.id, reason="险情排除")
    hall.world.desk.take_post("p1", "刘").result()
    assert panel.barred(dispatch, urgent)


def test_while_it_lasts_the_screen_is_kept_with_the_incident(
    make_wall: Any, hall: Hall, qtbot: Any
) -> None:
    def kept() -> list[AttachedFile]:
        return list(hall.world.store.read(lambda r: r.find(AttachedFile, subject=held.incident)))

    make_wall()
    held = hall.enter()
    qtbot.waitUntil(lambda: len(kept()) == 1)
    hall.later(4 / 60)
    hall.later(2 / 60)
    qtbot.waitUntil(lambda: len(kept()) == 2)
    assert {f.mime for f in kept()} == {"image/jpeg"} and all(f.size < 500_000 for f in kept())
    hall.do(leave_mode, mode=held.id, reason="险情排除")
    hall.later(1)
    assert len(kept()) == 2
