"""Tracks: what was kept is read back, thinned within five metres, and never filled over a gap."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from builders import NOW

from commandwall import tracks
from commandwall.arrays import FixArrays
from commandwall.clock import HOUR, MINUTE, SECOND, Ms
from commandwall.geo import Plane
from commandwall.pool.recorder import SERIES
from commandwall.resources import FIX_DTYPE, Resource
from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror, use
from commandwall.store.telemetry import FIXES, Telemetry

PLANE = Plane(120.2, 31.9)


def fixes(no: int, begin: int, count: int, step: int = 2 * SECOND) -> Any:
    """A unit that drives east in a slow curve, one position each step."""
    at = begin + step * np.arange(count)
    rows = np.zeros(count, FIX_DTYPE)
    rows["no"], rows["at"] = no, at
    east = (at - NOW) / SECOND * 10.0
    rows["lon"], rows["lat"] = PLANE.inverse(east, 300 * np.sin(east / 900))
    return rows


@pytest.fixture
def kept(tmp_path: Path) -> Any:
    """A store beside which two units were heard for an hour; of one three minutes are missing."""
    store = open_store(tmp_path)
    Mirror(tmp_path / "m1.db").close()
    use(tmp_path, "m1.db")
    history = Telemetry(tmp_path, SERIES)
    for minute in range(60):
        begin = NOW + minute * MINUTE
        rows = [fixes(1, begin, 30)] + ([] if 20 <= minute < 23 else [fixes(2, begin, 30)])
        history.append(FIXES, Ms(begin + MINUTE), np.concatenate(rows))
        history.compact(Ms(begin + MINUTE))
    history.close()
    yield store
    store.close()


def test_a_track_is_thin_true_and_keeps_its_gap(kept: Any) -> None:
    span = Ms(NOW - 1), Ms(NOW + HOUR)
    found = kept.read(lambda r: tracks.read(r, {"U1": 1, "U2": 2, "U3": 3}, span, PLANE))
    whole, broken = found.found
    assert (whole.resource, whole.fixes, whole.gaps) == ("U1", 1800, [])
    assert found.kept == NOW
    ((begin, end),) = broken.gaps
    assert (begin, end) == (NOW + 20 * MINUTE - 2 * SECOND, NOW + 23 * MINUTE)
    assert tracks.longest(found.found) == 3 * MINUTE + 2 * SECOND
    assert len(whole.runs[0]) < 200
    rows = fixes(1, NOW, 1800)
    line = shapely.linestrings(np.column_stack(PLANE.forward(*whole.runs[0][:, :2].T)))
    points = shapely.points(np.column_stack(PLANE.forward(rows["lon"], rows["lat"])))
    assert shapely.distance(line, points).max() <= 5.001
    assert set(whole.runs[0][:, 2].astype(int)) <= set(rows["at"].tolist())


def test_of_a_past_moment_only_what_had_been(kept: Any) -> None:
    span = Ms(NOW - 1), Ms(NOW + HOUR)
    (broken,) = kept.read(lambda r: tracks.read(r, {"U2": 2}, span, PLANE)).found
    then = broken.until(Ms(NOW + 21 * MINUTE))
    assert then is not None and then.gaps == [] and then.span[1] < NOW + 20 * MINUTE
    assert broken.until(Ms(NOW - MINUTE)) is None


def test_the_trail_of_a_unit_has_a_hole_where_it_was_not_heard() -> None:
    unit = Resource("U1", 0, "fire", "", "", 4, "", "patrol", 120.2, 31.9, "")
    units = FixArrays([unit])
    for seconds in (0, 5, 200, 205):
        live = {"at": np.array([NOW + seconds * SECOND]), "lon": np.array([120.0 + seconds]),
                "lat": np.array([31.0])}  # fmt: skip
        units.take(live)
    tail = units.trail[0, -5:, 0]
    assert tail[[0, 1, 3, 4]].tolist() == [120.0, 125.0, 320.0, 325.0] and np.isnan(tail[2])
