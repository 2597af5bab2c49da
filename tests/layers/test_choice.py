"""Choosing on the map: one building or several, a place for a directive, up by mouse."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import shapely
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage

from commandwall.areas import Building, BuildingColour
from commandwall.clock import Ms
from commandwall.directives import ISSUED, VERIFIED, Directive
from commandwall.incidents import OPEN, CommandPost, Incident
from commandwall.picture import Changes
from commandwall.posts import FRONT

Make = Callable[..., Any]
LEFT, SHIFT = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def street(make_map: Make, city: Any, qtbot: Any) -> Any:
    """A map near one building, with nothing over it."""
    building = city.picture.buildings["B0"]
    view = make_map(city)
    for layer in ("sensors", "events", "resources"):
        view.set_visible(layer, False)
    view.look_at(*middle(building), 0.5)
    settle(view, qtbot)
    return view


def pixels(view: Any) -> np.ndarray:
    """(height, width, 3) of what the widget shows."""
    image = view.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1, 4)
    return rows[:, : image.width(), 2::-1].astype(np.int64)


def settle(view: Any, qtbot: Any) -> None:
    qtbot.waitUntil(lambda: view.board.idle)


def spot(view: Any, lon: float, lat: float) -> QPoint:
    x, y = view.scene.project([lon], [lat])
    px, py = view.navigator.view.pixel(float(x[0]), float(y[0]))
    return QPoint(round(px), round(py))


def middle(building: Building) -> tuple[float, float]:
    point = shapely.from_wkb(building.geom).centroid
    return point.x, point.y


def near(city: Any, view: Any, n: int) -> list[tuple[str, QPoint]]:
    """The buildings in the window that no other overlaps, with a place inside each."""
    found = []
    for key, building in city.picture.buildings.items():
        at = spot(view, *middle(building))
        hit = view.hit(QPointF(at)) if view.rect().contains(at) else None
        if hit is not None and (hit.kind, hit.id) == ("building", key):
            found.append((key, at))
    return found[:n]


def test_a_click_at_street_level_chooses_the_building(street: Any, city: Any, qtbot: Any) -> None:
    before = pixels(street)
    with qtbot.waitSignal(street.picked) as picked:
        qtbot.mouseClick(street, LEFT, pos=spot(street, *middle(city.picture.buildings["B0"])))
    assert picked.args == ["building", "B0"]
    assert street.chosen_buildings == ("B0",)
    white = (pixels(street) > 200).all(axis=2) & ~(before > 200).all(axis=2)
    assert white.sum() > 100  # its outline is drawn


def test_a_building_is_not_picked_where_only_its_quarter_is_shown(
    make_map: Make, city: Any, qtbot: Any
) -> None:
    building = city.picture.buildings["B0"]
    view = make_map(city)
    view.set_visible("sensors", False)
    view.set_visible("events", False)
    view.look_at(*middle(building), 12.0)
    settle(view, qtbot)
    assert view.hit(QPointF(spot(view, *middle(building)))).kind == "area"


def test_hidden_buildings_are_not_picked(street: Any, city: Any) -> None:
    at = QPointF(spot(street, *middle(city.picture.buildings["B0"])))
    assert street.hit(at).kind == "building"
    street.set_visible("buildings", False)
    assert street.hit(at).kind == "area"


def test_shift_chooses_more_buildings_and_takes_one_back(
    make_map: Make, city: Any, qtbot: Any
) -> None:
    view = make_map(city, 1200, 900)
    for layer in ("sensors", "events"):
        view.set_visible(layer, False)
    view.look_at(*middle(city.picture.buildings["B0"]), 2.0)
    settle(view, qtbot)
    (first, a), (second, b) = near(city, view, 2)
    qtbot.mouseClick(view, LEFT, pos=a)
    with qtbot.waitSignal(view.picked) as picked:
        qtbot.mouseClick(view, LEFT, SHIFT, pos=b)
    assert picked.args == ["building", second]
    assert view.chosen_buildings == (first, second)
    qtbot.mouseClick(view, LEFT, SHIFT, pos=b)
    assert view.chosen_buildings == (first,)
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    assert view.chosen_buildings == () and view.chosen == ("", "")


def test_a_new_colour_is_seen_and_the_shapes_are_not_built_again(
    street: Any, city: Any, qtbot: Any
) -> None:
    street.set_registry(True)
    settle(street, qtbot)
    layer = next(la for la in street.board.layers if la.id == "buildings")
    shapes, at = layer.blocks, spot(street, *middle(city.picture.buildings["B0"]))
    green = pixels(street)[at.y(), at.x()]
    given = BuildingColour("B0", "red", "green", "危房", Ms(1), "", "")
    changes = Changes(city.picture.now, {BuildingColour: {"B0": given}})
    city.picture.apply(changes)
    street.refresh(city.picture, changes)
    settle(street, qtbot)
    red = pixels(street)[at.y(), at.x()]
    assert green[1] > green[0] and red[0] > 100 > red[1]
    assert layer.blocks is shapes


def test_a_building_that_comes_is_found(street: Any, city: Any, qtbot: Any) -> None:
    at = QPoint(20, 20)
    lon, lat = street.degrees_at(QPointF(at))
    old = city.picture.buildings["B0"]
    x, y = middle(old)
    moved = shapely.transform(
        shapely.from_wkb(old.geom), lambda xy: xy + np.array((lon - x, lat - y))
    )
    fresh = dataclasses.replace(old, id="new", geom=bytes(shapely.to_wkb(moved)))
    changes = Changes(city.picture.now, {Building: {"new": fresh}})
    city.picture.apply(changes)
    street.refresh(city.picture, changes)
    settle(street, qtbot)
    assert street.hit(QPointF(at)).id == "new"


def test_a_click_that_was_asked_for_tells_its_place_and_chooses_nothing(
    make_map: Make, city: Any, qtbot: Any
) -> None:
    city.three_alarms()
    view = make_map(city)
    alarm, told = city.picture.alarms["A1"], []
    view.picked.connect(lambda *what: told.append(what))
    taken: list[tuple[float, float]] = []
    view.aim(lambda *place: taken.append(place))
    assert view.cursor().shape() == Qt.CursorShape.CrossCursor
    qtbot.mouseClick(view, LEFT, pos=spot(view, alarm.lon, alarm.lat))
    assert taken == [pytest.approx((alarm.lon, alarm.lat), abs=0.001)]
    assert told == [] and view.chosen == ("", "") and not view.aiming
    view.aim(lambda *place: taken.append(place), once=False)
    for _ in range(2):
        qtbot.mouseClick(view, LEFT, pos=spot(view, alarm.lon, alarm.lat))
    assert len(taken) == 3 and view.aiming
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    assert not view.aiming


def test_the_back_button_of_the_mouse_goes_up_one_level(
    make_map: Make, city: Any, qtbot: Any
) -> None:
    view = make_map(city)
    view.enter("320281003001")
    assert view.path == ["320281", "320281003", "320281003001"]
    qtbot.mouseClick(view, Qt.MouseButton.BackButton, pos=QPoint(100, 100))
    assert view.path == ["320281", "320281003"]


def a_directive(city: Any, **more: Any) -> Directive:
    area = city.picture.areas["320281003"]
    facts = {
        "id": "d1", "no": 7, "incident": "i1", "from_post": "chief", "to_post": "front", "cc": "",
        "verb": "cordon", "text": "封控路口", "place": "石塘镇", "lon": area.lon, "lat": area.lat,
        "due_at": None, "priority": 3, "needs": "ack", "parent": "", "supersedes": "",
        "state": ISSUED, "need": "", "evidence": "", "changed_at": city.picture.now,
        "issued_at": city.picture.now,
    }  # fmt: skip
    return Directive(**{**facts, **more})


def an_incident(city: Any) -> Incident:
    area = city.picture.areas["320281001"]
    return Incident(
        "i1", "泄漏", "accident", 2, None, None, area.id, "港区", area.lon, area.lat, 0.0, "", OPEN,
        city.picture.now, None, "", "", "",
    )  # fmt: skip


def test_a_directive_with_a_place_stands_on_the_map_and_can_be_picked(
    make_map: Make, city: Any, qtbot: Any
) -> None:
    city.picture.incidents["i1"] = an_incident(city)
    order = city.picture.directives["d1"] = a_directive(city)
    view = make_map(city)
    texts = [t for item in view.scene.items() for t in getattr(item, "texts", ())]
    assert "封控 封控路口" in texts
    with qtbot.waitSignal(view.picked) as picked:
        qtbot.mouseClick(view, LEFT, pos=spot(view, order.lon, order.lat))
    assert picked.args == ["directive", "d1"]
    assert view.spot() is not None
    for state in ({"lon": None, "lat": None}, {"state": VERIFIED}):
        city.picture.directives["d1"] = a_directive(city, **state)
        view.refresh(city.picture, city.changes(Directive))
        settle(view, qtbot)
        view.select("directive", "d1")
        assert view.spot() is None


def test_an_incident_is_picked_where_its_post_stands_too(
    make_map: Make, city: Any, qtbot: Any
) -> None:
    incident = city.picture.incidents["i1"] = an_incident(city)
    city.picture.command_posts["p1"] = CommandPost(
        "p1", "i1", FRONT, "", "港区", incident.lon, incident.lat, "", 0, city.picture.now
    )
    view = make_map(city)
    with qtbot.waitSignal(view.picked) as picked:
        qtbot.mouseClick(view, LEFT, pos=spot(view, incident.lon, incident.lat))
    assert picked.args == ["incident", "i1"]


def test_the_layer_tree_counts_what_a_figure_colours(make_map: Make, city: Any, qtbot: Any) -> None:
    view = make_map(city)
    tint = {info.id: info for info in view.layers()}["tint"]
    assert (tint.count, tint.at) == (0, None)
    view.set_figure("open_events")
    settle(view, qtbot)
    tint = {info.id: info for info in view.layers()}["tint"]
    assert tint.count == len([a for a in city.picture.areas.values() if a.level <= 3])
    assert city.picture.now - tint.at == 42_000
    assert np.isfinite(list(view.figures().values())).all()
