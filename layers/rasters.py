"""Raster tiles of a base map: put into the colours of the theme, and laid where they belong.

Each tile lies on the sheet by its four corners, after its datum was undone: within a tile the
sheet is taken as bent no more than four corners tell. At latitude 32 that is off by 0.1 pixel of
the tile at zoom 10, 0.4 at zoom 8; 0.5 in GCJ-02. BD-09 is bent within kilometres: its tiles are
laid in parts, which leaves 0.6.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from commandwall import geo
from commandwall.tiles import decode, grid
from commandwall.tiles.grid import TileId
from commandwall.tiles.source import Source
from layers import pictures
from layers.scene import Piece
from layers.style import Style

BENT, BENT_TO = 4, 14
"""Parts of a side of a BD-09 tile, and the zoom to which it is parted."""
Box = tuple[float, float, float, float]


class Printer:
    """Makes raster tiles ready, far from the screen's thread."""

    def __init__(self, source: Source, plane: geo.Plane, style: Style) -> None:
        self._source, self._plane = source, plane
        self._looks = {name: table(style, name) for name in ("light", "dark", "photo")}
        self._opacity, self._hue = (style.map["basemap"][name] for name in ("opacity", "hue"))

    def __call__(self, tile: TileId, data: bytes) -> tuple[Piece, ...]:
        """Raises BadTile."""
        kind = self._source.tone or ("photo" if decode.is_photo(data) else "light")
        hue = self._hue / self._opacity
        toned = pictures.tone(decode.picture(data), self._looks[kind], hue, self._opacity)
        return placed(toned, tile, self._source.datum, self._plane)


def table(style: Style, name: str) -> NDArray[np.uint32]:
    """The colour (0xRRGGBB) for each brightness: over plain land it comes out as the theme says."""
    look = style.map["basemap"]
    stops = np.array([at for at, _ in look[name]]) * 255
    rgb = np.array([_parts(style.rgb(colour)) for _, colour in look[name]])
    if name == "photo":
        rgb = rgb[np.argsort(rgb.sum(axis=1))]
    land = _parts(style.rgb("land"))
    wanted = np.stack([np.interp(np.arange(256), stops, rgb[:, c]) for c in range(3)], axis=1)
    veil = np.clip(np.round(land + (wanted - land) / look["opacity"]), 0, 255)
    return np.asarray(veil @ [1 << 16, 1 << 8, 1], np.uint32)


def _parts(rgb: int) -> NDArray[np.float64]:
    """Red, green and blue of 0xRRGGBB."""
    return np.array([rgb >> shift & 255 for shift in (16, 8, 0)], np.float64)


def placed(
    pixels: NDArray[np.uint32], tile: TileId, datum: str, plane: geo.Plane
) -> tuple[Piece, ...]:
    """A picture of a tile as it lies on the sheet."""
    n = BENT if datum == geo.BD09 and tile.z <= BENT_TO else 1
    return tuple(
        _piece(pixels, tile, (i / n, j / n, (i + 1) / n, (j + 1) / n), datum, plane)
        for j in range(n) for i in range(n)
    )  # fmt: skip


def _piece(
    pixels: NDArray[np.uint32], tile: TileId, part: Box, datum: str, plane: geo.Plane
) -> Piece:
    across, down = np.array(part)[[0, 2, 0, 2]], np.array(part)[[1, 1, 3, 3]]
    lon, lat = geo.convert(*grid.degrees(tile.z, tile.x + across, tile.y + down), datum)
    x, north = plane.forward(lon, lat)
    y = -north
    ox, oy = float(x.mean()), float(y.mean())
    u, v = x - ox, y - oy
    terms = np.column_stack([np.ones(4), u, v, u * v])
    into = np.linalg.solve(terms, np.column_stack([across, down])).T
    box = float(x.min()), float(y.min()), float(x.max()), float(y.max())
    return Piece(pixels, (ox, oy), np.ascontiguousarray(into), part, box)
