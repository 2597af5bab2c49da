"""Geometries of files made fit to keep: valid, flat, in degrees WGS-84; or refused, with why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from commandwall import geo
from commandwall.pool.imports.ground import Ground
from commandwall.pool.imports.trouble import RowFault, limit

Shapes = NDArray[np.object_]
_POLYGON, _MULTIPOLYGON, _COLLECTION = 3, 6, 7


class Mended(NamedTuple):
    """A valid (Multi)Polygon in WGS-84 and whether it was repaired; or None and why."""

    shape: Any
    repaired: bool
    fault: str  # code list import_reason


def polygon(given: Any, ground: Ground) -> tuple[Any, bool]:
    """One geometry as the file gives it, mended. RowFault where it is no polygon on the earth."""
    (one,) = polygons([given], ground)
    if one.fault:
        raise RowFault("geometry", one.fault)
    return one.shape, one.repaired


def polygons(given: Sequence[Any], ground: Ground) -> list[Mended]:
    """Geometries as the file gives them (None: unreadable), each mended or with its fault."""
    shapes = shapely.force_2d(_array(given))
    faults = _faults(shapes, ground)
    sound = faults == ""
    moved, repaired = shapes.copy(), np.zeros(len(shapes), bool)
    moved[~sound] = None
    moved[sound] = ground.to_wgs84(shapes[sound])
    lost = sound & ~np.isfinite(shapely.bounds(moved)).all(axis=1)
    faults[lost], moved[lost] = "degrees", None
    plain = np.isin(shapely.get_type_id(moved), (_POLYGON, _MULTIPOLYGON))
    for row in np.flatnonzero(sound & ~lost & ~(plain & shapely.is_valid(moved))):
        moved[row], repaired[row] = repair(moved[row]), True
        faults[row] = "" if moved[row] is not None else "shape"
    return [Mended(*one) for one in zip(moved, repaired.tolist(), faults.tolist(), strict=True)]


def repair(shape: Any) -> Any:
    """The land of a broken geometry, or of the polygons of a collection; None where it has none."""
    parts = shapely.get_parts(shapely.make_valid(shape, method="structure", keep_collapsed=False))
    whole = shapely.union_all(parts[shapely.get_type_id(parts) == _POLYGON])
    return None if shapely.is_empty(whole) else whole


def _array(given: Sequence[Any]) -> Shapes:
    shapes = np.empty(len(given), object)
    shapes[:] = given
    return shapes


def _faults(shapes: Shapes, ground: Ground) -> NDArray[np.object_]:
    """The fault of each geometry by its own numbers; "" for none."""
    faults = np.full(len(shapes), "", object)
    kinds = np.isin(shapely.get_type_id(shapes), (_POLYGON, _MULTIPOLYGON, _COLLECTION))
    xy, of = shapely.get_coordinates(shapes, return_index=True)
    if ground.grid is None:
        _mark_degrees(faults, xy, of)
    faults[shapely.get_num_coordinates(shapes) > limit("vertices")] = "vertices"
    faults[of[~np.isfinite(xy).all(axis=1)]] = "shape"
    faults[~kinds | shapely.is_empty(shapes)] = "shape"
    return faults


def _mark_degrees(faults: NDArray[np.object_], xy: Any, of: NDArray[np.int64]) -> None:
    """Geometries that leave the earth, and those of them that only turn it on its side."""
    for row in np.unique(of[(np.abs(xy) > (180, 90)).any(axis=1)]):
        here = xy[of == row]
        turned = (np.abs(here[:, ::-1]) <= (180, 90)).all()
        faults[row] = (
            "swapped" if turned and geo.in_china(here[:, 1], here[:, 0]).all() else "degrees"
        )
