"""Vector tiles of a base map, drawn with our own pencils as our own ground and roads are.

What is drawn as what stands in assets/map/style.toml. A tile is kept in shares of its width and
height; where it stands in for tiles that are not there it is cut to their places.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from commandwall import geo
from commandwall.tiles import decode, grid
from commandwall.tiles.decode import BadTile, Features
from commandwall.tiles.grid import TileId
from commandwall.tiles.source import Source
from layers import geometry, paths
from layers.geometry import Floats, Ints, Project, Shapes
from layers.roads import road_lines
from layers.scene import EVER, Fill, Item, Names, Span
from layers.style import Style

Box = tuple[float, float, float, float]
WHOLE: tuple[Box, ...] = ((0.0, 0.0, 1.0, 1.0),)
MARGIN = 1 / 64
"""Share of a tile by which solid things reach over its edge: else a hair of land would show."""
KINDS = ("class", "kind", "subclass", "kind_detail", "pmap:kind")
"""Where the makers of tiles write what a thing is."""


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A tile, or parts of it, on the sheet: by row of the style, and names."""

    fills: tuple[Shapes, ...]
    lines: tuple[Floats, ...]
    x: Floats
    y: Floats
    texts: tuple[str, ...]


class Cutter:
    """Makes vector tiles ready, far from the screen's thread."""

    def __init__(self, source: Source, plane: geo.Plane, style: Style, lang: str) -> None:
        self.datum, self.plane, self.lang = source.datum, plane, lang
        self.look: Mapping[str, Any] = style.map["basemap"]
        rows = [*self.look["fill"], *self.look["line"], self.look["names"]]
        self._layers = frozenset(name for row in rows for name in row["layers"])
        self._facts = frozenset([*KINDS, *self.look["names"][lang]])

    def __call__(self, tile: TileId, data: bytes) -> VectorTile:
        """Raises BadTile."""
        try:
            layers = [_Paths(found) for found in decode.vector(data, self._layers, self._facts)]
            return VectorTile(tile, layers, self)
        except shapely.errors.ShapelyError as error:
            raise BadTile(str(error)) from error


class VectorTile:
    """One tile made ready, in shares of its width and height; never changed."""

    def __init__(self, tile: TileId, layers: Sequence[_Paths], cutter: Cutter) -> None:
        self.tile, self._cutter, look = tile, cutter, cutter.look
        self._fills = _drawn_by(layers, look["fill"], _solids)
        self._lines = _drawn_by(layers, look["line"], _strings)
        self._spots, self._texts = _names(layers, look["names"], cutter.lang)
        self._whole = self._drawn(WHOLE)

    def drawn(self, cells: Sequence[Box]) -> Drawn:
        """The parts of it in some boxes (shares of it), on the sheet."""
        return self._whole if cells is WHOLE else self._drawn(cells)

    def _drawn(self, cells: Sequence[Box]) -> Drawn:
        project = _projection(self.tile, self._cutter.datum, self._cutter.plane)
        margins = [0.0 if "veil" in row else MARGIN for row in self._cutter.look["fill"]]
        fills = [
            geometry.solids(_cut(shapes, cells, margin), project)
            for shapes, margin in zip(self._fills, margins, strict=True)
        ]
        lines = [geometry.strings(_cut(one, cells, MARGIN), project)[0] for one in self._lines]
        kept = _inside(self._spots, cells)
        x, y = project(self._spots[kept, 0], self._spots[kept, 1])
        texts = tuple(self._texts[i] for i in np.flatnonzero(kept))
        return Drawn(tuple(fills), tuple(lines), x, y, texts)


Part = tuple[VectorTile, Sequence[Box]]
"""A tile, and which parts of it."""


def items(
    tiles: Iterable[Part], style: Style, known: frozenset[str], span: Span = EVER
) -> list[Item]:
    """What the scene draws of parts of tiles at some scales; names that are `known` are left to
    other layers."""
    look, parts = style.map["basemap"], [tile.drawn(cells) for tile, cells in tiles]
    found: list[Item] = []
    for i, row in enumerate(look["fill"]):
        shapes, name = geometry.joined([p.fills[i] for p in parts]), row["colour"]
        colour = style.veil(name, row["veil"]) if "veil" in row else style.paint(name)
        found.append(Fill(shapes, np.full(len(shapes), colour, np.uint32), _span(row, style)))
    for i, row in reversed(list(enumerate(look["line"]))):  # the greatest stands first
        segments = np.concatenate([np.empty((0, 4)), *(p.lines[i] for p in parts)])
        found += road_lines(row["road"], segments, style)
    found.append(_named(parts, look["names"], known))
    return [i for i in (_within(item, span) for item in found) if i is not None]


def _within(item: Any, span: Span) -> Item | None:
    """An item at those of its scales that lie in a span; None where none does."""
    least, most = max(item.between[0], span[0]), min(item.between[1], span[1])
    return replace(item, between=(least, most)) if least < most else None


def _named(parts: Sequence[Drawn], look: Mapping[str, Any], known: frozenset[str]) -> Names:
    texts = [text for p in parts for text in p.texts]
    kept = [i for i, text in enumerate(texts) if text not in known]
    x = np.concatenate([np.empty(0), *(p.x for p in parts)])[kept]
    y = np.concatenate([np.empty(0), *(p.y for p in parts)])[kept]
    return Names(x, y, [texts[i] for i in kept], look["role"], rank=look["rank"])


def _span(row: Mapping[str, Any], style: Style) -> Span:
    levels = row.get("levels")
    return (style.span(max(levels))[0], style.span(min(levels))[1]) if levels else EVER


class _Paths:
    """The features of a layer with their points, in shares of the tile."""

    def __init__(self, features: Features) -> None:
        self.features = features
        xy, self.part, self.owner = paths.walked(features.commands, features.starts)
        self.xy = xy / features.extent
        self.sizes = np.bincount(self.part, minlength=len(self.owner))

    def rows(self, rows: Sequence[Mapping[str, Any]]) -> Ints:
        """The row of the style that draws each feature; -1 for none."""
        mine = [i for i, row in enumerate(rows) if self.features.layer in row["layers"]]
        kinds = [{facts.get(key) for key in KINDS} for facts in self.features.facts]
        found = (next((i for i in mine if _fits(rows[i], kind)), -1) for kind in kinds)
        return np.fromiter(found, np.int64, len(kinds))

    def chosen(
        self, features: NDArray[np.bool_], sort: int, least: int
    ) -> tuple[Floats, Ints, Ints]:
        """Points, parts (counted anew) and their features, of parts that have `least` points."""
        wanted = features & (self.features.sorts == sort)
        parts = wanted[self.owner] & (self.sizes >= least)
        kept, anew = parts[self.part], np.cumsum(parts) - 1
        return self.xy[kept], anew[self.part[kept]], self.owner[parts]


def _fits(row: Mapping[str, Any], kinds: set[Any]) -> bool:
    return "only" not in row or not kinds.isdisjoint(row["only"])


def _drawn_by(
    layers: Sequence[_Paths], rows: Sequence[Mapping[str, Any]], make: Callable[..., NDArray[Any]]
) -> list[NDArray[Any]]:
    """The shapes that each row of the style draws."""
    found: list[list[NDArray[Any]]] = [[] for _ in rows]
    for layer in layers:
        row = layer.rows(rows)
        for i in np.unique(row[row >= 0]):
            found[i].append(make(layer, row == i))
    return [np.concatenate([np.empty(0, object), *shapes]) for shapes in found]


def _strings(layer: _Paths, features: NDArray[np.bool_]) -> NDArray[Any]:
    xy, part, _ = layer.chosen(features, decode.LINE, 2)
    return np.atleast_1d(shapely.linestrings(xy, indices=part))


def _solids(layer: _Paths, features: NDArray[np.bool_]) -> NDArray[Any]:
    """A ring that runs as the first of its feature begins another polygon; others are holes."""
    xy, part, owner = layer.chosen(features, decode.POLYGON, 3)
    if not len(xy):
        return np.empty(0, object)
    first = np.searchsorted(part, np.arange(len(owner)))
    following = np.arange(1, len(xy) + 1)
    following[np.append(first[1:], len(xy)) - 1] = first
    x, y = xy.T
    runs = np.sign(np.add.reduceat(x * y[following] - x[following] * y, first))
    begins = np.append(True, owner[1:] != owner[:-1])
    shell = runs == runs[begins][np.cumsum(begins) - 1]
    loops = shapely.linearrings(xy, indices=part)
    return np.atleast_1d(shapely.polygons(np.atleast_1d(loops), indices=np.cumsum(shell) - 1))


def _cut(shapes: NDArray[Any], cells: Sequence[Box], margin: float) -> NDArray[Any]:
    cut = []
    for a, b, c, d in cells:
        m = margin * (c - a)
        cut.append(shapely.clip_by_rect(shapes, a - m, b - m, c + m, d + m))
    return np.concatenate(cut) if cut else shapes[:0]


def _names(
    layers: Sequence[_Paths], look: Mapping[str, Any], lang: str
) -> tuple[Floats, list[str]]:
    spots, texts = [np.empty((0, 2))], []
    for layer in layers:
        if layer.features.layer in look["layers"]:
            facts = layer.features.facts
            said = [next((f[key] for key in look[lang] if f.get(key)), "") for f in facts]
            named = np.array([bool(text) for text in said], bool)
            xy, part, owner = layer.chosen(named, decode.POINT, 1)
            spots.append(xy[np.searchsorted(part, np.arange(len(owner)))])
            texts += [said[i] for i in owner]
    return np.concatenate(spots), texts


def _inside(spots: Floats, cells: Iterable[Box]) -> NDArray[np.bool_]:
    """A name in the margin of a tile is its neighbour's."""
    x, y = spots[:, 0], spots[:, 1]
    inside = np.zeros(len(spots), bool)
    for a, b, c, d in cells:
        inside |= (x >= a) & (x < c) & (y >= b) & (y < d)
    return inside


def _projection(tile: TileId, datum: str, plane: geo.Plane) -> Project:
    def project(x: Any, y: Any) -> tuple[Floats, Floats]:
        lon, lat = geo.convert(*grid.degrees(tile.z, tile.x + x, tile.y + y), datum)
        east, north = plane.forward(lon, lat)
        return east, -north

    return project


def places_in(tile: TileId, others: Iterable[TileId]) -> tuple[Box, ...]:
    """Where finer tiles lie in this one, as shares of it."""
    boxes = []
    for other in others:
        n = 2.0 ** (other.z - tile.z)
        x, y = other.x / n - tile.x, other.y / n - tile.y
        boxes.append((x, y, x + 1 / n, y + 1 / n))
    return tuple(boxes)
