"""Incidents at the wall: opened by key and mouse, graded, told in one strip."""

from __future__ import annotations

from typing import Any

import pytest
from builders import NOW, an_opening
from world import City, an_alarm, told_by

from commandwall import directives, incidents, reporting
from commandwall.alarms import Alarm
from commandwall.clock import MINUTE
from commandwall.directives import Directive, Order
from commandwall.incidents import GradeProposal, Incident
from commandwall.reporting import Losses
from widgets.sheet import Sheet


def kept(world: City, kind: type) -> list[Any]:
    return world.store.read(lambda reader: reader.find(kind))


def brought(world: City) -> None:
    kinds = (Incident, GradeProposal, Directive)
    world.tick({kind: kept(world, kind) for kind in kinds})


def sheet_of(wall: Any) -> Sheet:
    return next(s for s in wall.findChildren(Sheet) if s.isVisible())


def test_one_key_on_an_alarm_opens_an_incident_at_its_place(make_wall, world, qtbot) -> None:
    wall = make_wall()
    world.tick({Alarm: [an_alarm()]})
    wall.open_page("alarms")
    next(c for c in wall.all_commands() if c.key == "E").run()
    sheet = sheet_of(wall)
    fields = {key: field for key, (_, field) in sheet._fields.items()}
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
    for title in ("甲", "乙"):
        world.desk.do(incidents.open_incident, opening=an_opening(title=title)).result()
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
