"""A figure of swift response opens its rows, by key and by click; as many as it tells."""

from __future__ import annotations

from typing import Any

import pytest
from builders import NOW, an_event
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from world import told_by

from commandwall.clock import DAY, Ms
from widgets.sheet import Sheet

LANE = [
    an_event(id=f"r{i}", source_id=f"1101-{i}", title=f"停水 {i}", cls="water", area="t1",
             reported_at=Ms(NOW - (9 - i) * DAY), received_at=Ms(NOW - (9 - i) * DAY),
             state="CLOSED" if i == 0 else "SIGNED",
             closed_at=Ms(NOW - DAY) if i == 0 else None)
    for i in range(5)
]  # fmt: skip


@pytest.fixture
def queue(world: Any, make_wall: Any, qtbot: Any) -> Any:
    world.copied(*LANE)
    wall = make_wall()
    wall.open_page("events")
    world.tick()
    panel = wall.page.panels["event_queue"]
    panel.select_tab(4)
    qtbot.waitUntil(lambda: bool(panel._swift.figures))
    return panel


def told(panel: Any) -> str:
    return told_by(panel.window(), "event_queue")


def test_the_rows_of_a_figure_are_as_many_as_it_tells(queue: Any, qtbot: Any) -> None:
    next(c for c in queue.commands() if c.key == "Shift+H").run()
    sheet = next(s for s in queue.window().findChildren(Sheet) if s.isVisible())
    field = sheet._fields["which"][1]
    shown = [field.itemText(i) for i in range(field.count())]
    assert "办结　未达到 2" in shown and "办结　计入 3" in shown and "办结　未计 2" in shown
    field.setCurrentIndex(shown.index("办结　未达到 2"))
    sheet.accept()
    qtbot.waitUntil(lambda: queue.keys == ["r2", "r1"])
    assert "只看 办结 未达到 2 件，截至" in told(queue) and "停水 1" in told(queue)
    next(c for c in queue.commands() if c.key == "Ctrl+0").run()
    assert "未达到 2 件" not in told(queue) and len(queue.keys) != 2
    assert queue.filter.share != "rows"


def test_a_click_opens_what_is_counted_or_on_the_last_line_what_is_left_out(
    queue: Any, qtbot: Any
) -> None:
    def press(line: float) -> None:
        queue.grab()
        x = queue.width() * 0.3  # the second of four: 办结
        at = QPointF(x, (queue._swift.top + line) * queue.look.unit).toPoint()
        QTest.mouseClick(queue, Qt.MouseButton.LeftButton, pos=at)

    press(40)
    qtbot.waitUntil(lambda: queue.keys == ["r2", "r1", "r0"])
    assert "办结 计入 3 件" in told(queue), "first those that it misses"
    queue.select_tab(4)
    press(80)
    qtbot.waitUntil(lambda: queue.keys == ["r4", "r3"])
    assert "办结 未计 2 件" in told(queue)
