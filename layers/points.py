"""Points: many things at places, kept as columns so that a change costs what has changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from layers.geometry import Floats

ROOM = 256
"""Rows there is room for at first."""


@dataclass(frozen=True, slots=True)
class Point:
    """One thing: degrees WGS-84, its rank (larger is worse), and what is written beside it."""

    id: str
    lon: float
    lat: float
    rank: int
    title: str


class Points:
    """Rows in no order; `x`, `y` sheet metres and `rank` are copies that nobody changes later."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.titles: list[str] = []
        self._row_of: dict[str, int] = {}
        self._xy = np.empty((ROOM, 2), np.float64)
        self._rank = np.empty(ROOM, np.uint8)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def x(self) -> Floats:
        return self._xy[: len(self), 0].copy()

    @property
    def y(self) -> Floats:
        return self._xy[: len(self), 1].copy()

    @property
    def rank(self) -> NDArray[np.uint8]:
        return self._rank[: len(self)].copy()

    def put(self, points: Sequence[Point], x: Floats, y: Floats) -> None:
        """Add points or replace those of the same id; `x`, `y` is where they stand."""
        self._make_room(len(self) + len(points))
        rows = [self._row(point) for point in points]
        self._xy[rows, 0], self._xy[rows, 1] = x, y
        self._rank[rows] = [point.rank for point in points]

    def drop(self, ids: Iterable[str]) -> None:
        """Take points away; an id that is not there is no fault."""
        for id_ in ids:
            row = self._row_of.pop(id_, -1)
            if row >= 0:
                self._fill_gap(row)

    def _row(self, point: Point) -> int:
        row = self._row_of.setdefault(point.id, len(self.ids))
        if row == len(self.ids):
            self.ids.append(point.id)
            self.titles.append(point.title)
        self.titles[row] = point.title
        return row

    def _fill_gap(self, row: int) -> None:
        """The last row takes the place of the one that is gone."""
        id_, title = self.ids.pop(), self.titles.pop()
        last = len(self.ids)
        if row < last:
            self.ids[row], self.titles[row], self._row_of[id_] = id_, title, row
            self._xy[row], self._rank[row] = self._xy[last], self._rank[last]

    def _make_room(self, rows: int) -> None:
        if rows > len(self._rank):
            room = max(rows, 2 * len(self._rank))
            xy, rank = np.empty((room, 2), np.float64), np.empty(room, np.uint8)
            xy[: len(self)], rank[: len(self)] = self._xy[: len(self)], self._rank[: len(self)]
            self._xy, self._rank = xy, rank
