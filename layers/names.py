"""Names: which label stands where. Marks never move, so names do.

Labels are placed best first on a grid of cells; what finds no free spot is not drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from layers import crowd, kernels
from layers.scene import BESIDE, Item, Names, Plan, Stamps, shows
from layers.sprites import Pages
from layers.viewport import Viewport

I32 = NDArray[np.int32]
TOUCH = 0.75
"""Share of two lines' halos that may lie over each other."""
INSET = 3
"""Design pixels of a label's own halo that others may touch."""
EDGE, FOOT = 6, 40
"""Design pixels kept free along the edges of the window; scale bar and age stand at its foot."""


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """Finished placement: sprites with their left top pixels, and leader lines in pixels."""

    sprite: I32
    left: I32
    top: I32
    leaders: NDArray[np.float64]
    colour: int
    width: float

    def draw(self, out: NDArray[np.uint32], pages: Pages, y0: int, y1: int) -> None:
        straight = (1.0, 0.0, 0.0)
        kernels.strokes(out, self.leaders, straight, self.width, np.uint32(self.colour), y0, y1)
        crowd.stamp(out, pages.pixels, pages.where, self.sprite, self.left, self.top, y0, y1)


@dataclass(frozen=True, slots=True, eq=False)
class _Batch:
    """The written labels of one item that lie in the frame."""

    item: Names
    anchor: I32  # (n, 2)
    title: I32  # (n, 2) size
    sub: I32  # (n, 2) size, nothing where there is no second line
    rows: NDArray[np.int64]
    overlap: int  # pixels

    @property
    def size(self) -> I32:
        wide = np.maximum(self.title[:, 0], self.sub[:, 0])
        return np.column_stack([wide, self.second + self.sub[:, 1]]).astype(np.int32)

    @property
    def second(self) -> I32:
        """How far the second line stands below the first: their halos may touch."""
        return np.where(self.sub[:, 1] > 0, self.title[:, 1] - self.overlap, self.title[:, 1])


def laid_out(plan: Plan, frame: Viewport, view: Viewport) -> Labels:
    """Place all labels of a plan in the frame; those in the window stay whole in the window."""
    mpp = frame.design_mpp
    items: list[Item] = [*plan.ground, *plan.live]
    found = [i for i in items if isinstance(i, Names) and shows(i.between, mpp)]
    batches = [_batch(i, frame, plan) for i in sorted(found, key=lambda i: i.rank)]
    batches = [b for b in batches if len(b.rows)]
    if not batches:
        empty = np.empty(0, np.int32)
        return Labels(empty, empty, empty, np.empty((0, 4)), 0, 1.0)
    spots = [_spots(b, frame.unit) for b in batches]
    anchors, sizes = _joined([b.anchor for b in batches]), _joined([b.size for b in batches])
    window = _window(frame, view)
    inset, grid = round(INSET * frame.unit), _grid(plan, frame, view)
    chosen = kernels.place(grid, anchors, sizes, _joined(spots), window, inset)
    return _labels(plan, frame, batches, spots, chosen)


def _joined(parts: list[I32]) -> I32:
    return np.ascontiguousarray(np.concatenate(parts), np.int32)


def _batch(item: Names, frame: Viewport, plan: Plan) -> _Batch:
    pages, roles = plan.pages, plan.style.map["text"]
    left, top, right, bottom = frame.bounds
    with np.errstate(invalid="ignore"):
        seen = (item.x >= left) & (item.x < right) & (item.y >= top) & (item.y < bottom)
    # Names go on being written while this is cooked; what the plan does not know yet waits.
    written = (item.sprites[:, 0] >= 0) & (item.sprites.max(axis=1) < len(pages.where))
    rows = np.flatnonzero(seen & written)
    scale, ox, oy = frame.transform
    anchor = np.column_stack([item.x[rows] * scale + ox, item.y[rows] * scale + oy])
    first, second = item.sprites[rows, 0], item.sprites[rows, 1]
    sub = np.where(second[:, None] >= 0, pages.where[second, 1:3], 0)
    halos = roles[item.role]["halo"] + roles[item.subrole]["halo"]
    return _Batch(
        item, np.floor(anchor).astype(np.int32), pages.where[first, 1:3], sub.astype(np.int32),
        rows, round(halos * TOUCH * frame.unit),
    )  # fmt: skip


def _spots(batch: _Batch, unit: float) -> I32:
    """(n, spots, 2): left top corners to try, relative to the anchor."""
    w, h = batch.size[:, 0], batch.size[:, 1]
    gap = np.full(len(w), round(batch.item.gap * unit), np.int32)
    near = gap // 3
    if batch.item.where == BESIDE and batch.item.leader:
        choice = [
            (gap, -h - near), (gap, near), (-w - gap, -h - near), (-w - gap, near),
            (-w // 2, -h - gap), (-w // 2, gap), (gap, -h - 2 * gap), (gap, 2 * gap),
            (-w - gap, -h - 2 * gap),
        ]  # fmt: skip
    elif batch.item.where == BESIDE:
        choice = [
            (gap, -h // 2), (-w - gap, -h // 2), (gap, near), (-w - gap, near), (gap, -h - near),
            (-w - gap, -h - near), (-w // 2, gap), (-w // 2, -h - gap), (gap, h // 2),
        ]  # fmt: skip
    else:
        mid, up = -w // 2, gap - h // 2  # a gap holds it below its point
        choice = [
            (mid, up), (mid, up + h), (mid, up - h), (h // 2, up), (-w - h // 2, up),
            (mid, up + 2 * h), (mid, up - 2 * h), (h // 2, up + h), (-w - h // 2, up + h),
        ]  # fmt: skip
    return np.stack([np.column_stack(pair) for pair in choice], axis=1).astype(np.int32)


def _grid(plan: Plan, frame: Viewport, view: Viewport) -> NDArray[np.uint8]:
    """The cells that marks, and the strip at the foot of the window, have taken already."""
    grid = np.zeros((frame.height // kernels.CELL + 1, frame.width // kernels.CELL + 1), np.uint8)
    left, _, right, bottom = _window(frame, view)
    foot = [[left, bottom - round(FOOT * view.unit), right, bottom + round(EDGE * view.unit)]]
    kernels.occupy(grid, np.array(foot, np.int32))
    for item in plan.live:
        if isinstance(item, Stamps) and item.solid and shows(item.between, frame.design_mpp):
            x, y, sprite = item.corners(frame, plan.pages)
            size = plan.pages.where[sprite, 1:3]
            boxes = np.column_stack([x, y, x + size[:, 0], y + size[:, 1]])
            kernels.occupy(grid, np.ascontiguousarray(boxes, np.int32))
    return grid


def _window(frame: Viewport, view: Viewport) -> tuple[int, int, int, int]:
    x, y, _ = frame.offset_of(view)
    left, top, edge = round(x), round(y), round(EDGE * view.unit)
    return left + edge, top + edge, left + view.width - edge, top + view.height - edge


def _labels(
    plan: Plan, frame: Viewport, batches: list[_Batch], spots: list[I32], chosen: I32
) -> Labels:
    sprites, lefts, tops, leaders, start = [], [], [], [np.empty((0, 4))], 0
    for batch, spot in zip(batches, spots, strict=True):
        choice = chosen[start : start + len(batch.rows)]
        start += len(batch.rows)
        kept = np.flatnonzero(choice >= 0)
        corner = batch.anchor[kept] + spot[kept, choice[kept]]
        for sprite, left, top in _lines(batch, kept, corner):
            sprites.append(sprite)
            lefts.append(left)
            tops.append(top)
        if batch.item.leader:
            leaders.append(_leaders(batch, kept, corner, frame.unit))
    return Labels(
        _joined(sprites), _joined(lefts), _joined(tops), np.concatenate(leaders),
        plan.style.paint("t2"), 1.5 * frame.unit,
    )  # fmt: skip


def _lines(batch: _Batch, kept: NDArray[np.int64], corner: I32) -> list[tuple[I32, I32, I32]]:
    """(sprite, left, top) of the first and the second lines of the placed labels."""
    size, title, sub = batch.size[kept], batch.title[kept], batch.sub[kept]
    # Left of its point a label ends at the point; centred ones are centred; others begin there.
    lean = np.full(len(kept), 0.5) if batch.item.where != BESIDE else np.where(
        corner[:, 0] + size[:, 0] <= batch.anchor[kept, 0], 1.0,
        np.where(corner[:, 0] >= batch.anchor[kept, 0], 0.0, 0.5),
    )  # fmt: skip
    sprites = batch.item.sprites[batch.rows[kept]]
    first = corner[:, 0] + (lean * (size[:, 0] - title[:, 0])).astype(np.int32)
    second = corner[:, 0] + (lean * (size[:, 0] - sub[:, 0])).astype(np.int32)
    below = corner[:, 1] + batch.second[kept]
    return [(sprites[:, 0], first, corner[:, 1]), (sprites[:, 1], second, below)]


def _leaders(
    batch: _Batch, kept: NDArray[np.int64], corner: I32, unit: float
) -> NDArray[np.float64]:
    """A short line from the mark's edge to the nearest corner of its label."""
    anchor, size = batch.anchor[kept].astype(np.float64), batch.size[kept]
    halo = 5 * unit
    x = np.clip(anchor[:, 0], corner[:, 0] + halo, corner[:, 0] + size[:, 0] - halo)
    y = np.clip(anchor[:, 1], corner[:, 1] + halo, corner[:, 1] + size[:, 1] - halo)
    end = np.column_stack([x, y])
    way = end - anchor
    length = np.maximum(np.hypot(way[:, 0], way[:, 1]), 1e-6)[:, None]
    start = anchor + way / length * np.minimum(length, batch.item.gap * unit * 0.62)
    return np.hstack([start, end])
