"""A wall that is started again opens where the last one stood, and windows find their screens."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtWidgets import QApplication, QWidget

from widgets.standing import KEY, Screens, Standing


def stood(world: Any) -> str:
    return str(world.store.read(lambda reader: reader.setting(KEY)))


def test_it_opens_on_the_page_and_the_piece_of_map_of_before(
    world: Any, make_wall: Any, qtbot: Any
) -> None:
    first = make_wall()
    world.tick()
    other = first.file.pages[1].id
    first.open_page(other)
    first.map.look_at(120.21, 31.16, 4.0)
    Standing(first, first).keep()
    qtbot.waitUntil(lambda: other in stood(world))
    again = make_wall()
    world.tick()
    Standing(again, again).begin(resume=True)
    qtbot.waitUntil(lambda: again.context.page == other)
    qtbot.waitUntil(lambda: again.map.navigator.view.mpp == 4.0)
    here, there = again.map.navigator.view, first.map.navigator.view
    assert (here.cx, here.cy) == pytest.approx((there.cx, there.cy), abs=0.01)


@pytest.mark.parametrize("told", ["", '{"page": "gone", "lon": 1, "lat": 2, "mpp": 3}'])
def test_a_start_with_nothing_to_resume_is_a_start(
    world: Any, make_wall: Any, qtbot: Any, told: str
) -> None:
    world.desk.keep(KEY, told).result(60)
    wall = make_wall()
    first = wall.context.page
    world.tick()
    Standing(wall, wall).begin(resume=True)
    qtbot.wait(100)
    assert wall.context.page == first


def test_without_being_asked_it_opens_as_the_city_set_it(
    world: Any, make_wall: Any, qtbot: Any
) -> None:
    wall = make_wall()
    world.tick()
    world.desk.keep(KEY, f'{{"page": "{wall.file.pages[1].id}"}}').result(60)
    Standing(wall, wall).begin(resume=False)
    qtbot.wait(100)
    assert wall.context.page == wall.file.pages[0].id


def test_a_screen_that_is_back_gets_its_window_back(qapp: QApplication, qtbot: Any) -> None:
    """What this platform can show of it: the window stands small in a corner, as systems leave
    one whose screen was unplugged, and the system tells of a screen."""
    window = QWidget()
    qtbot.addWidget(window)
    screen = qapp.primaryScreen()
    owner = Screens(lambda: [(screen.name(), window), ("not here", window)], window)
    window.setGeometry(0, 0, 200, 100)
    window.show()
    qapp.screenAdded.emit(screen)
    qtbot.waitUntil(lambda: window.geometry() == screen.geometry())
    assert window.isFullScreen() and owner.parent() is window
