"""A tick never holds the window for the time of all its panels together."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QObject, QTimer
from world import an_alarm

from commandwall.alarms import Alarm


class Paints(QObject):
    """Counts how often a widget is drawn."""

    count = 0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.count += event.type() == QEvent.Type.Paint
        return False


def test_between_two_panels_the_window_lives(world: Any, make_wall: Any, qtbot: Any) -> None:
    wall = make_wall()
    brought: list[str] = []
    for panel in wall.page.shown():
        panel.bring = lambda *_, name=panel.id: brought.append(name)
    seen: list[int] = []
    timer = QTimer()
    timer.timeout.connect(lambda: seen.append(len(brought)))
    timer.start(1)
    wall.tick(world.apply({Alarm: [an_alarm()]}))
    qtbot.waitUntil(lambda: "heat" in brought and len(wall.turns) == 0)
    timer.stop()
    assert len(set(seen)) >= len(brought) // 2  # the timer was served again and again
    assert brought.index("exceptions") < brought.index("heat")  # an alarm before mere ages


def test_news_does_not_pile_up(world: Any, make_wall: Any) -> None:
    wall = make_wall()
    for n in range(20):
        wall.tick(world.apply({Alarm: [an_alarm(f"A{n}")]}))
    assert len(wall.turns) <= len(list(wall.page.shown()))
    wall.turns.finish()
    assert len(wall.turns) == 0


def test_what_lies_behind_the_map_is_not_drawn_with_it(make_wall: Any, qtbot: Any) -> None:
    wall = make_wall()
    qtbot.waitUntil(lambda: len(wall.map.paint_ms) > 0)
    qtbot.wait(50)
    behind, painted = Paints(), len(wall.map.paint_ms)
    wall.page.installEventFilter(behind)
    wall.map.update()
    qtbot.waitUntil(lambda: len(wall.map.paint_ms) > painted)
    assert behind.count == 0


def test_a_blinking_mark_draws_nothing_but_marks(world: Any, make_wall: Any, qtbot: Any) -> None:
    wall = make_wall()
    wall.tick(world.apply({Alarm: [an_alarm()]}))
    wall.turns.finish()
    panel = wall.page.panels["exceptions"]
    told = panel.accessibleDescription
    qtbot.waitUntil(lambda: "GAS" in told() or len(told()) > 10)
    qtbot.wait(50)
    before, described = panel.grab().toImage(), told()
    rows = Rows()
    panel.installEventFilter(rows)
    panel._blink.timeout.emit()
    qtbot.waitUntil(lambda: rows.widest > 0)
    assert rows.widest < panel.width() / 2
    assert told() == described
    after = panel.grab().toImage()
    beside = before.rect().adjusted(rows.widest, 0, 0, 0)
    assert before.copy(beside) == after.copy(beside)


class Rows(QObject):
    """How wide the widest part was that was drawn."""

    widest = 0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            self.widest = max(self.widest, event.rect().width())
        return False
