"""The base map 底图: foreign tiles below everything else, in the colours of the theme.

The tiles come from workers that are handed over from outside; they are made ready there, too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from commandwall import geo
from commandwall.areas import Area
from commandwall.picture import Changes, Picture
from commandwall.tiles import decode, grid
from commandwall.tiles.grid import TileId
from layers import vectors
from layers.base import Layer
from layers.painter import overscan, spare
from layers.rasters import Printer
from layers.scene import Piece, Raster, Scene
from layers.vectors import Cutter, VectorTile
from layers.viewport import Viewport

if TYPE_CHECKING:
    from commandwall.tiles.worker import Make, Tiles  # a wall without a base map does without them

Made = tuple[Piece, ...] | VectorTile
Held = dict[TileId, tuple[int, Made]]
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
        self._world: tuple[geo.Plane | None, str, str] | None = None
        self._edition = self._drawn_in = 0
        self._vector = False  # the tiles that came are shapes
        self._make: Make = _nothing
        self._drawn: tuple[object, ...] = ()  # what the scene has
        self._known: frozenset[str] = frozenset()  # names that are ours

    @property
    def credit(self) -> str:
        """What the licence of the map wants to be read beside it."""
        about = self.tiles.about if self.tiles is not None else None
        return self.tiles.source.credit or about.credit if self.tiles and about else ""

    def refresh(self, picture: Picture, changes: Changes, scene: Scene) -> None:
        if self.tiles is None:
            return
        self._known = frozenset(area.name for area in picture.areas.values())
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
        world = (scene.plane, scene.style.theme, scene.lang)
        if self._world is not None and self._world[0] != scene.plane:
            self._held = {}
        if self._world != world:
            self._world, self._edition = world, self._edition + 1
            self._make = self._maker(scene)
        if self._drawn_in != scene.sprites.edition:  # the scene was cleared
            self._drawn_in, self._drawn = scene.sprites.edition, ()

    def _maker(self, scene: Scene) -> Make:
        """Makes tiles ready on a worker's thread, in the look of now; the scene stays out of it."""
        assert self.tiles is not None and scene.plane is not None
        edition, source, plane = self._edition, self.tiles.source, scene.plane
        printed = Printer(source, plane, scene.style)
        cut = Cutter(source, plane, scene.style, scene.lang)

        def make(tile: TileId, data: bytes) -> tuple[int, Made]:
            vector = decode.sort_of(data) == decode.VECTOR
            return edition, cut(tile, data) if vector else printed(tile, data)

        return make

    def _collect(self, scene: Scene) -> None:
        assert self.tiles is not None
        news = self.tiles.take()
        self._gone = news.gone
        self._held.update(news.ready)  # type: ignore[arg-type]
        self._vector = any(isinstance(made, VectorTile) for _, made in self._held.values())
        told = _told(scene, news.trouble, news.waiting, len(news.gone))
        self.note = told or self.credit

    def _wish(self, scene: Scene) -> None:
        """Wish for what is lacking, the far view and the middle of the window first."""
        assert self.tiles is not None
        if self.tiles.about is None or self._view is None or not scene.visible(self):
            self._seen = None
            self.tiles.want((), _nothing)
            return
        self._renew(scene)
        self._seen = self._view.overscanned(overscan(scene.style, self._view))
        self._targets = self._filling(self._seen, scene)
        asked, least = dict.fromkeys([*self._far(scene), *self._targets]), self.tiles.about.zooms[0]
        asked |= dict.fromkeys(
            a for t in self._targets if (a := self._stand_in(t, least)) is not None
        )
        lacking = [t for t in asked if self._held.get(t, (-1,))[0] != self._edition]
        self.tiles.want(lacking, self._make)
        self._show(scene)

    def _zoom(self, view: Viewport, scene: Scene) -> int:
        assert self.tiles is not None and self.tiles.about is not None and scene.plane is not None
        about = self.tiles.about
        pixels = grid.PIXELS * (2 if about.vector or self._vector else 1)
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

    def _stand_in(self, tile: TileId, least: int) -> TileId | None:
        """The nearest tile above one that is not there."""
        while tile in self._gone and tile.z > least:
            tile = tile.parent
        return None if tile in self._gone else tile

    def _show(self, scene: Scene) -> None:
        """Draw what is there; where a tile is lacking, what is there of other zooms."""
        there = [t for t in self._targets if t in self._held]
        lacking = {t for t in self._targets if t not in self._held}
        finer, coarser = self._finer(lacking), self._coarser(lacking)
        far = [t for t in self._far(scene) if t in self._held]  # the next move begins with it
        self._held = {t: self._held[t] for t in [*coarser, *finer, *there, *far]}
        self.count = len(there)
        if self._vector:
            self._draw_shapes(coarser, [*finer, *there], scene)
        else:
            self._draw_pictures([*sorted(coarser), *finer, *there], scene)

    def _finer(self, lacking: set[TileId]) -> list[TileId]:
        """Tiles of the next finer zoom that is there, where they lie in one that is lacking."""
        z = max((t.z for t in lacking), default=0)
        finer = [t for t in self._held if t.z > z and _above(t, t.z - z) in lacking]
        nearest = min((t.z for t in finer), default=0)
        return [t for t in finer if t.z == nearest]

    def _coarser(self, lacking: set[TileId]) -> dict[TileId, list[TileId]]:
        """The nearest tile that is there above each one that is lacking."""
        found: dict[TileId, list[TileId]] = {}
        for tile in lacking:
            above = (_above(tile, n) for n in range(1, tile.z + 1))
            if (best := next((t for t in above if t in self._held), None)) is not None:
                found.setdefault(best, []).append(tile)
        return found

    def _draw_pictures(self, tiles: list[TileId], scene: Scene) -> None:
        """The finer ones replace the coarser ones below them."""
        made = (self._held[t][1] for t in tiles)
        pieces = tuple(piece for one in made if isinstance(one, tuple) for piece in one)
        if pieces != self._drawn:
            self._drawn = pieces
            scene.draw(self, Raster(pieces))

    def _draw_shapes(
        self, coarser: dict[TileId, list[TileId]], tiles: list[TileId], scene: Scene
    ) -> None:
        """Nothing replaces what lies below it: of a coarser tile only the parts that are lacking
        are drawn, and none where finer ones are there."""
        full = {_above(t, t.z - self._targets[0].z) for t in tiles if t.z > self._targets[0].z}
        parts = [(t, vectors.places_in(t, sorted(set(of) - full))) for t, of in coarser.items()]
        parts += [(t, vectors.WHOLE) for t in tiles]
        made = ((self._held[t][1], cells) for t, cells in parts)
        drawn = tuple((one, cells) for one, cells in made if isinstance(one, VectorTile))
        if drawn != self._drawn:
            self._drawn, known, style = drawn, self._known, scene.style
            scene.later(
                lambda: vectors.items(drawn, style, known), lambda items: scene.draw(self, *items)
            )


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
