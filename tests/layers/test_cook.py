"""The cook draws only what is new, and nobody can tell."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from layers.cook import Painter


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


def test_only_the_exposed_strips_are_drawn(make_map: Any, city: Any, monkeypatch: Any) -> None:
    view = make_map(city, 500, 360)
    plan, window, drawn = view.scene.plan(), view.navigator.view, []
    painter = Painter(threads=1)
    painter.paint(plan, window)
    whole = Painter._cook_ground

    def counted(self: Painter, plan: Any, ground: Any) -> None:
        drawn.append(ground.cover.size)
        whole(self, plan, ground)

    monkeypatch.setattr(Painter, "_cook_ground", counted)
    frame = painter.paint(plan, window.panned(110, 0))
    assert 0 < sum(drawn) < frame.pixels.size / 4
    painter.close()


def test_more_areas_than_two_bytes_can_number_are_told_apart() -> None:
    from layers.cook import _numbers
    from layers.geometry import Shapes
    from layers.scene import Territory

    def plan(areas: int) -> Any:
        shapes = Shapes(np.empty((0, 2)), np.zeros(1, np.int64), np.zeros(areas + 1, np.int64))

        class Some:
            ground = (Territory(shapes, (areas, areas, areas)),)

        return Some

    assert np.iinfo(_numbers(plan(65_534))).max >= 65_534 + 1
    assert np.iinfo(_numbers(plan(65_535))).max >= 65_535 + 1
