"""The base map 底图: foreign tiles below everything else, in the colours of the theme.

The tiles come from workers that are handed over from outside; they are made ready there, too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from commandwall import geo
from commandwall.areas import Area
from commandwall.picture import Changes, Picture
from commandwall.tiles import decode, grid
from commandwall.tiles.grid import TileId
from layers import vectors
from layers.base import Layer
from layers.frames import overscan, spare
from layers.mosaic import Mosaic, Tiler, up
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
        self.mosaics: list[Mosaic] = []
        self._tiler: Tiler | None = None  # none while nothing is wished for
        self._views: tuple[Viewport, ...] = ()
        self._seen: tuple[Viewport, ...] = ()  # where tiles are wished for
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

    def look(self, views: Sequence[Viewport], scene: Scene) -> None:
        self._views = tuple(view for view in views if view.width > 1)
        if self.tiles is not None and not self._reaches(scene):
            self._wish(scene)

    def _reaches(self, scene: Scene) -> bool:
        """Whether what is wished for is what the windows want."""
        tiler = self._tiler
        if tiler is None or not scene.visible(self):
            return tiler is None and not scene.visible(self)
        return len(self._views) == len(self._seen) and all(
            _inside(view, seen, 2 * spare(scene.style, view))  # a little sooner than the cook
            and tiler.zoom(view) == tiler.zoom(seen)
            for view, seen in zip(self._views, self._seen, strict=True)
        )

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
        """Wish for what is lacking, the far view and the middles of the windows first."""
        assert self.tiles is not None
        about, plane, look = self.tiles.about, scene.plane, scene.style.map["basemap"]
        if about is None or plane is None or not self._views or not scene.visible(self):
            self._tiler = None
            self.tiles.want((), _nothing)
            return
        self._renew(scene)
        pixels = grid.PIXELS * (2 if about.vector or self._vector else 1)
        self._tiler = tiler = Tiler(plane, self.tiles.source.datum, about.zooms, pixels)
        self._seen = tuple(view.overscanned(overscan(scene.style, view)) for view in self._views)
        self.mosaics = tiler.mosaics(self._seen, look["most"])
        far = tiler.far(self.mosaics, look["coarse"])
        targets = (t for mosaic in self.mosaics for t in mosaic.targets)
        asked = dict.fromkeys([*far, *targets, *tiler.stand_ins(self.mosaics, self._gone)])
        lacking = [t for t in asked if self._held.get(t, (-1,))[0] != self._edition]
        self.tiles.want(lacking, self._make)
        self._keep(far)
        (self._draw_shapes if self._vector else self._draw_pictures)(scene)

    def _keep(self, far: list[TileId]) -> None:
        """Forget what no window wants; the far view stays, since the next move begins with it."""
        held, kept = self._held, dict.fromkeys(far)
        for mosaic in self.mosaics:
            kept |= dict.fromkeys([*mosaic.coarser(held), *mosaic.finer(held), *mosaic.targets])
        self._held = {t: held[t] for t in kept if t in held}
        self.count = sum(len(mosaic.there(held)) for mosaic in self.mosaics)

    def _draw_pictures(self, scene: Scene) -> None:
        """The finer ones replace the coarser ones below them."""
        drawn = tuple((mosaic.span, self._pieces(mosaic)) for mosaic in self.mosaics)
        if drawn != self._drawn:
            self._drawn = drawn
            scene.draw(self, *(Raster(pieces, span) for span, pieces in drawn))

    def _pieces(self, mosaic: Mosaic) -> tuple[Piece, ...]:
        held = self._held
        tiles = [*sorted(mosaic.coarser(held)), *mosaic.finer(held), *mosaic.there(held)]
        made = (held[t][1] for t in tiles)
        return tuple(piece for one in made if isinstance(one, tuple) for piece in one)

    def _draw_shapes(self, scene: Scene) -> None:
        drawn = tuple((mosaic.span, self._parts(mosaic)) for mosaic in self.mosaics)
        if drawn == self._drawn:
            return
        self._drawn, known, style = drawn, self._known, scene.style
        scene.later(
            lambda: [i for span, parts in drawn for i in vectors.items(parts, style, known, span)],
            lambda items: scene.draw(self, *items),
        )

    def _parts(self, mosaic: Mosaic) -> tuple[vectors.Part, ...]:
        """Nothing replaces what lies below it: of a coarser tile only the parts that are lacking
        are drawn, and none where finer ones are there."""
        held, finer = self._held, mosaic.finer(self._held)
        full = {up(t, t.z - mosaic.z) for t in finer}
        parts = [
            (t, vectors.places_in(t, sorted(set(of) - full)))
            for t, of in mosaic.coarser(held).items()
        ]
        parts += [(t, vectors.WHOLE) for t in [*finer, *mosaic.there(held)]]
        made = ((held[t][1], cells) for t, cells in parts)
        return tuple((one, cells) for one, cells in made if isinstance(one, VectorTile))


class Arrivals(QObject):
    """Brings what the workers tell to the screen's thread, and not too often. A map has one for as
    long as it lives: a worker may be in the middle of a word when another base map is chosen."""

    _came = Signal()

    def __init__(self, show: Callable[[], None]) -> None:
        super().__init__()
        self._tiles: Tiles | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(show)
        self._came.connect(self._wait)

    def follow(self, tiles: Tiles | None, wait_ms: int) -> None:
        """Hear these from now on, and none that were heard before."""
        if self._tiles is not None:
            self._tiles.announce = lambda: None
        self._timer.stop()
        self._timer.setInterval(wait_ms)
        self._tiles = tiles
        if tiles is not None:
            tiles.announce = self._came.emit

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


def _inside(view: Viewport, seen: Viewport, edge: float) -> bool:
    """Whether a window lies in another, by so much of its size to each side."""
    a, b, c, d = view.bounds
    left, top, right, bottom = seen.bounds
    x, y = edge * (c - a), edge * (d - b)
    return left <= a - x and top <= b - y and right >= c + x and bottom >= d + y
