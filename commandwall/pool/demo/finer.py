"""What stands beside the four drawn levels: micro-grids inside grids, blocks across towns."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from shapely.ops import split

from commandwall.areas import BLOCK, MICROGRID, Area
from commandwall.pool.demo.districts import Districts
from commandwall.pool.demo.land import asset
from commandwall.pool.demo.plane import Array


def microgrids(d: Districts, each: int) -> list[Area]:
    """Each grid of a community cut into so many micro-grids; a village's grid is one by itself."""
    rows = [
        (f"{code}{n:02d}", f"{n:02d} 微网格", code, part)
        for code, village, geom in zip(d.grids.codes, d.grids.parents, d.grids.geoms, strict=True)
        if d.villages.kinds[village] == "community"
        for n, part in enumerate(_strips(geom, each), 1)
    ]
    return _records(d, MICROGRID, rows, "microgrid")


def blocks(d: Districts) -> list[Area]:
    """Neighbouring towns as the blocks that a city plans by: its middle, and its sides."""
    words = asset("city")["blocks"]
    side = _side(np.array(d.towns.at))
    members = {n: np.flatnonzero(side == n) for n in np.unique(side)}
    rows = [
        (
            f"{d.land.code}-B{n}", words[number], d.land.code,
            shapely.coverage_union_all(np.array([d.towns.geoms[t] for t in towns], object)),
        )
        for n, (number, towns) in enumerate(members.items(), 1)
    ]  # fmt: skip
    return _records(d, BLOCK, rows, "block")


def _strips(geom: Any, count: int) -> list[Any]:
    """The area cut across its longer side into so many parts of about one size."""
    west, south, east, north = shapely.bounds(geom)
    axis = 0 if east - west > north - south else 1
    x, y = np.meshgrid(np.linspace(west, east, 40), np.linspace(south, north, 40))
    inside = np.stack([x, y])[axis][shapely.contains_xy(geom, x, y)]
    cuts = np.quantile(inside, np.arange(1, count) / count)
    lines = [
        [(at, south - 1), (at, north + 1)] if axis == 0 else [(west - 1, at), (east + 1, at)]
        for at in cuts
    ]
    parts = np.array(list(split(geom, shapely.MultiLineString(lines)).geoms), object)
    strip = np.searchsorted(cuts, shapely.get_coordinates(shapely.centroid(parts))[:, axis])
    return [shapely.coverage_union_all(parts[strip == n]) for n in np.unique(strip)]


def _side(at: Array) -> Array:
    """0 for a town near the middle; 1 east, 2 north, 3 west, 4 south for those around it."""
    away = at - np.median(at, axis=0)
    far = np.hypot(*away.T)
    quarter = np.round(np.arctan2(away[:, 1], away[:, 0]) / (np.pi / 2)).astype(int) % 4
    return np.where(far <= np.sort(far)[len(far) // 4], 0, 1 + quarter)


def _records(
    d: Districts, level: int, rows: list[tuple[str, str, str, Any]], kind: str
) -> list[Area]:
    geoms = np.array([geom for *_, geom in rows], object)
    at = d.land.plane.degrees(shapely.get_coordinates(shapely.point_on_surface(geoms))).tolist()
    wkb = shapely.to_wkb(d.land.plane.to_degrees(geoms))
    return [
        Area(code, level, name, parent, lon, lat, body, 1, kind)
        for (code, name, parent, _), (lon, lat), body in zip(rows, at, wkb, strict=True)
    ]
