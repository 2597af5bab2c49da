"""Where the coordinates of a file lie: the datum that its owner declared, and its grid if any.

A CRS of the file answers for WGS-84 and CGCS2000 and their projections. GCJ-02 and BD-09 have no
CRS: a person must declare them, and a file that says both is refused, never interpreted. PROJ,
which knows the projections, runs in the import program alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from commandwall import codes, geo
from commandwall.pool.imports.mapping import declared
from commandwall.pool.imports.trouble import ImportTrouble

_EPSG = re.compile(r"epsg:(\d{4,6})", re.IGNORECASE)
_EQUAL = frozenset({geo.WGS84, geo.CGCS2000})
"""Taken as one, see `geo.DATUMS`: to name one where the file says the other is no contradiction."""


@dataclass(frozen=True, slots=True)
class Ground:
    """A datum, and what turns the file's metres into its degrees; None where they are degrees.

    `name` is what the file or the person calls it, for the report.
    """

    datum: str
    name: str
    grid: Any = None

    def to_wgs84(self, shapes: Any) -> Any:
        """Geometries of the file in degrees WGS-84; inf where its grid does not reach."""
        if self.grid is None:
            return geo.convert_geometry(shapes, self.datum)

        def degrees(xy: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.column_stack(self.grid.transform(xy[:, 0], xy[:, 1]))

        return geo.convert_geometry(shapely.transform(shapes, degrees), self.datum)


def settle(said: str | None, crs: str | None, ignore: bool, file: str) -> Ground:
    """The ground of a file by what a person and the file's own CRS say. Raises ImportTrouble.

    `said` is a datum or "EPSG:n"; `crs` is WKT or "EPSG:n"; `ignore` leaves the file's unheard.
    """
    own = None if ignore else _meant(crs)
    asked = _EPSG.fullmatch((said or "").strip())
    if asked:
        return _ground(_agreed(_known(said, asked[1]), own, file), file)
    if own is None:
        return Ground(declared(said), declared(said))
    ground = _ground(own, file)
    if said and declared(said) != ground.datum and not {declared(said), ground.datum} <= _EQUAL:
        raise ImportTrouble("crs_contradicts", file=file, crs=own.name, datum=said)
    return ground


def _agreed(named: CRS, own: CRS | None, file: str) -> CRS:
    """The CRS that a person named by its code, where the file says nothing else."""
    if own is not None and not named.equals(own, ignore_axis_order=True):
        raise ImportTrouble("crs_contradicts", file=file, crs=own.name, datum=named.name)
    return named


def _known(said: str | None, number: str) -> CRS:
    try:
        return CRS.from_epsg(int(number))
    except CRSError as error:
        raise ImportTrouble("datum_unknown", datum=said) from error


def _meant(crs: str | None) -> CRS | None:
    """The CRS of a file; None where it has none, or one that says nothing."""
    if not crs:
        return None
    try:
        found = CRS.from_user_input(crs)
    except CRSError:
        return None
    flat = (found.source_crs or found if found.is_bound else found).to_2d()
    if flat.geodetic_crs is None or "undefined" in flat.name.lower():
        return None
    return flat


def _ground(crs: CRS, file: str) -> Ground:
    """What a CRS says. ImportTrouble for one that stands on a datum we cannot take to WGS-84."""
    base: Any = crs.geodetic_crs
    names = [_plain(crs.name), _plain(base.name)]
    false = [w for w in codes.load("import_crs")["shifted"].facts["words"] if w in "".join(names)]
    if false:
        raise ImportTrouble("crs_false", file=file, crs=crs.name)
    datum = _datum(base)
    if not datum:
        raise ImportTrouble("crs_foreign", file=file, crs=crs.name, datum=base.datum.name)
    if crs.is_geographic:
        return Ground(datum, crs.name)
    return Ground(datum, crs.name, Transformer.from_crs(crs, base, always_xy=True))


def _datum(base: Any) -> str:
    """The datum of geographic coordinates counted in degrees from Greenwich; "" for another."""
    usual = all(axis.unit_name == "degree" for axis in base.axis_info[:2])
    if not usual or base.prime_meridian.longitude != 0:
        return ""
    told = {_plain(base.name), _plain(base.datum.name)}
    rows = codes.load("import_crs").values()
    return next((c.id for c in rows if c.id in geo.DATUMS and told & {*c.facts["words"]}), "")


def _plain(name: str) -> str:
    return re.sub(r"[\W_]", "", name).lower()
