"""The incident 突发事件: its cordon with its measure, its area of effect, its command posts 前指
and 后指, and the places that directives 指令 name."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter

from commandwall import codes
from commandwall.directives import DRAFT, ENDED, VERIFIED, Directive
from commandwall.extents import PLUME, Extent, polygon
from commandwall.incidents import OPEN, CommandPost, Incident
from commandwall.picture import Changes, Picture
from commandwall.posts import FRONT
from layers import geometry, words
from layers.alarms import mark
from layers.base import Layer
from layers.marks import FILLED, paint_numbered, paint_post, paint_square
from layers.scene import BESIDE, Fill, Item, Line, Names, Scene, Stamps

WORST, MILDEST = 1, 4
BELOW = 42.0


class IncidentLayer(Layer):
    id, title, order = "incident", "突发事件", 62
    shows = frozenset({Incident, CommandPost, Directive, Extent})

    def refresh(self, picture: Picture, changes: Changes, scene: Scene) -> None:
        open_ = [i for i in picture.incidents.values() if i.state == OPEN]
        self.count = len(open_)
        self.at = max((i.opened_at for i in open_), default=None)
        ids = {i.id for i in open_}
        # A post whose place nobody has reported stands nowhere.
        posts = [p for p in picture.command_posts.values() if p.incident in ids and p.place]
        cordons = [item for i in open_ if i.radius_m > 0 for item in _cordon(i, scene)]
        extents = [e for e in picture.extents.values() if e.id in ids and e.wkt]
        drawn = [item for e in extents for item in _extent(e, scene)]
        orders = [d for d in picture.directives.values() if d.incident in ids and _placed(d)]
        # A post at the place of its incident is drawn below it; there the incident is picked.
        scene.draw(
            self, *drawn, *cordons, *_orders(orders, scene), *_posts(posts, picture, scene),
            *_marks(open_, scene),
        )  # fmt: skip


def _cordon(incident: Incident, scene: Scene) -> list[Item]:
    x, y = scene.project([incident.lon], [incident.lat])
    circle = geometry.circle(float(x[0]), float(y[0]), incident.radius_m)
    segments, _ = geometry.outlines(circle)
    style, slant = scene.style, incident.radius_m * 0.7072
    text = scene.tr("警戒 {length}", length=words.length(incident.radius_m))
    return [
        Fill(circle, np.array([style.paint("s1", 0.16)], np.uint32)),
        Line(segments, style.paint("s1"), 2.5),
        Names(x + slant, y - slant, [text], "cordon", rank=0, where=BESIDE, gap=6),
    ]


DASH = (10.0, 6.0)


def _extent(extent: Extent, scene: Scene) -> list[Item]:
    """Its outline dashed, as what is reckoned and not seen, and how it was drawn."""
    shape = polygon(extent)
    if shape is None:
        return []
    fill = geometry.solids(np.array([shape]), scene.project)
    edge, along, _ = geometry.strings(np.array([shape.boundary]), scene.project)
    west, _, east, north = shape.bounds
    x, y = scene.project([(west + east) / 2], [north])
    style = scene.style
    return [
        Fill(fill, np.array([style.paint("s2", 0.16)], np.uint32)),
        Line(edge, style.paint("s2"), 2.0, dash=DASH, along=along),
        Names(x, y, [_measured(extent, scene)], "extent", rank=0, where=BESIDE, gap=6),
    ]


def _measured(extent: Extent, scene: Scene) -> str:
    """下风扇区（估算） 800 m 3 m/s: how it was drawn."""
    code = codes.load("extent_shape").get(extent.shape)
    name = code.name(scene.lang) if code else extent.shape
    size = words.length(extent.size_m) if extent.size_m else ""
    wind = f"{extent.wind:g} m/s" if extent.shape == PLUME and extent.wind is not None else ""
    return " ".join(filter(None, (name, size, wind)))


def _marks(incidents: list[Incident], scene: Scene) -> list[Item]:
    x, y = scene.project([i.lon for i in incidents], [i.lat for i in incidents])
    size = scene.style.map["mark"]["size"]
    sprites = np.array([_graded(i.grade, size, scene) for i in incidents], np.int32)
    titles, places = [i.title for i in incidents], [i.place for i in incidents]
    return [
        Stamps(x, y, sprites, of="incident", ids=[i.id for i in incidents]),
        Names(x, y, titles, "title", places, "sub", 0, BESIDE, size * 0.95, leader=True),
    ]


def _graded(grade: int | None, size: float, scene: Scene) -> int:
    """The severity mark; a plain square while nobody has decided the grade."""
    if grade is not None:
        return mark(scene, min(max(grade, WORST), MILDEST), FILLED, size)
    style = scene.style

    def draw(painter: QPainter, middle: QPointF) -> None:
        paint_square(painter, middle, size * 0.6, style)

    return scene.sprites.drawn(("ungraded", size), size * 1.3, draw)


def _posts(posts: list[CommandPost], picture: Picture, scene: Scene) -> list[Item]:
    x, y = scene.project([p.lon for p in posts], [p.lat for p in posts])
    at = [picture.incidents[p.incident] for p in posts]
    beside = [(p.lon, p.lat) == (i.lon, i.lat) for p, i in zip(posts, at, strict=True)]
    sprites = [_post(p.side, b, scene) for p, b in zip(posts, beside, strict=True)]
    return [Stamps(x, y, np.array(sprites, np.int32), of="command_post", ids=[p.id for p in posts])]


def _post(side: str, below: bool, scene: Scene) -> int:
    """The rectangle of a post; `below` the mark of its incident where both are at one place."""
    style, shift = scene.style, BELOW if below else 0.0
    text = scene.tr("前指") if side == FRONT else scene.tr("后指")

    def draw(painter: QPainter, middle: QPointF) -> None:
        paint_post(painter, QPointF(middle.x(), middle.y() + shift), text, style)

    return scene.sprites.drawn(("post", text, below), 58 + 2 * shift, draw)


def _placed(directive: Directive) -> bool:
    """Whether it is still worked on and names a place."""
    known = directive.lon is not None and directive.lat is not None
    return known and directive.state not in ENDED | {DRAFT, VERIFIED}


def _orders(orders: list[Directive], scene: Scene) -> list[Item]:
    """A small hollow square with the directive's number, beside it what is to be done."""
    x, y = scene.project([d.lon for d in orders], [d.lat for d in orders])
    sprites = np.array([_square(words.order_number(scene.tr, d), scene) for d in orders], np.int32)
    told = [_told(d, scene) for d in orders]
    gap = scene.style.map["mark"]["order"] * 0.75
    return [
        Stamps(x, y, sprites, of="directive", ids=[d.id for d in orders]),
        Names(x, y, told, "note", rank=2, where=BESIDE, gap=gap),
    ]


def _told(directive: Directive, scene: Scene) -> str:
    verb = codes.load("directive_verb").get(directive.verb)
    return " ".join(filter(None, (verb.name(scene.lang) if verb else "", directive.text)))


def _square(number: str, scene: Scene) -> int:
    style, side = scene.style, scene.style.map["mark"]["order"]

    def draw(painter: QPainter, middle: QPointF) -> None:
        paint_numbered(painter, middle, number, style)

    return scene.sprites.drawn(("order", number), side + 2 * style.map["mark"]["halo"], draw)
