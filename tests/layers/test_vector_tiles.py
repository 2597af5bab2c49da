"""Vector tiles of a base map: drawn as our own ground and roads are, without seam or ghost."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from tilework import around, openmaptiles, vector, write_pmtiles

from commandwall import geo
from commandwall.tiles import grid
from commandwall.tiles.decode import BadTile
from commandwall.tiles.grid import TileId
from commandwall.tiles.source import Source
from commandwall.tiles.worker import Tiles
from layers.basemap import BasemapLayer
from layers.painter import Painter
from layers.scene import Fill, Line, Names, Plan, Stamps
from layers.style import Style
from layers.vectors import WHOLE, Cutter, VectorTile, items, places_in

LON, LAT = 120.27, 31.91
Lay = Callable[..., Tiles]


@pytest.fixture
def lay(tmp_path: Path) -> Iterator[Lay]:
    opened: list[Tiles] = []

    def put(view: Any, tiles: Mapping[TileId, bytes]) -> Tiles:
        path = write_pmtiles(tmp_path / f"{len(opened)}.pmtiles", tiles, vector=True)
        opened.append(Tiles(Source("city", str(path), "wgs84"), tmp_path))
        view.set_basemap(opened[-1])
        opened[-1].start()
        return opened[-1]

    yield put
    for tiles in opened:
        tiles.close()


def settled(view: Any, qtbot: Any, lacking: int = 0) -> None:
    base = view.board.layer(BasemapLayer)

    def done() -> bool:
        targets = [t for mosaic in base.mosaics for t in mosaic.targets]
        whole = bool(targets) and base.count == len(targets) - lacking
        return whole and "读取" not in base.note and view.board.idle

    qtbot.waitUntil(done)


def only(view: Any, *shown: str) -> None:
    for one in view.layers():
        view.set_visible(one.id, one.id in shown)


def cooked(view: Any) -> np.ndarray:
    """(height, width, 3) of the ground as the cook draws it now."""
    plan, painter = view.scene.plan(), Painter(threads=1)
    kept = [tuple(i for i in part if not isinstance(i, Names | Stamps))
            for part in (plan.ground, plan.live)]  # fmt: skip
    bare = Plan(kept[0], kept[1], plan.pages, plan.style, plan.ground_key)
    frame = painter.paint(bare, view.navigator.view)
    painter.close()
    rows = frame.pixels.view(np.uint8).reshape(*frame.pixels.shape, 4)
    middle = [slice(n // 6, n - n // 6) for n in frame.pixels.shape]  # without the overscan
    return rows[middle[0], middle[1], 2::-1].astype(np.int64)


@pytest.mark.parametrize("mpp", [60.0, 14.0, 3.0])
def test_it_looks_as_our_own_ground_and_roads_do(
    make_map: Any, city: Any, qtbot: Any, lay: Lay, mpp: float
) -> None:
    view = make_map(city, 400, 300)
    make = openmaptiles(city.picture)
    lay(view, {t: make(t) for t in around(LON, LAT, range(8, 13), 0.25)})
    building = list(city.picture.buildings.values())[40]
    view.look_at(building.lon, building.lat, mpp)
    ours = ("water", "roads", "builtup", "hills")
    only(view, *ours)
    qtbot.waitUntil(lambda: view.board.idle)
    own = cooked(view)
    only(view, "basemap")
    settled(view, qtbot)
    apart = np.abs(cooked(view) - own).max(axis=2)
    assert np.abs(own - own[0, 0]).max() > 10  # there is something to see
    assert (apart > 12).mean() < 0.03  # buildings, and corners that tiles round


def sea(kind: str = "water") -> dict[TileId, bytes]:
    everywhere = shapely.box(LON - 2, LAT - 2, LON + 2, LAT + 2)
    facts = {"water": {}, "landcover": {"class": "wood"}}[kind]
    return {
        t: vector(t, {kind: [(everywhere, facts)]}) for t in around(LON, LAT, range(9, 14), 0.12)
    }


@pytest.mark.parametrize(("kind", "most"), [("water", 0), ("landcover", 2)])
@pytest.mark.parametrize("mpp", [9.3, 5.1])
def test_no_seam_shows_between_tiles(
    make_map: Any, city: Any, qtbot: Any, lay: Lay, kind: str, most: int, mpp: float
) -> None:
    view = make_map(city, 400, 300)
    only(view, "basemap")
    lay(view, sea(kind))
    view.look_at(LON, LAT, mpp)
    settled(view, qtbot)
    shown = cooked(view)
    assert np.abs(shown - shown[0, 0]).max() <= most
    land = [view.scene.style.rgb("land") >> s & 255 for s in (16, 8, 0)]
    assert np.abs(shown[0, 0] - land).max() > 3


def test_where_a_tile_is_missing_the_part_of_its_parent_stands_and_no_ghost(
    make_map: Any, city: Any, qtbot: Any, lay: Lay
) -> None:
    """The parent draws everything; the tiles that are there draw nothing."""
    nothing = {"place": [(shapely.Point(LON - 1, LAT - 1), {})]}
    tiles = sea()
    at = around(LON, LAT, range(13, 14), 0.12)
    tiles |= {t: vector(t, nothing) for t in at}
    x, y = grid.position(13, LON, LAT)
    hole = TileId(13, int(x), int(y))
    del tiles[hole]
    view = make_map(city, 700, 700)
    only(view, "basemap")
    lay(view, tiles)
    middle = grid.degrees(13, hole.x + 0.5, hole.y + 0.5)
    view.look_at(float(middle[0]), float(middle[1]), 9.0)
    settled(view, qtbot, lacking=1)
    drawn = view.board.layer(BasemapLayer)
    qtbot.waitUntil(lambda: hole.parent in [t.tile for _, parts in drawn._drawn for t, _ in parts])
    settled(view, qtbot, lacking=1)
    wet = (np.abs(cooked(view) - water(view)).max(axis=2) <= 2).sum() * 81.0
    east, north = geo.Plane(LON, LAT).forward(
        *grid.degrees(13, hole.x + np.array([0, 1]), hole.y + np.array([1, 0]))
    )
    area = float((east[1] - east[0]) * (north[1] - north[0]))
    assert wet == pytest.approx(area * (1 + 4 / 64), rel=0.02)  # and the margin of solid things


def water(view: Any) -> list[int]:
    return [view.scene.style.rgb("water") >> s & 255 for s in (16, 8, 0)]


# -- one tile --------------------------------------------------------------------------------------

TILE = TileId(12, 3416, 1664)


def share(x: float, y: float) -> tuple[float, float]:
    lon, lat = grid.degrees(TILE.z, TILE.x + x, TILE.y + y)
    return float(lon), float(lat)


def made(layers: Mapping[str, Any], lang: str = "zh") -> VectorTile:
    cutter = Cutter(Source("x", "x", "wgs84"), geo.Plane(LON, LAT), Style(), lang)
    return cutter(TILE, vector(TILE, layers))


def drawn(layers: Mapping[str, Any]) -> dict[str, int]:
    """How many shapes of each colour and segments of each road are drawn."""
    look, whole = Style().map["basemap"], made(layers).drawn(WHOLE)
    fills = zip(look["fill"], whole.fills, strict=True)
    lines = zip(look["line"], whole.lines, strict=True)
    found = {row["colour"]: len(shapes) for row, shapes in fills}
    found |= {row["road"]: len(segments) for row, segments in lines}
    return {name: n for name, n in found.items() if n}


def square(x: float = 0.2, y: float = 0.2, wide: float = 0.3) -> shapely.Polygon:
    corners = [(x, y), (x + wide, y), (x + wide, y + wide), (x, y + wide)]
    return shapely.Polygon([share(*corner) for corner in corners])


def line() -> shapely.LineString:
    return shapely.LineString([share(0.1, 0.1), share(0.8, 0.4)])


@pytest.mark.parametrize(
    ("layer", "facts", "name"),
    [
        ("water", {"class": "lake"}, "water"),  # OpenMapTiles
        ("landcover", {"class": "wood"}, "hill"),
        ("landuse", {"class": "residential"}, "builtup"),
        ("building", {}, "building"),
        ("transportation", {"class": "motorway"}, "expressway"),
        ("transportation", {"class": "secondary"}, "main"),
        ("transportation", {"class": "minor"}, "street"),
        ("water", {"kind": "river"}, "water"),  # Protomaps
        ("landuse", {"kind": "park"}, "hill"),
        ("buildings", {"kind": "building"}, "building"),
        ("roads", {"kind": "highway"}, "expressway"),
        ("roads", {"kind": "major_road"}, "main"),
        ("roads", {"kind": "minor_road"}, "street"),
        ("water_polygons", {"kind": "water"}, "water"),  # Shortbread
        ("land", {"kind": "forest"}, "hill"),
        ("streets", {"kind": "trunk"}, "expressway"),
        ("streets", {"kind": "residential"}, "street"),
    ],
)
def test_what_the_makers_of_tiles_call_a_thing_is_known(
    layer: str, facts: dict[str, str], name: str
) -> None:
    shape = line() if name in ("expressway", "main", "street") else square()
    assert drawn({layer: [(shape, facts)]}) == {name: 1}


def test_what_is_not_known_is_not_drawn() -> None:
    things = [(line(), {"class": "path"}), (line(), {"class": "rail"}), (square(), {"class": "x"})]
    assert drawn({"transportation": things[:2], "landuse": things[2:], "poi": things}) == {}


def test_holes_stay_open_and_many_parts_are_one_thing() -> None:
    island = square(0.3, 0.3, 0.1)
    lakes = shapely.MultiPolygon([square().difference(island), square(0.7, 0.7, 0.1)])
    shapes = made({"water": [(lakes, {})]}).drawn(WHOLE).fills[2]
    area = sum(
        shapely.Polygon(shapes.xy[a:b]).area * (1 if shapely.LinearRing(shapes.xy[a:b]).is_ccw
                                                == first else -1)
        for first in [shapely.LinearRing(shapes.xy[slice(*shapes.rings[:2])]).is_ccw]
        for a, b in zip(shapes.rings[:-1], shapes.rings[1:], strict=True)
    )  # fmt: skip
    plane = geo.Plane(LON, LAT)
    true = shapely.transform(lakes, lambda xy: np.column_stack(plane.forward(xy[:, 0], xy[:, 1])))
    assert abs(area) == pytest.approx(true.area, rel=0.01)


def named(layers: Mapping[str, Any], lang: str = "zh", known: frozenset[str] = frozenset()) -> Any:
    return items([(made(layers, lang), WHOLE)], Style(), known)[-1]


def test_names_come_in_the_language_of_the_wall_and_once() -> None:
    facts = {"name": "Jiangyin", "name:zh": "江阴", "name:en": "Jiangyin City"}
    places = [
        (shapely.Point(share(0.5, 0.5)), facts),
        (shapely.Point(share(1.01, 0.5)), {"name": "邻块"}),  # the neighbour draws it
        (shapely.Point(share(0.1, 0.1)), {"name": "澄江街道"}),
        (shapely.Point(share(0.1, 0.2)), {}),
    ]
    assert named({"place": places}).texts == ["江阴", "澄江街道"]
    assert named({"place": places}, "en").texts == ["Jiangyin City", "澄江街道"]
    ours = frozenset({"澄江街道"})
    assert named({"place": places}, known=ours).texts == ["江阴"]
    names = named({"places": places[:1]})
    assert (names.x[0], names.y[0]) == pytest.approx(
        tuple(v * s for v, s in zip(geo.Plane(LON, LAT).forward(*share(0.5, 0.5)), (1, -1),
                                    strict=True)), abs=2,
    )  # fmt: skip


def test_parts_are_cut_to_their_places() -> None:
    child = TileId(13, TILE.x * 2 + 1, TILE.y * 2)
    assert places_in(TILE, [child]) == ((0.5, 0.0, 1.0, 0.5),)
    tile = made({"water": [(square(-0.1, -0.1, 1.2), {})], "roads": [(line(), {"kind": "other"})]})
    whole, part = tile.drawn(WHOLE).fills[2], tile.drawn(places_in(TILE, [child])).fills[2]
    wide = [box[2] - box[0] for box in (whole.box[0], part.box[0])]
    assert wide[1] / wide[0] == pytest.approx(0.5, rel=0.01)


def test_bytes_of_any_kind_are_a_tile_or_a_bad_one() -> None:
    """Broken anywhere, a tile is refused in the one way that the workers know."""
    rng = np.random.default_rng(11)
    place = [(shapely.Point(share(0.5, 0.5)), {"name": "某地"})]
    good = gzip.decompress(
        vector(TILE, {"water": [(square(), {})], "roads": [(line(), {"kind": "highway"})],
                      "place": place})
    )  # fmt: skip
    cutter = Cutter(Source("x", "x", "wgs84"), geo.Plane(LON, LAT), Style(), "zh")
    refused = 0
    for _ in range(1500):
        data = bytearray(good)
        for at in rng.integers(0, len(data), rng.integers(1, 6)):
            data[at] = rng.integers(0, 256)
        try:
            cutter(TILE, bytes(data[: rng.integers(len(data) // 2, len(data) + 1)]))
        except BadTile:
            refused += 1
    assert 0 < refused < 1500


def test_a_scene_gets_shapes_and_lines(make_map: Any, city: Any, qtbot: Any, lay: Lay) -> None:
    view = make_map(city, 300, 200)
    make = openmaptiles(city.picture)
    lay(view, {t: make(t) for t in around(LON, LAT, range(9, 11), 0.5)})
    settled(view, qtbot)
    only(view, "basemap")
    kinds = {type(i) for i in view.scene.items()}
    assert {Fill, Line, Names} <= kinds
