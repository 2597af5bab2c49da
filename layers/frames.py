"""Frames: how much of the city is cooked for a window, in which parts, and in which order."""

from __future__ import annotations

from itertools import pairwise

from layers.style import Style
from layers.viewport import Viewport

AT_ONCE = 6_000_000
"""Pixels that are cooked before they are shown, when a picture is larger."""
WORTH = 1.25
"""Where a frame has so many times the pixels of its window, what the window shows is cooked first,
after a change of scale, and alone; below that a second picture would cost more than it gives."""
Rows = tuple[int, int]
Box = tuple[int, int, int, int]
"""Left, top, right, bottom pixels."""


def overscan(style: Style, view: Viewport) -> float:
    """How much larger than its window a frame is: on large walls that much would be too much."""
    look = style.map["frame"]
    share = min(1.0, float(look["overscan_mpx"]) * 1e6 / (view.width * view.height))
    return 1 + (float(look["overscan"]) - 1) * share


def spare(style: Style, view: Viewport) -> float:
    """The share of the window that must be known beyond its edges, or the frame is cooked anew."""
    look = style.map["frame"]
    return float(look["spare"]) * (overscan(style, view) - 1) / (float(look["overscan"]) - 1)


def close(style: Style, view: Viewport) -> Viewport | None:
    """The frame of what the window shows and nothing more; None where that is not worth while, or
    not less: a window of no width yet, while others are laid out."""
    factor, alone = overscan(style, view), view.on_pixels()
    whole = view.overscanned(factor)
    less = alone.width <= whole.width and alone.height <= whole.height
    return alone if less and factor**2 >= WORTH else None


def seen(frame: Viewport, view: Viewport) -> Rows:
    """The rows of a frame that a window of the same scale shows."""
    top = round(frame.offset_of(view)[1])
    return max(0, min(top - 1, frame.height)), max(0, min(top + view.height + 1, frame.height))


def runs(height: int, width: int, first: Rows | None = None) -> list[Rows]:
    """The rows of a picture in parts that are shown one by one: those of the window, `first`, from
    their middle outward, then the others."""
    top, bottom = first or (0, height)
    rest = [part for rows in ((0, top), (bottom, height)) for part in _parts(*rows, width)]
    return _parts(top, bottom, width) + rest


def _parts(top: int, bottom: int, width: int) -> list[Rows]:
    """Rows in parts of AT_ONCE pixels, the middle first."""
    count = max(1, round((bottom - top) * width / AT_ONCE))
    edges = [top + round(i * (bottom - top) / count) for i in range(count + 1)]
    parts = [(a, b) for a, b in pairwise(edges) if b > a]
    return sorted(parts, key=lambda part: abs(part[0] + part[1] - top - bottom))


def exposed(width: int, height: int, dx: int, dy: int) -> list[Box]:
    """What a picture does not know yet when its window has moved by (dx, dy) pixels."""
    dx, dy = max(-width, min(dx, width)), max(-height, min(dy, height))
    boxes = []
    if dy:
        boxes.append((0, height - dy, width, height) if dy > 0 else (0, 0, width, -dy))
    if dx:
        top, bottom = (0, height - dy) if dy > 0 else (-dy, height)
        boxes.append((width - dx, top, width, bottom) if dx > 0 else (0, top, -dx, bottom))
    return [(a, b, c, d) for a, b, c, d in boxes if c > a and d > b]


def around(width: int, height: int, inner: Box) -> list[Box]:
    """What a picture does not know yet of which only a box in it is known."""
    left, top, right, bottom = inner
    boxes = [
        (0, 0, width, top), (0, bottom, width, height), (0, top, left, bottom),
        (right, top, width, bottom),
    ]  # fmt: skip
    return [(a, b, c, d) for a, b, c, d in boxes if c > a and d > b]


def place(outer: Viewport, inner: Viewport) -> Box | None:
    """Where in a frame another of the same scale lies; None where it is not whole in it, or where
    both have one size."""
    if (outer.width, outer.height) == (inner.width, inner.height) or not outer.covers(inner):
        return None
    x, y, _ = outer.offset_of(inner)
    left, top = round(x), round(y)
    return left, top, left + inner.width, top + inner.height
