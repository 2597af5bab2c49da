"""What is hit: what stands inside an area of effect, found by place, and who lives there."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely

from commandwall.areas import Building, Camera, Pipe, Place, homes
from commandwall.geo import Plane
from commandwall.store.store import Reader


@dataclass(frozen=True, slots=True)
class Stock:
    """All that may be hit; the columns of sensors are of one length, degrees WGS-84."""

    buildings: Sequence[Building] = ()
    places: Sequence[Place] = ()
    cameras: Sequence[Camera] = ()
    pipes: Sequence[Pipe] = ()
    sensors: Sequence[str] = ()
    lon: Any = ()
    lat: Any = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """What stands in an area. Ids in the order of the records; pipes with the metres inside."""

    buildings: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    cameras: tuple[str, ...] = ()
    pipes: Mapping[str, float] = field(default_factory=dict)
    sensors: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    """The smallest areas that buildings and places stand in, by their codes."""
    households: int = 0
    people: int = 0
    tags: Mapping[str, int] = field(default_factory=dict)
    """Households that need help, by the list household_tag."""


class Ground:
    """Finds what stands in a polygon. Built once from the records, on any thread."""

    def __init__(self, stock: Stock) -> None:
        self._stock = stock
        self._houses = _Shapes(stock.buildings, [(b.lon, b.lat) for b in stock.buildings])
        self._pipes = _Shapes(stock.pipes)
        self._places = _Points([p.lon for p in stock.places], [p.lat for p in stock.places])
        self._cameras = _Points([c.lon for c in stock.cameras], [c.lat for c in stock.cameras])
        self._sensors = _Points(stock.lon, stock.lat)

    def find(self, area: Any, reader: Reader) -> Hit:
        """What stands in a polygon (degrees WGS-84), and who lives there."""
        stock = self._stock
        shapely.prepare(area)
        houses = [stock.buildings[i] for i in self._houses.inside(area)]
        places = [stock.places[i] for i in self._places.inside(area)]
        ids = tuple(b.id for b in houses)
        count, people = homes(reader, ids)
        areas = dict.fromkeys([*(b.area for b in houses), *(p.area for p in places)])
        return Hit(
            ids, tuple(p.id for p in places),
            tuple(stock.cameras[i].id for i in self._cameras.inside(area)),
            {stock.pipes[i].id: metres for i, metres in self._pipes.lengths(area)},
            tuple(stock.sensors[i] for i in self._sensors.inside(area)),
            tuple(sorted(filter(None, areas))), count, people, tagged(reader, ids),
        )  # fmt: skip


def tagged(reader: Reader, buildings: Sequence[str]) -> dict[str, int]:
    """How many households of buildings carry each tag."""
    sql = (
        "SELECT tags, count(*) FROM household WHERE tags <> '' AND "
        "building IN (SELECT value FROM json_each(:ids)) GROUP BY tags"
    )
    counts: Counter[str] = Counter()
    for tags, n in reader.rows(sql, ids=json.dumps(list(buildings))):
        counts.update(dict.fromkeys(str(tags).split(","), int(n)))
    return dict(counts)


class _Points:
    """Points in the order of their longitude: a box is a stretch of them."""

    def __init__(self, lon: Any, lat: Any) -> None:
        lon, lat = np.asarray(lon, np.float64), np.asarray(lat, np.float64)
        self._rows = np.argsort(lon, kind="stable")
        self._lon, self._lat = lon[self._rows], lat[self._rows]

    def inside(self, area: Any) -> list[int]:
        west, south, east, north = area.bounds
        a, b = np.searchsorted(self._lon, (west, np.nextafter(east, np.inf)))
        near = np.flatnonzero((self._lat[a:b] >= south) & (self._lat[a:b] <= north)) + a
        held = shapely.intersects_xy(area, self._lon[near], self._lat[near])
        return sorted(self._rows[near[held]].tolist())


class _Shapes:
    """Outlines and lines in a tree; what has no sound shape stands at its point, if it has one."""

    def __init__(
        self, records: Sequence[Any], points: Sequence[tuple[float, float]] | None = None
    ) -> None:
        blobs = np.array([r.geom for r in records], object)
        with np.errstate(invalid="ignore"):
            shapes = np.asarray(shapely.from_wkb(blobs, on_invalid="ignore"), object)
            gone = ~shapely.is_valid(shapes) | shapely.is_empty(shapes)
        shapes[gone] = None
        if points is not None and gone.any():
            spots, rows = np.array(points, np.float64)[gone], np.flatnonzero(gone)
            known = np.isfinite(spots).all(axis=1)
            shapes[rows[known]] = shapely.points(spots[known])
        self._shapes, self._tree = shapes, shapely.STRtree(shapes)

    def inside(self, area: Any) -> list[int]:
        return sorted(self._tree.query(area, predicate="intersects").tolist())

    def lengths(self, area: Any) -> list[tuple[int, float]]:
        """Row and metres inside of each line that an area touches."""
        rows = self.inside(area)
        cut = shapely.intersection(self._shapes[rows], area)
        plane = Plane(*area.centroid.coords[0])
        flat = shapely.transform(cut, lambda xy: np.column_stack(plane.forward(*xy.T)))
        return list(zip(rows, shapely.length(flat).tolist(), strict=True))
