"""Files of the map as rows with a geometry: GeoJSON, GeoPackage, Shapefile (also zipped).

GDAL reads the last two. It carries an SQLite of its own, so it runs in the import program alone,
and meets only the file that a person named: one whose first bytes are what its name says, since
GDAL would take anything for what it looks like (a list of other files, an address in the net).
"""

from __future__ import annotations

import struct
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import pyogrio
import shapely
from numpy.typing import NDArray

from commandwall.pool.imports import dbf, geojson, shapefile
from commandwall.pool.imports.ground import Ground, settle
from commandwall.pool.imports.trouble import ImportTrouble, chosen, limit

JSON = frozenset({".geojson", ".json"})
SUFFIXES = JSON | {".gpkg", ".shp", ".zip"}
_SQLITE, _GPKG = b"SQLite format 3\0", (b"GPKG", b"GP10", b"GP11")


class Told(NamedTuple):
    """What a person says of how to read a file."""

    datum: str | None = None
    layer: str = ""
    encoding: str = ""
    ignore_crs: bool = False


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of a file; row i, a person's row i + 1, has `rows[i]` and `shapes[i]`."""

    name: str
    header: tuple[str, ...]
    rows: Sequence[Mapping[str, Any]]
    shapes: Sequence[Any]  # as given, None where there is no readable one
    ground: Ground

    def original(self, number: int) -> dict[str, Any]:
        """A person's row as it came, to be kept where it is refused."""
        row, shape = self.rows[number - 1], self.shapes[number - 1]
        return {"properties": row, "geometry": shapely.to_wkt(shape, rounding_precision=-1)}


def read(path: Path, told: Told) -> Layer:
    """The layer of a file. Raises ImportTrouble for one unreadable or with a question open."""
    suffix = path.suffix.lower()
    if suffix in JSON:
        return _geojson(path, told)
    _check_size(path)
    if suffix == ".gpkg":
        return _geopackage(path, told)
    with TemporaryDirectory(prefix="commandwall-") as folder:
        return _shapefile(path, shapefile.stage(path, told.layer, Path(folder)), told)


def _geojson(path: Path, told: Told) -> Layer:
    outlines, crs = geojson.read(path)
    ground = settle(told.datum, crs, told.ignore_crs, path.name)
    rows = [o.properties for o in outlines]
    header = tuple(dict.fromkeys(name for row in rows for name in row))
    return Layer(path.name, header, rows, [geojson.shape(o.geometry) for o in outlines], ground)


def _check_size(path: Path) -> None:
    try:
        size = path.stat().st_size
    except OSError as error:
        raise ImportTrouble("unreadable", file=str(path), why=error.strerror) from error
    if size > limit("layer_mb") * shapefile.MB:
        raise ImportTrouble("too_large", file=path.name, limit=limit("layer_mb"))


def _geopackage(path: Path, told: Told) -> Layer:
    _check_geopackage(path)
    names = [str(name) for name, kind in _asked(path, pyogrio.list_layers) if kind is not None]
    layer = chosen(names, told.layer, path)
    meta, _, blobs, columns = _asked(path, pyogrio.raw.read, layer=layer)
    return _layer(path, told, meta, list(map(_values, columns)), blobs)


def _check_geopackage(path: Path) -> None:
    try:
        with path.open("rb") as file:
            head = file.read(100)
    except OSError as error:
        raise ImportTrouble("unreadable", file=str(path), why=error.strerror) from error
    if head[:16] != _SQLITE or head[68:72] not in _GPKG:
        raise ImportTrouble("not_a_map", file=path.name, why="no GeoPackage")
    size, pages = struct.unpack(">H", head[16:18])[0], struct.unpack(">I", head[28:32])[0]
    shapefile.whole(path.stat().st_size, (65536 if size == 1 else size) * pages, path.name)


def _shapefile(path: Path, staged: Path, told: Told) -> Layer:
    meta, _, blobs, columns = _asked(path, pyogrio.raw.read, staged, encoding="ISO-8859-1")
    values, names = list(map(_values, columns)), list(meta["fields"])
    texts = [at for at, column in enumerate(columns) if column.dtype == object]
    cpg = staged.with_suffix(".cpg")
    marked = cpg.read_text("ascii", "replace") if cpg.exists() else ""
    codec = dbf.encoding(told.encoding, marked, [names, *(values[i] for i in texts)], path.name)
    for at in texts:
        values[at] = dbf.decoded(values[at], codec)
    meta["fields"] = dbf.decoded(names, codec)
    return _layer(path, told, meta, values, blobs)


def _asked(path: Path, question: Any, file: Path | None = None, **how: Any) -> Any:
    """What GDAL answers about a file; its complaint is an ImportTrouble.

    What it only warns of (measures dropped, curves made straight) is what we want of it.
    """
    try:
        with warnings.catch_warnings(action="ignore"):
            return question(file or path, **how)
    except (RuntimeError, ValueError) as error:
        raise ImportTrouble("not_a_map", file=path.name, why=str(error)) from error


def _layer(path: Path, told: Told, meta: Any, columns: list[list[Any]], blobs: Any) -> Layer:
    ground = settle(told.datum, meta["crs"], told.ignore_crs, path.name)
    if blobs is None:
        raise ImportTrouble("not_a_map", file=path.name, why="no geometry")
    header = tuple(map(str, meta["fields"]))
    rows = [dict(zip(header, cells, strict=True)) for cells in zip(*columns, strict=True)]
    shapes = shapely.from_wkb(blobs, on_invalid="ignore")
    return Layer(path.name, header, rows or [{}] * len(shapes), list(shapes), ground)


def _values(column: NDArray[Any]) -> list[Any]:
    """A column as plain Python values; None for what is not there."""
    if column.dtype.kind == "M":
        column = column.astype("datetime64[ms]")
    values: list[Any] = column.tolist()
    if column.dtype.kind == "f":
        return [None if value != value else value for value in values]
    return values
