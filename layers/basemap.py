"""The base map 底图: foreign tiles below everything else, in the colours of the theme.

The tiles come from workers that are handed over from outside. Each tile lies on the sheet by its
four corners, after its datum was undone: within a tile the sheet is taken as bent no more than
four corners tell. At latitude 32 that is off by 0.1 pixel of the tile at zoom 10, 0.4 at zoom 8;
0.5 in GCJ-02. BD-09 is bent within kilometres: its tiles are laid in parts, which leaves 0.6.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from commandwall import geo
from commandwall.areas import Area
from commandwall.picture import Changes, Picture
from commandwall.tiles import decode, grid
from commandwall.tiles.grid import TileId
from commandwall.tiles.source import Source
from layers import pictures
from layers.base import Layer
from layers.painter import overscan, spare
from layers.scene import Piece, Raster, Scene
from layers.style import Style
from layers.viewport import Viewport

if TYPE_CHECKING:
    from commandwall.tiles.worker import Tiles  # a wall without a base map does without them

BENT, BENT_TO = 4, 14
"""Parts of a side of a BD-09 tile, and the zoom to which it is parted."""
Box = tuple[float, float, float, float]
Held = dict[TileId, tuple[int, tuple[Piece, ...]]]
"""Tiles that are there, and the edition they were made for."""


class BasemapLayer(Layer):
    """One base map; without one handed over it is empty and asks for nothing."""

    id, title, order = "basemap", "底图", 4
    shows = frozenset({Area})

    def __init__(self) -> None:
        super().__init__()
        self.tiles: Tiles | None = None
        self._held: Held = {}
        self._gone: frozenset[TileId] = frozenset()
        self._targets: list[TileId] = []
        self._seen: Viewport | None = None  # where tiles are wished for
        self._view: Viewport | None = None
        self._world: tuple[geo.Plane | None, str] | None = None
        self._edition = self._drawn_in = 0
        self._pieces: tuple[Piece, ...] = ()  # as the scene has them

    @property
    def credit(self) -> str:
        """What the licence of the map wants to be read beside it."""
        about = self.tiles.about if self.tiles is not None else None
        return self.tiles.source.credit or about.credit if self.tiles and about else ""

    def refresh(self, picture: Picture, changes: Changes, scene: Scene) -> None:
        if self.tiles is None:
            return
        self._renew(scene)
        self._collect(scene)
        self._wish(scene)

    def look(self, view: Viewport, scene: Scene) -> None:
        self._view = view
        if self.tiles is not None and not self._reaches(view, scene):
            self._wish(scene)

    def _reaches(self, view: Viewport, scene: Scene) -> bool:
        """Whether what is wished for is what this window wants."""
        if self._seen is None or not scene.visible(self):
            return self._seen is None and not scene.visible(self)
        a, b, c, d = view.bounds
        left, top, right, bottom = self._seen.bounds
        edge = 2 * spare(scene.style, view)  # a little sooner than the cook goes on
        x, y = edge * (c - a), edge * (d - b)
        inside = left <= a - x and top <= b - y and right >= c + x and bottom >= d + y
        return inside and self._zoom(view, scene) == self._zoom(self._seen, scene)

    def _renew(self, scene: Scene) -> None:
        """Another city takes all tiles away; those of another theme stand until new ones come."""
        world = (scene.plane, scene.style.theme)
        if self._world is not None and self._world[0] != scene.plane:
            self._held = {}
        if self._world != world:
            self._world, self._edition = world, self._edition + 1
        if self._drawn_in != scene.sprites.edition:  # the scene was cleared
            self._drawn_in, self._pieces = scene.sprites.edition, ()

    def _collect(self, scene: Scene) -> None:
        assert self.tiles is not None
        news = self.tiles.take()
        self._gone = news.gone
        self._held.update(news.ready)  # type: ignore[arg-type]
        told = _told(scene, news.trouble, news.waiting, len(news.gone))
        self.note = told or self.credit

    def _wish(self, scene: Scene) -> None:
        """Wish for what is lacking, the far view and the middle of the window first."""
        assert self.tiles is not None
        if self.tiles.about is None or self._view is None or not scene.visible(self):
            self._seen = None
            self.tiles.want((), _nothing)
            return
        self._seen = self._view.overscanned(overscan(scene.style, self._view))
        self._targets = self._filling(self._seen, scene)
        asked = dict.fromkeys([*self._far(scene), *self._targets])
        asked |= dict.fromkeys(a for t in self._targets if (a := self._stand_in(t)) is not None)
        lacking = [t for t in asked if self._held.get(t, (-1,))[0] != self._edition]
        self.tiles.want(lacking, _maker(scene, self.tiles.source, self._edition))
        self._show(scene)

    def _zoom(self, view: Viewport, scene: Scene) -> int:
        assert self.tiles is not None and self.tiles.about is not None and scene.plane is not None
        about = self.tiles.about
        pixels = grid.PIXELS * (2 if about.vector else 1)
        fitting = grid.zoom_for(view.design_mpp, scene.plane.lat0, pixels)
        return min(max(fitting, about.zooms[0]), about.zooms[1])

    def _filling(self, view: Viewport, scene: Scene) -> list[TileId]:
        """The tiles that fill a window, from its middle outward."""
        assert self.tiles is not None and scene.plane is not None
        left, top, right, bottom = view.bounds
        x, y = np.meshgrid(np.linspace(left, right, 3), np.linspace(top, bottom, 3))
        lon, lat = scene.plane.inverse(x.ravel(), -y.ravel())
        lon, lat = geo.convert(lon, lat, geo.WGS84, self.tiles.source.datum)
        z, most = self._zoom(view, scene), scene.style.map["basemap"]["most"]
        while len(found := grid.spanned(z, lon, lat)) > most and z > 0:
            z -= 1
        return found

    def _far(self, scene: Scene) -> list[TileId]:
        """The far view of the same place: few tiles, so that nothing stays blank."""
        assert self.tiles is not None and self.tiles.about is not None
        steps, least = scene.style.map["basemap"]["coarse"], self.tiles.about.zooms[0]
        return list(dict.fromkeys(_above(t, min(steps, t.z - least)) for t in self._targets))

    def _stand_in(self, tile: TileId) -> TileId | None:
        """The nearest tile above one that is not there."""
        if tile not in self._gone:
            return None
        while tile in self._gone and tile.z > 0:
            tile = tile.parent
        return tile

    def _show(self, scene: Scene) -> None:
        """Draw what is there; where a tile is lacking, what is there of other zooms."""
        there = [t for t in self._targets if t in self._held]
        lacking = {t for t in self._targets if t not in self._held}
        kept = [*self._others(lacking), *there]
        far = [t for t in self._far(scene) if t in self._held]  # the next move begins with it
        self._held = {t: self._held[t] for t in [*kept, *far]}
        self.count = len(there)
        pieces = tuple(piece for t in kept for piece in self._held[t][1])
        if pieces != self._pieces:
            self._pieces = pieces
            scene.draw(self, Raster(pieces))

    def _others(self, lacking: set[TileId]) -> list[TileId]:
        """Tiles of other zooms, coarsest first, that show a part of one that is lacking."""
        coarser = {_above(t, n) for t in lacking for n in range(1, t.z + 1)}
        z = max((t.z for t in lacking), default=0)
        finer = [t for t in self._held if t.z > z and _above(t, t.z - z) in lacking]
        return sorted([*coarser & self._held.keys(), *finer])


class Arrivals(QObject):
    """Brings what the workers tell to the screen's thread, and not too often."""

    _came = Signal()

    def __init__(self, tiles: Tiles, wait_ms: int, show: Callable[[], None]) -> None:
        super().__init__()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(wait_ms)
        self._timer.timeout.connect(show)
        self._came.connect(self._wait)
        tiles.announce = self._came.emit
        self._tiles = tiles

    def stop(self) -> None:
        """What still comes is not shown any more."""
        self._tiles.announce = lambda: None
        self._timer.stop()
        self._came.disconnect(self._wait)

    def _wait(self) -> None:
        if not self._timer.isActive():
            self._timer.start()


def _nothing(tile: TileId, data: bytes) -> object:
    raise AssertionError(tile)


def _told(scene: Scene, trouble: str, waiting: int, gone: int) -> str:
    tr = scene.tr
    said = {
        "cannot_open": tr("打不开"), "no_key": tr("缺密钥"), "refused": tr("被拒绝"),
        "offline": tr("连不上"), "busy": tr("服务器忙"),
    }  # fmt: skip
    if trouble:
        return said[trouble]
    if waiting:
        return tr("读取中，余 {n}", n=waiting)
    return tr("缺 {n} 块", n=gone) if gone else ""


def _above(tile: TileId, steps: int) -> TileId:
    """The tile that holds this one, so many zooms farther."""
    return TileId(tile.z - steps, tile.x >> steps, tile.y >> steps) if steps > 0 else tile


def _maker(scene: Scene, source: Source, edition: int) -> Callable[[TileId, bytes], object]:
    """Makes a tile ready, far from the screen's thread; the scene is not touched there."""
    plane, style = scene.plane, scene.style
    assert plane is not None
    looks = {name: table(style, name) for name in ("light", "dark", "photo")}
    opacity, hue = style.map["basemap"]["opacity"], style.map["basemap"]["hue"]

    def make(tile: TileId, data: bytes) -> object:
        kind = source.tone or ("photo" if decode.is_photo(data) else "light")
        picture = decode.picture(data)
        toned = pictures.tone(picture, looks[kind], hue / opacity, opacity)
        return edition, placed(toned, tile, source.datum, plane)

    return make


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
