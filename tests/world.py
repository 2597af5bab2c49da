"""A small city on a real desk and store, without agent and pool, for tests of the screen."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import shapely
from builders import NOW, StillClock, a_sensor, an_event

from commandwall.alarm_cells import Cells, Terms
from commandwall.alarm_groups import Presented, presented
from commandwall.alarms import UNACK, Alarm
from commandwall.areas import CITY, TOWN, Area
from commandwall.arrays import SensorArrays
from commandwall.clock import MINUTE, SECOND, Ms
from commandwall.config import Settings
from commandwall.desk import Desk
from commandwall.events import Event, EventView
from commandwall.indicators import Indicator, IndicatorValue
from commandwall.picture import Changes, Counters, Picture, Sync
from commandwall.posts import first_post
from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror, use
from commandwall.store.pulse import Lamp
from commandwall.world import World


def an_area(code: str, level: int, name: str, parent: str) -> Area:
    shape = bytes(shapely.to_wkb(shapely.box(120.0, 31.0, 120.4, 31.3)))
    return Area(code, level, name, parent, 120.2, 31.15, shape, 0)


def present(alarms: Iterable[Alarm], areas: Mapping[str, Area], now: Ms, **terms: Any) -> Presented:
    """What a person is shown of these alarms, with nothing kept from before."""
    cells = Cells()
    cells.bring({a.id: a for a in alarms}, None, Terms(areas, **terms))
    return presented(cells, now)


def an_alarm(id_: str = "A1", **more: Any) -> Alarm:
    facts: dict[str, Any] = {
        "sensor": "s0", "rule": "GAS-2", "cls": "GAS", "severity": 2, "state": UNACK,
        "value": 27.0, "unit": "%LEL", "area": "t1", "lon": 120.2, "lat": 31.1,
        "raised_at": Ms(NOW - MINUTE), "changed_at": Ms(NOW - 9 * SECOND),
    }  # fmt: skip
    return Alarm(id=id_, **{**facts, **more})


def an_indicator(id_: str, **more: Any) -> Indicator:
    name, limits = (f"体征 {id_}", f"Sign {id_}"), (None, None, 80.0, 95.0)
    row = Indicator(id_, "env", *name, "%", "high_bad", *limits, 600, "", "")
    return dataclasses.replace(row, **more)


def a_value(id_: str, value: float | None = 40.0, at: int = NOW - 40 * SECOND) -> IndicatorValue:
    today, usual = json.dumps([38.0] * 12), json.dumps([[30.0, 50.0]] * 24)
    return IndicatorValue(id_, Ms(at), value, None, None, today, usual)


class City:
    """A world whose picture tests change, and the walls that show it."""

    def __init__(self, folder: Path) -> None:
        self.clock, self.picture = StillClock(), Picture()
        self.store = open_store(folder)
        self.desk = Desk(self.store, self.clock)
        self.desk.take_post(first_post("back")).result()
        self.world = World(self.store, self.clock, self.desk, self.picture)
        self.settings = Settings(data_dir=folder)
        self.walls: list[Any] = []
        self._fill()

    def _fill(self) -> None:
        areas = [an_area("c", CITY, "临江市", ""), an_area("t1", TOWN, "石塘镇", "c")]
        signs = [an_indicator(f"env.{i:03d}", pinned=i if i <= 12 else 0) for i in range(1, 41)]
        signs += [an_indicator(f"voice.{i:03d}", domain="voice") for i in range(1, 9)]
        sensors = SensorArrays.of([a_sensor(i) for i in range(5)])
        sensors.at[:], sensors.quality[:] = NOW - SECOND, 0
        view = EventView(an_event(area="t1"), None)
        counters = Counters({"12345": [5] * 24}, {"12345": [(3.0, 8.0)] * 24}, {"12345": 6}, 9, 4)
        self.apply(
            {Area: areas, Indicator: signs, IndicatorValue: [a_value(s.id) for s in signs],
             Event: [view]},
            sensors=sensors, counters=counters, city="c", sync=self.sync(),
        )  # fmt: skip

    def copied(self, *records: Any) -> None:
        """What this station has copied of the city, and acts are done on."""
        rows: dict[str, list[tuple[Any, ...]]] = {}
        for one in records:
            rows.setdefault(type(one).__name__.lower(), []).append(dataclasses.astuple(one))
        mirror = Mirror(self.store.folder / "m1.db")
        mirror.take(rows, {})
        mirror.close()
        use(self.store.folder, "m1.db")

    def sync(self, **more: Any) -> Sync:
        now = Ms(self.clock.at)
        row = Sync(agent_at=now, pool_at=now, lamps={"readings": Lamp("readings", now)})
        return dataclasses.replace(row, **more)

    def apply(self, records: dict[type, list[Any]], **more: Any) -> Changes:
        kept = {kind: {_key(r): r for r in rows} for kind, rows in records.items()}
        changes = Changes(Ms(self.clock.at), kept, **more)
        self.picture.apply(changes)
        return changes

    def tick(self, records: dict[type, list[Any]] | None = None, **more: Any) -> None:
        """A tick as main gives it: the picture first, then the walls."""
        changes = self.apply(records or {}, **more)
        for wall in self.walls:
            wall.tick(changes)
            wall.map.board.turns.finish()
            wall.turns.finish()


def notice(wall: Any) -> str:
    """What the notice says; nothing where it is not there."""
    return told_by(wall, "notice")


def told_by(wall: Any, name: str) -> str:
    """What a panel of the page says; nothing where it is not there."""
    panel = wall.page.panels.get(name)
    if panel is None or panel.isHidden():
        return ""
    panel.grab()
    return str(panel.accessibleDescription())


def _key(record: Any) -> str:
    return str(record.event.id if isinstance(record, EventView) else record.id)
