"""Compile every kernel once, unseen: on the worker, with the very types that maps bring.

`python -m layers.warm` does the same ahead of time, so that even the first start is quick.
"""

from __future__ import annotations

import logging

import numpy as np

from layers import clusters, crowd, geometry, kernels, paths, pictures
from layers.compiler import forget_cache
from layers.painter import Painter
from layers.scene import (
    BESIDE,
    Dots,
    Fill,
    Line,
    Names,
    Piece,
    Plan,
    Raster,
    Stamps,
    Territory,
    Tint,
)  # fmt: skip
from layers.sprites import Pages
from layers.style import Style
from layers.viewport import Viewport

log = logging.getLogger(__name__)


def warm(style: Style) -> None:
    """Draw a small plan that has one item of each sort; takes seconds the first time ever."""
    try:
        _draw(style)
    except OSError as trouble:  # the disk of the cache is full or read-only: do without it
        log.warning("Compiled kernels cannot be kept: %s", trouble)
        for name in (
            one
            for room in (clusters, crowd, kernels, paths, pictures)
            for one in vars(room).values()
        ):
            if hasattr(name, "_cache"):
                forget_cache(name)
        _draw(style)


def _draw(style: Style) -> None:
    small = Painter(threads=1)
    try:
        small.paint(_plan(style), Viewport(0.0, 0.0, 1.0, 64, 64))
    finally:
        small.close()
    paths.walked(np.array([9, 2, 2], np.uint32), np.array([0, 3]))
    kernels.ink(np.zeros((4, 4), np.uint8), 1, np.uint32(1), np.uint32(1))
    for kind in (np.uint32, np.uint16):
        pictures.shift(np.zeros((2, 2), kind), 1, 1)
        pictures.spread(np.zeros(9, kind), 2, 2, 3, 0, 0)


def _plan(style: Style) -> Plan:
    circle = geometry.circle(0.0, 0.0, 20.0, 12)
    one, two = np.ones(1, np.uint32), np.full(2, 0xFF000000, np.uint32)
    line = np.array([[-30.0, -9.0, 30.0, 9.0], [0.0, 30.0, 1.0, -30.0]])
    at, first = np.zeros(1), np.zeros(1, np.int32)
    names = Names(at, at, ["a"], "note", where=BESIDE, leader=True)
    names.sprites[:, 0] = 0
    flat = pictures.tone(np.zeros((2, 2, 4), np.uint8), np.zeros(256, np.uint32), 0.5, 0.5)
    piece = Piece(flat, (0.0, 0.0), np.zeros((2, 4)), (0.0, 0.0, 1.0, 1.0), (-9.0,) * 4)
    ground = (
        Territory(circle, (1, 1, 1)), Tint(two, np.ones(2, np.uint8)), Fill(circle, one),
        Line(line, 1, 3.0), Line(line, 1, 3.0, dash=(4.0, 4.0), along=np.zeros(2)),
        Raster((piece,)),
    )  # fmt: skip
    live = (
        Dots(at, at, np.zeros(1, np.uint8), one, np.ones(1)), names,
        Stamps(at, at, first, rank=np.zeros(1, np.uint8), cell=8.0),
        Stamps(at, at, first, rank=np.zeros(1, np.uint32), cell=8.0),
    )  # fmt: skip
    pages = Pages(np.zeros(16, np.uint32), np.array([[0, 4, 4]], np.int32))
    return Plan(ground, live, pages, style, 0)


if __name__ == "__main__":
    _draw(Style())
