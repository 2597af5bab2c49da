"""News on its way to the screen: while the map moves it waits for a frame, an alarm does not."""

from __future__ import annotations

from typing import Any

from world import NOW, an_alarm

from commandwall.alarms import Alarm
from commandwall.picture import Changes, Picture, Tick
from widgets.startup import Crossing


def test_an_alarm_does_not_wait_for_the_map(qapp: Any, qtbot: Any) -> None:
    told: list[Changes] = []
    crossing = Crossing(Picture())
    crossing.reach(told.append)
    ages = Changes(NOW, {}, frozenset({Tick}))
    alarm = Changes(NOW, {Alarm: {"A1": an_alarm()}})
    crossing.moved()
    crossing.arrived.emit(ages)
    assert told == []
    crossing.arrived.emit(alarm)
    assert told == [ages, alarm]  # and nothing overtakes what came before
    crossing.moved()
    crossing.arrived.emit(ages)
    assert len(told) == 2
    qtbot.waitUntil(lambda: len(told) == 3)
