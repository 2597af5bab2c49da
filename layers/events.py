"""Events 事件: small signs without hue; what is only known to an area is shown as such."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter

from commandwall.areas import Area
from commandwall.clock import to_datetime
from commandwall.events import AREA, NEW, POINT, Event, EventView
from commandwall.picture import Changes, Picture, SyncState, Tick
from layers.alarms import mark
from layers.areas import SHOWN
from layers.base import Layer
from layers.geometry import Ints
from layers.marks import FILLED, HOLLOW, UNKNOWN, paint_event
from layers.scene import BESIDE, Names, Scene, Stamps
from layers.style import CITY
from layers.tint import AreaTree
from layers.trust import late


class EventsLayer(Layer):
    """Open events. A graded one carries its severity; the rest stays grey."""

    id, title, order = "events", "事件", 60
    shows = frozenset({Event, Area, SyncState, Tick})
    watched = True

    def __init__(self) -> None:
        super().__init__()
        self.calls: frozenset[str] = frozenset()
        """Events that wait for a person because their clock ran out: never lost among the rest."""
        self._late = False
        self._tree: AreaTree | None = None

    def refresh(self, picture: Picture, changes: Changes, scene: Scene) -> None:
        gone = late(picture, scene)
        if not changes.kinds & {Event, Area} and gone == self._late:
            return
        self._late = gone
        if self._tree is None or Area in changes.kinds:
            self._tree = AreaTree(picture)
        views = [v for v in picture.events.values() if v.event.placed == POINT]
        views = [v for v in views if v.event.lon is not None and v.event.lat is not None]
        views.sort(key=lambda v: (-(v.event.grade or 9), v.state == NEW))
        self.count = len(picture.events)
        self.at = picture.ages.get("events")
        calls = [v for v in views if v.event.id in self.calls]
        scene.draw(
            self, *self._points(views, scene), *self._areas(picture, self._tree, scene),
            *self._calling(calls, scene),
        )  # fmt: skip

    def _points(self, views: list[EventView], scene: Scene) -> list[Stamps | Names]:
        x, y = scene.project([v.event.lon for v in views], [v.event.lat for v in views])
        sorts = [(v.event.grade, v.state == NEW) for v in views]
        known = {sort: (self._speck(*sort, scene), self._sign(*sort, scene)) for sort in set(sorts)}
        signs = np.array([known[sort] for sort in sorts], np.int32).reshape(-1, 2)
        ids = [v.event.id for v in views]
        near, far = (0.0, scene.style.map["name"]["near_mpp"]), scene.style.span(CITY)
        gap = scene.style.map["mark"]["event"]
        return [
            Stamps(x, y, signs[:, 0].copy(), far, False, "event", ids),
            Stamps(x, y, signs[:, 1].copy(), (0.0, far[0]), False, "event", ids),
            Names(x, y, [v.event.title for v in views], "note", rank=4, where=BESIDE,
                  gap=gap, between=near),
        ]  # fmt: skip

    def _calling(self, views: list[EventView], scene: Scene) -> list[Stamps | Names]:
        """The lamp of a clock that ran out, with what and since when."""
        x, y = scene.project([v.event.lon for v in views], [v.event.lat for v in views])
        size = scene.style.map["mark"]["lamp"]
        lamp = mark(scene, 1, UNKNOWN if self._late else FILLED, size)
        told = [
            scene.tr("{time} 上报", time=f"{to_datetime(v.event.reported_at):%H:%M}") for v in views
        ]
        return [
            Stamps(x, y, np.full(len(views), lamp, np.int32), of="event",
                   ids=[v.event.id for v in views]),
            Names(x, y, [v.event.title for v in views], "title", told, "sub", 1, BESIDE,
                  size * 0.95, leader=True),
        ]  # fmt: skip

    def _areas(self, picture: Picture, tree: AreaTree, scene: Scene) -> list[Names]:
        """Under the name of an area: how many events have no better place than that."""
        codes = [v.event.area for v in picture.events.values() if v.event.placed == AREA]
        rows = tree.rows_for(codes)
        rows = rows[rows >= 0]
        return [self._counts(tree, rows, level, scene) for level in range(3) if len(rows)]

    def _counts(self, tree: AreaTree, rows: Ints, map_level: int, scene: Scene) -> Names:
        at = tree.up(rows, SHOWN[map_level])
        at = np.where(at < 0, rows, at)  # known to a coarser area only: counted there
        here, number = np.unique(at, return_counts=True)
        areas = [tree.rows[i] for i in here]
        x, y = scene.project([a.lon for a in areas], [a.lat for a in areas])
        texts = [
            scene.tr("◌ {n} 件按辖区", n=f"{n:,}")
            if area.level == SHOWN[map_level]
            else scene.tr("{area}另有 ◌ {n} 件按辖区", area=area.name, n=f"{n:,}")
            for area, n in zip(areas, number.tolist(), strict=True)
        ]
        below, between = scene.style.map["name"]["below"], scene.style.span(map_level)
        return Names(x, y, texts, "area", rank=6, gap=below, between=between)

    def _sign(self, grade: int | None, new: bool, scene: Scene) -> int:
        """What it is now is not known while the pool is silent."""
        if grade:
            worth = UNKNOWN if self._late else FILLED
            return mark(scene, grade, worth, scene.style.map["mark"]["dense"])
        return _dot(UNKNOWN if self._late else FILLED if new else HOLLOW, scene)

    def _speck(self, grade: int | None, new: bool, scene: Scene) -> int:
        """At city level: a speck, brighter where nobody has taken the event."""
        return self._sign(grade, new, scene) if grade else _speck(new, scene)


def _speck(new: bool, scene: Scene) -> int:
    style = scene.style

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
