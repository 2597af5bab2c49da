"""Sketched outlines (示意) for areas that came with a code and a name but without a shape."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import shapely

from commandwall.areas import Area
from commandwall.pool.demo.plane import around
from commandwall.pool.demo.subdivide import LEAST_BEND, subdivide, unite

GAP = 1e-3
"""Metres: wider gaps between parts are land, narrower ones are rounding."""


class Child(NamedTuple):
    """An area to draw inside its parent; weight is its share of the land."""

    code: str
    name: str
    weight: float


class Sketch(NamedTuple):
    """What was drawn: outlines by code (WGS-84), and parents whose land could not be divided."""

    shapes: dict[str, Any]
    failed: set[str]


def draw(
    parents: Mapping[str, Area], children: Mapping[str, Sequence[Child]], taken: Any
) -> Sketch:
    """Outlines for the children (by parent's code) that cover each parent without a gap.

    `taken` is land (a geometry or None) that has surveyed children already. The same children of
    the same parent are drawn the same way again. Sketched parents get the exact outline of
    their children under their own code, so that the levels agree vertex by vertex.
    """
    rows: list[tuple[str, str]] = []  # child, parent
    parts: list[Any] = []
    failed: set[str] = set()
    for code, several in children.items():
        try:
            parts += _cut(_ground(parents[code], taken), several, zlib.crc32(code.encode()))
            rows += [(child.code, code) for child in several]
        except ValueError:
            failed.add(code)
    if not parts:
        return Sketch({}, failed)
    return Sketch(_joined(rows, parts, parents), failed)


def _ground(parent: Area, taken: Any) -> Any:
    whole = shapely.from_wkb(parent.geom)
    return whole if taken is None else shapely.difference(whole, taken)


def _cut(ground: Any, several: Sequence[Child], seed: int) -> list[Any]:
    if shapely.is_empty(ground) or not shapely.area(ground) > 0:
        raise ValueError("no land")
    return subdivide(ground, list(several), seed)


def _joined(
    rows: Sequence[tuple[str, str]], parts: Sequence[Any], parents: Mapping[str, Area]
) -> dict[str, Any]:
    """The parts mended into one coverage, and the outlines of their sketched parents."""
    plane = around(shapely.union_all(shapely.envelope(parts)))
    codes = list(dict.fromkeys(parent for _, parent in rows))
    whole = shapely.coverage_clean(plane.to_metres(np.array(parts, object)), gap_width=GAP)
    # The outer border is the city's own and stays; only sketched lines lose their small bends.
    lean = list(shapely.coverage_simplify(whole, LEAST_BEND, simplify_boundary=False))
    united = unite(lean, [codes.index(parent) for _, parent in rows])
    shapes = plane.to_degrees(np.array([*lean, *united], object))
    drawn = dict(zip([*(child for child, _ in rows), *codes], shapes, strict=True))
    return {c: shape for c, shape in drawn.items() if c not in parents or parents[c].sketch}
