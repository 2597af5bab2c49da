"""Alarms 告警: the marks that call for a person. They never move; names make way for them."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter

from commandwall import codes
from commandwall.alarm_life import LATCH, OOSRV, RTNUN, SHLVD, UNACK
from commandwall.alarms import Alarm, of_device, of_value
from commandwall.picture import Changes, Picture, Tick
from commandwall.sensors import STALE
from layers import words
from layers.base import Layer
from layers.marks import (
    FILLED,
    HOLLOW,
    LATCHED,
    SHELVED,
    UNKNOWN,
    UNUSED,
    paint_mark,
    paint_ring,
)
from layers.scene import BESIDE, Names, Rings, Scene, Stamps
from layers.trust import stopped

LOOKS = {RTNUN: HOLLOW, LATCH: LATCHED, SHLVD: SHELVED, OOSRV: UNUSED}
"""State -> look, of those that are not simply there."""


class AlarmsLayer(Layer):
    id, title, order = "alarms", "告警", 85
    shows = frozenset({Alarm, Tick})

    def refresh(self, picture: Picture, changes: Changes, scene: Scene) -> None:
        # Worst and newest last: they are drawn over the others.
        # One about a device stands in the list; here the device itself shows what it is.
        told = (a for a in picture.alarms.values() if not of_device(a))
        alarms = sorted(told, key=lambda a: (-a.severity, a.raised_at))
        self.count = len(alarms)
        self.at = max((a.changed_at for a in alarms), default=None)
        dense = len(alarms) > scene.style.map["mark"]["dense_after"]
        sizes = [self._size(a, dense, scene) for a in alarms]
        looks = [look_of(a, picture, scene) for a in alarms]
        drawn = zip(alarms, looks, sizes, strict=True)
        marks = self._marks(alarms, [mark(scene, a.severity, k, z) for a, k, z in drawn], scene)
        names = self._names(alarms[::-1], looks[::-1], picture, scene)
        scene.draw(self, marks, _rings(marks, alarms, sizes, scene), names)

    def _size(self, alarm: Alarm, dense: bool, scene: Scene) -> float:
        look = scene.style.map["mark"]
        return float(look["dense"] if dense and alarm.severity > 2 else look["size"])

    def _marks(self, alarms: list[Alarm], sprites: list[int], scene: Scene) -> Stamps:
        x, y = scene.project([a.lon for a in alarms], [a.lat for a in alarms])
        return Stamps(
            x, y, np.array(sprites, np.int32), of="alarm", ids=[a.id for a in alarms],
            rank=np.arange(len(alarms)).astype(np.uint32),
            cell=scene.style.map["mark"]["cell_alarm"], badges=scene.sprites.badges(),
        )  # fmt: skip

    def _names(
        self, alarms: list[Alarm], looks: list[str], picture: Picture, scene: Scene
    ) -> Names:
        most = scene.style.map["mark"]["names"]
        alarms, looks = alarms[:most], looks[:most]
        x, y = scene.project([a.lon for a in alarms], [a.lat for a in alarms])
        titles = [title_of(a, scene) for a in alarms]
        subs = [age_of(a, k, picture, scene) for a, k in zip(alarms, looks, strict=True)]
        gap = scene.style.map["mark"]["size"] * 0.95
        return Names(x, y, titles, "title", subs, "sub", 0, BESIDE, gap, leader=True)


def _rings(marks: Stamps, alarms: list[Alarm], sizes: list[float], scene: Scene) -> Rings:
    """Around those that nobody has acknowledged."""
    sprites = [
        ring(scene, alarm.severity, size) if alarm.state == UNACK else -1
        for alarm, size in zip(alarms, sizes, strict=True)
    ]
    severity = np.array([a.severity for a in alarms], np.uint8)
    return Rings(marks, severity, np.array(sprites, np.int32))


def look_of(alarm: Alarm, picture: Picture, scene: Scene) -> str:
    """Filled, hollow when returned, unknown when its feed is gone (never shown as normal)."""
    row = picture.sensors.row_of.get(alarm.sensor)
    at = int(picture.sensors.at[row]) if row is not None else 0
    silent = row is not None and picture.sensors.quality[row] == STALE
    if silent or stopped(picture, at, scene):
        return UNKNOWN
    return LOOKS.get(alarm.state, FILLED)


def title_of(alarm: Alarm, scene: Scene) -> str:
    """燃气 27 %LEL; of an opening what its rule says: 夜间开门."""
    if not of_value(alarm):
        rule = codes.once("alarm_rules", alarm.rule)
        return rule.name(scene.lang) if rule else alarm.rule
    cls = codes.load("sensor_class").get(alarm.cls)
    name = cls.name(scene.lang) if cls else alarm.cls
    return f"{name} {words.value(alarm.value, alarm.unit)}"


def age_of(alarm: Alarm, look: str, picture: Picture, scene: Scene) -> str:
    """Age of the value; where the feed is gone, the moment it stopped."""
    row = picture.sensors.row_of.get(alarm.sensor)
    at = int(picture.sensors.at[row]) if row is not None else int(alarm.changed_at)
    if look == UNKNOWN:
        return words.stopped(scene.tr, picture.now, at or alarm.changed_at)  # type: ignore[arg-type]
    return words.age(scene.tr, picture.now, at or alarm.changed_at)  # type: ignore[arg-type]


def mark(scene: Scene, severity: int, look: str, size: float) -> int:
    """The sprite of a severity mark."""
    style = scene.style

    def draw(painter: QPainter, middle: QPointF) -> None:
        paint_mark(painter, middle, size, severity, look, style)

    room = size * 1.3 + 2 * style.map["mark"]["halo"]
    return scene.sprites.drawn(("mark", severity, look, size), room, draw)


def ring(scene: Scene, severity: int, size: float) -> int:
    style = scene.style

    def draw(painter: QPainter, middle: QPointF) -> None:
        paint_ring(painter, middle, size, severity, style)

    return scene.sprites.drawn(("ring", severity, size), size * 2.1, draw)
