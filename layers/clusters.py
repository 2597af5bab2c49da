"""Clusters: where marks would lie on each other, a cell shows its worst one, with a count.

Cells are fixed to the sheet, so that a mark neither jumps nor changes while the map is moved.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from layers.compiler import kernel
from layers.viewport import Viewport

Ints = NDArray[np.int64]


def worst(
    x: NDArray[np.float64], y: NDArray[np.float64], rank: NDArray[Any], cell: int, frame: Viewport
) -> tuple[Ints, Ints]:
    """The row of each cell's worst point, and how many points lie in that cell.

    `x`, `y` sheet metres; `rank` whole numbers, larger is worse, of equals the most easterly;
    `cell` device pixels. Points should reach one cell beyond the frame, or the cells along its
    edge count too few.
    """
    left, top, _, _ = frame.bounds
    first = round(left / frame.mpp) // cell - 1, round(top / frame.mpp) // cell - 1
    size = frame.width // cell + 4, frame.height // cell + 4
    rows, counts = _worst(x, y, rank, 1.0 / (cell * frame.mpp), first, size)
    return rows, counts


@kernel
def _worst(x, y, rank, scale, first, size):  # type: ignore[no-untyped-def]
    wide, high = size
    best = np.full(wide * high, -1, np.int64)
    count = np.zeros(wide * high, np.int64)
    for i in range(x.shape[0]):
        c = int(np.floor(x[i] * scale)) - first[0]
        r = int(np.floor(y[i] * scale)) - first[1]
        if 0 <= c < wide and 0 <= r < high:
            at = r * wide + c
            count[at] += 1
            held = best[at]
            if held < 0 or (rank[i], x[i]) > (rank[held], x[held]):
                best[at] = i
    taken = np.flatnonzero(count)
    return best[taken], count[taken]
