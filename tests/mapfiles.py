"""Map files as other programs write them, small, made when a test needs them."""

from __future__ import annotations

import warnings
import zipfile
from pathlib import Path

import numpy as np
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
