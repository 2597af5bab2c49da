"""Events 事件: small signs without hue; what is only known to an area is shown as such."""

from __future__ import annotations

from collections import Counter

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter

from commandwall.events import NEW, POINT, Event, EventView
from commandwall.picture import Changes, Picture
from layers.alarms import mark
from layers.base import Layer
from layers.marks import FILLED, HOLLOW, UNKNOWN, paint_event
from layers.scene import BESIDE, Names, Scene, Stamps
from layers.style import CITY, DISTRICT, STREET


class EventsLayer(Layer):
    """Open events. A graded one carries its severity; the rest stays grey."""

    id, title, order = "events", "事件", 60
    shows = frozenset({Event})
    watched = True

    def refresh(self, picture: Picture, changes: Changes, scene: Scene) -> None:
        views = [v for v in picture.events.values() if v.event.placed == POINT]
        views = [v for v in views if v.event.lon is not None and v.event.lat is not None]
        views.sort(key=lambda v: (-(v.event.grade or 9), v.state == NEW))
        rough = Counter(v.event.area for v in picture.events.values() if v.event.placed == "area")
        self.count = len(picture.events)
        self.at = picture.ages.get("events")
        scene.draw(self, *self._points(views, scene), *self._areas(rough, picture, scene))

    def _points(self, views: list[EventView], scene: Scene) -> list[Stamps | Names]:
        x, y = scene.project([v.event.lon for v in views], [v.event.lat for v in views])
        sprites = np.array([_sign(v, scene) for v in views], np.int32)
        small = np.array([_speck(v, scene) for v in views], np.int32)
        ids = [v.event.id for v in views]
        near, far = scene.style.span(STREET), scene.style.span(CITY)
        gap = scene.style.map["mark"]["event"]
        return [
            Stamps(x, y, small, far, False, "event", ids),
            Stamps(x, y, sprites, (0.0, far[0]), False, "event", ids),
            Names(x, y, [v.event.title[:18] for v in views], "note", rank=4, where=BESIDE,
                  gap=gap, between=near),
        ]  # fmt: skip

    def _areas(self, rough: Counter[str], picture: Picture, scene: Scene) -> list[Stamps | Names]:
        """One sign for all events of an area that have no better place, with their number."""
        areas = [picture.areas[code] for code in rough if code in picture.areas]
        x, y = scene.project([a.lon for a in areas], [a.lat for a in areas])
        sprites = np.full(len(areas), _dot(UNKNOWN, scene), np.int32)
        texts = [scene.tr("{n} 件，按辖区", n=rough[a.id]) for a in areas]
        gap = scene.style.map["mark"]["event"]
        wide = (scene.style.span(DISTRICT)[0], scene.style.span(CITY)[1])
        return [
            Stamps(x, y, sprites, of="area", ids=[a.id for a in areas], between=wide),
            Names(x, y, texts, "note", rank=3, where=BESIDE, gap=gap, between=wide),
        ]


def _sign(view: EventView, scene: Scene) -> int:
    if view.event.grade:
        return mark(scene, view.event.grade, FILLED, scene.style.map["mark"]["dense"])
    return _dot(FILLED if view.state == NEW else HOLLOW, scene)


def _speck(view: EventView, scene: Scene) -> int:
    """At city level: a speck, brighter where nobody has taken the event."""
    if view.event.grade:
        return _sign(view, scene)
    style, new = scene.style, view.state == NEW

    def draw(painter: QPainter, middle: QPointF) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(style.colour("t2" if new else "t3", 0.9 if new else 0.6))
        size = style.map["mark"]["event_far"]
        painter.drawEllipse(middle, size / 2, size / 2)

    return scene.sprites.drawn(("speck", new), 8, draw)


def _dot(look: str, scene: Scene) -> int:
    style = scene.style

    def draw(painter: QPainter, middle: QPointF) -> None:
        paint_event(painter, middle, look, style)

    return scene.sprites.drawn(("event", look), style.map["mark"]["event"] + 8, draw)
