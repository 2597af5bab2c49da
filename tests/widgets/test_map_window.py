"""The map in a window of its own: another view of the same board."""

from __future__ import annotations

import gc
import threading
import weakref
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage


@pytest.fixture
def pair(world: Any, make_wall: Any, qtbot: Any) -> tuple[Any, Any]:
    """A wall with layers, and its second map, both drawn."""
    wall = make_wall()
    wall.open_map()
    window = wall.maps[0]
    window.resize(700, 500)
    world.tick()

    def both() -> bool:
        views = (wall.map, window.view)
        return wall.map.board.idle and all(v.pane.frame is not None for v in views)

    qtbot.waitUntil(both)
    return wall, window


def test_both_windows_are_drawn_and_move_by_themselves(pair: Any, qtbot: Any) -> None:
    wall, window = pair
    assert window.view.board is wall.map.board
    before = wall.map.navigator.view
    window.view.navigator.zoom(4, 200, 200)
    qtbot.waitUntil(lambda: wall.map.board.idle)
    assert wall.map.navigator.view == before
    frame, _ = window.view.pane.frame
    assert frame.view.mpp == pytest.approx(window.view.navigator.view.mpp)
    assert wall.map.pane.frame[0].view.mpp == pytest.approx(before.mpp)


def test_a_tick_is_worked_out_once_and_reaches_both(pair: Any, world: Any, qtbot: Any) -> None:
    wall, window = pair
    shown = wall.map.pane.frame[0], window.view.pane.frame[0]
    wall.map.set_theme("day")
    qtbot.waitUntil(lambda: wall.map.board.idle)
    for view, before in zip((wall.map, window.view), shown, strict=True):
        assert view.pane.frame[0].pixels is not before.pixels
        image: QImage = view.pane.frame[1]
        assert image.pixelColor(3, 3) == wall.map.scene.style.colour("outside")


def test_what_is_chosen_in_one_is_chosen_in_the_other(pair: Any) -> None:
    wall, window = pair
    wall.map.select("area", "320281001")
    assert window.view.chosen == ("area", "320281001")
    window.view.select("area", "320281002")
    window.view.picked.emit("area", "320281002")
    assert wall.map.chosen == ("area", "320281002")


def test_the_window_closes_by_key_and_the_wall_goes_on(pair: Any, world: Any, qtbot: Any) -> None:
    wall, window = pair
    panes = list(wall.map.board.panes)
    window.activateWindow()
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: wall.maps == [])
    assert len(panes) == 2 and wall.map.board.panes == panes[:1]
    wall.map.navigator.zoom(2, 100, 100)
    qtbot.waitUntil(lambda: wall.map.board.idle)


def test_a_screen_that_is_not_there_gets_no_map(make_wall: Any, caplog: Any) -> None:
    wall = make_wall(map_screens="nowhere")
    wall.place()
    assert wall.maps == []
    assert "there is no screen nowhere" in caplog.text


def cooks() -> set[threading.Thread]:
    return {one for one in threading.enumerate() if one.name.startswith("map-cook")}


def test_a_window_that_closes_while_its_map_is_cooked_leaves_nothing(
    make_wall: Any, world: Any, qtbot: Any, caplog: pytest.LogCaptureFixture
) -> None:
    wall = make_wall()
    world.tick()
    qtbot.waitUntil(wall.is_drawn)
    before, panes = cooks(), []
    for pause in (0, 1, 3, 10, 30, 100, 200, 300):
        wall.open_map()
        window = wall.maps[-1]
        world.tick()
        qtbot.wait(pause)
        window.view.navigator.zoom(1, 100.0, 100.0)
        qtbot.wait(pause)
        panes.append(weakref.ref(window.view.pane))
        window.close()
        del window
        world.tick()
    qtbot.waitUntil(wall.is_drawn)
    qtbot.wait(200)
    gc.collect()
    assert [pane() for pane in panes] == [None] * len(panes)
    qtbot.waitUntil(lambda: cooks() <= before)  # those of an earlier window may end meanwhile
    assert "could not" not in caplog.text
