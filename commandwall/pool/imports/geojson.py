"""GeoJSON read strictly: no NaN, no repeated keys, no bottomless nesting, polygons only."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import numpy as np
import shapely
from shapely.errors import ShapelyError

from commandwall import geo
from commandwall.pool.imports.tables import contents, decoded
from commandwall.pool.imports.trouble import ImportTrouble, RowFault, limit

_POLYGONS = ("Polygon", "MultiPolygon")


class Outline(NamedTuple):
    """One feature of a file: its number from 1, what it says, and its geometry as given."""

    number: int
    properties: Mapping[str, Any]
    geometry: Any


def read(path: Path) -> list[Outline]:
    """Features of a FeatureCollection, a Feature or a bare geometry. Raises ImportTrouble."""
    found = _parsed(decoded(contents(path), path.name), path.name)
    if not isinstance(found, dict):
        raise ImportTrouble("not_geojson", file=path.name, why=type(found).__name__)
    if found.get("type") == "FeatureCollection":
        features = found.get("features")
    else:
        features = [found if found.get("type") == "Feature" else {"geometry": found}]
    if not isinstance(features, list):
        raise ImportTrouble("not_geojson", file=path.name, why="features")
    return [_outline(number, feature) for number, feature in enumerate(features, 1)]


def _outline(number: int, feature: Any) -> Outline:
    given = feature if isinstance(feature, dict) else {}
    properties = given.get("properties")
    return Outline(
        number, properties if isinstance(properties, dict) else {}, given.get("geometry")
    )


def _parsed(text: str, name: str) -> Any:
    try:
        found = json.loads(
            text,
            parse_constant=_no_number,
            parse_float=_number,
            object_pairs_hook=_no_repeats,
        )
        if _depth(found) > limit("depth"):
            raise ValueError("depth")
    except (ValueError, RecursionError) as error:
        raise ImportTrouble("not_geojson", file=name, why=str(error)) from error
    return found


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")


def _number(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        _no_number(text)
    return number


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key twice in one object")
    return found


def _depth(root: Any) -> int:
    deepest, level = 0, [root]
    while level:
        deepest += 1
        level = [child for item in level for child in _children(item)]
    return deepest


def _children(item: Any) -> Iterator[Any]:
    if isinstance(item, dict):
        yield from (v for v in item.values() if isinstance(v, dict | list))
    elif isinstance(item, list):
        yield from (v for v in item if isinstance(v, dict | list))


def polygon(geometry: Any, datum: str) -> tuple[Any, bool]:
    """A geometry of the file as a valid (Multi)Polygon in WGS-84, and whether it was repaired.

    Raises RowFault for anything that is no polygon on the earth.
    """
    if not isinstance(geometry, dict) or geometry.get("type") not in _POLYGONS:
        raise RowFault("geometry", "shape")
    try:
        shape = shapely.force_2d(shapely.from_geojson(json.dumps(geometry)))
    except (ShapelyError, ValueError) as error:
        raise RowFault("geometry", "shape") from error
    _check(shapely.get_coordinates(shape))
    moved = geo.convert_geometry(shape, datum)
    if shapely.is_valid(moved):
        return moved, False
    return _repaired(moved), True


def _check(xy: Any) -> None:
    if len(xy) == 0 or not np.isfinite(xy).all():
        raise RowFault("geometry", "shape")
    if len(xy) > limit("vertices"):
        raise RowFault("geometry", "vertices")
    if (np.abs(xy) > (180, 90)).any():
        swapped = (np.abs(xy[:, ::-1]) <= (180, 90)).all() and geo.in_china(
            xy[:, 1], xy[:, 0]
        ).all()
        raise RowFault("geometry", "swapped" if swapped else "degrees")


def _repaired(shape: Any) -> Any:
    parts = shapely.get_parts(shapely.make_valid(shape, method="structure", keep_collapsed=False))
    whole = shapely.union_all(parts[shapely.get_type_id(parts) == geo.POLYGON])
    if shapely.is_empty(whole):
        raise RowFault("geometry", "shape")
    return whole
