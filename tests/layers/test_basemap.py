"""The base map as a user meets it: in its place, calm, never blank, and with its credit."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tilework import Painted, around, plain, png, write_mbtiles

from commandwall import geo
from commandwall.tiles import grid
from commandwall.tiles.grid import TileId
from commandwall.tiles.source import Source
from commandwall.tiles.worker import Tiles
from layers import kernels, pictures
from layers.basemap import BasemapLayer
from layers.map import MapView
from layers.painter import Painter
from layers.rasters import placed, table
from layers.scene import Names, Plan, Raster, Stamps
from layers.style import Style

GOLDEN = Path(__file__).parents[1] / "golden"
LON, LAT = 120.27, 31.91
Lay = Callable[..., Tiles]


@pytest.fixture
def lay(tmp_path: Path) -> Iterator[Lay]:
    """`lay(view, tiles)` puts a file of tiles below a map."""
    opened: list[Tiles] = []

    def put(view: Any, tiles: Mapping[TileId, bytes], datum: str = "wgs84", **more: Any) -> Tiles:
        path = write_mbtiles(tmp_path / f"{len(opened)}.mbtiles", tiles, attribution="© 测绘")
        opened.append(Tiles(Source("city", str(path), datum, **more), tmp_path))
        view.set_basemap(opened[-1])
        opened[-1].start()
        return opened[-1]

    yield put
    for tiles in opened:
        tiles.close()


def layer(view: Any) -> BasemapLayer:
    found = view.board.layer(BasemapLayer)
    assert found is not None
    return found  # type: ignore[no-any-return]


def settled(view: Any, qtbot: Any, lacking: int = 0) -> None:
    def done() -> bool:
        base = layer(view)
        targets = [t for mosaic in base.mosaics for t in mosaic.targets]
        whole = bool(targets) and base.count == len(targets) - lacking
        return whole and "读取" not in base.note and view.board.idle

    qtbot.waitUntil(done)


def only_ground(view: Any) -> None:
    for one in view.layers():
        view.set_visible(one.id, one.id == "basemap")


def cooked(view: Any) -> np.ndarray:
    """(height, width, 3) of the ground as the cook draws it now, without overscan."""
    plan, painter = view.scene.plan(), Painter(threads=1)
    kept = [tuple(i for i in part if not isinstance(i, Names | Stamps))
            for part in (plan.ground, plan.live)]  # fmt: skip
    window = view.navigator.view
    frame = painter.paint(Plan(kept[0], kept[1], plan.pages, plan.style, plan.ground_key), window)
    painter.close()
    x, y, _ = window.offset_of(frame.view)
    rows = frame.pixels.view(np.uint8).reshape(*frame.pixels.shape, 4)[..., 2::-1]
    left, top = round(-x), round(-y)
    return rows[top : top + window.height, left : left + window.width].astype(np.int64)


# -- where a tile lies -----------------------------------------------------------------------------


@pytest.mark.parametrize("z", range(8, 19))
@pytest.mark.parametrize("datum", ["wgs84", "gcj02", "bd09"])
def test_four_corners_tell_where_every_pixel_lies(z: int, datum: str) -> None:
    """To less than a pixel of the tile, up to 40 km from the middle of the city."""
    plane, pixels = geo.Plane(LON, LAT), np.zeros((256, 256), np.uint32)
    apart = 0.0
    for east, north in ((0.0, 0.0), (0.4, 0.3), (-0.4, 0.3), (0.2, -0.3), (-0.1, 0.1)):
        x, y = grid.position(z, LON + east, LAT + north)
        tile = TileId(z, int(x), int(y))
        for piece in placed(pixels, tile, datum, plane):
            apart = max(apart, off(piece, tile, datum, plane))
    assert apart < (0.6 if z < 10 or datum != "wgs84" else 0.11)


def off(piece: Any, tile: TileId, datum: str, plane: geo.Plane) -> float:
    """Pixels by which a piece is off from the exact projection, at most."""
    u, v = np.meshgrid(np.linspace(*piece.part[::2], 17), np.linspace(*piece.part[1::2], 17))
    lon, lat = geo.convert(*grid.degrees(tile.z, tile.x + u, tile.y + v), datum)
    x, north = plane.forward(lon, lat)
    a, b = x - piece.origin[0], -north - piece.origin[1]
    seen = piece.into @ np.stack([np.ones_like(a), a, b, a * b]).reshape(4, -1)
    return float(np.hypot(seen[0] - u.ravel(), seen[1] - v.ravel()).max() * grid.PIXELS)


@pytest.mark.parametrize("datum", ["wgs84", "cgcs2000", "gcj02", "bd09"])
def test_what_a_tile_shows_lies_where_it_is(
    make_map: Any, city: Any, qtbot: Any, lay: Lay, datum: str
) -> None:
    """A black cross printed at a place of the city, in the datum of its map."""
    there = LON + 0.021, LAT + 0.013
    lon, lat = geo.convert(*there, "wgs84", datum)

    def crossed(tile: TileId) -> bytes:
        x, y = grid.position(tile.z, lon, lat)
        rows, columns = np.mgrid[0:256, 0:256] + 0.5
        px, py = (float(x) - tile.x) * 256, (float(y) - tile.y) * 256
        cross = np.clip(2.5 - np.minimum(abs(columns - px), abs(rows - py)), 0, 1)
        return png(Image.fromarray(np.round(255 * (1 - cross)).astype(np.uint8)))

    view = make_map(city, 400, 300)
    only_ground(view)
    lay(view, {t: crossed(t) for t in around(LON, LAT, range(14, 16), 0.08)}, datum)
    view.look_at(*there, 5.0)
    settled(view, qtbot)
    ink = abs(cooked(view).sum(axis=2) - np.median(cooked(view).sum(axis=2)))
    rows, columns = ink.sum(axis=1).astype(float), ink.sum(axis=0).astype(float)
    x, y = view.scene.project([there[0]], [there[1]])
    px, py = view.navigator.view.pixel(float(x[0]), float(y[0]))
    assert middle(columns) == pytest.approx(px, abs=0.6)
    assert middle(rows) == pytest.approx(py, abs=0.6)


def middle(dark: np.ndarray) -> float:
    """Where the darkest line lies, to a part of a pixel."""
    peak = int(dark.argmax())
    near = slice(max(0, peak - 3), peak + 4)
    weight = dark[near] - dark[near].min()
    return float((weight * (np.arange(len(dark))[near] + 0.5)).sum() / weight.sum())


# -- the pencil ------------------------------------------------------------------------------------


def lay_down(out: np.ndarray, p: Any, view: Any, y0: int = 0, y1: int | None = None) -> None:
    end = len(out) if y1 is None else y1
    pictures.raster(out, p.pixels, p.origin, p.into, p.part, p.box, view, y0, end)


@pytest.mark.parametrize("datum", ["wgs84", "bd09"])
def test_neighbours_leave_no_gap_at_any_scale(datum: str) -> None:
    tiles = grid.spanned(13, [LON - 0.05, LON + 0.05], [LAT - 0.05, LAT + 0.05])
    plane = geo.Plane(LON, LAT)
    for scale in (0.013, 0.05, 0.21):
        out, view = np.zeros((200, 300), np.uint32), (scale, 150.0, 100.0)
        for tile in tiles:
            for p in placed(np.full((8, 8), 0xFFFFFFFF, np.uint32), tile, datum, plane):
                lay_down(out, p, view)
        inside = out[100 - int(3000 * scale) : 100 + int(3000 * scale), 120:180]
        assert len(inside) and (inside == 0xFFFFFFFF).all()


def test_bands_draw_what_one_hand_draws_and_what_lay_below_is_gone() -> None:
    noise = np.random.default_rng(1).integers(0, 1 << 32, (64, 64), dtype=np.uint32)
    place, plane = TileId(13, 6832, 3328), geo.Plane(LON, LAT)
    [p] = placed(noise, place, "wgs84", plane)
    one, two = np.full((2, 120, 160), 0xFF123456, np.uint32)
    view = (0.02, 80.0 - p.origin[0] * 0.02, 60.0 - p.origin[1] * 0.02)
    lay_down(one, p, view)
    for y in range(0, 120, 37):
        lay_down(two, p, view, y, min(120, y + 37))
    assert np.array_equal(one, two)
    assert one[0, 0] == 0xFF123456
    [clear] = placed(np.zeros((4, 4), np.uint32), place, "wgs84", plane)
    lay_down(one, clear, view)
    assert one[60, 80] == 0


# -- how it looks ----------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", ["dark", "day"])
@pytest.mark.parametrize("tone", ["light", "dark", "photo"])
def test_no_map_however_bright_looks_like_a_severity(theme: str, tone: str) -> None:
    rng = np.random.default_rng(2)
    garish = np.full((64, 64, 4), 255, np.uint8)
    garish[..., :3] = rng.choice([0, 255], (64, 64, 3))
    style = Style(theme)
    look = style.map["basemap"]
    hue = look["hue"] / look["opacity"]
    toned = pictures.tone(garish, table(style, tone), hue, look["opacity"])
    land = np.uint32(style.paint("land"))
    shown = np.array([[kernels.over(land, p) for p in row] for row in toned], np.uint32)
    rgb = np.stack([shown >> s & 255 for s in (16, 8, 0)], axis=2).astype(int)
    assert (rgb.max(axis=2) - rgb.min(axis=2)).max() < 80
    assert contrast(rgb.reshape(-1, 3), style).max() < 3.6


def contrast(rgb: np.ndarray, style: Style) -> np.ndarray:
    """Of colours against the land of a theme, as WCAG counts it."""
    land = [style.rgb("land") >> s & 255 for s in (16, 8, 0)]
    linear = (np.vstack([rgb, land]) / 255 + 0.055) / 1.055
    light = linear**2.4 @ [0.2126, 0.7152, 0.0722] + 0.05
    return np.maximum(light[:-1], light[-1]) / np.minimum(light[:-1], light[-1])


def test_paper_comes_out_as_land() -> None:
    style = Style("dark")
    paper = np.full((2, 2, 4), 245, np.uint8)
    paper[..., 3] = 255
    toned = pictures.tone(paper, table(style, "light"), 0.0, 0.7)
    shown = int(kernels.over(np.uint32(style.paint("land")), toned[0, 0]))
    apart = [abs((shown >> s & 255) - (style.rgb("land") >> s & 255)) for s in (16, 8, 0)]
    assert max(apart) <= 2


@pytest.mark.parametrize("theme", ["dark", "day"])
def test_the_base_map_looks_as_agreed(
    make_map: Any, city: Any, qtbot: Any, lay: Lay, theme: str
) -> None:
    view = make_map(city, 300, 200)
    view.set_theme(theme)
    for one in view.layers():
        view.set_visible(one.id, one.id in ("basemap", "areas"))
    paint = Painted(city.picture)
    lay(view, {t: paint(t) for t in around(LON, LAT, range(11, 12), 0.2)})
    view.look_at(LON, LAT, 50.0)
    settled(view, qtbot)
    shown, path = cooked(view), GOLDEN / f"map-basemap-{theme}.png"
    if os.environ.get("COMMANDWALL_TEST_GOLDEN") == "write":
        Image.fromarray(shown.astype(np.uint8)).save(path)
    agreed = np.asarray(Image.open(path).convert("RGB")).astype(np.int64)
    apart = np.abs(shown - agreed).max(axis=2)
    assert (apart > 16).mean() < 0.001
    assert apart.mean() < 0.5


GREY, PAPER = plain("#606060"), plain()


def grey(first: int, last: int, data: bytes = GREY) -> dict[TileId, bytes]:
    return dict.fromkeys(around(LON, LAT, range(first, last + 1), 0.5), data)


# -- what is not there -----------------------------------------------------------------------------


def shade_of(view: Any) -> np.ndarray:
    return cooked(view).sum(axis=2)


def test_without_one_nothing_is_drawn_or_asked(make_map: Any, city: Any) -> None:
    view = make_map(city)
    assert not [i for i in view.scene.items() if isinstance(i, Raster)]
    assert view.credit == "" and view.frame_text().startswith("CGCS2000")
    [info] = [one for one in view.layers() if one.id == "basemap"]
    assert (info.count, info.note) == (0, "")


def test_where_a_tile_is_missing_its_parent_stands(
    make_map: Any, city: Any, qtbot: Any, lay: Lay
) -> None:
    view = make_map(city, 400, 300)
    only_ground(view)
    some = grey(10, 13)
    x, y = grid.position(13, LON, LAT)
    hole = TileId(13, int(x), int(y))
    del some[hole]
    lay(view, some)
    view.look_at(LON, LAT, 15.0)
    settled(view, qtbot, lacking=1)
    assert layer(view).note == "缺 1 块"
    shades = shade_of(view)
    assert shades.std() == 0  # the same grey everywhere: no hole
    assert shades[0, 0] != sum(view.scene.style.rgb("land") >> s & 255 for s in (16, 8, 0))


def test_beyond_the_last_zoom_it_is_drawn_larger(
    make_map: Any, city: Any, qtbot: Any, lay: Lay
) -> None:
    view = make_map(city, 300, 200)
    only_ground(view)
    lay(view, grey(10, 12))
    view.look_at(LON, LAT, 0.5)
    settled(view, qtbot)
    assert shade_of(view).std() == 0


def test_no_moment_of_a_zoom_or_a_change_of_theme_is_blank(
    make_map: Any, city: Any, qtbot: Any, lay: Lay
) -> None:
    view = make_map(city, 400, 300)
    only_ground(view)
    tiles = lay(view, grey(8, 14))
    settled(view, qtbot)
    bare = sum(view.scene.style.rgb("land") >> s & 255 for s in (16, 8, 0))
    tiles.want, real = (lambda tiles, make: None), tiles.want  # type: ignore[method-assign]
    for mpp in (40.0, 20.0, 11.0, 20.0, 45.0):
        view.look_at(LON, LAT, mpp)
        qtbot.waitUntil(lambda: view.board.idle)
        assert (shade_of(view)[100:200, 150:250] != bare).all()
    tiles.want = real  # type: ignore[method-assign]
    view.set_theme("day")
    assert layer(view)._drawn


def test_a_hidden_base_map_asks_for_nothing_and_needs_no_credit(
    make_map: Any, city: Any, qtbot: Any, lay: Lay
) -> None:
    view = make_map(city, 400, 300)
    tiles = lay(view, grey(8, 14, PAPER))
    settled(view, qtbot)
    assert "　·　© 测绘　·　最旧图层" in view.frame_text()
    [info] = [one for one in view.layers() if one.id == "basemap"]
    assert info.note == "© 测绘"
    view.set_visible("basemap", False)
    assert view.frame_text().startswith("CGCS2000")
    view.look_at(LON, LAT, 12.0)
    assert tiles.take().waiting == 0
    view.set_visible("basemap", True)
    settled(view, qtbot)


def test_colours_of_areas_are_seen_through_it(
    make_map: Any, city: Any, qtbot: Any, lay: Lay
) -> None:
    city.alarm("A1", 2, 2, 1)
    view = make_map(city, 400, 300)
    for one in view.layers():
        view.set_visible(one.id, one.id in ("basemap", "tint", "areas"))
    lay(view, grey(8, 12, PAPER))
    settled(view, qtbot)
    before = shade_of(view)
    view.set_figure("alarms")
    qtbot.waitUntil(lambda: view.board.idle)
    assert (abs(shade_of(view) - before) > 6).mean() > 0.05


def test_two_windows_each_get_their_tiles_and_wish_for_nothing_more(
    make_map: Any, city: Any, qtbot: Any, lay: Lay
) -> None:
    """Another window looks at another place, closer, on the same board."""
    view = make_map(city, 400, 300)
    only_ground(view)
    far, near = around(LON, LAT, range(8, 13), 0.5), around(LON, LAT, range(13, 15), 0.15)
    pale = plain("#a0a0a0")
    tiles = lay(view, dict.fromkeys(far, GREY) | dict.fromkeys(near, pale))
    settled(view, qtbot)
    other = MapView(beside=view)
    qtbot.addWidget(other)
    other.resize(300, 200)
    other.show()
    other.look_at(LON + 0.03, LAT + 0.02, 6.0)
    settled(view, qtbot)
    asked: list[int] = []
    real = tiles.want
    tiles.want = lambda some, make: (asked.append(len(some)), real(some, make))[1]  # type: ignore[method-assign]
    for _ in range(6):
        view.navigator.pan(3, 0)
        other.navigator.pan(0, 2)
    assert asked == []
    assert [m.z for m in layer(view).mosaics] == [14, 10]
    one, two = shade_of(view), shade_of(other)
    assert one.std() == two.std() == 0  # neither shows a piece of the other's map
    assert one[0, 0] != two[0, 0]
    other.shut()
