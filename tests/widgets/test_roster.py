"""The roster on the screen, small and great: who holds which post, and how one is found."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import roster as rosters
from builders import NOW, an_opening, an_order
from world import told_by

from commandwall import directives
from commandwall.clock import HOUR, MINUTE, Ms
from commandwall.directives import Directive
from commandwall.incidents import Incident, open_incident
from commandwall.people import IN, Duty, Officer
from commandwall.posts import roster


@pytest.fixture
def great(tmp_path: Path) -> Iterator[None]:
    with rosters.changed(tmp_path / "lists", **rosters.GREAT):
        yield


def staffed(world: Any, *posts: str) -> None:
    """Somebody at a station of his own on each of these posts."""
    officer = Officer("o", "陈一", "", "", "ACTIVE", "", Ms(0), "", "")
    duties = [Duty(f"s{i}", f"o{i}", "李二", post, IN, "", Ms(NOW - HOUR))
              for i, post in enumerate(posts)]  # fmt: skip
    world.apply({Officer: [officer], Duty: duties})


def places(panel: Any) -> dict[str, Any]:
    unit = panel.look.unit
    found = panel._places(panel.width() / unit, panel.height() / unit)
    return {code.id: box for code, box, post in found if post}


@pytest.mark.parametrize("size", [(1920, 1080), (1080, 1920), (5760, 2160)])
def test_forty_eight_posts_stand_on_one_page_without_scrolling(
    make_wall: Any, world: Any, great: None, size: tuple[int, int]
) -> None:
    staffed(world, "chief")
    wall = make_wall(*size)
    wall.open_page("roster")
    told, panel = told_by(wall, "roster"), wall.page.panels["roster"]
    assert "48 岗" in told and "空缺 47" in told and "…" not in told
    boxes = places(panel)
    assert len(boxes) == len(roster().posts()) and not panel.grab().isNull()
    room = panel.height() / panel.look.unit
    assert all(box.bottom() <= room for box in boxes.values())
    sides = [(one, other) for one in boxes.values() for other in boxes.values() if one is not other]
    assert not any(one.intersects(other) for one, other in sides)


def test_a_post_says_who_holds_it_since_when_and_what_it_owes(make_wall: Any, world: Any) -> None:
    staffed(world, "chief", "p3", "front")
    desk = world.desk
    incident = desk.do(open_incident, opening=an_opening()).result().of(Incident)[0]
    done = desk.do(directives.issue, order=an_order(incident.id, to_post="f_after")).result()
    world.tick({Incident: [incident], Directive: list(done.of(Directive))})
    wall = make_wall()
    wall.open_page("roster")
    panel = wall.page.panels["roster"]
    panel._choose("f_after")
    told = told_by(wall, "roster")
    assert "空缺，由 前指指挥 代" in told and "欠 1" in told and "李*" in told
    world.clock.at += 10 * MINUTE
    world.tick()
    assert "超时 1" in told_by(wall, "roster")


def test_where_nobody_is_enrolled_no_post_is_called_vacant(make_wall: Any, world: Any) -> None:
    wall = make_wall()
    wall.open_page("roster")
    told = told_by(wall, "roster")
    assert "空缺与否未知" in told and "代" not in told


def test_the_next_vacant_post_is_one_key_away_and_taken_by_another(
    make_wall: Any, world: Any, qtbot: Any
) -> None:
    staffed(world, "chief", "p1", "p2")
    wall = make_wall()
    wall.open_page("roster")
    panel = wall.page.panels["roster"]
    keys = {command.key: command.run for command in panel.commands()}
    keys["N"]()
    assert panel._choice() == "p3"
    keys["T"]()
    from widgets.seat import SignInSheet

    sheet = next(s for s in wall.findChildren(SignInSheet) if s.isVisible())
    assert sheet._fields["post"][1].currentData() == "p3"


def test_a_post_among_forty_eight_is_found_by_typing_a_part_of_its_name(
    make_wall: Any, world: Any, great: None, qtbot: Any
) -> None:
    wall = make_wall()
    wall.open_page("command")
    field = wall.page.panels["order_form"]._to
    assert field.currentData() == "front"  # most orders cross
    typed = field.lineEdit()
    typed.setFocus()
    typed.setText("无人机")
    typed.editingFinished.emit()
    assert field.currentData() == "v_drone" and field.currentText() == "视频 无人机"
    typed.setText("没有的岗位")
    typed.editingFinished.emit()
    assert field.currentData() == "v_drone" and field.currentText() == "视频 无人机"
    wall.set_language("en")
    assert field.currentData() == "v_drone" and field.currentText() == "Video drones"
    typed.setText("ambul")
    typed.editingFinished.emit()
    assert field.currentData() == "d_medical"


def test_a_side_of_many_posts_is_shown_by_its_sections(
    make_wall: Any, world: Any, great: None
) -> None:
    staffed(world, "chief", "c_deputy", "front")
    wall = make_wall()
    wall.open_page("command")
    told = told_by(wall, "back_command")
    assert "总值班" in told and "空缺 2 / 4" in told and "无人机" not in told
    wall.open_page("overview")
    assert "四十八岗" in told_by(wall, "duty") and "接报" in told_by(wall, "duty")


def test_the_hall_shows_each_post_at_its_seat(make_wall: Any, world: Any) -> None:
    staffed(world, "chief", "p3")
    wall = make_wall()
    wall.open_page("roster")
    panel = wall.page.panels["roster"]
    next(c for c in wall.all_commands() if c.key == "V").run()
    told, boxes = told_by(wall, "roster"), places(panel)
    assert "大屏" in told and "李*" in told
    assert boxes["p1"].top() == boxes["p4"].top() < boxes["p5"].top() < boxes["chief"].top()
    assert boxes["p1"].left() < boxes["p2"].left() and not boxes["p1"].intersects(boxes["p5"])
    assert all(box.bottom() <= panel.height() / panel.look.unit for box in boxes.values())
    panel._choose("f_after")  # a post without a seat in the hall
    panel._beside(1)
    assert panel.current in boxes
    next(c for c in wall.all_commands() if c.key == "V").run()
    assert "f_after" in places(panel)
