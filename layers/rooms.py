"""Rooms: the arrays that a window's pictures are drawn in, used again and again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from layers import pictures
from layers.frames import Box
from layers.viewport import Viewport

Pixels = NDArray[np.uint32]
Numbers = NDArray[np.integer[Any]]


@dataclass(slots=True, eq=False)
class Ground:
    """What is kept while only data change: who owns a pixel, and what covers the land."""

    view: Viewport
    key: int
    cover: Pixels
    ids: Numbers
    close: bool = False  # it reaches no farther than its window


@dataclass(slots=True, eq=False)
class Room:
    """The arrays of a window for its largest frame, (height, width) of `size`; what is smaller
    lies at their beginning."""

    size: tuple[int, int]
    cover: Pixels
    ids: Numbers
    pictures: list[Pixels]

    @classmethod
    def of(cls, size: tuple[int, int], kind: type[Any]) -> Room:
        many = size[0] * size[1]
        three = [np.zeros(many, np.uint32) for _ in range(3)]
        return cls(size, three[0], np.zeros(many, kind), three[1:])

    def ground(self, view: Viewport, key: int, close: bool = False) -> Ground:
        """The ground of a frame, as it lies there."""
        return Ground(view, key, laid(self.cover, view), laid(self.ids, view), close)

    def part(self, view: Viewport) -> Ground:
        """The ground of a part of a frame, at most half of it: in the picture that is drawn next.

        Arrays of its own, of ever other sizes, the C library would keep.
        """
        many, free = view.width * view.height, self.pictures[-1]
        ids = free[many:].view(self.ids.dtype)
        return Ground(view, -1, laid(free, view), laid(ids, view))

    def grown(self, old: Viewport, view: Viewport, box: Box) -> None:
        """Let the rows of a ground stand where they belong in a larger one: in a box of it."""
        for flat in (self.cover, self.ids):
            pictures.spread(flat, old.width, old.height, view.width, box[0], box[1])


def laid(flat: Any, view: Viewport) -> Any:
    """The beginning of an array as a picture."""
    return flat[: view.height * view.width].reshape(view.height, view.width)
