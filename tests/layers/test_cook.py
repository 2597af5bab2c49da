"""The cook draws only what is new, and nobody can tell."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtGui import QRegion

from layers.painter import Frame, Overtaken, Painter, overscan, spare
from layers.scene import Names
from layers.style import Style
from layers.viewport import Viewport


def apart(one: np.ndarray, other: np.ndarray) -> float:
    """Share of pixels that differ."""
    return float((one != other).mean())


@pytest.mark.parametrize("mpp", [30.0, 9.0, 2.0])
def test_a_moved_window_shows_what_a_new_one_would(make_map: Any, city: Any, mpp: float) -> None:
    view = make_map(city, 500, 360)
    view.set_registry(True)
    view.navigator.look_at(0.0, 0.0, mpp)
    plan, window = view.scene.plan(), view.navigator.view
    moving = Painter(threads=2)
    moving.paint(plan, window)
    for dx, dy in ((140, 20), (-260, 90), (30, -170), (0, 130), (-120, -110)):
        window = window.panned(dx, dy)
        ground = moving._ground
        seen = moving.paint(plan, window).pixels
        assert moving._ground is not ground  # it had to move
        fresh = Painter(threads=1)
        assert apart(seen, fresh.paint(plan, window).pixels) < 1e-4
        fresh.close()
    moving.close()


def test_a_large_picture_that_moves_writes_only_where_it_may(
    make_map: Any, city: Any, monkeypatch: Any
) -> None:
    """The kernels check no bounds: a strip at the side, higher than a run, wrote beyond its scratch
    and brought the wall down."""
    monkeypatch.setattr("layers.painter.AT_ONCE", 40_000)
    beyond: list[np.ndarray] = []

    def guarded(rows: int, width: int) -> Any:
        cover = np.full((1000, width + 2), 7, np.float32)
        flips = np.full((1000, width + 1), 7, np.uint8)
        cover[:rows], flips[:rows] = 0, 0
        beyond.extend((cover[rows:], flips[rows:]))
        return cover[:rows], flips[:rows]

    monkeypatch.setattr("layers.painter._scratch", guarded)
    view = make_map(city, 500, 360)
    plan, window = view.scene.plan(), view.navigator.view
    painter = Painter(threads=2)
    painter.paint(plan, window)
    for dx, dy in ((140, 0), (-260, 0), (30, -170)):
        window = window.panned(dx, dy)
        painter.paint(plan, window)
    assert beyond and all((rest == 7).all() for rest in beyond)
    painter.close()


def test_only_the_exposed_strips_are_drawn(make_map: Any, city: Any, monkeypatch: Any) -> None:
    view = make_map(city, 500, 360)
    plan, window, drawn = view.scene.plan(), view.navigator.view, []
    painter = Painter(threads=1)
    painter.paint(plan, window)
    whole = Painter._cook_ground

    def counted(self: Painter, plan: Any, ground: Any, rows: Any) -> None:
        drawn.append(ground.cover.size)
        whole(self, plan, ground, rows)

    monkeypatch.setattr(Painter, "_cook_ground", counted)
    frame = painter.paint(plan, window.panned(110, 0))
    assert 0 < sum(drawn) < frame.pixels.size / 4
    painter.close()


def test_more_areas_than_two_bytes_can_number_are_told_apart() -> None:
    from layers.geometry import Shapes
    from layers.painter import _numbers
    from layers.scene import Territory

    def plan(areas: int) -> Any:
        shapes = Shapes(np.empty((0, 2)), np.zeros(1, np.int64), np.zeros(areas + 1, np.int64))

        class Some:
            ground = (Territory(shapes, (areas, areas, areas)),)

        return Some

    assert np.iinfo(_numbers(plan(65_534))).max >= 65_534 + 1
    assert np.iinfo(_numbers(plan(65_535))).max >= 65_535 + 1


def test_a_large_picture_grows_from_its_middle_and_ends_as_one(make_map: Any, city: Any) -> None:
    view = make_map(city, 500, 360)
    plan, window = view.scene.plan(), view.navigator.view.resized(6400, 3600)
    grown: list[Frame] = []
    painter = Painter(threads=2)
    frame = painter.paint(plan, window, grown.append)
    assert len(grown) > 1 and frame.whole
    assert all(not part.whole for part in grown)
    first, middle = grown[0].done[0], len(frame.pixels) / 2
    assert first[0] <= middle <= first[1]
    finished = grown[0].pixels[first[0] : first[1]]
    assert apart(finished, frame.pixels[first[0] : first[1]]) == 0
    painter.close()


def test_a_picture_that_is_overtaken_leaves_the_shown_one_alone(make_map: Any, city: Any) -> None:
    view = make_map(city, 500, 360)
    plan, window = view.scene.plan(), view.navigator.view.resized(6400, 3600)
    painter = Painter(threads=2)
    shown = painter.paint(plan, window)
    before = shown.pixels.copy()

    def stop(frame: Frame) -> None:
        raise Overtaken

    for factor in (1.5, 2.0):
        with pytest.raises(Overtaken):
            painter.paint(plan, window.zoomed(factor, 100, 100), stop)
    after = painter.paint(plan, window.zoomed(3.0, 100, 100))
    assert after.pixels is not shown.pixels
    assert apart(before, shown.pixels) == 0
    painter.close()


def test_a_wall_of_many_screens_is_cooked_hardly_larger_than_it_is() -> None:
    style, small = Style(), Viewport(0, 0, 10, 1056, 672)
    assert overscan(style, small) == style.map["frame"]["overscan"]
    wall = small.resized(15360, 4320)
    assert 1 < overscan(style, wall) < 1.05
    assert wall.overscanned(overscan(style, wall)).covers(wall, spare(style, wall))


def test_while_a_large_picture_grows_the_old_one_stays_below(
    make_map: Any, city: Any, qtbot: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr("layers.painter.AT_ONCE", 40_000)
    view = make_map(city, 500, 360)
    seen: list[int] = []
    view.pane.fresh.connect(lambda: seen.append(0 if view.pane.growing is None else 1))
    view.navigator.zoom(3, 250, 180)
    qtbot.waitUntil(lambda: view.board.idle)
    assert 1 in seen and seen[-1] == 0
    assert view.pane.growing is None


def test_of_a_large_picture_each_row_is_painted_once_and_none_is_left_out(
    make_map: Any, city: Any, qtbot: Any, monkeypatch: Any, strokes: Any
) -> None:
    """Painting all of it for each run of rows kept the screen of the largest walls busy for a
    second, and alarms waited behind it."""
    monkeypatch.setattr("layers.painter.AT_ONCE", 40_000)
    view = make_map(city, 500, 360)
    view.set_reduced_motion(True)
    qtbot.waitUntil(lambda: view.board.idle)
    view.repaint()
    runs, painted = list[int](), strokes(view)
    view.pane.fresh.connect(lambda boxes: runs.append(len(boxes)))
    view.board.scene.changed = True
    view.pane.look(view.navigator.view, anew=True)
    qtbot.waitUntil(lambda: view.board.idle and area(painted) >= 500 * 360)
    assert sum(runs) > 3 and area(painted) < 1.2 * 500 * 360
    shown = view.screen().grabWindow(view.winId()).toImage()
    assert shown == view.grab().toImage().convertToFormat(shown.format())


def test_names_that_are_written_while_a_plan_is_cooked_wait_for_the_next(
    make_map: Any, city: Any
) -> None:
    """Their sprites may lie in memory that the plan does not know."""
    view = make_map(city)
    plan, window = view.scene.plan(), view.navigator.view
    names = next(i for i in plan.live if isinstance(i, Names) and len(i.x))
    book = view.scene.sprites
    names.sprites[:] = [book.drawn(f"{i}", 24, lambda *_: None) for i in range(5_000)][-1]
    painter = Painter(threads=1)
    assert painter.paint(plan, window).whole
    assert painter.paint(view.scene.plan(), window).whole
    painter.close()


def area(strokes: list[QRegion]) -> int:
    return sum(rect.width() * rect.height() for region in strokes for rect in region)
