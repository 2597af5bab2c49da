"""OpenStreetMap files (.osm.pbf): ways with the numbers of their nodes, and areas of land.

Read by osmium, not by GDAL: see docs/decisions/0016. Coordinates are WGS-84 by definition.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import osmium
import shapely
from numpy.typing import NDArray
from osmium.filter import EntityFilter, KeyFilter
from osmium.osm import AREA, NODE, WAY

from commandwall import codes, geo
from commandwall.areas import CITY, Area, Credit
from commandwall.pool.imports.pool_rows import PoolRows
from commandwall.pool.imports.trouble import ImportTrouble, limit

MB = 1 << 20
_UNIT = 1e7
"""Parts of a degree in which the format counts."""
_SPEED = re.compile(r"(\d+(?:\.\d+)?)\s*(mph)?")
_MILE = 1.609344
_BARRED = frozenset({"no", "private"})
_ACCESS = ("emergency", "motor_vehicle", "motorcar", "vehicle", "access")
"""Tags that say who may drive a road, the most special first: the first that is there counts."""

Look = Callable[[int], None]
"""Called now and then with the number of ways or areas found."""


class Way(NamedTuple):
    """A road as the map has it: `nodes` are (n,) numbers, `xy` (n, 2) degrees."""

    id: int
    cls: str  # code list road_class
    name: str
    oneway: int  # 1: only in the order of its nodes
    limit: float | None  # km/h
    nodes: NDArray[np.int64]
    xy: NDArray[np.float64]


class Land(NamedTuple):
    """An area of the ground; `shape` is None where its rings do not close."""

    id: str
    kind: str  # code list feature_kind
    name: str
    shape: Any


class Reach:
    """The part of a file that is asked for: what touches some areas; everything without any."""

    def __init__(self, areas: list[Area]) -> None:
        self.shape = shapely.union_all(shapely.from_wkb([a.geom for a in areas])) if areas else None
        shapely.prepare(self.shape)
        self.box = np.array(geo.bounds([a.geom for a in areas]) if areas else (-180, -90, 180, 90))

    def meets(self, xy: NDArray[np.float64]) -> bool:
        """Whether a line touches the areas."""
        if (xy.max(axis=0) < self.box[:2]).any() or (xy.min(axis=0) > self.box[2:]).any():
            return False
        return self.shape is None or bool(shapely.intersects(self.shape, shapely.linestrings(xy)))


def reach(pool: PoolRows, within: str) -> Reach:
    """The area of a code, else the city, else everything. ImportTrouble for an unknown code."""
    areas = pool.all(Area)
    if not within:
        return Reach([area for area in areas if area.level == CITY])
    if not (named := [area for area in areas if area.id == within]):
        raise ImportTrouble("no_area", area=within)
    return Reach(named)


def credit(pool: PoolRows) -> None:
    """Put into the pool what the licence asks to be said wherever the map shows such data."""
    row = codes.load("import_credit")["osm"]
    facts = {name: str(row.facts[name]) for name in ("text", "licence", "url")}
    said = Credit(row.id, facts["text"], facts["licence"], facts["url"])
    if not pool.held(Credit, [said.id]):
        pool.put([said], [])


def check(path: Path) -> None:
    """ImportTrouble for what is no such file, before anything is read."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(64)
    except OSError as error:
        raise ImportTrouble("unreadable", file=str(path), why=error.strerror) from error
    if size > limit("osm_mb") * MB:
        raise ImportTrouble("too_large", file=path.name, limit=limit("osm_mb"))
    if b"OSMHeader" not in head:
        raise ImportTrouble("not_a_map", file=path.name, why="no OSM PBF")


def ways(path: Path, look: Look) -> Iterator[Way | None]:
    """Every highway of the file; None for one that no car drives. Raises ImportTrouble."""
    classes = codes.load("import_highway")
    with _opened(path, NODE | WAY) as file:
        wanted = (
            file.with_locations().with_filter(EntityFilter(WAY)).with_filter(KeyFilter("highway"))
        )
        for n, way in enumerate(wanted, 1):
            row = classes.get(way.tags["highway"])
            drawn = way.tags.get("area") == "yes"
            usable = row is not None and not drawn and _open_to_units(way.tags)
            yield _way(way, str(row.facts["class"])) if row is not None and usable else None
            if n % 10_000 == 0:
                look(n)


def lands(path: Path, look: Look) -> Iterator[Land]:
    """Areas whose tags are rows of the code list import_ground. Raises ImportTrouble."""
    kinds = {(str(r.facts["key"]), str(r.facts["value"])): str(r.facts["kind"])
             for r in codes.load("import_ground").values()}  # fmt: skip
    keys = KeyFilter(*{key for key, _ in kinds})
    with _opened(path, osmium.osm.ALL) as file:
        for n, area in enumerate(file.with_areas(keys).with_filter(EntityFilter(AREA)), 1):
            told = (kinds[pair] for tag in area.tags if (pair := (tag.k, tag.v)) in kinds)
            if kind := next(told, ""):
                key = f"osm-{'w' if area.from_way() else 'r'}{area.orig_id()}"
                yield Land(key, kind, area.tags.get("name", ""), _shape(area))
            if n % 10_000 == 0:
                look(n)


@contextmanager
def _opened(path: Path, kinds: Any) -> Iterator[Any]:
    """A file to go through; what osmium finds wrong with it is an ImportTrouble."""
    try:
        yield osmium.FileProcessor(osmium.io.File(str(path), "pbf"), kinds)
    except RuntimeError as error:
        raise ImportTrouble("not_a_map", file=path.name, why=str(error)) from error


def _way(way: Any, cls: str) -> Way:
    refs = [(n.ref, n.x, n.y) for n in way.nodes if n.location.valid()]
    points = np.array(refs, np.int64).reshape(-1, 3)
    points = points[np.diff(points[:, 0], prepend=-1) != 0]  # a node twice in a row is one
    oneway = _oneway(way.tags)
    points = points[::-1] if oneway < 0 else points
    name, fastest = way.tags.get("name", ""), _limit(way.tags.get("maxspeed", ""))
    return Way(way.id, cls, name, abs(oneway), fastest, points[:, 0], points[:, 1:] / _UNIT)


def _open_to_units(tags: Any) -> bool:
    """Whether our units may drive it."""
    return next((tags[key] for key in _ACCESS if key in tags), "yes") not in _BARRED


def _oneway(tags: Any) -> int:
    """1: in the order of the nodes; -1: against it; 0: both ways."""
    said = tags.get("oneway", "")
    if said in ("-1", "reverse"):
        return -1
    always = tags.get("junction") in ("roundabout", "circular") or tags["highway"] == "motorway"
    return int(said in ("yes", "true", "1") or (always and said != "no"))


def _limit(said: str) -> float | None:
    found = _SPEED.fullmatch(said.strip())
    if found is None:
        return None
    return float(found[1]) * (_MILE if found[2] else 1.0)


def _shape(area: Any) -> Any:
    try:
        return shapely.from_wkb(osmium.geom.WKBFactory().create_multipolygon(area), "ignore")
    except RuntimeError:
        return None
