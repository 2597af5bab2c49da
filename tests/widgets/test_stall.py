"""A window that really stood still says so, calmly, and for some minutes only."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from builders import NOW
from PySide6.QtCore import Qt
from world import notice

from commandwall.clock import MINUTE, Ms
from commandwall.watchdog import Stall, stalls
from widgets import age
from widgets.startup import Watch

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def wall(make_wall: Any, world: Any) -> Any:
    made = make_wall()
    world.tick()
    return made


def longest(wall: Any) -> Stall:
    none = Stall(NOW, 0.0, Path("none yet"))
    return max(stalls(wall.settings.data_dir / "log"), key=lambda s: s.lasted_s, default=none)


def test_a_window_that_stood_still_says_since_when_how_long_and_where_the_report_is(
    wall: Any, qtbot: Any, world: Any
) -> None:
    with ExitStack() as parts:
        parts.callback(Watch(wall, 1.0).stop)
        qtbot.wait(600)
        assert notice(wall) == ""
        time.sleep(2.2)  # the screen's thread stands
        # A busy machine may hold it for a while of its own before.
        qtbot.waitUntil(lambda: str(longest(wall).report) in notice(wall))
    stall = longest(wall)
    assert "test_stall.py" in stall.report.read_text()
    # The report has tenths of what the notice rounds; a busy machine lets it stand for longer.
    spans = {round(stall.lasted_s + about) for about in (-0.06, 0.06)}
    assert stall.lasted_s > 2 and any(f" {n} " in notice(wall) for n in spans)
    for told in (age.clock(stall.since), str(stall.report)):
        assert told in notice(wall)
    wall.set_language("en")
    assert any(f"stood still for {n} s" in notice(wall) for n in spans)
    assert str(stall.report) in notice(wall)
    for page in wall.file.pages:
        wall.open_page(page.id)
        assert "stood still" in notice(wall)


def test_a_window_to_which_nobody_brings_anything_more_stands_still_too(
    wall: Any, qtbot: Any
) -> None:
    """It paints and answers keys, and all that it shows stays as it was."""
    alive = [True]
    with ExitStack() as parts:
        parts.callback(Watch(wall, 1.0, lambda: alive[0]).stop)
        qtbot.wait(600)
        known = len(stalls(wall.settings.data_dir / "log"))  # a busy machine has some of its own
        alive[0] = False
        qtbot.waitUntil(lambda: len(stalls(wall.settings.data_dir / "log")) > known)


def test_it_goes_when_a_person_knows_of_it(wall: Any, qtbot: Any, tmp_path: Any) -> None:
    before = wall.map.geometry()
    for known in (wall.know, lambda: qtbot.mouseClick(wall.page.panels["notice"], LEFT)):
        wall.tell_stall(Stall(NOW, 14.2, tmp_path / "stall.txt"))
        assert "14" in notice(wall) and wall.map.geometry() != before
        known()
        assert notice(wall) == "" and wall.map.geometry() == before


def test_it_goes_by_itself_after_some_minutes(
    wall: Any, world: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = wall.context.seconds()
    wall.tell_stall(Stall(Ms(NOW), None, tmp_path / "stall.txt"))
    assert "未恢复即被结束" in notice(wall)
    for minutes, stands in ((9, True), (11, False)):
        later = began + minutes * MINUTE / 1000
        monkeypatch.setattr(wall.context, "seconds", lambda at=later: at)
        world.tick()
        assert (notice(wall) != "") == stands


def test_it_is_no_alarm(wall: Any, tmp_path: Any) -> None:
    """None of the colours of severity, and nothing inverted: that is the banner's."""
    wall.tell_stall(Stall(Ms(NOW), 14.2, tmp_path / "stall.txt"))
    image = wall.page.panels["notice"].grab().toImage()
    colour = wall.context.look.colour
    seen = {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(2)}
    assert seen == {colour("r").name()}
    loud = {colour(token).name() for token in ("s1", "s2", "s3", "s4", "t1")}
    every = {
        image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())
    }
    assert not every & loud
