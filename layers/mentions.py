"""Mentions 提及: where a word, a topic or a class that somebody looks at is told of. Near ones are
one sign with their count; what is only known to an area is counted under its name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter

from commandwall.areas import Area
from commandwall.events import EventView
from commandwall.picture import Changes, Picture
from layers.base import Layer
from layers.events import counted, has_point
from layers.marks import paint_mention
from layers.scene import Scene, Stamps
from layers.tint import AreaTree


class MentionsLayer(Layer):
    """Whoever looks at something hands its events over."""

    id, title, order = "mentions", "提及", 62
    shows = frozenset({Area})
    events: Sequence[EventView] = ()

    def __init__(self) -> None:
        super().__init__()
        self._tree: AreaTree | None = None

    def refresh(self, picture: Picture, changes: Changes, scene: Scene) -> None:
        if self._tree is None or Area in changes.kinds:
            self._tree = AreaTree(picture)
        self.count = len(self.events)
        self.at = max((view.event.reported_at for view in self.events), default=None)
        points = [view for view in self.events if has_point(view)]
        held = Counter(view.event.area for view in self.events if not has_point(view))
        scene.draw(self, *_spots(points, scene), *counted(self._tree, held, scene))


def _spots(views: Sequence[EventView], scene: Scene) -> list[Stamps]:
    """At each level of the map those of one square as one, with how many they are."""
    if not views:
        return []
    x, y = scene.project([v.event.lon for v in views], [v.event.lat for v in views])
    style, ids = scene.style, tuple(view.event.id for view in views)
    size = style.map["mark"]["mention"]

    def draw(painter: QPainter, middle: QPointF) -> None:
        paint_mention(painter, middle, size, style)

    sign = np.full(len(views), scene.sprites.drawn(("mention",), size + 8, draw), np.int32)
    rank, badges = np.zeros(len(views), np.uint8), scene.sprites.badges()
    return [
        Stamps(x, y, sign, style.span(level), False, "event", ids, rank, cell, badges)
        for level, cell in enumerate(style.map["mark"]["cell"])
    ]
