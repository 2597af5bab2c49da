"""The map's panels as a duty officer meets them: buildings, figures, places, the way."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import shapely
from builders import NOW, a_sensor, an_event, an_opening
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from world import City, an_alarm, an_area

from commandwall import calls, directives, incidents
from commandwall.alarms import Alarm
from commandwall.areas import (
    GRID,
    VILLAGE,
    Area,
    Building,
    BuildingColour,
    Household,
    Person,
    colour_history,
    homes,
)  # fmt: skip
from commandwall.arrays import FixArrays, SensorArrays
from commandwall.calls import Call
from commandwall.clock import DAY, HOUR, SECOND, Ms
from commandwall.directives import Directive, Order
from commandwall.events import Event, EventView
from commandwall.extents import Extent
from commandwall.incidents import Incident
from commandwall.resources import Resource
from commandwall.store.mirror import Mirror, use
from layers.households import HouseholdsLayer
from widgets import facts
from widgets.base import Subject
from widgets.sheet import Sheet

LEFT, SHIFT = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier
HOSTILE = "<img src='/dev/zero'>\u202e 13800001111"


def a_building(no: int, area: str = "t1v1", **more: Any) -> Building:
    """Blocks of 40 m in a row, 100 m apart, around the middle of the window."""
    lon, lat = 120.2 + no * 0.001, 31.15
    shape = bytes(shapely.to_wkb(shapely.box(lon, lat, lon + 0.0004, lat + 0.0004)))
    row = Building(f"b{no}", area, f"{no + 1} 幢", "home", 6, lon, lat, shape, "green")
    return dataclasses.replace(row, **more)


def a_household(no: int, building: str, people: int) -> Household:
    return Household(f"h{no}", building, "t1v1", f"{no}01", people, "green")


def rows_of(*records: Any) -> list[tuple[Any, ...]]:
    return [tuple(getattr(r, name) for name in r.__slots__) for r in records]


@pytest.fixture
def village(world: City, tmp_path: Path) -> City:
    """The world with four buildings, which its mirror knows too."""
    houses = [a_building(0), a_building(1), a_building(2), a_building(3, "t1v2")]
    homes = [a_household(1, "b0", 3), a_household(2, "b0", 2), a_household(3, "b1", 4)]
    mirror = Mirror(tmp_path / "mirror.db")
    mirror.take({"building": rows_of(*houses), "household": rows_of(*homes)}, {})
    mirror.close()
    use(tmp_path, "mirror.db")
    villages = [an_area("t1v1", VILLAGE, "石东村", "t1"), an_area("t1v2", VILLAGE, "石西村", "t1"),
                an_area("t1v1g1", GRID, "01 网格", "t1v1")]  # fmt: skip
    world.apply({Area: villages, Building: houses})
    return world


@pytest.fixture
def open_map(village: City, qtbot: Any) -> Iterator[Callable[..., Any]]:
    """`open_map(page)` opens a wall with a real map and waits until it is drawn."""
    from layers.base import load_layers
    from layers.map import MapView
    from widgets import i18n
    from widgets.wall import Wall

    made: list[Any] = []

    def build(page: str = "map", size: tuple[int, int] = (1920, 1080), **settings: Any) -> Any:
        view = MapView(load_layers(), clock=village.clock)
        told = dataclasses.replace(village.settings, **settings)
        wall = Wall(village.world, told, view)
        made.append(wall)
        village.walls.append(wall)
        wall.resize(*size)
        wall.show()
        wall.open_page(page)
        village.tick()
        qtbot.waitUntil(wall.is_drawn)
        return wall

    yield build
    for wall in made:
        wall.map.shut()
        wall.close()
        wall.deleteLater()
    village.walls.clear()
    i18n.speak("zh")


def near(wall: Any, qtbot: Any) -> Any:
    """Look at the row of buildings, with nothing else over them."""
    for layer in ("sensors", "events", "places", "cameras"):
        wall.map.set_visible(layer, False)
    wall.map.look_at(120.2015, 31.1502, 0.6)
    qtbot.waitUntil(wall.is_drawn)
    return wall.map


def inside(wall: Any, no: int) -> QPoint:
    lon, lat = 120.2 + no * 0.001 + 0.0002, 31.1502
    return wall.map.point(lon, lat).toPoint()


def read(panel: Any) -> str:
    panel.grab()
    return str(panel.accessibleDescription())


def given(world: City) -> dict[str, BuildingColour]:
    return {c.id: c for c in world.store.read(lambda reader: reader.find(BuildingColour))}


def bring(world: City) -> None:
    """What the follower would bring after an act."""
    world.tick({BuildingColour: list(given(world).values())})


# Buildings.


def test_a_building_is_recoloured_with_its_reason_by_mouse_and_key(
    open_map: Any, village: City, qtbot: Any
) -> None:
    wall = open_map()
    view, card = near(wall, qtbot), wall.page.panels["building_card"]
    qtbot.mouseClick(view, LEFT, pos=inside(wall, 0))
    qtbot.waitUntil(lambda: "2 户" in read(card))
    told = read(card)
    assert "1 幢" in told and "石塘镇 石东村" in told and "5 人" in told
    assert "绿" in told and "正常" in told  # the class by name, never the colour alone
    wall.setFocus()
    QTest.keyClick(wall, "R")
    QTest.keyClicks(card._reason, "wall cracked")
    wall.setFocus()
    QTest.keyClick(wall, "1")
    qtbot.waitUntil(lambda: "b0" in given(village))
    made = given(village)["b0"]
    assert (made.colour, made.before, made.reason) == ("red", "green", "wall cracked")
    bring(village)
    qtbot.waitUntil(lambda: "wall cracked" in read(card))
    assert "绿 → 红" in read(card) and "须立即处理" in read(card)
    assert card._reason.text() == ""


def test_without_a_reason_nothing_is_done_and_the_card_says_so(
    open_map: Any, village: City, qtbot: Any
) -> None:
    wall = open_map()
    card = wall.page.panels["building_card"]
    qtbot.mouseClick(near(wall, qtbot), LEFT, pos=inside(wall, 0))
    qtbot.mouseClick(card._buttons["red"], LEFT)
    assert "先写改色原因" in read(card)
    assert QApplication.focusWidget() is card._reason
    assert given(village) == {}


def test_a_refusal_is_a_sentence(open_map: Any, village: City, qtbot: Any) -> None:
    wall = open_map()
    card = wall.page.panels["building_card"]
    gone = a_building(9)
    village.tick({Building: [gone]})  # the mirror does not know it any more
    card.take(["b9"])
    card._reason.setText("拆除")
    card.recolour("blue")
    qtbot.waitUntil(lambda: "找不到 b9" in read(card))
    assert card._reason.text() == "拆除"  # what was typed is not lost


def test_several_buildings_are_recoloured_in_one_act(
    open_map: Any, village: City, qtbot: Any
) -> None:
    wall = open_map()
    view, card = near(wall, qtbot), wall.page.panels["building_card"]
    qtbot.mouseClick(view, LEFT, pos=inside(wall, 0))
    qtbot.mouseClick(view, LEFT, SHIFT, pos=inside(wall, 1))
    qtbot.waitUntil(lambda: "3 户" in read(card))
    assert "2 栋楼" in read(card) and "9 人" in read(card)
    card._reason.setText("台风后排查")
    qtbot.mouseClick(card._buttons["yellow"], LEFT)
    qtbot.waitUntil(lambda: set(given(village)) == {"b0", "b1"})
    sql = "SELECT count(*) FROM journal WHERE act = 'recolour'"
    assert village.store.read(lambda reader: reader.value(sql)) == 1
    qtbot.waitUntil(lambda: "2 栋已改色" in read(card))


def test_all_buildings_of_an_area_by_key(open_map: Any, village: City, qtbot: Any) -> None:
    wall = open_map()
    card = wall.page.panels["building_card"]
    wall.setFocus()
    QTest.keyClick(wall, "A")
    assert "先选一处辖区" in read(card) and card.chosen_ids == ()
    wall.choose(Subject(Area, "t1v1"))
    assert "石塘镇 石东村" in read(card) and "共 3 栋" in read(card)
    QTest.keyClick(wall, "A")
    assert card.chosen_ids == ("b0", "b1", "b2") == wall.map.chosen_buildings
    wall.map._let_go()
    wall.map.enter("t1v2")
    assert "石塘镇 石西村" in read(card) and "共 1 栋" in read(card)


def test_a_half_typed_reason_is_there_after_a_crash(
    open_map: Any, village: City, qtbot: Any
) -> None:
    first = open_map()
    QTest.keyClicks(first.page.panels["building_card"]._reason, "half typed")
    key = "draft/recolour"
    qtbot.waitUntil(lambda: village.store.read(lambda r: r.setting(key)) == "half typed")
    again = open_map()  # the first one never said good-bye
    field = again.page.panels["building_card"]._reason
    qtbot.waitUntil(lambda: field.text() == "half typed")


def test_the_legend_makes_way_for_a_chosen_building(open_map: Any, qtbot: Any) -> None:
    wall = open_map()
    view, card = near(wall, qtbot), wall.page.panels["building_card"]
    assert card._legend.isVisible() and "未受理" in read(card._legend)
    qtbot.mouseClick(view, LEFT, pos=inside(wall, 0))
    assert not card._legend.isVisible() and card._reason.isVisible()
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    assert card._legend.isVisible() and not card._reason.isVisible()


def test_history_tells_each_colour_once_and_newest_first(village: City, qtbot: Any) -> None:
    from commandwall import areas

    for colour, reason in (("red", "一"), ("blue", "二")):
        village.clock.at += 10
        act = {"buildings": ["b0", "b1"], "colour": colour, "reason": reason}
        village.desk.do(areas.recolour, **act).result(60)
    told = village.store.read(lambda reader: colour_history(reader, "b0"))
    assert [(c.before, c.colour, c.reason) for c in told] == [
        ("red", "blue", "二"), ("green", "red", "一"),
    ]  # fmt: skip
    assert village.store.read(lambda reader: colour_history(reader, "b")) == []
    assert village.store.read(lambda reader: homes(reader, ["b0", "b1", "x"])) == (3, 9)


# The card beside the pointer.


def hover(wall: Any, at: QPoint, qtbot: Any) -> str:
    qtbot.mouseMove(wall.map, at + QPoint(3, 3))
    qtbot.mouseMove(wall.map, at)
    qtbot.waitUntil(wall.hover.isVisible)
    return card_text(wall)


def card_text(wall: Any) -> str:
    return f"{wall.hover.accessibleName()}; {wall.hover.accessibleDescription()}"


def test_a_card_comes_beside_the_pointer_and_goes_with_it(
    open_map: Any, village: City, qtbot: Any
) -> None:
    village.tick({Person: [Person("p1", "t1v1g1", "grid_worker", "王小明", "13800007719")]})
    wall = open_map()
    view = near(wall, qtbot)
    wall.setFocus()
    told = hover(wall, inside(wall, 0), qtbot)
    qtbot.waitUntil(lambda: "2 户" in card_text(wall))
    assert "1 幢" in told and "绿" in told
    assert QApplication.focusWidget() is wall
    for at in (QPoint(4, 4), QPoint(view.width() - 5, view.height() - 5), QPoint(4, 400)):
        qtbot.mouseMove(view, at)
        assert not wall.hover.geometry().contains(at)
        assert view.rect().contains(wall.hover.geometry())
    told = hover(wall, QPoint(60, 60), qtbot)
    assert "网格级" in told and "王*" in told and "138****7719" in told
    assert "13800007719" not in told and "王小明" not in told
    view.leaveEvent(None)
    assert not wall.hover.isVisible()


def test_the_card_tells_an_area_its_figure(open_map: Any, qtbot: Any) -> None:
    wall = open_map()
    view = near(wall, qtbot)
    view.set_figure("silent")
    told = hover(wall, QPoint(60, 60), qtbot)
    assert "失联设备占比 0" in told and "在办事件" in told


def test_the_card_follows_the_key_too(open_map: Any, village: City, qtbot: Any) -> None:
    village.tick({Alarm: [an_alarm(lon=120.2, lat=31.15)]})
    wall = open_map()
    wall.setFocus()
    QTest.keyClick(wall, "H")
    assert not wall.hover.isVisible()  # nothing is chosen
    wall.choose(Subject(Alarm, "A1"))
    QTest.keyClick(wall, "H")
    assert wall.hover.isVisible() and "燃气 27" in card_text(wall) and "未确认" in card_text(wall)
    assert not wall.hover.geometry().contains(wall.map.spot().toPoint())
    QTest.keyClick(wall, "H")
    assert not wall.hover.isVisible()


def test_the_card_hides_with_the_page(open_map: Any, qtbot: Any) -> None:
    wall = open_map()
    near(wall, qtbot)
    hover(wall, QPoint(60, 60), qtbot)
    wall.open_page("events")
    assert not wall.hover.isVisible()


def test_what_is_over_age_is_said_so(open_map: Any, village: City, qtbot: Any) -> None:
    wall = open_map()
    village.picture.sensors.at[0] = NOW - HOUR
    village.picture.sensors.quality[0] = 2
    told = facts.of("sensor", "s0", wall.context)
    assert told.old and "失联，最后已知" in told.lines
    wall.hover.facts = told
    assert wall.hover._age().startswith("超龄，停于 ")
    assert not facts.of("sensor", "s1", wall.context).old
    gone = village.sync(pool_at=Ms(NOW - 60 * SECOND))
    village.tick(sync=gone)
    assert facts.of("area", "t1", wall.context).old  # the pool is gone: what it says stands still
    assert not facts.of("sensor", "s1", wall.context).old  # the device is still heard


def test_a_lost_fix_is_said_so(open_map: Any, village: City) -> None:
    car = Resource("r1", 0, "police", "巡逻 1 组", "公安", 2, "", "patrol", 120.2, 31.15, "t1")
    village.tick({Resource: [car]}, resources=FixArrays([car]))
    wall = open_map()
    assert "未定位，在驻地" in facts.of("resource", "r1", wall.context).lines
    village.picture.fixes.at[0] = NOW - HOUR
    assert facts.of("resource", "r1", wall.context).old
    village.picture.fixes.at[0] = NOW - 5 * SECOND
    assert not facts.of("resource", "r1", wall.context).old


def test_each_kind_has_its_facts(open_map: Any, village: City) -> None:
    late = EventView(an_event(area="t1", received_at=Ms(NOW - DAY), title=HOSTILE), None)
    village.tick({Event: [late], Alarm: [an_alarm()]})
    wall = open_map()
    event = facts.of("event", "e1", wall.context)
    assert "待受理" in event.lines[0] and "超 " in event.lines[0]
    assert "13800001111" not in event.title and "138****1111" in event.title
    assert "石塘镇" in " ".join(event.lines) and "定位 ±10 m" in event.lines
    alarm = facts.of("alarm", "A1", wall.context)
    assert alarm.title.startswith("燃气 27") and alarm.lines[0] == "Ⅱ 级　未确认"
    assert facts.of("event", "nobody", wall.context) is None
    assert facts.of("", "", wall.context) is None
    known = {"alarm", "event", "resource", "sensor", "area", "building", "camera", "place",
             "incident", "command_post", "directive", "warning", "pipe"}  # fmt: skip
    assert known == set(facts.MAKERS)


# Figures and colours of the buildings.


def test_a_figure_is_chosen_by_mouse_and_by_key_and_explained(
    open_map: Any, village: City, qtbot: Any
) -> None:
    wall = open_map()
    panel = wall.page.panels["thematic"]
    choice = panel._figure
    assert choice.itemText(0) == "不着色"
    choice.setFocus()
    QTest.keyClick(choice, Qt.Key.Key_Down)
    assert wall.map.figure == "open_events"
    village.tick()
    assert "0" in read(panel) and "件" in read(panel)
    wall.setFocus()
    QTest.keyClick(wall, "F")
    assert wall.map.figure == "alarms" and choice.currentText() == "告警"
    QTest.keyClick(wall, "F")
    village.tick()
    assert "达 20" in read(panel) and "%" in read(panel)
    QTest.keyClick(wall, "F")
    village.tick()
    assert wall.map.figure == "signs" and "体征" in choice.currentText()
    QTest.keyClick(wall, "F")
    assert wall.map.figure == ""


def test_building_colours_are_shown_by_box_and_by_key(open_map: Any, qtbot: Any) -> None:
    wall = open_map()
    panel = wall.page.panels["thematic"]
    told = read(panel)
    assert all(name in told for name in ("红", "黄", "蓝", "绿", "重点关注"))
    panel._registry.setFocus()
    QTest.keyClick(panel._registry, Qt.Key.Key_Space)
    assert wall.map.registry and "绿放大到街区级可见" in read(panel)
    near(wall, qtbot)
    assert "绿放大到街区级可见" not in read(panel)
    wall.setFocus()
    QTest.keyClick(wall, "B")
    assert not wall.map.registry and not panel._registry.isChecked()


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize(
    ("size", "pitch"), [((1920, 1080), 2.5), ((6656, 1792), 1.25), ((1080, 1920), 2.5)]
)
def test_no_row_of_the_tree_is_cut_off(
    open_map: Any, size: tuple[int, int], pitch: float, lang: str
) -> None:
    wall = open_map(size=size, pitch_mm=pitch, lang=lang)
    tree = wall.page.panels["layer_tree"]
    boxes = list(tree._boxes.values())
    assert len(boxes) == len(wall.map.layers()) >= 13
    for box in boxes:
        assert tree.rect().contains(box.geometry())
        assert box.height() >= box.fontMetrics().height()
        assert box.width() >= box.sizeHint().width(), box.text()
    assert not [(a, b) for a in boxes for b in boxes if a is not b
                and a.geometry().intersects(b.geometry())]  # fmt: skip
    assert tree._boxes["events"].font().pixelSize() == wall.context.look.metrics.size("body")


def test_the_tree_follows_the_language(open_map: Any, village: City) -> None:
    wall = open_map()
    boxes = wall.page.panels["layer_tree"]._boxes
    assert boxes["events"].text() == "事件"
    wall.set_language("en")
    village.tick()
    assert boxes["events"].text() == boxes["events"].accessibleName() == "Events"


def test_the_legend_is_whole_and_not_cut_in_either_language(open_map: Any) -> None:
    for lang in ("zh", "en"):
        wall = open_map(lang=lang)
        legend = wall.page.panels["building_card"]._legend
        told = read(legend)
        assert legend.isVisible() and "…" not in told
        wall.hide()


def test_no_two_acts_of_a_page_share_a_key(open_map: Any) -> None:
    wall = open_map()
    for page in ("map", "command", "events", "overview"):
        wall.open_page(page)
        keys = Counter(c.key for c in wall.all_commands() if c.key)
        assert [key for key, n in keys.items() if n > 1] == []


def test_a_page_opens_without_a_focus_that_eats_its_keys(open_map: Any) -> None:
    wall = open_map("overview")
    wall.open_page("map")
    QTest.keyClick(QApplication.focusWidget() or wall, "F")
    assert wall.map.figure == "open_events"


# Places of directives.


@pytest.fixture
def command(open_map: Any, village: City, qtbot: Any) -> Any:
    """The command page on an open incident, near it."""
    opening = an_opening(area="t1", lon=120.2, lat=31.15, place="港区")
    village.desk.do(incidents.open_incident, opening=opening).result(60)
    brought(village)
    wall = open_map("command")
    near(wall, qtbot)
    return wall


def brought(world: City) -> None:
    kinds = (Incident, Directive, Extent)
    found = {k: world.store.read(lambda reader, k=k: reader.find(k)) for k in kinds}
    world.tick(found)


def test_the_chosen_thing_gives_a_directive_its_place(
    command: Any, village: City, qtbot: Any
) -> None:
    wall, form = command, command.page.panels["order_form"]
    wall.choose(Subject(Building, "b1"))
    wall.setFocus()
    QTest.keyClick(wall, "P")
    assert "石塘镇 石东村 2 幢" in read(form)
    form._words.setText("疏散")
    form.issue()
    qtbot.waitUntil(lambda: bool(village.store.read(lambda r: r.find(Directive))))
    made = village.store.read(lambda r: r.find(Directive))[0]
    assert (made.lon, made.lat) == pytest.approx((120.201, 31.15))
    assert made.place == "石塘镇 石东村 2 幢"
    qtbot.waitUntil(lambda: "2 幢" not in read(form))  # the next one has no place again


def test_places_are_named_once(command: Any, village: City) -> None:
    picture = village.picture
    village.tick({Alarm: [an_alarm()], Event: [EventView(an_event(lon=None, area="t1"), None)]})
    assert facts.place_of("alarm", "A1", picture) == (120.2, 31.1, "石塘镇")
    assert facts.place_of("area", "t1v1", picture)[2] == "石塘镇 石东村"
    assert facts.place_of("event", "e1", picture)[:2] == (120.2, 31.15)  # where its area is
    assert facts.place_of("sensor", "s0", picture)[:2] == (120.0, 31.0)
    incident = next(iter(picture.incidents))
    assert facts.place_of("incident", incident, picture)[2] == "石塘镇 港区"
    assert facts.place_of("event", "gone", picture) is None


def test_the_next_click_gives_a_directive_its_place(command: Any, qtbot: Any) -> None:
    wall, form = command, command.page.panels["order_form"]
    qtbot.mouseClick(form._at, LEFT)
    assert wall.map.aiming and "点地图取地点" in read(form)
    at = QPoint(200, 100)
    qtbot.mouseClick(wall.map, LEFT, pos=at)
    lon, lat = wall.map.degrees_at(QPointF(at))
    assert form._place[:2] == pytest.approx((lon, lat)) and "01 网格" in read(form)
    qtbot.mouseClick(form._at, LEFT)
    QTest.keyClick(wall.map, Qt.Key.Key_Escape)
    assert not wall.map.aiming and form._place is None


def test_a_directive_is_marked_on_the_map_and_its_mark_chooses_its_row(
    command: Any, village: City, qtbot: Any
) -> None:
    wall, rows = command, command.page.panels["directives"]
    incident = next(iter(village.picture.incidents))
    for no, lon in enumerate((120.2005, 120.2025)):
        order = Order(incident, "front.chief", f"封控 {no}", place="路口", lon=lon, lat=31.1508)
        village.desk.do(directives.issue, order=order).result(60)
    brought(village)
    qtbot.waitUntil(wall.is_drawn)
    first, second = sorted(village.picture.directives.values(), key=lambda d: d.no)
    rows.choose(second.id)
    assert wall.map.chosen == ("directive", second.id)
    spot, place = wall.map.spot(), wall.map.point(second.lon, second.lat)
    assert (spot - place).manhattanLength() < 2
    qtbot.mouseClick(wall.map, LEFT, pos=wall.map.point(first.lon, first.lat).toPoint())
    assert rows.current == first.id
    assert wall.page.panels["order_form"].subject == first.id


def sheet_of(wall: Any) -> Sheet:
    return next(s for s in wall.findChildren(Sheet) if s.isVisible())


def test_the_next_click_opens_an_incident_by_hand(command: Any, village: City, qtbot: Any) -> None:
    at = QPoint(220, 120)
    command.page.panels["incident_strip"].open_by_hand()
    qtbot.mouseClick(command.map, LEFT, pos=at)
    sheet = sheet_of(command)
    assert "01 网格" in sheet._fields["place"][1].text()
    sheet._fields["title"][1].setText("滑坡")
    sheet._fields["warning"][1].setCurrentIndex(2)
    sheet.accept()
    qtbot.waitUntil(lambda: len(village.store.read(lambda r: r.find(Incident))) == 2)
    found = next(i for i in village.store.read(lambda r: r.find(Incident)) if i.title == "滑坡")
    assert (found.lon, found.lat) == pytest.approx(command.map.degrees_at(QPointF(at)))
    assert found.warning == 2
    assert command.page.panels["order_form"]._place is None  # the click was not for it


def test_the_area_that_is_drawn_says_what_it_hits_and_can_be_undone(
    command: Any, village: City, qtbot: Any
) -> None:
    wall, panel = command, command.page.panels["affected"]
    hits = wall.context.hits
    panel.draw_area()
    sheet = sheet_of(wall)
    sheet._fields["size"][1].setValue(50)
    sheet.accept()
    area_is(village, qtbot, 1)
    qtbot.waitUntil(lambda: hits.hit is not None and hits.hit.people == 5)
    assert hits.hit.buildings == ("b0",) and hits.hit.households == 2
    assert "圆 50 m" in read(panel) and "绿 1" in read(panel)
    panel.move_area()
    spot = wall.map.point(120.2012, 31.1502).toPoint()
    qtbot.mouseClick(wall.map, LEFT, pos=spot)
    area_is(village, qtbot, 2)
    qtbot.waitUntil(lambda: hits.hit is not None and hits.hit.buildings == ("b1",))
    panel._drawing.undo()
    area_is(village, qtbot, 3)
    qtbot.waitUntil(lambda: hits.hit is not None and hits.hit.buildings == ("b0",))


def test_a_sector_begins_with_the_wind_of_the_nearest_station_or_must_be_told_it(
    command: Any, village: City, qtbot: Any
) -> None:
    wall, panel = command, command.page.panels["affected"]

    def plume() -> Any:
        panel.draw_area()
        sheet = sheet_of(wall)
        shape = sheet._fields["shape"][1]
        shape.setCurrentIndex(shape.findData("plume"))
        return sheet

    sheet = plume()
    assert "没有风的读数，风向风速须自己填" in sheet._told.text()
    sheet.accept()
    qtbot.waitUntil(lambda: "缺风向或风速" in sheet._told.text())
    sheet.close()
    stations = [
        ("WDR", "柳田站", "°", 31.16),
        ("WDR", "远站", "°", 31.4),
        ("WSP", "柳田站", "m/s", 31.16),
    ]
    sensors = SensorArrays.of([
        a_sensor(n, cls=cls, name=name, unit=unit, lon=120.2, lat=lat)
        for n, (cls, name, unit, lat) in enumerate(stations)
    ])  # fmt: skip
    sensors.value[:], sensors.quality[:] = (137.0, 300.0, 2.6), 0
    sensors.at[:] = village.clock.at - 8 * SECOND
    village.tick(sensors=sensors)
    sheet = plume()
    line, fields = sheet._told.text(), sheet._fields
    assert "柳田站 137.0\u2009°，8 秒前" in line and "2.6\u2009m/s" in line and "远站" not in line
    assert (fields["from"][1].currentData(), fields["wind"][1].value()) == (135, 2)
    sheet.accept()
    area_is(village, qtbot, 1)
    (kept,) = village.store.read(lambda r: r.find(Extent))
    assert (kept.toward, kept.wind) == (315.0, 2.0)
    sensors.quality[0] = 2  # silent: unknown is not still
    village.tick()
    assert "远站 300.0" in plume()._told.text()


def test_those_in_charge_of_what_is_hit_are_called_and_marked_by_hand(
    command: Any, village: City, qtbot: Any
) -> None:
    wall = command
    worker = Person("p1", "t1v1", "grid_worker", "张三", "13800001111")
    village.tick({Person: [worker]})
    panel = wall.page.panels["affected"]
    panel.draw_area()
    sheet_of(wall).accept()
    area_is(village, qtbot, 1)
    qtbot.waitUntil(lambda: wall.context.hits.hit is not None)
    wall.open_page("calls")
    board, listed = wall.page.panels["calls"], wall.page.panels["hit_list"]
    keys = {c.key: c.run for c in board.commands()}
    for done, key in enumerate("SC1", 1):
        keys[key]()
        qtbot.waitUntil(partial(acts_are, village, done))
        village.tick({Call: village.store.read(lambda r: r.find(Call))})
    told = read(board)
    assert "应答 1 / 1" in told and "张*" in told
    assert "13800001111" not in told and "张三" not in told
    assert "1 幢" in read(listed) and "张*" in read(listed)


def test_what_came_of_a_call_is_marked_at_who_was_called(
    command: Any, village: City, qtbot: Any
) -> None:
    """Another station marks the first of the list meanwhile: the next must not be told to have
    answered."""
    board, keys = two_to_call(command, village)
    brought = lambda: village.tick({Call: village.store.read(lambda r: r.find(Call))})  # noqa: E731
    brought()
    keys["1"]()
    assert "先选一条" in read(board) and acts_are(village, 1)
    first, second = board.keys
    keys["C"]()
    qtbot.waitUntil(partial(acts_are, village, 2))
    village.desk.do(calls.mark_call, call=first, result="answered").result()
    brought()
    assert board.keys[0] == second
    keys["1"]()
    village.desk.keep("after", "1").result()
    brought()
    assert village.picture.calls[second].answered_at is None


def test_after_a_call_the_next_that_waits_is_dialled(
    command: Any, village: City, qtbot: Any
) -> None:
    board, keys = two_to_call(command, village)
    for done, key in enumerate("C1C", 2):
        village.tick({Call: village.store.read(lambda r: r.find(Call))})
        keys[key]()
        qtbot.waitUntil(partial(acts_are, village, done))
        qtbot.waitUntil(lambda key=key: bool(board.current) is (key == "C"))
    rung = village.store.read(lambda r: r.find(Call))
    assert [call.attempts for call in rung] == [1, 1]


def two_to_call(wall: Any, village: City) -> tuple[Any, dict[str, Any]]:
    """The page of a call-down with two people on its list, and what its keys do."""
    found = next(iter(village.picture.incidents.values()))
    people = [Person(f"p{n}", "t1v1", "grid_worker", f"张{n}", "1380000111") for n in (1, 2)]
    village.desk.do(calls.start_calls, incident=found.id, subjects=people).result()
    wall.open_page("calls")
    board = wall.page.panels["calls"]
    return board, {c.key: c.run for c in board.commands()}


def acts_are(village: City, count: int) -> bool:
    """Whether so many acts of a call-down are on disk."""
    sql = "SELECT count(*) FROM journal WHERE act IN ('start_calls', 'dial', 'mark_call')"
    return bool(village.store.read(lambda r: r.value(sql)) == count)


def area_is(village: City, qtbot: Any, acts: int) -> None:
    """Wait until so many acts drew the area, and show it."""
    count = "SELECT count(*) FROM journal WHERE act = 'set_extent'"
    qtbot.waitUntil(lambda: village.store.read(lambda r: r.value(count)) == acts)
    brought(village)


def test_a_polygon_is_drawn_corner_by_corner(command: Any, village: City, qtbot: Any) -> None:
    wall, panel = command, command.page.panels["affected"]
    panel.draw_area()
    sheet = sheet_of(wall)
    shape = sheet._fields["shape"][1]
    shape.setCurrentIndex(shape.findData("polygon"))
    sheet.accept()
    places = [(120.1999, 31.1499), (120.2006, 31.1499), (120.3, 31.3), (120.2006, 31.1506)]
    for lon, lat in places[:2]:
        qtbot.mouseClick(wall.map, LEFT, pos=wall.map.point(lon, lat).toPoint())
    panel._drawing._corner(*places[2])
    panel._drawing.undo()  # the corner that went astray
    qtbot.mouseClick(wall.map, LEFT, pos=wall.map.point(*places[3]).toPoint())
    panel.draw_area()
    area_is(village, qtbot, 1)
    (kept,) = village.store.read(lambda r: r.find(Extent))
    assert kept.shape == "polygon" and kept.wkt.count(",") == 3
    qtbot.waitUntil(lambda: wall.context.hits.hit is not None)
    assert wall.context.hits.hit.buildings == ("b0",)
    QTest.keyClick(wall.map, Qt.Key.Key_Escape)
    assert not wall.map.aiming


def test_aiming_ends_with_the_page(command: Any) -> None:
    wall = command
    wall.page.panels["order_form"].take_place()
    assert wall.map.aiming
    wall.open_page("map")
    assert not wall.map.aiming


# The way down.


def test_each_step_of_the_way_down_leads_back_up(open_map: Any, qtbot: Any) -> None:
    wall = open_map()
    line = wall.page.panels["place"]
    assert "1 镇街" in read(line)
    wall.map.enter("t1v1g1")
    names = [step.accessibleName() for step in line._steps]
    assert names == ["临江市", "石塘镇", "石东村", "01 网格"]
    assert all(a.geometry().right() < b.x() for a, b in pairwise(line._steps))
    qtbot.mouseClick(line._steps[1], LEFT)
    assert wall.map.path == ["c", "t1"]
    line._steps[0].setFocus()
    QTest.keyClick(line._steps[0], Qt.Key.Key_Space)
    assert wall.map.path == ["c"] and line._steps == []
    assert "1 镇街" in read(line)


def test_another_page_knows_the_way_too(open_map: Any) -> None:
    wall = open_map("overview")
    wall.map.enter("t1")
    wall.open_page("map")
    assert [s.text() for s in wall.page.panels["place"]._steps] == ["临江市", "石塘镇"]


def test_a_wide_wall_has_one_legend(open_map: Any, village: City) -> None:
    wall = open_map()
    wall.resize(3840, 2160)
    village.tick()
    page = wall.page.panels
    assert page["legend"].isVisible() and not page["building_card"]._legend.isVisible()
    wall.resize(1920, 1080)
    village.tick()
    assert page["building_card"]._legend.isVisible()


def test_a_close_look_shows_the_households_inside(open_map: Any, qtbot: Any) -> None:
    wall = open_map()
    near(wall, qtbot)
    layer = wall.map.board.layer(HouseholdsLayer)
    assert layer.count == 0
    wall.map.look_at(120.2002, 31.1502, 0.1)
    qtbot.waitUntil(lambda: layer.count >= 2)
    wall.map.navigator.zoom(-12, 10, 10)
    qtbot.waitUntil(lambda: layer.count == 0)
