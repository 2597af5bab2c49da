"""The air quality index 空气质量指数 by HJ 633-2012, from its table of nodes: list `aqi_node`.

Concentrations are in the unit of their row: µg/m³, of carbon monoxide mg/m³.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from commandwall import codes

INDEX = "aqi"
"""The formula of an indicator that is this index; those it is reckoned from have that of a node."""


@dataclass(frozen=True, slots=True)
class Air:
    """What the concentrations of one place, or the means of several, say of its air."""

    index: int | None
    """The AQI; None where too few pollutants are known."""
    least: int | None
    """The greatest IAQI that is known: without `index`, it is this or more."""
    parts: Mapping[str, int]
    """IAQI by row of `aqi_node`."""
    means: Mapping[str, float]
    """The concentrations these are of."""
    primary: tuple[str, ...]
    """Rows of `aqi_node` with the greatest IAQI, where that is above the first level: above 50."""
    lacking: tuple[str, ...]
    """Pollutants that are not known."""


def iaqi(node: str, concentration: float, on: date | None = None) -> int | None:
    """The index of one pollutant, rounded up; 500 beyond the last node where that is 500. None for
    what cannot be a concentration, or what this mean has no index for. KeyError: no such row."""
    nodes = codes.load("aqi_node", on)[node].facts["nodes"]
    if not (math.isfinite(concentration) and concentration >= 0):
        return None
    for (low, before), (high, after) in pairwise(nodes):
        if concentration <= high:
            exact: float = before + (after - before) * (concentration - low) / (high - low)
            return math.ceil(round(exact, 6))  # what a float adds is no pollution
    last = int(nodes[-1][1])
    return last if last == _highest(on) else None


def air(concentrations: Mapping[str, float | None], on: date | None = None) -> Air:
    """The index of a place from its concentrations by row of `aqi_node`; None: missing, not zero.

    It is told where every pollutant of the table is known by one mean at least, or as many as the
    list `limit` asks for. Unknown rows are left aside.
    """
    rows = codes.load("aqi_node", on)
    parts: dict[str, int] = {}
    for node, value in concentrations.items():
        part = iaqi(node, value, on) if node in rows and value is not None else None
        if part is not None:
            parts[node] = part
    means = {node: value for node in parts if (value := concentrations[node]) is not None}
    known = {rows[node].facts["pollutant"] for node in parts}
    wanted = dict.fromkeys(row.facts["pollutant"] for row in rows.values())
    least = max(parts.values(), default=None)
    enough = len(known) >= min(codes.limit("aqi_pollutants", on), len(wanted))
    primary = tuple(n for n, part in parts.items() if part == least and part > _clean(on))
    lacking = tuple(name for name in wanted if name not in known)
    return Air(least if enough else None, least, parts, means, primary, lacking)


def _highest(on: date | None) -> int:
    return max(int(row.facts["nodes"][-1][1]) for row in codes.load("aqi_node", on).values())


def _clean(on: date | None) -> float:
    """Up to this index no pollutant is the primary one: the end of the first level."""
    return min(float(row.facts["to"]) for row in codes.load("aqi_level", on).values())
