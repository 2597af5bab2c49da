"""Sensors 物联设备: calm ones are texture, silent ones are hollow; alarms have their own layer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter

from commandwall.picture import Changes, Picture, Readings, SensorArrays
from commandwall.sensors import STALE, Sensor
from layers.base import Layer
from layers.geometry import Floats, Ints
from layers.marks import paint_sensor
from layers.scene import Dots, Scene, Stamps, by_y
from layers.style import CITY, DISTRICT, STREET

CALM, SILENT = 0, 5
"""Kinds of a dot; 1..4 are severities."""


class SensorsLayer(Layer):
    id, title, order = "sensors", "物联设备", 55
    shows = frozenset({Sensor, Readings})
    watched = True

    def __init__(self) -> None:
        super().__init__()
        self.silent = 0  # devices that are silent now
        self._of: SensorArrays | None = None
        self._plane: object = None
        self._order: Ints = np.empty(0, np.int64)
        self._x: Floats = np.empty(0)
        self._y: Floats = np.empty(0)
        self._ids: list[str] = []

    def refresh(self, picture: Picture, changes: Changes, scene: Scene) -> None:
        sensors = picture.sensors
        if sensors is not self._of or scene.plane is not self._plane:
            self._place(sensors, scene)
        kind = np.where(sensors.quality == STALE, SILENT, np.minimum(sensors.severity, 4))
        kind = kind.astype(np.uint8)[self._order]
        self.count, self.silent = len(kind), int((kind == SILENT).sum())
        self.at = picture.ages.get("readings")
        scene.draw(self, self._texture(kind, scene), *self._near(kind, scene))

    def _place(self, sensors: SensorArrays, scene: Scene) -> None:
        x, y = scene.project(sensors.lon, sensors.lat)
        self._order = by_y(x, y)
        self._x, self._y = x[self._order], y[self._order]
        self._ids = [sensors.ids[i] for i in self._order]
        self._of, self._plane = sensors, scene.plane

    def _texture(self, kind: NDArray[np.uint8], scene: Scene) -> Dots:
        """The whole city: where people live; a dead feed is a darker patch."""
        look = scene.style.map["sensor"]
        colour = scene.style.paint("sensor", look["alpha"][CITY])
        colours = np.array([colour] * 5 + [0], np.uint32)
        sizes = np.full(6, look["size"][CITY], np.float64)
        return Dots(self._x, self._y, kind, colours, sizes, scene.style.span(CITY))

    def _near(self, kind: NDArray[np.uint8], scene: Scene) -> tuple[Dots, Stamps, Stamps]:
        style, look = scene.style, scene.style.map["sensor"]
        colour = style.paint("sensor", look["alpha"][DISTRICT])
        dots = Dots(
            self._x, self._y, kind, np.array([colour] * 5 + [0], np.uint32),
            np.full(6, look["size"][DISTRICT], np.float64), style.span(DISTRICT),
            of="sensor", ids=self._ids,
        )  # fmt: skip
        hollow = np.where(kind == SILENT, self._sprite(0, SILENT, scene), -1).astype(np.int32)
        quiet = Stamps(self._x, self._y, hollow, style.span(DISTRICT), solid=False)
        table = np.array(
            [[self._sprite(c, k, scene) for k in range(6)] for c in range(len(self._classes()))],
            np.int32,
        ).reshape(-1, 6)
        shape = self._of.cls_index[self._order] if self._of is not None else kind
        street = Stamps(
            self._x, self._y, table[shape, kind], style.span(STREET), False, "sensor", self._ids
        )
        return dots, quiet, street

    def _classes(self) -> list[str]:
        return self._of.classes if self._of is not None else []

    def _sprite(self, cls: int, kind: int, scene: Scene) -> int:
        style = scene.style
        token = "t3" if kind == SILENT else "sensor" if kind == CALM else f"s{kind}"

        def draw(painter: QPainter, middle: QPointF) -> None:
            paint_sensor(painter, middle, cls, style.colour(token), kind == SILENT)

        return scene.sprites.drawn(("sensor", cls % 4, kind), 12, draw)
