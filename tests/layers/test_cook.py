"""The cook draws only what is new, and nobody can tell."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtGui import QImage, QPainter, QRegion

from layers import kernels
from layers.bundles import Bundle, Bundles, width_of
from layers.frames import overscan, spare
from layers.painter import Frame, Overtaken, Painter
from layers.scene import Line, Names
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


@pytest.mark.parametrize("size", [(1, 200), (2, 200), (200, 1), (4, 4), (7, 300)])
def test_a_window_of_no_width_yet_is_drawn_too(
    make_map: Any, city: Any, size: tuple[int, int]
) -> None:
    """What it shows and no more was larger than its frame, and no map could be drawn."""
    view = make_map(city, 500, 360)
    plan, window = view.scene.plan(), view.navigator.view
    window = replace(window, width=size[0], height=size[1])
    painter = Painter(threads=1)
    assert painter.paint(plan, window, first=True).whole
    painter.close()


def test_a_large_picture_that_moves_writes_only_where_it_may(
    make_map: Any, city: Any, monkeypatch: Any
) -> None:
    """The kernels check no bounds: a strip at the side, higher than a run, wrote beyond its scratch
    and brought the wall down."""
    monkeypatch.setattr("layers.frames.AT_ONCE", 40_000)
    beyond: list[np.ndarray] = []

    def guarded(rows: int, width: int) -> Any:
        cover = np.full((1000, width + 2), 7, np.float32)
        flips = np.full((1000, width // 64 + 1), 7, np.uint64)
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


@pytest.mark.parametrize("mpp", [30.0, 9.0, 2.0])
@pytest.mark.parametrize(("dx", "dy"), [(0, 0), (31, -17), (400, 0)])
def test_what_a_window_shows_comes_alone_and_then_what_lies_around_it(
    make_map: Any, city: Any, mpp: float, dx: int, dy: int
) -> None:
    """Of a new scale the window is sharp in half the time; moved or not, its surroundings are
    then those of a picture that was made whole."""
    view = make_map(city, 500, 360)
    view.navigator.look_at(0.0, 0.0, mpp)
    plan, window = view.scene.plan(), view.navigator.view
    painter, fresh = Painter(threads=2), Painter(threads=1)
    alone = painter.paint(plan, window, first=True)
    assert alone.close and alone.fills(window)
    assert alone.pixels.size < 1.1 * window.width * window.height
    again = painter.paint(plan, window, first=True)
    assert again.close, "news of a moment later wait for nothing either"
    window = window.panned(dx, dy)
    around = painter.paint(plan, window)
    assert not around.close
    assert apart(around.pixels, fresh.paint(plan, window).pixels) < 1e-4
    painter.close()
    fresh.close()


def test_the_rows_of_the_window_come_before_those_around_it(make_map: Any, city: Any) -> None:
    view = make_map(city, 500, 360)
    plan, window = view.scene.plan(), view.navigator.view
    grown: list[Frame] = []
    painter = Painter(threads=1)
    painter.paint(plan, window, grown.append)
    assert grown[0].fills(window) and not grown[0].whole
    painter.close()


def test_who_goes_on_zooming_sees_pictures_on_the_way(
    make_map: Any, city: Any, qtbot: Any, monkeypatch: Any
) -> None:
    """Each picture was given up for the next, and none was seen until the hand was still."""
    monkeypatch.setattr("layers.frames.AT_ONCE", 80_000)
    view = make_map(city, 500, 360)
    seen, steps = set[float](), list[int]()
    view.pane.fresh.connect(lambda boxes: seen.add(view.pane.frame[0].view.mpp))

    def step() -> bool:
        steps.append(0)
        view.navigator.zoom(0.02, 250, 180)
        return len(seen) > 2

    qtbot.waitUntil(step)
    assert len(steps) < 300


def test_a_window_is_sharp_before_its_surroundings_are(
    make_map: Any, city: Any, qtbot: Any
) -> None:
    view = make_map(city, 500, 360)
    view.pane.sharp_ms.clear()
    seen: list[tuple[bool, int]] = []
    view.pane.fresh.connect(
        lambda boxes: seen.append((view.pane.frame[0].close, len(view.pane.sharp_ms)))
    )
    view.navigator.zoom(3, 250, 180)
    qtbot.waitUntil(lambda: view.board.idle)
    assert seen[0] == (True, 1)
    assert not view.pane.frame[0].close and len(view.pane.sharp_ms) == 1


def test_lines_that_are_tied_together_look_as_one_after_the_other(make_map: Any, city: Any) -> None:
    view = make_map(city, 500, 360)
    frame = view.navigator.view
    lines = [i for i in view.scene.plan().ground if isinstance(i, Line) and i.dash is None]
    tied, single = np.zeros((2, frame.height, frame.width), np.uint32)
    (bundle,) = Bundles().tied(lines)
    assert isinstance(bundle, Bundle)
    bundle.draw(tied, frame, 0, frame.height)
    for line in lines:
        colour, width = np.uint32(line.colour), width_of(line, frame)
        transform = frame.transform
        kernels.strokes(single, line.segments, transform, width, colour, 0, frame.height)
    assert tied.any() and np.array_equal(tied, single)


def test_a_new_road_is_tied_anew(make_map: Any, city: Any) -> None:
    lines = [i for i in make_map(city).scene.plan().ground if isinstance(i, Line)]
    bundles = Bundles()
    first, again = bundles.tied(lines[:2]), bundles.tied(lines[:2])
    assert first == again and bundles.tied(lines[1:3]) != first


def test_who_zooms_out_sees_the_city_from_afar_around_the_picture(
    make_map: Any, city: Any, qtbot: Any
) -> None:
    """There was bare ground all round, until the next picture was there."""
    view = make_map(city, 500, 360)
    qtbot.waitUntil(lambda: view.board.cook.far is not None)
    view.navigator.look_at(0.0, 0.0, 9.0)
    qtbot.waitUntil(lambda: view.board.idle)
    farther = view.navigator.view.zoomed(0.3, 250, 180)
    image = QImage(500, 360, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    view.pane.paint(painter, farther)
    painter.end()
    edge = {image.pixelColor(x, 6).rgb() for x in range(0, 500, 5)}
    assert len(edge) > 2


def test_only_the_exposed_strips_are_drawn(make_map: Any, city: Any, monkeypatch: Any) -> None:
    view = make_map(city, 500, 360)
    plan, window, drawn = view.scene.plan(), view.navigator.view, []
    painter = Painter(threads=1)
    painter.paint(plan, window)
    whole = Painter._cook_ground

    def counted(self: Painter, plan: Any, ground: Any, rows: Any) -> None:
        if self is painter:  # the map's own goes on meanwhile
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
    monkeypatch.setattr("layers.frames.AT_ONCE", 40_000)
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
    monkeypatch.setattr("layers.frames.AT_ONCE", 40_000)
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
