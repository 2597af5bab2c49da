"""Which tiles windows want of a base map, and what stands in where one is not there."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf, sqrt
from typing import Any

import numpy as np

from commandwall import geo
from commandwall.tiles import grid
from commandwall.tiles.grid import TileId
from layers.scene import Span
from layers.viewport import Viewport


@dataclass(frozen=True, slots=True)
class Mosaic:
    """The tiles of one zoom that windows want, those of their middles first, and the scales
    (metres per design pixel) at which they are seen."""

    z: int
    targets: tuple[TileId, ...]
    span: Span

    def coarser(self, held: Collection[TileId]) -> dict[TileId, list[TileId]]:
        """The nearest tile that is there above each one that is lacking, with those below it."""
        found: dict[TileId, list[TileId]] = {}
        for tile in self.lacking(held):
            above = (up(tile, n) for n in range(1, tile.z + 1))
            if (best := next((t for t in above if t in held), None)) is not None:
                found.setdefault(best, []).append(tile)
        return found

    def finer(self, held: Collection[TileId]) -> list[TileId]:
        """Tiles of the next finer zoom that is there, where they lie in one that is lacking."""
        lacking = self.lacking(held)
        finer = [t for t in held if t.z > self.z and up(t, t.z - self.z) in lacking]
        nearest = min((t.z for t in finer), default=0)
        return [t for t in finer if t.z == nearest]

    def lacking(self, held: Collection[TileId]) -> set[TileId]:
        return {t for t in self.targets if t not in held}

    def there(self, held: Collection[TileId]) -> list[TileId]:
        return [t for t in self.targets if t in held]


class Tiler:
    """Says what windows want of one map in one city."""

    def __init__(self, plane: geo.Plane, datum: str, zooms: tuple[int, int], pixels: int) -> None:
        self._plane, self._datum, self._zooms, self._pixels = plane, datum, zooms, pixels

    def zoom(self, view: Viewport) -> int:
        """The zoom that fits a window."""
        fitting = grid.zoom_for(view.design_mpp, self._plane.lat0, self._pixels)
        return min(max(fitting, self._zooms[0]), self._zooms[1])

    def mosaics(self, views: Iterable[Viewport], most: int) -> list[Mosaic]:
        """One for each zoom that windows want, the closest look first."""
        wanted: dict[int, dict[TileId, None]] = {}
        scales: dict[int, list[float]] = {}
        for view in views:
            tiles = self._filling(view, most)
            wanted.setdefault(tiles[0].z, {}).update(dict.fromkeys(tiles))
            scales.setdefault(tiles[0].z, []).append(view.design_mpp)
        order = sorted(wanted, key=lambda z: min(scales[z]))
        edges = [sqrt(max(scales[a]) * min(scales[b])) for a, b in pairwise(order)]
        spans = zip([0.0, *edges], [*edges, inf], strict=True)
        return [Mosaic(z, tuple(wanted[z]), span) for z, span in zip(order, spans, strict=False)]

    def _filling(self, view: Viewport, most: int) -> list[TileId]:
        """The tiles that fill a window, from its middle outward."""
        left, top, right, bottom = view.bounds
        x, y = np.meshgrid(np.linspace(left, right, 3), np.linspace(top, bottom, 3))
        lon, lat = self._plane.inverse(x.ravel(), -y.ravel())
        lon, lat = geo.convert(lon, lat, geo.WGS84, self._datum)
        z = self.zoom(view)
        while len(found := grid.spanned(z, lon, lat)) > most and z > self._zooms[0]:
            z -= 1
        return found

    def far(self, mosaics: Sequence[Mosaic], steps: int) -> list[TileId]:
        """The far view of the same places: few tiles, so that nothing stays blank."""
        tiles = (t for mosaic in mosaics for t in mosaic.targets)
        return list(dict.fromkeys(up(t, min(steps, t.z - self._zooms[0])) for t in tiles))

    def stand_ins(self, mosaics: Sequence[Mosaic], gone: Collection[TileId]) -> list[TileId]:
        """The nearest tiles that may be there above those that are not."""
        found: dict[TileId, Any] = {}
        for tile in (t for mosaic in mosaics for t in mosaic.targets if t in gone):
            while tile in gone and tile.z > self._zooms[0]:
                tile = tile.parent
            if tile not in gone:
                found[tile] = None
        return list(found)


def up(tile: TileId, steps: int) -> TileId:
    """The tile that holds this one, so many zooms farther."""
    return TileId(tile.z - steps, tile.x >> steps, tile.y >> steps) if steps > 0 else tile
