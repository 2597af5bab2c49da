"""Streets of the built-up parts: crooked grids, each town's turned its own way; their blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import radians
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from commandwall.pool.demo import names
from commandwall.pool.demo.land import Land, asset
from commandwall.pool.demo.plane import Array, Noise, stream

Mask = NDArray[np.bool_]
TOWN_EDGE = 0.17
"""Streets reach as far as the ground is built this densely."""
ARTERY = 4
"""Each fourth street is a main road."""
MISSING = 0.1
"""Share of minor street pieces that were never built."""


@dataclass(frozen=True, slots=True)
class Way:
    """A road before it is cut at its crossings: class, name, line (metres)."""

    cls: str
    name: str
    line: Any


@dataclass(frozen=True, slots=True)
class Streets:
    """All street grids of a city."""

    ways: list[Way]
    nodes: Array  # (n, 2) crossings
    blocks: Array  # (m, 4, 2) corners of the blocks, going round
    block: float  # metres: the usual side of one


def lay(land: Land, block: float, seed: int) -> Streets:
    """The streets of every town, blocks about `block` metres wide."""
    rng = stream(seed, "streets")
    bare = shapely.buffer(shapely.union_all([land.union("water"), land.union("hill")]), 20)
    shapely.prepare(bare)
    ways: list[Way] = []
    nodes, blocks = [], []
    for turn in sorted({seat.turn for seat in land.seats}):
        grid = _Grid(land, turn, block, bare, rng)
        ways += grid.ways(rng)
        nodes.append(grid.points[grid.kept])
        blocks.append(grid.blocks())
    return Streets(ways, np.concatenate(nodes), np.concatenate(blocks), block)


class _Grid:
    """One grid of crossings over the whole city, of which only its own towns' part is kept."""

    def __init__(
        self, land: Land, turn: float, block: float, bare: Any, rng: np.random.Generator
    ) -> None:
        self.points = _crossings(land, turn, block, rng)
        xy = self.points.reshape(-1, 2)
        seats = np.array([seat.at for seat in land.seats])
        urban = np.array([seat.urban for seat in land.seats])
        far = np.hypot(*np.moveaxis(xy[:, None] - seats, -1, 0)) / urban
        own = np.array([seat.turn == turn for seat in land.seats])[np.argmin(far, axis=1)]
        dense = land.density(xy) > TOWN_EDGE
        kept = own & dense
        kept[kept] = ~shapely.intersects_xy(bare, xy[kept])
        self.kept: Mask = kept.reshape(self.points.shape[:2])

    def blocks(self) -> Array:
        kept = self.kept
        whole = kept[:-1, :-1] & kept[1:, :-1] & kept[1:, 1:] & kept[:-1, 1:]
        p = self.points
        corners = np.stack([p[:-1, :-1], p[1:, :-1], p[1:, 1:], p[:-1, 1:]], axis=2)
        return np.asarray(corners[whole])

    def ways(self, rng: np.random.Generator) -> list[Way]:
        """Street pieces from crossing to crossing; a street has one name all along."""
        return [*self._along(0, rng), *self._along(1, rng)]

    def _along(self, axis: int, rng: np.random.Generator) -> list[Way]:
        points = self.points if axis == 0 else self.points.transpose(1, 0, 2)
        kept = self.kept if axis == 0 else self.kept.T
        main = np.arange(points.shape[1]) % ARTERY == rng.integers(ARTERY)
        built = kept[:-1] & kept[1:]
        built &= main | (rng.random(built.shape) > MISSING)
        over = main & kept[:-2] & ~kept[1:-1] & kept[2:]  # bridges: main roads cross narrow water
        (step, street), (bridge, main_street) = np.nonzero(built), np.nonzero(over)
        start = np.concatenate([points[step, street], points[bridge, main_street]])
        end = np.concatenate([points[step + 1, street], points[bridge + 2, main_street]])
        street = np.concatenate([street, main_street])
        lines = shapely.linestrings(np.stack([start, end], axis=1))
        labels = _labels(main, rng)
        return [
            Way("main" if main[s] else "street", labels[s], line)
            for s, line in zip(street.tolist(), lines, strict=True)
        ]


def _crossings(land: Land, turn: float, block: float, rng: np.random.Generator) -> Array:
    """(rows, columns, 2): a grid over the city, turned, unevenly spaced and slightly bent."""
    west, south, east, north = shapely.bounds(land.outline)
    middle = np.array([(west + east) / 2, (south + north) / 2])
    reach = np.hypot(east - west, north - south) / 2
    u, v = (_ticks(reach, block, rng) for _ in range(2))
    c, s = np.cos(radians(turn)), np.sin(radians(turn))
    gu, gv = np.meshgrid(u, v, indexing="ij")
    flat = np.stack([c * gu - s * gv, s * gu + c * gv], axis=-1) + middle
    bend = np.stack([Noise(rng, 2_600, 2)(flat) for _ in range(2)], axis=-1)
    return np.asarray(flat + 0.32 * block * bend)


def _ticks(reach: float, block: float, rng: np.random.Generator) -> Array:
    count = int(2 * reach / block) + 2
    return np.asarray(np.cumsum(block * rng.uniform(0.72, 1.28, count)) - reach)


def _labels(main: Mask, rng: np.random.Generator) -> list[str]:
    small = names.streets(len(main), rng)
    great: Sequence[str] = rng.permutation(asset("names")["main_roads"]).tolist()
    return [
        great[(n // ARTERY) % len(great)] if is_main else small[n] for n, is_main in enumerate(main)
    ]
