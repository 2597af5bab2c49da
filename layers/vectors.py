"""Vector tiles of a base map, drawn with our own pencils as our own ground and roads are.

What is drawn as what stands in assets/map/style.toml. A tile is kept in shares of its width and
height; where it stands in for tiles that are not there it is cut to their places.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from commandwall import geo
from commandwall.tiles import decode, grid
from commandwall.tiles.decode import BadTile
from commandwall.tiles.grid import TileId
from commandwall.tiles.source import Source
from layers import geometry
from layers.geometry import Floats, Project, Shapes
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

    def __call__(self, tile: TileId, data: bytes) -> VectorTile:
        """Raises BadTile."""
        return VectorTile(tile, decode.vector(data), self)


class VectorTile:
    """One tile made ready, in shares of its width and height; never changed."""

    def __init__(self, tile: TileId, layers: Mapping[str, Any], cutter: Cutter) -> None:
        self.tile, self._cutter, look = tile, cutter, cutter.look
        self._fills = [_solids(found) for found in _sorted(layers, look["fill"], "Polygon")]
        self._lines = [_strings(found) for found in _sorted(layers, look["line"], "LineString")]
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


def items(
    tiles: Iterable[tuple[VectorTile, Sequence[Box]]], style: Style, known: frozenset[str]
) -> tuple[Item, ...]:
    """What the scene draws of parts of tiles; names that are `known` are left to other layers."""
    look, parts = style.map["basemap"], [tile.drawn(cells) for tile, cells in tiles]
    found: list[Item] = []
    for i, row in enumerate(look["fill"]):
        shapes, name = geometry.joined([p.fills[i] for p in parts]), row["colour"]
        colour = style.veil(name, row["veil"]) if "veil" in row else style.paint(name)
        found.append(Fill(shapes, np.full(len(shapes), colour, np.uint32), _span(row, style)))
    for i, row in reversed(list(enumerate(look["line"]))):  # the greatest stands first
        segments = np.concatenate([np.empty((0, 4)), *(p.lines[i] for p in parts)])
        found += road_lines(row["road"], segments, style)
    return (*found, _named(parts, look["names"], known))


def _named(parts: Sequence[Drawn], look: Mapping[str, Any], known: frozenset[str]) -> Names:
    texts = [text for p in parts for text in p.texts]
    kept = [i for i, text in enumerate(texts) if text not in known]
    x = np.concatenate([np.empty(0), *(p.x for p in parts)])[kept]
    y = np.concatenate([np.empty(0), *(p.y for p in parts)])[kept]
    return Names(x, y, [texts[i] for i in kept], look["role"], rank=look["rank"])


def _span(row: Mapping[str, Any], style: Style) -> Span:
    levels = row.get("levels")
    return (style.span(max(levels))[0], style.span(min(levels))[1]) if levels else EVER


def _sorted(
    layers: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], shape: str
) -> list[list[Any]]:
    """Coordinates of the features that each row draws, in shares of the tile."""
    found: list[list[Any]] = [[] for _ in rows]
    for name, layer in layers.items():
        mine = [i for i, row in enumerate(rows) if name in row["layers"]]
        for feature in layer["features"] if mine else ():
            kinds = {feature["properties"].get(key) for key in KINDS}
            row = next((i for i in mine if _fits(rows[i], kinds)), None)
            if row is not None:
                found[row] += _parts(feature["geometry"], shape, layer["extent"])
    return found


def _fits(row: Mapping[str, Any], kinds: set[Any]) -> bool:
    return "only" not in row or not kinds.isdisjoint(row["only"])


def _parts(shape: Mapping[str, Any], wanted: str, extent: int) -> Iterator[Any]:
    kind, xy = shape["type"], shape["coordinates"]
    for part in [xy] if kind == wanted else xy if kind == f"Multi{wanted}" else ():
        yield part, extent


def _flat(
    loops: Iterable[tuple[Any, int]], least: int
) -> tuple[Floats, NDArray[np.int64], list[int]]:
    """Points of many lists of points in shares of the tile, the list of each, and which lists
    are long enough to be something."""
    kept = [(n, loop, extent) for n, (loop, extent) in enumerate(loops) if len(loop) >= least]
    if not kept:
        return np.empty((0, 2)), np.empty(0, np.int64), []
    sizes = [len(loop) for _, loop, _ in kept]
    xy = np.array([point for _, loop, _ in kept for point in loop], np.float64)
    xy /= np.repeat([extent for _, _, extent in kept], sizes)[:, None]
    return xy, np.repeat(np.arange(len(kept)), sizes), [n for n, _, _ in kept]


def _strings(lines: list[tuple[Any, int]]) -> NDArray[Any]:
    xy, of, _ = _flat(lines, 2)
    return np.asarray(shapely.linestrings(xy, indices=of)) if len(xy) else np.empty(0, object)


def _solids(polygons: list[tuple[Any, int]]) -> NDArray[Any]:
    loops = [(ring, extent) for rings, extent in polygons for ring in rings]
    owner = np.repeat(np.arange(len(polygons)), [len(rings) for rings, _ in polygons])
    xy, of, kept = _flat(loops, 4)
    if not len(xy):
        return np.empty(0, object)
    _, owner = np.unique(owner[kept], return_inverse=True)
    try:
        return np.asarray(shapely.polygons(shapely.linearrings(xy, indices=of), indices=owner))
    except (shapely.errors.ShapelyError, ValueError) as error:
        raise BadTile(str(error)) from error


def _cut(shapes: NDArray[Any], cells: Sequence[Box], margin: float) -> NDArray[Any]:
    cut = []
    for a, b, c, d in cells:
        m = margin * (c - a)
        cut.append(shapely.clip_by_rect(shapes, a - m, b - m, c + m, d + m))
    return np.concatenate(cut) if cut else shapes[:0]


def _names(
    layers: Mapping[str, Any], look: Mapping[str, Any], lang: str
) -> tuple[Floats, list[str]]:
    spots, texts = [], []
    for name in set(look["layers"]) & layers.keys():
        extent = layers[name]["extent"]
        for feature in layers[name]["features"]:
            facts, shape = feature["properties"], feature["geometry"]
            text = next((str(facts[key]) for key in look[lang] if facts.get(key)), "")
            if text and shape["type"] == "Point":
                spots.append([v / extent for v in shape["coordinates"]])
                texts.append(text)
    return np.array(spots, np.float64).reshape(-1, 2), texts


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
