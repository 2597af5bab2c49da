"""The demo city as a picture in memory, without pool and agent: for measuring what draws it."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping
from itertools import islice
from typing import Any

import numpy as np

from commandwall.alarms import ACKED, UNACK, Alarm
from commandwall.arrays import FixArrays, SensorArrays
from commandwall.clock import MINUTE, Ms
from commandwall.events import NEW, EventView
from commandwall.picture import Changes, Counters, Fixes, Picture, Readings, Tick
from commandwall.pool.demo.city import City, generate
from commandwall.resources import Resource
from commandwall.sensors import Sensor
from commandwall.store.pulse import Sync

NOW = Ms(1_795_500_000_000)
OPEN = 600
ALARMS = (
    (2, "GAS", 27.0, "%LEL", ACKED),
    (3, "RWL", 12.0, "cm", ACKED),
    (3, "WLV", 0.3, "m", UNACK),
)


def demo_picture(seed: int = 1, scale: str = "small") -> Picture:
    """A calm moment: fresh readings, open events, three alarms, units at work."""
    city = generate(seed, scale, now=NOW)
    picture = Picture()
    records = {k: {r.id: r for r in rows} for k, rows in city.records.items()}
    sensors = SensorArrays.of(city.of(Sensor))
    units = FixArrays(city.of(Resource))
    picture.apply(Changes(NOW, records, sensors=sensors, resources=units, city=city.name))
    picture.sync = Sync(agent_at=NOW, pool_at=NOW)
    _events(picture, city)
    _alarms(picture)
    set_readings(picture, np.zeros(len(sensors.ids), np.uint8))
    move_units(picture, np.random.default_rng(seed), first=True)
    return picture


def _events(picture: Picture, city: City) -> None:
    days = list(islice(city.history(), 1000))[-3:]
    rows = [event for day in days for event in day][-OPEN:]
    for i, event in enumerate(rows):
        state = NEW if i % 9 == 0 else "DISPATCHED"
        open_ = dataclasses.replace(event, state=state, closed_at=None)
        picture.events[event.id] = EventView(open_, None)
    picture.ages["events"] = Ms(NOW - 42_000)
    counts = Counter(event.area for event in rows)
    picture.counters = Counters(open=len(rows), open_by_area=counts)


def _alarms(picture: Picture) -> None:
    for i, (severity, cls, value, unit, state) in enumerate(ALARMS):
        sensors = picture.sensors
        of_class = np.flatnonzero(sensors.cls_index == sensors.classes.index(cls))
        at = sensors.device(int(of_class[of_class >= i * 37][0]))
        picture.alarms[f"a{i}"] = Alarm(
            f"a{i}", at.id, f"{cls}-{severity}", cls, severity, state, value, unit, at.area,
            at.lon, at.lat, Ms(NOW - MINUTE), Ms(NOW - 9_000),
        )  # fmt: skip


def set_readings(picture: Picture, severity: np.ndarray[Any, Any]) -> None:
    """All devices have just spoken."""
    sensors = picture.sensors
    at = np.full(len(sensors.ids), picture.now - 3_000, np.int64)
    sensors.at, sensors.quality = at, (np.arange(len(at)) % 97 == 0).astype(np.uint8) * 2
    sensors.severity = severity
    picture.ages["readings"] = Ms(picture.now - 3_000)


def move_units(picture: Picture, rng: np.random.Generator, first: bool = False) -> None:
    """Every unit goes a little way."""
    fixes = picture.fixes
    if first:
        home: Mapping[str, Resource] = picture.resources
        fixes.lon = np.array([home[i].lon for i in fixes.ids])
        fixes.lat = np.array([home[i].lat for i in fixes.ids])
    fixes.lon = fixes.lon + rng.normal(0, 3e-5, len(fixes.ids))
    fixes.lat = fixes.lat + rng.normal(0, 3e-5, len(fixes.ids))
    fixes.at = np.full(len(fixes.ids), picture.now - 2_000, np.int64)
    fixes.trail[:, :-1] = fixes.trail[:, 1:]
    fixes.trail[:, -1] = np.column_stack([fixes.lon, fixes.lat])
    picture.ages["fixes"] = Ms(picture.now - 2_000)


def tick(picture: Picture, rng: np.random.Generator) -> Changes:
    """One second later: all values new, all units moved, ages older."""
    picture.now = Ms(picture.now + 1_000)
    picture.sync = Sync(agent_at=picture.now, pool_at=picture.now)
    set_readings(picture, (rng.random(len(picture.sensors.ids)) < 0.002).astype(np.uint8) * 4)
    move_units(picture, rng)
    return Changes(picture.now, markers=frozenset({Tick, Readings, Fixes}))
