"""The page of what comes back at one place: its topics, their rows, and an event beside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from builders import NOW, an_event
from world import told_by

from commandwall.clock import DAY, Ms
from commandwall.store.mirror import Mirror, use

SAID = ("附近搅拌站噪音大", "旁的搅拌站噪音扰民", "搅拌站夜里噪音不停", "又被搅拌站噪音吵醒")


def fill(folder: Path) -> None:
    mirror = Mirror(folder / "m1.db")
    use(folder, "m1.db")
    rows = [
        an_event(id=f"n{i}", title=f"石桥新城{said}", body=said, address="", area="t1",
                 reported_at=Ms(NOW - i * DAY))
        for i, said in enumerate(SAID)
    ]  # fmt: skip
    rows += [an_event(id=f"x{i}", title="停水", body=f"{i} 栋停水") for i in range(9)]
    mirror.take({"event": [tuple(getattr(e, n) for n in e.__slots__) for e in rows]}, {})
    mirror.close()


def test_a_topic_is_told_opens_its_rows_and_each_row_opens_beside(
    world: Any, make_wall: Any, qtbot: Any
) -> None:
    fill(world.settings.data_dir)
    wall = make_wall(1920, 1080)
    wall.open_page("topics")
    world.tick()
    panel = wall.page.panels["topics"]
    qtbot.waitUntil(lambda: bool(panel.keys))
    told = told_by(wall, "topics")
    assert "石桥新城" in told and "4" in told and "近 90 天　1 题" in told
    panel._step(1)
    assert [*panel.keys[1:]] == ["n0", "n1", "n2", "n3"]
    assert "石桥新城又被搅拌站噪音吵醒" in told_by(wall, "topics")
    panel._step(1)
    card = wall.page.panels["event_card"]
    qtbot.waitUntil(lambda: card.view is not None)
    assert card.view.event.id == "n0"


def test_a_pool_without_any_says_so(world: Any, make_wall: Any, qtbot: Any) -> None:
    wall = make_wall(1920, 1080)
    wall.open_page("topics")
    world.tick()
    panel = wall.page.panels["topics"]
    qtbot.waitUntil(lambda: panel.at is not None)
    assert "没有反复出现的问题" in told_by(wall, "topics")
