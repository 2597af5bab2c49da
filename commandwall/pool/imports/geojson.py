"""GeoJSON read strictly: no NaN, no repeated keys, no bottomless nesting, polygons only."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import shapely
from shapely.errors import ShapelyError

from commandwall.pool.imports.tables import contents, decoded
from commandwall.pool.imports.trouble import ImportTrouble, limit

_POLYGONS = ("Polygon", "MultiPolygon")


class Outline(NamedTuple):
    """One feature of a file: its number from 1, what it says, and its geometry as given."""

    number: int
    properties: Mapping[str, Any]
    geometry: Any


def read(path: Path) -> tuple[list[Outline], str | None]:
    """Features of a FeatureCollection, a Feature or a bare geometry; and the CRS it names, if any.

    Such a name is no longer of the standard, but programs still write it. Raises ImportTrouble.
    """
    found = _parsed(decoded(contents(path), path.name), path.name)
    if not isinstance(found, dict):
        raise ImportTrouble("not_geojson", file=path.name, why=type(found).__name__)
    if found.get("type") == "FeatureCollection":
        features = found.get("features")
    else:
        features = [found if found.get("type") == "Feature" else {"geometry": found}]
    if not isinstance(features, list):
        raise ImportTrouble("not_geojson", file=path.name, why="features")
    return [_outline(number, feature) for number, feature in enumerate(features, 1)], _crs(found)


def _crs(found: Mapping[str, Any]) -> str | None:
    crs = found.get("crs")
    properties = crs.get("properties") if isinstance(crs, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    return name if isinstance(name, str) else None


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


def shape(geometry: Any) -> Any:
    """The polygon of a feature as the file gives it; None for anything else."""
    if not isinstance(geometry, dict) or geometry.get("type") not in _POLYGONS:
        return None
    try:
        return shapely.from_geojson(json.dumps(geometry))
    except (ShapelyError, ValueError):
        return None
