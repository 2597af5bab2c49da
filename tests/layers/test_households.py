"""Households on a close look: each has a square inside its building, with its colour and words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import shapely

from commandwall.areas import Household
from layers.households import HouseholdsLayer, spots
from layers.scene import Fill, Names

Make = Callable[..., Any]


def a_home(no: int, building: str = "B0", **more: Any) -> Household:
    facts = {"door": f"{no}01", "people": 3, "colour": "green", "tags": "", **more}
    return Household(id=f"h{no}", building=building, area="", **facts)


@pytest.fixture
def close(make_map: Make, city: Any, qtbot: Any) -> Any:
    building = city.picture.buildings["B0"]
    middle = shapely.from_wkb(building.geom).centroid
    view = make_map(city)
    view.look_at(middle.x, middle.y, 0.1)
    qtbot.waitUntil(lambda: view.board.idle)
    return view


def drawn(view: Any) -> tuple[Fill, Names]:
    """What the layer draws."""
    for layer in view.board.layers:
        view.set_visible(layer.id, isinstance(layer, HouseholdsLayer))
    _, fill, names = view.scene.items()
    return fill, names


@pytest.mark.parametrize("count", [1, 2, 7, 60])
def test_every_home_finds_room_inside_a_bent_house(count: int) -> None:
    house = shapely.Polygon([(0, 0), (60, 0), (60, 12), (12, 12), (12, 40), (0, 40)])
    places, step = spots(house, count)
    assert len(places) == count
    half = step * 0.62 / 2
    assert all(house.contains(shapely.box(x - half, y - half, x + half, y + half))
               for x, y in places)  # fmt: skip
    assert len(np.unique(places, axis=0)) == count


def test_a_house_without_room_takes_whom_it_can() -> None:
    places, _ = spots(shapely.box(0, 0, 0.01, 50), 9)
    assert len(places) <= 9


def test_only_buildings_in_view_are_asked_for_and_only_close_by(close: Any) -> None:
    assert "B0" in close.homes_wanted
    assert len(close.homes_wanted) < len(close.board.picture.buildings)
    close.navigator.zoom(-20, 10, 10)
    assert close.homes_wanted == ()


def test_each_household_is_a_square_in_its_colour(close: Any, qtbot: Any) -> None:
    homes = [a_home(2), a_home(1, colour="red", tags="elder_alone,oxygen"), a_home(3)]
    close.set_registry(True)
    close.set_homes({"B0": homes, "gone": [a_home(9, "gone")]})
    qtbot.waitUntil(lambda: close.board.idle)
    fill, names = drawn(close)
    assert list(names.texts) == ["101 红 独居老人 居家用氧", "201", "301"]
    assert len(set(fill.colours[1:].tolist())) == 1
    assert fill.colours[0] != fill.colours[1]
    close.set_registry(False)
    qtbot.waitUntil(lambda: close.board.idle)
    assert len(set(drawn(close)[0].colours.tolist())) == 1
