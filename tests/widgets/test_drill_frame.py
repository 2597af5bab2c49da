"""Every window of a drill's world says so, and what leaves it; no window of the real one does."""

from __future__ import annotations

from typing import Any

from world import City

from commandwall.exercise import MARK, Exercise
from commandwall.saved_views import Filter
from widgets.drill_frame import DrillFrame
from widgets.exporter import Asked

DRILL = Exercise("gas-1", "gas", 1, "0", "老城区燃气泄漏", "Gas leak")


def test_each_window_of_a_drill_is_marked_without_a_word_of_the_page_lost(
    world: City, make_wall: Any
) -> None:
    world.desk.exercise = DRILL
    wall = make_wall()
    wall.open_map()
    (window,) = wall.maps
    for one in (wall, window):
        assert one.windowTitle().startswith(MARK)
        (frame,) = one.findChildren(DrillFrame)
        one.grab()
        assert f"{MARK}老城区燃气泄漏" in frame.accessibleDescription()
    assert wall.page.geometry().top() > 0 and wall.page.geometry().bottom() < wall.height() - 1
    wall.set_language("en")
    assert wall.windowTitle().startswith(MARK)
    wall.open_page("events")
    queue = wall.page.panel("event_queue")
    head = queue._exporter._head(Asked(Filter(), "全部", (), None))
    assert head[0][0].startswith(MARK)


def test_the_real_wall_has_none_of_it(world: City, make_wall: Any) -> None:
    wall = make_wall()
    wall.open_map()
    for one in (wall, *wall.maps):
        assert not one.findChildren(DrillFrame) and MARK not in one.windowTitle()
    assert wall.page.geometry() == wall.rect()
