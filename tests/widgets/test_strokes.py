"""Of a panel only what differs is painted; what then stands on the screen is the whole of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QImage
from world import NOW, an_alarm, an_indicator

from commandwall.alarms import ACKED, Alarm
from commandwall.clock import SECOND
from commandwall.indicators import Indicator

SEEN = 16


class Painted(QObject):
    """The largest share of a panel that was painted in one go."""

    share = 0.0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            size = watched.size()  # type: ignore[attr-defined]
            area = sum(rect.width() * rect.height() for rect in event.region())
            self.share = max(self.share, area / (size.width() * size.height()))
        return False


def on_screen(wall: Any, panel: Any) -> QImage:
    at = panel.mapTo(wall, panel.rect().topLeft())
    whole = wall.screen().grabWindow(wall.winId()).toImage()
    return whole.copy(at.x(), at.y(), panel.width(), panel.height())


def levels(image: QImage) -> NDArray[np.int16]:
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    return np.frombuffer(image.constBits(), np.uint8).astype(np.int16)


def apart(one: QImage, other: QImage) -> int:
    """The largest difference of a pixel, of 255: a little where the edge of a letter was cut."""
    return int(np.abs(levels(one) - levels(other)).max())


def news(step: int) -> dict[type, list[Any]]:
    """What comes with each second."""
    alarm = an_alarm(raised_at=NOW - 90 * SECOND)
    late = [an_indicator(f"I{n}") for n in range(9)]
    return [
        {Alarm: [alarm], Indicator: late},
        {},
        {Alarm: [an_alarm("A2", severity=3)]},
        {},
        {Alarm: [replace(alarm, state=ACKED)]},
        {},
    ][step]


@pytest.mark.parametrize("width, height", [(1920, 1080), (3840, 2160)])
def test_after_each_second_the_screen_shows_what_a_whole_painting_shows(
    world: Any, make_wall: Any, qtbot: Any, width: int, height: int
) -> None:
    wall = make_wall(width, height)
    wall.context.blinker.reduced = True  # a ring may go out between two looks
    for step in range(6):
        world.clock.at = NOW + step * SECOND
        world.tick(news(step))
        qtbot.wait(30)
        panels = [p for p in wall.page.shown() if p.piecewise and not p.size().isEmpty()]
        before = {panel.id: on_screen(wall, panel) for panel in panels}
        wall.repaint()
        for panel in panels:
            panel.repaint()
            assert apart(before[panel.id], on_screen(wall, panel)) < SEEN, (panel.id, step)


def test_a_second_paints_little_of_a_panel(world: Any, make_wall: Any, qtbot: Any) -> None:
    wall = make_wall()
    world.tick(news(0))
    qtbot.wait(50)
    wall.repaint()
    seen = {}
    for panel in wall.page.shown():
        if panel.piecewise:
            seen[panel.id] = Painted()
            panel.installEventFilter(seen[panel.id])
    world.clock.at += SECOND
    world.tick()
    qtbot.wait(50)
    assert "exceptions" in seen
    assert {name: painted.share for name, painted in seen.items() if painted.share > 0.3} == {}
    assert seen["exceptions"].share > 0  # the time an alarm waits goes on


def test_people_who_listen_hear_what_changed(world: Any, make_wall: Any, qtbot: Any) -> None:
    """Though nothing but a part of it is painted."""
    wall = make_wall()
    world.tick(news(0))
    qtbot.wait(50)
    panel = wall.page.panels["exceptions"]
    before = panel.accessibleDescription()
    world.clock.at += SECOND
    world.tick()
    assert panel.accessibleDescription() not in ("", before)
