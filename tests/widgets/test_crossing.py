"""News on its way to the screen: while the map moves it waits for a frame, an alarm does not."""

from __future__ import annotations

import threading
import time
from typing import Any

from PySide6.QtCore import QCoreApplication, QEventLoop, QTimer
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
    qtbot.waitUntil(lambda: len(told) == 1)
    assert told[0].kinds == {Tick, Alarm}, "and nothing overtakes what came before"
    crossing.moved()
    crossing.arrived.emit(ages)
    assert len(told) == 1
    qtbot.waitUntil(lambda: len(told) == 2)


def test_what_came_while_the_screen_was_busy_is_told_at_once(qapp: Any, qtbot: Any) -> None:
    """Told one after another, each for all alarms there are, ten packs held the screen for ten
    times as long as one."""
    told: list[Changes] = []
    picture = Picture()
    crossing = Crossing(picture)
    crossing.reach(told.append)
    packs = [{f"A{n}-{i}": an_alarm(f"A{n}-{i}") for i in range(5)} for n in range(10)]
    for pack in packs:
        crossing.arrived.emit(Changes(NOW, {Alarm: pack}))
    crossing.arrived.emit(Changes(NOW, {Alarm: {"A0-0": None}}))
    qtbot.waitUntil(lambda: bool(told))
    assert len(told) == 1 and told[0].gone(Alarm) == ("A0-0",)
    assert picture.alarms.keys() == {key for pack in packs for key in pack} - {"A0-0"}


def test_no_timer_comes_before_an_alarm(qapp: Any, qtbot: Any) -> None:
    """A map that is moved has a step due at any time, and a frame behind it."""
    told: list[Any] = []
    crossing = Crossing(Picture())
    crossing.reach(told.append)
    QTimer.singleShot(0, lambda: told.append("a step of the map"))
    alarm = Changes(NOW, {Alarm: {"A1": an_alarm()}})
    crossing.arrived.emit(alarm)
    QCoreApplication.sendPostedEvents(crossing)
    assert told == [alarm]
    qtbot.waitUntil(lambda: len(told) == 2)


def test_news_that_come_faster_than_they_are_shown_leave_time_for_keys(
    qapp: Any, qtbot: Any
) -> None:
    """In a flood of alarms the agent writes faster than the screen can show; timers, and with them
    keys and painting, then stood still for seconds."""
    crossing, halt = Crossing(Picture()), threading.Event()
    told: list[float] = []
    keys: set[int] = set()

    def show(changes: Changes) -> None:
        told.append(begun := time.monotonic())
        while time.monotonic() < begun + 0.02:
            sum(range(1000))

    def bring() -> None:
        while not halt.wait(0.002) and len(told) < 60:
            crossing.arrived.emit(Changes(NOW, {Alarm: {"A1": an_alarm()}}))

    crossing.reach(show)
    timer, bringer = QTimer(), threading.Thread(target=bring)
    timer.timeout.connect(lambda: keys.add(len(told)))
    timer.start(1)
    bringer.start()
    loop = QEventLoop()
    crossing.shown.connect(lambda changes: loop.quit() if len(told) == 40 else None)
    loop.exec()
    halt.set()
    bringer.join()
    assert len(keys) > 20, f"40 times news were shown, and keys could come after {sorted(keys)}"
