"""Records for tests, each with sensible values that a test may override."""

from __future__ import annotations

import dataclasses
from typing import Any

from commandwall import event_acts, events
from commandwall.areas import Area
from commandwall.clock import HOUR, Clock, Ms
from commandwall.desk import Desk
from commandwall.directives import Order
from commandwall.events import Event
from commandwall.incidents import Opening
from commandwall.modes import ON, Mode
from commandwall.sensors import Sensor

NOW = Ms(1_795_500_000_000)


class StillClock(Clock):
    """A clock that stands until it is moved."""

    def __init__(self, at: int = NOW) -> None:
        super().__init__()
        self.at = at

    def now(self) -> Ms:
        return Ms(self.at)


def an_event(**kw: Any) -> Event:
    row = Event(
        "e1", "12345", "s1", "小区停水", "三栋全部停水", "water", 3, None, "320281001",
        "花园路 1 号", 120.2, 31.9, 10.0,
        "point", "wgs84", "张三", "13800001111", None, NOW, NOW, "NEW", "", None,
    )  # fmt: skip
    return dataclasses.replace(row, **kw)


def an_area(**kw: Any) -> Area:
    row = Area("320281001", 1, "澄江街道", "320281", 120.2, 31.9, b"", 0, "street")
    return dataclasses.replace(row, **kw)


def an_opening(**kw: Any) -> Opening:
    return dataclasses.replace(Opening("泄漏", "accident", "320281", "港区", 120.2, 31.9), **kw)


def an_order(incident: str, **kw: Any) -> Order:
    return dataclasses.replace(Order(incident, "front", "封控港五路"), **kw)


def a_sensor(no: int = 0, **kw: Any) -> Sensor:
    row = Sensor(f"s{no}", no, "GAS", f"点 {no}", "a1", "", 120.0, 31.0, "%LEL", 0.0, 100.0, 10)
    return dataclasses.replace(row, **kw)


def a_mode(**kw: Any) -> Mode:
    """急 in the whole city for four hours."""
    until = Ms(NOW + 4 * HOUR)
    row = Mode("m1", "", "watch", ON, "", "暴雨", NOW, until, "陈", "chief", "周")
    return dataclasses.replace(row, **kw)


def finish(desk: Desk, event: str, result: str) -> None:
    """It goes to a unit, which signs it and feeds back, and another person verifies it."""
    if desk.ask(lambda reader: events.may_dispatch(reader, event)).result():
        desk.run(events.dispatch, {"event": event, "unit": "供水公司"}, "孙", "p3")
    desk.run(event_acts.sign, {"event": event}, "孙", "p3")
    told = {"event": event, "result": result, "evidence": "回执"}
    desk.run(event_acts.feed_back, told, "孙", "p3")
    told = {"event": event, "solved": "solved", "content": "content"}
    desk.run(event_acts.verify, told, "李", "p1")
