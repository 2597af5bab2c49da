"""Plans at the wall: proposed where an incident is opened, signed by key, shown as a checklist."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from world import City, an_alarm, told_by

from commandwall import directives, incidents
from commandwall.alarms import Alarm
from commandwall.clock import MINUTE
from commandwall.directives import DRAFT, Directive
from commandwall.incidents import GradeProposal, Incident, Levels
from commandwall.plans import StartedPlan
from widgets.sheet import Sheet


def kept(world: City, kind: type) -> list[Any]:
    return world.store.read(lambda reader: reader.find(kind))


def brought(world: City) -> None:
    kinds = (Incident, GradeProposal, Directive, StartedPlan)
    world.tick({kind: kept(world, kind) for kind in kinds})


def sheet_of(wall: Any) -> Sheet:
    return next(s for s in wall.findChildren(Sheet) if s.isVisible())


def press(wall: Any, key: str) -> None:
    next(c for c in wall.all_commands() if c.key == key).run()


def task(world: City, name: str) -> Directive:
    return next(d for d in kept(world, Directive) if d.source == f"plan:gas:{name}")


@pytest.fixture
def asked(make_wall, world: City) -> tuple[Any, Sheet, dict[str, Any]]:
    """A wall with the sheet that opens an incident from a gas alarm, and its fields."""
    wall = make_wall()
    world.tick({Alarm: [an_alarm()]})
    wall.open_page("alarms")
    press(wall, "E")
    sheet = sheet_of(wall)
    return wall, sheet, {key: field for key, (_, field) in sheet._fields.items()}


def test_the_plan_that_fits_is_preselected_and_follows_kind_until_one_is_chosen(asked) -> None:
    _, sheet, fields = asked
    plan = fields["plan"]
    assert plan.currentData() == "gas" and "燃气泄漏预案" in sheet._told.text()
    fields["kind"].setCurrentIndex(fields["kind"].findData("fire"))
    assert plan.currentData() == "fire"
    fields["kind"].setCurrentIndex(fields["kind"].findData("storm"))
    assert plan.currentData() == ""  # no plan is for that kind
    plan.setCurrentIndex(plan.findData("flood"))
    plan.activated.emit(plan.currentIndex())  # by hand
    fields["kind"].setCurrentIndex(fields["kind"].findData("gas"))
    assert plan.currentData() == "flood"


def test_without_a_plan_an_incident_opens_and_may_be_given_one_later(asked, world, qtbot) -> None:
    wall, sheet, fields = asked
    fields["plan"].setCurrentIndex(0)
    sheet.accept()
    qtbot.waitUntil(lambda: wall._open == "command")
    brought(world)
    assert kept(world, Directive) == []
    assert "建议燃气泄漏预案，按 Shift Y 启用" in told_by(wall, "plan")
    press(wall, "Shift+Y")
    sheet_of(wall).accept()
    qtbot.waitUntil(lambda: kept(world, StartedPlan) != [])


def test_from_alarm_to_signed_orders_in_four_keys(asked, world, qtbot) -> None:
    """E, Enter, Shift S, Enter; the front signs its own."""
    wall, sheet, _ = asked
    sheet.accept()
    qtbot.waitUntil(lambda: wall._open == "command")
    brought(world)
    told, total = told_by(wall, "plan"), len(kept(world, Directive))
    assert f"0/{total} 已下达" in told and "设警戒圈" in told and "待前指签发" in told
    assert "项待签，按 Shift S" in told
    assert "设警戒圈" not in told_by(wall, "directives")  # an order only once it is given
    press(wall, "Shift+S")
    confirm = sheet_of(wall)
    assert "须对方签发" in confirm._told.text()
    assert {d.state for d in kept(world, Directive)} == {DRAFT}  # not before it is confirmed
    confirm.accept()
    qtbot.waitUntil(lambda: task(world, "valve").state != DRAFT)
    brought(world)
    given = sum(d.state != DRAFT for d in kept(world, Directive))
    told = told_by(wall, "plan")
    assert f"{given}/{total} 已下达" in told and "待签，按" not in told
    assert task(world, "cordon").state == DRAFT and task(world, "valve").state != DRAFT
    told = told_by(wall, "directives")  # the name of the task, then its words without the place
    assert "燃气企业关阀" in told and task(world, "valve").text[:8] in told
    assert "关断上游阀门" in told.replace(" ", "") and task(world, "valve").text not in told


def test_a_task_is_signed_or_skipped_with_a_reason_and_what_is_late_is_said(
    asked, world, qtbot
) -> None:
    wall, sheet, _ = asked
    sheet.accept()
    qtbot.waitUntil(lambda: wall._open == "command")
    brought(world)
    panel, form = wall.page.panels["plan"], wall.page.panels["order_form"]
    panel.choose(task(world, "valve").id)
    press(wall, "Space")
    qtbot.waitUntil(lambda: task(world, "valve").state != DRAFT)
    panel.choose(task(world, "camera").id)
    press(wall, "X")
    assert task(world, "camera").state == DRAFT  # no reason, no skipping
    form._words.setText("无人机已升空")
    press(wall, "X")
    qtbot.waitUntil(lambda: task(world, "camera").state == "CANCELLED")
    world.clock.at += 6 * MINUTE
    brought(world)
    told = told_by(wall, "plan")
    assert "1 略过" in told and "1 超时" in told and "略过：无人机已升空" in told
    assert panel.keys[0] == task(world, "cordon").id and panel.keys[-1] == panel.current


def test_a_higher_level_offers_what_it_adds_and_nothing_twice(asked, world, qtbot) -> None:
    wall, sheet, _ = asked
    sheet.accept()
    qtbot.waitUntil(lambda: wall._open == "command")
    brought(world)
    before = len(kept(world, Directive))
    (found,) = kept(world, Incident)
    levels = Levels(3, None, 3)
    world.desk.do(incidents.set_levels, incident=found.id, levels=levels, reason="扩大").result()
    brought(world)
    assert "另有 4 项，按 Shift Y 加入" in told_by(wall, "plan")
    assert len(kept(world, Directive)) == before
    press(wall, "Shift+Y")
    assert "圈外下风向疏散" in sheet_of(wall)._told.text()
    sheet_of(wall).accept()
    qtbot.waitUntil(lambda: len(kept(world, Directive)) == before + 4)
    brought(world)
    assert "另有" not in told_by(wall, "plan")


def test_a_plan_that_is_not_used_is_said_and_the_others_work(
    make_wall, world, tmp_path: Path
) -> None:
    folder = tmp_path / "plans"
    folder.mkdir()
    (folder / "own.toml").write_text('id = "own"\nversion = 3\n', encoding="utf-8")
    wall = make_wall(plans=str(folder))
    wall.open_page("command")
    told = told_by(wall, "plan").replace(" ", "")
    assert "1份预案未用：own.tomlplanversion值的类型不对3" in told
    assert {p.id for p in wall.context.book.plans} >= {"gas", "fire"}


def test_the_directives_of_a_plan_are_answered_as_any(asked, world, qtbot) -> None:
    wall, sheet, _ = asked
    sheet.accept()
    qtbot.waitUntil(lambda: kept(world, StartedPlan) != [])
    key = task(world, "cordon").id
    world.desk.take_post("front", "李").result()
    world.desk.do(directives.sign_all, incident=task(world, "cordon").incident,
                  directives=[key]).result()  # fmt: skip
    world.desk.do(directives.acknowledge, directive=key).result()
    wall.open_page("command")
    brought(world)
    assert "接令　第 前1 号" in told_by(wall, "plan")
