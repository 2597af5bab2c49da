"""Roads: streets, main roads and expressways, at their true width close by, with names."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from commandwall.areas import Road
from commandwall.picture import Changes, Picture
from layers import geometry
from layers.base import Layer
from layers.scene import Item, Line, Names, Scene
from layers.style import STREET, Style

CLASSES = ("street", "main", "expressway")
"""Drawn in this order; a class the list does not know is a street."""
RANK = {name: i for i, name in enumerate(CLASSES)}


class RoadsLayer(Layer):
    id, title, order = "roads", "道路", 30
    shows = frozenset({Road})

    def refresh(self, picture: Picture, changes: Changes, scene: Scene) -> None:
        roads = list(picture.roads.values())
        self.count = len(roads)
        scene.later(lambda: _items(roads, scene), lambda items: scene.draw(self, *items))


def _items(roads: list[Road], scene: Scene) -> tuple[Item, ...]:
    segments, _, owner = geometry.lines([r.geom for r in roads], scene.project)
    rank = np.fromiter((RANK.get(r.cls, 0) for r in roads), np.int64, len(roads))
    cls = rank[owner]
    items: list[Item] = []
    for i, name in enumerate(CLASSES):
        items += road_lines(name, np.ascontiguousarray(segments[cls == i]), scene.style)
    return (*items, _names(roads, rank, segments, owner, scene))


def road_lines(name: str, segments: geometry.Floats, style: Style) -> list[Line]:
    """Segments as roads of a class are drawn at each level, with their casing."""
    look = style.map["line"][name]
    metres, lines = look["metres"], []
    for level in range(3):
        true = metres if level == STREET else 0.0
        span = style.span(level)
        if "casing" in look:
            wide = look["casing"][level]
            lines.append(Line(segments, style.paint("outside"), wide, true * 1.3, between=span))
        lines.append(Line(segments, style.paint(name), look["width"][level], true, between=span))
    return lines


def _names(
    roads: list[Road], rank: geometry.Ints, segments: geometry.Floats, owner: geometry.Ints,
    scene: Scene,
) -> Names:  # fmt: skip
    """Names at the middle of road pieces, the greatest roads first, each name well apart."""
    numbers = np.arange(len(roads))
    first, behind = (np.searchsorted(owner, numbers, side=side) for side in ("left", "right"))
    has_name = np.fromiter((bool(r.name) for r in roads), bool, len(roads))
    length = np.fromiter((r.length for r in roads), np.float64, len(roads))
    order = np.lexsort((-length, -rank))
    named = order[(has_name & (behind > first))[order]]
    at = segments[(first[named] + behind[named]) // 2]
    x, y = (at[:, 0] + at[:, 2]) / 2, (at[:, 1] + at[:, 3]) / 2
    texts = [roads[i].name for i in named.tolist()]
    kept = _apart(texts, x, y, scene.style.map["name"]["road_apart_m"])
    near = scene.style.map["name"]["near_mpp"]
    return Names(x[kept], y[kept], [texts[i] for i in kept], "street", rank=8, between=(0.0, near))


def _apart(texts: list[str], x: geometry.Floats, y: geometry.Floats, least: float) -> list[int]:
    """Rows to keep so that equal texts stand at least so many metres from each other. A city
    asks this 50,000 times: a plain loop takes two thirds of the time of a generator."""
    kept: list[int] = []
    taken: dict[str, list[tuple[float, float]]] = defaultdict(list)
    near = least * least
    for i, (text, a, b) in enumerate(zip(texts, x.tolist(), y.tolist(), strict=True)):
        others = taken[text]
        for c, d in others:
            if (a - c) * (a - c) + (b - d) * (b - d) < near:
                break
        else:
            others.append((a, b))
            kept.append(i)
    return kept
