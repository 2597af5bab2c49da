"""Where an imported row is: on the areas of the pool, else a fault that names its field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import shapely

from commandwall import codes
from commandwall.areas import Area
from commandwall.gazetteer import Gazetteer, Spot, Unknown
from commandwall.pool.imports.trouble import ImportTrouble, RowFault


def gazetteer(areas: Iterable[Area], names: Mapping[str, str]) -> Gazetteer:
    """`names` are further names of areas; ImportTrouble for a code that is no area."""
    try:
        return Gazetteer(areas, names)
    except Unknown as why:
        raise ImportTrouble("places", codes=str(why)) from why


def spot_at(places: Gazetteer, lon: float, lat: float, acc_m: float | None) -> Spot:
    """A point (degrees WGS-84) in the smallest area around it; RowFault far from the city."""
    if fault := places.faults_at(np.array([lon]), np.array([lat]))[0]:
        raise RowFault("lon", fault)
    return places.at(lon, lat, acc_m)


def kind_of(name: str) -> str:
    """The code of area_kind that a name's ending tells, or ""."""
    rows = codes.load("area_suffix").values()
    return next((str(row.facts["kind"]) for row in rows if name.endswith(row.id)), "")


def label_point(shape: shapely.Geometry) -> tuple[float, float]:
    """The middle of the largest circle inside a polygon: where its name stands best."""
    tolerance = max(np.ptp(np.reshape(shape.bounds, (2, 2)), axis=0)) / 100
    circle = shapely.maximum_inscribed_circle(shape, tolerance)
    lon, lat = shapely.get_coordinates(circle)[0].tolist()
    return lon, lat
