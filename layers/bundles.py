"""Bundles: lines that follow each other, drawn as one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from layers import kernels
from layers.scene import Item, Line
from layers.viewport import Viewport


@dataclass(frozen=True, slots=True, eq=False)
class Bundle:
    """Lines that follow each other, as one: whoever draws waits for Python's lock once, not for
    each of them in each band."""

    lines: tuple[Line, ...]
    segments: NDArray[np.float64]
    ends: NDArray[np.int64]

    @classmethod
    def of(cls, lines: Sequence[Line]) -> Bundle:
        ends = np.cumsum([len(line.segments) for line in lines])
        return cls(tuple(lines), np.concatenate([line.segments for line in lines]), ends)

    def draw(self, out: NDArray[np.uint32], view: Viewport, y0: int, y1: int) -> None:
        widths = np.array([width_of(line, view) for line in self.lines])
        colours = np.array([line.colour for line in self.lines], np.uint32)
        kernels.lines(out, self.segments, self.ends, view.transform, widths, colours, y0, y1)


class Bundles:
    """Ties lines together, and remembers those it tied last."""

    def __init__(self) -> None:
        self._known: list[Bundle] = []

    def tied(self, items: Iterable[Item]) -> list[Item | Bundle]:
        """The items in their order, lines without dashes as bundles."""
        found: list[Item | Bundle] = []
        for plain, some in groupby(items, lambda i: isinstance(i, Line) and i.dash is None):
            held = list(some)
            lines = tuple(item for item in held if isinstance(item, Line))
            found += [self._bundle(lines)] if plain else held
        self._known = [item for item in found if isinstance(item, Bundle)]
        return found

    def _bundle(self, lines: tuple[Line, ...]) -> Bundle:
        known = (bundle for bundle in self._known if bundle.lines == lines)
        return next(known, None) or Bundle.of(lines)


def width_of(line: Line, view: Viewport) -> float:
    """How many pixels wide a line is drawn."""
    return max(line.width * view.unit, line.metres / view.mpp)
