"""A small invented city for the map: four levels of areas, roads, water, devices, events."""

from __future__ import annotations

import pickle
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import shapely
from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QRegion
from shapely.geometry import LineString, MultiPoint, Point, Polygon

from commandwall.alarms import ACKED, UNACK, Alarm
from commandwall.areas import CITY, GRID, TOWN, VILLAGE, Area, Building, Feature, Pipe, Road
from commandwall.arrays import FixArrays, SensorArrays
from commandwall.clock import Ms
from commandwall.events import Event, EventView
from commandwall.incidents import OPEN, Incident
from commandwall.picture import Changes, Fixes, Picture, Readings, Tick
from commandwall.resources import Resource
from commandwall.sensors import Sensor
from commandwall.store.pulse import Sync

NOW = Ms(1_763_706_727_000)  # 2025-11-21 14:32:07 in Shanghai
LON, LAT = 120.27, 31.91
KM = 1 / 111.32


def degrees(shape: Any) -> bytes:
    """Kilometres around the middle to WKB in degrees."""
    wide = KM / np.cos(np.radians(LAT))
    return bytes(shapely.to_wkb(shapely.transform(shape, lambda xy: xy * [wide, KM] + [LON, LAT])))


def place(x: float, y: float) -> tuple[float, float]:
    return LON + x * KM / float(np.cos(np.radians(LAT))), LAT + y * KM


def blob(radius: float, rng: np.random.Generator, n: int = 160) -> Polygon:
    turn = np.linspace(0, 2 * np.pi, n, endpoint=False)
    rough = sum(rng.normal(0, 0.16 / k) * np.cos(k * turn + rng.uniform(0, 6)) for k in range(2, 9))
    r = radius * (1 + rough)
    return Polygon(np.c_[1.35 * r * np.cos(turn), 0.9 * r * np.sin(turn)]).buffer(0)


def moved(shape: Any, x: float, y: float) -> Any:
    return shapely.transform(shape, lambda xy: xy + np.array([x, y]))


def parts(whole: Any, n: int, rng: np.random.Generator) -> list[Any]:
    """Cut an area into about n cells without gaps."""
    left, low, right, high = whole.bounds
    seeds: list[Point] = []
    while len(seeds) < n:
        p = Point(rng.uniform(left, right), rng.uniform(low, high))
        if whole.contains(p):
            seeds.append(p)
    if n == 1:
        return [whole]
    cells = shapely.voronoi_polygons(MultiPoint(seeds), extend_to=whole)
    return [c for c in (whole.intersection(cell) for cell in cells.geoms) if not c.is_empty]


TOWNS = (
    "港区街道", "滨江街道", "高新区", "澄湖街道", "东岭街道", "沙浦镇", "云桥镇", "新河镇",
    "石塘镇", "桃溪镇", "南渚镇", "白渡镇", "青墩镇", "西林镇",
)  # fmt: skip


class City:
    """Builds a Picture; `size` scales how much stands in it."""

    def __init__(self, towns: int = 8, sensors: int = 3000, seed: int = 7) -> None:
        self.rng = np.random.default_rng(seed)
        self.picture = Picture()
        self.picture.now, self.picture.city = NOW, "临江市"
        self.picture.sync = Sync(agent_at=NOW, pool_at=NOW)
        self.border = blob(15, self.rng)
        self.centres: list[tuple[float, float]] = []
        self._areas(towns)
        self._ground()
        self._roads()
        self._sensors(sensors)
        self._events()

    def _area(self, code: str, level: int, name: str, parent: str, shape: Any) -> None:
        spot = shape.representative_point()
        lon, lat = place(spot.x, spot.y)
        self.picture.areas[code] = Area(
            code, level, name, parent, lon, lat, degrees(shape), sketch=1
        )

    def _areas(self, towns: int) -> None:
        self._area("320281", CITY, "临江市", "", self.border)
        for t, town in enumerate(parts(self.border, towns, self.rng)):
            code = f"320281{t + 1:03d}"
            self._area(code, TOWN, TOWNS[t % len(TOWNS)], "320281", town)
            spot = town.representative_point()
            self.centres.append((spot.x, spot.y))
            for v, village in enumerate(parts(town, 6, self.rng)):
                vcode = f"{code}{v + 1:03d}"
                self._area(vcode, VILLAGE, f"第{v + 1}村", code, village)
                for g, grid in enumerate(parts(village, 4, self.rng)):
                    self._area(f"{vcode}{g + 1:02d}", GRID, f"{g + 1:02d} 网格", vcode, grid)

    def _ground(self) -> None:
        def feature(id_: str, kind: str, name: str, shape: Any) -> None:
            self.picture.features[id_] = Feature(id_, kind, name, degrees(shape))

        river = LineString([(-30, 12), (-10, 9), (4, 13), (14, 12), (30, 14)]).buffer(1.6)
        feature("w1", "water", "临江", river)
        feature("w2", "water", "澄湖", blob(1.6, self.rng))
        feature("h1", "hill", "东岭", moved(blob(1.4, self.rng), 9, -6))
        for i, (x, y) in enumerate(self.centres):
            town = moved(blob(1.3, self.rng), x, y)
            feature(f"b{i}", "builtup", "", town)

    def _roads(self) -> None:
        def road(cls: str, name: str, line: list[tuple[float, float]]) -> None:
            id_ = f"r{len(self.picture.roads)}"
            self.picture.roads[id_] = Road(
                id_, cls, name, 0, 1, LineString(line).length * 1000, 40.0,
                degrees(LineString(line)),
            )  # fmt: skip

        road("expressway", "沿江高速", [(-22, 2), (-8, 1), (6, -1), (24, 3)])
        for i, (x, y) in enumerate(self.centres):
            for u, v in self.centres[:i]:
                if np.hypot(x - u, y - v) < 11:
                    road("main", "人民路", [(x, y), ((x + u) / 2 + 0.4, (y + v) / 2), (u, v)])
            for _ in range(14):
                dx, dy = self.rng.normal(0, 1.2, 2)
                road("street", f"中山{i}巷", [(x + dx, y + dy - 1), (x + dx + 0.1, y + dy + 1)])
                road("street", f"解放{i}巷", [(x + dx - 1, y + dy), (x + dx + 1, y + dy - 0.1)])
                self._building(x + dx, y + dy)

    def _building(self, x: float, y: float) -> None:
        id_ = f"B{len(self.picture.buildings)}"
        colour = ("green", "green", "blue", "yellow", "red")[len(self.picture.buildings) % 5]
        block = shapely.box(x + 0.02, y + 0.02, x + 0.06, y + 0.04)
        self.picture.buildings[id_] = Building(
            id_, "", "3 号楼", "home", 6, *place(x, y), degrees(block), colour
        )
        self.picture.building_colours[id_] = colour

    def _sensors(self, n: int) -> None:
        grids = [a.id for a in self.picture.areas.values() if a.level == GRID]
        town = self.rng.integers(0, len(self.centres), n)
        x, y = np.array(self.centres)[town].T + self.rng.normal(0, 1.0, (2, n))
        lon, lat = place(x, y)  # type: ignore[arg-type]
        classes = ("GAS", "WLV", "FIR", "AIR", "DOR")
        records = [
            Sensor(f"S{i}", i, classes[i % 5], f"探头 {i}", grids[i % len(grids)], "", lon[i],
                   lat[i], "", 0, 100, 30)
            for i in range(n)
        ]  # fmt: skip
        self.picture.sensors = SensorArrays.of(records)
        self.picture.sensors.at[:] = NOW - 3000
        self.picture.sensors.quality[:] = 0
        self.picture.ages["readings"] = Ms(NOW - 3000)

    def _events(self) -> None:
        for i in range(120):
            x, y = self.centres[i % len(self.centres)] + self.rng.normal(0, 1.5, 2)
            self.event(f"E{i}", *place(x, y))
        self.picture.ages["events"] = Ms(NOW - 42_000)

    def event(self, id_: str, lon: float | None, lat: float | None, **more: Any) -> None:
        facts = {
            "source": "12345", "source_id": id_, "title": "楼上噪音扰民", "body": "",
            "cls": "noise", "urgency": 4, "grade": None, "area": "320281001", "address": "",
            "acc_m": 10.0, "placed": "point", "datum": "wgs84", "person": "", "phone": "",
            "occurred_at": None,
            "reported_at": NOW, "received_at": NOW, "state": "NEW", "unit": "", "closed_at": None,
        }  # fmt: skip
        event = Event(id=id_, lon=lon, lat=lat, **{**facts, **more})
        self.picture.events[id_] = EventView(event, None)

    def alarm(self, id_: str, severity: int, x: float, y: float, **more: Any) -> Alarm:
        lon, lat = place(x, y)
        facts = {
            "sensor": f"S{len(self.picture.alarms)}", "rule": "GAS-2", "cls": "GAS", "state": ACKED,
            "value": 27.0, "unit": "%LEL", "area": "320281001", "raised_at": NOW - 60_000,
            "changed_at": NOW - 9_000,
        }  # fmt: skip
        alarm = Alarm(id=id_, severity=severity, lon=lon, lat=lat, **{**facts, **more})
        self.picture.alarms[id_] = alarm
        return alarm

    def three_alarms(self) -> None:
        self.alarm("A1", 2, 9, -5)
        self.alarm("A2", 3, 2, 1, cls="RWL", value=12, unit="cm")
        self.alarm("A3", 3, 7, 5, cls="WLV", state=UNACK, value=0.3, unit="m")

    def units(self) -> None:
        kinds, states = ("fire", "police", "medical", "env"), ("on_scene", "en_route", "idle")
        for i in range(12):
            x, y = self.centres[i % len(self.centres)]
            lon, lat = place(x + 1, y - 1)
            self.picture.resources[f"U{i}"] = Resource(
                f"U{i}", i, kinds[i % 4], f"港区 {i} 组", "", 4, "", states[i % 3], lon, lat, ""
            )
        self.picture.fixes = FixArrays(list(self.picture.resources.values()))
        self.picture.fixes.at[:] = NOW - 2000
        self.picture.fixes.at[0] = NOW - 600_000

    @property
    def middle(self) -> tuple[float, float]:
        """Degrees of a built-up place."""
        return place(*self.centres[0])

    def incident(self, radius_m: float = 900.0) -> None:
        """One that is under command, with its cordon, at the middle."""
        lon, lat = self.middle
        self.picture.incidents["I1"] = Incident(
            "I1", "泄漏", "accident", 2, None, None, "320281001", "港区", lon, lat, radius_m, "",
            OPEN, NOW, None, "", "", "",
        )  # fmt: skip

    def pipes(self) -> None:
        """Gas mains around the middle: one for each way to stand, with a device on each but the
        last, and a water main."""
        x, y = self.centres[0]
        states = [(0, 0), (1, 0), (2, 0), (3, 0), (4, 0), (0, 2)]
        records = [
            Sensor(f"P{i}", i, "GAS", f"阀井 {i}", "320281001", "",
                   *place(x, y + 0.3 * i - 0.9), "%LEL", 0, 100, 30)
            for i in range(len(states))
        ]  # fmt: skip
        self.picture.sensors = SensorArrays.of(records)
        self.picture.sensors.at[:] = NOW - 3000
        self.picture.sensors.value[:] = 27.0
        self.picture.sensors.severity[:], self.picture.sensors.quality[:] = np.array(states).T
        for i in range(len(states) + 1):
            line = LineString([(x - 1, y + 0.3 * i - 0.9), (x + 1, y + 0.3 * i - 0.9)])
            kind = "gas" if i < len(states) else "water"
            self.picture.pipes[f"T{i}"] = Pipe(
                f"T{i}", kind, f"人民路{i}", "320281001", degrees(line)
            )

    def trails(self) -> None:
        """Every unit came from the west."""
        for row, id_ in enumerate(self.picture.fixes.ids):
            lon, lat = self.picture.resources[id_].lon, self.picture.resources[id_].lat
            back = np.linspace(0.02, 0, 60)
            self.picture.fixes.trail[row] = np.column_stack([lon - back, lat + back**2 * 20])

    def changes(self, *kinds: type) -> Changes:
        return Changes(now=self.picture.now, markers=frozenset(kinds or (Tick, Readings, Fixes)))


@pytest.fixture(scope="session")
def built() -> bytes:
    return pickle.dumps(City())


@pytest.fixture
def city(built: bytes) -> City:
    """One of its own for each test, of one that was built once."""
    return cast(City, pickle.loads(built))


@pytest.fixture
def make_city() -> Callable[..., City]:
    return City


@pytest.fixture
def make_map(qtbot: Any, kernels: None) -> Iterator[Callable[..., Any]]:
    """`make_map(city, width, height)` gives a MapView that has drawn the city."""
    from layers.map import MapView

    views: list[MapView] = []

    def make(city: City, width: int = 640, height: int = 480, **more: Any) -> MapView:
        view = MapView(builtin(), **more)
        views.append(view)
        qtbot.addWidget(view)
        view.resize(width, height)
        view.show()
        view.refresh(city.picture, city.changes())
        settle(view, qtbot)
        return view

    yield make
    for view in views:
        view.shut()


@pytest.fixture
def strokes() -> Iterator[Callable[[Any], list[QRegion]]]:
    """`strokes(view)` gives what of a map is painted from then on, region by region."""
    watches: list[_Strokes] = []

    def watch(view: Any) -> list[QRegion]:
        watches.append(_Strokes())
        view.installEventFilter(watches[-1])
        return watches[-1].regions

    yield watch


class _Strokes(QObject):
    def __init__(self) -> None:
        super().__init__()
        self.regions: list[QRegion] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            self.regions.append(QRegion(event.region()))  # type: ignore[attr-defined]
        return False


def builtin() -> list[Any]:
    """The layers that pyproject names, whether or not the project is installed."""
    from layers.base import GROUP, load_layers

    return load_layers(EntryPoint(name, value, GROUP) for name, value in named(GROUP).items())


@cache
def named(group: str) -> dict[str, str]:
    with (Path(__file__).parents[2] / "pyproject.toml").open("rb") as file:
        return dict(tomllib.load(file)["project"]["entry-points"][group])


def settle(view: Any, qtbot: Any) -> None:
    """Wait until all names are written and the picture shows the last state."""
    qtbot.waitUntil(lambda: view.board.idle and view.pane.frame is not None)
