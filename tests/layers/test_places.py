"""Places and cameras: found near the houses, absent from the view of the whole city."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QPointF

from commandwall.areas import Camera, Place
from commandwall.clock import DAY, Ms, to_datetime
from commandwall.events import Event
from commandwall.incidents import Incident
from layers.events import EventsLayer
from layers.scene import Names

Make = Callable[..., Any]
LON, LAT = 120.27, 31.91


def found(view: Any) -> tuple[str, str]:
    hit = view.hit(QPointF(view.width() / 2, view.height() / 2))
    return (hit.kind, hit.id) if hit else ("", "")


def settle(view: Any, qtbot: Any) -> None:
    qtbot.waitUntil(lambda: view.board.idle)


def test_a_school_is_found_near_and_not_in_the_whole_city(make_map: Make, city: Any, qtbot) -> None:
    city.picture.places["p1"] = Place("p1", "school", "实验小学", "", LON, LAT)
    view = make_map(city)
    view.refresh(city.picture, city.changes(Place))
    view.board.turns.finish()
    assert found(view)[0] != "place"
    view.look_at(LON, LAT)
    settle(view, qtbot)
    assert found(view) == ("place", "p1")


def test_a_camera_shows_the_way_it_looks(make_map: Make, city: Any, qtbot) -> None:
    city.picture.cameras["c1"] = Camera("c1", "路口东", "", LON, LAT, 90.0, 60.0)
    view = make_map(city)
    view.refresh(city.picture, city.changes(Camera))
    view.board.turns.finish()
    view.look_at(LON, LAT, 1.0)
    settle(view, qtbot)
    assert found(view) == ("camera", "c1")
    image = view.grab().toImage()
    middle = view.width() // 2, view.height() // 2
    east = image.pixelColor(middle[0] + 14, middle[1])
    west = image.pixelColor(middle[0] - 14, middle[1])
    assert east.lightness() > west.lightness()


def test_an_event_that_waits_for_a_person_stands_out_at_any_scale(make_map, city, qtbot) -> None:
    key = next(iter(city.picture.events))
    view = make_map(city)
    before = view.grab().toImage()
    view.set_calls(frozenset({key}))
    settle(view, qtbot)
    assert view.grab().toImage() != before
    reds = sum(
        image.pixelColor(x, y).red() > 200 and image.pixelColor(x, y).green() < 120
        for image in (view.grab().toImage(),)
        for x in range(0, image.width(), 2)
        for y in range(0, image.height(), 2)
    )
    assert reds > 5


def test_a_clock_that_ran_out_reads_no_other_event_anew(make_map: Make, city: Any) -> None:
    key = next(iter(city.picture.events))
    view = make_map(city)
    layer = view.board.layer(EventsLayer)
    before = layer._points
    view.set_calls(frozenset({key}))
    assert layer._points is before
    names = [i for i in view.board.scene._items["events"][1] if isinstance(i, Names)]
    assert any(i.subs for i in names)


def test_an_event_of_another_day_says_its_day(make_map: Make, city: Any, qtbot: Any) -> None:
    """08:12 beside one that waits since March would be read as this morning."""
    key = next(iter(city.picture.events))
    view = make_map(city)
    view.set_calls(frozenset({key}))

    def told() -> str:
        view.refresh(city.picture, city.changes(Event))
        view.board.turns.finish()
        items = view.board.scene._items["events"][1]
        return " ".join(sub for item in items if isinstance(item, Names) for sub in item.subs)

    at = city.picture.events[key].event.reported_at
    city.picture.now = Ms(at + 60_000)
    assert f"{to_datetime(at):%H:%M} 上报" in told() and f"{to_datetime(at):%m-%d}" not in told()
    city.picture.now = Ms(at + 3 * DAY)
    assert f"{to_datetime(at):%m-%d %H:%M} 上报" in told()


def test_what_nobody_has_graded_shows_no_level(make_map: Make, city: Any, qtbot: Any) -> None:
    view = make_map(city)
    calm = hues(view)
    city.picture.incidents["i1"] = an_incident(None)
    view.refresh(city.picture, city.changes(Incident, Event))
    settle(view, qtbot)
    assert hues(view) == calm
    city.picture.incidents["i1"] = an_incident(1)
    view.refresh(city.picture, city.changes(Incident, Event))
    settle(view, qtbot)
    assert hues(view) > calm


def an_incident(grade: int | None) -> Incident:
    return Incident(
        "i1", "渗漏", "", grade, None, None, "", "", LON, LAT, 0.0, "", "OPEN", 0, None, "", "", ""
    )


def hues(view: Any) -> int:
    image = view.grab().toImage()
    spots = ((x, y) for x in range(0, image.width(), 2) for y in range(0, image.height(), 2))
    colours = (image.pixelColor(*spot) for spot in spots)
    return sum(c.saturation() > 150 and c.value() > 150 for c in colours)
