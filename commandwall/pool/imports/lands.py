"""The ground of the map from OpenStreetMap: water, built-up land, woods around the city."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from commandwall import geo
from commandwall.areas import Feature
from commandwall.pool.imports import osm, shapes, text
from commandwall.pool.imports.ground import Ground
from commandwall.pool.imports.judged import BATCH, File, Judged, Progress, close
from commandwall.pool.imports.osm import Land
from commandwall.pool.imports.pool_rows import PoolRows
from commandwall.pool.imports.report import IMPORTED, QUARANTINED, Ledger, Outcome, Report
from commandwall.pool.imports.shapes import Mended
from commandwall.pool.imports.trouble import limit

_GROUND = Ground(geo.WGS84, geo.WGS84)
_METRES = 111_195.0
"""Of a degree of latitude."""


def run(pool: PoolRows, path: Path, within: str, ledger: Ledger, progress: Progress) -> Report:
    """Import the ground that touches the city, or the area `within`, and cut it off behind them.

    Raises ImportTrouble. The whole file is read before anything is written.
    """
    reach, report = osm.reach(pool, within), Report(path.name)
    lands = list(_near(osm.lands(path, lambda n: progress(n, 0)), reach, report))
    report.rows, file = len(lands), File(Feature, "ground", path.name, _keep)
    if lands:
        osm.credit(pool)  # before the data: they may never be shown without
    for start in range(0, len(lands), BATCH):
        batch = lands[start : start + BATCH]
        mended = shapes.polygons([_cut(land.shape, reach) for land in batch], _GROUND)
        ended = map(_judged, range(start + 1, len(lands) + 1), batch, mended)
        report.add(close(pool, ledger, list(ended), file))
        report.notes["repaired"] += sum(one.repaired for one in mended)
        progress(min(start + BATCH, len(lands)), len(lands))
    return report


def _near(lands: Iterator[Land], reach: osm.Reach, report: Report) -> Iterator[Land]:
    """The lands to import; those elsewhere are counted beside the rows."""
    for land in lands:
        if land.shape is None or reach.shape is None or shapely.intersects(reach.shape, land.shape):
            yield land
        else:
            report.notes["beyond"] += 1


def _cut(shape: Any, reach: osm.Reach) -> Any:
    """The part of a lake or river that a map of the city can show."""
    if shape is None or reach.shape is None:
        return shape
    far = limit("outside_m") / _METRES
    wide = far / np.cos(np.radians(reach.box[1]))
    frame = shapely.box(*np.add(reach.box, (-wide, -far, wide, far)))
    return shapely.intersection(shapely.make_valid(shape), frame)


def _judged(number: int, land: Land, mended: Mended) -> Judged:
    if mended.fault:
        refused = Outcome(number, QUARANTINED, "", "geometry", mended.fault)
        return Judged(refused, {"id": land.id, "kind": land.kind, "name": land.name})
    name = text.shortened(text.line(text.clean(land.name).text), limit("line"))
    feature = Feature(land.id, land.kind, name, shapely.to_wkb(mended.shape))
    return Judged(Outcome(number, IMPORTED, land.id, "", "new"), None, feature)


def _keep(feature: Feature, held: Feature) -> Feature:
    return dataclasses.replace(feature, rev=held.rev)
