"""Tiles for tests, made here: pictures and shapes of a city, PMTiles, MBTiles, a tile server."""

from __future__ import annotations

import gzip
import io
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import mapbox_vector_tile
import numpy as np
import shapely
import sqlcipher3.dbapi2 as sqlite
from PIL import Image, ImageDraw
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer

from commandwall.picture import Picture
from commandwall.tiles import grid
from commandwall.tiles.grid import TileId

PAPER, WATER, PARK, TOWN = "#f7f5f0", "#a8cfe0", "#cfe5c0", "#e9e4dc"
ROADS = {"street": ("#ffffff", 1), "main": ("#fbe7a1", 3), "expressway": ("#e892a2", 4)}
GROUND = {"hill": PARK, "builtup": TOWN, "water": WATER}


def png(image: Image.Image, form: str = "PNG") -> bytes:
    out = io.BytesIO()
    image.save(out, form)
    return out.getvalue()


def plain(colour: str = PAPER, form: str = "PNG", size: int = 256) -> bytes:
    return png(Image.new("RGB", (size, size), colour), form)


class Painted:
    """A printed map of a picture of ours, tile by tile; coordinates shift by `moved` first."""

    def __init__(self, picture: Picture, moved: Callable[[Any, Any], Any] | None = None) -> None:
        self.moved = moved
        ground = [(GROUND[f.kind], f.geom) for f in picture.features.values() if f.kind in GROUND]
        ground.sort(key=lambda one: list(GROUND.values()).index(one[0]))
        roads = [(r.cls, r.geom) for r in picture.roads.values()]
        self.ground = [(colour, shapely.from_wkb(geom)) for colour, geom in ground]
        self.roads = [(cls, shapely.from_wkb(geom)) for cls, geom in roads]
        self.tree = shapely.STRtree([shape for _, shape in (*self.ground, *self.roads)])
        self.buildings = [shapely.from_wkb(b.geom) for b in picture.buildings.values() if b.geom]

    def near(self, tile: TileId) -> set[int]:
        lon, lat = grid.degrees(tile.z, [tile.x - 0.1, tile.x + 1.1], [tile.y + 1.1, tile.y - 0.1])
        return {int(i) for i in self.tree.query(shapely.box(lon[0], lat[0], lon[1], lat[1]))}

    def pixels(self, tile: TileId, xy: Any) -> list[tuple[float, float]]:
        lon, lat = xy[:, 0], xy[:, 1]
        if self.moved is not None:
            lon, lat = self.moved(lon, lat)
        x, y = grid.position(tile.z, lon, lat)
        return list(zip(((x - tile.x) * 512).tolist(), ((y - tile.y) * 512).tolist(), strict=True))

    def __call__(self, tile: TileId) -> bytes:
        image = Image.new("RGB", (512, 512), PAPER)
        pen, near = ImageDraw.Draw(image), self.near(tile)
        for i in (i for i in range(len(self.ground)) if i in near):
            colour, shape = self.ground[i]
            for part in shapely.get_parts(shape):
                pen.polygon(self.pixels(tile, shapely.get_coordinates(part.exterior)), colour)
        for name, (colour, wide) in ROADS.items():
            for casing in (True, False):
                for i, (cls, line) in enumerate(self.roads, len(self.ground)):
                    if cls == name and i in near:
                        width = wide * max(1, tile.z - 11) + (2 if casing else 0)
                        fill = "#b8b2a8" if casing else colour
                        pen.line(self.pixels(tile, shapely.get_coordinates(line)), fill, width)
        return png(image.resize((256, 256), Image.Resampling.LANCZOS))


def around(lon: float, lat: float, zooms: range, reach: float = 0.25) -> list[TileId]:
    """The tiles of some zooms within so many degrees."""
    found = [grid.spanned(z, [lon - reach, lon + reach], [lat - reach, lat + reach]) for z in zooms]
    return [tile for tiles in found for tile in tiles]


def write_mbtiles(path: Path, tiles: Mapping[TileId, bytes], **told: str) -> Path:
    conn = sqlite.connect(str(path))
    conn.execute("CREATE TABLE metadata (name TEXT, value TEXT)")
    conn.execute(
        "CREATE TABLE tiles (zoom_level INTEGER, tile_column INTEGER, tile_row INTEGER,"
        " tile_data BLOB)"
    )
    conn.executemany("INSERT INTO metadata VALUES (?, ?)", told.items())
    rows = [(t.z, t.x, 2**t.z - 1 - t.y, data) for t, data in tiles.items()]
    conn.executemany("INSERT INTO tiles VALUES (?, ?, ?, ?)", rows)
    conn.execute("CREATE UNIQUE INDEX tile ON tiles (zoom_level, tile_column, tile_row)")
    conn.commit()
    conn.close()
    return path


def write_pmtiles(
    path: Path, tiles: Mapping[TileId, bytes], vector: bool = False, **told: str
) -> Path:
    with path.open("wb") as file:
        writer = Writer(file)
        for tile in sorted(tiles, key=lambda t: zxy_to_tileid(*t)):
            writer.write_tile(zxy_to_tileid(*tile), tiles[tile])
        head = {
            "tile_type": TileType.MVT if vector else TileType.PNG,
            "tile_compression": Compression.GZIP if vector else Compression.NONE,
            "min_zoom": min(t.z for t in tiles), "max_zoom": max(t.z for t in tiles),
        }  # fmt: skip
        writer.finalize(head, told)
    return path


class TileServer:
    """A server of tiles on this machine; `asked` holds the path of each request."""

    def __init__(self, answer: Callable[[str], tuple[int, bytes]], port: int = 0) -> None:
        self.asked: list[str] = []
        self.answer = answer
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer.asked.append(self.path)
                status, body = outer.answer(self.path)
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Not to the terminal."""

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@contextmanager
def tile_server(answer: Callable[[str], tuple[int, bytes]], port: int = 0) -> Iterator[TileServer]:
    serving = TileServer(answer, port)
    thread = threading.Thread(target=serving.server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield serving
    finally:
        serving.server.shutdown()
        serving.server.server_close()
        thread.join()


def vector(tile: TileId, layers: Mapping[str, list[tuple[Any, dict[str, Any]]]]) -> bytes:
    """A vector tile of shapes in degrees, packed, with a margin as map makers leave it."""

    def local(xy: np.ndarray) -> np.ndarray:
        x, y = grid.position(tile.z, xy[:, 0], xy[:, 1])
        return np.column_stack([(x - tile.x) * 4096, (y - tile.y) * 4096])

    frame, found = shapely.box(-64, -64, 4160, 4160), []
    for name, shapes in layers.items():
        features = []
        for shape, facts in shapes:
            part = shapely.intersection(shapely.transform(shape, local), frame)
            if not part.is_empty:
                features.append({"geometry": part, "properties": facts})
        found.append({"name": name, "features": features})
    return gzip.compress(mapbox_vector_tile.encode(found, default_options={"y_coord_down": True}))


def openmaptiles(picture: Picture) -> Callable[[TileId], bytes]:
    """The ground, roads and towns of a picture as OpenMapTiles names them."""
    kinds = {"water": ("water", {}), "hill": ("landcover", {"class": "wood"}),
             "builtup": ("landuse", {"class": "residential"})}  # fmt: skip
    classes = {"street": "minor", "main": "primary", "expressway": "motorway"}
    layers: dict[str, list[tuple[Any, dict[str, Any]]]] = {}
    for f in picture.features.values():
        name, facts = kinds[f.kind]
        layers.setdefault(name, []).append((shapely.from_wkb(f.geom), facts))
    for r in picture.roads.values():
        facts = {"class": classes.get(r.cls, "minor"), "name": r.name}
        layers.setdefault("transportation", []).append((shapely.from_wkb(r.geom), facts))
    for b in picture.buildings.values():
        if b.geom:
            layers.setdefault("building", []).append((shapely.from_wkb(b.geom), {}))
    spots = [(f, shapely.from_wkb(f.geom).representative_point())
             for f in picture.features.values() if f.name]  # fmt: skip
    layers["place"] = [(at, {"name": f"{f.name}边", "class": "village"}) for f, at in spots]
    return lambda tile: vector(tile, layers)
