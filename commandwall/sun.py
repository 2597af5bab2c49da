"""How high the sun stands over a place: day and night of a rule.

The formulas are those of NOAA, Global Monitoring Division, "General Solar Position Calculations"
(gml.noaa.gov/grad/solcalc/solareqns.PDF), after Spencer 1971; good to about a quarter of a degree.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from commandwall.clock import DAY, MINUTE

SET = -0.833
"""Degrees at which its upper edge is on the horizon: half its width, and refraction."""
Floats = NDArray[np.float64]


def elevation(at: NDArray[np.int64], lon: Floats, lat: Floats) -> Floats:
    """Degrees of the sun's middle over the horizon at moments (UTC ms) and places (WGS-84)."""
    turn = _turn(at)
    east = 229.18 * (
        0.000075 + 0.001868 * np.cos(turn) - 0.032077 * np.sin(turn)
        - 0.014615 * np.cos(2 * turn) - 0.040849 * np.sin(2 * turn)
    )  # fmt: skip
    north = (
        0.006918 - 0.399912 * np.cos(turn) + 0.070257 * np.sin(turn) - 0.006758 * np.cos(2 * turn)
        + 0.000907 * np.sin(2 * turn) - 0.002697 * np.cos(3 * turn) + 0.00148 * np.sin(3 * turn)
    )  # fmt: skip
    minutes = at % DAY / MINUTE + east + 4 * lon
    angle, here = np.radians(minutes / 4 - 180), np.radians(lat)
    height = np.sin(here) * np.sin(north) + np.cos(here) * np.cos(north) * np.cos(angle)
    return np.asarray(np.degrees(np.arcsin(np.clip(height, -1, 1))))


def is_down(at: NDArray[np.int64], lon: Floats, lat: Floats) -> NDArray[np.bool_]:
    """Whether it is night there: the sun is below the horizon."""
    return elevation(at, lon, lat) < SET


def _turn(at: NDArray[np.int64]) -> Floats:
    """The part of the year that is over, as an angle."""
    days = (at // DAY).astype("datetime64[D]")
    first = days.astype("datetime64[Y]").astype("datetime64[D]")
    length = (first.astype("datetime64[Y]") + 1).astype("datetime64[D]") - first
    over = (days - first).astype(np.float64) + (at % DAY / DAY - 0.5)
    return np.asarray(2 * np.pi * over / length.astype(np.float64))
