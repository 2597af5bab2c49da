"""News is taken one after another; nobody is forgotten and nobody waits for ever."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from PySide6.QtCore import QObject, QTimer

from commandwall.alarms import Alarm
from commandwall.areas import Area
from commandwall.clock import Ms
from commandwall.picture import Changes, Readings, Tick
from layers.turns import PATIENT_MS, Turns


class Taker:
    """Shows some kinds, and keeps what it took."""

    def __init__(self, *shows: type) -> None:
        self.shows = frozenset(shows)
        self.took: list[Changes] = []


def some_turns(done: Any = lambda: None) -> tuple[QObject, Turns[Taker], list[Taker]]:
    owner, order = QObject(), list[Taker]()

    def bring(one: Taker, changes: Changes) -> None:
        one.took.append(changes)
        order.append(one)

    return owner, Turns[Taker](bring, owner, done), order


def test_what_came_twice_is_taken_once_and_whole(qapp: Any) -> None:
    _owner, turns, _ = some_turns()
    one = Taker(Area)
    turns.take([one], Changes(Ms(1), {Area: {"a": 1, "b": 1}}, frozenset()))
    turns.take([one], Changes(Ms(2), {Area: {"b": 2, "c": 2}}, frozenset()))
    turns.finish()
    assert [t.records[Area] for t in one.took] == [{"a": 1, "b": 2, "c": 2}]
    assert one.took[0].now == 2


def test_who_has_records_to_show_passes_those_who_have_none_but_not_for_ever(qapp: Any) -> None:
    _owner, turns, order = some_turns()
    ages, alarms = Taker(Tick), Taker(Alarm)
    turns.take([ages, alarms], Changes(Ms(1), {Alarm: {"a": None}}))
    turns.finish()
    assert order == [alarms, ages]
    order.clear()
    turns.take([ages], Changes(Ms(2)))
    later = turns._clock.elapsed() + PATIENT_MS + 1
    turns._clock = SimpleNamespace(elapsed=lambda: later)
    turns.take([alarms], Changes(Ms(3), {Alarm: {"b": None}}))
    turns.finish()
    assert order == [ages, alarms]


def test_who_is_hurried_takes_what_is_his_and_the_others_go_on(qapp: Any) -> None:
    ended = list[int]()
    _owner, turns, order = some_turns(lambda: ended.append(1))
    one, other = Taker(Area), Taker(Area)
    turns.take([one, other], Changes(Ms(1), {Area: {"a": 1}}))
    turns.finish([other])
    assert order == [other] and not ended and len(turns) == 1
    turns.finish()
    assert order == [other, one] and ended == [1]
    turns.finish()
    assert ended == [1]


def test_between_two_layers_the_window_lives(make_map: Any, city: Any, qtbot: Any) -> None:
    view, seen, done = make_map(city), list[int](), list[str]()
    board = view.board
    for layer in board.layers:
        layer.refresh = lambda *_, name=layer.id: done.append(name)
    timer = QTimer()
    timer.timeout.connect(lambda: seen.append(len(done)))
    timer.start(1)
    view.refresh(city.picture, city.changes(Readings, Area, Tick))
    assert not board.idle and not done
    qtbot.waitUntil(lambda: len(board.turns) == 0)
    timer.stop()
    assert len(done) > 5 and len(set(seen)) >= len(done) // 2


def test_an_alarm_waits_for_no_other_layer(make_map: Any, city: Any) -> None:
    view, done = make_map(city), list[str]()
    for layer in view.board.layers:
        layer.refresh = lambda *_, name=layer.id: done.append(name)
    view.refresh(city.picture, Changes(city.picture.now, {Alarm: {"a": None}}))
    assert "alarms" in done and len(view.board.turns) > 0
