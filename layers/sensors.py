"""Sensors 物联设备: calm ones are texture, silent ones are hollow; alarms have their own layer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter

from commandwall.arrays import SensorArrays, ordered
from commandwall.picture import Changes, Picture, Readings
from commandwall.sensors import STALE, Sensor
from layers.base import Layer
from layers.geometry import Floats, Ints
from layers.marks import paint_sensor
from layers.scene import Dots, Item, Scene, Stamps, by_y
from layers.style import CITY, DISTRICT, STREET, Style

CALM, SILENT = 0, 5
"""Kinds of a dot; 1..4 are severities."""


@dataclass(frozen=True, slots=True, eq=False)
class _Field:
    """Where the devices stand on the sheet, from north to south."""

    sensors: SensorArrays
    plane: object
    order: Ints
    x: Floats
    y: Floats
    ids: list[str]

    @classmethod
    def of(cls, sensors: SensorArrays, scene: Scene) -> _Field:
        x, y = scene.project(sensors.lon, sensors.lat)
        order = by_y(x, y)
        return cls(sensors, scene.plane, order, x[order], y[order], ordered(sensors.ids, order))

    def dots(self, kind: NDArray[np.uint8], level: int, style: Style) -> Dots:
        look = style.map["sensor"]
        colour = style.paint("sensor", look["alpha"][level])
        colours = np.array([colour] * SILENT + [0], np.uint32)
        sizes = np.full(SILENT + 1, look["size"][level], np.float64)
        of, ids = ("sensor", self.ids) if level != CITY else ("", [])
        return Dots(self.x, self.y, kind, colours, sizes, style.span(level), of, ids)


class SensorsLayer(Layer):
    id, title, order = "sensors", "物联设备", 55
    shows = frozenset({Sensor, Readings})
    watched = True

    def __init__(self) -> None:
        super().__init__()
        self.silent = 0  # devices that are silent now
        self._field: _Field | None = None

    def refresh(self, picture: Picture, changes: Changes, scene: Scene) -> None:
        field, sensors = self._field, picture.sensors
        if field is None or field.sensors.ids is not sensors.ids or field.plane is not scene.plane:
            field = self._field = _Field.of(sensors, scene)
        self.count, self.at = len(sensors.ids), picture.ages.get("readings")
        quality, severity = sensors.quality, sensors.severity
        table, hollow = self._table(sensors, scene), self._sprite(0, SILENT, scene)
        style, edition = scene.style, scene.sprites.edition

        def make() -> tuple[int, list[Item]]:
            """From afar where people live, with a dead feed as a darker patch; then dots; then
            shapes. What is silent is hollow."""
            kind = np.where(quality == STALE, SILENT, np.minimum(severity, 4)).astype(np.uint8)
            signs, kind = table[sensors.cls_index, kind][field.order], kind[field.order]
            quiet = np.where(kind == SILENT, hollow, -1).astype(np.int32)
            x, y = field.x, field.y
            return int((kind == SILENT).sum()), [
                field.dots(kind, CITY, style),
                field.dots(kind, DISTRICT, style),
                Stamps(x, y, quiet, style.span(DISTRICT), solid=False),
                Stamps(x, y, signs, style.span(STREET), False, "sensor", field.ids),
            ]

        def take(made: tuple[int, list[Item]]) -> None:
            # Not overtaken by another set of devices, or of sprites.
            if field is self._field and edition == scene.sprites.edition:
                self.silent = made[0]
                scene.draw(self, *made[1])

        scene.later(make, take)

    def _table(self, sensors: SensorArrays, scene: Scene) -> NDArray[np.int32]:
        """Sprites by class and kind."""
        classes = range(len(sensors.classes))
        rows = [[self._sprite(c, k, scene) for k in range(SILENT + 1)] for c in classes]
        return np.array(rows, np.int32).reshape(-1, SILENT + 1)

    def _sprite(self, cls: int, kind: int, scene: Scene) -> int:
        style = scene.style
        token = "t3" if kind == SILENT else "sensor" if kind == CALM else f"s{kind}"

        def draw(painter: QPainter, middle: QPointF) -> None:
            paint_sensor(painter, middle, cls, style.colour(token), kind == SILENT)

        return scene.sprites.drawn(("sensor", cls % 4, kind), 12, draw)
