"""Work waits for the frame of a moving map, but never for long, however fast the map moves."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QElapsedTimer, QTimer

from layers.lull import STEP_MS, Lull


@pytest.fixture
def lull(qapp: Any) -> Lull:
    return Lull()


def waited(lull: Lull, qtbot: Any, pause: int = 0) -> int:
    clock = QElapsedTimer()
    clock.start()
    with qtbot.waitSignal(lull.came):
        lull.want(pause)
    return clock.elapsed()


def test_it_comes_after_the_pause_where_nothing_moves(lull: Lull, qtbot: Any) -> None:
    assert waited(lull, qtbot, 30) >= 29


def test_a_map_that_came_to_rest_holds_nothing_up(lull: Lull, qtbot: Any) -> None:
    lull.moved()
    assert waited(lull, qtbot) >= STEP_MS - 2
    qtbot.wait(2 * STEP_MS)
    assert not lull.moving


@pytest.mark.parametrize("every", [0, 16])
def test_it_comes_while_the_map_moves_without_a_pause(lull: Lull, qtbot: Any, every: int) -> None:
    """A mouse may tell of a move each millisecond."""
    steps, came = QTimer(), []
    steps.timeout.connect(lull.moved)
    lull.came.connect(lambda: (came.append(1), lull.want(0)))
    steps.start(every)
    lull.want(0)
    qtbot.waitUntil(lambda: len(came) >= 10)
    steps.stop()


def test_what_is_stopped_does_not_come(lull: Lull, qtbot: Any) -> None:
    lull.want(0)
    lull.stop()
    with qtbot.assertNotEmitted(lull.came, wait=30):
        pass
