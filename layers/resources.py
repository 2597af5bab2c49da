"""Resources 力量: white discs with one character; a lost fix is dashed and says since when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter

from commandwall import codes
from commandwall.picture import Changes, FixArrays, Fixes, Picture, Tick
from commandwall.resources import Resource
from layers import words
from layers.base import Layer
from layers.marks import paint_unit, pen
from layers.scene import BESIDE, Item, Line, Names, Scene, Span, Stamps
from layers.style import CITY, STREET
from layers.trust import stopped

AT_WORK = frozenset({"assigned", "en_route", "on_scene", "busy"})
"""Rows of the code list resource_status in which a unit is drawn large at any scale."""


@dataclass(frozen=True, slots=True)
class _Unit:
    resource: Resource
    lon: float
    lat: float
    at: int
    lost: bool
    busy: bool


class ResourcesLayer(Layer):
    """At city level those at work are dots; nearer each is a disc, at work with its name."""

    id, title, order = "resources", "力量", 80
    shows = frozenset({Resource, Fixes, Tick})
    watched = True

    def refresh(self, picture: Picture, changes: Changes, scene: Scene) -> None:
        units = [_unit(r, picture, scene) for r in picture.resources.values()]
        self.count = len(units)
        self.at = picture.ages.get("fixes")
        busy = [u for u in units if u.busy]
        idle = [u for u in units if not u.busy]
        far, near = scene.style.span(CITY), scene.style.span(STREET)
        middle: Span = (0.0, far[0])
        scene.draw(
            self,
            *_trails(busy, picture.fixes, scene, middle),
            _stamps(busy, scene, far, small=True),
            _stamps(idle + busy, scene, middle, small=False),
            _names(busy, picture, scene, middle, 1),
            _names(idle, picture, scene, near, 2),
        )


def _unit(resource: Resource, picture: Picture, scene: Scene) -> _Unit:
    row = picture.fixes.row_of.get(resource.id)
    at = int(picture.fixes.at[row]) if row is not None else 0
    known = row is not None and np.isfinite(picture.fixes.lon[row])
    lon = float(picture.fixes.lon[row]) if known else resource.lon
    lat = float(picture.fixes.lat[row]) if known else resource.lat
    old = picture.now - at > scene.style.map["stale"]["fix_s"] * 1000
    lost = at > 0 and (old or stopped(picture, at, scene))
    return _Unit(resource, lon, lat, at, lost, resource.status in AT_WORK)


def _stamps(units: list[_Unit], scene: Scene, between: Span, small: bool) -> Stamps:
    x, y = scene.project([u.lon for u in units], [u.lat for u in units])
    sprites = [_dot(scene) if small else _disc(u, scene) for u in units]
    ids = [u.resource.id for u in units]
    return Stamps(x, y, np.array(sprites, np.int32), between, not small, "resource", ids)


def _names(units: list[_Unit], picture: Picture, scene: Scene, between: Span, rank: int) -> Names:
    x, y = scene.project([u.lon for u in units], [u.lat for u in units])
    statuses = codes.load("resource_status")
    subs = []
    for unit in units:
        status = statuses.get(unit.resource.status)
        said = status.name(scene.lang) if status else ""
        subs.append(words.stopped(scene.tr, picture.now, unit.at) if unit.lost else said)  # type: ignore[arg-type]
    names = [u.resource.name for u in units]
    gap = scene.style.map["mark"]["unit"] * 0.8
    return Names(x, y, names, "unit", subs, "unitsub", rank, BESIDE, gap, between=between)


def _disc(unit: _Unit, scene: Scene) -> int:
    style, kind = scene.style, codes.load("resource_kind").get(unit.resource.kind)
    text = str(kind.facts.get("sign", kind.zh[:1])) if kind else "?"

    def draw(painter: QPainter, middle: QPointF) -> None:
        paint_unit(painter, middle, text, unit.lost, style)

    room = style.map["mark"]["unit"] + 2 * style.map["mark"]["halo"]
    return scene.sprites.drawn(("unit", text, unit.lost), room, draw)


def _dot(scene: Scene) -> int:
    style = scene.style

    size = style.map["mark"]["unit_far"]

    def draw(painter: QPainter, middle: QPointF) -> None:
        painter.setPen(pen(style.colour("halo"), 3))
        painter.setBrush(style.colour("t1"))
        painter.drawEllipse(middle, size / 2 + 1, size / 2 + 1)

    return scene.sprites.drawn(("unit far",), size + 8, draw)


def _trails(units: list[_Unit], fixes: FixArrays, scene: Scene, between: Span) -> list[Item]:
    """The last minutes of those at work."""
    rows = [fixes.row_of[u.resource.id] for u in units if u.resource.id in fixes.row_of]
    if not rows:
        return []
    trail = fixes.trail[rows]
    x, y = scene.project(trail[:, :, 0], trail[:, :, 1])
    ends = np.stack([x[:, :-1], y[:, :-1], x[:, 1:], y[:, 1:]], axis=2).reshape(-1, 4)
    known = np.ascontiguousarray(ends[np.isfinite(ends).all(axis=1)])
    return [Line(known, scene.style.paint("t2", 0.5), 1.5, between=between)]
