"""Incidents at the wall: opened by key and mouse, graded, told in one strip."""

from __future__ import annotations

from typing import Any

import pytest
from builders import NOW, an_opening
from world import City, an_alarm, told_by

from commandwall import directives, incidents, reporting
from commandwall.alarms import Alarm
from commandwall.clock import MINUTE, SECOND
from commandwall.directives import Directive, Order
from commandwall.incidents import CommandPost, GradeProposal, Incident
from commandwall.reporting import Losses
from commandwall.sitreps import Situation, SituationReport, report_situation
from widgets import words
from widgets.base import Subject
from widgets.paper import Paper
from widgets.sheet import Sheet
from widgets.trust import Trust


def kept(world: City, kind: type) -> list[Any]:
    return world.store.read(lambda reader: reader.find(kind))


def brought(world: City) -> None:
    kinds = (Incident, GradeProposal, Directive, CommandPost)
    world.tick({kind: kept(world, kind) for kind in kinds})


def sheet_of(wall: Any) -> Sheet:
    return next(s for s in wall.findChildren(Sheet) if s.isVisible())


def opening_of_an_alarm(wall: Any, world: City) -> tuple[Sheet, dict[str, Any]]:
    """The sheet that one key on an alarm brings, and its fields."""
    world.tick({Alarm: [an_alarm()]})
    wall.open_page("alarms")
    next(c for c in wall.all_commands() if c.key == "E").run()
    sheet = sheet_of(wall)
    return sheet, {key: field for key, (_, field) in sheet._fields.items()}


def test_one_key_on_an_alarm_opens_an_incident_at_its_place(make_wall, world, qtbot) -> None:
    wall = make_wall()
    sheet, fields = opening_of_an_alarm(wall, world)
    assert fields["kind"].currentData() == "gas"
    fields["dead"].setValue(3)
    assert "较大：死亡 3 人以上" in sheet._told.text()
    sheet.accept()
    qtbot.waitUntil(lambda: kept(world, Incident) != [])
    (found,) = kept(world, Incident)
    assert (found.alarm, found.kind, found.lon, found.grade) == ("A1", "gas", 120.2, None)
    qtbot.waitUntil(lambda: wall._open == "command")
    brought(world)
    assert "建议较大" in told_by(wall, "incident_strip")
    world.desk.do(
        reporting.tell_losses, incident=found.id, people=(12, 0, 0, 0), damage="", source="医院"
    ).result()
    world.tick({Losses: kept(world, Losses)})
    assert "建议重大" in told_by(wall, "incident_strip")


@pytest.fixture
def two(world: City) -> list[Incident]:
    """Two incidents, the second with a directive that nobody acknowledged."""
    for title, lon in (("甲", 120.2), ("乙", 120.203)):
        opening = an_opening(title=title, lon=lon)
        world.desk.do(incidents.open_incident, opening=opening).result()
        world.clock.at += MINUTE
    first, second = sorted(kept(world, Incident), key=lambda i: i.opened_at)
    world.desk.take_post("chief").result()
    world.desk.do(directives.issue, order=Order(second.id, "front", "封控")).result()
    world.clock.at = NOW + 9 * MINUTE
    return [first, second]


def test_the_strip_says_who_is_late_and_keeps_the_others_as_cards(make_wall, world, two) -> None:
    wall = make_wall()
    wall.open_page("command")
    brought(world)
    strip = wall.page.panels["incident_strip"]
    told = told_by(wall, "incident_strip")
    assert "超时 1 项" in told and "前指 欠接令" in told
    before = strip.incident()
    next(c for c in wall.all_commands() if c.key == "]").run()
    assert strip.incident().id != before.id
    other = next(i for i in two if i.id != strip.incident().id)
    assert other.title in told_by(wall, "incident_strip")


def middle(wall: Any) -> tuple[float, float]:
    view = wall.map.navigator.view
    return wall.map.scene.degrees(view.cx, view.cy)


def test_the_command_page_shows_the_scene_and_the_others_what_they_had(
    make_wall, world, two
) -> None:
    wall = make_wall()
    world.tick()
    whole = wall.map.navigator.view.mpp
    wall.open_page("command")
    brought(world)  # they come after the page was opened
    assert middle(wall) == pytest.approx((two[1].lon, two[1].lat), abs=1e-4)
    assert wall.map.navigator.view.mpp < whole / 3
    wall.choose(Subject(Incident, two[0].id))
    assert middle(wall) == pytest.approx((two[0].lon, two[0].lat), abs=1e-4)
    wall.map.navigator.begin()
    wall.map.navigator.pan(100, 0)
    moved = middle(wall)
    wall.open_page("overview")
    assert wall.map.navigator.view.mpp == pytest.approx(whole, rel=0.5)
    wall.open_page("command")
    assert middle(wall) == pytest.approx(moved, abs=1e-6)


def test_an_incident_that_comes_later_does_not_pull_the_map_out_of_a_hand(
    make_wall, world, two
) -> None:
    wall = make_wall()
    world.tick()
    wall.open_page("command")
    wall.map.navigator.begin()
    wall.map.navigator.pan(100, 0)
    before = middle(wall)
    brought(world)
    assert middle(wall) == before


def test_the_row_of_cards_takes_room_only_while_there_are_cards(make_wall, world, qtbot) -> None:
    world.desk.do(incidents.open_incident, opening=an_opening(title="甲")).result()
    wall = make_wall()
    wall.open_page("command")
    brought(world)
    alone = wall.page.panels["incident_strip"].height()
    below = wall.page.panels["directives"].height()
    world.desk.do(incidents.open_incident, opening=an_opening(title="乙")).result()
    brought(world)
    assert wall.page.panels["incident_strip"].height() > alone
    assert wall.page.panels["directives"].height() <= below
    assert "甲" in told_by(wall, "incident_strip") and "乙" in told_by(wall, "incident_strip")


def test_a_post_that_may_not_decide_the_grade_proposes_it(make_wall, world, qtbot) -> None:
    world.desk.take_post("p2", "沈").result()
    wall = make_wall()
    sheet, fields = opening_of_an_alarm(wall, world)
    assert "response" not in fields and "warning" not in fields
    fields["grade"].setCurrentIndex(2)
    sheet.accept()
    qtbot.waitUntil(lambda: kept(world, Incident) != [])
    brought(world)
    wall.open_page("command")
    told = told_by(wall, "incident_strip")
    assert "研判建议重大" in told and kept(world, Incident)[0].grade is None


def test_the_front_reports_in_and_the_back_sees_who_leads_and_how_many(
    make_wall, world, two, qtbot
) -> None:
    wall = make_wall()
    wall.open_page("command")
    brought(world)
    assert "前指 未报到" in told_by(wall, "incident_strip")
    world.desk.take_post("front", "李明").result()
    next(c for c in wall.all_commands() if c.key == "Shift+H").run()
    fields = {key: field for key, (_, field) in sheet_of(wall)._fields.items()}
    assert fields["lead"].text() == "李明"
    fields["people"].setValue(14)
    fields["place"].setText("港五路口")
    sheet_of(wall).accept()
    here = wall.page.panels["incident_strip"].incident().id
    qtbot.waitUntil(lambda: any(post.lead for post in kept(world, CommandPost)))
    world.desk.take_post("chief", "陈").result()
    world.tick({CommandPost: kept(world, CommandPost)})
    (post,) = [p for p in kept(world, CommandPost) if p.lead]
    assert (post.incident, post.side, post.people, post.place) == (here, "front", 14, "港五路口")
    assert "前指 李* 14 人" in told_by(wall, "incident_strip")
    side = told_by(wall, "front_command")
    assert "港五路口" in side and "李* 14 人" in side.replace("　", " ")


def test_the_strip_says_how_bad_it_is_as_it_was_last_told(make_wall, world, two) -> None:
    wall = make_wall()
    wall.open_page("command")
    brought(world)
    strip = wall.page.panels["incident_strip"]
    here, kinds = strip.incident().id, (Losses, SituationReport)
    told_as = {"incident": here, "source": "医院"}
    assert "伤亡 未报" in told_by(wall, "incident_strip")
    acts = (
        ("front", report_situation, {"situation": Situation(here, "火已控制", "伤 2 人")}),
        (
            "chief",
            reporting.tell_losses,
            told_as | {"people": (1, 0, 0, 3)},
        ),
        ("chief", reporting.tell_losses, told_as | {"people": (0,) * 4}),
    )
    for (post, act, facts), told in zip(
        acts, ("伤 2 人", "死亡 1 人　轻伤 3 人", "无伤亡"), strict=True
    ):
        world.clock.at += SECOND
        world.desk.take_post(post, "李").result()
        world.desk.do(act, **facts).result()
        world.tick({kind: kept(world, kind) for kind in kinds})
        assert f"伤亡 {told} 前指" in told_by(wall, "incident_strip")
    world.clock.at += 4 * MINUTE
    world.tick()
    assert "现状 火已控制 4 分前" in told_by(wall, "incident_strip")


@pytest.mark.parametrize("size", [(1080, 1920), (1366, 768), (1920, 1080), (5760, 2160)])
def test_what_is_late_stands_inside_the_strip_whatever_the_window(
    make_wall, world, two, size
) -> None:
    wall = make_wall()
    wall.resize(*size)
    wall.open_page("command")
    brought(world)
    strip = wall.page.panels["incident_strip"]
    sheet = Paper(strip, strip.look, dry=True)
    strip.draw(sheet)
    for told in ("前指 欠接令", "未报到", "伤亡"):
        (box,) = [box for box, what in sheet.strokes if what[4] == told]
        assert box[0] + box[2] <= strip.width() and box[1] + box[3] <= strip.height() + 8, told


def test_a_city_whose_answers_are_late_is_not_called_calm(make_wall, world, two) -> None:
    wall = make_wall()
    brought(world)
    told = words.sentence(world.picture, wall.context.needs, Trust())
    assert told == "突发事件 2 起在处置，1 项超时"
