"""What the screen draws over the cooked picture: an alarm waits for no picture of the city."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage

from commandwall.alarms import ACKED, UNACK, Alarm
from commandwall.picture import Changes
from layers.map import BOXES
from layers.painter import Painter


@pytest.fixture
def free_cook(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """While it is cleared, no picture is finished."""
    free, paint = threading.Event(), Painter.paint
    free.set()

    def late(self: Painter, *args: Any) -> Any:
        free.wait(30)
        return paint(self, *args)

    monkeypatch.setattr(Painter, "paint", late)
    yield free
    free.set()


def colours(view: Any, lon: float, lat: float) -> list[int]:
    """Pixels of the screen at a place, within the ring of a mark."""
    x, y = view.scene.project([lon], [lat])
    px, py = view.navigator.view.pixel(float(x[0]), float(y[0]))
    return pixels(view, QRectF(round(px) - 8, round(py) - 8, 16, 16))


def test_a_new_alarm_is_on_the_screen_before_the_next_picture(
    make_map: Any, city: Any, qtbot: Any, free_cook: threading.Event
) -> None:
    view = make_map(city)
    qtbot.waitUntil(lambda: view.board.idle)
    red, frame = view.scene.style.colour("s1").rgb(), view.pane.frame
    free_cook.clear()
    alarm = city.alarm("NEW", 1, 1, 1, state=UNACK)
    assert colours(view, alarm.lon, alarm.lat).count(red) == 0
    view.refresh(city.picture, Changes(city.picture.now, {Alarm: {"NEW": alarm}}))
    qtbot.waitUntil(lambda: colours(view, alarm.lon, alarm.lat).count(red) > 60)
    assert view.pane.frame is frame  # the picture is still the one of before
    free_cook.set()
    qtbot.waitUntil(lambda: "NEW" in view.pane.held)
    assert view.pane.frame is not frame
    assert colours(view, alarm.lon, alarm.lat).count(red) > 60


def test_only_marks_that_call_for_a_person_hurry(make_map: Any, city: Any, qtbot: Any) -> None:
    city.alarm("OLD", 1, 2, 2, state=ACKED)
    calls = city.alarm("CALLS", 2, -2, 2, state=UNACK)
    view = make_map(city)
    qtbot.waitUntil(lambda: view.board.idle)
    unseen = {a.id for a in city.picture.alarms.values() if a.state == UNACK} - view.pane.held
    assert calls.id in view.pane.held and "OLD" not in view.pane.held and not unseen


def test_hundreds_of_new_alarms_are_painted_in_few_strokes_and_all_of_them(
    make_map: Any, city: Any, qtbot: Any, free_cook: threading.Event, strokes: Any
) -> None:
    """A stroke for each of them, cut out of all others, held the screen for a second."""
    view = make_map(city)
    qtbot.waitUntil(lambda: view.board.idle)
    free_cook.clear()
    new = [
        city.alarm(f"N{i}", 1, 2 * (i % 20) - 20, 2 * (i // 20) - 10, state=UNACK)
        for i in range(200)
    ]
    painted = strokes(view)
    view.refresh(city.picture, Changes(city.picture.now, {Alarm: {a.id: a for a in new}}))
    boxes = view._overlay.fresh_boxes(view.navigator.view, view.pane.held)
    red = view.scene.style.colour("s1").rgb()
    assert len(boxes) > 40
    qtbot.waitUntil(lambda: all(red in pixels(view, box) for box in boxes))
    assert 0 < max(region.rectCount() for region in painted) <= BOXES


def pixels(view: Any, box: QRectF) -> list[int]:
    """What the screen shows of a box of the map, as far as that is in the window."""
    box = box.toRect() & view.rect()
    grabbed = view.screen().grabWindow(view.winId(), box.x(), box.y(), box.width(), box.height())
    image = grabbed.toImage().convertToFormat(QImage.Format.Format_RGB32)
    return np.frombuffer(image.constBits(), np.uint32).tolist()
