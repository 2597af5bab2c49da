"""How often a device may speak: what is over the limit is thinned out to its newest value."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from commandwall.clock import SECOND, Ms


class Rates:
    """The devices of one broker, and how many readings each had in the second it told of last.

    A second is one of the readings' own time: what a gateway sends after a cut is no flood.
    """

    def __init__(self) -> None:
        self._second = np.zeros(0, np.int64)
        self._had = np.zeros(0, np.int64)

    def thin(self, rows: NDArray[np.void], now: Ms, most: float) -> NDArray[np.bool_]:
        """Which of these READING_DTYPE rows, which came `now`, count: of each device the first
        `most` of a second, and always its newest, so that no flood hides how it stands."""
        if not len(rows):
            return np.ones(0, np.bool_)
        self._grow(int(rows["no"].max()) + 1)
        order = np.lexsort((rows["at"], rows["no"]))
        no, second = rows["no"][order].astype(np.intp), np.minimum(rows["at"], now)[order] // SECOND
        begins = np.ones(len(rows), np.bool_)
        begins[1:] = (no[1:] != no[:-1]) | (second[1:] != second[:-1])
        starts = np.flatnonzero(begins)
        length = np.diff(np.append(starts, len(rows)))
        before = np.where(self._second[no[starts]] == second[starts], self._had[no[starts]], 0)
        rank = np.arange(len(rows)) - np.repeat(starts - before, length)
        last = np.append(no[1:] != no[:-1], True)
        ends = np.append(starts[1:], len(rows)) - 1
        newest = ends[last[ends]]
        self._second[no[newest]], self._had[no[newest]] = second[newest], rank[newest] + 1
        keeps = np.zeros(len(rows), np.bool_)
        keeps[order] = (rank < most) | last
        return keeps

    def _grow(self, size: int) -> None:
        more = size - len(self._second)
        if more > 0:
            self._second = np.append(self._second, np.zeros(more, np.int64))
            self._had = np.append(self._had, np.zeros(more, np.int64))
