"""Map files as other programs write them, small, made when a test needs them."""

from __future__ import annotations

import warnings
import zipfile
from pathlib import Path

import numpy as np
import osmium
import pyogrio
import shapely
from pyproj import Transformer

GRID = "320281001001001"
SPOT = (120.1, 31.9)


def a_square(lon=SPOT[0], lat=SPOT[1], side=0.01):
    return shapely.box(lon, lat, lon + side, lat + side)


def in_grid(shape, epsg):
    """A shape in degrees as the metres of a projected CRS."""
    forward = Transformer.from_crs(4490, epsg, always_xy=True)
    return shapely.transform(shape, lambda xy: np.column_stack(forward.transform(*xy.T)))


def write(path: Path, fields, shapes, crs="EPSG:4490", **more):
    """A file of one more layer: `fields` is name -> values; None for the CRS: none is declared."""
    columns = [np.array(values, object) for values in fields.values()]
    wkb = shapely.to_wkb(np.array([*shapes, None], object), output_dimension=4)[:-1]
    kind = more.pop("geometry_type", "Polygon")
    with warnings.catch_warnings(action="ignore"):  # of a missing CRS, which is meant
        pyogrio.raw.write(path, wkb, columns, list(fields), geometry_type=kind, crs=crs, **more)
    return path


def shapefile(folder: Path, fields, shapes, encoding="GBK", cpg=False, crs="EPSG:4490"):
    """A Shapefile as offices hand it out: the texts in GBK, and no word of it."""
    path = write(folder / "layer.shp", fields, shapes, crs, encoding=encoding)
    (folder / "layer.cpg").unlink()
    if cpg:
        (folder / "layer.cpg").write_text(cpg)
    return path


def zipped(path: Path, shapefiles):
    """Shapefiles (name -> .shp) in one archive, their names in GBK as on Chinese Windows."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, shp in shapefiles.items():
            for part in shp.parent.glob(f"{shp.stem}.*"):
                archive.writestr(OldEntry(f"数据/{name}{part.suffix}"), part.read_bytes())
    return path


class OldEntry(zipfile.ZipInfo):
    """An entry whose name stands as GBK, without a word of it."""

    def _encodeFilenameFlags(self):
        return self.filename.encode("gbk"), 0


class Town:
    """Nodes, ways and areas of a small town; `write` makes an OpenStreetMap file of it."""

    def __init__(self):
        self.nodes, self.ways, self.relations = {}, {}, {}

    def node(self, number, lon, lat):
        self.nodes[number] = (lon, lat)

    def way(self, number, nodes, **tags):
        self.ways[number] = (nodes, {key.replace("__", ":"): value for key, value in tags.items()})

    def area(self, number, *outer, **tags):
        self.relations[number] = (outer, {"type": "multipolygon", **tags})

    def write(self, path):
        make = osmium.osm.mutable
        with osmium.SimpleWriter(path, overwrite=True) as writer:
            for number, spot in sorted(self.nodes.items()):
                writer.add_node(make.Node(id=number, location=spot))
            for number, (nodes, tags) in sorted(self.ways.items()):
                writer.add_way(make.Way(id=number, nodes=nodes, tags=tags))
            for number, (outer, tags) in sorted(self.relations.items()):
                members = [("w", way, "outer") for way in outer]
                writer.add_relation(make.Relation(id=number, members=members, tags=tags))
        return path


def a_town():
    """Two streets that cross at node 2, a ring, an expressway over them, a path, a far road.

          5
          |
    1 --- 2 --- 3      each about 950 m (east) or 1,110 m (north)
          |
          4
    """
    town = Town()
    places = {1: (0, 0), 2: (1, 0), 3: (2, 0), 4: (1, -1), 5: (1, 1), 6: (1.2, 0.1), 7: (1.2, -0.1)}
    for number, (x, y) in places.items():
        town.node(number, SPOT[0] + x / 100, SPOT[1] + y / 100)
    town.node(8, 116.0, 39.0)
    town.node(9, 116.1, 39.0)
    town.way(10, [1, 2, 3], highway="primary", name="人民路", maxspeed="40")
    town.way(11, [4, 2, 5], highway="residential", name="文定路", oneway="-1")
    town.way(12, [2, 6, 7, 2], highway="tertiary", junction="roundabout")
    town.way(13, [4, 3], highway="motorway", name="沪武高速", maxspeed="120")
    town.way(14, [1, 5], highway="footway")
    town.way(15, [8, 9], highway="primary", name="远方路")
    return town
