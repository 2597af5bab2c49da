"""Tracks 轨迹: where units were over a stretch of time, by the positions that this station kept.

What lies between two positions that are far apart in time is not known: it is a gap, which nobody
fills.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray

from commandwall import codes
from commandwall.clock import Ms
from commandwall.geo import Plane
from commandwall.resources import FIX_DTYPE, track_gap
from commandwall.store import telemetry
from commandwall.store.store import Reader

Run = NDArray[np.float64]
"""(n, 3): degrees east and north, UTC ms; the points that the display needs."""
Gap = tuple[Ms, Ms]


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One unit's path: runs in which positions follow closely, with a gap between any two."""

    resource: str
    runs: tuple[Run, ...]
    fixes: int  # positions before they were thinned

    @property
    def gaps(self) -> list[Gap]:
        return [(Ms(int(a[-1, 2])), Ms(int(b[0, 2]))) for a, b in pairwise(self.runs)]

    @property
    def span(self) -> tuple[Ms, Ms]:
        """The moments of its first and of its last position."""
        return Ms(int(self.runs[0][0, 2])), Ms(int(self.runs[-1][-1, 2]))

    def until(self, moment: Ms) -> Track | None:
        """What of it had been by a moment; None where nothing had."""
        found = tuple(r[r[:, 2] <= moment] for r in self.runs if r[0, 2] <= moment)
        return Track(self.resource, found, self.fixes) if found else None


@dataclass(frozen=True, slots=True)
class Tracks:
    """What was asked for, from when on positions are kept here (None: none are), and the tracks of
    those that were heard."""

    since: Ms
    until: Ms
    kept: Ms | None
    found: tuple[Track, ...]


def read(reader: Reader, numbers: Mapping[str, int], span: tuple[Ms, Ms], plane: Plane) -> Tracks:
    """The tracks of units (id -> number in the packs) between two moments."""
    since, until = span
    folder, of = reader.folder, np.array(list(numbers.values()), np.int64)
    rows = telemetry.within(folder, telemetry.FIXES, FIX_DTYPE, (until, until - since), of)
    rows = rows[np.lexsort((rows["at"], rows["no"]))]
    found = (track(unit, rows[rows["no"] == no], plane) for unit, no in numbers.items())
    kept = telemetry.since(folder, telemetry.FIXES)
    return Tracks(since, until, kept, tuple(t for t in found if t is not None))


def track(resource: str, rows: NDArray[np.void], plane: Plane) -> Track | None:
    """One unit's positions (FIX_DTYPE, by time) as a track; None where there are none."""
    rows = rows[np.isfinite(rows["lon"]) & np.isfinite(rows["lat"])]
    if not len(rows):
        return None
    runs = np.split(rows, np.flatnonzero(np.diff(rows["at"]) > track_gap()) + 1)
    return Track(resource, tuple(_thinned(run, plane) for run in runs), len(rows))


def _thinned(run: NDArray[np.void], plane: Plane) -> Run:
    """The points that a line needs which is nowhere further off than the display allows."""
    whole = np.column_stack([run["lon"], run["lat"], run["at"].astype(np.float64)])
    if len(run) < 3:
        return whole
    x, y = plane.forward(run["lon"], run["lat"])
    line = shapely.linestrings(np.column_stack([x, y, np.arange(len(run), dtype=np.float64)]))
    thin = shapely.simplify(line, codes.limit("track_metres"), preserve_topology=False)
    return np.asarray(whole[shapely.get_coordinates(thin, include_z=True)[:, 2].astype(np.int64)])


def longest(tracks: Iterable[Track]) -> int:
    """Milliseconds of the longest gap; 0 where there is none."""
    return max((end - begin for t in tracks for begin, end in t.gaps), default=0)
