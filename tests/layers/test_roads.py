"""Roads: which of their names stand on the map."""

from __future__ import annotations

from typing import Any

import pytest
import shapely

from commandwall.areas import Road
from commandwall.geo import Plane
from commandwall.picture import Changes, Picture
from layers.roads import RoadsLayer
from layers.scene import Line, Names, Scene
from layers.style import Style

PLANE = Plane(120.0, 31.0)


def road(no: int, name: str, x: float, cls: str = "street", length: float = 100.0) -> Road:
    """A road of 20 m whose middle is so many metres east of the city's."""
    lon, lat = PLANE.inverse([x - 10.0, x + 10.0], [0.0, 0.0])
    geom = shapely.LineString(list(zip(lon, lat, strict=True))).wkb
    return Road(f"R{no}", cls, name, 0, 1, length, 30.0, geom)


@pytest.fixture
def drawn(qapp: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What the layer draws of some roads, without waiting."""

    def of(*roads: Road) -> list[Any]:
        scene, items, picture = Scene(Style("dark")), list[Any](), Picture()
        scene.plane = PLANE
        scene.later = lambda make, take: take(make())
        monkeypatch.setattr(scene, "draw", lambda layer, *some: items.extend(some))
        picture.roads.update({r.id: r for r in roads})
        RoadsLayer().refresh(picture, Changes(picture.now, {}, frozenset({Road})), scene)
        return items

    return of


def names(items: list[Any]) -> list[tuple[str, int]]:
    """Names with their metres east, in the order in which they find room."""
    (found,) = (item for item in items if isinstance(item, Names))
    return [(text, round(x)) for text, x in zip(found.texts, found.x.tolist(), strict=True)]


def test_one_name_stands_once_within_its_distance_and_again_beyond_it(drawn: Any) -> None:
    least = Style("dark").map["name"]["road_apart_m"]
    on = [road(i, "长江路", x) for i, x in enumerate((0, least / 2, least + 1, 2 * least + 2))]
    assert names(drawn(*on)) == [("长江路", round(x)) for x in (0, least + 1, 2 * least + 2)]


def test_names_of_others_and_of_none_take_no_room(drawn: Any) -> None:
    found = names(drawn(road(0, "长江路", 0), road(1, "", 5), road(2, "黄河路", 10)))
    assert found == [("长江路", 0), ("黄河路", 10)]


def test_the_greatest_road_gets_the_name_and_then_the_longest(drawn: Any) -> None:
    on = (road(0, "长江路", 0), road(1, "长江路", 20, length=900), road(2, "黄河路", 40),
          road(3, "黄河路", 60, "expressway"))  # fmt: skip
    assert names(drawn(*on)) == [("黄河路", 60), ("长江路", 20)]


def test_a_class_that_no_list_knows_is_drawn_as_a_street(drawn: Any) -> None:
    known, other = (drawn(road(0, "长江路", 0, cls)) for cls in ("street", "由外部导入"))
    assert [len(i.segments) for i in known if isinstance(i, Line)] == [
        len(i.segments) for i in other if isinstance(i, Line)
    ]
