"""The marks of alarms: columns that follow them one by one are those of a fresh look."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
from world import an_alarm

from commandwall.alarms import ACKED, BROKEN, RTNUN, UNACK, Alarm
from commandwall.clock import Ms
from commandwall.picture import Changes
from layers.alarms import SHOWN, AlarmsLayer, Columns


def drawn(draw: random.Random, key: str) -> Alarm:
    cls = ("GAS", "RWL", BROKEN)[int(key[1:]) % 3]  # for good: it is part of what an alarm is
    return an_alarm(
        key, cls=cls, severity=draw.randrange(1, 5), state=draw.choice((UNACK, ACKED, RTNUN)),
        raised_at=Ms(draw.randrange(10**12)), lon=120 + draw.random(), lat=31 + draw.random(),
    )  # fmt: skip


def test_a_thousand_changes_leave_what_a_fresh_look_at_all_finds(make_map: Any, city: Any) -> None:
    view, draw = make_map(city), random.Random(5)
    scene, sensors = view.scene, city.picture.sensors
    kept, alarms = Columns(sensors, scene), dict[str, Alarm]()
    for n in range(60):
        changed = set[str]()
        for _ in range(30):
            key = f"a{draw.randrange(900)}"
            changed.add(key)
            if draw.random() < 0.25:
                alarms.pop(key, None)
            else:
                alarms[key] = drawn(draw, key)
        kept.follow(alarms, None if n % 20 == 7 else changed)
        fresh = Columns(sensors, scene)
        fresh.follow(dict(alarms))
        here, there = kept.held(), fresh.held()
        assert here.alarms == there.alarms
        assert all(np.array_equal(getattr(here, name), getattr(there, name)) for name in SHOWN)
        assert len(here.alarms) == sum(a.cls != BROKEN for a in alarms.values())
        ranks = [(-a.severity, a.raised_at) for a in here.alarms]
        assert ranks == sorted(ranks)
    assert kept.are_of(sensors, scene)
    assert not kept.are_of(type(sensors).of([]), scene), "other devices were read"


def test_among_thousands_one_of_the_worst_has_its_mark_at_once_and_others_soon(
    make_map: Any, city: Any
) -> None:
    view = make_map(city)
    layer = view.board.layer(AlarmsLayer)
    many = {f"m{i}": an_alarm(f"m{i}", severity=3, lon=120.2, lat=31.1) for i in range(6_000)}

    def marks(later_ms: int, *news: Alarm) -> int:
        now = Ms(city.picture.now + later_ms)
        changes = Changes(now, {Alarm: {a.id: a for a in news}} if news else {})
        city.picture.apply(changes)
        view.refresh(city.picture, changes)
        view.board.turns.finish()
        return layer.count

    begun = marks(0, *many.values())
    assert begun >= 6_000
    assert marks(100, an_alarm("mild", severity=3)) == begun, "it waits for others"
    assert marks(100, an_alarm("worst", severity=1)) == begun + 2
    assert marks(100, an_alarm("next", severity=2)) == begun + 2
    assert marks(600) == begun + 3, "and needs nothing more to come"
