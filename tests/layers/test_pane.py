"""What a window shows of a frame, and of a larger one that is still being cooked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtGui import QColor, QImage, QPainter

from layers.painter import Frame
from layers.pane import _shown
from layers.viewport import Viewport

RED, GREEN = 0xFFFF0000, 0xFF00FF00


def frame(view: Viewport, colour: int, *done: tuple[int, int]) -> Any:
    pixels = np.full((view.height, view.width), colour, np.uint32)
    return _shown(Frame(view, pixels, done=done))


@pytest.mark.parametrize("at_once", [4_000_000, 7 * 140, 1])
@pytest.mark.parametrize("aside", [0, 3, -4])
def test_finished_rows_of_the_next_frame_lie_over_this_one(
    make_map: Any, city: Any, aside: int, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whole pixels of one or of the other, none left out where the map was moved meanwhile, and
    however many rows are copied at once."""
    monkeypatch.setattr("layers.pane.AT_ONCE", at_once)
    pane = make_map(city).pane
    window = Viewport(0.0, 0.0, 10.0, 100, 60)
    around = Viewport(10.0 * aside, 0.0, 10.0, 140, 80)
    pane.frame = frame(around, RED, (0, 80))
    pane.growing = frame(around, GREEN, (20, 30), (50, 60))
    image = QImage(100, 60, QImage.Format.Format_RGB32)
    image.fill(QColor("black"))
    painter = QPainter(image)
    pane.paint(painter, window)
    painter.end()
    rows = np.frombuffer(image.constBits(), np.uint32).reshape(60, 100)
    assert [set(row) for row in rows.tolist()] == [
        {GREEN} if 10 <= y < 20 or 40 <= y < 50 else {RED} for y in range(60)
    ]


def test_another_thread_gets_its_turn_while_a_large_frame_is_copied(
    make_map: Any, city: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Qt keeps Python's lock while it copies: who read an alarm waited for all of it."""
    pane = make_map(city).pane
    view = Viewport(0.0, 0.0, 10.0, 400, 300)
    pane.frame = frame(view, RED, (0, 300))
    gone: list[int] = []

    class Counting(QPainter):
        def drawImage(self, *given: Any) -> None:
            gone.append(given[2].width() * given[2].height())
            super().drawImage(*given)

    monkeypatch.setattr("layers.pane.AT_ONCE", 20_000)
    image = QImage(400, 300, QImage.Format.Format_RGB32)
    painter = Counting(image)
    pane.paint(painter, view)
    painter.end()
    assert sum(gone) == 400 * 300 and max(gone) <= 20_000
