"""Reads the commands by which vector tiles draw, without the GIL."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from layers.compiler import kernel
from layers.geometry import Floats, Ints

MOVE, LINE, CLOSE = 1, 2, 7


@kernel
def _walk(commands, starts, xy, part, owner):  # type: ignore[no-untyped-def]
    """Follow the commands of all features; returns how many points and parts there are."""
    points = parts = 0
    for feature in range(starts.shape[0] - 1):
        x = y = 0
        i, end, first = starts[feature], starts[feature + 1], parts
        while i < end:
            act, count = int(commands[i]) & 7, int(commands[i]) >> 3
            i += 1
            if act == CLOSE:  # rings close by themselves
                continue
            if act != MOVE and act != LINE:
                break
            for _ in range(min(count, (end - i) // 2)):
                a, b = int(commands[i]), int(commands[i + 1])
                x, y, i = x + (a >> 1 ^ -(a & 1)), y + (b >> 1 ^ -(b & 1)), i + 2
                if act == MOVE or parts == first:
                    owner[parts] = feature
                    parts += 1
                xy[points, 0], xy[points, 1] = x, y
                part[points] = parts - 1
                points += 1
    return points, parts


def walked(commands: NDArray[np.uint32], starts: Ints) -> tuple[Floats, Ints, Ints]:
    """Points (n, 2), the part each belongs to, and the feature that each part belongs to."""
    most = len(commands) // 2
    xy, part, owner = np.empty((most, 2)), np.empty(most, np.int64), np.empty(most, np.int64)
    points, parts = _walk(commands, starts, xy, part, owner)
    return xy[:points], part[:points], owner[:parts]
